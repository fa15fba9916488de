"""Long lists of integers in the database, by number: which names have a gram.

A list begins in a row of its own, to whose end integers are added without reading it. When that gets long, what is in
it is moved to a part, which adding never rewrites. So adding one integer rewrites one short row, adding many together
writes few rows, and of most lists, which are short, one row is all. Parts are sorted, so that a range of integers can
be cut out.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.triples.bulk import delete, find, insert, insert_or_add, update, wanted
from addenda.memories.triples.tables import LISTS, PARTS

_PART_BITS = 24
_LONG_REST = 256
_FEW_LISTS = 1_000
_MANY_ADDED = 4

_LISTS = sa.select(LISTS).where(wanted(LISTS.c.id))
_LONG = _LISTS.where(sa.func.length(LISTS.c.rest) > _LONG_REST * array("Q").itemsize)
_PARTS = sa.select(PARTS).where(wanted(PARTS.c.id))


@dataclass(frozen=True, slots=True)
class Found:
    """One list, as far as its row tells."""

    number: int
    size: int
    """Integers in it."""
    parts: int
    """Parts it was given so far; some may be gone."""
    rest: bytes
    """The integers that are in no part."""

    def part_ids(self) -> range:
        """The ids of its parts."""
        return range(self.number << _PART_BITS, (self.number << _PART_BITS) + self.parts)


def find_lists(connection: Connection, numbers: Iterable[int]) -> dict[int, Found]:
    """The lists with these numbers; those that are not there are left out."""
    return {row[0]: Found(*row) for row in find(connection, _LISTS, numbers)}


def read(connection: Connection, lists: Iterable[Found], low: int, high: int) -> Iterator[Iterable[int]]:
    """The integers from ``low`` to below ``high`` in some lists, in pieces; one that is in several comes as often."""
    listed = list(lists)
    for one in listed:
        yield [entry for entry in _array(one.rest) if low <= entry < high]
    for _, stored in find(connection, _PARTS, (part for one in listed for part in one.part_ids())):
        yield _between(_array(stored), low, high)


def extend(connection: Connection, added: Mapping[int, array[int]]) -> None:
    """Add integers to lists, which are made where they are not there."""
    numbers = sorted(added)
    insert_or_add(
        connection,
        LISTS,
        [(number, len(added[number]), 0, _bytes(added[number])) for number in numbers],
        ("size", "rest"),
    )
    # When many lists are touched, those that got little are left for later: looking at them costs more than it saves.
    likely = numbers if len(numbers) <= _FEW_LISTS else [one for one in numbers if len(added[one]) >= _MANY_ADDED]
    long = [Found(*row) for row in find(connection, _LONG, likely)]
    insert(
        connection,
        PARTS,
        [(one.number << _PART_BITS | one.parts, _bytes(array("Q", sorted(_array(one.rest))))) for one in long],
    )
    update(connection, LISTS, ("id", "parts", "rest"), [(one.number, one.parts + 1, b"") for one in long])


def shrink(connection: Connection, gone: Mapping[int, array[int]]) -> None:
    """Take integers out of lists; empty lists are deleted, and so are empty parts."""
    leaving = {number: set(entries) for number, entries in gone.items()}
    shrunk: list[tuple[int, int, int, bytes]] = []
    emptied: list[tuple[int]] = []
    known = find_lists(connection, sorted(gone))
    for number, found in known.items():
        rest = _without(_array(found.rest), leaving[number])
        size = found.size - len(leaving[number])
        if size:
            shrunk.append((number, size, found.parts, _bytes(rest)))
        else:
            emptied.append((number,))
    update(connection, LISTS, LISTS.c.keys(), shrunk)
    delete(connection, LISTS, emptied)
    changed: list[tuple[int, bytes]] = []
    gone_parts: list[tuple[int]] = []
    for identifier, stored in find(connection, _PARTS, (part for one in known.values() for part in one.part_ids())):
        entries, left = _array(stored), leaving[identifier >> _PART_BITS]
        if not left.isdisjoint(entries):
            entries = _without(entries, left)
            if entries:
                changed.append((identifier, _bytes(entries)))
            else:
                gone_parts.append((identifier,))
    update(connection, PARTS, PARTS.c.keys(), changed)
    delete(connection, PARTS, gone_parts)


def _between(entries: array[int], low: int, high: int) -> array[int]:
    return entries[bisect_left(entries, low) : bisect_left(entries, high)]


def _without(entries: array[int], gone: set[int]) -> array[int]:
    return array("Q", (entry for entry in entries if entry not in gone))


def _array(stored: bytes) -> array[int]:
    entries = array("Q")
    entries.frombytes(stored)
    if sys.byteorder == "big":
        entries.byteswap()
    return entries


def _bytes(entries: array[int]) -> bytes:
    """Eight bytes for each integer, the lowest first on every machine."""
    if sys.byteorder == "big":
        entries = entries[:]
        entries.byteswap()
    return entries.tobytes()
