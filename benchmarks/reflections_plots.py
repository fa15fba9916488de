"""The plot in docs/memories/reflections-measured.md: one panel for each part that is better looked at than read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks import results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGE = Path(__file__).parent.parent / "docs" / "images" / "reflections-benchmark.svg"
_SHARES: Mapping[str, str] = {
    "one_hop": "one step",
    "one_hop_blind": "blind wordings",
    "reversed": "from the value",
    "idk_outside": "refused outside the corpus",
}
_COLUMNS = 2
_Part = Mapping[str, Mapping[str, object]]


def draw(path: Path, *, quick: bool) -> None:
    """Draw the parts that were measured; nothing where none of them was."""
    end = ".quick.json" if quick else ".json"
    files = {name: results.RESULTS / f"reflections.{name}{end}" for name in _PANELS}
    parts = {
        name: cast("_Part", json.loads(file.read_text(encoding="utf-8")))
        for name, file in files.items()
        if file.is_file()
    }
    if not parts:
        return
    columns = min(len(parts), _COLUMNS)
    rows = math.ceil(len(parts) / columns)
    figure = Figure(figsize=(4.6 * columns, 3.6 * rows))
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel in panels[len(parts) :]:
        panel.remove()
    for panel, (name, part) in zip(panels, parts.items(), strict=False):
        _PANELS[name](panel, part)
        panel.grid(color="#e6e8eb", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    # Without a salt of ours every drawing names its elements anew, and the same numbers make another file.
    with rc_context({"svg.hashsalt": IMAGE.stem}):
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def _updates(panel: Axes, part: _Part) -> None:
    """What each strategy keeps of the old and learns of the new, and what it costs."""
    rows = cast("Mapping[str, Mapping[str, float]]", part["metrics"]["strategies"])
    default = part["metrics"]["default"]
    for shift, (key, label) in ((0.18, ("old_one_hop", "the old")), (-0.18, ("new_one_hop", "the new"))):
        places = [shift - at for at in range(len(rows))]
        panel.barh(places, [row[key] for row in rows.values()], height=0.34, label=label)
    names = [f"{name.replace('_', ' ')}{' (default)' if name == default else ''}" for name in rows]
    panel.set_yticks([-at for at in range(len(rows))], names, fontsize=8)
    for at, row in enumerate(rows.values()):
        panel.text(1.04, -at, f"{row['update_cost']:.2f}", fontsize=8, va="center")
    panel.text(1.04, 1, "tokens", fontsize=8, va="center")
    panel.set_xlim(0, 1.02)
    panel.set_xlabel("right answers about")
    panel.set_title("an update", fontsize=10)
    panel.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _lines(panel: Axes, rows: Sequence[Mapping[str, float]], over: str, title: str) -> None:
    for name, label in _SHARES.items():
        panel.plot([row[over] for row in rows], [row[name] for row in rows], marker="o", markersize=4, label=label)
    panel.set_ylim(-0.03, 1.05)
    panel.set_ylabel("share of the questions")
    panel.set_title(title, fontsize=10)
    panel.legend(frameon=False, fontsize=8, loc="lower left")


def _capacity(panel: Axes, part: _Part) -> None:
    _lines(panel, cast("Sequence[Mapping[str, float]]", part["details"]["rows"]), "facts", "a larger corpus")
    panel.set_xlabel("facts")


def _noise(panel: Axes, part: _Part) -> None:
    rows = cast("Sequence[Mapping[str, float]]", part["details"]["rows"])
    _lines(panel, rows, "times", "documents nobody asks about")
    panel.set_xticks([row["times"] for row in rows])
    panel.set_xlabel("times as many as those asked about")


def _latency(panel: Axes, part: _Part) -> None:
    metrics = cast("Mapping[str, float]", part["metrics"])
    sizes = [name.removeprefix("reflections_") for name in metrics if name.startswith("reflections_")]
    held = [metrics[f"reflections_{size}"] for size in sizes]
    for how, label in (("direct", "asked directly"), ("protocol", "through the protocol")):
        panel.plot(held, [metrics[f"{how}_ms_{size}"] for size in sizes], marker="o", markersize=4, label=label)
    panel.set_xscale("log")
    panel.set_xticks(held, [f"{one:,.0f}" for one in held], minor=False)
    panel.minorticks_off()
    panel.set_ylim(bottom=0)
    panel.set_xlabel("reflections")
    panel.set_ylabel("milliseconds of a question, median")
    panel.set_title("time of a question, guard on", fontsize=10)
    panel.legend(frameon=False, fontsize=8)


_PANELS: Mapping[str, Callable[[Axes, _Part], None]] = {
    "updates": _updates,
    "capacity": _capacity,
    "noise": _noise,
    "latency": _latency,
}
