"""How near two names are, from 0 to 1: how few typing errors apart, among names that share enough of their grams.

The distance is optimal string alignment (insert, delete, replace, swap two neighbours) between folded names, computed
for all columns at once with integers as bit vectors (Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein and
Damerau edit distances"). Similarity is 1 minus its share of the longer name. Names whose numbers differ have none.

An index can only be quick if near names share something it can look up, so that is part of the definition: a name of n
characters has the n + 3 *grams* of four neighbours, marks added at both ends; one error spoils four of them, a swap
five (the q-gram lemma of Ukkonen 1992). Names d errors apart must share at least :func:`needed` distinct grams, which
allows for one swap. Some names with two swaps, or with an error among repeated pieces ("papaba"), fall under it and
have no similarity, although their distance is small. More than three errors are no typing errors, however long a name.
"""

from __future__ import annotations

from addenda.memories.triples.folding import Folded

SIZE = 4
"""Characters in a gram."""

MOST_ERRORS = 3
"""Names that differ by more have no similarity."""

_START, _END = "\x02" * (SIZE - 1), "\x03" * (SIZE - 1)
_TOLERANCE = 1e-9


def padded(text: str) -> str:
    """A folded name with marks at its ends, whose pieces of ``SIZE`` characters are its grams."""
    return _START + text + _END


def grams(text: str) -> set[str]:
    """The distinct grams of a folded name."""
    whole = padded(text)
    return {whole[i : i + SIZE] for i in range(len(text) + SIZE - 1)}


def needed(longest: int, errors: int) -> int:
    """Fewest distinct grams that two names must share, ``errors`` apart and the longer of ``longest`` characters."""
    return max(1, longest + SIZE - 1 - SIZE * errors - 1)


def errors_allowed(longest: int, threshold: float) -> int:
    """Most errors between names of similarity ``threshold``, the longer of ``longest`` characters."""
    return min(MOST_ERRORS, int((1.0 - threshold) * longest + _TOLERANCE))


def similarity(one: Folded, other: Folded) -> float:
    """How near two folded names are: 1 when they fold alike, 0 when they are different things."""
    if one.digits != other.digits:
        return 0.0
    return Measure(one.text).similarity(other.text)


class Measure:
    """Compares one folded name with many whose numbers are the same."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._grams = grams(text)
        self._last = 1 << max(len(text) - 1, 0)
        self._all = (1 << len(text)) - 1
        self._places: dict[str, int] = {}
        for place, character in enumerate(text):
            self._places[character] = self._places.get(character, 0) | 1 << place

    def similarity(self, other: str) -> float:
        """How near the other name is."""
        if other == self._text:
            return 1.0
        longest = max(len(self._text), len(other))
        errors = self._distance(other)
        if errors > MOST_ERRORS or len(self._grams & grams(other)) < needed(longest, errors):
            return 0.0
        return 1.0 - errors / longest

    def _distance(self, other: str) -> int:
        """The distance, or more than ``MOST_ERRORS``; each integer below has one bit per character of the name."""
        rises, falls, zeros, before = self._all, 0, 0, 0
        distance = len(self._text)
        behind = MOST_ERRORS + len(other)
        for character in other:
            behind -= 1
            equal = self._places.get(character, 0)
            swaps = ((~zeros & equal) << 1) & before
            zeros = (((equal & rises) + rises) ^ rises) | equal | falls | swaps
            up = falls | (~(zeros | rises) & self._all)
            down = rises & zeros
            if up & self._last:
                distance += 1
            elif down & self._last:
                distance -= 1
            if distance > behind:
                return distance
            up = up << 1 | 1
            rises = (down << 1 | ~(zeros | up)) & self._all
            falls = up & zeros & self._all
            before = equal
        return distance
