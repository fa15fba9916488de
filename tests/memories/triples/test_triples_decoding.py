"""The bundled model reads from a real memory while it generates, with the adapter that ships with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.decoding import ReadAnswer, ReadingModel
from addenda.models.adapters import load_adapter
from addenda.models.bundled import adapter_directory
from addenda.models.local import LocalModel
from addenda.responder import Responder
from tests.memories.triples.triple_tools import deliver, ident

FACTS = (
    ("Velmor Tasky", "noise level", "41 dB"),
    ("Velmor Tasky", "price", "312 euros"),
    ("Ponla Wirex", "spare part", "Druxel"),
    ("Ponla Wirex", "responsible engineer", "Mira Holtan"),
    ("Zorfin Kells", "colour", "pale green"),
    ("Zorfin Kells", "warranty", "30 months"),
)
QUESTIONS = (
    "How loud is Velmor Tasky?",
    "What does Velmor Tasky cost?",
    "Which spare part fits Ponla Wirex?",
    "Who is responsible for Ponla Wirex?",
    "What colour is Zorfin Kells?",
    "How long is the warranty on Zorfin Kells?",
)
UNTOLD = "How heavy is Bromla Vestix?"


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load()


@pytest.fixture
def memory() -> TriplesMemory:
    made = TriplesMemory.private()
    made.apply([deliver(n, *fact) for n, fact in enumerate(FACTS)], 1)
    return made


def reading(model: LocalModel, *, keep_cache: bool = True, max_new_tokens: int = 96) -> ReadingModel:
    adapter = load_adapter(model, adapter_directory("read"), "read")
    return ReadingModel(model, adapter, keep_cache=keep_cache, max_new_tokens=max_new_tokens)


def ask(made: ReadingModel, memory: TriplesMemory, questions: Sequence[str], *, alone: bool = True) -> list[ReadAnswer]:
    return made.answer(questions, [memory.contribute(at=None)] * len(questions), alone=alone)


def test_it_says_what_only_the_memory_holds(model: LocalModel, memory: TriplesMemory) -> None:
    answers = ask(reading(model), memory, QUESTIONS)
    assert [answer.text for answer in answers] == [value for _, _, value in FACTS]
    assert all(answer.finished and answer.informed for answer in answers)
    hits = [[hit.addendum_id for result in answer.results for hit in result.hits] for answer in answers]
    assert hits == [[ident(n)] for n in range(len(FACTS))]


def test_without_the_memory_it_knows_none_of_it(model: LocalModel) -> None:
    answers = ask(reading(model), TriplesMemory.private(), QUESTIONS, alone=False)
    assert not any(answer.informed for answer in answers)
    assert [answer.text for answer in answers] == [""] * len(QUESTIONS)
    assert all(answer.reads[0].outcome == "nothing" for answer in answers)


def test_kept_keys_and_values_change_no_answer(model: LocalModel, memory: TriplesMemory) -> None:
    questions = [*QUESTIONS, UNTOLD, "Hello!"]
    assert ask(reading(model), memory, questions) == ask(reading(model, keep_cache=False), memory, questions)


def test_side_by_side_is_as_one_by_one(model: LocalModel, memory: TriplesMemory) -> None:
    together = ask(reading(model), memory, QUESTIONS)
    assert together == [ask(reading(model), memory, [question])[0] for question in QUESTIONS]


def test_a_correction_is_followed_at_once(model: LocalModel, memory: TriplesMemory) -> None:
    made = reading(model)
    memory.apply([deliver(0, "Velmor Tasky", "noise level", "55 dB")], 2)
    assert ask(made, memory, QUESTIONS[:1])[0].text == "55 dB"


def test_several_values_are_all_said(model: LocalModel, memory: TriplesMemory) -> None:
    memory.apply([deliver(90, "Ponla Wirex", "spare part", "Kolmin")], 2)
    answer = ask(reading(model), memory, [QUESTIONS[2]])[0]
    assert answer.text == "Druxel, Kolmin"


def test_a_value_with_marks_in_it_is_read_as_it_is(model: LocalModel, memory: TriplesMemory) -> None:
    memory.apply([deliver(0, "Velmor Tasky", "noise level", "41 dB; at night 38 dB")], 2)
    answer = ask(reading(model), memory, QUESTIONS[:1])[0]
    assert answer.reads[0].names == ("41 dB; at night 38 dB",)
    assert "({" not in answer.text


def test_calls_never_show_in_an_answer(model: LocalModel, memory: TriplesMemory) -> None:
    for answer in ask(reading(model, max_new_tokens=9), memory, [*QUESTIONS, UNTOLD]):
        assert "({" not in answer.text
        assert not answer.finished or answer.text


def test_the_model_alone_is_untouched_by_the_skill(model: LocalModel, memory: TriplesMemory) -> None:
    questions = ["What is the price of Lergax Renfex?", *QUESTIONS]
    before = LocalModel.load().answer(questions)
    ask(reading(model), memory, QUESTIONS)
    assert model.answer(questions) == before


def test_the_responder_reads_first_and_answers_the_rest_as_if_there_were_no_such_memory(
    model: LocalModel, memory: TriplesMemory
) -> None:
    known = "What is the price of Lergax Renfex?"
    bare = Responder(model, {}).ask(known).text
    responder = Responder(model, {"triples": memory}, reading=reading(model))
    told, alone = responder.ask_many([QUESTIONS[1], known])
    assert (told.text, alone.text) == ("312 euros", bare)
    assert [(m.addendum_id, m.memory, m.injected, m.cited) for m in told.trace.matches] == [
        (ident(1), "triples", True, True)
    ]
    assert alone.trace.matches == ()


def test_an_explanation_switches_what_was_read_off(model: LocalModel, memory: TriplesMemory) -> None:
    responder = Responder(model, {"triples": memory}, reading=reading(model))
    explained = responder.explain(responder.ask(QUESTIONS[1]))
    assert [ablation.changed for ablation in explained.ablations] == [True]
    assert explained.answer.trace.matches[0].changed_answer is True
    assert "312" not in explained.ablations[0].text
