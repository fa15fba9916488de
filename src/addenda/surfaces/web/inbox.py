"""What waits: proposals to decide about, approved changes to make live, rules to confirm, and what came back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from addenda.errors import InvalidInput
from addenda.jobs import Told
from addenda.knowledge_base import KnowledgeBase, Record, State, require
from addenda.knowledge_base.reviewing import hindrances
from addenda.surfaces.http.conditions import seen_many
from addenda.surfaces.http.shapes.jobs import TestResult, activated
from addenda.surfaces.web.reviewing import reviewed
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import Form, FormDep, Visit, VisitDep
from addenda.surfaces.web.working import submit

router = kb_pages()

Show: TypeAlias = Literal["decide", "live", "back"]
"""The lists of the inbox: what is to be decided, what is to be made live, what came back to me."""

AT_ONCE = 25
"""Proposals on one page."""

_CAME_BACK = timedelta(days=30)
_STAGES = {"decide": ("proposed", "needs_review"), "live": ("approved", "tested", "gate_failed")}


@router.get("/inbox")
def inbox(
    visit: VisitDep, show: Show = "decide", source: str = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """What waits."""
    state = visit.state
    lists = _lists(visit, state)
    found = lists[show]
    sources = Counter(_file(record.source) for record in found)
    chosen = [record for record in found if not source or _file(record.source) == source]
    start = (page - 1) * AT_ONCE
    items = reviewed(visit.hosted, chosen[start : start + AT_ONCE], visit.person if show == "decide" else None)
    return visit.page(
        "inbox.html.jinja",
        area="inbox",
        show=show,
        counts={name: len(records) for name, records in lists.items()},
        rules=len(state.pending),
        items=items,
        total=len(chosen),
        source=source,
        sources=sources.most_common(12),
        page=page,
        pages=max(1, -(-len(chosen) // AT_ONCE)),
        position=state.position,
        some_free=any(item.hindered is None for item in items),
    )


@router.post("/inbox")
def decide(visit: VisitDep, form: FormDep) -> Response:
    """Approve or send back what was chosen."""
    ids, state = _chosen(visit, form, "decide"), visit.state
    if form.text("all") and form.text("do") == "approve":
        # The whole list means what this person may approve of it; what they may not stays there and says why.
        hindered = hindrances(visit.kb.ledger, ids, visit.person)
        ids = [i for i in ids if i not in hindered] or ids
    seen = seen_many(state, ids, f'"{form.text("position")}"')
    back = visit.path("inbox")
    reason = form.text("reason")
    match form.text("do"):
        case "approve":
            with visit.hosted.working() as kb:
                done = kb.changes.approve(ids, by=visit.person, reason=reason, seen=seen)
            if done.needs_review:
                return visit.to(back, "moved", n=len(done.needs_review))
            if done.waiting:
                return visit.to(back, "second", n=len(done.waiting))
            return visit.to(back, "approved", n=len(done.approved))
        case "reject":
            with visit.hosted.working() as kb:
                kb.changes.reject(ids, by=visit.person, reason=reason, seen=seen)
            return visit.to(back, "rejected", n=len(ids))
        case other:
            raise InvalidInput(f"{other!r} is nothing that can be done here; approve or send back")


@router.post("/inbox/live")
def make_live(visit: VisitDep, form: FormDep) -> Response:
    """Test what was chosen, and make live what passes."""
    ids, person, only_test = _chosen(visit, form, "live"), visit.person, form.text("do") == "test"

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        if only_test:
            report = kb.activation.test(ids, by=person, progress=told)
            return TestResult(passed=report.passed, failed=report.failed)
        return activated(kb.activation.activate(ids, by=person, progress=told))

    require(visit.state, person, "gate_judged" if only_test else "activating")
    return submit(visit, "test" if only_test else "activate", work)


def _lists(visit: Visit, state: State) -> dict[Show, list[Record]]:
    carried = visit.kb.remembering.learned()
    since = datetime.now(UTC) - _CAME_BACK
    found: dict[Show, list[Record]] = {"decide": [], "live": [], "back": []}
    for record in reversed([*state.records.values()]):
        if record.stage in _STAGES["decide"]:
            found["decide"].append(record)
        elif record.stage in _STAGES["live"]:
            # A document that no memory model was trained on stays what it is, evidence.
            if record.kind != "document" or record.id in carried:
                found["live"].append(record)
        elif record.stage == "rejected" and record.proposed_at >= since and record.author == visit.person.name:
            found["back"].append(record)
    return found


def _chosen(visit: Visit, form: Form, show: Show) -> list[str]:
    """The ids that were ticked, or all of the list. Raises InvalidInput for none."""
    if form.text("all"):
        source = form.text("source")
        records = _lists(visit, visit.state)[show]
        ids = [record.id for record in records if not source or _file(record.source) == source]
    else:
        ids = form.all("id")
    if not ids:
        raise InvalidInput("nothing was chosen; tick what you mean, then press the button again")
    return ids


def _file(source: str) -> str:
    return source.partition("!")[0]
