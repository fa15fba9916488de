"""The notes memory: what the offline learner makes of feedback, how it follows a change, and how fast notes are chosen.

    python -m benchmarks.notes [--quick] [--parts loop drift select]

Each part writes a result of its own, `results/notes.PART.json`, with its per-item results beside it, and
`results/notes.json` has the metrics of all of them. The task (:mod:`benchmarks.notes_world`): a hidden decision list
over ten attributes with invented names decides between four answers; the system answers by its notebook, guesses where
no note applies, and learns only whether its answer turned out right. Batches of ten; every delta is approved by a
scripted reviewer who accepts all, so that the learner alone is measured. Parts:

- *loop*: accuracy on all 1,024 cases after 200 observations, for 0, 5 and 15 % wrong feedback; how many hidden rules
  were found (same cases, same answer) and how many notes are none; and with labels instead of outcomes. Controls: no
  notes (whatever was right most often), an empty notebook (a guess), notes of another task, random notes of the
  same lengths, and the observations themselves (a vote of the most alike).
- *drift*: after 200 observations one rule answers otherwise, or all rules are others: observations until accuracy on
  all cases is back above 0.90.
- *select*: time to choose what a model is shown, among 10,000 notes.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from addenda.memories.notes.cases import Case, Feedback, Observation
from addenda.memories.notes.deltas import Delta
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.lists import ListedRule
from addenda.memories.notes.memory import rough_tokens
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.revision import RevisionSettings, revise, rule_of
from benchmarks.notes_world import Table, make_table, observed, with_list, with_one_rule_changed
from benchmarks.results import RESULTS, write

SEEDS = tuple(range(3_001, 3_021))
"""None of them was used for any choice; those were made with seeds below 100."""
NOISES = (0.0, 0.05, 0.15)
BEFORE, AFTER, BATCH = 200, 150, 10
RECOVERED = 0.90
NOTES = 10_000
CHANGES: tuple[tuple[float, Literal["one rule", "all rules"]], ...] = (
    (0.0, "one rule"),
    (0.0, "all rules"),
    (0.15, "one rule"),
)
"""Share of wrong feedback, and what changes."""


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one part."""

    metrics: Mapping[str, object]
    details: Mapping[str, object]
    items: Iterable[Mapping[str, object]]
    seeds: Sequence[int]


class Run:
    """A system that learns from what comes of its answers."""

    def __init__(self, table: Table, seed: int, noise: float, feedback: Feedback = "outcome") -> None:
        self.table, self.noise, self.feedback = table, noise, feedback
        self.rng = random.Random(seed)
        self.observations: list[Observation] = []
        self.notebook = Notebook([])
        self.since = 0
        self.kinds: Counter[str] = Counter()

    def batch(self) -> float:
        """Answer a batch of cases, learn from it, and be measured on all cases."""
        for number in self.rng.choices(range(len(self.table.cases)), k=BATCH):
            note = self.notebook.decide(self.table.cases[number])
            answer = (
                note.answer if note is not None and note.answer is not None else self.rng.choice(self.table.answers)
            )
            self.observations.append(observed(self.table, number, answer, self.rng, self.noise, self.feedback))
        revision = revise(self.notebook.notes, self.observations, RevisionSettings(batch=BATCH), since=self.since)
        self.since = revision.since
        self._apply(revision.deltas)
        return self.table.accuracy(self.notebook)

    def _apply(self, deltas: Sequence[Delta]) -> None:
        self.kinds.update(delta.kind for delta in deltas)
        gone = {one for delta in deltas for one in delta.replaces}
        new = [
            HeldNote(f"{len(self.observations):08x}{n:08x}", delta.note.rule, delta.note.applies_when, delta.note.place)
            for n, delta in enumerate(deltas)
            if delta.note is not None
        ]
        self.notebook = Notebook([*(note for note in self.notebook.notes if note.addendum_id not in gone), *new])

    @property
    def rules(self) -> list[ListedRule]:
        """What the notebook says."""
        return [rule for note in self.notebook.notes if (rule := rule_of(note)) is not None]


def loop(seeds: Sequence[int]) -> Part:
    """Accuracy and rules after 200 observations, and the controls."""
    items: list[dict[str, object]] = []
    conditions: list[tuple[float, Feedback]] = [*((noise, "outcome") for noise in NOISES), (0.0, "label")]
    for noise, feedback in conditions:
        for seed in seeds:
            run = Run(make_table(random.Random(seed)), seed, noise, feedback)
            curve = [run.batch() for _ in range(BEFORE // BATCH)]
            hidden, shown = run.table.regions(run.table.rules), run.table.regions(run.rules)
            items.append(
                {
                    "seed": seed,
                    "noise": noise,
                    "feedback": feedback,
                    "accuracy": curve[-1],
                    "curve": curve,
                    "recovered": sum(one in shown for one in hidden) / len(hidden),
                    "superfluous": sum(one not in hidden for one in shown),
                    "deltas": dict(run.kinds),
                    **_controls(run),
                }
            )
            print(f"loop noise={noise} {feedback} seed={seed}: {curve[-1]:.3f}", flush=True)

    def median(name: str, noise: float, feedback: Feedback = "outcome") -> float:
        chosen = [i for i in items if (i["noise"], i["feedback"]) == (noise, feedback)]
        return round(statistics.median(float(str(item[name])) for item in chosen), 4)

    return Part(
        metrics={
            "loop_accuracy": median("accuracy", 0.0),
            "loop_accuracy_noise5": median("accuracy", 0.05),
            "loop_accuracy_noise15": median("accuracy", 0.15),
            "loop_accuracy_labels": median("accuracy", 0.0, "label"),
            "rules_recovered": median("recovered", 0.0),
            "rules_superfluous": median("superfluous", 0.0),
            "rules_recovered_noise15": median("recovered", 0.15),
            "rules_superfluous_noise15": median("superfluous", 0.15),
            "no_notes_accuracy": median("no_notes", 0.0),
            "majority_class": median("majority", 0.0),
            "no_notes_within_3_se": all(item["no_notes_within_3_se"] for item in items),
            "empty_notebook_accuracy": median("empty_notebook", 0.0),
            "notes_of_another_task_accuracy": median("other_task", 0.0),
            "random_notes_accuracy": median("random_notes", 0.0),
            "all_examples_accuracy": median("all_examples", 0.0),
            "all_examples_accuracy_noise15": median("all_examples", 0.15),
        },
        details={"observations": BEFORE, "batch": BATCH, "cases": 1_024, "reviewer": "scripted, accepts every delta"},
        items=items,
        seeds=seeds,
    )


def _controls(run: Run) -> dict[str, object]:
    """What the same feedback and the same questions come to without the notebook."""
    table, rng = run.table, random.Random(run.observations[0].answer)
    tried = Counter(one.answer for one in run.observations if one.right or one.label == one.answer)
    favourite = max(table.answers, key=lambda answer: tried[answer])
    share = sum(due == favourite for due in table.due) / len(table.due)
    error = sqrt(table.majority * (1 - table.majority) / BEFORE)
    return {
        "majority": table.majority,
        "no_notes": share,
        "no_notes_within_3_se": abs(share - table.majority) <= 3 * error,
        "empty_notebook": sum(rng.choice(table.answers) == due for due in table.due) / len(table.due),
        "other_task": _guessing(table, _notebook(with_list(table, rng).rules), rng),
        "random_notes": _guessing(table, _notebook(_random_rules(table, run.rules, rng)), rng),
        "all_examples": _voted(table, run.observations, rng),
    }


def _guessing(table: Table, notebook: Notebook, rng: random.Random) -> float:
    """Accuracy by a notebook, with a guess where no note applies."""
    notes = [notebook.decide(case) for case in table.cases]
    said = [rng.choice(table.answers) if note is None else note.answer for note in notes]
    return sum(one == due for one, due in zip(said, table.due, strict=True)) / len(table.due)


def _notebook(rules: Sequence[ListedRule]) -> Notebook:
    return Notebook(HeldNote(f"{n:016x}", conclusion(a), when(c), n) for n, (c, a) in enumerate(rules))


def _random_rules(table: Table, like: Sequence[ListedRule], rng: random.Random) -> list[ListedRule]:
    """As many rules of the same lengths, with conditions and answers drawn at random."""
    made: list[ListedRule] = []
    for conditions, _ in like:
        attributes = rng.sample(range(len(table.names)), len(conditions))
        drawn = tuple(Condition(table.names[a], "is", rng.choice(table.values[a])) for a in attributes)
        made.append((drawn, rng.choice(table.answers)))
    return made


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


def drift(seeds: Sequence[int]) -> Part:
    """Observations until a change of the rules is followed."""
    items: list[dict[str, object]] = []
    for noise, kind in CHANGES:
        for seed in seeds:
            run = Run(make_table(random.Random(seed)), seed, noise)
            before = [run.batch() for _ in range(BEFORE // BATCH)][-1]
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
                    "curve": curve,
                    "recovery_observations": None if back is None else back * BATCH,
                    "stale_notes": sum(
                        one not in run.table.regions(run.table.rules) for one in run.table.regions(run.rules)
                    ),
                    "deltas": dict(run.kinds),
                }
            )
            print(f"drift noise={noise} {kind} seed={seed}: {back and back * BATCH}", flush=True)

    def chosen(noise: float, kind: str) -> list[dict[str, object]]:
        return [item for item in items if (item["noise"], item["change"]) == (noise, kind)]

    def recovery(noise: float, kind: str) -> float:
        # One that did not come back counts as longer than any that did, so that the median says what it should.
        return statistics.median(float(str(i["recovery_observations"] or AFTER + 1)) for i in chosen(noise, kind))

    def came_back(noise: float, kind: str) -> float:
        found = chosen(noise, kind)
        return round(sum(item["recovery_observations"] is not None for item in found) / len(found), 4)

    return Part(
        metrics={
            "drift_recovery_observations": recovery(0.0, "one rule"),
            "drift_recovered_share": came_back(0.0, "one rule"),
            "drift_recovery_observations_all_rules": recovery(0.0, "all rules"),
            "drift_recovered_share_all_rules": came_back(0.0, "all rules"),
            "drift_recovery_observations_noise15": recovery(0.15, "one rule"),
            "drift_recovered_share_noise15": came_back(0.15, "one rule"),
        },
        details={"before": BEFORE, "after": AFTER, "batch": BATCH, "recovered_above": RECOVERED},
        items=items,
        seeds=seeds,
    )


def select(seeds: Sequence[int]) -> Part:
    """Time to choose among many notes; the first question, which makes up the notebook, apart."""
    rng = random.Random(seeds[0])
    words = ["".join(rng.choices("abdefgiklmnoprstuz", k=rng.randint(4, 8))) for _ in range(3_000)]
    notes = [
        HeldNote(
            f"{n:016x}",
            f"the answer is {rng.choice(words)}" if n % 2 else f"Say {rng.choice(words)} and {rng.choice(words)}",
            f"{rng.choice(words)} is {rng.choice(words)} and {rng.choice(words)} is {rng.choice(words)}"
            if n % 2
            else f"somebody asks about {rng.choice(words)} {rng.choice(words)}",
            n,
        )
        for n in range(NOTES)
    ]
    started = time.perf_counter()
    notebook = Notebook(notes)
    made = time.perf_counter() - started
    items: list[dict[str, object]] = []
    for number in range(500):
        note = notes[rng.randrange(NOTES)]
        case = _about(note, rng, words)
        started = time.perf_counter()
        chosen = notebook.choose(case, budget=600, tokens=rough_tokens)
        items.append(
            {
                "question": number,
                "ms": (time.perf_counter() - started) * 1_000,
                "found": note in [c.note for c in chosen],
            }
        )
    times = sorted(float(str(item["ms"])) for item in items)
    return Part(
        metrics={
            "select_ms_10k": round(statistics.median(times), 3),
            "select_ms_10k_p95": round(times[int(len(times) * 0.95)], 3),
            "select_found": round(statistics.fmean(bool(item["found"]) for item in items), 4),
        },
        details={"notes": NOTES, "questions": len(items), "seconds_to_make_up_the_notebook": round(made, 3)},
        items=items,
        seeds=seeds[:1],
    )


def _about(note: HeldNote, rng: random.Random, words: Sequence[str]) -> Case:
    """A case that a note is meant for: its conditions met among other attributes, or its words in a question."""
    if note.conditions is None:
        return Case(text=f"What do I say when {note.applies_when}, please? {rng.choice(words)}")
    others = {rng.choice(words): rng.choice(words) for _ in range(5)}
    return Case(attributes={**others, **{one.attribute: one.value for one in note.conditions}})


PARTS: Mapping[str, Callable[[Sequence[int]], Part]] = {"loop": loop, "drift": drift, "select": select}


def main() -> None:
    """Measure the parts asked for, and bring the summary up to date."""
    parser = argparse.ArgumentParser(description="Measure the notes memory.")
    parser.add_argument("--quick", action="store_true", help="few seeds; the result is not to be committed")
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    given = parser.parse_args()
    seeds = SEEDS[:3] if given.quick else SEEDS
    for name in given.parts:
        part = PARTS[name](seeds)
        write(
            f"notes.{name}",
            seeds=part.seeds,
            metrics=part.metrics,
            details=part.details,
            items=part.items,
            quick=given.quick,
        )
        print(json.dumps(part.metrics, indent=2))
    if not given.quick:
        _summarise()


def _summarise() -> None:
    """Bring the metrics of all parts together, each with where it was measured."""
    found = {name: RESULTS / f"notes.{name}.json" for name in PARTS}
    results = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items() if path.is_file()}
    whole = {
        "metrics": {name: result["metrics"] for name, result in results.items()},
        "measured": {
            name: {key: result[key] for key in ("machine", "versions", "commit", "seeds")}
            for name, result in results.items()
        },
    }
    (RESULTS / "notes.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
