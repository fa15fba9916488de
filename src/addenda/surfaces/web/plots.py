"""Plots as SVG, made here: nothing is loaded, drawn by scripts or styled inline.

Each has a title and a description for those who hear it; the numbers themselves stand in a table beside it. Colours are
classes of the style sheet, so that they follow the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from markupsafe import Markup

_WIDTH, _HEIGHT = 560, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 30
_ROW, _NAMES = 26, 190
_WIDEST = 26
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One column of stacked counts."""

    label: str
    parts: tuple[float, ...]
    """From the bottom up, in the order of the classes."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar."""

    label: str
    value: float
    shown: str
    """The value in words."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line."""

    at: float
    value: float
    label: str


def columns(title: str, description: str, data: Sequence[Column], classes: Sequence[str]) -> Markup:
    """Stacked columns in the order given.

    Args:
        title: What is plotted.
        description: What can be seen, in a sentence.
        data: The columns.
        classes: Of the style sheet, one for each part.
    """
    # Below that the ticks of counts would be fractions.
    top = _ceiling(max([_TICKS, *(sum(column.parts) for column in data)]))
    inner, step = _HEIGHT - _TOP - _BOTTOM, (_WIDTH - _LEFT - _RIGHT) / max(1, len(data))
    width = min(_WIDEST, step * 0.7)
    drawn = [_grid(top)]
    every = max(1, ceil(len(data) / 7))
    for index, column in enumerate(data):
        x, y = _LEFT + step * (index + 0.5), float(_HEIGHT - _BOTTOM)
        for part, name in zip(column.parts, classes, strict=True):
            height = inner * part / top
            y -= height
            if part:
                drawn.append(_rect(x - width / 2, y, width, height, name))
        if index % every == 0:
            drawn.append(_text(x, _HEIGHT - 10, column.label, "middle"))
    return _svg(title, description, _HEIGHT, drawn)


def bars(title: str, description: str, data: Sequence[Bar], name: str, top: float | None = None) -> Markup:
    """Horizontal bars; ``top`` is the value of a full one, by default the largest."""
    full = max((bar.value for bar in data), default=0) if top is None else top
    room = _WIDTH - _NAMES - 80
    drawn: list[Markup] = []
    for index, bar in enumerate(data):
        y = _TOP + index * _ROW
        label = bar.label if len(bar.label) <= 26 else bar.label[:25] + "…"
        length = room * bar.value / full if full else 0
        drawn.append(_text(_NAMES - 10, y + 15, label, "end"))
        drawn.append(_rect(_NAMES, y + 3, max(length, 1.5), 16, name))
        drawn.append(_text(_NAMES + max(length, 1.5) + 8, y + 15, bar.shown, "start"))
    return _svg(title, description, _TOP * 2 + _ROW * max(1, len(data)), drawn)


def line(title: str, description: str, data: Sequence[Point], name: str, top: float | None = None) -> Markup:
    """Points in time, joined."""
    highest = _ceiling(max((point.value for point in data), default=0)) if top is None else top
    first, last = (data[0].at, data[-1].at) if data else (0.0, 1.0)
    spread = (last - first) or 1.0
    inner, room = _HEIGHT - _TOP - _BOTTOM, _WIDTH - _LEFT - _RIGHT - 16
    alone = len(data) == 1
    places = [
        (_LEFT + 8 + (room / 2 if alone else room * (point.at - first) / spread),
         _HEIGHT - _BOTTOM - inner * min(point.value, highest) / highest)
        for point in data
    ]  # fmt: skip
    drawn = [_grid(highest)]
    drawn += [
        Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(name, *one, *other)
        for one, other in pairwise(places)
    ]
    drawn += [Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(name, *place) for place in places]
    for index in sorted({0, len(data) - 1}) if data else ():
        anchor = "middle" if alone else "start" if index == 0 else "end"
        drawn.append(_text(places[index][0], _HEIGHT - 10, data[index].label, anchor))
    return _svg(title, description, _HEIGHT, drawn)


def _ceiling(value: float) -> float:
    """A number that is not less, and whose ticks are round numbers."""
    if value <= 0:
        return 1.0
    least = value / _TICKS
    power = 10.0 ** floor(log10(least))
    return _TICKS * float(next(step * power for step in (1, 2, 5, 10) if step * power >= least))


def _grid(top: float) -> Markup:
    inner = _HEIGHT - _TOP - _BOTTOM
    drawn: list[Markup] = []
    for tick in range(_TICKS + 1):
        y = _HEIGHT - _BOTTOM - inner * tick / _TICKS
        drawn.append(Markup('<line class="grid" x1="{}" y1="{:.1f}" x2="{}" y2="{:.1f}"/>').format(
            _LEFT, y, _WIDTH - _RIGHT, y
        ))  # fmt: skip
        drawn.append(_text(_LEFT - 6, y + 4, f"{top * tick / _TICKS:.3g}", "end"))
    return Markup().join(drawn)


def _rect(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
        name, x, y, width, height
    )


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _svg(title: str, description: str, height: int, drawn: Sequence[Markup]) -> Markup:
    head = Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>'
    ).format(_WIDTH, height, f"{title}. {description}", title, description)
    return head + Markup().join(drawn) + Markup("</svg>")
