"""The skills behind an answer: reading triples while speaking, going by notes, consulting a memory model.

Protocols only. Who has a skill is found out where the model in use is loaded (:mod:`addenda.knowledge_base.models`);
the responder uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from addenda.memories.base import NoteHit, ReadResult, Recalling, TripleReader


@runtime_checkable
class ReadAnswer(Protocol):
    """What a model said with a memory of triples at hand."""

    @property
    def text(self) -> str:
        """The answer; it means nothing when the model was not informed."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the model ended by itself."""
        ...

    @property
    def informed(self) -> bool:
        """Whether reading brought anything back."""
        ...

    @property
    def results(self) -> Sequence[ReadResult]:
        """What was read, in order."""
        ...


class Reading(Protocol):
    """A model that reads from a memory of triples while it generates, because it has learned to or has it as a tool."""

    def answer(self, questions: Sequence[str], readers: Sequence[TripleReader], *, alone: bool) -> Sequence[ReadAnswer]:
        """Answer each question with the reader at its place; unless ``alone``, give up where nothing can be read."""
        ...


@runtime_checkable
class StreamingReading(Reading, Protocol):
    """Such a model that can be listened to while it answers."""

    def stream(self, question: str, reader: TripleReader, *, alone: bool) -> Generator[object, None, None]:
        """The answer of :meth:`answer` as pieces of its text (TextDelta) while they come, and as a whole at the end.

        The pieces joined are its text. Events of other kinds, between them, are the reading's own.
        """
        ...


class NotedAnswer(Protocol):
    """What was said to a question by notes."""

    @property
    def text(self) -> str:
        """The answer."""
        ...

    @property
    def finished(self) -> bool:
        """Whether it ended by itself."""
        ...

    @property
    def injected(self) -> frozenset[str]:
        """Ids of the notes that it was made from."""
        ...


class Noting(Protocol):
    """A way of going by notes."""

    def answer(self, questions: Sequence[str], notes: Sequence[Sequence[NoteHit]]) -> Sequence[NotedAnswer | None]:
        """For each question the answer by the notes that bear on it; None where they give none."""
        ...


class ConsultedAnswer(Protocol):
    """What came of consulting a memory model."""

    @property
    def text(self) -> str:
        """The answer; it means nothing when nothing was known."""
        ...

    @property
    def finished(self) -> bool:
        """Whether nothing that it rests on was cut at the length limit."""
        ...

    @property
    def informed(self) -> bool:
        """Whether the memory model knew enough for an answer."""
        ...

    @property
    def sources(self) -> Mapping[str, float]:
        """The documents that it rests on, by addendum id, with how well they say it, from 0 to 1; best first."""
        ...

    @property
    def considered(self) -> Mapping[str, float]:
        """The documents of other answers that were heard on the way."""
        ...

    @property
    def transcript(self) -> Mapping[str, JsonValue]:
        """Everything that was asked and said, as JSON."""
        ...


class Consulting(Protocol):
    """A way of consulting a memory model: directed by an executive, or directly."""

    def answer(
        self, question: str, memory: Recalling, listener: Callable[[object], None] | None = None
    ) -> ConsultedAnswer:
        """The answer to a question; a listener is told what happens until then, in events of its own.

        Raises ModelUnavailable when a model is gone.
        """
        ...
