"""Everything a store holds, in sequence order: as the knowledge base compares it, and as the digest covers it.

The digest is taken over what the tables say now, names and windows included, not over digests taken when it was stored;
so it shows a row that was altered since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.base import Holding
from addenda.memories.triples.tables import NAMES, TRIPLES
from addenda.memories.triples.windows import from_columns

Place: TypeAlias = tuple[int, str]
"""Where something held stands in the order: its sequence, then its addendum id."""

_Columns = TypeVarTuple("_Columns")
_AT_A_TIME = 10_000
_FIRST = (TRIPLES.c.sequence, TRIPLES.c.addendum_id, TRIPLES.c.starts, TRIPLES.c.ends, TRIPLES.c.audience)
_HOLDINGS = sa.select(*_FIRST, TRIPLES.c.digest).order_by(TRIPLES.c.sequence)
_SUBJECTS, _RELATIONS, _OBJECTS = (NAMES.alias(role) for role in ("subjects", "relations", "objects"))
_CONTENTS = (
    sa.select(
        *_FIRST,
        _SUBJECTS.c.name,
        _RELATIONS.c.name,
        _OBJECTS.c.name,
        TRIPLES.c.source,
        TRIPLES.c.author,
        TRIPLES.c.trust,
    )
    .join(_SUBJECTS, _SUBJECTS.c.id == TRIPLES.c.subject_id)
    .join(_RELATIONS, _RELATIONS.c.id == TRIPLES.c.relation_id)
    .join(_OBJECTS, _OBJECTS.c.id == TRIPLES.c.object_id)
    .order_by(TRIPLES.c.sequence)
)


def holdings(connection: Connection) -> Iterator[tuple[Place, Holding]]:
    """Everything held, in order."""
    for row in _in_order(connection, _HOLDINGS):
        sequence, addendum_id, starts, ends, audience, digest = row
        yield (sequence, addendum_id), Holding(digest.hex(), sequence, from_columns(starts, ends, audience))


def contents(connection: Connection) -> Iterator[tuple[Place, bytes]]:
    """Everything held, in order, each with all that the tables say about it."""
    for row in _in_order(connection, _CONTENTS):
        yield (row[0], row[1]), json.dumps(list(row), ensure_ascii=True, separators=(",", ":")).encode()


def _in_order(
    connection: Connection, statement: sa.Select[int, str, *_Columns]
) -> Iterator[sa.Row[int, str, *_Columns]]:
    """The rows by sequence and id; the ids are compared here, because databases order text in different ways."""
    rows = connection.execution_options(yield_per=_AT_A_TIME).execute(statement)
    for _, tied in groupby(rows, key=lambda row: row[0]):
        yield from sorted(tied, key=lambda row: row[1])
