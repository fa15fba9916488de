"""The decision list that tells what was observed in the fewest words, found by local search over whole lists.

Idea: a list of rules is tried from its first rule on; a rule is a few conditions and an answer. A list's score is the
logarithm of how likely the feedback is, given the answer that the list names for each observation, less what it takes
to write the list down (Rissanen 1978; lists of rules: Rivest 1987). That an answer turned out wrong says only that
another one is right, so no label is needed; a label says more, because it is as likely as any other one where no rule
applies, while an answer is then as likely right as wrong. Rules are put in, replaced, moved and taken out, always the
change that gains most, until none gains. All conjunctions of up to three conditions that occur are candidates for
every place, and all of them are scored at once.

Needs numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb, log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from addenda.memories.notes.language import Condition
from addenda.memories.notes.literals import Literal

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Rule: TypeAlias = tuple[int, int]
"""A candidate for the conditions, and an answer, both by number."""
_Grown: TypeAlias = tuple[tuple[int, ...], Bools]
"""The literals of a conjunction by number, rising, and what it holds of."""

_Scored: TypeAlias = tuple[float, tuple[Rule, ...]]
"""A list and its score."""

MOST_CONJUNCTIONS = 12_000
"""Candidates at most. Of more, longer conjunctions grow only from those that tell the answers apart best."""

_RULE_COST = 1.0
_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the observations say about each answer."""

    expected: Bools
    """(observations, answers): whether the feedback is the one to be expected if that answer is the right one."""
    named: Bools
    """(observations,): whether the feedback names the right answer, which says more than whether one was right."""

    def likelihood(self, noise: float) -> Floats:
        """(observations, answers): log-likelihood of the feedback where the list names that answer.

        ``noise`` is the share of feedback that is wrong, above 0 and below one half. A wrong label is any of the other
        answers.
        """
        others = log(max(1, self.expected.shape[1] - 1))
        return np.where(self.expected, log(1 - noise), log(noise) - others * self.named[:, None])

    def unreached(self) -> Floats:
        """(observations,): log-likelihood of the feedback where no rule of the list applies: anything is as likely."""
        return -np.log(np.where(self.named, max(2, self.expected.shape[1]), 2))


@dataclass(frozen=True, slots=True)
class Conjunctions:
    """Candidates for the conditions of a rule, no two of which hold of the same observations."""

    conditions: tuple[tuple[Condition, ...], ...]
    """For each what must hold; one of them holds of all observations, for a rule that always applies."""
    covers: Bools
    """(candidates, observations): which observations each holds of."""
    weights: npt.NDArray[np.float32]
    """The same as numbers, for products."""
    cost: Floats
    """(candidates,): natural logarithm of how many conjunctions of the same length there are."""

    def holding_of(self, observations: Bools) -> int | None:
        """The candidate that holds of exactly these observations."""
        found = np.flatnonzero((self.covers == observations).all(axis=1))
        return int(found[0]) if found.size else None

    def always(self) -> int:
        """The candidate that holds of all observations."""
        return int(self.covers.all(axis=1).argmax())


def conjunctions(
    literals: Sequence[Literal],
    given: Sequence[tuple[tuple[Condition, ...], Bools]],
    feedback: Feedback,
    *,
    longest: int,
    least: int,
) -> Conjunctions:
    """All conjunctions of up to ``longest`` literals on different attributes that hold of ``least`` observations.

    Of those that hold of the same observations, one that was given counts, else the shortest. Where there would be too
    many, the longer ones are grown from those that tell the answers apart best.

    Args:
        literals: Single conditions.
        given: Conditions that are candidates in any event, and what each holds of.
        feedback: What the observations say.
        longest: Conditions of a candidate at most.
        least: Observations that it holds of at least.
    """
    count = feedback.expected.shape[0]
    everything = np.ones(count, np.bool_)
    single = np.array([_unpacked(literal.covers, count) for literal in literals], np.bool_).reshape(-1, count)
    weights = single.astype(np.float32)
    attributes = np.array([literal.condition.attribute for literal in literals])
    found = {covered.tobytes(): (conditions, covered) for conditions, covered in reversed(given)}
    found.setdefault(everything.tobytes(), ((), everything))
    level: list[_Grown] = [((), everything)]
    for _ in range(longest):
        longer: dict[bytes, _Grown] = {}
        parents = _telling(level, feedback, MOST_CONJUNCTIONS // max(1, len(literals)))
        counts = np.array([row for _, row in parents], np.float32) @ weights.T
        for (members, covered), held in zip(parents, counts, strict=True):
            enough = held >= least
            enough[: members[-1] + 1 if members else 0] = False
            for one in members:
                enough &= attributes != literals[one].condition.attribute
            places = np.flatnonzero(enough)
            for place, both in zip(places.tolist(), single[places] & covered, strict=True):
                longer.setdefault(both.tobytes(), ((*members, place), both))
        for key, (members, covered) in longer.items():
            found.setdefault(key, (tuple(literals[one].condition for one in members), covered))
        level = list(longer.values())
        if not level:
            break
    cost = [log(comb(max(len(literals), len(conditions)), len(conditions))) for conditions, _ in found.values()]
    covers = np.array([covered for _, covered in found.values()])
    written = tuple(conditions for conditions, _ in found.values())
    return Conjunctions(written, covers, covers.astype(np.float32), np.array(cost))


def _telling(level: list[_Grown], feedback: Feedback, most: int) -> list[_Grown]:
    """Those of these conjunctions, at most so many, for which one answer explains the feedback best; in order."""
    if len(level) <= most:
        return level
    worth = (np.array([row for _, row in level], np.float64) @ (feedback.expected - 0.5)).max(axis=1)
    best = np.argsort(-worth, kind="stable")[:most]
    return [level[place] for place in sorted(best.tolist())]


def _unpacked(bits: int, count: int) -> Bools:
    raw = np.frombuffer(bits.to_bytes(-(-count // 8), "little"), np.uint8)
    return np.unpackbits(raw, count=count, bitorder="little").astype(np.bool_)


class ListSearch:
    """Looks for the best list of rules over given candidates.

    What a list leads to does not depend on how it was come by, so searches from several beginnings share their ways.
    """

    def __init__(self, candidates: Conjunctions, feedback: Feedback, noise: float) -> None:
        """Take the candidates, and what the observations say if a share ``noise`` of the feedback is wrong."""
        self._covers = candidates.covers
        self._weights = candidates.weights
        self._table = feedback.likelihood(noise)
        self._unreached = feedback.unreached()
        self._cost = candidates.cost + log(max(1, self._table.shape[1])) + _RULE_COST
        self._costs = self._cost[:, None].astype(np.float32)
        self._ends: dict[tuple[Rule, ...], _Scored] = {}
        self._best: dict[tuple[tuple[Rule, ...], tuple[Rule, ...]], _Scored] = {}

    def score(self, rules: Sequence[Rule]) -> float:
        """Log-likelihood of the feedback under a list, less what it takes to write the list down."""
        return self._less_cost(self._explained(rules), rules)

    def improve(self, start: Sequence[Rule]) -> tuple[list[Rule], float]:
        """The best list that single changes lead to from ``start``, and its score."""
        found: _Scored = self.score(start), tuple(start)
        passed: list[tuple[Rule, ...]] = []
        while found[1] not in self._ends:
            passed.append(found[1])
            better = max(self._changed(found[1]), key=lambda one: one[0])
            if better[0] <= found[0] + _GAIN:  # costlier changes are tried only where no other gains
                better = max(self._moved(found[1]), key=lambda one: one[0], default=found)
            if better[0] <= found[0] + _GAIN:
                self._ends[found[1]] = found
            else:
                found = better
        score, rules = self._ends[found[1]]
        self._ends |= dict.fromkeys(passed, (score, rules))
        return list(rules), score

    def _less_cost(self, explained: Floats, rules: Sequence[Rule]) -> float:
        return float(explained.sum() - sum(self._cost[candidate] for candidate, _ in rules))

    def _explained(self, rules: Sequence[Rule]) -> Floats:
        """(observations,): log-likelihood of each one's feedback under a list."""
        value = self._unreached.copy()
        for candidate, answer in reversed(rules):
            covered = self._covers[candidate]
            value[covered] = self._table[covered, answer]
        return value

    def _changed(self, rules: tuple[Rule, ...]) -> Iterator[_Scored]:
        """Scores and lists one change away: one rule more, one less, or another one in its place."""
        yield from self._with_one_more(rules)
        for place in range(len(rules)):
            head, tail = rules[:place], rules[place + 1 :]
            yield self.score([*head, *tail]), (*head, *tail)
            yield self._with_best(head, tail)

    def _moved(self, rules: tuple[Rule, ...]) -> Iterator[_Scored]:
        """Scores and lists with one rule less and the best other one anywhere for it."""
        for place in range(len(rules)):
            yield from self._with_one_more((*rules[:place], *rules[place + 1 :]))

    def _with_one_more(self, rules: tuple[Rule, ...]) -> Iterator[_Scored]:
        return (self._with_best(rules[:place], rules[place:]) for place in range(len(rules) + 1))

    def _with_best(self, head: tuple[Rule, ...], tail: tuple[Rule, ...]) -> _Scored:
        """The list with the rule between ``head`` and ``tail`` that gains most, and its score."""
        if (head, tail) not in self._best:
            reached = np.ones(self._table.shape[0], np.bool_)
            for candidate, _ in head:
                reached &= ~self._covers[candidate]
            gain = (self._table - self._explained(tail)[:, None]) * reached[:, None]
            total = self._weights @ gain.astype(np.float32) - self._costs
            candidate, answer = divmod(int(total.argmax()), total.shape[1])
            rules = (*head, (candidate, answer), *tail)
            self._best[head, tail] = self.score(rules), rules
        return self._best[head, tail]
