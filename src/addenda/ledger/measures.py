"""Numbers in events: kept so that no platform's floating point can change a hash."""

from __future__ import annotations

import math
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, PlainSerializer


def _measure(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a measure must be a finite number")
    return round(value, 6) + 0.0


Measure: TypeAlias = Annotated[
    float,
    AfterValidator(_measure),
    PlainSerializer(lambda value: f"{value:.6f}", return_type=str, when_used="json"),
]
"""A number kept to six decimals; hashed as decimal text, so that no platform's floating point matters."""
