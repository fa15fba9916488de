"""Proposing something by hand, and taking back what is known: each step with a reason, and asked about before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias

from fastapi import Query
from pydantic import ValidationError
from starlette.responses import Response

from addenda.errors import AddendaError, InvalidInput, UnknownId
from addenda.knowledge_base.seeing import Seen
from addenda.spreadsheets.rows import split_list
from addenda.surfaces.describing import parse_moment
from addenda.surfaces.http.problems import status_of
from addenda.surfaces.http.shapes.addenda import Draft, became, receipt
from addenda.surfaces.web.reviewing import reviewed
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import Form, FormDep, Visit, VisitDep
from addenda.types import EVERYONE, Edit, Fact, Note

router = kb_pages()

Move: TypeAlias = Literal["disable", "enable", "rollback", "expire", "erase"]
"""What can be done with an addendum that was live."""

_FIELDS = (
    "kind", "subject", "relation", "object", "prompt", "target", "rule", "applies_when", "source", "tags", "audience",
    "valid_from", "valid_until", "reason",
)  # fmt: skip


@router.get("/propose")
def ask_proposal(
    visit: VisitDep,
    answer: str = "",
    again: str = "",
    kind: Annotated[str, Query(max_length=20)] = "fact",
) -> Response:
    """The form for a proposal; prefilled from an answer that was wrong, or from what came back."""
    given: dict[str, str] = dict.fromkeys(_FIELDS, "") | {"kind": kind, "source": "web"}
    if answer:
        given |= _from_answer(visit, answer)
    elif again:
        given |= _from_addendum(visit, again)
    return visit.page("propose.html.jinja", area="knowledge", given=given, outcomes=None, wrong="", **_choices(visit))


@router.post("/propose")
def propose(visit: VisitDep, form: FormDep) -> Response:
    """Propose, or only show what would become of it."""
    given = {name: form.text(name) for name in _FIELDS}
    dry_run = form.text("do") != "propose"
    try:
        addendum = _draft(given).addendum(visit.person.name, None)
        with visit.hosted.working() as kb:
            outcomes = kb.changes.propose([addendum], by=visit.person, reason=given["reason"], dry_run=dry_run)
            told = became(kb, outcomes)
    except AddendaError as error:
        status, wrong = status_of(error), str(error)
    except ValidationError as error:
        first = error.errors()[0]
        status, wrong = HTTPStatus.UNPROCESSABLE_ENTITY, f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        if not dry_run and told[0].id is not None:
            return visit.to(visit.path("knowledge", told[0].id), "proposed")
        status, wrong = HTTPStatus.OK, ""
        return visit.page(
            "propose.html.jinja", status, area="knowledge", given=given, outcomes=told, wrong=wrong, **_choices(visit)
        )
    return visit.page(
        "propose.html.jinja", status, area="knowledge", given=given, outcomes=None, wrong=wrong, **_choices(visit)
    )


@router.get("/knowledge/{addendum_id}/{move}")
def ask_move(visit: VisitDep, addendum_id: str, move: Move) -> Response:
    """Say what will happen, and ask for the reason."""
    state = visit.state
    record = state.record(state.resolve(addendum_id))
    item = reviewed(visit.hosted, [record], None)[0]
    return visit.page("move.html.jinja", area="knowledge", item=item, move=move)


@router.post("/knowledge/{addendum_id}/{move}")
def make_move(visit: VisitDep, form: FormDep, addendum_id: str, move: Move) -> Response:
    """Do it, unless the addendum has changed since it was looked at."""
    version = form.text("version")
    if not version.isdecimal():
        raise InvalidInput("the form does not say what you had seen; go back, and open the page again")
    full, reason = visit.state.resolve(addendum_id), form.text("reason")
    seen: Seen = {full: int(version)}
    if move == "erase":
        with visit.hosted.working() as kb:
            receipts = kb.erase([full], by=visit.person, reason=reason, seen=seen)
        record = visit.state.record(full)
        item = reviewed(visit.hosted, [record], None)[0]
        return visit.page("erased.html.jinja", area="knowledge", item=item, receipts=[receipt(one) for one in receipts])
    with visit.hosted.working() as kb:
        match move:
            case "disable":
                kb.changes.disable([full], by=visit.person, reason=reason, seen=seen)
            case "enable":
                kb.changes.enable([full], by=visit.person, reason=reason, seen=seen)
            case "rollback":
                kb.changes.rollback([full], by=visit.person, reason=reason, seen=seen)
            case "expire":
                until = _moment(form, "until")
                kb.changes.expire([full], by=visit.person, until=until, reason=reason, seen=seen)
    return visit.to(visit.path("knowledge", full), move)


def _draft(given: Mapping[str, str]) -> Draft:
    content: Fact | Edit | Note
    match given["kind"]:
        case "edit":
            content = Edit(prompt=given["prompt"], target=given["target"])
        case "note":
            content = Note(rule=given["rule"], applies_when=given["applies_when"])
        case _:
            content = Fact(subject=given["subject"], relation=given["relation"], object=given["object"])
    return Draft(
        content=content,
        source=given["source"] or "web",
        tags=split_list(given["tags"]),
        audience=split_list(given["audience"]) or (EVERYONE,),
        valid_from=parse_moment(given["valid_from"] or None, "valid from"),
        valid_until=parse_moment(given["valid_until"] or None, "valid until", whole_day=True),
    )


def _from_answer(visit: Visit, answer_id: str) -> dict[str, str]:
    """What is known of the fact that an answer should have said."""
    answer = visit.kb.answers.find(answer_id)
    known = {"source": f"answer {answer.trace.id}", "prompt": answer.question}
    used = [match.addendum_id for match in answer.trace.matches if match.injected]
    contents = visit.kb.ledger.addenda(used) if used else {}
    for addendum_id in used:
        content = contents[addendum_id].content if addendum_id in contents else None
        if isinstance(content, Fact):
            return known | {"kind": "fact", "subject": content.subject, "relation": content.relation}
        if isinstance(content, Edit):
            return known | {"kind": "edit", "prompt": content.prompt}
    return known | {"kind": "edit"}


def _from_addendum(visit: Visit, addendum_id: str) -> dict[str, str]:
    addendum = visit.kb.addendum(addendum_id)
    content = addendum.content
    if content.kind == "document":
        raise UnknownId("a document is proposed again as a file; import it")
    fields = {name: str(value) for name, value in content.model_dump().items() if name in _FIELDS}
    return fields | {"source": addendum.source, "tags": "; ".join(addendum.tags)}


def _choices(visit: Visit) -> dict[str, object]:
    return {"relations": sorted(spec.name for spec in visit.state.relations.values() if spec.name != "*")}


def _moment(form: Form, name: str) -> datetime | None:
    return parse_moment(form.text(name) or None, name)
