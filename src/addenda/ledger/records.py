"""What the ledger knows about one addendum, apart from its content: the :class:`Record`.

A record is a value: folding an event makes a new one. It has two parts that are shared as far as possible, because a
million records are kept in memory: the :class:`~addenda.ledger.events.Proposal` it came from, which never changes, and
its :class:`Standing`, which is one object for all addenda that the same events have moved together.

When it holds, and for whom, is answered here and nowhere else (:meth:`Record.holds_at`);
:meth:`addenda.ledger.state.State.live` only applies it.

The window of an addendum starts at ``valid_from``, or when it became active if none was given. It ends at the
earliest of ``valid_until``, the moment at which somebody closed it, and the moment from which another one replaces
it. That last end is a :class:`Closing`, which names who closes: when the replacement is disabled, rolled back or
erased, its closings are lifted, and the earlier answer is back. A replacement that merely expires keeps its closings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from addenda.ledger.events import Actor, Proposal
from addenda.ledger.policy import ContentKind
from addenda.ledger.transitions import Stage
from addenda.types import EVERYONE, MemoryName, Status, Trust


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval, or that of a policy rule (an actor of kind ``system``)."""

    by: Actor
    at: datetime
    position: int
    rule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last judgement of the gate."""

    passed: bool
    reason: str
    scores: Mapping[str, float]
    report: str | None
    """Digest of the full report."""
    at: datetime
    staged_at: int
    """Ledger position of the baseline."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Another addendum replaces this one from a moment on, as long as it is in force."""

    by: str
    """Id of the replacement."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How far addenda have come that were proposed together, and that the same events have moved since."""

    stage: Stage
    proposer: Actor
    proposed_at: datetime
    based_on: int
    """Ledger position that the proposer (after a renewed review: the reviewer) saw; 0 when it does not matter."""
    history: tuple[int, ...]
    """Positions of the events about them, rising."""
    approvals: tuple[Approval, ...] = ()
    verdict: Verdict | None = None
    memories: tuple[MemoryName, ...] = ()
    """The memories they must be delivered to before they are active; empty until they are being activated."""
    activated_at: datetime | None = None
    """When the last of their memories delivered."""
    closed_until: datetime | None = None
    """End of the window that somebody set afterwards."""
    on_behalf_of: str = ""
    """The person whose agent proposed; empty where no agent did."""
    last_reason: str = ""
    """Why the last event happened, in the words of the actor or the gate."""


class Record(NamedTuple):
    """One addendum as the ledger has it. The fields are how it is kept; read it by the properties below them."""

    proposal: Proposal
    standing: Standing
    supersedes: tuple[str, ...] = ()
    """What it replaces: as proposed, then as decided when it was activated."""
    digests: tuple[str | None, ...] = ()
    """Digest of the artefact in each of :attr:`memories`, in their order; None where none was delivered yet."""
    sequence: int | None = None
    """Place in the order in which artefacts act; given when activation starts, kept when disabled and enabled."""
    closings: tuple[Closing, ...] = ()
    """The replacements in force."""
    replacements: tuple[str, ...] = ()
    """Ids of all replacements that ever became active, in that order."""

    def at(self, standing: Standing) -> Record:
        """The same record at another standing."""
        return Record(self.proposal, standing, *self[2:])

    @property
    def id(self) -> str:
        """The addendum's id."""
        return self.proposal.id

    @property
    def kind(self) -> ContentKind:
        """What kind of content it has."""
        return self.proposal.content_kind

    @property
    def commitment(self) -> str:
        """Salted hash of the content."""
        return self.proposal.commitment

    @property
    def source(self) -> str:
        """Where it came from."""
        return self.proposal.source

    @property
    def author(self) -> str:
        """The person (or named model) that wrote it."""
        return self.proposal.author

    @property
    def valid_from(self) -> datetime | None:
        """First instant at which it was proposed to hold."""
        return self.proposal.valid_from

    @property
    def valid_until(self) -> datetime | None:
        """First instant at which it was proposed to hold no longer."""
        return self.proposal.valid_until

    @property
    def audience(self) -> tuple[str, ...]:
        """Who may be answered from it."""
        return self.proposal.audience

    @property
    def trust(self) -> Trust:
        """How far it is trusted."""
        return self.proposal.trust

    @property
    def tags(self) -> tuple[str, ...]:
        """Its labels."""
        return self.proposal.tags

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of the addenda it was derived from."""
        return self.proposal.evidence

    @property
    def stage(self) -> Stage:
        """Where events alone have brought it."""
        return self.standing.stage

    @property
    def proposer(self) -> Actor:
        """Who proposed it."""
        return self.standing.proposer

    def is_by(self, actor: Actor) -> bool:
        """Whether this actor proposed it, or is the person whose agent did."""
        behind = self.standing.on_behalf_of
        return actor == self.proposer or (actor.kind == "person" and actor.name == behind)

    @property
    def proposed_at(self) -> datetime:
        """When it was proposed."""
        return self.standing.proposed_at

    @property
    def based_on(self) -> int:
        """See :attr:`Standing.based_on`."""
        return self.standing.based_on

    @property
    def history(self) -> tuple[int, ...]:
        """Positions of the events about it, rising."""
        return self.standing.history

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The approvals that count, in order."""
        return self.standing.approvals

    @property
    def verdict(self) -> Verdict | None:
        """What the gate said last; None when that no longer counts, or it was never tested."""
        return self.standing.verdict

    @property
    def memories(self) -> tuple[MemoryName, ...]:
        """See :attr:`Standing.memories`."""
        return self.standing.memories

    @property
    def deliveries(self) -> Mapping[MemoryName, str]:
        """Digest of the artefact in each memory that has delivered."""
        kept = zip(self.standing.memories, self.digests, strict=True)
        return {name: digest for name, digest in kept if digest is not None}

    @property
    def activated_at(self) -> datetime | None:
        """When the last of its memories delivered."""
        return self.standing.activated_at

    @property
    def closed_until(self) -> datetime | None:
        """End of the window that somebody set afterwards."""
        return self.standing.closed_until

    @property
    def last_reason(self) -> str:
        """Why the last event happened, in the words of the actor or the gate."""
        return self.standing.last_reason

    @property
    def starts(self) -> datetime | None:
        """First instant at which it holds; None while it was never active and no start was given."""
        return self.valid_from or self.activated_at

    @property
    def ends(self) -> datetime | None:
        """First instant at which it no longer holds, replacements included; None means without end."""
        own = self._own_ends()
        if not own and not self.closings:  # as nearly always
            return None
        return min((*own, *(closing.at for closing in self.closings)))

    @property
    def superseded_by(self) -> tuple[str, ...]:
        """Ids of the replacements in force."""
        return tuple(closing.by for closing in self.closings)

    @property
    def expected(self) -> tuple[MemoryName, ...]:
        """The memories that have yet to deliver it."""
        kept = zip(self.standing.memories, self.digests, strict=True)
        return tuple(name for name, digest in kept if digest is None)

    def status(self, now: datetime) -> Status:
        """Where it stands at ``now``: the stage, or ``superseded`` or ``expired`` once an active one's window ended."""
        if self.stage != "active":
            return self.stage
        own = min(self._own_ends(), default=None)
        replaced = min((closing.at for closing in self.closings), default=None)
        if replaced is not None and replaced <= now and (own is None or replaced <= own):
            return "superseded"
        return "expired" if own is not None and own <= now else "active"

    def holds_at(self, at: datetime, audience: str) -> bool:
        """THE predicate: whether it may reach an answer about ``at`` to ``audience``."""
        if self.stage != "active" or not self.admits(audience):
            return False
        starts, ends = self.starts, self.ends
        return starts is not None and starts <= at and (ends is None or at < ends)

    def admits(self, audience: str) -> bool:
        """Whether this audience may be answered from it."""
        return EVERYONE in self.audience or audience in self.audience

    def _own_ends(self) -> tuple[datetime, ...]:
        until, closed = self.proposal.valid_until, self.standing.closed_until
        if until is None and closed is None:
            return ()
        return tuple(moment for moment in (until, closed) if moment is not None)
