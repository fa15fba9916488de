"""The notes memory, held to the contract of all memories: asked for what the first note that applies concludes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addenda.memories.base import Task
from addenda.memories.notes import NotesMemory
from addenda.types import Note

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from addenda.memories.base import NoteReader


def task(addendum_id: str, applies_when: str, answer: str) -> Task:
    """What a memory is asked to keep for a note."""
    return Task(
        addendum_id, (applies_when,), answer, note=Note(rule=f"the answer is {answer}", applies_when=applies_when)
    )


class NotesContract:
    """What the battery needs to know about the notes memory, and nothing more."""

    name = "notes"
    looks_back = True
    refusal = "NUL"
    tasks = (
        task("a" * 16, "fault is no heat", "replace"),
        task("b" * 16, "fault is noise", "repair"),
        task("c" * 16, "fault is leak", "call back"),
    )

    def __init__(self) -> None:
        self.last: set[str] = set()

    def make(self, clock: Callable[[], datetime]) -> NotesMemory:
        """An empty memory."""
        return NotesMemory(clock=clock)

    def recall(self, contribution: NoteReader, task: Task) -> str:
        """What the deciding note concludes about the case that a task puts."""
        shown = contribution.choose(task.prompts[0])
        self.last = {hit.addendum_id for hit in shown}
        return "; ".join(hit.answer for hit in shown if hit.answer is not None)

    def used(self, contribution: NoteReader) -> set[str]:
        """Ids that were shown in the last recall."""
        return self.last

    def spoil(self, artefact: bytes) -> bytes:
        """The artefact with a character in it that databases cannot store."""
        return artefact.replace(b"heat", rb"he\u0000t")
