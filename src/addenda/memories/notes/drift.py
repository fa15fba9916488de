"""Drift: whether, and from which observation on, other rules hold than before.

Idea: feedback that two lists of rules, one before a moment and one after it, explain in fewer words than one list can
comes from rules that changed at that moment (minimum description length, Rissanen 1978). What the second list has in
common with the first need not be written down again, so a single rule that changed is noticed early. Only moments are
tried after which the rules there are surprise more often than before, and of these the few at which the change is
sharpest.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import log

from addenda.intervals import wilson
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.induction import Induced, InductionSettings, induce
from addenda.memories.notes.lists import ListedRule, surprises

MOST_BATCHES = 12
"""So many batches before the last observation a change is looked for."""
MOST_CUTS = 3
"""So many moments are tried with lists of their own: those at which the share of surprises changes most."""


def learned_since_change(
    rules: Sequence[ListedRule],
    observations: Sequence[Observation],
    *,
    batch: int,
    margin: float,
    induction: InductionSettings,
) -> tuple[int, Induced]:
    """The place of the first observation under other rules, and the list that those from there on show.

    The place is 0 where one list explains them all best.

    Args:
        rules: The list that holds.
        observations: With feedback, the oldest first.
        batch: Observations that count as one batch; a change is looked for between batches.
        margin: Nats by which two lists must be better than one.
        induction: How lists are learned.

    Raises InvalidInput and MissingDependency as :func:`~.induction.induce` does.
    """
    one = induce(observations, rules, induction)
    found, most = 0, one.score + margin
    for cut in _sharpest(rules, observations, batch):
        before = induce(observations[:cut], rules, induction)
        known = [(rule.conditions, rule.answer) for rule in before.rules]
        after = induce(observations[cut:], known, induction, familiar=True)
        if before.score + after.score > most:
            found, most = cut, before.score + after.score
    return (0, one) if found == 0 else (found, induce(observations[found:], rules, induction))


def _sharpest(rules: Sequence[ListedRule], observations: Sequence[Observation], batch: int) -> list[int]:
    """The moments at which the share of surprises changes most, the sharpest last."""
    told = [surprises(rules, [one] if one.values else []) for one in observations]
    contrasts = {
        cut: _contrast(list(chain(*told[:cut])), list(chain(*told[cut:])))
        for back in range(1, MOST_BATCHES + 1)
        if batch <= (cut := len(observations) - back * batch)
    }
    return sorted((cut for cut in contrasts if contrasts[cut] > 0), key=lambda cut: contrasts[cut])[-MOST_CUTS:]


def _contrast(before: Sequence[bool], after: Sequence[bool]) -> float:
    """How much better surprises are explained when their share differs before and after a moment, in nats.

    It is 0 where there are not more of them after it than before, beyond chance, or nothing to compare with.
    """
    if not before or wilson(sum(after), len(after))[0] <= (sum(before) + 1) / (len(before) + 2):
        return 0.0
    return _told(before) + _told(after) - _told([*before, *after])


def _told(surprised: Sequence[bool]) -> float:
    """Log-likelihood of surprises at their own share, one of each kind taken for granted."""
    share = (sum(surprised) + 1) / (len(surprised) + 2)
    return sum(log(share if one else 1 - share) for one in surprised)
