"""Part *tables* of the notes benchmark: two real tables of numbers, learned from whether the answers were right.

Wine (178 cases, 13 numbers, 3 cultivars) and breast cancer (569 cases, 30 numbers, 2 diagnoses) come with scikit-learn,
so nothing is downloaded; without the library this part is empty. Two thirds of the cases, by seed, are answered one
after the other in batches of ten; the system learns only whether each answer was right; accuracy is counted on the
other third. Beside it the most frequent answer, and scikit-learn's decision tree, which is told the labels of the same
cases.
"""

from __future__ import annotations

import importlib
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.notebook import Notebook
from addenda.memories.notes.revision import RevisionSettings, revise
from benchmarks.notes_measuring import BATCH, applied, guessed, mean, share_right
from benchmarks.notes_trees import SKLEARN, tree_said, versions
from benchmarks.results import Part

TABLES: Mapping[str, str] = {"wine": "load_wine", "breast_cancer": "load_breast_cancer"}
MOST_SEEDS = 5
LEAVES = (1, 5)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Cases of numbers, and their right answers."""

    rows: Sequence[Sequence[float]]
    cases: Sequence[Case]
    due: Sequence[str]


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy on held-out cases after the stream, for each table."""
    chosen = seeds[:MOST_SEEDS]
    items: list[dict[str, object]] = []
    for name in TABLES if SKLEARN else ():
        for seed in chosen:
            stream, held_out = split(name, seed)
            started = time.perf_counter()
            notebook = learned(stream, seed)
            seconds = time.perf_counter() - started
            items.append(
                {
                    "table": name,
                    "seed": seed,
                    "stream": len(stream.cases),
                    "accuracy": accuracy(notebook, held_out, seed),
                    "notes": len(notebook.notes),
                    "words": [str(note) for note in notebook.notes],
                    "majority": _majority(stream, held_out),
                    **_trees(stream, held_out, seed),
                    "seconds": round(seconds, 2),
                }
            )
            print(f"tables {name} seed={seed}: {items[-1]['accuracy']}", flush=True)
    metrics: dict[str, object] = {}
    for name in dict.fromkeys(str(item["table"]) for item in items):
        for what in ("accuracy", "majority", *(f"tree{leaf}" for leaf in LEAVES), "notes"):
            metrics[f"{name}_{what}"] = mean(items, what, table=name)
    return Part(
        metrics=metrics, details={"batch": BATCH, "held_out": "one third", **versions()}, items=items, seeds=chosen
    )


def split(name: str, seed: int) -> tuple[Numbers, Numbers]:
    """The stream and the held-out cases of a table; the same number of each class falls to either by chance only."""
    found = getattr(importlib.import_module("sklearn.datasets"), TABLES[name])()
    order = random.Random(seed).sample(range(len(found.target)), len(found.target))
    whole = len(order) * 2 // 3
    names = [str(one) for one in found.feature_names]
    labels = [str(one) for one in found.target_names]

    def part(places: Sequence[int]) -> Numbers:
        rows = [[float(value) for value in found.data[place]] for place in places]
        cases = [Case(attributes=dict(zip(names, map(repr, row), strict=True))) for row in rows]
        return Numbers(rows, cases, [labels[int(found.target[place])] for place in places])

    return part(order[:whole]), part(order[whole:])


def learned(stream: Numbers, seed: int) -> Notebook:
    """The notebook after every case of a stream was answered once, and only whether rightly is known."""
    rng, notebook, since = random.Random(seed), Notebook([]), 0
    answers = sorted(set(stream.due))
    observations: list[Observation] = []
    for start in range(0, len(stream.cases), BATCH):
        cases, due = stream.cases[start : start + BATCH], stream.due[start : start + BATCH]
        for case, answer, right in zip(cases, guessed(_said(notebook, cases), answers, rng), due, strict=True):
            observations.append(
                Observation(attributes=case.attributes, answer=answer, right=answer == right, feedback="outcome")
            )
        revision = revise(notebook.notes, observations, RevisionSettings(batch=BATCH), since=since)
        notebook, since = applied(notebook, revision.deltas, len(observations)), revision.since
    return notebook


def accuracy(notebook: Notebook, held_out: Numbers, seed: int) -> float:
    """Share of held-out cases that a notebook answers rightly, with a guess where no note decides."""
    answers = sorted(set(held_out.due))
    return share_right(guessed(_said(notebook, held_out.cases), answers, random.Random(seed)), held_out.due)


def _said(notebook: Notebook, cases: Sequence[Case]) -> list[str | None]:
    notes = [notebook.decide(case) for case in cases]
    return [note and note.answer for note in notes]


def _majority(stream: Numbers, held_out: Numbers) -> float:
    favourite, _ = Counter(stream.due).most_common(1)[0]
    return sum(due == favourite for due in held_out.due) / len(held_out.due)


def _trees(stream: Numbers, held_out: Numbers, seed: int) -> dict[str, float]:
    return {
        f"tree{leaf}": share_right(
            tree_said(stream.rows, stream.due, held_out.rows, least_in_leaf=leaf, seed=seed), held_out.due
        )
        for leaf in LEAVES
    }
