"""Learning notes from observations: what a revision of the notebook asks for, as proposals with their evidence.

The learner proposes as a model does: nothing it writes is live before a person, or a policy that a person set,
approved it, and the gate tested it. A proposal names the notes that it replaces and the observations that speak for
and against it; its trust is that of the least trusted batch behind it, and never more than :data:`HIGHEST_TRUST`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.knowledge_base.changes import Changes
from addenda.knowledge_base.learned import SINCE, TAG, first_counted, live_tags
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.observing import Observed, Observing
from addenda.ledger import Actor, Ledger, Person, least_trust, require, utc_now
from addenda.memories.notes.deltas import Delta
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.revision import RevisionSettings, revise
from addenda.types import Addendum, Note, Trust

LEARNER = "rule learner"
"""The name under which rules are proposed that were learned without a language model."""

HIGHEST_TRUST: Trust = "low"
"""A learned note is trusted no more than this, whatever its observations."""


_UNDECIDED = frozenset({"proposed", "needs_review", "approved", "gate_failed", "tested"})


@dataclass(frozen=True, slots=True)
class Learned:
    """One delta, and what became of it."""

    delta: Delta
    addendum: Addendum
    """The proposal, as it was made or would be."""
    duplicate_of: str | None
    """Id of an open proposal that asks for the same; the new one is then not made."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one run of the learner came to."""

    observations: int
    notes: int
    """That were live when it ran."""
    learned: tuple[Learned, ...]
    held_back: tuple[Delta, ...]
    """What too few batches ask for so far."""
    since: str
    """The first observation that counted; those before it were made under other rules."""


class Learning:
    """Revises the notebook from the observations, as proposals."""

    def __init__(self, ledger: Ledger, changes: Changes, memories: Memories, observing: Observing) -> None:
        """Take the ledger, who proposes, the memories, and the observations."""
        self._ledger = ledger
        self._changes = changes
        self._memories = memories
        self._observing = observing

    def run(
        self, *, by: Person, settings: RevisionSettings | None = None, reason: str = "", dry_run: bool = False
    ) -> Lesson:
        """Propose what the observations ask for.

        Raises PermissionDenied when the person may not propose, InvalidInput when nothing can be learned from the
        observations there are, MissingDependency without numpy.
        """
        if not dry_run:
            require(self._ledger.state(), by, "proposed")
        observed, notes = self._observing.all(), self.notes()
        start = first_counted(live_tags(self._ledger), observed)
        revision = revise(notes, [one.observation for one in observed], settings, since=start)
        since = observed[revision.since].ref
        drafts = [(delta, _proposal(delta, observed, notes, since)) for delta in revision.deltas]
        learned = self._propose(drafts, by, reason, dry_run=dry_run)
        return Lesson(len(observed), len(notes), learned, revision.held_back, since)

    def notes(self) -> tuple[HeldNote, ...]:
        """The notes that hold now, in the order in which they are tried, whoever may be answered from them."""
        return self._memories.notes_at(utc_now())

    def _propose(
        self, drafts: Sequence[tuple[Delta, Addendum]], by: Person, reason: str, *, dry_run: bool
    ) -> tuple[Learned, ...]:
        waiting = self._waiting()
        known = {i: waiting.get(_words(addendum)) for i, (_, addendum) in enumerate(drafts)}
        fresh = [draft for i, draft in enumerate(drafts) if known[i] is None]
        if fresh and not dry_run:
            replaces = {addendum.id: delta.replaces for delta, addendum in fresh}
            why = f"learned for {by.name}" + (f": {reason}" if reason else "")
            learner = Actor(kind="model", name=LEARNER)
            self._changes.propose([addendum for _, addendum in fresh], by=learner, reason=why, replaces=replaces)
        return tuple(Learned(delta, addendum, known[i]) for i, (delta, addendum) in enumerate(drafts))

    def _waiting(self) -> dict[tuple[object, ...], str]:
        """The notes that the learner proposed and nobody decided about yet, by their words."""
        records = [r for r in self._ledger.state().records.values() if r.kind == "note" and r.stage in _UNDECIDED]
        mine = [record.id for record in records if record.proposal.author == LEARNER]
        return {_words(addendum): i for i, addendum in self._ledger.addenda(mine).items()}


def _words(addendum: Addendum) -> tuple[object, ...]:
    note = addendum.content
    return (note.rule, note.applies_when, note.withdrawn) if isinstance(note, Note) else (addendum.id,)


def _proposal(delta: Delta, observed: Sequence[Observed], notes: Sequence[HeldNote], since: str) -> Addendum:
    """What a delta is as a proposal."""
    behind = [observed[place] for place in sorted((*delta.supporting, *delta.contradicting))]
    old = {note.addendum_id: note for note in notes}
    if delta.note is None:
        gone = old[delta.replaces[0]]
        note = Note(rule=gone.rule, applies_when=gone.applies_when, place=gone.place, withdrawn=True)
    else:
        note = delta.note.model_copy(
            update={
                "supported_by": tuple(observed[place].ref for place in delta.supporting),
                "contradicted_by": tuple(observed[place].ref for place in delta.contradicting),
            }
        )
    return Addendum(
        content=note,
        source=f"observations from {since} on",
        author=LEARNER,
        evidence=tuple(dict.fromkeys(one.document_id for one in behind)),
        trust=least_trust((*(one.trust for one in behind), HIGHEST_TRUST)),
        tags=(TAG, delta.kind, f"{SINCE}{since}"),
    )
