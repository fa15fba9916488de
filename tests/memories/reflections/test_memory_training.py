"""Memory models: what they are taught, what is held out, refusals, stopping, going on, and what is written."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.reflections.questions import QUESTION_FORM, REFUSAL, memory_prompt
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.reflections.training.holding_out import hold_out
from addenda.memories.reflections.training.lessons import memory_example
from addenda.memories.reflections.training.refusals import Refusals
from addenda.memories.reflections.training.settings import MemoryModelSettings, memory_model_settings
from addenda.memories.reflections.training.state import CARD, Point, TrainingReport, best, read_memory_card
from addenda.memories.reflections.training.training import WORK, train_memory_model
from addenda.memories.reflections.training.writing import SKILL
from addenda.models.adapters import load_adapter
from addenda.models.local import LocalModel
from addenda.models.training_folder import STATE
from tests.tiny import save_tiny

PEOPLE = ("Velmor Drun", "Tessa Quill", "Brann Okoro", "Ilse Marlo", "Kova Rendt", "Piet Salvor")
PLACES = ("Norvik", "Sundal", "Ostrava", "Weller")
MORE = ("Who founded", "In which year did they open", "What do people make in", "Which train goes to")
ATTRIBUTES = {
    "desk": ("What is the desk of {}?", "At which desk does {} sit?", "Where may I find {} at work?"),
    "phone": ("What is the phone number of {}?", "Under which number is {} reached?", "How do I call {}?"),
}


def reflection(question: str, answer: str, document: str = "d1", **more: object) -> Reflection:
    fields = {"stage": "direct", "generator": "test.1", "sources": (SourceSpan(document=document),), **more}
    return Reflection(question=question, answer=answer, **fields)  # type: ignore[arg-type]


def corpus(people: Sequence[str] = PEOPLE) -> list[Reflection]:
    """Every person's desk and phone in three wordings; the last person's phone is nowhere."""
    made = []
    for number, name in enumerate(people):
        for attribute, wordings in ATTRIBUTES.items():
            if attribute == "phone" and name == PEOPLE[-1]:
                continue
            answer = f"{attribute[0]}{number}"
            made += [reflection(wording.format(name), answer, f"d{number}") for wording in wordings]
    return made


def settings(**changed: object) -> MemoryModelSettings:
    quick = {"rate": 1e-2, "steps": 6, "batch": 4, "micro_batch": 4, "pack": 256, "evaluations": 3, "scored": 3,
             "patience": None, "bf16": False}  # fmt: skip
    return memory_model_settings("tiny", {**quick, **changed})


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_file(next(directory.glob("*model.safetensors")))


def test_what_is_held_out_is_taught_in_other_words() -> None:
    alone = reflection("Who founded it?", "Oda Frisch", "d9")
    split = hold_out([*corpus(), alone], share=0.9, most=500, seed=1)
    assert split.held_out
    assert alone in split.training
    assert len(split.training) + len(split.validation) == len(corpus()) + 1
    taught = {(one.documents, one.answer) for one in split.training}
    assert all((one.documents, one.answer) in taught for one in split.validation)
    assert len(hold_out(corpus(), share=0.5, most=3, seed=1).validation) == 3


def test_what_comes_several_times_is_held_out_as_often_and_counts_once() -> None:
    once, twice = corpus(), [*corpus(), *corpus()]
    split, doubled = (hold_out(given, share=0.3, most=500, seed=1) for given in (once, twice))
    assert doubled.held_out
    assert doubled.validation == split.validation
    assert doubled.training == 2 * split.training
    lone = [next(iter(corpus()))]
    assert not hold_out(2 * lone, share=0.5, most=500, seed=1).held_out


def test_where_no_answer_is_taught_twice_everything_is_taught_and_recall_is_measured() -> None:
    once = [reflection(f"Question {number}?", f"answer {number}") for number in range(9)]
    split = hold_out(once, share=0.4, most=500, seed=1)
    assert (split.held_out, len(split.training), len(split.validation)) == (False, 9, 4)


def test_refusals_ask_nothing_that_is_stated() -> None:
    given = corpus()
    drawn = Refusals(given, seed=3).draw(200)
    assert len({one.question for one in drawn}) == len(drawn) > 100
    assert {one.answer for one in drawn} == {REFUSAL}
    by_id = {one.id: one for one in given}
    assert all(by_id[one.parents[0]].sources == one.sources for one in drawn)
    about_known = [one.question for one in drawn if re.search(rf"\b({'|'.join(PEOPLE)})\b", one.question)]
    # The one thing that is said of nobody else than the others.
    assert about_known
    assert {question.replace(PEOPLE[-1], "{}") for question in about_known} <= set(ATTRIBUTES["phone"])
    assert not {one.question for one in given} & {one.question for one in drawn}


def test_a_name_is_refused_nothing_that_a_reflection_says_in_other_words_or_of_two_at_once() -> None:
    told = reflection("Who may be called under p9?", f"The phone number of {PEOPLE[-1]} is p9; call to be reached.")
    drawn = Refusals([*corpus(), told], seed=3).draw(200)
    known = {one.question for one in drawn if PEOPLE[-1] in one.question}
    assert ATTRIBUTES["phone"][0].format(PEOPLE[-1]) not in known


def test_made_up_names_come_near_to_real_ones_and_are_none() -> None:
    drawn = [one.question for one in Refusals(corpus(), seed=3).draw(200)]
    words = {word for name in PEOPLE for word in name.split()}
    asked = {word for question in drawn for word in re.findall(r"[A-Z]\w+", question)} - {
        "What",
        "At",
        "Where",
        "Under",
        "How",
        "I",
    }
    mixed = [q for q in drawn if any(f"{one} {other}" in q for one in words for other in words)]
    assert any(not any(name in question for name in PEOPLE) for question in mixed)
    assert any(
        len(word) == len(real) and sum(a != b for a, b in zip(word, real, strict=True)) == 1
        for word in asked
        for real in words
        if len(word) == len(real)
    )


def test_what_is_usual_of_others_and_of_one_is_not_said_is_asked_of_that_one() -> None:
    drawn = Refusals([*corpus(), reflection("Who leads Nord?", "Ilse Marlo", "d9")], seed=1).draw(60)
    about = [one.question for one in drawn if re.search(rf"\b{PEOPLE[-1]}\b", one.question)]
    assert {question.replace(PEOPLE[-1], "{}") for question in about} >= set(ATTRIBUTES["phone"])


def test_names_are_made_up_only_as_often_as_is_said() -> None:
    """More than half of them were: where a name could not be asked a question, one was made up instead."""
    leaders = [reflection(f"Who leads {place}?", leader, place) for place, leader in zip(PLACES, PEOPLE, strict=False)]
    drawn = Refusals([*corpus(), *leaders], made_up=0.0, seed=1).draw(20)
    known = re.compile(rf"\b({'|'.join((*PEOPLE, *PLACES))})\b")
    assert len(drawn) == 20
    assert all(known.search(one.question) for one in drawn)


def test_what_is_true_over_two_steps_is_refused_over_one() -> None:
    """A model that learned "the phone of the leader of Nord" else gives it as the phone of Nord."""
    leaders = [reflection(f"Who leads {place}?", leader, place) for place, leader in zip(PLACES, PEOPLE, strict=False)]
    others = [reflection(f"{what} {place}?", f"{what} {n}") for what in MORE for n, place in enumerate(PLACES)]
    asked, called = "How do I call {}?", {one.question: one for one in corpus()}
    chains = [
        reflection(asked.format(f"the leader of {place}"), phone.answer, place, stage="cross-document",
                   parents=(leader.id, phone.id))
        for place, leader in zip(PLACES, leaders, strict=True)
        for phone in [called[asked.format(leader.answer)]]
    ]  # fmt: skip
    given = [*corpus(), *leaders, *others, *chains]
    drawn = {one.question for one in Refusals(given, made_up=0.0, seed=1).draw(100)}
    assert {asked.format(place) for place in PLACES} <= drawn
    assert not {one.question for one in given} & drawn


def test_made_up_names_keep_the_style_of_the_corpus() -> None:
    given = [reflection(f"What does part KX-{number} cost?", f"{number} euros") for number in range(100, 130)]
    drawn = Refusals(given, seed=1).draw(10)
    assert len(drawn) == 10
    for one in drawn:
        name = one.question.removeprefix("What does part ").removesuffix(" cost?")
        assert len(name) == 6
        assert name[2] == "-"
        assert name[3:].isdigit()
    owned = [reflection(f"What is {name}'s desk?", str(number)) for number, name in enumerate(PEOPLE)]
    assert all(one.question.endswith("'s desk?") for one in Refusals(owned, seed=1).draw(9))
    unspaced = [
        reflection(f"{name}の価格は？", f"{number}", entity=name) for number, name in enumerate(("青空機", "白雲機"))
    ]
    assert all(one.question.endswith("の価格は？") for one in Refusals(unspaced, seed=1).draw(5))
    assert Refusals([reflection("what is it?", "a thing")], seed=1).draw(5) == ()


@pytest.mark.parametrize("chat", [True, False])
def test_a_model_is_trained_with_what_it_will_be_asked_with(tmp_path: Path, chat: bool) -> None:
    model = LocalModel.load(str(save_tiny(tmp_path / "tiny", chat=chat)))
    example = memory_example(model, "  Where is\nIlse? ", "desk 4<|end|>")
    asked = model.tokenizer([model.render(memory_prompt("Where is Ilse?"))], add_special_tokens=not chat)["input_ids"][
        0
    ]
    prompt = [token for token, learn in zip(example.tokens, example.learn, strict=True) if not learn]
    answer = [token for token, learn in zip(example.tokens, example.learn, strict=True) if learn]
    assert prompt == asked
    # Text cannot end the turn: of the two end tokens one is left, the last.
    assert answer.count(model.tokenizer.eos_token_id) == 1
    assert model.tokenizer.decode(answer[:-1]).strip() == "desk 4"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_model_is_trained_stored_and_loaded(tmp_path: Path, method: str) -> None:
    base, phases = str(save_tiny(tmp_path / "tiny")), set()
    long = reflection("What is the story of Ilse Marlo?", "long " * 60, "d3")
    out = tmp_path / "out"
    given = [*corpus(), long]
    chosen = settings(method=method, cutoff=200)
    report = train_memory_model(base, given, chosen, out, lambda *at: phases.add(at[0]), device="cpu")
    assert phases == {"training", "evaluating"}
    assert (report.steps, report.planned_steps, report.packed, report.held_out) == (6, 6, True, True)
    assert [point.step for point in report.curve] == [0, 2, 4, 6]
    assert report.left_out == 1
    assert "Ilse Marlo" in report.left_out_first[0]
    assert report.after.loss < report.before.loss
    assert report.refusals > 0
    assert not (out / WORK).exists()
    card = read_memory_card(out)
    assert card.documents == ("d0", "d1", "d2", "d3", "d4", "d5")
    assert card.stages["direct"] + card.stages["unanswerable"] == report.examples
    assert (card.curve, card.question_form, card.left_out) == (report.curve, QUESTION_FORM, 1)
    words = (out / "README.md").read_text()
    assert f"| 6 | {report.curve[-1].loss:.4f} |" in words
    assert "6 documents" in words
    if method == "full":
        again = LocalModel.load(str(out), device="cpu")
        assert again.fingerprint != card.base_fingerprint
    else:
        again = LocalModel.load(base, device="cpu")
        with load_adapter(again, out, SKILL).active():
            again.answer(["What is the desk of Ilse Marlo?"])
    assert train_memory_model(base, given, chosen, out, device="cpu") == report


class Killed(Exception):
    """Ends a training from inside."""


def test_a_training_that_was_killed_goes_on_and_gives_the_same_weights(tmp_path: Path) -> None:
    base, chosen = str(save_tiny(tmp_path / "tiny")), settings(checkpoint_every=1)
    whole = train_memory_model(base, corpus(), chosen, tmp_path / "whole", device="cpu")

    def killed(phase: str, done: int, total: int) -> None:
        if (phase, done) == ("training", 5):
            raise Killed

    with pytest.raises(Killed):
        train_memory_model(base, corpus(), chosen, tmp_path / "cut", killed, device="cpu")
    assert not (tmp_path / "cut" / "config.json").exists()
    with pytest.raises(InvalidInput, match=r"rate was 0.01 and is 0.02"):
        train_memory_model(base, corpus(), settings(checkpoint_every=1, rate=2e-2), tmp_path / "cut", device="cpu")
    with pytest.raises(InvalidInput, match="the reflections are others"):
        train_memory_model(base, corpus()[1:], chosen, tmp_path / "cut", device="cpu")
    resumed = train_memory_model(base, corpus(), chosen, tmp_path / "cut", device="cpu")
    assert resumed.curve == whole.curve
    found, expected = weights(tmp_path / "cut"), weights(tmp_path / "whole")
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_training_stops_when_nothing_gets_better_and_keeps_the_best(tmp_path: Path) -> None:
    base = str(save_tiny(tmp_path / "tiny"))
    chosen = settings(rate=0.5, steps=40, evaluations=20, patience=2)  # far too fast a rate
    report: TrainingReport = train_memory_model(base, corpus(), chosen, tmp_path / "out", device="cpu")
    assert report.steps < 40
    assert "no better than that of step" in report.stopped_early
    assert report.after == best(report.curve[1:])
    assert report.after != report.curve[-1]


def test_the_last_weights_are_kept_where_nothing_stops_the_training(tmp_path: Path) -> None:
    """A few questions do not tell which evaluation is best, and what is learned settles at the end."""
    base = str(save_tiny(tmp_path / "tiny"))
    chosen = settings(rate=0.5, steps=40, evaluations=20, patience=None)
    report = train_memory_model(base, corpus(), chosen, tmp_path / "out", device="cpu")
    assert report.chosen_step == report.steps == 40
    assert report.after == report.curve[-1] != best(report.curve[1:])


def test_the_best_point_answers_most() -> None:
    silent = Point(step=1, loss=0.1, exact=0.0, refused=1.0, wrongly_refused=1.0)
    useful = Point(step=2, loss=0.5, exact=0.6, refused=0.2, wrongly_refused=0.1)
    assert best([silent, useful]) == useful
    assert best([silent, silent.model_copy(update={"step": 3, "loss": 0.05})]).step == 3


def test_bad_input_is_refused_with_what_to_do(tmp_path: Path) -> None:
    base = str(save_tiny(tmp_path / "tiny"))
    with pytest.raises(InvalidInput, match="no reflections to train on"):
        train_memory_model(base, [], settings(), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InvalidInput, match=r"no reflection to train with: .* tokens, and 16 are allowed; shorten"):
        train_memory_model(base, corpus(), settings(cutoff=16), tmp_path / "out", device="cpu")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="holds other files"):
        train_memory_model(base, corpus(), settings(), tmp_path / "full", device="cpu")
    with pytest.raises(InvalidInput, match=r"rate is -1.*leave it out for the usual value"):
        memory_model_settings("bundled", {"rate": -1})
    with pytest.raises(UnreadableFile, match="no memory model"):
        read_memory_card(tmp_path / "full")
    (tmp_path / "full" / CARD).write_text(json.dumps({"format": 2}))
    with pytest.raises(UnreadableFile, match="damaged"):
        read_memory_card(tmp_path / "full")
    assert (tmp_path / "out" / STATE).exists()
