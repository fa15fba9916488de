"""All records of a state, in a mapping of which changing one among a million costs little: :class:`Records`.

States are values, and each event makes a new one. Records therefore lie on shelves of a few hundred in the order of
proposal; a new state gets new shelves where records changed, and shares the others with the state before it. The place
that an id has never changes, so one index of places serves all states that follow from one another.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from itertools import chain, islice

from addenda.ledger.records import Record

_WIDTH = 512
"""Records on a shelf: so many are copied to change one."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Neighbours in the order of proposal, and what tells whether they need to be looked at one by one."""

    records: tuple[Record, ...]
    last_change: int
    """Position of the last event about any of them."""
    unfinished: bool
    """Whether any of them is being activated."""


class _Index:
    """The places of ids. It only grows, and a state knows as many of its first places as the state has records."""

    def __init__(self, places: dict[str, int]) -> None:
        self.places = places
        self.lock = threading.Lock()


class Records(Mapping[str, Record]):
    """Records by id, in the order of proposal. It never changes: :meth:`updated` makes another one."""

    __slots__ = ("_index", "_places", "_shelves", "_size")

    def __init__(self) -> None:
        """No records."""
        self._index = _Index({})
        self._places: Mapping[str, int] = self._index.places
        self._shelves: tuple[_Shelf, ...] = ()
        self._size = 0

    def __getitem__(self, key: str) -> Record:
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._places.get(key, self._size) < self._size

    def __iter__(self) -> Iterator[str]:
        return (record.proposal.id for record in self.values())

    def __len__(self) -> int:
        return self._size

    def values(self) -> ValuesView[Record]:
        """The records, in the order of proposal."""
        return _Values(self, self._shelves)

    def find(self, addendum_id: str) -> Record | None:
        """The record of a full id; None when there is none."""
        place = self._places.get(addendum_id, self._size)
        return self._shelves[place // _WIDTH].records[place % _WIDTH] if place < self._size else None

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """These ids in the order of proposal, unknown ones at the end."""
        places, end = self._places, self._size
        return tuple(sorted(ids, key=lambda addendum_id: min(places.get(addendum_id, end), end)))

    def changed_after(self, position: int) -> Iterator[Record]:
        """The records that an event after this position is about, in the order of proposal."""
        for shelf in self._shelves:
            if shelf.last_change > position:
                yield from (record for record in shelf.records if record.standing.history[-1] > position)

    def unfinished(self) -> Iterator[Record]:
        """The records that are being activated, in the order of proposal."""
        for shelf in self._shelves:
            if shelf.unfinished:
                yield from (record for record in shelf.records if record.standing.stage == "activating")

    def updated(self, records: Mapping[str, Record]) -> Records:
        """These records in place of those of the same ids; new ones follow at the end, in the order given."""
        if not records:
            return self
        new: dict[str, Record] = {}
        touched: dict[int, list[Record]] = {}
        for addendum_id, record in records.items():
            place = self._places.get(addendum_id, self._size)
            if place >= self._size:
                new[addendum_id] = record
                continue
            number = place // _WIDTH
            if number not in touched:
                touched[number] = list(self._shelves[number].records)
            touched[number][place % _WIDTH] = record
        shelves = list(self._shelves)
        for number, changed in touched.items():
            shelves[number] = _shelf(changed)
        if new:
            last = shelves.pop().records if self._size % _WIDTH else ()
            rest = [*last, *new.values()]
            shelves += [_shelf(rest[start : start + _WIDTH]) for start in range(0, len(rest), _WIDTH)]
        after = Records()
        after._index = self._index_with(new)
        after._places = after._index.places
        after._size = self._size + len(new)
        after._shelves = tuple(shelves)
        return after

    def _index_with(self, new: Collection[str]) -> _Index:
        """An index in which these ids follow those of this state."""
        index = self._index
        with index.lock:
            if len(index.places) != self._size:
                # Another state followed from this one before, for example in a transaction that was taken back.
                index = _Index(dict(islice(index.places.items(), self._size)))
            index.places.update(zip(new, range(self._size, self._size + len(new)), strict=True))
        return index


class _Values(ValuesView[Record]):
    """The records without looking each up by its id."""

    def __init__(self, records: Records, shelves: Sequence[_Shelf]) -> None:
        super().__init__(records)
        self._shelves = shelves

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(shelf.records for shelf in self._shelves)


def _shelf(records: Sequence[Record]) -> _Shelf:
    standings = {id(record.standing): record.standing for record in records}.values()
    return _Shelf(
        records=tuple(records),
        last_change=max(standing.history[-1] for standing in standings),
        unfinished=any(standing.stage == "activating" for standing in standings),
    )
