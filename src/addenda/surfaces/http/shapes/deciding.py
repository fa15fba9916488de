"""Decisions, and what came of them."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from addenda.knowledge_base import KnowledgeBase
from addenda.knowledge_base.seeing import version
from addenda.surfaces.http.shapes.addenda import ReceiptShown
from addenda.types import Frozen, Moment, Status


class Reason(Frozen):
    """Why; it stays in the history."""

    reason: str = Field(default="", max_length=4000)


class Because(Frozen):
    """Why; it stays in the history, and must be said."""

    reason: str = Field(min_length=1, max_length=4000, examples=["the data sheet of March says otherwise"])


class Ending(Reason):
    """When the validity of addenda ends."""

    until: Moment | None = None
    """First instant at which they no longer hold; now when it is not given."""


class Several(Frozen):
    """Which addenda are meant: all of them are decided, or none."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=10_000, examples=[["d4c1a09be2f37c55"]])
    """Ids, or unique beginnings of them."""


class ReasonForSeveral(Several, Reason):
    """Which, and why."""


class BecauseForSeveral(Several, Because):
    """Which, and why."""


class EndingForSeveral(Several, Ending):
    """Which, until when, and why."""


class Stands(Frozen):
    """How an addendum stands now."""

    id: str
    status: Status
    version: int
    """Its ETag."""


class Decided(Frozen):
    """What a decision did."""

    addenda: tuple[Stands, ...]
    waiting: tuple[str, ...] = ()
    """Approved, and waiting for one more approver."""
    needs_review: tuple[str, ...] = ()
    """Sent back, because what they replace has changed since they were proposed."""
    receipts: tuple[ReceiptShown, ...] = ()
    """After an erasure: what each memory had stored and holds no longer."""
    remaining_in_weights: tuple[str, ...] = ()
    """Documents that a memory model was trained on; what only they say is withheld until the next training."""
    position: int
    """The ledger's head."""


def decided(kb: KnowledgeBase, ids: tuple[str, ...]) -> Decided:
    """How these stand now."""
    state, now = kb.state, datetime.now(UTC)
    records = [state.record(i) for i in ids]
    return Decided(
        addenda=tuple(Stands(id=r.id, status=r.status(now), version=version(r)) for r in records),
        remaining_in_weights=kb.remembering.remaining(list(ids)),
        position=state.position,
    )
