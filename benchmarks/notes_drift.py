"""Part *drift* of the notes benchmark: how soon a change of the rules is followed.

After 200 observations one rule answers otherwise, or all rules are others; counted are the observations until accuracy
on all cases is back above 0.90.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Literal

from benchmarks.notes_measuring import BATCH, OBSERVATIONS, Run, mean
from benchmarks.notes_world import make_table, with_list, with_one_rule_changed
from benchmarks.results import Part

AFTER = 150
RECOVERED = 0.90
CHANGES: tuple[tuple[float, Literal["one rule", "all rules"]], ...] = (
    (0.0, "one rule"),
    (0.0, "all rules"),
    (0.15, "one rule"),
)
"""Share of wrong feedback, and what changes."""


def measure(seeds: Sequence[int]) -> Part:
    """Observations until a change of the rules is followed."""
    items: list[dict[str, object]] = []
    for noise, kind in CHANGES:
        for seed in seeds:
            run = Run(make_table(random.Random(seed)), seed, noise)
            before = [run.batch() for _ in range(OBSERVATIONS // BATCH)][-1]
            cut = run.since
            change = with_one_rule_changed if kind == "one rule" else with_list
            run.table = change(run.table, random.Random(seed + 1))
            curve = [run.batch() for _ in range(AFTER // BATCH)]
            back = next((n for n, accuracy in enumerate(curve, start=1) if accuracy > RECOVERED), None)
            items.append(
                {
                    "seed": seed,
                    "noise": noise,
                    "change": kind,
                    "before": before,
                    "false_alarm": cut > 0,
                    "noticed": run.since > cut,
                    "curve": curve,
                    "recovery_observations": None if back is None else back * BATCH,
                    "came_back": back is not None,
                    "stale_notes": run.superfluous(),
                    "deltas": dict(run.kinds),
                }
            )
            print(f"drift noise={noise} {kind} seed={seed}: {back and back * BATCH}", flush=True)
    return Part(metrics=_metrics(items), details=_DETAILS, items=items, seeds=seeds)


_DETAILS = {"before": OBSERVATIONS, "after": AFTER, "batch": BATCH, "recovered_above": RECOVERED}


def _metrics(items: Sequence[dict[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for (noise, kind), name in zip(CHANGES, ("", "_all_rules", "_noise15"), strict=True):
        chosen = [item for item in items if (item["noise"], item["change"]) == (noise, kind)]
        # One that did not come back counts as longer than any that did, so that the median says what it should.
        found[f"drift_recovery_observations{name}"] = statistics.median(
            float(str(item["recovery_observations"] or AFTER + 1)) for item in chosen
        )
        found[f"drift_recovered_share{name}"] = mean(chosen, "came_back")
        found[f"drift_noticed_share{name}"] = mean(chosen, "noticed")
        found[f"drift_false_alarms{name}"] = mean(chosen, "false_alarm")
    return found
