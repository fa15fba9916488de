"""The plot beside ``benchmarks/results/edits.json``: scores against the number of edits, by method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from matplotlib.figure import Figure

from addenda.demo.scoring import GROUPS

NAMES = {
    "ours": "ours, isolated",
    "ours_shared": "ours, shared matrix",
    "paper": "paper mode",
    "finetune": "fine-tuning",
}


def draw(details: Mapping[str, object], path: Path) -> None:
    """Draw one panel for each score; lines are methods (for ours, the mean over seeds)."""
    runs = cast("list[dict[str, object]]", details["runs"])
    figure = Figure(figsize=(18, 3.2))
    panels = figure.subplots(1, len(GROUPS), sharey=True)
    for panel, group in zip(panels, GROUPS, strict=True):
        for method, name in NAMES.items():
            curves = [cast("dict[str, dict[str, float]]", r["by_count"]) for r in runs if r["method"] == method]
            if not curves:
                continue
            counts = sorted(int(count) for count in curves[0])
            means = [sum(curve[str(count)][group] for curve in curves) / len(curves) for count in counts]
            panel.plot(counts, means, marker="o", markersize=4, label=name)
        panel.set_xscale("log")
        panel.set_title(group.replace("_", " "), fontsize=10)
        panel.set_xlabel("edits")
        panel.grid(color="#e6e8eb", linewidth=0.8)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylim(-0.03, 1.05)
    panels[0].set_ylabel("exact match, free generation")
    panels[0].legend(frameon=False, fontsize=8, loc="lower left")
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
