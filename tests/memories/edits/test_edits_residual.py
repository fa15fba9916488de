"""ResidualMemory: hold, take back exactly, save, load, refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import answer, tiny_model, tiny_tokenizer

from addenda.errors import InvalidInput, LedgerBroken, ModelMismatch, UnknownId, UnreadableFile
from addenda.memories.edits import EditRequest, EditsConfig, ResidualMemory, SolvedEdit
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.held import Entry, Held
from addenda.memories.edits.masks import make_permutation, pack

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from addenda.memories.edits.config import Mode

WIDTH, HEIGHT, K = 70, 6, 20


def a_basis(mode: str) -> Basis:
    return Basis(
        model="m", tokenizer="t", path="p", width=WIDTH, height=HEIGHT, k=K, mode=mode, fingerprint="last",
        span="answer",
        permutation=make_permutation(WIDTH, 0), mean=np.zeros(WIDTH, np.float32), scale=np.ones(WIDTH, np.float32),
    )  # fmt: skip


def an_edit(basis: Basis, seed: int) -> SolvedEdit:
    random = np.random.default_rng(seed)
    columns = np.sort(random.permutation(WIDTH)[:K]).astype(np.int64)
    keys = pack(columns[None], WIDTH)
    left = torch.from_numpy(random.normal(size=(HEIGHT, 2)).astype(np.float32)).bfloat16()
    right = torch.from_numpy(random.normal(size=(2, K)).astype(np.float32)).bfloat16()
    return SolvedEdit(basis.digest, keys, keys[:0], columns, left, right, 0.01, True, 3)


def entries(basis: Basis, count: int) -> list[Entry]:
    edits = [an_edit(basis, seed) for seed in range(count)]
    return [Entry(str(i), edit, i, edit.digest()) for i, edit in enumerate(edits)]


@settings(deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sampled_from(["isolated", "shared"]))
def test_any_way_to_the_same_edits_gives_the_same_bytes(order: list[int], removed: set[int], mode: Mode) -> None:
    """Invariant 5: held in any order, taken back in any order, equal to a rebuild without what was taken back."""
    basis = a_basis(mode)
    all_entries = entries(basis, 6)
    held = Held.empty(basis)
    for index in order:
        held = held.changed([all_entries[index]])
        assert held.shared.shape == (HEIGHT, WIDTH)
    for index in sorted(removed):
        held = held.changed((), [str(index)])
    rebuilt = Held.empty(basis).changed([e for e in all_entries if int(e.id) not in removed])
    assert held.digest() == rebuilt.digest()
    assert torch.equal(held.shared, rebuilt.shared)
    assert [e.id for e in held.entries] == [e.id for e in rebuilt.entries]


def test_the_shared_matrix_is_the_sum_of_the_deltas() -> None:
    basis = a_basis("shared")
    held = Held.empty(basis).changed(entries(basis, 4))
    expected = sum(entry.edit.dense(WIDTH).double() for entry in held.entries)
    assert torch.allclose(held.shared.double(), expected, atol=1e-6)


def test_staging_leaves_the_earlier_value_alone() -> None:
    basis = a_basis("shared")
    live = Held.empty(basis).changed(entries(basis, 3))
    before, matrix = live.digest(), live.shared.clone()
    live.changed(entries(basis, 6)[3:], ["0"])
    assert live.digest() == before
    assert torch.equal(live.shared, matrix)


def test_a_record_survives_its_bytes_and_has_one_digest() -> None:
    basis = a_basis("isolated")
    edit = an_edit(basis, 1)
    read = SolvedEdit.from_bytes(edit.to_bytes(), basis)
    assert read.to_bytes() == edit.to_bytes()
    assert read.digest() == edit.digest()
    assert torch.equal(read.left, edit.left)
    assert read.keys.tolist() == edit.keys.tolist()


def test_a_record_of_another_basis_or_of_other_bytes_is_refused() -> None:
    edit = an_edit(a_basis("isolated"), 1)
    with pytest.raises(ModelMismatch, match="another model, layer, mask"):
        SolvedEdit.from_bytes(edit.to_bytes(), a_basis("shared"))
    with pytest.raises(ModelMismatch, match="not a readable edits file"):
        SolvedEdit.from_bytes(b"hello", a_basis("isolated"))
    with pytest.raises(ModelMismatch, match="not an edit"):
        SolvedEdit.from_bytes(a_basis("isolated").to_bytes(), a_basis("isolated"))


def test_factors_that_are_not_finite_are_refused() -> None:
    basis = a_basis("isolated")
    edit = an_edit(basis, 1)
    left = edit.left.clone()
    left[0, 0] = float("nan")
    with pytest.raises(InvalidInput, match="NaN"):
        SolvedEdit(basis.digest, edit.keys, edit.neighbours, edit.columns, left, edit.right, 0.0, True, 0)


def test_a_basis_survives_its_bytes() -> None:
    basis = a_basis("isolated")
    assert Basis.from_bytes(basis.to_bytes()).digest == basis.digest
    with pytest.raises(ModelMismatch, match="not an edits basis"):
        Basis.from_bytes(an_edit(basis, 0).to_bytes())


@pytest.mark.parametrize("mode", ["isolated", "shared"])
def test_what_is_taken_back_is_gone_and_the_rest_is_byte_equal_to_a_rebuild(
    mode: Mode, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    config = settings if mode == "isolated" else settings.model_copy(update={"mode": "shared", "rate": 1.0})
    memory = ResidualMemory.create(network, tokenizer, config)
    requests = [
        EditRequest((f"The {thing} of it is",), text) for thing, text in [("price", "3"), ("age", "7"), ("size", "9")]
    ]
    solved = memory.solve(requests)
    prompts = [request.prompts[0] for request in requests]
    before = answer(network, tokenizer, prompts)
    memory.add_all(zip("abc", solved, strict=True))
    with memory.attached():
        all_three = answer(network, tokenizer, prompts)
    memory.remove("b")
    rebuilt = ResidualMemory.create(network, tokenizer, config)
    rebuilt.add("a", solved[0])
    rebuilt.add("skipped", solved[1])
    rebuilt.add("c", solved[2])
    rebuilt.remove("skipped")
    assert memory.digest() == rebuilt.digest()
    assert torch.equal(memory.held.shared, rebuilt.held.shared)
    with memory.attached():
        after = answer(network, tokenizer, prompts)
    assert after[1] == before[1]
    if mode == "isolated":
        assert [after[0], after[2]] == [all_three[0], all_three[2]]


def test_a_saved_memory_is_bit_for_bit_the_same(
    tmp_path: Path, memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    memory.save(tmp_path / "m")
    loaded = ResidualMemory.load(tmp_path / "m", network, tokenizer)
    assert loaded.digest() == memory.digest()
    assert loaded.config == memory.config
    prompts = ["The price of it is", "How tall is it?", "Something else"]
    with memory.attached():
        said = answer(network, tokenizer, prompts)
    with loaded.attached():
        assert answer(network, tokenizer, prompts) == said
    memory.remove("a")
    memory.save(tmp_path / "m")
    assert ResidualMemory.load(tmp_path / "m", network, tokenizer).ids == ("b", "c")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_another_model_or_tokenizer_is_refused_naming_what_differs(
    tmp_path: Path, memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    memory.save(tmp_path / "m")
    with pytest.raises(ModelMismatch, match="model weights"):
        ResidualMemory.load(tmp_path / "m", tiny_model("llama", seed=5), tokenizer)
    with pytest.raises(ModelMismatch, match="tokenizer"):
        ResidualMemory.load(tmp_path / "m", network, tiny_tokenizer(chat=True))


def test_an_altered_or_missing_file_is_noticed(
    tmp_path: Path, memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    memory.save(tmp_path / "m")
    victim = min((tmp_path / "m" / "edits").iterdir())
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    with pytest.raises(LedgerBroken, match="was altered"):
        ResidualMemory.load(tmp_path / "m", network, tokenizer)
    victim.unlink()
    with pytest.raises(UnreadableFile, match="cannot be read"):
        ResidualMemory.load(tmp_path / "m", network, tokenizer)
    with pytest.raises(UnreadableFile, match="cannot be read"):
        ResidualMemory.load(tmp_path, network, tokenizer)


def test_match_names_the_nearest_edit_with_its_score(memory: ResidualMemory) -> None:
    own, other = memory.match(["The price of it is", "Nothing of the sort was ever asked"])
    assert (own[0].addendum_id, own[0].score, own[0].injected) == ("a", 1.0, True)
    assert not any(candidate.injected for candidate in other)
    assert [c.score for c in other] == sorted((c.score for c in other), reverse=True)


def test_a_neighbouring_question_is_kept_out_even_at_a_low_threshold(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    config = settings.model_copy(update={"tau": 0.05})
    plain = ResidualMemory.create(network, tokenizer, config)
    plain.edit("The price of it is", "31")
    assert plain.match(["The weight of it is"])[0][0].injected
    guarded = ResidualMemory.create(network, tokenizer, config)
    guarded.add("a", guarded.solve([EditRequest(("The price of it is",), "31", ("The weight of it is",))])[0])
    (verdict,) = guarded.match(["The weight of it is"])
    assert not verdict[0].injected
    assert verdict[0].threshold >= 0.99
    assert guarded.match(["The price of it is"])[0][0].injected


def test_of_two_edits_of_one_prompt_the_later_one_acts(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    memory = ResidualMemory.create(network, tokenizer, settings)
    memory.edit("The price of it is", "31", identifier="old")
    memory.edit("The price of it is", "78", identifier="new")
    with memory.attached():
        assert answer(network, tokenizer, ["The price of it is"]) == [" 78"]
    memory.remove("new")
    with memory.attached():
        assert answer(network, tokenizer, ["The price of it is"]) == [" 31"]


def test_calibration_sets_tau_between_hits_and_misses(memory: ResidualMemory) -> None:
    before = memory.config.tau
    tau = memory.calibrate([("a", "The price of it is"), ("b", "How tall is it?")], ["Nothing of the sort", "zzz"])
    assert memory.config.tau == tau != before
    assert memory.match(["The price of it is"])[0][0].injected
    assert not memory.match(["Nothing of the sort"])[0][0].injected
    with pytest.raises(UnknownId, match="'x'"):
        memory.calibrate([("x", "The price of it is")], ["zzz"])


def test_an_id_that_is_not_held_is_refused(memory: ResidualMemory) -> None:
    with pytest.raises(UnknownId, match="'nobody'"):
        memory.remove("nobody")


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="isolated"):
        EditsConfig(mode="isolated", span="all")
    assert EditsConfig().digest() != EditsConfig(tau=0.9).digest()


def test_a_mask_larger_than_the_layer_is_refused(network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(InvalidInput, match="1 to 96 columns"):
        ResidualMemory.create(network, tokenizer, EditsConfig(k=97))
    with pytest.raises(InvalidInput, match="no prompts"):
        ResidualMemory.create(network, tokenizer, EditsConfig(), background=())
