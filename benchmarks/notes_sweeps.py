"""Part *sweeps* of the notes benchmark: how often to revise, and whether well supported notes should be guarded.

Batches of 5, 10, 20 and 40 answers; 1, 2 or 4 batches answered with the same notebook before one revision
(accumulation, which is nothing but when somebody calls for learning); with and without momentum. Accuracy on all cases
after 200 observations (240 in steps of 80 answers, 320 in steps of 160), without and with 15 % wrong feedback.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.notes_measuring import OBSERVATIONS, Pace, Run, mean, middle
from benchmarks.notes_world import make_table
from benchmarks.results import Part

BATCHES = (5, 10, 20, 40)
ACCUMULATED = (1, 2, 4)
MOMENTA = (1, 3)
"""Batches in a row that must ask; with 1 nothing is held back."""
NOISES = (0.0, 0.15)
MOST_SEEDS = 5


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy for each pace and momentum."""
    chosen = seeds[:MOST_SEEDS]
    paces = [Pace(batch, accumulate) for batch in BATCHES for accumulate in ACCUMULATED]
    paces += [Pace(momentum=momentum) for momentum in MOMENTA if momentum != Pace().momentum]
    items: list[dict[str, object]] = []
    for noise in NOISES:
        for pace in paces:
            for seed in chosen:
                run = Run(make_table(random.Random(seed)), seed, noise, pace=pace)
                curve: list[float] = []
                while len(run.observations) < OBSERVATIONS:
                    curve.append(run.batch())
                items.append(
                    {
                        "seed": seed,
                        "noise": noise,
                        "batch": pace.batch,
                        "accumulate": pace.accumulate,
                        "momentum": pace.momentum,
                        "observations": len(run.observations),
                        "accuracy": curve[-1],
                        "answered_rightly": _rightly(run),
                        "revisions": len(curve),
                        "deltas": run.kinds.total(),
                    }
                )
            print(f"sweeps noise={noise} {pace}: {_of(items, 'accuracy', noise, pace)}", flush=True)
    return Part(
        metrics=_metrics(items, paces),
        details={"observations": OBSERVATIONS, "accumulation": "the loop's: revised after so many batches"},
        items=items,
        seeds=chosen,
    )


def _metrics(items: Sequence[dict[str, object]], paces: Sequence[Pace]) -> dict[str, object]:
    found: dict[str, object] = {}
    for noise in NOISES:
        for pace in paces:
            end = f"_noise{noise * 100:.0f}" if noise else ""
            guarded = "" if pace.momentum == Pace().momentum else f"_k{pace.momentum}"
            found[f"sweep_accuracy_b{pace.batch}_a{pace.accumulate}{guarded}{end}"] = _of(
                items, "accuracy", noise, pace
            )
            found[f"sweep_mean_b{pace.batch}_a{pace.accumulate}{guarded}{end}"] = mean(
                items, "accuracy", **_wanted(noise, pace)
            )
    return found


def _wanted(noise: float, pace: Pace) -> dict[str, object]:
    return {"noise": noise, "batch": pace.batch, "accumulate": pace.accumulate, "momentum": pace.momentum}


def _of(items: Sequence[dict[str, object]], name: str, noise: float, pace: Pace) -> float:
    return middle(items, name, **_wanted(noise, pace))


def _rightly(run: Run) -> float:
    """Share of the answers given while learning that were right."""
    due = {tuple(case.values.items()): answer for case, answer in zip(run.table.cases, run.table.due, strict=True)}
    return sum(due[tuple(one.values.items())] == one.answer for one in run.observations) / len(run.observations)
