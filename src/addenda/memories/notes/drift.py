"""Drift: whether, and from which observation on, other rules hold than before.

Idea: feedback that two lists of rules, one before a moment and one after it, explain in fewer words than one list can
comes from rules that changed at that moment (minimum description length, Rissanen 1978). Only moments are tried after
which the rules there are surprise more often than before, so that nothing is computed as long as all is well, and of
these the few at which the change is sharpest.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from addenda.intervals import wilson
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.induction import InductionSettings, induce
from addenda.memories.notes.lists import ListedRule, surprises

MOST_BATCHES = 12
"""So many batches before the last observation a change is looked for."""
MOST_CUTS = 3
"""So many moments are tried with lists of their own: those at which the share of surprises changes most."""


def changed_at(
    rules: Sequence[ListedRule],
    observations: Sequence[Observation],
    *,
    batch: int,
    margin: float,
    induction: InductionSettings,
) -> int:
    """The place of the first observation under other rules; 0 where one list explains them all best.

    Args:
        rules: The list that holds.
        observations: With feedback, the oldest first.
        batch: Observations that count as one batch; a change is looked for between batches.
        margin: Nats by which two lists must be better than one.
        induction: How lists are learned.
    """
    contrasts = {
        cut: _contrast(rules, observations, cut)
        for back in range(1, MOST_BATCHES + 1)
        if batch <= (cut := len(observations) - back * batch)
    }
    sharpest = sorted((cut for cut in contrasts if contrasts[cut] > 0), key=lambda cut: contrasts[cut])
    cuts = sharpest[-MOST_CUTS:]
    if not cuts:
        return 0
    one = induce(observations, rules, induction).score + margin
    gains = {cut: _two(rules, observations, cut, induction) - one for cut in cuts}
    best = max(gains, key=lambda cut: gains[cut])
    return best if gains[best] > 0 else 0


def _two(
    rules: Sequence[ListedRule], observations: Sequence[Observation], cut: int, induction: InductionSettings
) -> float:
    """How well two lists explain the feedback, one up to the cut and one from there on."""
    return sum(induce(some, rules, induction).score for some in (observations[:cut], observations[cut:]))


def _contrast(rules: Sequence[ListedRule], observations: Sequence[Observation], cut: int) -> float:
    """How much better the surprises are explained when their share differs before and after a cut, in nats.

    It is 0 where the rules do not surprise more often after it than before, beyond chance.
    """
    before, after = surprises(rules, observations[:cut]), surprises(rules, observations[cut:])
    if wilson(sum(after), len(after))[0] <= (sum(before) + 1) / (len(before) + 2):
        return 0.0
    return _told(before) + _told(after) - _told([*before, *after])


def _told(surprised: Sequence[bool]) -> float:
    """Log-likelihood of surprises at their own share, one of each kind taken for granted."""
    share = (sum(surprised) + 1) / (len(surprised) + 2)
    return sum(log(share if one else 1 - share) for one in surprised)
