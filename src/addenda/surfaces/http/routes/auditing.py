"""What happened, and evidence that nothing was altered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field, JsonValue

from addenda.knowledge_base import Event, Head
from addenda.knowledge_base.checks import rebuilt_check
from addenda.surfaces.http.access import CallerDep
from addenda.surfaces.http.conditions import tag
from addenda.surfaces.http.routing import kb_router
from addenda.types import Frozen

router = kb_router("audit")


class AuditEvent(Frozen):
    """One link of the chain: who did what, when and why."""

    position: int
    at: datetime
    actor_kind: Literal["person", "model", "system"]
    actor: str
    kind: str
    reason: str
    body: dict[str, JsonValue]
    """What happened; it never has content or a token in it."""
    previous_hash: str
    hash: str


class Events(Frozen):
    """Events in order."""

    events: tuple[AuditEvent, ...]
    next: int | None
    """Give it as `after` for the next page; None when this is the head."""
    position: int
    """The ledger's head."""


class HeadShown(Frozen):
    """Where the chain ends."""

    position: int
    hash: str
    head: str = Field(examples=["addenda-head 12 sha256:..."])
    """One line, to be kept where the owner of the files cannot write."""


class Verify(Frozen):
    """What is to be checked."""

    head: str | None = Field(default=None, max_length=200)
    """A head that was exported before; without it, a chain that was rewritten as a whole is not noticed."""
    rebuild: bool = False
    """Also compare the memories with a rebuild; this loads the model."""


class CheckShown(Frozen):
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str


class Verified(Frozen):
    """What was found."""

    ok: bool
    against: str | None
    checks: tuple[CheckShown, ...]


@router.get("/events", operation_id="list_events")
def list_events(
    caller: CallerDep,
    response: Response,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only events after this position.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> Events:
    """List what happened, in order: the audit trail."""
    state = caller.state
    events = caller.hosted.kb.ledger.events(after, after + limit)
    tag(response, state.position)
    last = events[-1].position if events else after
    return Events(
        events=tuple(map(_shown, events)),
        next=last if events and last < state.position else None,
        position=state.position,
    )


@router.get("/head", operation_id="get_head")
def get_head(caller: CallerDep, response: Response) -> HeadShown:
    """Show where the chain ends, to be kept elsewhere."""
    state = caller.state
    tag(response, state.position)
    head = Head(state.position, state.hash)
    return HeadShown(position=head.position, hash=head.hash, head=head.export())


@router.post("/verify", operation_id="verify")
def verify(caller: CallerDep, body: Verify) -> Verified:
    """Check the chain, the contents and the artefacts."""
    against = None if body.head is None else Head.parse(body.head)
    with caller.hosted.answering() as kb:
        checks = list(kb.verify(against))
        if body.rebuild:
            checks.append(rebuilt_check(kb.memory_digests(), kb.rebuilt_digests()))
    return Verified(
        ok=all(check.ok for check in checks),
        against=None if against is None else against.export(),
        checks=tuple(CheckShown(name=one.name, ok=one.ok, detail=one.detail) for one in checks),
    )


def _shown(event: Event) -> AuditEvent:
    body = event.body.model_dump(mode="json", exclude={"token_hash": True, "change": {"token_hash"}})
    return AuditEvent(
        position=event.position,
        at=event.at,
        actor_kind=event.actor.kind,
        actor=event.actor.name,
        kind=event.body.kind,
        reason=event.reason,
        body=body,
        previous_hash=event.previous_hash,
        hash=event.hash,
    )
