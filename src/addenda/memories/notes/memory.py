"""``NotesMemory``: the notebook behind the protocol that all memories keep.

The memory is a table of a few thousand short texts, so it lies in the process; what makes it durable is the ledger,
from whose contents every note can be made again. It holds past and future windows, so it can look back. A notebook is
made for the notes that hold at a moment for an audience, and a few notebooks are kept made up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.base import (
    Change,
    Deliver,
    Delivery,
    Holding,
    NoteHit,
    ProgressCallback,
    Task,
)
from addenda.memories.held import Kept, applied, digest, holdings
from addenda.memories.notes.artefact import StoredNote
from addenda.memories.notes.cases import case_of
from addenda.memories.notes.notebook import CountTokens, HeldNote, Notebook
from addenda.models.base import rough_tokens
from addenda.types import EVERYONE, Frozen, MemoryName

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time; injected by tests."""

_KEPT = 8
"""Notebooks that are kept made up."""


class NotesConfig(Frozen):
    """Settings of the notes memory."""

    budget: int = 600
    """Tokens that the notes shown for one question may have together."""
    most: int = 12
    """Notes shown for one question at most."""


def _now() -> datetime:
    return datetime.now(UTC)


class NotesMemory:
    """Notes as they are; keeps the protocol :class:`addenda.memories.base.Memory`."""

    def __init__(self, config: NotesConfig | None = None, *, clock: Clock = _now) -> None:
        """An empty memory."""
        self.config = NotesConfig() if config is None else config
        self._clock = clock
        self._held: dict[str, Kept[HeldNote | None]] = {}
        self._position = 0
        self._edges: list[datetime] = []
        """Moments at which a window begins or ends; between two of them the same notes hold."""
        self._notebooks: dict[tuple[int, str, frozenset[str]], Notebook] = {}

    @property
    def name(self) -> MemoryName:
        """Which of the four memories this is: ``notes``."""
        return "notes"

    @property
    def position(self) -> int:
        """How far in the ledger this memory is."""
        return self._position

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        """The artefact of each task: its note's words and place.

        Raises InvalidInput for a task without a note, or with one that cannot be stored.
        """
        artefacts: dict[str, bytes] = {}
        for task in tasks:
            if task.note is None:
                raise InvalidInput(
                    f"{task.addendum_id!r} comes without a note; the notes memory holds notes only, so route other "
                    "addenda to other memories"
                )
            artefacts[task.addendum_id] = StoredNote.of(task.note).to_bytes()
        if progress is not None:
            progress(len(tasks), len(tasks))
        return artefacts

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Hold and withdraw, all or none, and move to ``position``; see :meth:`addenda.memories.base.Memory.apply`."""
        self._held, receipts = applied(self._held, changes, _read, self.name)
        self._position = position
        windows = [kept.window for kept in self._held.values()]
        self._edges = sorted({edge for window in windows for edge in (window.start, window.end) if edge is not None})
        self._notebooks = {}
        return receipts

    def staged(self, changes: Sequence[Change]) -> NotesMemory:
        """A view as if ``changes`` were applied, at no cost to this memory."""
        view = NotesMemory(self.config, clock=self._clock)
        view._held, view._position = self._held, self._position
        view.apply(changes, self._position)
        return view

    def holdings(self) -> Mapping[str, Holding]:
        """Everything held, by addendum id, in sequence order."""
        return holdings(self._held)

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        return {i for i in ids if i in self._held}

    def digest(self) -> str:
        """SHA-256 of everything held, in sequence order."""
        return digest(self._held)

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> NotesView:
        """What holds at ``at`` (None: at the moment of each question) for ``audience``, but for ``without``."""
        moment = self._clock if at is None else lambda: at
        return NotesView(lambda: self.notebook(moment(), audience, without), self.config)

    def holding_at(self, moment: datetime) -> tuple[HeldNote, ...]:
        """The notes that hold at a moment, whoever may be answered from them, in the order in which they are tried."""
        held = [kept.content for kept in self._held.values() if kept.content is not None and kept.window.covers(moment)]
        return tuple(sorted(held, key=lambda note: note.order))

    def notebook(self, at: datetime, audience: str = EVERYONE, without: frozenset[str] = frozenset()) -> Notebook:
        """The notebook of what holds at a moment for an audience."""
        wanted = (bisect_right(self._edges, at), audience, without)
        if wanted not in self._notebooks:
            while len(self._notebooks) >= _KEPT:
                del self._notebooks[next(iter(self._notebooks))]
            self._notebooks[wanted] = Notebook(
                kept.content
                for i, kept in self._held.items()
                if kept.content is not None and i not in without and kept.window.admits(at, audience)
            )
        return self._notebooks[wanted]


class NotesView:
    """What the notes memory gives to answers; keeps the protocol :class:`addenda.memories.base.NoteReader`."""

    def __init__(self, notebook: Callable[[], Notebook], config: NotesConfig) -> None:
        self._notebook = notebook
        self._config = config

    def choose(self, question: str, tokens: CountTokens = rough_tokens) -> Sequence[NoteHit]:
        """The notes that a model is shown with a question, in the order in which they are tried."""
        notebook, case = self._notebook(), case_of(question)
        decides = notebook.decide(case)
        chosen = notebook.choose(case, budget=self._config.budget, tokens=tokens, most=self._config.most)
        return tuple(
            NoteHit(
                addendum_id=one.note.addendum_id,
                line=one.line,
                score=one.score,
                answer=one.note.answer if one.note is decides else None,
            )
            for one in chosen
        )


def _read(change: Deliver) -> HeldNote | None:
    """The note; None for one that only says that others hold no longer."""
    return StoredNote.from_bytes(change.artefact, change.addendum_id).held(change.addendum_id, change.sequence)
