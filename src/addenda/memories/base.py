"""The protocol that every memory keeps, and the values that pass through it.

A memory holds live addenda in a form that a model can use. It does not know the ledger: the knowledge base tells it
what to hold (:class:`Deliver`, :class:`Withdraw`) and in which order, and asks what it can contribute to a question.
What a memory stores for one addendum is an *artefact*: bytes named by their SHA-256 digest. Replaying artefacts in
sequence order rebuilds the memory byte for byte, which is how withdrawal is exact (invariant 5 of the design).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from addenda.text import normalised
from addenda.types import EVERYONE, Document, Fact, MemoryName, Note, Trust

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while something long runs."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something comes from; see :class:`addenda.types.Addendum`."""

    source: str
    author: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Task:
    """What a memory is asked to learn for one addendum, already put into words by the relation registry."""

    addendum_id: str
    prompts: tuple[str, ...]
    """Wordings of the question, the canonical one first; at least one."""
    target: str
    """The answer to be given."""
    neighbours: tuple[str, ...] = ()
    """Questions close to these prompts whose answers must not change (same subject, other relation)."""
    fact: Fact | None = None
    """The addendum's fact, for a memory that keeps facts as they are; None when it is of another kind."""
    origin: Origin | None = None
    """Where the addendum comes from, for a memory that keeps that with what it holds."""
    note: Note | None = None
    """The addendum's note, for a memory that keeps notes as they are; None when it is of another kind."""
    document: Document | None = None
    """The addendum's document, for a memory that keeps documents; None when it is of another kind."""


@dataclass(frozen=True, slots=True)
class Window:
    """When, and for whom, something held may reach an answer."""

    start: datetime | None = None
    """First instant, inclusive; None means always."""
    end: datetime | None = None
    """First instant at which it no longer holds; None means without end."""
    audience: tuple[str, ...] = (EVERYONE,)

    def covers(self, at: datetime) -> bool:
        """Whether something in this window holds at a moment, for whomever."""
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)

    def admits(self, at: datetime, audience: str) -> bool:
        """Whether something in this window may be used for an answer about ``at`` to ``audience``."""
        return self.covers(at) and (EVERYONE in self.audience or audience in self.audience)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hold this artefact from now on; delivering an id that is held replaces its window."""

    addendum_id: str
    artefact: bytes
    sequence: int
    """Position in ledger order; artefacts act, and are rebuilt, in rising sequence."""
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Hold this addendum no longer."""

    addendum_id: str


Change: TypeAlias = Deliver | Withdraw


@dataclass(frozen=True, slots=True)
class Delivery:
    """Receipt for one delivered addendum: the SHA-256 digest of what was stored."""

    addendum_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One addendum that a memory holds: its artefact's digest, its place in the order, and its window."""

    digest: str
    sequence: int
    window: Window


@dataclass(frozen=True, slots=True)
class Candidate:
    """One held addendum that came close to a question."""

    addendum_id: str
    score: float
    threshold: float
    injected: bool


@runtime_checkable
class ModelPatch(Protocol):
    """A contribution that acts inside a local model while it generates.

    ``attached()`` switches it on for every ``generate`` call inside the ``with`` block; afterwards ``candidates``
    holds, for each row of the last batch, what was considered, best first.
    """

    def attached(self) -> AbstractContextManager[None]:
        """Switch the patch on; the model is exactly as before when the block ends, also after an error."""
        ...

    @property
    def candidates(self) -> Sequence[Sequence[Candidate]]:
        """For each row of the last generated batch, the candidates considered, best first."""
        ...


class TripleQuery(Protocol):
    """A question to a memory of triples: a relation, and either the subject or the object."""

    @property
    def subject(self) -> str | None:
        """The subject's name; None when subjects are asked for."""
        ...

    @property
    def relation(self) -> str:
        """The relation's name."""
        ...

    @property
    def object(self) -> str | None:
        """The object's name; None when objects are asked for."""
        ...


@dataclass(frozen=True, slots=True)
class TripleHit:
    """One stored triple that answers a query."""

    addendum_id: str
    name: str
    """The name that was asked for, as it is stored."""
    score: float
    """Mean of how near the two given names are, from 0 to 1; 1 for exact ones."""
    subject: str
    relation: str
    object: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a memory of triples answers to one query."""

    hits: tuple[TripleHit, ...] = ()
    """Best first; several may have the same name. Empty when the query is too broad."""
    too_broad: int | None = None
    """How many distinct names fit, when they are too many to be given; None when they are not."""
    exact: bool = False
    """Whether the hits are those of exactly the names given (or their aliases), not of similar ones."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names found, each once, best first."""
        found: dict[str, str] = {}
        for hit in self.hits:
            found.setdefault(normalised(hit.name), hit.name)
        return tuple(found.values())


@runtime_checkable
class TripleReader(Protocol):
    """A contribution that the model uses as a tool: reading from a memory of triples.

    It is bound to a moment, an audience and the ids that are left out; nothing else can be read through it.
    """

    def read(self, query: TripleQuery) -> ReadResult:
        """What is known about a query."""
        ...


@runtime_checkable
class MentionReader(TripleReader, Protocol):
    """Such a tool that can also be asked what is known about the things that a text names."""

    def about(self, text: str) -> Sequence[TripleHit]:
        """The triples whose subject stands in the text by its name, those that the text is about first."""
        ...


@dataclass(frozen=True, slots=True)
class NoteHit:
    """One note that a model is shown with a question."""

    addendum_id: str
    line: str
    """The line that it sees: the note's words, with the beginning of its id in brackets."""
    score: float
    """How near the note is to the question, from 0 to 1; 1 where its conditions hold."""
    answer: str | None = None
    """What the note concludes if it is the one that decides; None for all others."""


@runtime_checkable
class NoteReader(Protocol):
    """A contribution that the model is shown: the notes that bear on a question.

    It is bound to a moment, an audience and the ids that are left out; no other note can be seen through it.
    """

    def choose(self, question: str, tokens: Callable[[str], int] = ...) -> Sequence[NoteHit]:
        """The notes that a model is shown with a question, in the order in which they are tried.

        Args:
            question: As it was asked.
            tokens: How many tokens a text has for the model that is asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a memory model says to one question, as far as it may be said."""

    text: str
    """Its answer; the words in which it says that it does not know where the answer was withheld."""
    finished: bool
    """Whether it ended by itself."""
    sources: Mapping[str, float] = field(default_factory=dict[str, float])
    """The documents that say it, by addendum id, with how well they do, from 0 to 1; best first."""
    withheld: bool = False
    """Whether it said something that no document says which may be answered from."""


@runtime_checkable
class Recalling(Protocol):
    """A contribution that is asked by an executive: a memory model that has learned documents by heart.

    It is bound to a moment, an audience and the ids that are left out; what only other documents say is withheld.
    """

    @property
    def name(self) -> str:
        """The memory model's name."""
        ...

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of its weights."""
        ...

    @property
    def batch_size(self) -> int:
        """How many questions it answers side by side at best."""
        ...

    def recall(self, questions: Sequence[str], *, max_new_tokens: int) -> Sequence[Recollection]:
        """What it says to each question, in the order given. Raises ModelUnavailable when it cannot be asked."""
        ...


Contribution: TypeAlias = ModelPatch | TripleReader | NoteReader | Recalling
"""What a memory gives to an answer: edits a patch, triples a tool, notes a block of text, reflections a memory model
that is consulted."""


class Memory(Protocol):
    """A place where live addenda are kept in a form that a model can use."""

    @property
    def name(self) -> MemoryName:
        """Which of the four memories this is."""
        ...

    @property
    def position(self) -> int:
        """How far in the ledger this memory is; set by :meth:`apply`."""
        ...

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        """Compute the artefact of each task, by addendum id, without changing what is held (may take long)."""
        ...

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Bring the memory to ``position``. All changes are applied, or none when one is refused.

        Raises ModelMismatch for an artefact of another model or format, UnknownId for a withdrawal of what is not held.
        """
        ...

    def staged(self, changes: Sequence[Change]) -> Memory:
        """A view of this memory as if ``changes`` were applied, at no cost to this one."""
        ...

    def holdings(self) -> Mapping[str, Holding]:
        """Everything held, by addendum id, in sequence order."""
        ...

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        ...

    def digest(self) -> str:
        """SHA-256 of everything held, in sequence order: equal exactly when the stored bytes are equal."""
        ...

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> Contribution:
        """What the memory gives to answers at this moment, for this audience, leaving out the ids in ``without``.

        ``at`` None means now. Raises CannotLookBack for a past moment when the memory holds only the present.
        """
        ...
