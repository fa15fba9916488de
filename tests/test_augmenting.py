"""What goes along with a conversation: the order, the quotation, the tool, and the trace."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from addenda.augmenting import MAX_CALLS, MAX_QUESTION, Augmentation, Augmenting
from addenda.errors import CannotLookBack, InvalidInput
from addenda.memories.base import Deliver, Memory, Origin, Task
from addenda.memories.notes import NotesMemory
from addenda.memories.reflections.consulting import ExecutiveConsulting
from addenda.memories.reflections.memory import ReflectionsMemory, TaughtModel
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.triples import TriplesMemory
from addenda.models.chat import ToolCall
from addenda.models.scripted import ScriptedModel
from addenda.types import Document, Fact, MemoryName, Note

LEVEL = "What is the noise level of Norda 12?"
FACT, NOTE, PAGE = "a" * 16, "b" * 16, "d" * 16


def augmenting(*names: MemoryName, rule: str = "the answer is 40 dB") -> Augmenting:
    """These memories, each with one addendum that bears on the question."""
    tasks: dict[MemoryName, Task] = {
        "triples": Task(
            FACT, (LEVEL,), "41 dB",
            fact=Fact(subject="Norda 12", relation="noise level", object="41 dB"),
            origin=Origin("a.csv", "ann", "normal"),
        ),
        "notes": Task(NOTE, (LEVEL,), "40 dB", note=Note(rule=rule)),
        "reflections": Task(PAGE, (), "", document=Document(title="Norda 12", text="39 dB")),
    }  # fmt: skip
    taught = Reflection(
        question=LEVEL, answer="39 dB", stage="direct", sources=(SourceSpan(document=PAGE),), generator="g"
    )
    knows = ScriptedModel({LEVEL: taught.answer})
    held: dict[MemoryName, Memory] = {
        "triples": TriplesMemory.private(),
        "notes": NotesMemory(),
        "reflections": ReflectionsMemory(TaughtModel("m", lambda: knows, lambda: [taught], frozenset({PAGE}))),
    }
    for name in names:
        task, memory = tasks[name], held[name]
        memory.apply([Deliver(task.addendum_id, memory.prepare([task])[task.addendum_id], 7)], 7)
    return Augmenting("m sha256:0", held, ["noise level", "price"], ExecutiveConsulting(None))


def quoted(found: Augmentation) -> dict[str, object]:
    """What stands between the delimiters."""
    if not found.text:
        return {}
    lines = found.text.splitlines()
    begin, end = lines.index(f"<memory {found.id}>"), lines.index(f"</memory {found.id}>")
    return json.loads("\n".join(lines[begin + 1 : end]))


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("triples", "notes", "reflections"), ["facts", "notes"]),
        (("triples", "reflections"), ["facts"]),
        (("notes", "reflections"), ["notes"]),
        (("reflections",), ["documents"]),
        ((), []),
    ],
)
def test_documents_are_consulted_where_nothing_else_decides(names: tuple[MemoryName, ...], parts: list[str]) -> None:
    found = augmenting(*names).augmentation(LEVEL)
    assert list(quoted(found)) == parts
    answer = found.answer("39 dB, 40 dB or 41 dB")
    assert [match.memory for match in answer.trace.matches if match.injected] == [
        {"facts": "triples", "notes": "notes", "documents": "reflections"}[part] for part in parts
    ]
    assert all(match.cited for match in answer.trace.matches if match.memory != "reflections")
    assert (answer.trace.consultation is not None) is (not {"facts", "notes"} & set(parts))
    assert (answer.trace.id, answer.trace.ledger_position, found.position) == (found.id, found.position, found.position)


def test_a_note_that_decides_nothing_leaves_documents_their_say() -> None:
    found = augmenting("notes", "reflections", rule="Be careful with the noise level.").augmentation(LEVEL)
    assert list(quoted(found)) == ["notes", "documents"]


def test_memories_can_be_chosen_and_must_be_there() -> None:
    everything = augmenting("triples", "notes", "reflections")
    chosen = everything.augmentation(LEVEL, memories=["notes"])
    assert (list(quoted(chosen)), chosen.tool, chosen.answer("").trace.memories) == (["notes"], None, ("notes",))
    with pytest.raises(InvalidInput, match="unknown memories"):
        everything.augmentation(LEVEL, memories=["edits"])


def test_the_tool_knows_the_relations_and_its_calls_are_traced() -> None:
    found = augmenting("triples").augmentation("How loud is it?")
    assert found.tool is not None
    assert found.tool.description.endswith('["noise level", "price"]')
    assert found.text == ""
    queries = [{"subject": "Norda 12", "relation": "noise level"}]
    good = found.read(ToolCall(id="1", name="read_memory", arguments=json.dumps({"queries": queries})))
    assert "41 dB" in good.text
    for arguments in ("{", "{}", '{"queries": [{"relation": "x"}]}'):
        assert found.read(ToolCall(id="2", name="read_memory", arguments=arguments)).status == "refused"
    (match,) = found.answer("41 dB", finished=False, interrupted="gone").trace.matches
    assert (match.addendum_id, match.cited) == (FACT, True)


def test_calls_are_bounded() -> None:
    found = augmenting("triples").augmentation(LEVEL)
    texts = []
    for number in range(MAX_CALLS + 1):
        queries = [{"subject": f"Norda {number}", "relation": "noise level"}]
        call = ToolCall(id=str(number), name="read_memory", arguments=json.dumps({"queries": queries}))
        texts.append(found.read(call).status)
    assert texts == ["executed"] * MAX_CALLS + ["refused"]


def test_of_a_long_question_the_end_is_asked() -> None:
    found = augmenting("triples").augmentation("x" * 10_000 + LEVEL)
    assert len(found.question) == MAX_QUESTION
    assert list(quoted(found)) == ["facts"]
    assert augmenting("triples").augmentation(" ").text == ""


def test_a_memory_without_a_past_says_so() -> None:
    with pytest.raises(CannotLookBack):
        augmenting("reflections").augmentation(LEVEL, as_of=datetime(2020, 1, 1, tzinfo=UTC))
