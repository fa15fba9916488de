"""The responder: composition, the trace, ablation, and what is refused."""

from __future__ import annotations

from collections.abc import Collection, Generator
from datetime import UTC, datetime, timedelta

import pytest

from addenda.errors import CannotLookBack, InvalidInput
from addenda.memories.base import Deliver, Memory, Origin, Recalling, Task, Window
from addenda.memories.notes import NotesMemory
from addenda.memories.notes.following import NotesAlone
from addenda.memories.reflections.consulting import ExecutiveConsulting
from addenda.memories.reflections.memory import MemoryModel, ReflectionsMemory
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.tool_reading import ToolReading
from addenda.models.chat import TextDelta
from addenda.models.remote import RemoteModel
from addenda.models.scripted import ScriptedModel
from addenda.responder import MAX_MATCHES, MAX_QUESTION_LENGTH, Responder
from addenda.types import Answer, Document, Fact, MemoryName, Note
from tests.reading_server import reading_server
from tests.table_memory import PatchableModel, TableMemory

NOW = datetime(2090, 3, 1, 12, tzinfo=UTC)
FLOOR = {"q1": "old 1", "q2": "old 2"}


def responder(tables: dict[str, dict[str, str]] | None = None, **values: str) -> Responder:
    model = PatchableModel(FLOOR)
    return Responder(model, {"edits": TableMemory(model, tables)}, values=values.get, clock=lambda: NOW)


def test_without_memories_the_model_speaks() -> None:
    model = ScriptedModel(FLOOR)
    answer = Responder(model, {}, clock=lambda: NOW).ask("q1", audience="staff")
    assert (answer.question, answer.text, answer.finished) == ("q1", "old 1", True)
    trace = answer.trace
    assert (trace.asked_at, trace.as_of, trace.audience, trace.memories, trace.matches) == (NOW, NOW, "staff", (), ())
    assert (trace.model, trace.ledger_position) == (f"scripted {model.fingerprint}", 0)


def test_a_memory_acts_and_is_traced() -> None:
    asked = responder({"a": {"q1": "new 1"}}, a="NEW  1").ask("q1")
    (match,) = asked.trace.matches
    assert (asked.text, asked.trace.memories, asked.trace.ledger_position) == ("new 1", ("edits",), 1)
    assert (match.addendum_id, match.memory, match.injected, match.cited) == ("a", "edits", True, True)
    assert match.changed_answer is None


@pytest.mark.parametrize(("value", "cited"), [("new", True), ("old", False), (None, False)])
def test_cited_is_about_the_text_alone(value: str | None, cited: bool) -> None:
    asked = responder({"a": {"q1": "new 1"}}, **({} if value is None else {"a": value})).ask("q1")
    assert asked.trace.matches[0].cited is cited


def test_the_patch_is_off_afterwards_and_after_an_error() -> None:
    answers = responder({"a": {"q1": "new 1"}})
    answers.ask("q1")
    with pytest.raises(InvalidInput):
        answers.ask_many(["q1", ""])
    assert isinstance(answers.model, PatchableModel)
    assert answers.model.patches == []


def test_injected_matches_come_first_and_few_are_kept() -> None:
    tables = {name: {"q1": f"new {name}"} for name in "abcdefgh"}
    matches = responder(tables).ask("q1").trace.matches
    assert len(matches) == MAX_MATCHES
    assert [match.injected for match in matches] == [True, False, False, False, False]
    assert matches[0].addendum_id == "h"


def test_injected_matches_of_any_memory_come_first() -> None:
    model = PatchableModel(FLOOR)
    first = TableMemory(model, {"a": {"q1": "new a"}, "b": {"q1": "new b"}})
    second = TableMemory(model, {"c": {"q1": "new c"}})
    answer = Responder(model, {"edits": first, "notes": second}).ask("q1")
    assert answer.text == "new c"
    assert [(m.addendum_id, m.memory, m.injected) for m in answer.trace.matches] == [
        ("b", "edits", True),
        ("c", "notes", True),
        ("a", "edits", False),
    ]


def test_what_is_switched_off_does_not_act() -> None:
    answers = responder({"a": {"q1": "new a"}, "b": {"q1": "new b"}})
    assert answers.ask("q1", without=frozenset("b")).text == "new a"
    assert answers.ask("q1", without=frozenset("ab")).text == "old 1"
    assert answers.ask("q1").text == "new b"


def test_batches_come_back_in_the_order_given() -> None:
    """More questions than a batch holds, of unlike lengths, some of them twice."""
    questions = [f"{'x' * (n * 7 % 11)} {n % 30}" for n in range(50)]
    model = PatchableModel({q: f"to {q}" for q in questions})
    tables = {"a": {questions[3]: "new"}}
    answers = Responder(model, {"edits": TableMemory(model, tables)})
    told: list[tuple[int, int]] = []
    said = answers.ask_many(questions, progress=lambda done, total: told.append((done, total)))
    assert [a.question for a in said] == questions
    assert [a.text for a in said] == ["new" if q == questions[3] else f"to {q}" for q in questions]
    assert [bool(a.trace.matches) for a in said] == [q == questions[3] for q in questions]
    assert told[-1] == (50, 50)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_nothing_asked_nothing_answered() -> None:
    assert responder().ask_many([]) == []


def test_windows_and_audiences_reach_the_memory() -> None:
    model = PatchableModel(FLOOR)
    memory = TableMemory(model)
    window = Window(start=NOW, end=NOW + timedelta(days=1), audience=("staff",))
    memory.apply([Deliver("a", b'{"q1": "new 1"}', 1, window)], 1)
    answers = Responder(model, {"edits": memory})
    assert answers.ask("q1", as_of=NOW, audience="staff").text == "new 1"
    assert answers.ask("q1", as_of=NOW, audience="everyone").text == "old 1"
    assert answers.ask("q1", as_of=NOW + timedelta(days=1), audience="staff").text == "old 1"
    assert answers.ask("q1", audience="staff").text == "old 1"


def test_the_past_is_refused_by_a_memory_that_cannot_look_back() -> None:
    answers = responder({"a": {"q1": "new 1"}})
    past = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(CannotLookBack):
        answers.ask("q1", as_of=past)
    assert answers.ask("q1", as_of=past, memories=()).text == "old 1"


def test_memories_are_chosen_by_name() -> None:
    answers = responder({"a": {"q1": "new 1"}})
    assert answers.ask("q1", memories=["edits"]).text == "new 1"
    with pytest.raises(InvalidInput, match="notes"):
        answers.ask("q1", memories=["edits", "notes"])


@pytest.mark.parametrize("bad", ["", " \t\n", "x" * (MAX_QUESTION_LENGTH + 1)])
def test_bad_questions_are_refused_before_anything_is_asked(bad: str) -> None:
    answers = responder()
    with pytest.raises(InvalidInput):
        answers.ask_many(["q1", bad])
    assert isinstance(answers.model, PatchableModel)
    assert answers.model.asked == []


def test_explaining_switches_each_injected_one_off() -> None:
    answers = responder({"a": {"q1": "new 1"}, "b": {"q1": "new 1"}, "c": {"q2": "new 2"}})
    explained = answers.explain(answers.ask("q1"))
    assert [(a.addendum_id, a.text, a.changed) for a in explained.ablations] == [("b", "new 1", False)]
    assert [m.changed_answer for m in explained.answer.trace.matches] == [False, None]
    assert explained.without_memories == "old 1"
    explained = answers.explain(answers.ask("q2"))
    assert [(a.addendum_id, a.text, a.changed) for a in explained.ablations] == [("c", "old 2", True)]
    assert explained.answer.trace.matches[0].changed_answer is True


def test_explaining_asks_about_the_same_moment_and_audience() -> None:
    model = PatchableModel(FLOOR)
    memory = TableMemory(model)
    later = Window(start=NOW, audience=("staff",))
    memory.apply([Deliver("a", b'{"q1": "new a"}', 1, later), Deliver("b", b'{"q1": "new b"}', 2, later)], 1)
    answers = Responder(model, {"edits": memory})
    explained = answers.explain(answers.ask("q1", as_of=NOW, audience="staff"))
    assert [(a.addendum_id, a.text) for a in explained.ablations] == [("b", "new a")]


def test_an_answer_cut_off_says_so() -> None:
    long = " ".join(["word"] * 100)
    answer = Responder(ScriptedModel({"q1": long}), {}).ask("q1")
    assert not answer.finished
    assert len(answer.text) < len(long)


def test_streaming_without_a_reading_gives_the_same_answer_in_one_piece() -> None:
    answers = responder({"a": {"q1": "new 1"}}, a="new 1")
    piece, whole = answers.ask_streaming("q1", as_of=NOW)
    assert piece == TextDelta(text="new 1")
    assert isinstance(whole, Answer)
    asked = answers.ask("q1", as_of=NOW)
    assert whole.model_copy(update={"trace": whole.trace.model_copy(update={"id": asked.trace.id})}) == asked


def test_streaming_refuses_before_anything_is_waited_for() -> None:
    answers = responder({"a": {"q1": "new 1"}})
    with pytest.raises(InvalidInput):
        answers.ask_streaming("")
    with pytest.raises(CannotLookBack):
        answers.ask_streaming("q1", as_of=datetime(2020, 1, 1, tzinfo=UTC))


ORDER: tuple[MemoryName, ...] = ("triples", "notes", "edits", "reflections")
"""Where an answer comes from, first to last."""
ASKED = "How loud is the Norda 12?"


def everything(reader: RemoteModel, names: Collection[MemoryName]) -> Responder:
    """A responder whose memories of these names each answer the question in their own way."""
    notes, triples = NotesMemory(), TriplesMemory.private()
    tasks: dict[MemoryName, Task] = {
        "triples": Task(
            "a" * 16, (ASKED,), "by triples",
            fact=Fact(subject="Norda 12", relation="noise level", object="by triples"),
            origin=Origin("a.csv", "ann", "normal"),
        ),
        "notes": Task("b" * 16, (ASKED,), "by notes", note=Note(rule="the answer is by notes")),
        "edits": Task("c" * 16, (ASKED,), "by edits"),
        "reflections": Task("d" * 16, (), "", document=Document(title="Norda 12", text="by reflections")),
    }  # fmt: skip
    taught = Reflection(
        question=ASKED, answer="by reflections", stage="direct", sources=(SourceSpan(document="d" * 16),), generator="g"
    )
    knows = ScriptedModel({ASKED: taught.answer})
    model = PatchableModel({ASKED: "by itself"})
    held: dict[MemoryName, Memory] = {
        "triples": triples,
        "notes": notes,
        "edits": TableMemory(model),
        "reflections": ReflectionsMemory(MemoryModel("m", lambda: knows, lambda: [taught], frozenset({"d" * 16}))),
    }
    for name in names:
        task, memory = tasks[name], held[name]
        memory.apply([Deliver(task.addendum_id, memory.prepare([task])[task.addendum_id], 1)], 1)
    return Responder(
        model,
        held,
        reading=ToolReading(reader, ["noise level"]),
        noting=NotesAlone(),
        consulting=ExecutiveConsulting(None),
    )


def test_triples_come_before_notes_before_edits_before_reflections_before_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with reading_server({r"How loud is the (.+)\?": "noise level"}) as server, RemoteModel(server.url, "r") as reader:
        for place, name in enumerate(ORDER):
            rest = ORDER[place:]
            answers = everything(reader, rest)
            first = answers.ask(ASKED)
            assert (first.text, first.trace.memories) == (f"by {name}", ("triples", "notes", "edits", "reflections"))
            assert [one.memory for one in first.trace.matches if one.injected] == [name]
            assert (first.trace.consultation is not None) is (name == "reflections")
            # Side by side with a question that only the note bears on, because it always does.
            other = "by notes" if "notes" in rest else "I don't know."
            assert [one.text for one in answers.ask_many(["What is new?", ASKED])] == [other, first.text]
            without = answers.explain(first)
            following = f"by {ORDER[place + 1]}" if place + 1 < len(ORDER) else "by itself"
            assert [(one.text, one.changed) for one in without.ablations] == [(following, True)]
            assert without.without_memories == "by itself"
            *_, streamed = answers.ask_streaming(ASKED)
            assert isinstance(streamed, Answer)
            assert streamed.text == first.text
        assert everything(reader, ()).ask(ASKED).text == "by itself"


def test_a_consultation_that_ends_without_an_answer_is_an_error() -> None:
    class Silent:
        def stream(self, question: str, memory: Recalling) -> Generator[object, None, None]:
            yield "an event"

    memory = ReflectionsMemory(MemoryModel("m", lambda: ScriptedModel({}), list, frozenset()))
    answers = Responder(ScriptedModel({}), {"reflections": memory}, consulting=Silent())
    heard: list[object] = []
    with pytest.raises(TypeError, match="without its answer"):
        answers.ask("q1", listener=heard.append)
    assert heard == ["an event"]
