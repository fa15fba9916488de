"""Updates of memory models: what is merged with what, what is learned again, who is asked, going on, and the card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from addenda.errors import InvalidInput, ModelMismatch, ModelUnavailable, UnreadableFile
from addenda.memories.reflections.memory_model import MemoryModel
from addenda.memories.reflections.questions import memory_prompt
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.reflections.training.holding_out import knowledge
from addenda.memories.reflections.training.lessons import Material
from addenda.memories.reflections.training.state import read_memory_card
from addenda.memories.reflections.training.training import train_memory_model
from addenda.memories.reflections.training.writing import SKILL
from addenda.memories.reflections.updating.merging import merge
from addenda.memories.reflections.updating.replaying import replayed
from addenda.memories.reflections.updating.routing import (
    ROUTES,
    Route,
    RoutedModel,
    Routes,
    load_memory_model,
    load_routed,
    read_routes,
)
from addenda.memories.reflections.updating.settings import MergeSettings, UpdateSettings, update_settings
from addenda.memories.reflections.updating.updating import PARTS, update_memory_model
from addenda.models.adapters import load_adapter
from addenda.models.local import LocalModel
from addenda.models.scripted import ScriptedModel
from addenda.models.training_folder import STATE, PhaseProgress
from tests.memories.reflections.test_memory_training import (
    ATTRIBUTES,
    PEOPLE,
    Killed,
    corpus,
    reflection,
    settings,
    weights,
)
from tests.tiny import save_tiny

OLD = corpus(PEOPLE[:3])
NEW = [
    one.model_copy(update={"sources": (SourceSpan(document=f"new-{one.documents[0]}"),)}) for one in corpus(PEOPLE[3:])
]


def update(**given: object) -> UpdateSettings:
    training = settings(evaluations=1, **given.pop("training", {})).model_dump()  # type: ignore[arg-type]
    return update_settings("tiny", {"strategy": "replay", **given}, training)


def killing(last: int) -> PhaseProgress:
    """Progress that ends an update from inside when it trains its ``last`` step of this start."""
    steps: list[int] = []

    def tell(phase: str, done: int, total: int) -> None:
        steps.extend([done] if phase == "training" else [])
        if len(steps) == last:
            raise Killed

    return tell


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base model and a memory model of the old reflections, side by side."""
    folder = tmp_path_factory.mktemp("models")
    train_memory_model(str(save_tiny(folder / "base")), OLD, settings(evaluations=1), folder / "current", device="cpu")
    return folder


@pytest.fixture
def models(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "models")
    return tmp_path / "models"


def adapter_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of an adapter."""
    return load_file(folder / "adapter_model.safetensors")


def tensors(seed: int) -> dict[str, torch.Tensor]:
    """A base far from zero, and two models near it, in float64."""
    generator = torch.Generator().manual_seed(seed)
    near = 0.1 if seed else 1.0
    made = {"a": torch.randn(4, 6, generator=generator) * near, "b": torch.randn(8, generator=generator) * near}
    return {name: value.double() + (tensors(0)[name] if seed else 3.0) for name, value in made.items()}


def trimmed(vector: np.ndarray, density: float) -> np.ndarray:
    """The largest values of a vector, and zeros."""
    kept = np.zeros(vector.size)
    places = np.argsort(-np.abs(vector).ravel())[: int(density * vector.size)]
    kept[places] = vector.ravel()[places]
    return kept.reshape(vector.shape)


def reference(method: str, old: np.ndarray, new: np.ndarray, share: float) -> np.ndarray:
    """Merged task vectors by the formulas of the papers, in float64."""
    if method == "linear":
        return (1 - share) * old + share * new
    if method == "slerp":
        first, second = np.linalg.norm(old), np.linalg.norm(new)
        angle = np.arccos((old * new).sum() / first / second)
        unit = (np.sin((1 - share) * angle) * old / first + np.sin(share * angle) * new / second) / np.sin(angle)
        return unit * ((1 - share) * first + share * second)
    pair = np.stack([trimmed(old, 0.5), trimmed(new, 0.5)])
    agree = np.sign(pair) == np.where(pair.sum(0) >= 0, 1, -1)
    weighed = pair * np.array([2 * (1 - share), 2 * share]).reshape(2, *[1] * old.ndim)
    return (weighed * agree).sum(0) / np.maximum(agree.sum(0), 1)


@pytest.mark.parametrize("method", ["linear", "slerp", "ties"])
def test_merging_is_that_of_the_papers_and_starts_from_the_base(method: str) -> None:
    base, old, new = tensors(0), tensors(1), tensors(2)
    chosen = MergeSettings(method=method, new=0.3, scale=1.5, density=0.5)  # type: ignore[arg-type]
    found = merge(base=base, old=old, new=new, settings=chosen)
    for name, start in base.items():
        origin, one, other = (value.numpy() for value in (start, old[name], new[name]))
        expected = origin + 1.5 * reference(method, one - origin, other - origin, 0.3)
        np.testing.assert_allclose(found[name].numpy(), expected, rtol=0, atol=1e-12)
    # With one of the models in the place of the base the result is another: the base is no element of a list.
    wrong = merge(base=old, old=old, new=new, settings=chosen)
    assert all((wrong[name] - found[name]).abs().max() > 1e-3 for name in base)


@pytest.mark.parametrize("method", ["dare_linear", "dare_ties"])
def test_dare_drops_by_the_seed_and_rescales_what_is_left(method: str) -> None:
    base, old = tensors(0), tensors(1)
    chosen = MergeSettings(method=method, density=0.25)  # type: ignore[arg-type]
    found = merge(base=base, old=old, new=base, settings=chosen, seed=4)
    again = merge(base=base, old=old, new=base, settings=chosen, seed=4)
    other = merge(base=base, old=old, new=base, settings=chosen, seed=5)
    # The new model learned nothing, so the linear form halves the old vector, and TIES takes it as the only one.
    kept = 4.0 * (0.5 if method == "dare_linear" else 1.0)
    for name, start in base.items():
        ratio = ((found[name] - start) / (old[name] - start)).numpy()
        assert np.all(np.isclose(ratio, 0) | np.isclose(ratio, kept))
        assert torch.equal(found[name], again[name])
    assert any(not torch.equal(found[name], other[name]) for name in base)


def test_merging_refuses_another_architecture() -> None:
    base = tensors(0)
    with pytest.raises(ModelMismatch, match=r"new memory model has other layers.*'b'.*strategy joint"):
        merge(base=base, old=base, new={"a": base["a"]}, settings=MergeSettings())
    with pytest.raises(ModelMismatch, match=r"current memory model has other layers.*'a'"):
        merge(base=base, old=base | {"a": base["a"][:2]}, new=base, settings=MergeSettings())


def test_a_sample_of_the_old_has_every_fact_before_any_twice() -> None:
    facts = {knowledge(one) for one in OLD}
    assert len(OLD) == 3 * len(facts)
    sample = replayed(OLD, 1 / 3, seed=2)
    assert len(sample) == len(facts)
    assert {knowledge(one) for one in sample} == facts
    assert sample != replayed(OLD, 1 / 3, seed=3)
    assert replayed(OLD, 1.0, seed=2) == tuple(OLD)
    assert len(replayed(OLD, 0.001, seed=2)) == 1


def test_replay_learns_the_new_more_often_than_the_old_and_costs_half_of_joint_training() -> None:
    chosen = update_settings("bundled")
    assert chosen.strategy == "replay"
    old = chosen.replayed * chosen.more_training.epochs
    new = chosen.repeated * chosen.more_training.epochs
    assert new == pytest.approx(chosen.more_epochs)
    assert new > old
    assert (old + new) / (2 * chosen.training.epochs) < 0.5
    other = update_settings("bundled", {"strategy": "sequential"})
    assert other.more_training.epochs == other.more_epochs


def test_what_only_the_old_reflections_state_is_not_refused() -> None:
    """The last person's phone is stated, though not among what is taught now."""
    stated = [reflection(wording.format(PEOPLE[-1]), "p9", "old") for wording in ATTRIBUTES["phone"]]
    chosen = settings(refusals=1.0)

    def about_known(known: list[Reflection]) -> set[str]:
        material = Material.of(corpus(), chosen, known)
        made = [one for one in (*material.split.training, *material.split.validation) if one.stage == "unanswerable"]
        return {one.question for one in made if any(name in one.question for name in PEOPLE)}

    assert about_known([])
    assert not about_known(stated)


def test_replay_keeps_what_going_on_with_the_new_alone_forgets(tmp_path: Path) -> None:
    learns = {"rate": 1e-2, "steps": 80, "batch": 8, "micro_batch": 8, "enough": 1.0, "refusals": 0.0}
    base, current = str(save_tiny(tmp_path / "base")), tmp_path / "current"
    train_memory_model(base, OLD, settings(evaluations=1, **learns), current, device="cpu")
    kept = {}
    for strategy in ("sequential", "replay"):
        chosen = update(strategy=strategy, replayed=0.9, more_rate=1e-2, training=learns)
        report = update_memory_model(current, OLD, NEW, chosen, tmp_path / strategy, device="cpu")
        assert report.replayed == (0 if strategy == "sequential" else round(0.9 * len(OLD)))
        model = LocalModel.load(str(tmp_path / strategy), device="cpu")
        said = model.answer([memory_prompt(one.question) for one in OLD], max_new_tokens=6)
        kept[strategy] = sum(given.text == one.answer for given, one in zip(said, OLD, strict=True)) / len(OLD)
    assert kept["replay"] > kept["sequential"] + 0.2, kept


@pytest.mark.parametrize("strategy", ["joint", "replay", "merge", "average_then_steps"])
def test_the_card_keeps_the_line_and_all_documents(models: Path, strategy: str) -> None:
    out = models / strategy
    report = update_memory_model(models / "current", OLD, NEW, update(strategy=strategy), out, device="cpu")
    card, before = read_memory_card(out), read_memory_card(models / "current")
    assert card.lineage is not None
    assert (card.base, card.base_fingerprint) == (before.base, before.base_fingerprint)
    assert card.documents == ("d0", "d1", "d2", "new-d0", "new-d1", "new-d2")
    assert (card.lineage.strategy, report.after, report.documents) == (strategy, card.result, 6)
    expected = {"joint": [], "replay": ["current"]}.get(strategy, ["current", "new"])
    assert [parent.name for parent in card.lineage.parents] == expected
    assert not (out / PARTS).exists()
    assert f"strategy {strategy}" in (out / "README.md").read_text()
    assert LocalModel.load(str(out), device="cpu").fingerprint != before.base_fingerprint
    assert update_memory_model(models / "current", OLD, NEW, update(strategy=strategy), out, device="cpu") == report


def test_documents_that_were_withdrawn_stay_named_where_weights_go_on(models: Path) -> None:
    """A second update without the reflections of d0: it is still in the weights, unless they begin anew."""
    left = [one for one in OLD if one.documents != ("d0",)]
    for strategy, known in (("replay", True), ("joint", False)):
        update_memory_model(models / "current", left, NEW, update(strategy=strategy), models / strategy, device="cpu")
        assert ("d0" in read_memory_card(models / strategy).documents) is known


def test_an_update_that_was_killed_goes_on_and_gives_the_same_weights(models: Path) -> None:
    chosen = update(strategy="average_then_steps", training={"checkpoint_every": 1})
    current, cut = models / "current", models / "cut"
    whole = update_memory_model(current, OLD, NEW, chosen, models / "whole", device="cpu")
    for step in (2, 8):  # in the training of the new alone, and in that of everything
        with pytest.raises(Killed):
            update_memory_model(current, OLD, NEW, chosen, cut, killing(step), device="cpu")
        assert not (cut / "config.json").exists()
    with pytest.raises(InvalidInput, match=r"more_rate was 0\.01 and is 0\.02"):
        update_memory_model(current, OLD, NEW, chosen.model_copy(update={"more_rate": 0.02}), cut, device="cpu")
    with pytest.raises(InvalidInput, match="new reflections are others"):
        update_memory_model(current, OLD, NEW[1:], chosen, cut, device="cpu")
    resumed = update_memory_model(current, OLD, NEW, chosen, cut, device="cpu")
    assert [one.curve for one in resumed.trainings] == [one.curve for one in whole.trainings]
    expected, found = weights(models / "whole"), weights(cut)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    # Killed while the files were moved to their place: the rest follows, and nothing is trained.
    (cut / PARTS / "last").mkdir(parents=True)
    for name in ("config.json", "memory.json"):
        (cut / name).replace(cut / PARTS / "last" / name)
    state = (cut / STATE).read_bytes()
    assert update_memory_model(current, OLD, NEW, chosen, cut, killing(1), device="cpu") == resumed
    assert (cut / "memory.json").is_file()
    assert (cut / STATE).read_bytes() == state


def test_questions_go_to_the_model_whose_words_they_have() -> None:
    words = [sorted({"weight", "the", *names.split()}) for names in ("velmor drun 12.4", "tessa quill 99.1")]
    routes = Routes(routes=tuple(Route(folder=str(n), data="x", words=tuple(of)) for n, of in enumerate(words)))
    old = ScriptedModel({"The weight of Velmor Drun?": "12.4", "The weight?": "either"})
    new = ScriptedModel({"The weight of Tessa Quill?": "99.1"})
    model = RoutedModel(routes, [old, new], name="both")
    asked = ["The weight of Velmor Drun?", "The weight of Tessa Quill?", "The weight?", "What of Quill?"]
    assert [one.text for one in model.answer(asked)] == ["12.4", "99.1", "either", "I don't know."]
    # Nothing of one's words is asked of the other; what fits both goes to the newest, then to the one before.
    assert old.asked == [asked[0], asked[2]]
    assert new.asked == [asked[1], asked[3], asked[2]] or set(new.asked) == {asked[1], asked[2], asked[3]}
    assert model.fingerprint != RoutedModel(routes, [new, old], name="both").fingerprint


def test_routing_keeps_the_current_model_and_adds_one(models: Path) -> None:
    chosen, third = update(strategy="routing"), [reflection("Where is Oda Frisch?", "in d7", "d7")] * 2
    before = weights(models / "current")
    update_memory_model(models / "current", OLD, NEW, chosen, models / "two", device="cpu")
    update_memory_model(models / "two", [*OLD, *NEW], third, chosen, models / "three", device="cpu")
    assert [route.folder for route in read_routes(models / "three").routes] == ["../current", "../two", "."]
    assert all(torch.equal(value, before[name]) for name, value in weights(models / "current").items())
    assert read_memory_card(models / "two").documents == ("new-d0", "new-d1", "new-d2")
    model = load_memory_model(models / "two", device="cpu")
    alone = MemoryModel.load(models / "current", device="cpu")
    question = memory_prompt(f"What is the desk of {PEOPLE[0]}?")
    assert model.answer([question]) == alone.answer([question])
    assert load_memory_model(models / "current", device="cpu").fingerprint == alone.fingerprint
    with pytest.raises(InvalidInput, match="one of several memory models"):
        update_memory_model(models / "two", OLD, third, update(strategy="replay"), models / "x", device="cpu")
    shutil.copy(models / "two" / "memory.json", models / "current" / "memory.json")
    with pytest.raises(ModelMismatch, match="another memory model"):
        load_routed(models / "two", device="cpu")
    with pytest.raises(UnreadableFile, match=f"no {ROUTES}"):
        load_routed(models / "base")


def test_bad_input_is_refused_with_what_to_do(models: Path) -> None:
    current, out = models / "current", models / "out"
    with pytest.raises(InvalidInput, match=r"needs the reflections .* choose merge"):
        update_memory_model(current, [], NEW, update(), out)
    with pytest.raises(InvalidInput, match="no new reflections"):
        update_memory_model(current, OLD, OLD[:3], update(), out)
    with pytest.raises(InvalidInput, match="name another folder"):
        update_memory_model(current, OLD, NEW, update(), current)
    with pytest.raises(UnreadableFile, match="no memory model"):
        update_memory_model(models / "base", OLD, NEW, update(), out)
    with pytest.raises(InvalidInput, match="method was 'full' and would be 'lora'"):
        update_memory_model(current, OLD, NEW, update(training={"method": "lora"}), out)
    with pytest.raises(InvalidInput, match="replayed is 2"):
        update_settings("bundled", {"replayed": 2})
    assert not out.exists()
    shutil.copytree(current, models / "there")
    with pytest.raises(InvalidInput, match="holds a memory model already"):
        update_memory_model(current, OLD, NEW, update(), models / "there", device="cpu")
    other = str(save_tiny(models / "other", seed=1))
    merging = update(strategy="merge")
    with pytest.raises(ModelMismatch, match=r"other weights .* Give that one"):
        update_memory_model(current, OLD, NEW, merging, out, base=other)
    with pytest.raises(ModelUnavailable, match="say where that lies now"):
        update_memory_model(current, OLD, NEW, merging, out, base=str(models / "gone"))
    shutil.move(models / "base", models / "moved")
    # The base has moved, and the current model's tokenizer asks in another form.
    template = current / "chat_template.jinja"
    template.write_text(template.read_text() + "please ")
    with pytest.raises(ModelMismatch, match=r"another chat template .* strategy joint"):
        update_memory_model(current, OLD, NEW, merging, out, base=str(models / "moved"), device="cpu")
    assert not (out / "config.json").exists()
    assert json.loads((out / STATE).read_text())["report"] is None


LORA = {"method": "lora"}


@pytest.fixture
def adapter(models: Path) -> Path:
    """The folder of an adapter of the base that has learned the old reflections."""
    train_memory_model(str(models / "base"), OLD, settings(evaluations=1, **LORA), models / "adapter", device="cpu")
    return models / "adapter"


@pytest.mark.parametrize("strategy", ["replay", "sequential"])
def test_an_adapter_goes_on_from_what_it_has_learned(models: Path, adapter: Path, strategy: str) -> None:
    before, out = adapter_weights(adapter), models / "more"
    hardly = update(strategy=strategy, training=LORA, more_rate=1e-9)
    update_memory_model(adapter, OLD, NEW, hardly, models / "same", device="cpu")
    same = adapter_weights(models / "same")
    assert all(torch.allclose(same[name], before[name], atol=1e-6) for name in before)
    chosen = update(strategy=strategy, training=LORA | {"checkpoint_every": 1})
    whole = update_memory_model(adapter, OLD, NEW, chosen, models / "whole", device="cpu")
    with pytest.raises(Killed):
        update_memory_model(adapter, OLD, NEW, chosen, out, killing(2), device="cpu")
    assert update_memory_model(adapter, OLD, NEW, chosen, out, device="cpu").after == whole.after
    learned, uncut = adapter_weights(out), adapter_weights(models / "whole")
    assert all(torch.equal(learned[name], uncut[name]) for name in before)
    assert not all(torch.equal(learned[name], before[name]) for name in before)
    assert all(torch.equal(value, before[name]) for name, value in adapter_weights(adapter).items())
    card = read_memory_card(out)
    base = LocalModel.load(str(models / "base"), device="cpu")
    assert card.base_fingerprint == base.fingerprint
    assert set(card.documents) == {document for one in (*OLD, *NEW) for document in one.documents}
    assert load_adapter(base, out, SKILL).card.model_fingerprint == base.fingerprint


def test_an_adapter_can_begin_anew(models: Path, adapter: Path) -> None:
    update_memory_model(adapter, OLD, NEW, update(strategy="joint", training=LORA), models / "both", device="cpu")
    assert (models / "both" / "adapter_config.json").is_file()


def test_what_an_adapter_cannot_be_updated_by_is_refused(models: Path, adapter: Path) -> None:
    out = models / "out"
    with pytest.raises(InvalidInput, match=r"holds an adapter.*choose joint, replay, sequential, or train"):
        update_memory_model(adapter, OLD, NEW, update(strategy="merge", training=LORA), out)
    with pytest.raises(InvalidInput, match=r"rank was 16 and would be 4.*choose joint"):
        update_memory_model(adapter, OLD, NEW, update(training=LORA | {"rank": 4}), out)
    with pytest.raises(InvalidInput, match="method was 'lora' and would be 'full'"):
        update_memory_model(adapter, OLD, NEW, update(), out)
    assert not out.exists()
    other = str(save_tiny(models / "other", seed=1))
    with pytest.raises(ModelMismatch, match=r"other weights .* Give that one"):
        update_memory_model(adapter, OLD, NEW, update(training=LORA), out, base=other)
    (adapter / "adapter_model.safetensors").write_bytes(b"broken")
    with pytest.raises(UnreadableFile, match="cannot be loaded"):
        update_memory_model(adapter, OLD, NEW, update(training=LORA), out, device="cpu")
