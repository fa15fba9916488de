"""Triples behind the ledger: what correcting a thousand facts does to answers, and how fast a bulk load goes live.

Everything goes the way it goes in use: a person proposes, another one approves, the gate tests, activation delivers;
answers are those of the bundled model, which reads. Parts of :mod:`benchmarks.triples`.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import track

from addenda.errors import InvalidInput
from addenda.knowledge_base import DATABASE_FILE, KnowledgeBase, Person
from addenda.ledger import Policy, RelationSpec, Rule, check_value
from addenda.memories.triples.calls import Query
from addenda.models.bundled import WorldRelation
from addenda.text import normalised
from addenda.types import Addendum, Fact
from benchmarks.triples_world import RELATIONS, World
from recipes.triples_adapters.questions import QuestionTeacher

YESTERDAY = timedelta(days=1)
LONG_AGO = timedelta(days=365)
BATCH = 250_000
console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Office:
    """A knowledge base with somebody who proposes and somebody who approves and activates."""

    kb: KnowledgeBase
    ana: Person
    ben: Person

    def live(self, addenda: Sequence[Addendum]) -> frozenset[str]:
        """Take addenda all the way; those that became active."""
        ids = [outcome.addendum.id for outcome in self.kb.changes.propose(addenda, by=self.ana)]
        self.kb.changes.approve(ids, by=self.ben)
        return frozenset(self.kb.activation.activate(ids, by=self.ben).active)


@contextmanager
def office(relations: Sequence[RelationSpec] = (), thresholds: Mapping[str, float] | None = None) -> Generator[Office]:
    """A knowledge base of its own on the bundled model, whose facts are triples."""
    with tempfile.TemporaryDirectory() as directory:
        founded = KnowledgeBase.create(Path(directory) / "kb", admin="Ana", memories=["triples"])
        with founded.knowledge_base as kb:
            ana = kb.authenticate(founded.token)
            kb.governance.set_policy(Policy(rules=(Rule(name="one reviewer", approval="one reviewer"),)), by=ana)
            if thresholds is not None:
                kb.governance.set_thresholds(thresholds, by=ana)
            for spec in relations:
                kb.governance.declare_relation(spec, by=ana)
            ben = kb.governance.add_person("Ben", ["approver"], by=ana)
            yield Office(kb, ana, kb.authenticate(str(ben.token)))


@dataclass(frozen=True, slots=True)
class Correction:
    """A fact, its correction if there is one, and a question about it."""

    fact: Fact
    new: str | None
    question: str
    """In a wording the model was trained with."""
    other: str
    """In a wording held out of every training."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was answered to one question before and after the corrections."""

    correction: Correction
    question: str
    before: str
    after: str
    yesterday: str
    """After them, about the day before."""
    went_live: bool
    """Whether the correction passed the gate; otherwise the old value is still what holds."""

    @property
    def says_new(self) -> bool:
        """Whether the correction is what is answered."""
        return self.correction.new is not None and normalised(self.after) == normalised(self.correction.new)

    @property
    def leaks(self) -> bool:
        """Whether the answer has the old value in it."""
        old, new = normalised(self.correction.fact.object), normalised(self.correction.new or "")
        return self.went_live and old not in new and old in normalised(self.after)


def plan(seed: int, corrected: int) -> list[Correction]:
    """Facts about fresh subjects, four for each; half of each subject's are corrected."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    relations = [r for r in teacher.reading.world.relations.values() if r.subject_kind == "product"]
    found: list[Correction] = []
    subjects: set[str] = set()
    while sum(one.new is not None for one in found) < corrected:
        subject = teacher.subject(random)
        if normalised(subject) in subjects:
            continue
        subjects.add(normalised(subject))
        for number, relation in enumerate(random.sample(relations, 4)):
            old = _value(teacher, random, relation)
            new = _value(teacher, random, relation, unlike=old)
            found.append(
                Correction(
                    Fact(subject=subject, relation=relation.name, object=old),
                    new if number < 2 else None,
                    random.choice(relation.trained).format(subject=subject),
                    random.choice(relation.held_out).format(subject=subject),
                )
            )
    return found


def _value(teacher: QuestionTeacher, random: Random, relation: WorldRelation, unlike: str = "") -> str:
    """A value that the relation takes; teaching also draws others."""
    spec = RelationSpec(
        name=relation.name,
        value_type=relation.value_type,
        unit=relation.unit,
        templates=relation.edit,
        gate_templates=relation.gate,
    )
    while True:
        value = teacher.reading.fresh_value(random, relation.name)
        with suppress(InvalidInput):
            check_value(value, spec)
            if normalised(value) != normalised(unlike):
                return value


def correct(seed: int, corrected: int) -> list[Asked]:
    """Make the facts live, correct some of them, and ask about all of them before and after."""
    planned = plan(seed, corrected)
    questions = [question for one in planned for question in (one.question, one.other)]
    since = datetime.now(UTC) - LONG_AGO
    with office() as made:
        made.live([_addendum(one.fact, since) for one in planned])
        before = _answers(made, questions, "before")
        changed = {
            one: _addendum(one.fact.model_copy(update={"object": one.new}), None)
            for one in planned
            if one.new is not None
        }
        live = made.live(list(changed.values()))
        after = _answers(made, questions, "after")
        moment = datetime.now(UTC) - YESTERDAY
        yesterday = _answers(made, questions, "yesterday", moment)
    texts = zip(questions, before, after, yesterday, strict=True)
    passed = {one for one, addendum in changed.items() if addendum.id in live}
    return [Asked(one, *next(texts), one in passed) for one in planned for _ in range(2)]


def correction_metrics(asked: Sequence[Asked]) -> dict[str, float]:
    """The scores of these answers; each fact was asked in a trained and in a held-out wording."""
    corrected = [one for one in asked if one.correction.new is not None]
    others = [one for one in asked if one.correction.new is None]
    trained = [one for one in corrected if one.question == one.correction.question]
    held_out = [one for one in corrected if one.question != one.correction.question]
    return {
        "corrected_new": _share(one.says_new for one in trained),
        "corrected_new_heldout": _share(one.says_new for one in held_out),
        "corrected_left_behind": float(sum(not one.went_live for one in trained)),
        "corrected_old_leaks": float(sum(one.leaks for one in corrected)),
        "corrected_others_unchanged": _share(one.before == one.after for one in others),
        "corrected_as_of_old": _share(one.before == one.yesterday for one in corrected),
        "corrected_before": _share(normalised(one.before) == normalised(one.correction.fact.object) for one in asked),
    }


@dataclass(frozen=True, slots=True)
class Load:
    """What a bulk load took."""

    triples: int
    seconds: float
    cpu_seconds: float
    by_step: dict[str, float]
    """Seconds for proposing, approving and activating."""
    database_bytes: int
    artefact_bytes: int
    peak_memory_bytes: int
    load_average: float
    """Of the machine when it began."""

    @property
    def per_second(self) -> float:
        """Triples that went live in a second."""
        return self.triples / self.seconds


def load(world: World, batch: int = BATCH) -> Load:
    """Take a world's facts, in batches, from proposals to live and readable."""
    facts = _without_conflicts(world.facts)
    relations = dict.fromkeys(relation for _, relation, _ in facts)
    specs = [_spec(relation) for relation in relations]
    steps: dict[str, float] = {"propose": 0.0, "approve": 0.0, "activate": 0.0}
    load_average = os.getloadavg()[0]
    # The bundled model was not taught these relations. It is asked about the sample all the same, whatever it says.
    with office(specs, {"says_it": 0.0, "wordings": 0.0}) as made:
        made.kb.ask("What is the price of nothing?")  # loads the model, which is paid for once whatever is loaded
        started, cpu = time.perf_counter(), time.process_time()
        for start in track(range(0, len(facts), batch), "bulk load", console=console):
            addenda = [
                Addendum(content=Fact(subject=s, relation=r, object=o), source="bulk.csv", author="Ana")
                for s, r, o in facts[start : start + batch]
            ]
            _carry(made, addenda, steps)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        _check(made, facts)
        directory = made.kb.directory
        database = sum(path.stat().st_size for path in directory.glob(f"{DATABASE_FILE}*"))
        artefacts = sum(path.stat().st_size for path in (directory / "artifacts").rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Load(len(facts), seconds, cpu_seconds, steps, database, artefacts, peak, load_average)


def _carry(made: Office, addenda: Sequence[Addendum], steps: dict[str, float]) -> None:
    at = time.perf_counter()
    ids = [outcome.addendum.id for outcome in made.kb.changes.propose(addenda, by=made.ana) if not outcome.duplicate_of]
    steps["propose"] += time.perf_counter() - at
    at = time.perf_counter()
    made.kb.changes.approve(ids, by=made.ben)
    steps["approve"] += time.perf_counter() - at
    at = time.perf_counter()
    outcome = made.kb.activation.activate(ids, by=made.ben)
    steps["activate"] += time.perf_counter() - at
    if outcome.active != tuple(ids):
        raise RuntimeError(f"{len(ids) - len(outcome.active)} of {len(ids)} did not become live")


def _without_conflicts(facts: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The facts without a second value of what takes one."""
    kept = {(normalised(s), r, normalised(o) if r in RELATIONS else ""): (s, r, o) for s, r, o in reversed(facts)}
    return list(reversed(kept.values()))


def _check(made: Office, facts: Sequence[tuple[str, str, str]]) -> None:
    """A sample can be read, each by exactly its names."""
    for subject, relation, object_ in Random(len(facts)).sample(facts, 1_000):
        found = made.kb.read(Query(subject, relation, None))
        if found.too_broad is None and object_ not in found.names:
            raise RuntimeError(f"{subject!r} {relation!r} {object_!r} went live and is not read")


def _spec(relation: str) -> RelationSpec:
    return RelationSpec(
        name=relation,
        cardinality="many" if relation in RELATIONS else "one",
        templates=(f"What is the {relation} of {{subject}}?",),
        gate_templates=(f"Tell me the {relation} of {{subject}}.",),
        memories=("triples",),
    )


def _addendum(fact: Fact, since: datetime | None) -> Addendum:
    return Addendum(content=fact, source="catalogue.csv", author="Ana", valid_from=since)


def _answers(made: Office, questions: Sequence[str], label: str, as_of: datetime | None = None) -> list[str]:
    with console.status(f"asking {len(questions)} questions {label}"):
        return [answer.text for answer in made.kb.ask_many(questions, as_of=as_of)]


def _share(oks: Iterable[bool]) -> float:
    listed = list(oks)
    return sum(listed) / len(listed)
