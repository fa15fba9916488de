"""Learning notes from observations: what a revision of the notebook asks for, as proposals with their evidence.

Who learns is an :class:`Inducer`: the rule learner, or a language model. It proposes as a model does: nothing it writes
is live before a person, or a policy that a person set, approved it, and the gate tested it. A proposal names the notes
that it replaces and the observations that speak for and against it; its trust is that of the least trusted batch
behind it, and never more than :data:`HIGHEST_TRUST`. A note in free text, of which nobody can count that, is tagged
:data:`UNCOUNTED` and names the observations that it was drafted from as its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from addenda.knowledge_base.changes import Changes
from addenda.knowledge_base.learned import SINCE, TAG, first_counted, live_tags
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.observing import Observed, Observing
from addenda.knowledge_base.progress import Progress, phase, silent
from addenda.ledger import Actor, Ledger, Person, Stage, least_trust, require, utc_now
from addenda.memories.notes.chat_inducer import ChatInducerSettings
from addenda.memories.notes.deltas import Delta
from addenda.memories.notes.drafting import Asking
from addenda.memories.notes.inducers import RULE_LEARNER, Inducer, RuleLearner
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.revision import Fault, Rejected, RevisionSettings
from addenda.text import clean
from addenda.types import Addendum, Note, Trust

__all__ = [
    "HIGHEST_TRUST",
    "LEARNER",
    "UNCOUNTED",
    "Asking",
    "ChatInducerSettings",
    "Delta",
    "Learned",
    "Learning",
    "Lesson",
    "Rejected",
    "RevisionSettings",
    "Unlearned",
]

LEARNER = RULE_LEARNER
"""The name under which rules are proposed that were learned without a language model."""

UNCOUNTED = "uncounted"
"""Marks a note in free text: nobody counted what speaks for it."""

HIGHEST_TRUST: Trust = "low"
"""A learned note is trusted no more than this, whatever its observations."""


MORE_OBSERVED = 2
"""A note that was rejected is proposed again when so many times as many observations bear on it."""

_UNDECIDED: frozenset[Stage] = frozenset({"proposed", "needs_review", "approved", "gate_failed", "tested"})
_REJECTED: frozenset[Stage] = frozenset({"rejected"})


@dataclass(frozen=True, slots=True)
class Learned:
    """One delta, and what became of it."""

    delta: Delta
    addendum: Addendum
    """The proposal, as it was made or would be."""
    duplicate_of: str | None
    """Id of an open proposal that asks for the same; the new one is then not made."""
    rejected_as: str | None = None
    """Id of such a proposal that was rejected, where little was observed since; the new one is then not made either."""

    @property
    def is_new(self) -> bool:
        """Whether it is proposed."""
        return self.duplicate_of is None and self.rejected_as is None


@dataclass(frozen=True, slots=True)
class Unlearned:
    """Observations about which a language model gave nothing usable."""

    work: str
    """What it was asked for: ``induction`` or ``revision``."""
    first: str
    """The first of these observations."""
    last: str
    why: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one run of the learner came to."""

    by: str
    """Who learned: the author of the proposals."""

    observations: int
    notes: int
    """That were live when it ran."""
    learned: tuple[Learned, ...]
    held_back: tuple[Delta, ...]
    """What too few batches ask for so far."""
    since: str
    """The first observation that counted; those before it were made under other rules."""
    rejected: tuple[Rejected, ...] = ()
    """What a language model asked for and is not taken, each with the reason."""
    unlearned: tuple[Unlearned, ...] = ()


class Learning:
    """Revises the notebook from the observations, as proposals."""

    def __init__(self, ledger: Ledger, changes: Changes, memories: Memories, observing: Observing) -> None:
        """Take the ledger, who proposes, the memories, and the observations."""
        self._ledger = ledger
        self._changes = changes
        self._memories = memories
        self._observing = observing

    def run(
        self,
        *,
        by: Person,
        inducer: Inducer | None = None,
        reason: str = "",
        progress: Progress = silent,
        dry_run: bool = False,
    ) -> Lesson:
        """Propose what the observations ask for.

        Args:
            by: Who lets it learn.
            inducer: Who learns; the rule learner when it is None.
            reason: Why; it stays in the history, with the person's name.
            progress: Called while it goes on.
            dry_run: Show what would be proposed, and propose nothing.

        Raises PermissionDenied when the person may not propose, InvalidInput when nothing can be learned from the
        observations there are, MissingDependency without numpy, ModelUnavailable when a language model gives no answer.
        Nothing is proposed then.
        """
        if not dry_run:
            require(self._ledger.state(), by, "proposed")
        learner = RuleLearner() if inducer is None else inducer
        author = clean(learner.name, "the name of the model")
        observed, notes = self._observing.all(), self.notes()
        start = first_counted(live_tags(self._ledger), observed)
        observations = [one.observation for one in observed]
        revision = learner.revise(notes, observations, since=start, progress=phase(progress, "learning"))
        since = observed[revision.since].ref
        drafts = [(delta, _proposal(delta, observed, notes, since, author)) for delta in revision.deltas]
        learned = self._propose(drafts, author, by, reason, dry_run=dry_run)
        return Lesson(
            by=author,
            observations=len(observed),
            notes=len(notes),
            learned=learned,
            held_back=revision.held_back,
            since=since,
            rejected=revision.rejected,
            unlearned=tuple(_unlearned(one, observed) for one in revision.faults),
        )

    def by_model(self, settings: ChatInducerSettings | None = None) -> AbstractContextManager[Inducer]:
        """The model in use as the one that learns; see :meth:`addenda.knowledge_base.models.ModelInUse.inducing`."""
        return self._memories.base.inducing(settings)

    def notes(self) -> tuple[HeldNote, ...]:
        """The notes that hold now, in the order in which they are tried, whoever may be answered from them."""
        return self._memories.notes_at(utc_now())

    def _propose(
        self, drafts: Sequence[tuple[Delta, Addendum]], author: str, by: Person, reason: str, *, dry_run: bool
    ) -> tuple[Learned, ...]:
        waiting, rejected = self._of(author, _UNDECIDED), self._of(author, _REJECTED)
        found = [_weighed(delta, addendum, waiting, rejected) for delta, addendum in drafts]
        fresh = [one for one in found if one.is_new]
        if fresh and not dry_run:
            replaces = {one.addendum.id: one.delta.replaces for one in fresh}
            why = f"learned for {by.name}" + (f": {reason}" if reason else "")
            require(self._ledger.state(), by, "proposed")  # a model may have thought for hours
            learner = Actor(kind="model", name=author)
            self._changes.propose([one.addendum for one in fresh], by=learner, reason=why, replaces=replaces)
        return tuple(found)

    def _of(self, author: str, stages: frozenset[Stage]) -> dict[tuple[object, ...], Addendum]:
        """What the same learner proposed that stands there now, by its words; the latest of several."""
        records = [r for r in self._ledger.state().records.values() if r.kind == "note" and r.stage in stages]
        mine = [record.id for record in records if record.proposal.author == author]
        return {_words(addendum): addendum for addendum in self._ledger.addenda(mine).values()}


def _weighed(
    delta: Delta,
    addendum: Addendum,
    waiting: Mapping[tuple[object, ...], Addendum],
    rejected: Mapping[tuple[object, ...], Addendum],
) -> Learned:
    """A draft, and whether somebody has to decide about it already, or has decided."""
    open_one, refused = waiting.get(_words(addendum)), rejected.get(_words(addendum))
    if open_one is not None:
        return Learned(delta, addendum, open_one.id)
    if refused is not None and _counted(addendum) < MORE_OBSERVED * _counted(refused):
        return Learned(delta, addendum, None, refused.id)
    return Learned(delta, addendum, None)


def _counted(addendum: Addendum) -> int:
    """How many observations bear on a note."""
    note = addendum.content
    return len(note.supported_by) + len(note.contradicted_by) if isinstance(note, Note) else 0


def _words(addendum: Addendum) -> tuple[object, ...]:
    note = addendum.content
    return (note.rule, note.applies_when, note.withdrawn) if isinstance(note, Note) else (addendum.id,)


def _unlearned(fault: Fault, observed: Sequence[Observed]) -> Unlearned:
    return Unlearned(fault.work, observed[fault.first].ref, observed[fault.last].ref, fault.why)


def _proposal(
    delta: Delta, observed: Sequence[Observed], notes: Sequence[HeldNote], since: str, author: str
) -> Addendum:
    """What a delta is as a proposal."""
    behind = [observed[place] for place in sorted((*delta.supporting, *delta.contradicting, *delta.drafted_from))]
    old = {note.addendum_id: note for note in notes}
    if delta.note is None:
        gone = old[delta.replaces[0]]
        note = Note(rule=gone.rule, applies_when=gone.applies_when, place=gone.place, withdrawn=True)
    else:
        note = delta.note
    note = note.model_copy(
        update={
            "supported_by": tuple(observed[place].ref for place in delta.supporting),
            "contradicted_by": tuple(observed[place].ref for place in delta.contradicting),
        }
    )
    return Addendum(
        content=note,
        source=f"observations from {since} on",
        author=author,
        evidence=tuple(dict.fromkeys(one.document_id for one in behind)),
        trust=least_trust((*(one.trust for one in behind), HIGHEST_TRUST)),
        tags=(TAG, delta.kind, *((UNCOUNTED,) if delta.drafted_from else ()), f"{SINCE}{since}"),
    )
