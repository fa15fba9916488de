"""Plots: everything fits below the highest tick, and ticks are numbers that people read at a glance."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.surfaces.web.plots import Column, Point, columns, line


def ticks(plot: str) -> list[float]:
    return [float(found) for found in re.findall(r'text-anchor="end"[^>]*>([-\d.e+]+)<', plot)]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 1, 2, 3, 4]),
        (1, [0, 1, 2, 3, 4]),
        (6, [0, 2, 4, 6, 8]),
        (30, [0, 10, 20, 30, 40]),
        (4000, [0, 1000, 2000, 3000, 4000]),
    ],
)
def test_counts_have_whole_ticks(highest: int, expected: list[float]) -> None:
    assert ticks(columns("Counts", "Some.", [Column("today", (highest,))], ["good"])) == expected


def test_no_counts_are_a_plot_too() -> None:
    assert ticks(columns("Counts", "None.", [], ["good"])) == [0, 1, 2, 3, 4]


@given(st.floats(min_value=1e-3, max_value=1e5))
def test_a_line_stays_below_the_highest_tick_and_uses_the_height(value: float) -> None:
    points = [Point(0.0, 0.0, "then"), Point(1.0, value, "now")]
    *_, highest = ticks(line("Seconds", "Some.", points, "own"))
    assert value <= highest * 1.01
    assert highest <= 2.5 * value
