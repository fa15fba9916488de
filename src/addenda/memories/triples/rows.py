"""What may be read: the statements that every read goes through, each filtered by window, audience and exclusions.

No statement here returns a triple, or follows an alias, that does not hold at the reader's moment for the reader's
audience. Callers cannot leave that out, because it stands inside the statements (invariant 6 of the design).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.base import Origin, TripleHit
from addenda.memories.triples.bulk import Given, Value, find, select, wanted
from addenda.memories.triples.tables import AUDIENCES, BOUNDARIES, NAMES, NEVER, RELATION, STATE, TRIPLES
from addenda.types import EVERYONE, Trust

Side: TypeAlias = Literal["subject", "object"]
"""A side of a triple."""

SIDES: tuple[Side, Side] = ("subject", "object")
"""Both sides of a triple."""

_SUBJECTS, _RELATIONS, _OBJECTS = (NAMES.alias(role) for role in ("subjects", "relations", "objects"))
_ALL = 2**62
_NAMED = sa.select(NAMES.c.id, NAMES.c.kind, NAMES.c.key).where(wanted(NAMES.c.key))


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see: what holds at a moment, for an audience, but for some addenda."""

    moment: int
    """Microseconds since 1970."""
    audience: str
    without: frozenset[str] = frozenset()
    """Addendum ids."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a store is, as far as it decides whether a result is still good."""

    generation: int
    """Rises whenever what is held changes."""
    until: int
    """The next moment at which some window starts or ends."""
    has_aliases: bool
    """Whether any name is used as the alias relation."""
    name_index: str | None
    """Which index the names are in; None while nothing was ever held."""


@dataclass(frozen=True, slots=True)
class Row:
    """One triple as it is read; ``known`` is the side that was given, ``other`` the one that is asked for."""

    known_id: int
    relation_id: int
    other_key: bytes
    sequence: int
    addendum_id: str
    subject: str
    relation: str
    object: str
    source: str
    author: str
    trust: str

    def hit(self, score: float, side: Side) -> TripleHit:
        """The triple as it is given to a reader who asked with this side."""
        return TripleHit(
            addendum_id=self.addendum_id,
            name=self.object if side == "subject" else self.subject,
            score=score,
            subject=self.subject,
            relation=self.relation,
            object=self.object,
            origin=Origin(self.source, self.author, cast("Trust", self.trust)),
        )


def head_of(connection: Connection, moment: int, alias_key: bytes) -> Head:
    """Where the store is at a moment."""
    found = select(connection, _head(), {"moment": moment, "alias": alias_key})
    if not found:
        return Head(0, NEVER, has_aliases=False, name_index=None)
    generation, until, has_aliases, name_index = found[0]
    return Head(generation, until, has_aliases=bool(has_aliases), name_index=name_index)


def ids_of(connection: Connection, keys: Iterable[bytes]) -> Iterator[sa.Row[int, int, bytes]]:
    """The names with these keys, as id, kind and key."""
    return find(connection, _NAMED, keys)


def is_used(connection: Connection, ids: Collection[int], sight: Sight) -> bool:
    """Whether a triple has one of these names on a side."""
    return any(
        next(find(connection, _used(side, excluding=bool(sight.without)), ids, _seen(sight)), None) is not None
        for side in SIDES
    )


def neighbours(
    connection: Connection, side: Side, keys: Collection[bytes], alias_key: bytes, sight: Sight
) -> Iterator[sa.Row[bytes, bytes]]:
    """The alias triples with one of these names on a side, as the keys of that side and of the other."""
    statement = _neighbours(side, excluding=bool(sight.without))
    return find(connection, statement, sorted(keys), {**_seen(sight), "alias": alias_key})


def rows_of(
    connection: Connection,
    side: Side,
    ids: Iterable[int],
    relations: Collection[int],
    sight: Sight,
    most: int | None = None,
) -> Iterator[Row]:
    """The triples with one of these names on a side, and one of these relations; about ``most``, if that is given."""
    statement = _rows(side, excluding=bool(sight.without))
    given = {**_given(sight, relations), "most": _ALL if most is None else most}
    for row in find(connection, statement, ids, given):
        yield Row(*row)


def rows_about(connection: Connection, ids: Iterable[int], sight: Sight, most: int) -> Iterator[Row]:
    """The triples with one of these names as their subject, whatever their relation; about ``most`` of them."""
    for row in find(connection, _rows_about(excluding=bool(sight.without)), ids, {**_seen(sight), "most": most}):
        yield Row(*row)


def others_of(
    connection: Connection, side: Side, ids: Iterable[int], relations: Collection[int], sight: Sight
) -> Iterator[sa.Row[int, int, bytes]]:
    """For all of these triples only the ids of the given name and the relation, and the key of the name asked for."""
    statement = _others(side, excluding=bool(sight.without))
    return find(connection, statement, ids, _given(sight, relations))


def _given(sight: Sight, relations: Collection[int]) -> Given:
    return {**_seen(sight), "relations": sorted(relations)}


def _seen(sight: Sight) -> Given:
    """What :func:`_visible` takes."""
    given: dict[str, Value | Sequence[Value]] = {"moment": sight.moment, "audiences": [EVERYONE, sight.audience]}
    return {**given, "without": sorted(sight.without)} if sight.without else given


@cache
def _head() -> sa.Select[int, int, bool, str]:
    until = sa.select(sa.func.min(BOUNDARIES.c.moment)).where(BOUNDARIES.c.moment > sa.bindparam("moment"))
    alias = sa.exists().where(NAMES.c.key == sa.bindparam("alias"), NAMES.c.kind == RELATION)
    return sa.select(STATE.c.generation, sa.func.coalesce(until.scalar_subquery(), NEVER), alias, STATE.c.name_index)


def _visible(*, excluding: bool) -> list[sa.ColumnElement[bool]]:
    """The conditions under which a triple may be seen."""
    mine = sa.exists().where(
        AUDIENCES.c.addendum_id == TRIPLES.c.addendum_id,
        AUDIENCES.c.name.in_(sa.bindparam("audiences", expanding=True)),
    )
    conditions = [
        TRIPLES.c.ends > sa.bindparam("moment"),
        TRIPLES.c.starts <= sa.bindparam("moment"),
        sa.or_(TRIPLES.c.audience.is_(None), mine),
    ]
    if excluding:
        conditions.append(TRIPLES.c.addendum_id.not_in(sa.bindparam("without", expanding=True)))
    return conditions


def _column(side: Side) -> sa.Column[int]:
    return TRIPLES.c.subject_id if side == "subject" else TRIPLES.c.object_id


@cache
def _used(side: Side, *, excluding: bool) -> sa.Select[int]:
    return sa.select(TRIPLES.c.id).where(wanted(_column(side))).where(*_visible(excluding=excluding)).limit(1)


@cache
def _neighbours(side: Side, *, excluding: bool) -> sa.Select[bytes, bytes]:
    known, other = (_SUBJECTS, _OBJECTS) if side == "subject" else (_OBJECTS, _SUBJECTS)
    alias = sa.select(NAMES.c.id).where(NAMES.c.key == sa.bindparam("alias"), NAMES.c.kind == RELATION)
    return (
        sa.select(known.c.key, other.c.key)
        .select_from(known)
        .join(TRIPLES, _column(side) == known.c.id)
        .join(other, _column("object" if side == "subject" else "subject") == other.c.id)
        .where(wanted(known.c.key), TRIPLES.c.relation_id.in_(alias))
        .where(*_visible(excluding=excluding))
    )


@cache
def _others(side: Side, *, excluding: bool) -> sa.Select[int, int, bytes]:
    """What :func:`others_of` asks for."""
    related = TRIPLES.c.relation_id.in_(sa.bindparam("relations", expanding=True))
    return _beyond(side, excluding=excluding).where(related)


@cache
def _rows(side: Side, *, excluding: bool) -> sa.Select[*tuple[object, ...]]:
    return _with_names(_others(side, excluding=excluding), side)


@cache
def _rows_about(*, excluding: bool) -> sa.Select[*tuple[object, ...]]:
    return _with_names(_beyond("subject", excluding=excluding), "subject").order_by(TRIPLES.c.sequence.desc())


def _beyond(side: Side, *, excluding: bool) -> sa.Select[int, int, bytes]:
    """The given name, the relation, and the key of the name on the other side."""
    other = _OBJECTS if side == "subject" else _SUBJECTS
    return (
        sa.select(_column(side), TRIPLES.c.relation_id, other.c.key)
        .join(other, _column("object" if side == "subject" else "subject") == other.c.id)
        .where(wanted(_column(side)))
        .where(*_visible(excluding=excluding))
    )


def _with_names(beyond: sa.Select[int, int, bytes], side: Side) -> sa.Select[*tuple[object, ...]]:
    """The same with the rest of a :class:`Row`."""
    known = _SUBJECTS if side == "subject" else _OBJECTS
    return (
        beyond.add_columns(TRIPLES.c.sequence, TRIPLES.c.addendum_id)
        .add_columns(_SUBJECTS.c.name, _RELATIONS.c.name, _OBJECTS.c.name)
        .add_columns(TRIPLES.c.source, TRIPLES.c.author, TRIPLES.c.trust)
        .join(known, _column(side) == known.c.id)
        .join(_RELATIONS, _RELATIONS.c.id == TRIPLES.c.relation_id)
        .limit(sa.bindparam("most"))
    )
