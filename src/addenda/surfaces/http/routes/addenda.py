"""Proposing, finding and looking at addenda."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, TypeAlias

from fastapi import Path, Query, Response

from addenda.knowledge_base import ContentKind, require
from addenda.knowledge_base.finding import Filter, newest
from addenda.knowledge_base.seeing import version
from addenda.surfaces.http.access import CallerDep
from addenda.surfaces.http.conditions import tag
from addenda.surfaces.http.cursors import cursor, place_of
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routing import kb_router
from addenda.surfaces.http.shapes.addenda import (
    AddendaPage,
    AddendumDetail,
    History,
    Propose,
    Proposed,
    became,
    detail,
    proposed_before,
    shown,
    told,
)
from addenda.types import Status

router = kb_router("addenda")

AddendumId: TypeAlias = Annotated[
    str, Path(description="The id, or a unique beginning of it.", min_length=1, max_length=16, pattern="^[0-9a-f]+$")
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor: TypeAlias = Annotated[str | None, Query(description="`next` of the page before.", max_length=64)]


@router.post("/addenda", status_code=201, operation_id="propose", response_model=Proposed)
def propose(caller: CallerDep, body: Propose, key: KeyDep) -> Response:
    """Propose addenda: all of them, or none. What is said already is left out and named.

    Nothing is live before somebody else has approved it and the gate has tested it. With `dry_run` it is only told what
    would become of them.
    """

    kb, state, author = caller.hosted.kb, caller.state, caller.person.name
    require(state, caller.person, "proposed")

    def carry_out(ids: list[str] | None) -> Proposed:
        addenda = [draft.addendum(author, ids[n] if ids else None) for n, draft in enumerate(body.addenda)]
        replaces = {
            addendum.id: tuple(map(state.resolve, draft.replaces))
            for addendum, draft in zip(addenda, body.addenda, strict=True)
            if draft.replaces
        }
        outcomes = kb.changes.propose(
            addenda, by=caller.person, reason=body.reason, replaces=replaces, dry_run=body.dry_run
        )
        return Proposed(dry_run=body.dry_run, outcomes=became(kb, outcomes))

    def found(ids: list[str]) -> Proposed:
        addenda = [draft.addendum(author, i) for i, draft in zip(ids, body.addenda, strict=True)]
        return Proposed(dry_run=False, outcomes=proposed_before(kb, caller.person, addenda))

    return key.proposed(caller, body, len(body.addenda), carry_out, found)


@router.get("/addenda", operation_id="list_addenda")
def list_addenda(
    caller: CallerDep,
    response: Response,
    status: Annotated[list[Status] | None, Query(description="Only with this status; may be repeated.")] = None,
    kind: Annotated[list[ContentKind] | None, Query(description="Only of this kind; may be repeated.")] = None,
    source: Annotated[str | None, Query(description="Only from sources that begin like this.")] = None,
    tag_: Annotated[list[str] | None, Query(alias="tag", description="Only with this label; may be repeated.")] = None,
    search: Annotated[str | None, Query(description="Only with these words, in any script.", max_length=500)] = None,
    limit: Limit = 50,
    cursor_: Annotated[str | None, Query(alias="cursor", description="`next` of the page before.")] = None,
) -> AddendaPage:
    """List addenda, newest first."""
    state, now = caller.state, datetime.now(UTC)
    wanted = Filter(status or (), kind or (), tag_ or (), source)
    after = None if cursor_ is None else state.record(place_of(cursor_)).id
    kb = caller.hosted.kb
    found = list(islice(newest(kb.ledger, state, wanted, now, words=search, after=after), limit + 1))
    tag(response, state.position)
    return AddendaPage(
        addenda=shown(kb, found[:limit], now),
        next=cursor(found[limit - 1].id) if len(found) > limit else None,
        position=state.position,
    )


@router.get("/addenda/{addendum_id}", operation_id="get_addendum")
def get_addendum(caller: CallerDep, addendum_id: AddendumId, response: Response) -> AddendumDetail:
    """Show everything about one addendum: content, decisions, gate, deliveries per memory."""
    state = caller.state
    record = state.record(state.resolve(addendum_id))
    tag(response, version(record))
    return detail(caller.hosted.kb, record, datetime.now(UTC))


@router.get("/addenda/{addendum_id}/history", operation_id="get_history")
def get_history(caller: CallerDep, addendum_id: AddendumId) -> History:
    """Show what happened to one addendum, in words."""
    full = caller.state.resolve(addendum_id)
    return History(id=full, events=tuple(told(event, full) for event in caller.hosted.kb.history(full)))
