"""``ask`` and ``explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.cli.consulting import (
    BudgetOption,
    ExecutiveOption,
    Following,
    FollowOption,
    parse_budget,
    transcript,
)
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import JsonOption, KbOption, ModelOption
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.cli.selecting import memory_names
from addenda.surfaces.describing import moment, parse_moment, says
from addenda.types import EVERYONE, Match

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
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the answer is on stdout, what contributed on stderr.

    The answer is kept under the id that is printed, so that `explain` can say later what changed it. Where documents
    are known to a memory model, an executive directs what it is asked.
    """
    call = begin(kb, as_json=as_json, model=model, executive=executive, budget=parse_budget(budget))
    text = typer.get_text_stream("stdin").read() if question == "-" else question
    with call.open() as opened:
        answer = opened.ask(
            text.strip(),
            as_of=parse_moment(as_of, "--as-of"),
            audience=audience,
            memories=memory_names(memories, none=True),
            listener=Following(call.out).heard if follow else None,
        )
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
    as_json: JsonOption = False,
) -> None:
    """Say what changed an answer, by asking again without each addendum.

    Four things are kept apart for each addendum: it matched (with its score), it was injected, its value is cited in
    the text, and it changed the answer.
    """
    call = begin(kb, as_json=as_json, model=model)
    with call.open() as opened:
        found = opened.explain(answer_id)
        names = _names(opened, found.answer.trace.matches)
        sources = {i: opened.state.record(i).source for i in names if i in opened.state.records}
    answer, trace = found.answer, found.answer.trace
    without = {ablation.addendum_id: ablation for ablation in found.ablations}
    document: dict[str, object] = {
        "id": trace.id,
        "question": answer.question,
        "text": answer.text,
        "without_memories": found.without_memories,
        "matches": [
            {
                **match.model_dump(mode="json"),
                "says": names[match.addendum_id],
                "source": sources.get(match.addendum_id),
                "text_without": without[match.addendum_id].text if match.addendum_id in without else None,
            }
            for match in trace.matches
        ],
        "model": trace.model,
        "asked_at": moment(trace.asked_at),
        "ledger_position": trace.ledger_position,
    }
    facts = [("question", answer.question), ("answer", answer.text), ("without any memory", found.without_memories)]
    facts += [("model", trace.model), ("asked", f"{moment(trace.asked_at)}, ledger position {trace.ledger_position}")]
    rows = [
        (m.addendum_id, names[m.addendum_id], sources.get(m.addendum_id, ""), *_part(m), _changed(m),
         without[m.addendum_id].text if m.addendum_id in without else "")
        for m in trace.matches
    ]  # fmt: skip
    headers = ("addendum", "says", "source", "score", "injected", "cited", "changed the answer", "answer without it")
    call.out.result(document, pairs(facts), table(headers, rows) if rows else _NOTHING)


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
