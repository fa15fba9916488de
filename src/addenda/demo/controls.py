"""What the desk would do without its notebook, from the same observations: the controls of the chapter of notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from addenda.demo.support_desk import ACTIONS
from addenda.memories.notes.cases import Case, Observation, number

NEAREST = 15
"""Observations that vote; the same number as in the notes benchmark."""

_VOTES: Mapping[bool | None, int] = {True: 1, False: -1, None: 0}


def most_often_right(observations: Sequence[Observation], random: Random) -> str:
    """The action that turned out right most often so far; one at random where several did, or none."""
    return _best(Counter(one.answer for one in observations if one.right), random)


def voted(case: Case, observations: Sequence[Observation], random: Random) -> str:
    """The action that the observations most like a case vote for.

    It stands for a reader with all of them in view. Each of the :data:`NEAREST` most alike, the later ones first where
    they are equally alike, votes for the action that turned out right and against the one that did not.
    """
    spans = _spans(observations)
    alike = {place: _alikeness(case, one, spans) for place, one in enumerate(observations)}
    nearest = sorted(alike, key=lambda place: (-alike[place], -place))[:NEAREST]
    votes = Counter({action: sum(_VOTES[observations[place].says(action)] for place in nearest) for action in ACTIONS})
    return _best(votes, random)


def _best(votes: Mapping[str, int], random: Random) -> str:
    most = max((votes.get(action, 0) for action in ACTIONS), default=0)
    return random.choice([action for action in ACTIONS if votes.get(action, 0) == most])


def _spans(observations: Sequence[Observation]) -> dict[str, float]:
    """For each attribute whose values are all numbers, the distance between the smallest and the largest."""
    columns: dict[str, list[str]] = {}
    for one in observations:
        for name, value in one.values.items():
            columns.setdefault(name, []).append(value)
    numbers = {name: [number(value) for value in column] for name, column in columns.items()}
    told = {name: [float(one) for one in column if one is not None] for name, column in numbers.items()}
    return {name: max(found) - min(found) for name, found in told.items() if len(found) == len(columns[name])}


def _alikeness(case: Case, other: Case, spans: Mapping[str, float]) -> float:
    """How many attributes two cases share; numbers count by how near they are."""
    return sum(_closeness(case.values.get(name), value, spans.get(name)) for name, value in other.values.items())


def _closeness(one: str | None, other: str, span: float | None) -> float:
    if one is None or not span:
        return float(one == other)
    first, second = number(one), number(other)
    return float(one == other) if first is None or second is None else 1 - abs(float(first - second)) / span
