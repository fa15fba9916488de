"""The plot of the reflections benchmark."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reflections_plots import IMAGE, draw


def test_the_committed_plot_is_that_of_the_committed_results_and_drawn_again_the_same(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw(tmp_path / name, quick=False)
    first = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert first == (tmp_path / "two.svg").read_text(encoding="utf-8")
    assert first == IMAGE.read_text(encoding="utf-8")
