"""What the ledger knows about one addendum, apart from its content: the :class:`Record`.

A record is a value: folding an event makes a new one. When it holds, and for whom, is answered here and nowhere else
(:meth:`Record.holds_at`); :meth:`addenda.ledger.state.State.live` only applies it.

The window of an addendum starts at ``valid_from``, or when it became active if none was given. It ends at the
earliest of ``valid_until``, the moment at which somebody closed it, and the moment from which another one replaces
it. That last end is a :class:`Closing`, which names who closes: when the replacement is disabled, rolled back or
erased, its closings are lifted, and the earlier answer is back. A replacement that merely expires keeps its closings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from addenda.ledger.events import Actor
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
class Record:
    """One addendum as the ledger has it."""

    id: str
    stage: Stage
    kind: ContentKind
    commitment: str
    source: str
    author: str
    proposer: Actor
    proposed_at: datetime
    based_on: int
    """Ledger position that the proposer (after a renewed review: the reviewer) saw; 0 when it does not matter."""
    history: tuple[int, ...]
    """Positions of the events about this addendum, rising."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    audience: tuple[str, ...] = (EVERYONE,)
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    """What it replaces: as proposed, then as decided when it was activated."""
    approvals: tuple[Approval, ...] = ()
    verdict: Verdict | None = None
    memories: tuple[MemoryName, ...] = ()
    """The memories it must be delivered to before it is active; empty until it is being activated."""
    deliveries: Mapping[MemoryName, str] = field(default_factory=dict[MemoryName, str])
    """Digest of the artefact in each memory that has delivered."""
    sequence: int | None = None
    """Place in the order in which artefacts act; given when activation starts, kept when disabled and enabled."""
    activated_at: datetime | None = None
    """When the last of its memories delivered."""
    closed_until: datetime | None = None
    """End of the window that somebody set afterwards."""
    closings: tuple[Closing, ...] = ()
    """The replacements in force."""
    last_reason: str = ""
    """Why the last event happened, in the words of the actor or the gate."""

    @property
    def starts(self) -> datetime | None:
        """First instant at which it holds; None while it was never active and no start was given."""
        return self.valid_from or self.activated_at

    @property
    def ends(self) -> datetime | None:
        """First instant at which it no longer holds, replacements included; None means without end."""
        moments = [*self._own_ends(), *(closing.at for closing in self.closings)]
        return min(moments, default=None)

    @property
    def superseded_by(self) -> tuple[str, ...]:
        """Ids of the replacements in force."""
        return tuple(closing.by for closing in self.closings)

    @property
    def expected(self) -> tuple[MemoryName, ...]:
        """The memories that have yet to deliver it."""
        return tuple(name for name in self.memories if name not in self.deliveries)

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
        return tuple(moment for moment in (self.valid_until, self.closed_until) if moment is not None)
