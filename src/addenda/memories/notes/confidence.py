"""How far counted evidence carries: the share of observations that speak for something, with its interval.

Source: Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference". The interval stays within
0 and 1 and is of use with few observations, where the usual one is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""Standard deviations of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many observations speak for something and against it."""

    supporting: int
    contradicting: int

    @property
    def share(self) -> float:
        """The share that speaks for it; one half while nothing speaks at all."""
        counted = self.supporting + self.contradicting
        return self.supporting / counted if counted else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of that share; from 0 to 1 while nothing speaks at all."""
        return wilson(self.supporting, self.supporting + self.contradicting)

    def __str__(self) -> str:
        """In words, for the line that a model or a person sees."""
        low, high = self.interval
        counted = self.supporting + self.contradicting
        return f"{self.supporting} of {counted} observations, {low:.2f} to {high:.2f}" if counted else "no observations"


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """The Wilson interval of a share.

    Args:
        successes: From 0 to ``trials``.
        trials: How often it was tried; with 0 the interval is everything.
        z: Standard deviations on either side.
    """
    if trials == 0:
        return 0.0, 1.0
    share, squared = successes / trials, z * z / trials
    middle = share + squared / 2
    reach = z * sqrt(share * (1 - share) / trials + squared / (4 * trials))
    low, high = (middle - reach) / (1 + squared), (middle + reach) / (1 + squared)
    return (0.0 if successes == 0 else low), (1.0 if successes == trials else high)
