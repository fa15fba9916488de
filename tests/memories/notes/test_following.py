"""What an answer by notes is: with a model that is shown them, and without one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from addenda.memories.base import Deliver, Task
from addenda.memories.notes import NotesConfig, NotesMemory
from addenda.memories.notes.following import PROMPT, NotesAlone, NotesInContext
from addenda.memories.notes.templates import filled
from addenda.models.scripted import ScriptedModel
from addenda.responder import Responder
from addenda.types import Note

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAT, POLITE = "a" * 16, "b" * 16
NOTES = {
    HEAT: Note(rule="the answer is replace", applies_when="fault is no heat"),
    POLITE: Note(rule="Offer a call back", applies_when="the customer sounds angry"),
}
QUESTION = "fault is no heat?\nThe customer sounds angry."
LINES = [
    "[bbbbbbbb] when the customer sounds angry: Offer a call back",
    "[aaaaaaaa] when fault is no heat: the answer is replace",
]


@pytest.fixture
def memory() -> NotesMemory:
    made = NotesMemory(clock=lambda: NOW)
    artefacts = made.prepare([Task(i, ("?",), "-", note=note) for i, note in NOTES.items()])
    made.apply([Deliver(i, artefacts[i], n) for n, i in enumerate(NOTES, start=1)], position=2)
    return made


def test_a_model_answers_with_the_notes_beside_the_question(memory: NotesMemory) -> None:
    prompt = filled(PROMPT, notes=LINES, question=QUESTION)
    model = ScriptedModel({prompt: "replace, and we call you back [aaaaaaaa]"})
    answer = Responder(model, {"notes": memory}, noting=NotesInContext(model)).ask(QUESTION)
    assert model.asked == [prompt]
    assert answer.text == "replace, and we call you back [aaaaaaaa]"
    told = {match.addendum_id: (match.injected, match.cited) for match in answer.trace.matches}
    assert told == {HEAT: (True, True), POLITE: (True, False)}
    assert {match.memory for match in answer.trace.matches} == {"notes"}


def test_where_no_note_bears_on_it_the_model_is_asked_as_ever(memory: NotesMemory) -> None:
    model = ScriptedModel({"What is new?": "Nothing."})
    answer = Responder(model, {"notes": memory}, noting=NotesInContext(model)).ask("What is new?")
    assert (answer.text, model.asked, answer.trace.matches) == ("Nothing.", ["What is new?"], ())


def test_without_a_reading_model_the_deciding_note_is_the_answer(memory: NotesMemory) -> None:
    model = ScriptedModel({"What is new?": "Nothing."})
    responder = Responder(model, {"notes": memory}, noting=NotesAlone())
    answers = responder.ask_many(["What is new?", QUESTION, "fault is no heat"])
    assert [answer.text for answer in answers] == ["Nothing.", "replace", "replace"]
    assert model.asked == ["What is new?"]
    assert [match.injected for match in answers[1].trace.matches] == [True, False]
    assert responder.ask("fault is no heat", without=frozenset({HEAT})).text == "I don't know."
    assert next(responder.ask_streaming("fault is no heat")).text == "replace"


def test_explaining_asks_again_without_each_note(memory: NotesMemory) -> None:
    model = ScriptedModel({})
    responder = Responder(model, {"notes": memory}, noting=NotesAlone())
    explained = responder.explain(responder.ask("fault is no heat"))
    assert [(one.addendum_id, one.text, one.changed) for one in explained.ablations] == [(HEAT, "I don't know.", True)]
    assert explained.without_memories == "I don't know."


def test_what_is_shown_stays_within_the_budget(memory: NotesMemory) -> None:
    small = NotesMemory(NotesConfig(budget=20), clock=lambda: NOW)
    artefacts = small.prepare([Task(i, ("?",), "-", note=note) for i, note in NOTES.items()])
    small.apply([Deliver(i, artefacts[i], n) for n, i in enumerate(NOTES, start=1)], position=2)
    assert [hit.addendum_id for hit in memory.contribute(at=None).choose(QUESTION)] == [POLITE, HEAT]
    assert [hit.addendum_id for hit in small.contribute(at=None).choose(QUESTION)] == [HEAT]


def test_a_withdrawn_note_is_held_and_never_applies(memory: NotesMemory) -> None:
    gone = Note(rule="the answer is replace", applies_when="fault is no heat", withdrawn=True)
    artefacts = memory.prepare([Task("c" * 16, ("?",), "-", note=gone)])
    memory.apply([Deliver("c" * 16, artefacts["c" * 16], 9)], position=3)
    assert "c" * 16 in memory.holdings()
    assert [hit.addendum_id for hit in memory.contribute(at=None).choose("fault is no heat")] == [HEAT]
