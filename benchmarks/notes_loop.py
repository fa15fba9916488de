"""Part *loop* of the notes benchmark: accuracy on all cases after 200 observations, controls, and the memory's health.

For 0, 5 and 15 % wrong feedback, and with labels instead of outcomes: how many hidden rules were found, and how many
notes are none. Controls: no notes (whatever was right most often), an empty notebook (a guess), notes of another task,
random notes of the same lengths, and the observations themselves (a vote of the most alike). Health: notes that came,
changed and went; the share of notes without which accuracy is lower; with 15 %, whether a second run with the same seed
comes to the same notebook; whether the notes memory, when the last revision is taken back, holds what it held, byte for
byte, and answers as it did.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from math import sqrt

from addenda.memories.base import Withdraw
from addenda.memories.notes.cases import Feedback, Observation
from addenda.memories.notes.notebook import Notebook
from benchmarks.notes_measuring import (
    BATCH,
    OBSERVATIONS,
    Run,
    delivery,
    guessed,
    mean,
    memory_of,
    middle,
    notebook_of,
    random_rules,
    said_by,
    share_right,
)
from benchmarks.notes_world import Table, make_table, with_list
from benchmarks.results import Part

NOISES = (0.0, 0.05, 0.15)
UPDATES = ("narrow", "generalise", "merge", "contradict", "move")


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy and rules after 200 observations, the controls, and the memory's health."""
    items: list[dict[str, object]] = []
    conditions: list[tuple[float, Feedback]] = [*((noise, "outcome") for noise in NOISES), (0.0, "label")]
    for noise, feedback in conditions:
        for seed in seeds:
            run = Run(make_table(random.Random(seed)), seed, noise, feedback)
            curve = [run.batch() for _ in range(OBSERVATIONS // BATCH)]
            items.append(
                {
                    "seed": seed,
                    "noise": noise,
                    "feedback": feedback,
                    "accuracy": curve[-1],
                    "curve": curve,
                    "recovered": run.recovered(),
                    "superfluous": run.superfluous(),
                    "deltas": dict(run.kinds),
                    **_controls(run),
                    **_health(run, seed),
                }
            )
            print(f"loop noise={noise} {feedback} seed={seed}: {curve[-1]:.3f}", flush=True)
    return Part(
        metrics=_metrics(items),
        details={
            "observations": OBSERVATIONS,
            "batch": BATCH,
            "cases": 1_024,
            "reviewer": "scripted, accepts every delta",
        },
        items=items,
        seeds=seeds,
    )


def _metrics(items: Sequence[dict[str, object]]) -> dict[str, object]:
    clean: dict[str, object] = {"noise": 0.0, "feedback": "outcome"}
    noisy: dict[str, object] = {"noise": 0.15, "feedback": "outcome"}
    return {
        "loop_accuracy": middle(items, "accuracy", **clean),
        "loop_accuracy_noise5": middle(items, "accuracy", noise=0.05, feedback="outcome"),
        "loop_accuracy_noise15": middle(items, "accuracy", **noisy),
        "loop_accuracy_labels": middle(items, "accuracy", noise=0.0, feedback="label"),
        "rules_recovered": middle(items, "recovered", **clean),
        "rules_superfluous": middle(items, "superfluous", **clean),
        "rules_recovered_noise15": middle(items, "recovered", **noisy),
        "rules_superfluous_noise15": middle(items, "superfluous", **noisy),
        "no_notes_accuracy": middle(items, "no_notes", **clean),
        "majority_class": middle(items, "majority", **clean),
        "no_notes_within_3_se": all(item["no_notes_within_3_se"] for item in items),
        "empty_notebook_accuracy": middle(items, "empty_notebook", **clean),
        "notes_of_another_task_accuracy": middle(items, "other_task", **clean),
        "random_notes_accuracy": middle(items, "random_notes", **clean),
        "all_examples_accuracy": middle(items, "all_examples", **clean),
        "all_examples_accuracy_noise15": middle(items, "all_examples", **noisy),
        **{f"notes_{name}": mean(items, name, **clean) for name in ("added", "updated", "retired")},
        **{f"notes_{name}_noise15": mean(items, name, **noisy) for name in ("added", "updated", "retired")},
        "notes_needed_share": mean(items, "needed_share", **clean),
        "notes_needed_share_noise15": mean(items, "needed_share", **noisy),
        "replayed_alike": mean(items, "replayed_alike", **noisy),
        "undone_exactly": mean(items, "undone_exactly"),
    }


def _controls(run: Run) -> dict[str, object]:
    """What the same feedback and the same questions come to without the notebook."""
    table, rng = run.table, random.Random(run.observations[0].answer)
    tried = Counter(one.answer for one in run.observations if one.right or one.label == one.answer)
    favourite = max(table.answers, key=lambda answer: tried[answer])
    share = sum(due == favourite for due in table.due) / len(table.due)
    error = sqrt(table.majority * (1 - table.majority) / OBSERVATIONS)
    return {
        "majority": table.majority,
        "no_notes": share,
        "no_notes_within_3_se": abs(share - table.majority) <= 3 * error,
        "empty_notebook": share_right(guessed([None] * len(table.due), table.answers, rng), table.due),
        "other_task": _guessing(table, notebook_of(with_list(table, rng).rules), rng),
        "random_notes": _guessing(table, notebook_of(random_rules(table, run.rules, rng)), rng),
        "all_examples": _voted(table, run.observations, rng),
    }


def _guessing(table: Table, notebook: Notebook, rng: random.Random) -> float:
    """Accuracy by a notebook, with a guess where no note applies."""
    notes = [notebook.decide(case) for case in table.cases]
    return share_right(guessed((note and note.answer for note in notes), table.answers, rng), table.due)


def _voted(table: Table, observations: Sequence[Observation], rng: random.Random, nearest: int = 15) -> float:
    """Accuracy of a reader that sees all observations: the most alike vote for what was right, against what was not."""
    right = 0
    seen = [(one.values, one) for one in observations]
    for case, due in zip(table.cases, table.due, strict=True):
        alike = sorted(seen, key=lambda other: -sum(case.values[name] == value for name, value in other[0].items()))[
            :nearest
        ]
        votes = {
            answer: sum({True: 1, False: -1, None: 0}[one.says(answer)] for _, one in alike) for answer in table.answers
        }
        best = max(votes.values())
        right += rng.choice([answer for answer, count in votes.items() if count == best]) == due
    return right / len(table.cases)


def _health(run: Run, seed: int) -> dict[str, object]:
    """How the notebook came about, what its notes are good for, and whether it can be had again and taken back."""
    notes = run.notebook.notes
    needed = [run.table.accuracy(Notebook(one for one in notes if one is not note)) for note in notes]
    accuracy = run.table.accuracy(run.notebook)
    return {
        "added": run.kinds["add"],
        "updated": sum(run.kinds[kind] for kind in UPDATES),
        "retired": run.kinds["retire"],
        "needed_share": sum(without < accuracy for without in needed) / len(notes) if notes else 0.0,
        "replayed_alike": _replayed_alike(run, seed) if run.noise == max(NOISES) else None,
        "undone_exactly": _undone(run),
    }


def _replayed_alike(run: Run, seed: int) -> bool:
    """Whether a second run with the same seed comes to the same notebook, ids and places included."""
    again = Run(run.table, seed, run.noise, run.feedback)
    while len(again.observations) < len(run.observations):
        again.step()
    return again.notebook.notes == run.notebook.notes


def _undone(run: Run) -> bool:
    """Whether the last change of the notebook, made in the notes memory and taken back, leaves what was there."""
    before, after = run.changes[-1]
    memory = memory_of(before)
    held, said = memory.digest(), said_by(memory, run.table.cases)
    new = [delivery(note) for note in after.notes if note not in before.notes]
    gone = [delivery(note) for note in before.notes if note not in after.notes]
    memory.apply([*(Withdraw(one.addendum_id) for one in gone), *new], memory.position + 1)
    changed = memory.digest() != held
    memory.apply([*(Withdraw(one.addendum_id) for one in new), *gone], memory.position + 1)
    return changed and memory.digest() == held and said_by(memory, run.table.cases) == said
