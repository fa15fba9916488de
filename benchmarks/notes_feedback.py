"""Part *feedback* of the notes benchmark: kinds of feedback side by side, and lists that are hard to learn.

Kinds: the outcome, a label, and a model's own judgement, which is right with a probability of 0.9 or 0.8 whether it
says right or wrong (declared here; it stands for the judge). Hard lists, from outcomes: two rules that differ in one
condition and answer otherwise; and a distractor, an attribute that no rule asks about and that during the 200
observations has in nine of ten cases the value that goes with one that a rule does ask about, while accuracy is
measured on all cases. What the distractor costs is told by the same lists without it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from addenda.memories.notes.cases import Feedback
from benchmarks.notes_measuring import BATCH, OBSERVATIONS, Run, mean, middle
from benchmarks.notes_world import Table, make_lookalike, make_table
from benchmarks.results import Part

MOST_SEEDS = 10
TOGETHER = 0.9
"""Share of the cases in which the distractor goes with the attribute that counts, while learning."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is learned from, and what is learned."""

    feedback: Feedback
    noise: float
    make: Callable[[random.Random], Table] = make_table
    distracted: bool = False


SETTINGS: dict[str, Setting] = {
    "outcome": Setting("outcome", 0.0),
    "label": Setting("label", 0.0),
    "self_judged90": Setting("self-judged", 0.1),
    "self_judged80": Setting("self-judged", 0.2),
    "label_noise10": Setting("label", 0.1),
    "label_noise20": Setting("label", 0.2),
    "lookalike": Setting("outcome", 0.0, make_lookalike),
    "lookalike_noise15": Setting("outcome", 0.15, make_lookalike),
    "distractor": Setting("outcome", 0.0, distracted=True),
    "distractor_noise15": Setting("outcome", 0.15, distracted=True),
    "no_distractor_noise15": Setting("outcome", 0.15),
}


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy and rules after 200 observations, for each setting."""
    chosen = seeds[:MOST_SEEDS]
    items: list[dict[str, object]] = []
    for name, setting in SETTINGS.items():
        for seed in chosen:
            table = setting.make(random.Random(seed))
            draw = _distracting(table) if setting.distracted else None
            run = Run(table, seed, setting.noise, setting.feedback, draw=draw)
            curve = [run.batch() for _ in range(OBSERVATIONS // BATCH)]
            items.append(
                {
                    "setting": name,
                    "seed": seed,
                    "feedback": setting.feedback,
                    "noise": setting.noise,
                    "accuracy": curve[-1],
                    "curve": curve,
                    "recovered": run.recovered(),
                    "superfluous": run.superfluous(),
                }
            )
        print(f"feedback {name}: {middle(items, 'accuracy', setting=name)}", flush=True)
    metrics: dict[str, object] = {}
    for name in SETTINGS:
        metrics[f"feedback_accuracy_{name}"] = middle(items, "accuracy", setting=name)
        metrics[f"feedback_mean_accuracy_{name}"] = mean(items, "accuracy", setting=name)
        metrics[f"feedback_rules_recovered_{name}"] = middle(items, "recovered", setting=name)
        metrics[f"feedback_rules_superfluous_{name}"] = middle(items, "superfluous", setting=name)
    return Part(
        metrics=metrics,
        details={"observations": OBSERVATIONS, "batch": BATCH, "distractor_goes_along": TOGETHER},
        items=items,
        seeds=chosen,
    )


def _distracting(table: Table) -> Callable[[random.Random], int]:
    """Draws cases in which an attribute that no rule asks about mostly goes with one that the first rule asks about."""
    asked = {one.attribute for conditions, _ in table.rules for one in conditions}
    counts = table.names.index(table.rules[0][0][0].attribute)
    idle = next(place for place, name in enumerate(table.names) if name not in asked)

    def draw(rng: random.Random) -> int:
        chosen = [rng.randrange(len(values)) for values in table.values]
        if rng.random() < TOGETHER:
            chosen[idle] = chosen[counts]
        number = 0
        for value, values in zip(chosen, table.values, strict=True):  # cases are in the order of itertools.product
            number = number * len(values) + value
        return number

    return draw
