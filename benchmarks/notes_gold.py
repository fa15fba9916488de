"""Part *gold* of the notes benchmark: what following notes comes to when the notes are right.

The hidden rules are put into the notes memory as notes, and all 1,024 cases are asked in words, as a question would
be: the case is read out of the question, the memory chooses its notes, the one that decides is the answer. This is the
ceiling of everything that learns notes; beside it the notes of another task over the same attributes, random notes of
the same lengths, and none. Where no note decides, the answer is a guess.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.notes_measuring import guessed, memory_of, middle, notebook_of, random_rules, said_by, share_right
from benchmarks.notes_world import make_table, with_list
from benchmarks.results import Part


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy by gold notes, other notes, and none."""
    items: list[dict[str, object]] = []
    for seed in seeds:
        table, rng = make_table(random.Random(seed)), random.Random(seed)
        books = {
            "gold": table.rules,
            "other_task": with_list(table, rng).rules,
            "random_notes": random_rules(table, table.rules, rng),
            "none": (),
        }
        for name, rules in books.items():
            said = said_by(memory_of(notebook_of(rules)), table.cases)
            items.append(
                {
                    "seed": seed,
                    "notes": name,
                    "accuracy": share_right(guessed(said, table.answers, rng), table.due),
                    "undecided": sum(one is None for one in said),
                }
            )
        print(f"gold seed={seed}: {items[-4]['accuracy']}", flush=True)
    return Part(
        metrics={
            "gold_accuracy": middle(items, "accuracy", notes="gold"),
            "gold_lowest_accuracy": min(float(str(i["accuracy"])) for i in items if i["notes"] == "gold"),
            "gold_other_task_accuracy": middle(items, "accuracy", notes="other_task"),
            "gold_random_notes_accuracy": middle(items, "accuracy", notes="random_notes"),
            "gold_none_accuracy": middle(items, "accuracy", notes="none"),
        },
        details={"cases": 1_024, "asked": "in words, answered by the deciding note without a model"},
        items=items,
        seeds=seeds,
    )
