"""Conditions worth trying: what single conditions on the attributes of observed cases can say.

Of an attribute whose values are all numbers, with more than a few of them, the conditions are thresholds between
neighbouring values; of any other, that it is one of its values, or is not. A threshold is the shortest decimal that
parts the two neighbours, because people are to read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from addenda.memories.notes.cases import number
from addenda.memories.notes.language import Condition

MOST_VALUES = 12
"""Values of an attribute that conditions are made from, the most frequent ones."""
MOST_THRESHOLDS = 15
"""Thresholds of an attribute: all there are, or that many at its quantiles."""
_FEW_NUMBERS = 3
"""Up to so many different numbers are taken for names, such as those of floors."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition, and which of the observed cases it holds of, as the bits of a number (the first case is bit 0)."""

    condition: Condition
    covers: int


def literals_of(cases: Sequence[Mapping[str, str]]) -> list[Literal]:
    """The single conditions that tell these cases apart, sorted by attribute; ``cases`` are in normal form."""
    columns: dict[str, list[tuple[int, str]]] = {}
    for place, values in enumerate(cases):
        for name, value in values.items():
            columns.setdefault(name, []).append((place, value))
    return [literal for name in sorted(columns) for literal in _of_attribute(name, columns[name], len(cases))]


def _of_attribute(name: str, column: Sequence[tuple[int, str]], cases: int) -> list[Literal]:
    numbers = {value: number(value) for value in {value for _, value in column}}
    if len(numbers) > _FEW_NUMBERS and all(found is not None for found in numbers.values()):
        found = _thresholds(name, [(place, numbers[value] or Decimal(0)) for place, value in column])
    else:
        found = _equalities(name, column)
    everything = (1 << cases) - 1
    return [literal for literal in found if literal.covers not in (0, everything)]


def _equalities(name: str, column: Sequence[tuple[int, str]]) -> list[Literal]:
    frequent = sorted(Counter(value for _, value in column).items(), key=lambda item: (-item[1], item[0]))
    given = sum(1 << place for place, _ in column)
    found: list[Literal] = []
    for value, _ in frequent[:MOST_VALUES]:
        covers = sum(1 << place for place, other in column if other == value)
        found.append(Literal(Condition(name, "is", value), covers))
        # Of two values, that it is not the one is that it is the other.
        if len(frequent) > 2:
            found.append(Literal(Condition(name, "is not", value), given & ~covers))
    return found


def _thresholds(name: str, column: Sequence[tuple[int, Decimal]]) -> list[Literal]:
    ordered = sorted(column, key=lambda one: one[1])
    from_on: dict[Decimal, int] = {}
    given = 0
    for place, value in reversed(ordered):
        from_on[value] = given = given | 1 << place
    different = sorted(from_on)
    if len(different) > MOST_THRESHOLDS + 1:
        parts = range(1, MOST_THRESHOLDS + 1)
        heres = {ordered[len(ordered) * part // (MOST_THRESHOLDS + 1)][1] for part in parts}
    else:
        heres = set(different)
    found: list[Literal] = []
    for below, here in pairwise(different):
        if here in heres:
            cut = f"{shortest_between(below, here):f}"
            found.append(Literal(Condition(name, "is at least", cut), from_on[here]))
            found.append(Literal(Condition(name, "is below", cut), given & ~from_on[here]))
    return found


def shortest_between(below: Decimal, here: Decimal) -> Decimal:
    """The decimal of fewest digits that is more than ``below`` and at most ``here``, the largest of them."""
    digits = 0
    while True:
        rounded = here.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_FLOOR)
        if rounded > below:
            return rounded
        digits += 1
