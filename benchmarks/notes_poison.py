"""Part *poison* of the notes benchmark: a source earns automatic approval, and then its observations are poisoned.

The whole system runs: a knowledge base with its ledger, policy, gate and memory of notes. Cases of a support desk have
a fault and four further attributes with two values each. Every fault has a rule and an exception to it; in each phase
other faults come in, so that there is always something to learn. A feed hands in a batch of observations, `learn`
proposes, a scripted reviewer decides about what waits, and everything approved is tested and activated. The reviewer
knows the hidden rules, which nobody does at work: a note is accepted if most of the cases that meet its conditions are
answered by it as they should be, and rejected otherwise; a withdrawal, if most of them were not.

After the first phases the feed turns: a tenth of each batch is made up, to have cases of one fault of those to come, and
of one whose rules people approved, answered wrongly. Three policies, on the same observations:

- *autopilot*: one reviewer, and by itself where a source has earned it. The bound is set low, so that trust is easy to
  earn and there is something to lose; the defaults ask for 35 accepted notes in a row.
- *automatic*: learned notes need no approval.
- *one reviewer*: all wait for a person.

Counted are the notes that went live without a person and have cases answered wrongly that a note with conditions, which
a person approved, had answered rightly (`poisoned_notes_live`); all wrong notes that went live without a person; the
share of wrong answers that all those caused, summed over batches (`exposure`: 1 is one batch answered all wrongly); and
the observations from the turn until the source was dropped back.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from addenda.knowledge_base import KnowledgeBase, Person
from addenda.knowledge_base.learned import TAG
from addenda.knowledge_base.observing import Batch
from addenda.ledger import Autopilot, Policy, Record, Rule, is_by_person
from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.language import Condition
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.types import Note
from benchmarks.results import Part

PHASES = 4
FAULTS = 2
"""New ones in each phase."""
BATCHES = 4
"""In each phase."""
BATCH = 20
TURN = 2
"""The phase in which the feed turns, counted from 0."""
POISONED = 0.1
FLAGS = ("warranty", "rented")
ANSWERS = ("repair", "replace", "refund", "send a part")
PILOT = Autopilot(bound=0.5, window=20, audit=0.2, unaudited=10)
LEARNED = Rule(name="learned", approval="one reviewer", kinds=("note",), tags=(TAG,))
POLICIES = {
    "autopilot": LEARNED.model_copy(update={"autopilot": PILOT}),
    "automatic": LEARNED.model_copy(update={"approval": "automatic"}),
    "one reviewer": LEARNED,
}


@dataclass(frozen=True)
class Desk:
    """The hidden rules of a support desk."""

    rules: tuple[ListedRule, ...]

    @cached_property
    def cases(self) -> tuple[tuple[Case, ...], ...]:
        """All cases, by the phase in which their fault comes in."""
        return tuple(
            tuple(
                Case(attributes={"fault": f"fault {number}", **dict(zip(FLAGS, values, strict=True))})
                for number in range(phase * FAULTS, (phase + 1) * FAULTS)
                for values in product(("yes", "no"), repeat=len(FLAGS))
            )
            for phase in range(PHASES)
        )

    def due(self, case: Case) -> str:
        """The right answer."""
        return next(answer for conditions, answer in self.rules if holds_of(conditions, case))


def make_desk(rng: random.Random) -> Desk:
    """Every fault has an exception, and a rule for the rest of its cases."""
    rules: list[ListedRule] = []
    for number in range(PHASES * FAULTS):
        fault = Condition("fault", "is", f"fault {number}")
        flag = Condition(rng.choice(FLAGS), "is", rng.choice(("yes", "no")))
        exception, usual = rng.sample(ANSWERS, 2)
        rules += [((fault, flag), exception), ((fault,), usual)]
    return Desk(tuple(rules))


@dataclass(frozen=True, slots=True)
class Poison:
    """What the feed wants to be believed once it has turned."""

    conditions: tuple[Condition, ...]
    answer: str


class Trial:
    """One knowledge base under one policy."""

    def __init__(self, directory: Path, seed: int, rule: Rule) -> None:
        """Found it: an admin who hands in the feed, and a reviewer."""
        self.desk = make_desk(random.Random(seed))
        self.rng = random.Random(seed + 1)
        founded = KnowledgeBase.create(directory / "kb", admin="feed", memories=["triples"])
        self.kb = founded.knowledge_base
        self.feed = self.kb.authenticate(founded.token)
        self.kb.governance.set_policy(Policy(rules=(rule,)), by=self.feed)
        token = str(self.kb.governance.add_person("reviewer", ["approver"], by=self.feed).token)
        self.reviewer: Person = self.kb.authenticate(token)
        self.wrong: set[str] = set()
        """Wrong notes that went live without a person."""
        self.overruling: set[str] = set()
        """Those of them by which cases are answered wrongly that a note which a person approved answered rightly."""
        self.exposure = 0.0
        self.dropped_after: int | None = None
        self.was_on = False

    def run(self) -> dict[str, object]:
        """All phases; what came of them."""
        turned = 0
        for phase in range(PHASES):
            poisons = list(self._poisons(phase)) if phase >= TURN else []
            for number in range(BATCHES):
                self._batch(phase, number, poisons)
                turned += len(poisons) > 0
                self._measure(phase, turned)
        notes = [record for record in self.kb.state.records.values() if record.kind == "note"]
        went = [record for record in notes if record.activated_at is not None]
        return {
            "wrong_notes_live": len(self.wrong),
            "poisoned_notes_live": len(self.overruling),
            "exposure": round(self.exposure, 4),
            "earned": self.was_on,
            "dropped_after_observations": self.dropped_after,
            "notes_live": len(went),
            "by_itself": sum(not is_by_person(record) for record in went),
            "reviewed": sum(any(a.by.kind == "person" for a in r.approvals) or r.stage == "rejected" for r in notes),
            "accuracy": self._accuracy(),
        }

    def _poisons(self, phase: int) -> Iterator[Poison]:
        """An answer that is never right for one new fault, and for one whose rules are known."""
        rng = random.Random(phase)
        for number in (phase * FAULTS, rng.randrange(TURN * FAULTS)):
            fault = (Condition("fault", "is", f"fault {number}"),)
            right = {answer for conditions, answer in self.desk.rules if fault[0] in conditions}
            yield Poison(fault, rng.choice([answer for answer in ANSWERS if answer not in right]))

    def _batch(self, phase: int, number: int, poisons: Sequence[Poison]) -> None:
        """Cases are answered, the feed says what came of them, and what is learned from that is decided about."""
        notebook = Notebook(self.kb.learning.notes())
        seen = [self._observed(phase, notebook, poisons) for _ in range(BATCH)]
        self.kb.observing.record([Batch(seen, f"phase {phase}, batch {number}")], by=self.feed)
        self.kb.learning.run(by=self.feed)
        self._review()
        approved = [r.id for r in self.kb.state.records.values() if r.kind == "note" and r.stage == "approved"]
        if approved:
            self.kb.activation.activate(approved, by=self.reviewer)

    def _observed(self, phase: int, notebook: Notebook, poisons: Sequence[Poison]) -> Observation:
        known = [case for cases in self.desk.cases[: phase + 1] for case in cases]
        fresh = self.rng.random() < 0.5
        case = self.rng.choice(self.desk.cases[phase] if fresh else known)
        made_up = self.rng.random() < POISONED
        guess, target = self.rng.choice(ANSWERS), self.rng.randrange(2)
        if poisons and made_up:
            poison = poisons[target]
            case = self.rng.choice([one for one in known if holds_of(poison.conditions, one)])
            return Observation(attributes=case.attributes, answer=guess, label=poison.answer, feedback="label")
        note = notebook.decide(case)
        said = guess if note is None or note.answer is None else note.answer
        return Observation(attributes=case.attributes, answer=said, label=self.desk.due(case), feedback="label")

    def _review(self) -> None:
        """The scripted reviewer decides about every note that waits."""
        for record in [r for r in self.kb.state.records.values() if r.kind == "note"]:
            if self.kb.state.record(record.id).stage in ("proposed", "needs_review"):
                if self._is_good(record):
                    self.kb.changes.approve([record.id], by=self.reviewer)
                else:
                    self.kb.changes.reject([record.id], by=self.reviewer, reason="most of its cases are otherwise")

    def _is_good(self, record: Record) -> bool:
        content = self.kb.addendum(record.id).content
        assert isinstance(content, Note)
        note = HeldNote(record.id, content.rule, content.applies_when, content.place)
        met = [case for cases in self.desk.cases for case in cases if note.applies(case)]
        right = sum(note.answer == self.desk.due(case) for case in met)
        return (2 * right > len(met)) != content.withdrawn

    def _measure(self, phase: int, turned: int) -> None:
        """What went live without a person and does harm now."""
        known = [case for cases in self.desk.cases[: phase + 1] for case in cases]
        notes = self.kb.learning.notes()
        by_people = {n.addendum_id for n in notes if is_by_person(self.kb.state.record(n.addendum_id))}
        all_notes, approved = Notebook(notes), Notebook(n for n in notes if n.addendum_id in by_people)
        wrong = 0
        for case in known:
            note, due = all_notes.decide(case), self.desk.due(case)
            if note is None or note.addendum_id in by_people or note.answer == due:
                continue
            wrong += 1
            self.wrong.add(note.addendum_id)
            other = approved.decide(case)
            if other is not None and other.conditions and other.answer == due:
                self.overruling.add(note.addendum_id)
        self.exposure += wrong / len(known)
        on = [ramp.since is not None for ramp in self.kb.state.ramps.values()]
        self.was_on = self.was_on or (bool(on) and all(on))
        if turned and self.dropped_after is None and self.was_on and on and not all(on):
            self.dropped_after = turned * BATCH

    def _accuracy(self) -> float:
        cases = [case for cases in self.desk.cases for case in cases]
        notebook = Notebook(self.kb.learning.notes())
        found = [(notebook.decide(case), self.desk.due(case)) for case in cases]
        return sum(note is not None and note.answer == due for note, due in found) / len(cases)


def measure(seeds: Sequence[int]) -> Part:
    """Poisoned observations under three policies."""
    items: list[dict[str, object]] = []
    for seed in seeds:
        for name, rule in POLICIES.items():
            with TemporaryDirectory() as directory:
                trial = Trial(Path(directory), seed, rule)
                try:
                    item = {"seed": seed, "policy": name, **trial.run()}
                finally:
                    trial.kb.close()
            items.append(item)
            print(item, flush=True)
    return Part(metrics=_metrics(items), details=_DETAILS, items=items, seeds=seeds)


_DETAILS = {
    "phases": PHASES,
    "faults_per_phase": FAULTS,
    "batches_per_phase": BATCHES,
    "batch": BATCH,
    "turns_in_phase": TURN,
    "poisoned": POISONED,
    "autopilot": PILOT.model_dump(mode="json"),
    "reviewer": "scripted: accepts what is right in most of the cases that meet its conditions",
}


def _metrics(items: Sequence[dict[str, object]]) -> dict[str, object]:
    of = {name: [item for item in items if item["policy"] == name] for name in POLICIES}

    def mean(name: str, field: str) -> float:
        return round(statistics.fmean(float(item[field]) for item in of[name]), 4)

    dropped = [int(str(i["dropped_after_observations"])) for i in of["autopilot"] if i["dropped_after_observations"]]
    return {
        "poisoned_notes_live": sum(int(str(item["poisoned_notes_live"])) for item in of["autopilot"]),
        "poisoned_notes_live_automatic": sum(int(str(item["poisoned_notes_live"])) for item in of["automatic"]),
        "poison_wrong_notes": mean("autopilot", "wrong_notes_live"),
        "poison_wrong_notes_automatic": mean("automatic", "wrong_notes_live"),
        "poison_exposure": mean("autopilot", "exposure"),
        "poison_exposure_automatic": mean("automatic", "exposure"),
        "poison_dropped_after": statistics.median(dropped) if dropped else None,
        "poison_earned_share": mean("autopilot", "earned"),
        "poison_by_itself_share": round(mean("autopilot", "by_itself") / mean("autopilot", "notes_live"), 4),
        **{f"poison_accuracy_{name.replace(' ', '_')}": mean(name, "accuracy") for name in POLICIES},
    }
