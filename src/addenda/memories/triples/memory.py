"""``TriplesMemory``: the store and its reading behind the protocol that all memories keep.

The memory keeps nothing in the process but results that are certainly still good: several processes share the tables,
and each sees at once what another has applied. It holds past and future windows too, so it can look back. What is
staged lies in a database in memory over the live one, and costs that one nothing.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from heapq import merge
from operator import itemgetter
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection

from addenda.errors import InvalidInput
from addenda.memories.base import Change, Delivery, Holding, ProgressCallback, Task
from addenda.memories.triples import inventory
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.config import TriplesConfig
from addenda.memories.triples.index import NameIndex
from addenda.memories.triples.inventory import Place
from addenda.memories.triples.layers import Layer
from addenda.memories.triples.lexical import LexicalIndex
from addenda.memories.triples.reader import Reader, View
from addenda.memories.triples.rooms import PrivateRoom, Room
from addenda.memories.triples.store import Store, read_changes, receipts, settled
from addenda.memories.triples.windows import microseconds
from addenda.types import EVERYONE, MemoryName

MOST_LEFT_OUT = 10_000
"""How many addenda one contribution can leave out."""

_Held = TypeVar("_Held")

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time; injected by tests."""


def _now() -> datetime:
    return datetime.now(UTC)


class _Layered(ABC):
    """What a live memory and a staged view of one have in common."""

    def __init__(self, layers: Sequence[Layer], config: TriplesConfig, index: NameIndex, clock: Clock) -> None:
        self._view = View(layers, config)
        self._index = index
        self._clock = clock

    @property
    def name(self) -> MemoryName:
        """Which of the four memories this is: ``triples``."""
        return "triples"

    @property
    def config(self) -> TriplesConfig:
        """The settings in force."""
        return self._view.config

    @property
    @abstractmethod
    def position(self) -> int:
        """How far in the ledger this memory is."""

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        """The artefact of each task: its fact and origin, see :class:`addenda.memories.triples.artefact.Triple`.

        Raises InvalidInput for a task without a fact or an origin, or with a text that cannot be stored.
        """
        artefacts = {task.addendum_id: _triple_of(task).to_bytes() for task in tasks}
        if progress is not None:
            progress(len(tasks), len(tasks))
        return artefacts

    def staged(self, changes: Sequence[Change]) -> StagedTriples:
        """A view as if ``changes`` were applied. It sees what is applied below it later, but for what it decides."""
        return StagedTriples(self._over(changes), self.config, self._index, self._clock, self.position)

    def holdings(self) -> Mapping[str, Holding]:
        """Everything held, by addendum id, in sequence order."""
        return {addendum_id: holding for (_, addendum_id), holding in self._in_order(inventory.holdings)}

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        wanted = set(ids)
        return {i for layer in self._view.layers for i in layer.store.held_among(wanted) - layer.hidden}

    def digest(self) -> str:
        """SHA-256 of everything held, in sequence order, as the tables say it now."""
        total = hashlib.sha256()
        for _, content in self._in_order(inventory.contents):
            total.update(content + b"\n")
        return total.hexdigest()

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> Reader:
        """A reader of what holds at ``at`` (None: at the moment of each read) for ``audience``, but for ``without``.

        Raises InvalidInput for a moment without a time zone, or more than ``MOST_LEFT_OUT`` ids to leave out.
        """
        if len(without) > MOST_LEFT_OUT:
            raise InvalidInput(f"{len(without)} addenda are to be left out; at most {MOST_LEFT_OUT} can be")
        if at is not None:
            microseconds(at)
        moment = self._clock if at is None else lambda: at
        return Reader(self._view, moment, audience, without)

    def _in_order(self, read: Callable[[Connection], Iterator[tuple[Place, _Held]]]) -> Iterator[tuple[Place, _Held]]:
        """What is read from each layer, without what layers above decide about, in sequence order."""
        with ExitStack() as stack:
            streams = [
                _unhidden(read(stack.enter_context(layer.store.room.read())), layer.hidden)
                for layer in self._view.layers
            ]
            yield from merge(*streams, key=itemgetter(0))

    def _over(self, changes: Sequence[Change]) -> tuple[Layer, ...]:
        """These layers, and one above them with ``changes``; raises as :meth:`Memory.apply`."""
        ids = {change.addendum_id for change in changes}
        final = settled(read_changes(changes), self.held_among(ids))
        last = {change.addendum_id: change for change in changes}
        above = Store(PrivateRoom(), self._index.another())
        above.apply([last[i] for i, wish in final.items() if wish is not None], 0)
        return (*(layer.below(final) for layer in self._view.layers), Layer(above))


class TriplesMemory(_Layered):
    """Facts as triples in a database; keeps the protocol :class:`addenda.memories.base.Memory`."""

    def __init__(
        self,
        room: Room,
        config: TriplesConfig | None = None,
        *,
        index: NameIndex | None = None,
        clock: Clock = _now,
    ) -> None:
        """Take the database that holds the tables; :func:`addenda.database.open_database` makes them."""
        chosen = LexicalIndex() if index is None else index
        self._store = Store(room, chosen)
        super().__init__([Layer(self._store)], TriplesConfig() if config is None else config, chosen, clock)

    @classmethod
    def private(
        cls, config: TriplesConfig | None = None, *, index: NameIndex | None = None, clock: Clock = _now
    ) -> TriplesMemory:
        """An empty memory of its own, gone with the object: to rebuild by replay, or to use without a ledger."""
        return cls(PrivateRoom(), config, index=index, clock=clock)

    @property
    def position(self) -> int:
        """How far in the ledger this memory is, whichever process brought it there."""
        return self._store.state().position

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Hold and withdraw, all or none, and move to ``position``; durable when the call returns.

        Raises as :meth:`addenda.memories.base.Memory.apply`; InvalidInput for texts that cannot be stored; Conflict
        when another process has brought the memory further than ``position``.
        """
        return self._store.apply(changes, position)

    def reindex(self) -> None:
        """Enter all names into this memory's index, whichever they were in; nothing else changes."""
        self._store.reindex()


class StagedTriples(_Layered):
    """A view of a memory as if some changes were applied; keeps the same protocol, and changes nothing but itself."""

    def __init__(
        self, layers: Sequence[Layer], config: TriplesConfig, index: NameIndex, clock: Clock, position: int
    ) -> None:
        super().__init__(layers, config, index, clock)
        self._position = position

    @property
    def position(self) -> int:
        """How far in the ledger the memory was that this is a view of, or what was last applied here."""
        return self._position

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Apply changes to this view only; see :meth:`addenda.memories.base.Memory.apply`."""
        self._view = View(self._over(changes), self.config)
        self._position = position
        return receipts(read_changes(changes))


def _triple_of(task: Task) -> Triple:
    if task.fact is None or task.origin is None:
        missing = "fact" if task.fact is None else "origin"
        raise InvalidInput(
            f"{task.addendum_id!r} comes without its {missing}; the triples memory holds facts with their origin only, "
            "so route other addenda to other memories"
        )
    fact, origin = task.fact, task.origin
    return Triple(
        subject=fact.subject,
        relation=fact.relation,
        object=fact.object,
        source=origin.source,
        author=origin.author,
        trust=origin.trust,
    )


def _unhidden(items: Iterator[tuple[Place, _Held]], hidden: Collection[str]) -> Iterator[tuple[Place, _Held]]:
    return (item for item in items if item[0][1] not in hidden)
