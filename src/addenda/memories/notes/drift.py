"""Drift: whether, and from which observation on, other rules hold than before.

Idea: feedback that two lists of rules, one before a moment and one after it, explain in fewer words than one list can
comes from rules that changed at that moment (minimum description length, Rissanen 1978). Only moments are tried after
which the rules there are surprise more often than before, so that nothing is computed as long as all is well.
"""

from __future__ import annotations

from collections.abc import Sequence

from addenda.memories.notes.cases import Observation
from addenda.memories.notes.confidence import wilson
from addenda.memories.notes.induction import InductionSettings, induce
from addenda.memories.notes.lists import ListedRule, surprises

MOST_BATCHES = 12
"""So many batches before the last observation a change is looked for."""


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
    cuts = [
        cut
        for back in range(1, MOST_BATCHES + 1)
        if batch <= (cut := len(observations) - back * batch) and _worse_after(rules, observations, cut)
    ]
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


def _worse_after(rules: Sequence[ListedRule], observations: Sequence[Observation], cut: int) -> bool:
    """Whether the rules surprise more often after a cut than before it, beyond chance."""
    before, after = surprises(rules, observations[:cut]), surprises(rules, observations[cut:])
    return wilson(sum(after), len(after))[0] > (sum(before) + 1) / (len(before) + 2)
