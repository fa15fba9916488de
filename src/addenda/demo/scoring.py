"""The score card: which questions are asked after a catalogue update, and how the answers are counted.

All answers are free greedy generation; an answer is right when it equals the expected value after normalisation
(width, case, spaces, trailing punctuation). The wordings scored here are never those an edit was made with (except for
``reliability``, which asks for just that) and never those of the gate. Questions of the held-out group were not in the
bundled model's training either, so its own accuracy on them is the ceiling; :func:`floor` measures both. The blind
group is in no training sample either, and no other wording was modelled on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from addenda.demo.catalogue import ChangedFact, Plan
from addenda.models.bundled import World, WorldFact, WorldRelation
from addenda.models.bundled.wordings_blind import BLIND
from addenda.text import normalised

Group: TypeAlias = Literal[
    "reliability",
    "generalization_known",
    "generalization_heldout",
    "generalization_blind",
    "locality",
    "hard_negatives",
]

GROUPS: tuple[Group, ...] = (
    "reliability",
    "generalization_known",
    "generalization_heldout",
    "generalization_blind",
    "locality",
    "hard_negatives",
)
"""In the order in which a score card lists them."""

Answering: TypeAlias = Callable[[Sequence[str]], Sequence[str]]
"""Answers questions, in order."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One scored question."""

    group: Group
    question: str
    subject: str
    relation: str
    old: str
    """What the unedited world says."""
    new: str | None
    """What must be said after the change; None where the answer must stay as it was."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A probe with what was said without and with the changes."""

    probe: Probe
    before: str
    after: str

    @property
    def right(self) -> bool:
        """Whether the new value is said, or, where nothing changed, the answer is identical to the one before."""
        if self.probe.new is None:
            return self.after == self.before
        return normalised(self.after) == normalised(self.probe.new)


def probes(world: World, plan: Plan, *, seed: int, wordings_per_fact: int | None = 2) -> tuple[Probe, ...]:
    """The questions of a score card; ``wordings_per_fact`` None asks every scored wording of every change."""
    random = Random(seed)

    def some(wordings: Sequence[str]) -> Iterable[str]:
        return wordings if wordings_per_fact is None else random.sample(wordings, wordings_per_fact)

    found: list[Probe] = []
    for change in plan.changes:
        relation = world.relations[change.relation]
        found.append(_changed("reliability", relation.edit[0], change))
        found += [_changed("generalization_known", wording, change) for wording in some(relation.known)]
        found += [_changed("generalization_heldout", wording, change) for wording in some(relation.held_out)]
        found += [_changed("generalization_blind", wording, change) for wording in some(BLIND[change.relation])]
    found += [_kept("hard_negatives", world.relations, fact, random) for fact in plan.neighbours]
    found += [_kept("locality", world.relations, fact, random) for fact in plan.untouched]
    return tuple(found)


def _changed(group: Group, wording: str, change: ChangedFact) -> Probe:
    question = wording.format(subject=change.subject)
    return Probe(group, question, change.subject, change.relation, change.old, change.new)


def _kept(group: Group, relations: Mapping[str, WorldRelation], fact: WorldFact, random: Random) -> Probe:
    question = random.choice(relations[fact.relation].known).format(subject=fact.subject)
    return Probe(group, question, fact.subject, fact.relation, fact.object, None)


def score(asked: Sequence[Probe], before: Answering, after: Answering) -> tuple[Scored, ...]:
    """Ask every probe without and with the changes."""
    questions = [probe.question for probe in asked]
    return tuple(
        Scored(probe, old, new) for probe, old, new in zip(asked, before(questions), after(questions), strict=True)
    )


def rates(scored: Iterable[Scored]) -> dict[Group, float]:
    """Share of right answers by group; groups without a probe are left out."""
    counts: dict[Group, list[bool]] = {}
    for entry in scored:
        counts.setdefault(entry.probe.group, []).append(entry.right)
    return {group: sum(counts[group]) / len(counts[group]) for group in GROUPS if group in counts}


def floor(scored: Iterable[Scored]) -> dict[Group, tuple[float, float]]:
    """What the unedited model says to the same questions: share of the *new* value, and share of the *old* one.

    The first is what could be had by guessing, the second the model's own accuracy in these wordings.
    """
    counts: dict[Group, list[tuple[bool, bool]]] = {}
    for entry in scored:
        said, probe = normalised(entry.before), entry.probe
        lucky = probe.new is not None and said == normalised(probe.new)
        counts.setdefault(probe.group, []).append((lucky, said == normalised(probe.old)))
    return {group: _shares(counts[group]) for group in GROUPS if group in counts}


def _shares(rows: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    return sum(first for first, _ in rows) / len(rows), sum(second for _, second in rows) / len(rows)
