"""Lists of rules, and which observations each of their rules decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from addenda.memories.notes.cases import Case, Observation, holds, implies
from addenda.memories.notes.language import Condition

ListedRule: TypeAlias = tuple[tuple[Condition, ...], str]
"""The conditions that must all hold, and the answer that is then due."""


def holds_of(conditions: Sequence[Condition], case: Case) -> bool:
    """Whether all conditions hold of a case."""
    return all(holds(condition, case.values) for condition in conditions)


def narrower(some: Sequence[Condition], others: Sequence[Condition], *, strictly: bool = True) -> bool:
    """Whether conditions can hold only where others do; ``strictly``: and not the other way round as well."""
    inside = all(any(implies(one, other) for one in some) for other in others)
    return inside and not (strictly and narrower(others, some, strictly=False))


def same(some: Sequence[Condition], others: Sequence[Condition]) -> bool:
    """Whether conditions hold wherever others do, and nowhere else."""
    return narrower(some, others, strictly=False) and narrower(others, some, strictly=False)


def decided(rules: Sequence[ListedRule], observations: Sequence[Observation]) -> list[list[int]]:
    """For each rule the places of the observations that it decides: those that no rule before it applies to."""
    found: list[list[int]] = [[] for _ in rules]
    for place, one in enumerate(observations):
        first = next((number for number, (conditions, _) in enumerate(rules) if holds_of(conditions, one)), None)
        if first is not None:
            found[first].append(place)
    return found


def surprises(rules: Sequence[ListedRule], observations: Sequence[Observation]) -> list[bool]:
    """For each observation that a rule decides, in order, whether its feedback is not what the rule lets expect."""
    found: dict[int, bool] = {}
    for (_, answer), places in zip(rules, decided(rules, observations), strict=True):
        expected = {place: observations[place].expected_if(answer) for place in places}
        found |= {place: not as_told for place, as_told in expected.items() if as_told is not None}
    return [found[place] for place in sorted(found)]
