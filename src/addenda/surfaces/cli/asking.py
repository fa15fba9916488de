"""``ask`` and ``explain``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.cli.consulting import (
    BudgetOption,
    ExecutiveOption,
    Following,
    FollowOption,
    parse_budget,
    transcript,
)
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import JsonOption, KbOption, ModelOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.cli.remote import answer_of, names_in
from addenda.surfaces.cli.selecting import memory_names
from addenda.surfaces.describing import moment, parse_moment, says
from addenda.types import EVERYONE, Answer, Match

ALL_ANSWERS = "a server has answers of everybody: name the one that is meant by its id, as `ask` printed it"
"""Why a server is not asked about the latest answer."""

_NOTHING = "no addendum had a part in this answer"


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from stdin.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Answer from what held at this moment (UTC).", show_default="now")
    ] = None,
    audience: Annotated[str, typer.Option("--audience", help="Who is answered.")] = EVERYONE,
    memories: Annotated[
        list[str] | None, typer.Option("--memories", help="Only this memory, or none; may be repeated.")
    ] = None,
    executive: ExecutiveOption = None,
    budget: BudgetOption = None,
    follow: FollowOption = False,
    model: ModelOption = None,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the answer is on stdout, what contributed on stderr.

    The answer is kept under the id that is printed, so that `explain` can say later what changed it. Where documents
    are known to a memory model, an executive directs what it is asked.
    """
    call = begin(
        kb,
        url=url,
        as_json=as_json,
        token_file=token_file,
        model=model,
        executive=executive,
        budget=parse_budget(budget),
    )
    call.refuse_remote(model=model, executive=executive, budget=budget, follow=follow)
    text = (typer.get_text_stream("stdin").read() if question == "-" else question).strip()
    at, wanted = parse_moment(as_of, "--as-of"), memory_names(memories, none=True)
    if call.is_remote:
        with call.client() as client:
            shown = client.ask(text, as_of=at, audience=audience, memories=wanted)
        answer, names = answer_of(shown), names_in(shown)
    else:
        with call.open() as opened:
            listener = Following(call.out).heard if follow else None
            answer = opened.ask(text, as_of=at, audience=audience, memories=wanted, listener=listener)
            names = _names(opened, answer.trace.matches)
    trace = answer.trace
    document: dict[str, object] = {"id": trace.id, **answer.model_dump(mode="json")}
    document["matches"] = [{**m.model_dump(mode="json"), "says": names[m.addendum_id]} for m in trace.matches]
    call.out.result(document, answer.text)
    if not answer.finished:
        call.out.warn("the model was cut off at the length limit")
    rows = [(m.addendum_id, names[m.addendum_id], m.memory, *_part(m)) for m in trace.matches]
    headers = ("addendum", "says", "memory", "score", "injected", "cited")
    call.out.show(table(headers, rows) if rows else _NOTHING)
    if trace.consultation is not None:
        call.out.show(transcript(trace.consultation))
    if not as_json:
        call.out.note(f"answer {trace.id}, ledger position {trace.ledger_position}; `addenda explain {trace.id[:8]}`")


def explain(
    answer_id: Annotated[
        str | None, typer.Argument(metavar="[ANSWER_ID]", help="The answer's id; the latest answer without it.")
    ] = None,
    model: ModelOption = None,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what changed an answer, by asking again without each addendum.

    Four things are kept apart for each addendum: it matched (with its score), it was injected, its value is cited in
    the text, and it changed the answer.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model)
    call.refuse_remote(model=model)
    answer, names, sources, without, without_memories = (_there if call.is_remote else _here)(call, answer_id)
    trace = answer.trace
    document: dict[str, object] = {
        "id": trace.id,
        "question": answer.question,
        "text": answer.text,
        "without_memories": without_memories,
        "matches": [
            {
                **match.model_dump(mode="json"),
                "says": names[match.addendum_id],
                "source": sources.get(match.addendum_id),
                "text_without": without.get(match.addendum_id),
            }
            for match in trace.matches
        ],
        "model": trace.model,
        "asked_at": moment(trace.asked_at),
        "ledger_position": trace.ledger_position,
    }
    facts = [("question", answer.question), ("answer", answer.text), ("without any memory", without_memories)]
    facts += [("model", trace.model), ("asked", f"{moment(trace.asked_at)}, ledger position {trace.ledger_position}")]
    rows = [
        (m.addendum_id, names[m.addendum_id], sources.get(m.addendum_id, ""), *_part(m), _changed(m),
         without.get(m.addendum_id, ""))
        for m in trace.matches
    ]  # fmt: skip
    headers = ("addendum", "says", "source", "score", "injected", "cited", "changed the answer", "answer without it")
    call.out.result(document, pairs(facts), table(headers, rows) if rows else _NOTHING)


_Explained: TypeAlias = tuple[Answer, Mapping[str, str], Mapping[str, str], Mapping[str, str], str]
"""An answer; by addendum what it says, its source, and the answer without it; and the answer without any memory."""


def _here(call: Call, answer_id: str | None) -> _Explained:
    """An explanation by the folder's own model."""
    with call.open() as opened:
        found = opened.explain(answer_id)
        names = _names(opened, found.answer.trace.matches)
        sources = {i: opened.state.record(i).source for i in names if i in opened.state.records}
    without = {ablation.addendum_id: ablation.text for ablation in found.ablations}
    return found.answer, names, sources, without, found.without_memories


def _there(call: Call, answer_id: str | None) -> _Explained:
    """An explanation by a server."""
    if answer_id is None:
        raise InvalidInput(ALL_ANSWERS)
    with call.client() as client:
        found = client.explain(answer_id)
    sources = {match.addendum_id: match.source for match in found.matches if match.source is not None}
    without = {match.addendum_id: match.text_without for match in found.matches if match.text_without is not None}
    return answer_of(found), names_in(found), sources, without, found.without_memories


def _names(kb: KnowledgeBase, matches: Sequence[Match]) -> dict[str, str]:
    ids = [match.addendum_id for match in matches]
    addenda = kb.ledger.addenda(ids) if ids else {}
    return {i: says(addenda[i].content if i in addenda else None) for i in ids}


def _part(match: Match) -> tuple[str, str, str]:
    return f"{match.score:.3f} of {match.threshold:.3f}", _yes(match.injected), _yes(match.cited)


def _changed(match: Match) -> str:
    return "" if match.changed_answer is None else _yes(match.changed_answer)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
