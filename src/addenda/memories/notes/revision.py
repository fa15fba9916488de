"""Revision: what was learned meets the notes there are, as typed deltas that code applies.

Idea: the learner starts from the notebook, so most of its rules come back unchanged, and what differs is told as
deltas (:mod:`~.deltas`). Nothing is rewritten as a whole, so nothing is lost by the way: a note goes only by a delta
that names it. *Momentum*: a note that many observations support is contradicted or retired only when several batches
in a row ask for it. *Drift*: when the rules behind the observations changed, what was seen before is set aside
(:mod:`~.drift`).

Sources: items and deltas after Zhang et al. 2025, arXiv 2510.04618; momentum after Wang et al. 2024, arXiv 2403.02757,
which names it and does not define it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from addenda.memories.notes.cases import Observation
from addenda.memories.notes.deltas import Delta, DeltaKind, deltas_between
from addenda.memories.notes.drift import learned_since_change
from addenda.memories.notes.induction import Induced, InductionSettings
from addenda.memories.notes.lists import ListedRule, decided, holds_of, surprises
from addenda.memories.notes.notebook import HeldNote
from addenda.types import Frozen

Known: TypeAlias = tuple[HeldNote, ListedRule]
"""A note, and what it says as the learner has it."""


class RevisionSettings(Frozen):
    """How the notebook is revised."""

    induction: InductionSettings = InductionSettings()
    batch: int = 10
    """Observations that count as one batch."""
    momentum: int = 3
    """Batches in a row that must ask before a note that many support is contradicted or retired."""
    many: int = 8
    """So many supporting observations, more than contradict it, make a note one that many support."""
    margin: float = 6.0
    """Nats by which two lists must explain the feedback better than one before the rules count as changed."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A delta that a language model asked for and that is not taken."""

    kind: DeltaKind
    words: str
    """The note that it would have made; empty where it would have made none."""
    notes: tuple[str, ...]
    """The notes that it named, as it named them."""
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A call of a language model that came to nothing."""

    work: Literal["induction", "revision"]
    first: int
    """The place of the first observation that it was about."""
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What one revision asks for."""

    deltas: tuple[Delta, ...] = ()
    """In the notebook's order."""
    held_back: tuple[Delta, ...] = ()
    """Those that too few batches ask for so far, and with them all others, where they make sense only together."""
    since: int = 0
    """Observations before this place are set aside, because the rules changed."""
    rejected: tuple[Rejected, ...] = ()
    """What a language model asked for and the observations do not bear out, or nobody could apply."""
    faults: tuple[Fault, ...] = ()
    """Calls of a language model that came to nothing; the others count all the same."""


def revise(
    notes: Sequence[HeldNote],
    observations: Sequence[Observation],
    settings: RevisionSettings | None = None,
    *,
    since: int = 0,
) -> Revision:
    """The deltas that lead from these notes to what the observations show.

    Args:
        notes: Those that hold. Nothing is learned about one in free text, or one whose conditions hold of no
            observation, and nothing happens to it.
        observations: All there are, the oldest first.
        settings: How to revise.
        since: Observations before this place were set aside earlier.

    Raises InvalidInput when nothing can be learned from the observations.
    """
    chosen = RevisionSettings() if settings is None else settings
    known = learnable(notes)
    start, deltas = _wanted(known, observations, since, chosen)
    return with_momentum(
        known,
        observations,
        deltas,
        lambda earlier: _taken_out(known, earlier, since, chosen),
        chosen,
        since=since,
        start=start,
    )


def with_momentum(
    known: Sequence[Known],
    observations: Sequence[Observation],
    deltas: Sequence[Delta],
    asked: Callable[[Sequence[Observation]], set[str]],
    settings: RevisionSettings,
    *,
    since: int,
    start: int,
) -> Revision:
    """What of these deltas is asked for now, and what is held back.

    A note that many observations support is contradicted or retired only when that was asked for, too, when the last
    batches were not there yet. Where the rest makes no sense without what is held back, all of it is.

    Args:
        known: The notes there are, in order.
        observations: All there are, the oldest first.
        deltas: What is asked for.
        asked: Ids of the notes that earlier observations, all up to some place, ask to contradict or retire.
        settings: How to revise.
        since: Observations before this place were set aside earlier.
        start: Those before this place are now.
    """
    guarded = _supported(known, observations[since:], settings.many)
    doubtful = [one for one in deltas if one.kind in ("contradict", "retire") and guarded & set(one.replaces)]
    held_back: list[Delta] = []
    for back in range(1, settings.momentum if doubtful else 0):
        earlier = observations[: max(since, len(observations) - back * settings.batch)]
        wanted = asked(earlier) if len(earlier) > since else set[str]()
        held_back += [one for one in doubtful if one not in held_back and not set(one.replaces) <= wanted]
    if not held_back:
        return Revision(tuple(deltas), since=start)
    going = [one for one in deltas if one not in held_back]
    if _surprised(after(known, going), observations[since:]) > _surprised(known, observations[since:]):
        return Revision((), tuple(deltas), since=since)
    return Revision(tuple(going), tuple(held_back), since=since)


def rule_of(note: HeldNote) -> ListedRule | None:
    """What a note says, as the learner has it; None for one in free text."""
    return None if note.conditions is None or note.answer is None else (note.conditions, note.answer)


def learnable(notes: Sequence[HeldNote]) -> list[Known]:
    """The notes that say what they mean, in order."""
    ordered = sorted(notes, key=lambda note: note.order)
    return [(note, rule) for note in ordered if (rule := rule_of(note)) is not None]


def counted_from(
    rules: Sequence[ListedRule], observations: Sequence[Observation], since: int, settings: RevisionSettings
) -> int:
    """The place from which on observations count: ``since``, or a later one where the rules changed."""
    return _counted_from(rules, observations, since, settings)[0]


def _counted_from(
    rules: Sequence[ListedRule], observations: Sequence[Observation], since: int, settings: RevisionSettings
) -> tuple[int, Induced]:
    """The same, and what is learned from there on."""
    cut, learned = learned_since_change(
        rules, observations[since:], batch=settings.batch, margin=settings.margin, induction=settings.induction
    )
    return since + cut, learned


def _wanted(
    known: Sequence[Known], observations: Sequence[Observation], since: int, settings: RevisionSettings
) -> tuple[int, list[Delta]]:
    """From where on the observations count, and the deltas that they ask for."""
    start, learned = _counted_from([rule for _, rule in known], observations, since, settings)
    counted = observations[start:]
    met = [number for number, (_, rule) in enumerate(known) if any(holds_of(rule[0], one) for one in counted)]
    placed = [
        replace(
            rule,
            start=None if rule.start is None else met.index(rule.start),
            supporting=tuple(start + place for place in rule.supporting),
            contradicting=tuple(start + place for place in rule.contradicting),
        )
        for rule in learned.rules
    ]
    return start, deltas_between([known[number][0] for number in met], placed)


def _taken_out(
    known: Sequence[Known],
    observations: Sequence[Observation],
    since: int,
    settings: RevisionSettings,
) -> set[str]:
    """Ids of the notes that these observations ask to contradict or retire."""
    _, deltas = _wanted(known, observations, since, settings)
    return {one for delta in deltas if delta.kind in ("contradict", "retire") for one in delta.replaces}


def after(known: Sequence[Known], deltas: Sequence[Delta]) -> list[Known]:
    """The notes after these deltas, in order."""
    gone = {one for delta in deltas for one in delta.replaces}
    new = [HeldNote("", d.note.rule, d.note.applies_when, d.note.place) for d in deltas if d.note is not None]
    return learnable([*(note for note, _ in known if note.addendum_id not in gone), *new])


def _surprised(known: Sequence[Known], observations: Sequence[Observation]) -> int:
    """How often notes do not let expect what was observed; where none decides, every other time."""
    found = surprises([rule for _, rule in known], observations)
    return sum(found) + (len(observations) - len(found)) // 2


def _supported(known: Sequence[Known], observations: Sequence[Observation], many: int) -> set[str]:
    """Ids of the notes that many observations support, and more than contradict them."""
    found: set[str] = set()
    for (note, (_, answer)), places in zip(known, decided([rule for _, rule in known], observations), strict=True):
        said = [observations[place].says(answer) for place in places]
        if said.count(True) >= max(many, said.count(False) + 1):
            found.add(note.addendum_id)
    return found
