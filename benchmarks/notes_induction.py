"""Part *induction* of the notes benchmark: the quality of notes that are written once, from labelled observations.

No loop and no revision: so many cases with their labels, of which a share is wrong, and one list of notes. Counted on
all 1,024 cases: accuracy, hidden rules that a note equals (same cases, same answer), notes that equal none, and lists
that are equivalent to the hidden one. Beside it scikit-learn's decision tree on the same labels, fully grown and with
five cases in a leaf at least, where the library is installed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.induction import induce
from addenda.memories.notes.lists import ListedRule
from benchmarks.notes_measuring import mean, middle, notebook_of, recovered, share_right, superfluous
from benchmarks.notes_trees import SKLEARN, tree_said, versions
from benchmarks.notes_world import Table, make_table, observed
from benchmarks.results import Part

SIZES = (50, 100, 200, 400)
NOISES = (0.0, 0.05, 0.15)
LEAVES = (1, 5)


def measure(seeds: Sequence[int]) -> Part:
    """Accuracy and rules of notes written once, for each size and share of wrong labels."""
    items: list[dict[str, object]] = []
    for noise in NOISES:
        for size in SIZES:
            for seed in seeds:
                table, rng = make_table(random.Random(seed)), random.Random(seed)
                seen = [
                    observed(table, number, rng.choice(table.answers), rng, noise, "label")
                    for number in rng.choices(range(len(table.cases)), k=size)
                ]
                rules: list[ListedRule] = [(one.conditions, one.answer) for one in induce(seen).rules]
                accuracy = table.accuracy(notebook_of(rules))
                items.append(
                    {
                        "seed": seed,
                        "noise": noise,
                        "observations": size,
                        "accuracy": accuracy,
                        "equivalent": accuracy == 1.0,
                        "recovered": recovered(table, rules),
                        "superfluous": superfluous(table, rules),
                        **_trees(table, seen, seed),
                    }
                )
            print(f"induction noise={noise} n={size}: {middle(items, 'accuracy', noise=noise, observations=size)}")
    return Part(metrics=_metrics(items), details={"cases": 1_024, **versions()}, items=items, seeds=seeds)


def _metrics(items: Sequence[dict[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for noise in NOISES:
        for size in SIZES:
            wanted: dict[str, object] = {"noise": noise, "observations": size}
            end = f"_{size}" + (f"_noise{noise * 100:.0f}" if noise else "")
            found[f"induction_accuracy{end}"] = middle(items, "accuracy", **wanted)
            found[f"induction_equivalent_share{end}"] = mean(items, "equivalent", **wanted)
            found[f"induction_rules_recovered{end}"] = middle(items, "recovered", **wanted)
            found[f"induction_rules_superfluous{end}"] = middle(items, "superfluous", **wanted)
            for leaf in LEAVES if SKLEARN else ():
                found[f"tree{leaf}_accuracy{end}"] = middle(items, f"tree{leaf}", **wanted)
    return found


def _trees(table: Table, seen: Sequence[Observation], seed: int) -> dict[str, float]:
    """Accuracy of decision trees that learned from the same labels."""
    if not SKLEARN:
        return {}
    labels = [one.label or "" for one in seen]
    trained, asked = _columns(table, seen), _columns(table, table.cases)
    return {
        f"tree{leaf}": share_right(tree_said(trained, labels, asked, least_in_leaf=leaf, seed=seed), table.due)
        for leaf in LEAVES
    }


def _columns(table: Table, cases: Sequence[Case]) -> list[list[float]]:
    """Each attribute as a number: whether it has the first of its two values."""
    return [
        [float(case.attributes[name] == values[0]) for name, values in zip(table.names, table.values, strict=True)]
        for case in cases
    ]
