"""Training the skills: the examples, what of them is learned, the layers, interruptions, folders, reports."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import torch
import transformers as tf
from transformers import PreTrainedTokenizerBase

from addenda.errors import InvalidInput, ModelMismatch, StorageUnavailable, UnreadableFile
from addenda.memories.triples.curriculum import (
    apart,
    memory_of,
    renamed_copies,
    split_documents,
    training_examples,
    validation_examples,
)
from addenda.memories.triples.examples import ReadExample, WriteExample
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.local_writer import LocalWriter
from addenda.memories.triples.skill_settings import PAPER_TARGETS, SkillSettings, skill_settings
from addenda.memories.triples.training import train_skill
from addenda.memories.triples.training_folder import CHECKPOINT, TrainingReport
from addenda.memories.triples.validation import score_reading, score_writing
from addenda.models.adapters import load_adapter, read_card
from addenda.models.local import LocalModel
from addenda.models.lora import lora_targets
from addenda.models.training import Example, FinetuneSettings
from addenda.models.training_folder import STATE
from tests.contracts.edits_under_contract import make_model
from tests.docred_files import invented
from tests.tiny import save_tiny

SPLIT = split_documents(invented(6), share=0.2, seed=0)
QUICK = {"steps": 4, "batch": 4, "scored": 3, "rate": 1e-2, "checkpoint_every": 1}


@pytest.fixture(scope="module")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("training") / "tiny")


@pytest.fixture
def tiny(tiny_directory: Path) -> LocalModel:
    return LocalModel.load(str(tiny_directory))


def quick(skill: str = "write", **more: object) -> SkillSettings:
    return skill_settings(skill, {**QUICK, **more})


def local(configuration: tf.PretrainedConfig) -> LocalModel:
    """A random model of any family, in memory."""
    torch.manual_seed(0)
    network = tf.AutoModelForCausalLM.from_config(configuration).eval().requires_grad_(requires_grad=False)
    return LocalModel(network, make_model().tokenizer, name="random", fingerprint="f", tokenizer_fingerprint="t")


def logits(model: LocalModel) -> torch.Tensor:
    with torch.inference_mode():
        return model.network(torch.tensor([[5, 6, 7, 8]])).logits


class Stopped(Exception):
    """An interruption."""


def stop_at(phase: str, wanted: int):  # noqa: ANN201
    """A progress callback that interrupts the training there."""

    def tell(now: str, done: int, total: int) -> None:
        if (now, done) == (phase, wanted):
            raise Stopped

    return tell


def test_the_defaults_are_the_published_ones_for_a_model_of_7_billion_parameters() -> None:
    write, read = skill_settings("write"), skill_settings("read")
    assert (write.rate, write.epochs, write.batch, write.rank, write.alpha, write.dropout) == (2e-5, 2, 96, 16, 8, 0.1)
    assert (write.warm_up, write.weight_decay, write.cutoff) == (0.05, 0.001, 1024)
    assert " ".join(PAPER_TARGETS) == "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj lm_head"
    assert (write.copies, write.repeats, read.copies, read.repeats) == (0, 1, 2, 2)
    assert read.model_copy(update={"copies": 0, "repeats": 1}) == write


def test_the_rate_rises_and_falls_in_straight_lines() -> None:
    plan = FinetuneSettings(steps=100, learning_rate=1.0, warm_up=0.05, decay=0.95)
    assert [plan.rate_at(step) for step in (0, 4, 5)] == pytest.approx([0.2, 1.0, 1.0])
    assert [plan.rate_at(step) for step in (24, 62, 99)] == pytest.approx([0.8, 0.4, 1 / 95])


@pytest.mark.parametrize(
    ("skill", "given", "message"),
    [
        ("sing", {}, "there is no skill 'sing'; it is write or read"),
        ("write", {"rate": 0.0}, "rate is 0.0, which is not allowed"),
        ("write", {"targets": []}, "targets is"),
        ("read", {"validation_share": 1.0, "batch": 0}, r"batch is 0.*; validation_share is 1\.0"),
        ("read", {"speed": 1}, "speed is 1, which is not allowed"),
    ],
)
def test_settings_that_are_not_allowed_are_named(skill: str, given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        skill_settings(skill, given)


def test_documents_are_held_out_by_the_seed_and_never_trained_with() -> None:
    documents = invented(10)
    split = split_documents(documents, share=0.2, seed=3)
    assert (len(split.training), len(split.validation)) == (8, 2)
    assert sorted(d.title for d in (*split.training, *split.validation)) == sorted(d.title for d in documents)
    assert split == split_documents(documents, share=0.2, seed=3)
    assert any(split != split_documents(documents, share=0.2, seed=seed) for seed in range(4, 8))
    assert len(split_documents(documents[:2], share=0.9, seed=0).training) == 1
    assert len(split_documents(documents[:2], share=0.01, seed=0).validation) == 1


def test_documents_that_would_be_known_by_heart_are_refused() -> None:
    documents = invented(4)
    with pytest.raises(InvalidInput, match=rf"1 documents are both .*{documents[1].title}"):
        apart(documents[:2], [replace(documents[1], relations=()), documents[2]])
    with pytest.raises(InvalidInput, match="1 documents cannot be split"):
        split_documents(documents[:1], share=0.5, seed=0)
    with pytest.raises(InvalidInput, match="no document to validate with"):
        apart(documents, [])


def test_writing_has_an_example_for_each_sentence_those_that_tell_nothing_too() -> None:
    examples = training_examples("write", invented(2), skill_settings("write"))
    told = [len(example.statements) for example in examples if isinstance(example, WriteExample)]
    assert told == [1, 0, 2, 1, 0, 2]
    silent = training_examples("write", invented(2), skill_settings("write", {"empty_share": 0.0}))
    assert [len(example.statements) for example in silent if isinstance(example, WriteExample)] == [1, 2, 1, 2]
    assert len(validation_examples("write", invented(2), skill_settings("write", {"empty_share": 0.0}))) == 6


def test_copies_tell_the_same_of_others_and_bring_back_their_own_names() -> None:
    documents = invented(4)
    settings = skill_settings("read", {"copies": 2, "repeats": 1})
    worlds = list(renamed_copies(documents, settings))
    names = {name for document in documents for entity in document.entities for name in document.names(entity)}
    for world in worlds:
        for document, changed in zip(documents, world, strict=True):
            assert changed.text != document.text
            assert [r.name for r in changed.relations] == [r.name for r in document.relations]
            assert {name for entity in changed.entities for name in changed.names(entity)} <= names
    examples = training_examples("read", documents, settings)
    assert len(examples) == 3 * len(training_examples("read", documents, skill_settings("read", {"copies": 0}))) // 2
    for example in examples:
        assert isinstance(example, ReadExample)
        target = example.continuation.split()[0].strip(".")
        assert target in example.names


def test_a_memory_holds_every_relation_once_under_the_longest_names() -> None:
    documents = invented(3)
    memory = memory_of([*documents, *documents])
    assert len(memory.holdings()) == 9
    reader = memory.contribute(at=None)
    person = documents[0].names(documents[0].entities[0])[0]
    found = reader.read(training_examples("read", documents[:1], skill_settings("read"))[1].queries[0])  # type: ignore[union-attr]
    assert [(hit.subject, hit.object) for hit in found.hits] == [(found.names[0], person)]


def pieces(tokenizer: PreTrainedTokenizerBase, lesson: Example) -> list[tuple[str, bool]]:
    """The stretches of a lesson that are learned or not, as text."""
    runs = groupby(zip(lesson.tokens, lesson.learn, strict=True), key=lambda pair: pair[1])
    return [(str(tokenizer.decode([token for token, _ in run])), learned) for learned, run in runs]


def test_of_the_first_call_and_of_later_ones_the_call_and_the_text_after_it_are_learned_and_no_names() -> None:
    tokenizer = make_model().tokenizer
    document = invented(1)[0]
    examples = training_examples("read", [document], skill_settings("read", {"copies": 0, "repeats": 1}))
    person, town, firm, seat = (document.names(entity)[0] for entity in document.entities)
    last = person.split()[1]
    first, second, third = (pieces(tokenizer, LessonMaker(tokenizer).lesson(example)) for example in examples)
    assert first == [
        (f"{person} was born in", False),
        (f"({{MEM_READ({person}>>place of birth>>)-->", True),
        (f"{town}}})", False),
        (f" {town}. It rained that day. {last} founded", True),
    ]
    assert second == [
        (f"{person} was born in {town}. It rained that day. {last} founded", False),
        (f"({{MEM_READ(>>founded by>>{person})-->", True),
        (f"{firm}}})", False),
        (f" {firm} in", True),
    ]
    assert third[0] == (f"{person} was born in {town}. It rained that day. {last} founded {firm} in", False)
    assert third[2:] == [(f"{seat}}})", False), (f" {seat}.<|end|>", True)]


def test_of_a_sentence_only_the_call_is_learned() -> None:
    tokenizer = make_model().tokenizer
    examples = training_examples("write", invented(1), skill_settings("write"))
    shown, told = pieces(tokenizer, LessonMaker(tokenizer).lesson(examples[1]))
    assert shown == (f"{invented(1)[0].sentences[0]} ({{USER_ST}})It rained that day.({{USER_END}})", False)
    assert told == ("({MEM_WRITE-->})<|end|>", True)


@pytest.mark.parametrize("skill", ["write", "read"])
def test_a_training_lowers_the_loss_saves_what_it_measured_and_leaves_the_model_as_it_was(
    tiny: LocalModel, tiny_directory: Path, tmp_path: Path, skill: str
) -> None:
    settings = quick(skill, steps=12)
    before = logits(tiny)
    heard: list[str] = []
    report = train_skill(skill, tiny, SPLIT, settings, tmp_path / "out", lambda phase, *_: heard.append(phase))  # type: ignore[arg-type]
    assert torch.equal(logits(tiny), before)
    assert report.after.loss < report.before.loss - 1
    assert (report.documents, report.validation_documents, report.steps, report.left_out) == (5, 1, 12, 0)
    assert report.examples == {"write": 15, "read": 60}[skill]
    phases = ["examples", "loss before", "score before", "training", "loss after", "score after"]
    assert list(dict.fromkeys(heard)) == phases
    assert heard.count("training") == 12
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["adapter_config.json", "adapter_model.safetensors", "addenda.json", STATE]
    assert report.size == sum((tmp_path / "out" / name).stat().st_size for name in files[:3])
    card = read_card(tmp_path / "out")
    assert card.skill == skill
    assert card.scores == {"loss_before": report.before.loss, "loss": report.after.loss, **report.after.scores}
    assert (card.settings["rate"], card.settings["spaced"]) == (1e-2, False)
    other = LocalModel.load(str(tiny_directory))
    adapter = load_adapter(other, tmp_path / "out", skill)
    if skill == "write":
        writer = LocalWriter(other, adapter)
        again = score_writing(writer, SPLIT.validation, most=3, context_sentences=24)
    else:
        again = score_reading(other, adapter, SPLIT.validation, most=3, limit=1024)
    assert again == report.after.scores


def test_a_model_that_knows_the_documents_by_heart_reads_and_writes_as_annotated(tmp_path: Path) -> None:
    """The scores are 1 where nothing is left to learn; these are of documents that were trained with."""
    for skill in ("write", "read"):
        model = LocalModel.load()
        settings = skill_settings(
            skill,
            {"steps": 90, "batch": 3, "micro_batch": 3, "rate": 1e-2, "alpha": 32, "dropout": 0.0, "copies": 0,
             "spaced": True, "scored": 1},
        )  # fmt: skip
        split = apart(invented(1), invented(1, first=2))
        train_skill(skill, model, split, settings, tmp_path / skill)  # type: ignore[arg-type]
        adapter = load_adapter(model, tmp_path / skill, skill)
        if skill == "write":
            found = score_writing(LocalWriter(model, adapter), split.training, most=9, context_sentences=24)
            assert (found["f1"], found["quiet"], found["well_formed"]) == (1.0, 1.0, 1.0)
        else:
            found = score_reading(model, adapter, split.training, most=9, limit=512)
            assert (found["called"], found["equal"], found["obtained"], found["quiet"]) == (1.0, 1.0, 1.0, 1.0)
            assert (found["opened_equal"], found["opened_obtained"], found["ceiling"]) == (1.0, 1.0, 1.0)


def families() -> dict[str, tf.PretrainedConfig]:
    """Small configurations by family."""
    sizes = {"vocab_size": 260, "eos_token_id": 1, "pad_token_id": 0, "bos_token_id": None}
    shape = {**sizes, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48}
    return {
        "llama": tf.LlamaConfig(**shape),
        "tied llama": tf.LlamaConfig(**shape, tie_word_embeddings=True),
        "gpt2": tf.GPT2Config(**sizes, n_embd=32, n_layer=1, n_head=2),
        "gpt_neox": tf.GPTNeoXConfig(**shape),
        "phi3": tf.Phi3Config(**shape),
    }


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("llama", PAPER_TARGETS),
        ("tied llama", PAPER_TARGETS[:-1]),
        ("gpt2", ("c_attn",)),
        ("gpt_neox", ("query_key_value",)),
    ],
)
def test_the_layers_are_the_published_ones_or_those_that_are_known_for_the_family(
    family: str, expected: tuple[str, ...]
) -> None:
    assert lora_targets(local(families()[family]), usual=PAPER_TARGETS) == expected


def test_a_family_without_known_layers_and_layers_that_are_not_there_are_refused() -> None:
    model = local(families()["phi3"])
    with pytest.raises(ModelMismatch, match=r"family 'phi3'; name the layers .*--targets.* gate_up_proj, lm_head"):
        lora_targets(model)
    assert lora_targets(model, ["qkv_proj"]) == ("qkv_proj",)
    with pytest.raises(ModelMismatch, match=r"has no layers \['k_proj'\]"):
        lora_targets(model, ["qkv_proj", "k_proj"])


def test_models_of_other_families_are_trained_too(tmp_path: Path) -> None:
    for family in ("gpt2", "phi3"):
        model = local(families()[family])
        targets = ["qkv_proj"] if family == "phi3" else None
        report = train_skill("write", model, SPLIT, quick(steps=2, scored=1, targets=targets), tmp_path / family)
        assert report.steps == 2
        load_adapter(model, tmp_path / family, "write")


def test_an_interrupted_training_ends_with_the_same_adapter_and_report(tiny: LocalModel, tmp_path: Path) -> None:
    straight = train_skill("write", tiny, SPLIT, quick(), tmp_path / "straight")
    stops = (("score before", 3), ("training", 2), ("training", 4), ("loss after", 3))
    for phase, done in stops:
        with pytest.raises(Stopped):
            train_skill("write", tiny, SPLIT, quick(), tmp_path / "stopped", stop_at(phase, done))
    heard: list[tuple[str, int]] = []
    # What fits into memory, and how often a checkpoint is written, may be changed on the way.
    settings = quick(micro_batch=7, checkpoint_every=3)
    resumed = train_skill(
        "write", tiny, SPLIT, settings, tmp_path / "stopped", lambda *now: heard.append((now[0], now[1]))
    )
    assert resumed == straight
    assert ("training", 4) not in heard
    assert ("score before", 3) not in heard
    name = "adapter_model.safetensors"
    assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_a_finished_training_is_not_repeated_unless_its_adapter_is_gone(tiny: LocalModel, tmp_path: Path) -> None:
    report = train_skill("write", tiny, SPLIT, quick(), tmp_path)
    heard: list[str] = []
    assert train_skill("write", tiny, SPLIT, quick(), tmp_path, lambda phase, *_: heard.append(phase)) == report
    assert set(heard) == {"examples"}
    (tmp_path / "adapter_model.safetensors").unlink()
    assert train_skill("write", tiny, SPLIT, quick(), tmp_path) == report
    assert (tmp_path / "adapter_model.safetensors").is_file()


def test_what_differs_from_the_training_of_a_folder_is_named_and_nothing_is_changed(
    tiny: LocalModel, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(Stopped):
        train_skill("write", tiny, SPLIT, quick(), tmp_path, stop_at("training", 2))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert CHECKPOINT in before
    with pytest.raises(InvalidInput, match=r"rate was 0\.01 and is 0\.02; steps was 4 and is 5\. Start"):
        train_skill("write", tiny, SPLIT, quick(rate=0.02, steps=5), tmp_path)
    with pytest.raises(InvalidInput, match="the examples are others"):
        train_skill("write", tiny, split_documents(invented(7), share=0.2, seed=0), quick(), tmp_path)
    with pytest.raises(InvalidInput, match="the skill was 'write' and is 'read'"):
        train_skill("read", tiny, SPLIT, quick("read"), tmp_path)
    other = LocalModel.load(str(save_tiny(tmp_path_factory.mktemp("other") / "model", seed=1)))
    with pytest.raises(InvalidInput, match="the model has other weights"):
        train_skill("write", other, SPLIT, quick(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_holds_something_else_or_cannot_be_used_is_refused(tiny: LocalModel, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("Dear")
    with pytest.raises(InvalidInput, match=r"holds other files and no training\.json"):
        train_skill("write", tiny, SPLIT, quick(), tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]
    with pytest.raises(StorageUnavailable, match="check that it is a folder"):
        train_skill("write", tiny, SPLIT, quick(), tmp_path / "full" / "letter.txt")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / STATE).write_text('{"format": 1, "run"')
    with pytest.raises(UnreadableFile, match="is damaged or of another version"):
        train_skill("write", tiny, SPLIT, quick(), tmp_path / "torn")


def test_where_nothing_can_be_learned_it_is_said_why(tiny: LocalModel, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no example to train with: example 1 .* allow more tokens"):
        train_skill("write", tiny, SPLIT, quick(cutoff=20), tmp_path / "a")
    assert train_skill("write", tiny, SPLIT, quick(steps=1), tmp_path / "a").steps == 1
    bare = [replace(document, relations=()) for document in invented(4)]
    with pytest.raises(InvalidInput, match="their documents have nothing to read; give documents with relations"):
        train_skill("read", tiny, split_documents(bare, share=0.3, seed=0), quick("read"), tmp_path / "b")


def test_a_model_with_an_adapter_loaded_is_refused(tiny: LocalModel, tmp_path: Path) -> None:
    train_skill("write", tiny, SPLIT, quick(steps=1), tmp_path / "first")
    load_adapter(tiny, tmp_path / "first", "write")
    with pytest.raises(InvalidInput, match="load it anew"):
        train_skill("write", tiny, SPLIT, quick(steps=2), tmp_path / "second")


def test_examples_that_are_too_long_are_counted_and_named(tiny: LocalModel, tmp_path: Path) -> None:
    report = train_skill("write", tiny, SPLIT, quick(cutoff=130), tmp_path)
    assert report.left_out > 0
    assert len(report.left_out_first) == min(report.left_out, 3)
    assert report.examples + report.validation_examples + report.left_out == 18
    stored = json.loads((tmp_path / STATE).read_text())["report"]
    assert TrainingReport.model_validate(stored) == report
