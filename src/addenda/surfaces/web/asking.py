"""Questions, with what is behind each answer: what matched, what acted, what is cited, and what changed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias, cast, get_args

from fastapi import Query
from starlette.responses import Response

from addenda.errors import InvalidInput
from addenda.responder import Explanation
from addenda.surfaces.describing import parse_moment, says
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import FormDep, Visit, VisitDep
from addenda.types import EVERYONE, Answer, Match, MemoryName

router = kb_pages()

SHOWN = 12
"""Answers that the page shows, the latest of them."""

Turns: TypeAlias = Annotated[str, Query(max_length=17 * 100)]
"""Ids of a conversation's answers, parted by dots."""

_MEMORIES = cast("tuple[MemoryName, ...]", get_args(MemoryName))


@dataclass(frozen=True, slots=True)
class Without:
    """The answer as it would be without one addendum."""

    addendum_id: str
    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """One addendum behind an answer."""

    match: Match
    says: str
    is_live: bool


@router.get("/ask")
def show(visit: VisitDep, answer: str = "", turns: Turns = "") -> Response:
    """The conversation, and what is behind one of its answers."""
    return _page(visit, turns, visit.kb.answers.find(answer) if answer else None)


@router.post("/ask")
def ask(visit: VisitDep, form: FormDep) -> Response:
    """Ask, and show the answer."""
    as_of = parse_moment(form.text("as_of") or None, "as of")
    chosen = form.all("memory")
    memories: tuple[MemoryName, ...] = tuple(name for name in _MEMORIES if name in chosen)
    if len(memories) < len(set(chosen)):
        raise InvalidInput(f"there is no such memory; there are {', '.join(_MEMORIES)}")
    with visit.hosted.answering() as kb:
        answer = kb.ask(
            form.text("question"), as_of=as_of, audience=form.text("audience") or EVERYONE, memories=memories or None
        )
    turns = ".".join((*_ids(form.text("turns")), answer.trace.id))
    return visit.to(f"{visit.path('ask')}?turns={turns}")


@router.post("/ask/{answer_id}/without")
def without(visit: VisitDep, form: FormDep, answer_id: str) -> Response:
    """Ask again with one addendum switched off; nothing of it is kept."""
    answer, addendum_id = visit.kb.answers.find(answer_id), visit.state.resolve(form.text("id"))
    trace = answer.trace
    with visit.hosted.answering() as kb:
        other = kb.ask(
            answer.question,
            as_of=None if trace.as_of == trace.asked_at else trace.as_of,
            audience=trace.audience,
            memories=trace.memories,
            without=frozenset({addendum_id}),
        )
    return _page(visit, form.text("turns"), answer, without=Without(addendum_id, other.text, other.text != answer.text))


@router.post("/ask/{answer_id}/explain")
def explain(visit: VisitDep, form: FormDep, answer_id: str) -> Response:
    """Say what changed an answer, by asking again without each addendum that acted."""
    with visit.hosted.answering() as kb:
        explained = kb.explain(answer_id)
    return _page(visit, form.text("turns"), explained.answer, explained=explained)


def _page(
    visit: Visit,
    turns: str,
    answer: Answer | None,
    *,
    without: Without | None = None,
    explained: Explanation | None = None,
) -> Response:
    conversation = [visit.kb.answers.find(one) for one in _ids(turns)]
    chosen = answer or (conversation[-1] if conversation else None)
    if chosen is not None and all(one.trace.id != chosen.trace.id for one in conversation):
        conversation.append(chosen)
    return visit.page(
        "ask.html.jinja",
        area="ask",
        conversation=conversation,
        turns=".".join(one.trace.id for one in conversation),
        chosen=chosen,
        behind=() if chosen is None else _behind(visit, chosen.trace.matches),
        without=without,
        explained=explained,
        memories=tuple(visit.state.memories),
    )


def _ids(turns: str) -> list[str]:
    """The answers of a conversation, the latest of them; the page itself remembers which, so that nobody else does."""
    return [one for one in turns.split(".") if one][-SHOWN:]


def _behind(visit: Visit, matches: Sequence[Match]) -> list[tuple[str, list[Behind]]]:
    """What is behind an answer, memory by memory."""
    ids = {match.addendum_id for match in matches}
    contents, state = visit.kb.ledger.addenda(ids) if ids else {}, visit.state
    found: dict[str, list[Behind]] = {}
    for match in matches:
        i = match.addendum_id
        record = state.records.find(i)
        said = says(contents[i].content if i in contents else None)
        live = record is not None and record.stage == "active"
        found.setdefault(match.memory, []).append(Behind(match, said, live))
    return list(found.items())
