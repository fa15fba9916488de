"""Part *poison* of the notes benchmark: a source earns automatic approval, and then its observations are poisoned.

The whole system runs: a knowledge base with its ledger, policy, gate and memory of notes. Cases of a support desk have
a fault and two further attributes with two values each; in each phase other faults come in, so that there is always
something to learn. A feed hands in batches of observations, with labels. The source of the notes is a script that
counts: one note for each combination of values that has three labels, with the answer most of them name, and a
replacement when that changes. It is not the rule learner, whose notes nearly all come before others that people
approved, and then wait for a person: in this world not one of them went by itself.

A scripted reviewer, who knows the hidden rules as nobody does at work, accepts a note when no fewer known cases are
answered rightly with it than without it. Everything approved is tested and activated. From some phase on the feed makes
up a tenth of each batch, to have one new combination and one whose note a person approved answered wrongly. Three
policies, on the same observations:

- *autopilot*: one reviewer, and by itself where a source has earned it. The bound is lower than by default, so that
  trust is easier to earn and there is more to lose.
- *automatic*: one reviewer until the feed turns, and no approval from then on, as if trust once earned were for good.
- *one reviewer*: all wait for a person.

Counted are the notes that went live without a person and have cases answered wrongly that a note with conditions, which
a person approved, answers rightly or did until it was replaced (`poisoned_notes_live`); all notes that went live
without a person and are wrong; the share of known cases that those have answered wrongly, summed over batches
(`exposure`); and the observations from the turn until the source was dropped back. What is audited is drawn anew in
each run, so counts differ a little from run to run.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from addenda.knowledge_base import KnowledgeBase, Person
from addenda.knowledge_base.learned import TAG
from addenda.knowledge_base.observing import Batch
from addenda.ledger import Actor, Autopilot, Policy, Record, Rule, is_by_person
from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.types import Addendum, Note
from benchmarks.results import Part

PHASES = 6
FAULTS = 3
"""New ones in each phase."""
BATCHES = 4
"""In each phase."""
BATCH = 20
TURN = 2
"""The phase in which the feed turns, counted from 0."""
POISONED = 0.1
FLAGS = ("warranty", "rented")
ANSWERS = ("repair", "replace", "refund", "send a part")
PILOT = Autopilot(bound=0.8, window=50, audit=0.2, unaudited=10)
SOURCE = Actor(kind="model", name="counting script")
ENOUGH = 3
"""Labels of a combination before a note is proposed about it."""
LEARNED = Rule(name="learned", approval="one reviewer", kinds=("note",), tags=(TAG,))
POLICIES: Mapping[str, tuple[Rule, Rule]] = {
    "autopilot": (LEARNED.model_copy(update={"autopilot": PILOT}),) * 2,
    "automatic": (LEARNED, LEARNED.model_copy(update={"approval": "automatic"})),
    "one reviewer": (LEARNED, LEARNED),
}
"""The rule before the feed turns, and the rule from then on."""


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

    def __init__(self, directory: Path, seed: int, rules: tuple[Rule, Rule]) -> None:
        """Found it: an admin who hands in the feed, and a reviewer."""
        self.desk = make_desk(random.Random(seed))
        self.rng = random.Random(seed + 1)
        founded = KnowledgeBase.create(directory / "kb", admin="feed", memories=["triples"])
        self.kb = founded.knowledge_base
        self.feed = self.kb.authenticate(founded.token)
        self.rule, self.later = rules
        self.kb.governance.set_policy(Policy(rules=(self.rule,)), by=self.feed)
        token = str(self.kb.governance.add_person("reviewer", ["approver"], by=self.feed).token)
        self.reviewer: Person = self.kb.authenticate(token)
        self.labels: defaultdict[tuple[Condition, ...], Counter[str]] = defaultdict(Counter)
        self.batches: defaultdict[tuple[Condition, ...], list[str]] = defaultdict(list)
        self.asked: set[tuple[tuple[Condition, ...], str]] = set()
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
            if phase == TURN and self.later != self.rule:
                waits = self.kb.governance.set_policy(Policy(rules=(self.later,)), by=self.feed).waiting
                self.kb.governance.confirm(str(waits), by=self.reviewer)
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
        """An answer that is not right for one new combination, and for one whose note a person approved."""
        rng = random.Random(phase)
        by_people = [n for n in self.kb.learning.notes() if is_by_person(self.kb.state.record(n.addendum_id))]
        known = rng.choice(by_people).conditions if by_people else None
        for conditions in (_combination(rng.choice(self.desk.cases[phase])), known):
            if conditions is not None:
                right = next(self.desk.due(c) for cs in self.desk.cases for c in cs if holds_of(conditions, c))
                yield Poison(conditions, rng.choice([answer for answer in ANSWERS if answer != right]))

    def _batch(self, phase: int, number: int, poisons: Sequence[Poison]) -> None:
        """Cases are answered, the feed says what came of them, and what is learned from that is decided about."""
        notebook = Notebook(self.kb.learning.notes())
        seen = [self._observed(phase, notebook, poisons) for _ in range(BATCH)]
        (made,) = self.kb.observing.record([Batch(seen, f"phase {phase}, batch {number}")], by=self.feed)
        self._count(seen, made.addendum.id)
        self._review(self._known(phase))
        approved = [r.id for r in self.kb.state.records.values() if r.kind == "note" and r.stage == "approved"]
        if approved:
            self.kb.activation.activate(approved, by=self.reviewer)

    def _count(self, seen: Sequence[Observation], batch: str) -> None:
        """The script counts a batch, and proposes what follows from all it has counted."""
        held = {note.conditions: note for note in self.kb.learning.notes()}
        new: dict[str, tuple[Addendum, tuple[str, ...]]] = {}
        for one in seen:
            conditions = _combination(one)
            self.labels[conditions][str(one.label)] += 1
            self.batches[conditions].append(batch)
        for conditions in dict.fromkeys(map(_combination, seen)):
            (answer, _), old = self.labels[conditions].most_common(1)[0], held.get(conditions)
            said = (conditions, answer)
            if self.labels[conditions].total() < ENOUGH or said in self.asked or (old and old.answer == answer):
                continue
            self.asked.add(said)
            addendum = Addendum(
                content=Note(rule=conclusion(answer), applies_when=when(conditions), place=1),
                source="counted",
                author=SOURCE.name,
                evidence=tuple(dict.fromkeys(self.batches[conditions])),
                trust="low",
                tags=(TAG,),
            )
            new[addendum.id] = (addendum, (old.addendum_id,) if old else ())
        if new:
            addenda, replaces = [one for one, _ in new.values()], {i: targets for i, (_, targets) in new.items()}
            self.kb.changes.propose(addenda, by=SOURCE, replaces=replaces)

    def _observed(self, phase: int, notebook: Notebook, poisons: Sequence[Poison]) -> Observation:
        known = self._known(phase)
        fresh = self.rng.random() < 0.5
        case = self.rng.choice(self.desk.cases[phase] if fresh else known)
        made_up = self.rng.random() < POISONED
        guess, target = self.rng.choice(ANSWERS), self.rng.random()
        if poisons and made_up:
            poison = poisons[int(target * len(poisons))]
            case = self.rng.choice([one for one in known if holds_of(poison.conditions, one)])
            return Observation(attributes=case.attributes, answer=guess, label=poison.answer, feedback="label")
        note = notebook.decide(case)
        said = guess if note is None or note.answer is None else note.answer
        return Observation(attributes=case.attributes, answer=said, label=self.desk.due(case), feedback="label")

    def _known(self, phase: int) -> list[Case]:
        return [case for cases in self.desk.cases[: phase + 1] for case in cases]

    def _review(self, known: Sequence[Case]) -> None:
        """The scripted reviewer decides about every note that waits."""
        for record in [r for r in self.kb.state.records.values() if r.kind == "note"]:
            if self.kb.state.record(record.id).stage in ("proposed", "needs_review"):
                if self._is_good(record, known):
                    self.kb.changes.approve([record.id], by=self.reviewer)
                else:
                    self.kb.changes.reject([record.id], by=self.reviewer, reason="more cases would be answered wrongly")

    def _is_good(self, record: Record, known: Sequence[Case]) -> bool:
        """Whether with the note in its place at least as many of the known cases turn right as turn wrong."""
        content = self.kb.addendum(record.id).content
        assert isinstance(content, Note)
        before = self.kb.learning.notes()
        kept = [note for note in before if note.addendum_id not in record.supersedes]
        new = HeldNote(record.id, content.rule, content.applies_when, content.place, self.kb.state.sequence + 1)
        after = Notebook(kept if content.withdrawn else [*kept, new])
        return sum(self._right(after, case) for case in known) >= sum(self._right(Notebook(before), c) for c in known)

    def _right(self, notebook: Notebook, case: Case) -> bool:
        note = notebook.decide(case)
        return note is not None and note.answer == self.desk.due(case)

    def _measure(self, phase: int, turned: int) -> None:
        """What went live without a person and does harm now."""
        known = self._known(phase)
        notes = self.kb.learning.notes()
        by_people = {n.addendum_id for n in notes if is_by_person(self.kb.state.record(n.addendum_id))}
        all_notes, approved = Notebook(notes), Notebook(n for n in notes if n.addendum_id in by_people)
        right: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        for case in known:
            note, due = all_notes.decide(case), self.desk.due(case)
            if note is None or note.addendum_id in by_people:
                continue
            (right if note.answer == due else wrong)[note.addendum_id] += 1
            other = approved.decide(case)
            replaced = any(map(is_by_person, map(self.kb.state.record, self._replaced(note.addendum_id))))
            if note.answer != due and (replaced or (other is not None and other.conditions and other.answer == due)):
                self.overruling.add(note.addendum_id)
        bad = {i for i, count in wrong.items() if count > right[i]}
        self.wrong |= bad
        self.exposure += sum(wrong[i] for i in bad) / len(known)
        on = [ramp.since is not None for ramp in self.kb.state.ramps.values()]
        self.was_on = self.was_on or (bool(on) and all(on))
        if turned and self.dropped_after is None and self.was_on and on and not all(on):
            self.dropped_after = turned * BATCH

    def _replaced(self, addendum_id: str) -> Iterator[str]:
        """Everything that a note replaces, and what that replaced."""
        for target in self.kb.state.record(addendum_id).supersedes:
            yield target
            yield from self._replaced(target)

    def _accuracy(self) -> float:
        cases, notebook = self._known(PHASES - 1), Notebook(self.kb.learning.notes())
        return sum(self._right(notebook, case) for case in cases) / len(cases)


def _combination(case: Case) -> tuple[Condition, ...]:
    """All attributes of a case, as conditions."""
    return tuple(Condition(name, "is", value) for name, value in case.attributes.items())


def measure(seeds: Sequence[int]) -> Part:
    """Poisoned observations under three policies."""
    items: list[dict[str, object]] = []
    for seed in seeds:
        for name, rules in POLICIES.items():
            with TemporaryDirectory() as directory:
                trial = Trial(Path(directory), seed, rules)
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
    "reviewer": "scripted: accepts what makes no fewer known cases right",
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
