"""The notes memory: what the offline learner makes of feedback, how it follows a change, and how notes are followed.

    python -m benchmarks.notes [--quick] [--parts PART...]

Each part is a module `benchmarks/notes_PART.py`, which says what it measures, with a function `measure`; it writes a
result of its own, `results/notes.PART.json`, with its per-item results beside it, and `results/notes.json` has the
metrics of all of them. The task (:mod:`benchmarks.notes_world`), but for *tables* and *select*: a hidden decision list
over ten attributes with invented names decides between four answers; the system answers by its notebook, guesses where
no note applies, and learns only whether its answer turned out right (:mod:`benchmarks.notes_measuring`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from benchmarks import (
    notes_collapse,
    notes_drift,
    notes_feedback,
    notes_gold,
    notes_induction,
    notes_loop,
    notes_poison,
    notes_select,
    notes_sweeps,
    notes_tables,
)
from benchmarks.notes_measuring import QUICK_SEEDS, SEEDS
from benchmarks.results import Part, merge, write_part

PARTS: Mapping[str, Callable[[Sequence[int]], Part]] = {
    "gold": notes_gold.measure,
    "induction": notes_induction.measure,
    "loop": notes_loop.measure,
    "sweeps": notes_sweeps.measure,
    "feedback": notes_feedback.measure,
    "drift": notes_drift.measure,
    "tables": notes_tables.measure,
    "collapse": notes_collapse.measure,
    "poison": notes_poison.measure,
    "select": notes_select.measure,
}


def main() -> None:
    """Measure the parts asked for, and bring the summary up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds, none of those reported; not to be committed")
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    given = parser.parse_args()
    quick = cast("bool", given.quick)
    for name in cast("Sequence[str]", given.parts):
        part = PARTS[name](QUICK_SEEDS if quick else SEEDS)
        write_part("notes", name, part, quick=quick)
        print(name, json.dumps(dict(part.metrics), indent=2), flush=True)
    print(merge("notes", PARTS, quick=quick))


if __name__ == "__main__":
    main()
