"""The plots of the demo's report, drawn as SVG so that the page stays one self-contained file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from addenda.demo.scoring import Group

_INK, _LIVE, _FLOOR = "#33373d", "#1769aa", "#b0b7c0"
_LINES = ((_LIVE, "o", "-"), ("#c25e00", "s", "-"), ("#6b4c9a", "^", "--"), ("#7a828c", "v", ":"))
"""Colour, marker and style of lines in one plot, which are told apart without colours, too."""


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _axes(width: float = 6.4, height: float = 3.2):  # noqa: ANN202 - matplotlib's Axes is only partially typed
    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def score_bars(rates: Mapping[Group, float], floors: Mapping[Group, float], targets: Mapping[Group, float]) -> str:
    """Score of each group beside what the unedited model reaches, with the targets as marks."""
    figure, axes = _axes(width=7.2)
    names = list(rates)
    for offset, values, colour, label in (
        (-0.2, floors, _FLOOR, "unedited model"),
        (0.2, rates, _LIVE, "with the changes"),
    ):
        bars = axes.bar([i + offset for i in range(len(names))], [values[n] for n in names], 0.38, color=colour)
        axes.bar_label(bars, fmt="{:.2f}", fontsize=8, color=_INK, padding=3)
        bars.set_label(label)
    for i, name in enumerate(names):
        if name in targets:
            label = "target" if i == 0 else None
            axes.plot([i, i + 0.4], [targets[name]] * 2, color="#c0392b", linewidth=1.6, label=label)
    axes.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize=7)
    axes.set_ylim(0, 1.22)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper center")
    return _svg(figure)


def score_by_edits(points: Sequence[tuple[int, Mapping[Group, float]]]) -> str:
    """Each score against the number of edits that are live."""
    figure, axes = _axes()
    for name in points[-1][1]:
        axes.plot([count for count, _ in points], [rates[name] for _, rates in points], marker="o", label=name)
    axes.set_xlabel("edits that are live")
    axes.set_ylabel("exact match, free generation")
    axes.set_ylim(0, 1.05)
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def retention_by_age(right: Sequence[float], edits: int) -> str:
    """Share of edits still answered right at the end, by when they were made, in equal parts (the oldest first)."""
    figure, axes = _axes()
    size = edits // len(right)
    labels = [f"{size * i + 1}-{size * (i + 1)}" for i in range(len(right))]
    bars = axes.bar(labels, right, color=_LIVE)
    axes.bar_label(bars, fmt="{:.2f}", fontsize=8, color=_INK)
    axes.set_xlabel("edits, in the order in which they were made")
    axes.set_ylabel("right after all edits")
    axes.set_ylim(0, 1.1)
    axes.tick_params(axis="x", labelsize=7)
    return _svg(figure)


def seconds_per_edit(points: Sequence[tuple[int, float]]) -> str:
    """Seconds to make one edit, against the number of edits that were already live."""
    figure, axes = _axes()
    axes.plot([count for count, _ in points], [1000 * seconds for _, seconds in points], marker="o", color=_LIVE)
    axes.set_xlabel("edits that are live after the portion")
    axes.set_ylabel("milliseconds per edit")
    axes.set_ylim(0, 1150 * max(seconds for _, seconds in points))
    return _svg(figure)


def share_by_batch(curves: Mapping[str, Sequence[float]], events: Mapping[int, str], target: float) -> str:
    """Right answers as each batch comes in, one line for each condition, and what happened between batches.

    Args:
        curves: For each condition the shares, from batch 1 on, and last that after all of them.
        events: What happened just before a batch, by its number.
        target: A share that is marked.
    """
    figure, axes = _axes(width=9.6, height=4.4)
    count = len(next(iter(curves.values())))
    axes.axhline(target, color=_FLOOR, linewidth=1, linestyle=(0, (4, 3)))
    for shares, (colour, marker, style) in zip(curves.values(), _LINES, strict=False):
        width = 2.6 if colour == _LIVE else 1.5
        axes.plot(range(1, count + 1), shares, style, marker=marker, color=colour, linewidth=width, markersize=4.5)
    heights = _apart({name: shares[-1] for name, shares in curves.items()}, gap=0.06)
    for (name, height), (colour, _, _) in zip(heights.items(), _LINES, strict=False):
        weight = "bold" if colour == _LIVE else "normal"
        axes.text(count + 0.3, height, name, color=colour, fontsize=9, va="center", fontweight=weight)
    for number, (before, name) in enumerate(events.items()):
        # The first stands left of its line and the others right of theirs, so that neighbours do not overlap.
        side = ("right", -0.1) if number == 0 else ("left", 0.1)
        axes.axvline(before - 0.5, color=_INK, linewidth=1, linestyle=":")
        axes.text(before - 0.5 + side[1], 1.09, name, color=_INK, fontsize=9, ha=side[0], va="center")
    axes.set_xlim(0.6, count + 0.2)
    axes.set_ylim(0, 1.15)
    axes.set_xticks(range(1, count + 1), [*map(str, range(1, count)), "end"], fontsize=8)
    axes.set_yticks([0, 0.25, 0.5, 0.75, target, 1.0])
    axes.set_xlabel("batch of cases that comes in")
    axes.set_ylabel("share of held-out cases answered right")
    return _svg(figure)


def shares_by_executive(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Share of right answers under each executive, one bar for each kind of question."""
    figure, axes = _axes()
    kinds = list(next(iter(shares.values())))
    width = 0.8 / len(kinds)
    for number, (kind, (colour, _, _)) in enumerate(zip(kinds, _LINES, strict=False)):
        places = [i + (number - (len(kinds) - 1) / 2) * width for i in range(len(shares))]
        bars = axes.bar(places, [rates[kind] for rates in shares.values()], 0.94 * width, color=colour, label=kind)
        axes.bar_label(bars, fmt="{:.2f}", fontsize=8, color=_INK, padding=3)
    axes.set_xticks(range(len(shares)), list(shares), fontsize=9)
    axes.set_xlabel("executive")
    axes.set_ylabel("right answers")
    axes.set_ylim(0, 1.25)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.legend(frameon=False, fontsize=8, ncols=len(kinds), loc="upper left")
    return _svg(figure)


def validation_curve(curves: Mapping[str, Sequence[tuple[int, float]]], chosen: int) -> str:
    """What was measured as a training went on, one line for each measure, and the step whose weights are kept."""
    figure, axes = _axes()
    axes.plot([chosen, chosen], [0, 1.05], color=_FLOOR, linewidth=1, linestyle=(0, (4, 3)))
    for (name, points), (colour, marker, style) in zip(curves.items(), _LINES, strict=False):
        steps, values = [step for step, _ in points], [value for _, value in points]
        axes.plot(steps, values, style, marker=marker, color=colour, markersize=4.5, label=name)
    axes.set_xlabel("step of the training")
    axes.set_ylabel("share")
    axes.set_ylim(0, 1.42)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper left")
    return _svg(figure)


def _apart(heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """The heights, moved so that neighbours are at least ``gap`` apart."""
    placed: dict[str, float] = {}
    last = float("-inf")
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = placed[name] = max(height, last + gap)
    return {name: placed[name] for name in heights}
