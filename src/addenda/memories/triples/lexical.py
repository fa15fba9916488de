"""The default index of near names: which names have a gram, for every gram, in the database itself.

Idea: two similar names share at least n of the query's grams (:mod:`addenda.memories.triples.similarity`), so a similar
name must be in at least one list among all but n - 1 of them. Of all ways to leave lists out, the longest ones are left
out (prefix filtering: Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007). An entry carries the length of
its name, which says how many lists it must be in; only names that pass are fetched and measured. So the result is
exact, and rare grams make it quick. When many names pass, further lists are read, because each makes the bound sharper
and costs less than measuring. An entry also says which letters its name has an odd number of times, in few bits: one
error changes at most two of them, so most names that only share a word with the query are passed over unmeasured.

Names with numbers have lists of their own, and one more for their numbers, which must agree. Grams are numbered by a
checksum: two that share a number share a list, which costs time only (but for one name that has two such grams: it can
be missed, which happens to one of ten million). Nothing is kept in the process.

Not known: how common a word is. Grams of frequent words are read later, they do not count less.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.triples.bulk import find, wanted
from addenda.memories.triples.folding import LONGEST, Folded, readings
from addenda.memories.triples.index import Name, Near
from addenda.memories.triples.lists import Found, extend, find_lists, read, shrink
from addenda.memories.triples.similarity import SIZE, Measure, errors_allowed, needed, padded
from addenda.memories.triples.tables import NAMES

_CHECKSUM_BITS = 32
_ID_BITS = 32
_ID_MASK = (1 << _ID_BITS) - 1
_LETTER_BITS = 24
_LETTERS_MASK = (1 << _LETTER_BITS) - 1
_LENGTH_SHIFT = _ID_BITS + _LETTER_BITS
_MEASURING = 150
"""Measuring a name costs about as much as reading this many entries."""
_STEP = 3
"""Lists that are read at a time to have fewer names to measure."""
_TOLERANCE = 1e-9

_FOUND = sa.select(NAMES.c.key, NAMES.c.folded, NAMES.c.digits).where(wanted(NAMES.c.id))


class LexicalIndex:
    """Finds names by their grams; keeps the protocol :class:`addenda.memories.triples.index.NameIndex`."""

    @property
    def name(self) -> str:
        """What it is called in the database; another name than that of versions which folded or entered otherwise."""
        return "lexical 2"

    @property
    def slow(self) -> bool:
        """False: there is nothing to prepare."""
        return False

    def another(self) -> LexicalIndex:
        """Itself, because it keeps nothing."""
        return self

    def ready(self, names: Sequence[str]) -> None:
        """Do nothing: grams are worked out when names are added."""

    def add(self, connection: Connection, names: Sequence[Name]) -> None:
        """Enter names into the lists of their grams."""
        extend(connection, _entries(names))

    def remove(self, connection: Connection, names: Sequence[Name]) -> None:
        """Take names out of the lists of their grams."""
        shrink(connection, _entries(names))

    def similar(self, connection: Connection, kind: int, text: str, threshold: float) -> list[Near]:
        """All names of a kind that are at least this similar to ``text``, or to it without its particles."""
        best: dict[bytes, float] = {}
        for reading in readings(text):
            least = threshold / reading.factor
            if least > 1.0 or len(reading.folded.text) > LONGEST:
                continue
            for key, similarity in _search(connection, kind, reading.folded, least):
                best[key] = max(best.get(key, 0.0), similarity * reading.factor)
        return [Near(key, similarity) for key, similarity in best.items()]


@dataclass(frozen=True, slots=True)
class _Query:
    """A query prepared for searching."""

    length: int
    """Characters of the folded query."""
    letters: int
    """Which letters it has an odd number of times."""
    shares: Mapping[int, int]
    """For every length of a similar name that is not equal, how many grams it must share."""
    changes: Mapping[int, int]
    """For these lengths, how many letters at most may be there an odd number of times in one name only."""
    lists: Sequence[Found]
    """Its grams, the rarest first."""
    required: Found | None
    """The list of its numbers, which a name must be in; None when it has none."""

    @property
    def range(self) -> tuple[int, int]:
        """Between which two entries those of all similar names are."""
        lengths = (self.length, *self.shares)
        return min(lengths) << _LENGTH_SHIFT, (max(lengths) + 1) << _LENGTH_SHIFT

    @property
    def prefix(self) -> int:
        """How many of the lists must be read: a similar name is in one of them."""
        return max(1, len(self.lists) - min(self.shares.values(), default=len(self.lists)) + 1)

    def least(self, count: int) -> list[int]:
        """In how many of the first ``count`` lists a similar name must be, by its length."""
        least = [count + 1] * (LONGEST + 1)
        for length, share in self.shares.items():
            least[length] = share - (len(self.lists) - count)
        least[self.length] = min(least[self.length], count)
        return least


def _search(connection: Connection, kind: int, folded: Folded, threshold: float) -> Iterator[tuple[bytes, float]]:
    query = _prepared(connection, kind, folded, threshold)
    if query is None:
        return
    measure = Measure(folded.text)
    for key, text, digits in find(connection, _FOUND, [entry & _ID_MASK for entry in _candidates(connection, query)]):
        if digits == folded.digits:
            similarity = measure.similarity(text)
            if similarity >= threshold - _TOLERANCE:
                yield key, similarity


def _prepared(connection: Connection, kind: int, folded: Folded, threshold: float) -> _Query | None:
    """What to look for; None when there can be no similar name."""
    numbers = _numbers_list(kind, folded.digits) if folded.digits else None
    grams_of_it = _gram_lists(kind, folded)
    known = find_lists(connection, grams_of_it if numbers is None else {*grams_of_it, numbers})
    if numbers is not None and numbers not in known:
        return None
    lists = sorted((known.get(gram, Found(gram, 0, 0, b"")) for gram in grams_of_it), key=lambda found: found.size)
    length = len(folded.text)
    allowed = _errors(length, threshold)
    return _Query(
        length,
        _letters(folded.text),
        {other: needed(max(length, other), errors) for other, errors in allowed.items()},
        {other: 2 * errors - abs(length - other) for other, errors in allowed.items()},
        lists,
        None if numbers is None else known[numbers],
    )


def _errors(length: int, threshold: float) -> dict[int, int]:
    """For every length of a name that may be similar but not equal, how many errors there may be."""
    errors: dict[int, int] = {}
    for other in range(max(1, math.ceil(length * threshold - _TOLERANCE)), LONGEST + 1):
        longest = max(length, other)
        allowed = errors_allowed(longest, threshold)
        if abs(length - other) <= allowed and allowed:
            errors[other] = allowed
        elif other > length:
            break
    return errors


def _candidates(connection: Connection, query: _Query) -> Collection[int]:
    """The entries of the names that are worth measuring: all similar ones, and few others."""
    lists, count = query.lists, query.prefix
    members: set[int] | None = None
    if query.required is not None:
        members = set[int]().union(*read(connection, [query.required], *query.range))
        if len(members) * _MEASURING <= sum(found.size for found in lists[:count]):
            return _often(dict.fromkeys(members, len(lists)), query, len(lists))
    counts: Counter[int] = Counter()
    for part in read(connection, lists[:count], *query.range):
        counts.update(part if members is None else members.intersection(part))
    alive = _often(counts, query, count)
    while more := [found for found in lists[count : count + _STEP] if found.size <= len(alive) * _MEASURING]:
        for part in read(connection, more, *query.range):
            for entry in alive.keys() & part:
                alive[entry] += 1
        count += len(more)
        alive = _often(alive, query, count)
    return alive


def _often(counts: Mapping[int, int], query: _Query, lists: int) -> dict[int, int]:
    """The entries that are in enough of the lists read for their length, and have nearly the same letters."""
    least, changes = query.least(lists), [query.changes.get(length, 0) for length in range(LONGEST + 1)]
    letters = query.letters
    return {
        entry: count
        for entry, count in counts.items()
        if count >= least[entry >> _LENGTH_SHIFT]
        and ((entry >> _ID_BITS ^ letters) & _LETTERS_MASK).bit_count() <= changes[entry >> _LENGTH_SHIFT]
    }


def _letters(text: str) -> int:
    """Which letters a folded name has an odd number of times; some letters share a bit."""
    odd = 0
    for character in text:
        odd ^= 1 << ord(character) % _LETTER_BITS
    return odd


def _entries(names: Iterable[Name]) -> dict[int, array[int]]:
    """The entries of names by list: the id, above it the letters, above these the length."""
    lists: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    for name in names:
        if name.folded is None:
            continue
        entry = len(name.folded) << _LENGTH_SHIFT | _letters(name.folded) << _ID_BITS | name.id
        for number in _gram_lists(name.kind, Folded(name.folded, name.digits)):
            lists[number].append(entry)
        if name.digits:
            lists[_numbers_list(name.kind, name.digits)].append(entry)
    return lists


def _gram_lists(kind: int, folded: Folded) -> set[int]:
    """The lists of a name's grams, apart for each kind of name, and for names with and without numbers."""
    apart = (kind * 2 + bool(folded.digits)) << _CHECKSUM_BITS
    # Four bytes for each character, so that a gram is a slice of the same length in every script.
    encoded = padded(folded.text).encode("utf-32-le", errors="surrogatepass")
    return {apart | crc32(encoded[at : at + 4 * SIZE]) for at in range(0, len(encoded) - 4 * SIZE + 4, 4)}


def _numbers_list(kind: int, digits: str) -> int:
    """The list of the names with these numbers."""
    return (4 + kind) << _CHECKSUM_BITS | crc32(digits.encode())
