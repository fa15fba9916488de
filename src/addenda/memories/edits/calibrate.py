"""Choose the one threshold of the gate.

Given scores of prompts that an edit should act on and of prompts that none should, tau is the value with the largest
sum of the share of right hits and the share of right refusals; within a plateau, its middle. The data must not be
what is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from addenda.errors import InvalidInput


def choose_tau(positives: Sequence[tuple[float, bool]], negatives: Sequence[float], weight: float = 1.0) -> float:
    """The threshold for ``positives`` (best score, whether the right edit had it) and ``negatives`` (best score).

    ``weight`` says how much a wrong hit costs against a missed one. Raises InvalidInput when either is empty.
    """
    if not positives or not negatives:
        raise InvalidInput(
            f"calibration needs both kinds of prompts, got {len(positives)} positive, {len(negatives)} negative"
        )
    edges = sorted({0.0, 1.0, *(score for score, _ in positives), *negatives})
    # Between two neighbouring scores nothing changes, so one threshold in each gap is enough.
    tried = [(low + high) / 2 for low, high in pairwise(edges)]

    def gain(tau: float) -> float:
        hits = sum(right and score >= tau for score, right in positives) / len(positives)
        refusals = sum(score < tau for score in negatives) / len(negatives)
        return hits + weight * refusals

    gains = [gain(tau) for tau in tried]
    best = max(gains)
    plateau = [tau for tau, value in zip(tried, gains, strict=True) if value == best]
    return round((plateau[0] + plateau[-1]) / 2, 4)
