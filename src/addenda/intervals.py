"""How far counts carry: the Wilson interval of a share.

Source: Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference". The interval stays within
0 and 1 and is of use with few trials, where the usual one is not.
"""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054
"""Standard deviations of a two-sided 95 % interval."""


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
