"""What the triples memory holds, in one database: changed all at once or not at all.

Everything that belongs to a change is written in one transaction: triples, names, the index of names, the position in
the ledger. So a killed process leaves either all of it or nothing. The position never goes back: a process that knows
less of the ledger than another one has already applied is refused, and must look again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.errors import Conflict, ModelMismatch, UnknownId
from addenda.memories.base import Change, Deliver, Delivery
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.bulk import delete, find, insert, update, wanted
from addenda.memories.triples.index import NameIndex
from addenda.memories.triples.names import intern, key_of, refolded, sweep
from addenda.memories.triples.rooms import Room
from addenda.memories.triples.tables import (
    ALWAYS,
    AUDIENCES,
    BOUNDARIES,
    ENTITY,
    INDEX_TABLES,
    NAMES,
    NEVER,
    RELATION,
    STATE,
    STATE_ID,
    TRIPLES,
)
from addenda.memories.triples.windows import to_columns
from addenda.types import TRUST_ORDER

_STATE = sa.select(STATE.c.position, STATE.c.generation, STATE.c.name_index)
_LAST = sa.select(sa.func.coalesce(sa.func.max(TRIPLES.c.id), 0))
_HELD = sa.select(TRIPLES.c.addendum_id).where(wanted(TRIPLES.c.addendum_id))
_KNOWN = sa.select(
    TRIPLES.c.addendum_id,
    TRIPLES.c.id,
    TRIPLES.c.digest,
    TRIPLES.c.sequence,
    TRIPLES.c.starts,
    TRIPLES.c.ends,
    TRIPLES.c.audience,
    TRIPLES.c.subject_id,
    TRIPLES.c.relation_id,
    TRIPLES.c.object_id,
).where(wanted(TRIPLES.c.addendum_id))
_NAMED = sa.select(NAMES.c.name).where(wanted(NAMES.c.key))
_REINDEXED = 10_000
_FIELDS = sorted(Triple.model_fields)
_BETWEEN = ["{", *(part for field in _FIELDS[:-1] for part in (field, ":", ",")), _FIELDS[-1], ":", "}"]
"""What stands around the values in the artefact of a triple when it is cut at its quotation marks."""
_VALUES = slice(3, None, 4)
"""Where the values stand among these pieces."""
_BOUNDARIES = sa.select(BOUNDARIES.c.moment).where(wanted(BOUNDARIES.c.moment))


@dataclass(frozen=True, slots=True)
class State:
    """Where a store is."""

    position: int
    """How far in the ledger."""
    generation: int
    """Rises whenever what is held changes."""
    name_index: str | None
    """Which index the names are in; None while nothing was ever held."""


class _Place(NamedTuple):
    """What may change while a triple stays the same: its place in the order, and its window."""

    sequence: int
    starts: int
    ends: int
    audience: str | None


class Wanted(NamedTuple):
    """What is to be held for one addendum: a triple, the digest of its artefact, its place."""

    author: str
    object: str
    relation: str
    source: str
    subject: str
    trust: str
    digest: bytes
    sequence: int
    starts: int
    ends: int
    audience: str | None

    @classmethod
    def of(cls, change: Deliver) -> Wanted:
        """What a delivery asks for. Raises ModelMismatch, InvalidInput; see :meth:`Triple.from_bytes`."""
        digest = hashlib.sha256(change.artefact).digest()
        author, object_, relation, source, subject, trust = _texts(change)
        window = to_columns(change.window)
        return cls(author, object_, relation, source, subject, trust, digest, change.sequence, *window)

    @property
    def place(self) -> _Place:
        """What may change while the triple stays the same."""
        return _Place(self.sequence, self.starts, self.ends, self.audience)


def _texts(change: Deliver) -> tuple[str, ...]:
    """The fields of an artefact by name; most have no escapes, and are what stands between quotation marks."""
    try:
        text = change.artefact.decode()
    except UnicodeDecodeError:
        text = ""  # refused below, with what is wrong
    pieces = text.split('"')
    values = tuple(pieces[_VALUES])
    del pieces[_VALUES]
    if pieces == _BETWEEN and text.isprintable() and "\\" not in text:
        _, object_, relation, _, subject, trust = values
        if trust in TRUST_ORDER and object_.strip() and relation.strip() and subject.strip():
            return values
    triple = Triple.from_bytes(change.artefact, change.addendum_id)
    return triple.author, triple.object, triple.relation, triple.source, triple.subject, triple.trust


@dataclass(frozen=True, slots=True)
class _Known:
    """A stored row, as far as a change needs it."""

    id: int
    digest: bytes
    place: _Place
    names: tuple[int, int, int]


Steps: TypeAlias = Sequence[tuple[str, Wanted | None]]
"""What is to become of addenda, one after another: held as wanted, or (None) no longer."""


def read_changes(changes: Iterable[Change]) -> Steps:
    """The changes with their artefacts read."""
    return [(one.addendum_id, Wanted.of(one) if isinstance(one, Deliver) else None) for one in changes]


def settled(steps: Steps, held: Collection[str]) -> dict[str, Wanted | None]:
    """What the steps come to for each addendum. Raises UnknownId for a withdrawal of what is not held by then."""
    final: dict[str, Wanted | None] = {}
    for addendum_id, wish in steps:
        stands = final[addendum_id] is not None if addendum_id in final else addendum_id in held
        if wish is None and not stands:
            raise UnknownId(f"no triple {addendum_id!r} is held by the triples memory; nothing was changed")
        final[addendum_id] = wish
    return final


def receipts(steps: Steps) -> list[Delivery]:
    """One receipt for each delivery."""
    return [Delivery(addendum_id, wish.digest.hex()) for addendum_id, wish in steps if wish is not None]


class Store:
    """The triples in one database."""

    def __init__(self, room: Room, index: NameIndex) -> None:
        """Take where the tables are, and the index of near names that is kept with them."""
        self.room = room
        """The database."""
        self.index = index
        """The index of near names."""

    def state(self) -> State:
        """Where the store is."""
        with self.room.read() as connection:
            return state_of(connection)

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        with self.room.read() as connection:
            return {found for (found,) in find(connection, _HELD, sorted(set(ids)))}

    def apply(self, changes: Sequence[Change], position: int) -> list[Delivery]:
        """Hold and withdraw, all or none, and move to ``position``.

        Raises as :meth:`addenda.memories.base.Memory.apply`, and Conflict when the store is further than ``position``.
        """
        steps = read_changes(changes)
        if self.index.slow:
            self._ready(steps)
        with self.room.write() as connection:
            before = state_of(connection)
            check_index(before.name_index, self.index)
            if position < before.position:
                raise Conflict(
                    f"the triples memory is at position {before.position} of the ledger and cannot go back to "
                    f"{position}: another process has brought it further; compare with its holdings again"
                )
            known = _known(connection, {addendum_id for addendum_id, _ in steps})
            changed = _hold(connection, known, settled(steps, known), self.index)
            _move(connection, State(position, before.generation + changed, self.index.name))
        return receipts(steps)

    def reindex(self) -> None:
        """Fold all names anew and enter them into the index in use, whichever they were in; nothing else changes."""
        with self.room.read() as connection:
            names = connection.execute(sa.select(NAMES.c.name)).scalars().all()
        self.index.ready(names)
        with self.room.write() as connection:
            before = state_of(connection)
            for table in INDEX_TABLES:
                connection.execute(table.delete())
            rows = refolded(connection)
            for start in range(0, len(rows), _REINDEXED):
                self.index.add(connection, rows[start : start + _REINDEXED])
            _move(connection, State(before.position, before.generation + 1, self.index.name))

    def _ready(self, steps: Steps) -> None:
        """Let a slow index prepare the names that are new, before the write lock is taken."""
        names = {name for _, wish in steps if wish for name in (wish.subject, wish.relation, wish.object)}
        with self.room.read() as connection:
            names -= {name for (name,) in find(connection, _NAMED, sorted(key_of(name) for name in names))}
        self.index.ready(sorted(names))


def state_of(connection: Connection) -> State:
    """Where the store of this connection is."""
    row = connection.execute(_STATE).one_or_none()
    return State(0, 0, None) if row is None else State(*row)


def check_index(stored: str | None, index: NameIndex) -> None:
    """Raise ModelMismatch when names are in another index, which this one would not find or keep."""
    if stored is not None and stored != index.name:
        raise ModelMismatch(
            f"the names of the triples memory are in the index {stored!r}, and {index.name!r} was given; open it with "
            "the index it was made with, or enter the names anew (`addenda reindex`, in code reindex())"
        )


def _move(connection: Connection, state: State) -> None:
    row = (STATE_ID, state.position, state.generation, state.name_index)
    values = dict(zip(STATE.c.keys(), row, strict=True))
    if not connection.execute(STATE.update().where(STATE.c.id == STATE_ID).values(values)).rowcount:
        insert(connection, STATE, [row])


def _known(connection: Connection, ids: Iterable[str]) -> dict[str, _Known]:
    return {
        addendum_id: _Known(identifier, digest, _Place(sequence, starts, ends, audience), (subject, relation, object_))
        for addendum_id, identifier, digest, sequence, starts, ends, audience, subject, relation, object_ in find(
            connection, _KNOWN, sorted(ids)
        )
    }


def _hold(
    connection: Connection, known: Mapping[str, _Known], final: Mapping[str, Wanted | None], index: NameIndex
) -> bool:
    """Bring the rows of these addenda to what is wanted; whether that changed anything."""
    gone = {i: row for i, row in known.items() if (wish := final[i]) is None or wish.digest != row.digest}
    fresh = {i: wish for i, wish in final.items() if wish is not None and (i not in known or i in gone)}
    moved = {
        i: wish
        for i, wish in final.items()
        if wish is not None and i in known and i not in gone and wish.place != known[i].place
    }
    delete(connection, AUDIENCES, _members((i, known[i].place.audience) for i in (*gone, *moved)))
    delete(connection, TRIPLES, [(row.id,) for row in gone.values()])
    _insert(connection, fresh, index)
    columns = ("id", "sequence", "starts", "ends", "audience")
    update(connection, TRIPLES, columns, [(known[i].id, *wish.place) for i, wish in moved.items()])
    insert(connection, AUDIENCES, _members((i, wish.audience) for i, wish in (*fresh.items(), *moved.items())))
    _mark_boundaries(connection, (*fresh.values(), *moved.values()))
    sweep(connection, {name for row in gone.values() for name in row.names}, index)
    return bool(gone or fresh or moved)


def _insert(connection: Connection, fresh: Mapping[str, Wanted], index: NameIndex) -> None:
    sides = dict.fromkeys(name for wish in fresh.values() for name in (wish.subject, wish.object))
    entities = intern(connection, ENTITY, sides, index)
    relations = intern(connection, RELATION, {wish.relation for wish in fresh.values()}, index)
    first = connection.execute(_LAST).scalar_one() + 1
    rows = [
        (
            number,
            addendum_id,
            wish.sequence,
            entities[wish.subject],
            relations[wish.relation],
            entities[wish.object],
            wish.starts,
            wish.ends,
            wish.audience,
            wish.digest,
            wish.source,
            wish.author,
            wish.trust,
        )
        for number, (addendum_id, wish) in enumerate(fresh.items(), first)
    ]
    insert(connection, TRIPLES, rows)


def _members(audiences: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """The rows of ``triple_audiences`` for addenda with these audiences."""
    return [
        (addendum_id, name)
        for addendum_id, audience in audiences
        if audience is not None
        for name in sorted(set(json.loads(audience)))
    ]


def _mark_boundaries(connection: Connection, held: Iterable[Wanted]) -> None:
    moments = {moment for wish in held for moment in (wish.starts, wish.ends)} - {ALWAYS, NEVER}
    known = {moment for (moment,) in find(connection, _BOUNDARIES, sorted(moments))}
    insert(connection, BOUNDARIES, [(moment,) for moment in sorted(moments - known)])
