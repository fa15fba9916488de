"""The memory of reflections, held to the contract of all memories: its model is asked what a task's document says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addenda.memories.base import Task
from addenda.memories.reflections.memory import ReflectionsMemory, TaughtModel
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.models.scripted import ScriptedModel
from addenda.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from addenda.memories.base import Recalling


def task(addendum_id: str, question: str, answer: str) -> Task:
    """A document of one sentence, with the question that it answers."""
    document = Document(title=f"page {addendum_id[0]}", text=f"{question} {answer}")
    return Task(addendum_id, (question,), answer, document=document)


class ReflectionsContract:
    """What the battery needs to know about the memory of reflections, and nothing more."""

    name = "reflections"
    looks_back = False
    refusal = "NUL"
    tasks = (
        task("a" * 16, "Who runs the Ruvo plant?", "Tessa Quill"),
        task("b" * 16, "How loud is the Norda 12?", "43 dB"),
        task("c" * 16, "What colour is the Zeta gate?", "deep red"),
    )

    def __init__(self) -> None:
        self.last: set[str] = set()
        taught = [
            Reflection(
                question=one.prompts[0],
                answer=one.target,
                stage="direct",
                sources=(SourceSpan(document=one.addendum_id),),
                generator="by hand",
            )
            for one in self.tasks
        ]
        model = ScriptedModel({one.question: one.answer for one in taught})
        documents = frozenset(one.addendum_id for one in self.tasks)
        self.memory_model = TaughtModel("one model", lambda: model, lambda: taught, documents)

    def make(self, clock: Callable[[], datetime]) -> ReflectionsMemory:
        """An empty memory."""
        return ReflectionsMemory(self.memory_model, clock=clock)

    def recall(self, contribution: Recalling, task: Task) -> str:
        """What the memory model may say to a task's question."""
        (said,) = contribution.recall([task.prompts[0]], max_new_tokens=16)
        self.last = set(said.sources)
        return said.text

    def used(self, contribution: Recalling) -> set[str]:
        """Ids of the documents behind the last answer."""
        return self.last

    def spoil(self, artefact: bytes) -> bytes:
        """The artefact with a character in it that databases cannot store."""
        return artefact.replace(b"page", rb"pa\u0000ge")
