"""Finding addenda, and the page of one: what it says, its life, where it is kept and where it was used."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, cast, get_args

from fastapi import Query
from starlette.responses import Response

from addenda.knowledge_base import ContentKind, Event, Record
from addenda.knowledge_base.finding import Filter, check_statuses, newest, starts
from addenda.surfaces.describing import says
from addenda.surfaces.http.cursors import cursor, place_of
from addenda.surfaces.http.shapes.addenda import detail
from addenda.surfaces.web.reviewing import Said, reviewed
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import VisitDep
from addenda.types import Status

router = kb_pages()

AT_ONCE = 50
"""Addenda on one page."""

_USED = 20
_KINDS = cast("tuple[ContentKind, ...]", get_args(ContentKind))
_STATUSES = cast("tuple[Status, ...]", get_args(Status))


@router.get("/knowledge")
def find(
    visit: VisitDep,
    q: Annotated[str, Query(max_length=500)] = "",
    status: str = "",
    kind: str = "",
    source: Annotated[str, Query(max_length=500)] = "",
    tag: Annotated[str, Query(max_length=200)] = "",
    relation: Annotated[str, Query(max_length=500)] = "",
    after: str = "",
) -> Response:
    """Addenda that fit, best first where words are looked for, else newest first."""
    state, now = visit.state, datetime.now(UTC)
    check_statuses([status] if status else [])
    given = {"q": q, "status": status, "kind": kind, "source": source, "tag": tag, "relation": relation}
    wanted = Filter([status] if status else (), [kind] if kind else (), [tag] if tag else (), source or None)
    ledger = visit.kb.ledger
    if q.strip() and not relation:
        hits = visit.kb.searching.search(
            q,
            statuses=wanted.statuses or _STATUSES,  # pyright: ignore[reportArgumentType]
            audience=None,
            limit=AT_ONCE,
            cursor=after or None,
            fits=lambda record: wanted.fits(record, now),
        )
        records, following = [hit.record for hit in hits.hits], hits.next
    else:
        begin = state.record(place_of(after)).id if after else None
        found = newest(ledger, state, wanted, now, words=q.strip() or None, relation=relation or None, after=begin)
        chosen = list(islice(found, AT_ONCE + 1))
        records = chosen[:AT_ONCE]
        following = cursor(records[-1].id) if len(chosen) > AT_ONCE else None
    contents = ledger.addenda([record.id for record in records]) if records else {}
    begun = starts(ledger, records, now)
    rows = [(r, contents[r.id].content if r.id in contents else None, begun.get(r.id)) for r in records]
    return visit.page(
        "knowledge.html.jinja",
        area="knowledge",
        given=given,
        rows=rows,
        following=following,
        now=now,
        kinds=_KINDS,
        statuses=_STATUSES,
        relations=sorted(spec.name for spec in state.relations.values()),
        empty=not state.records,
        filtered=any(given.values()),
    )


@router.get("/knowledge/{addendum_id}")
def show(visit: VisitDep, addendum_id: str) -> Response:
    """Everything about one addendum."""
    state, now = visit.state, datetime.now(UTC)
    record = state.record(state.resolve(addendum_id))
    about = detail(visit.kb, record, now)
    named = {*about.supersedes, *about.superseded_by, *about.evidence}
    contents = visit.kb.ledger.addenda(named) if named else {}
    said = {i: Said(i, says(contents[i].content if i in contents else None)) for i in named}
    used = visit.kb.answers.contributed(record.id, _USED)
    return visit.page(
        "addendum.html.jinja",
        area="knowledge",
        item=reviewed(visit.hosted, [record], None)[0],
        about=about,
        named=said,
        history=[(event, told_key(event, record.id)) for event in visit.kb.history(record.id)],
        used=[(answer, next(m for m in answer.trace.matches if m.addendum_id == record.id)) for answer in used],
        moves=_moves(record, now),
    )


def told_key(event: Event, addendum_id: str) -> str:
    """Which sentence tells what an event did to an addendum."""
    body = event.body
    if body.kind == "gate_judged":
        passed = next((v.passed for v in body.verdicts if v.id == addendum_id), True)
        return "event.gate_passed" if passed else "event.gate_failed"
    if body.kind == "activating" and addendum_id not in body.ids:
        return "event.replaced"
    if body.kind == "delivered" and addendum_id not in body.artefacts:
        return "event.replaced"
    if body.kind == "approved" and body.required == 0:
        return "event.approved_by_itself"
    return f"event.{body.kind}"


def _moves(record: Record, now: datetime) -> tuple[str, ...]:
    """What can be done with an addendum where it stands; whether the visitor may is asked when they do it."""
    match record.stage:
        case "active":
            ended = record.status(now) in ("superseded", "expired")
            return ("rollback", "erase") if ended else ("disable", "expire", "rollback", "erase")
        case "disabled":
            return ("enable", "rollback", "erase")
        case "erased" | "activating":
            return ()
        case _:
            return ("erase",)
