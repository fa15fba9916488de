"""``propose``: one piece of knowledge from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from pydantic import ValidationError

from addenda.client import Draft
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase, Proposing
from addenda.surfaces.cli.context import Call, begin, read_text
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import pairs
from addenda.surfaces.describing import parse_moment, says
from addenda.types import EVERYONE, Addendum, Content, Document, Edit, Fact, Note, Trust


def propose(
    fact: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECT RELATION VALUE]", help="A fact, in three words or quotes.")
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", help="A question; needs --answer.")] = None,
    answer: Annotated[str | None, typer.Option("--answer", help="The answer that --prompt is to get.")] = None,
    rephrasing: Annotated[
        list[str] | None, typer.Option("--rephrasing", help="Another wording of the prompt; may be repeated.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="A rule in words.")] = None,
    applies_when: Annotated[str, typer.Option("--applies-when", help="When the rule of --note applies.")] = "",
    place: Annotated[
        int, typer.Option("--place", help="Where --note stands: of those that apply, the lowest place is tried first.")
    ] = 0,
    replaces: Annotated[
        list[str] | None,
        typer.Option("--replaces", metavar="ID", help="A note that --note replaces; may be repeated."),
    ] = None,
    document: Annotated[
        Path | None, typer.Option("--document", metavar="FILE", help="A text file that knowledge is drawn from.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Where the knowledge comes from.")] = "cli",
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First moment at which it holds.")] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", help="Last day on which it holds, or the moment it ends.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option("--audience", help="Who may be answered from it; may be repeated.")
    ] = None,
    trust: Annotated[str, typer.Option("--trust", help="untrusted, low, normal or high.")] = "normal",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A label; may be repeated.")] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Propose one piece of knowledge.

    It is a fact (subject, relation, value), a prompt with its answer, a note, or a document. The command says what a
    proposal would replace. Nothing is live before somebody else has approved it and the gate has tested it. What is
    already there is not proposed again.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if trust not in get_args(Trust):
        raise InvalidInput(f"--trust {trust!r} is unknown; it can be {', '.join(get_args(Trust))}")
    content = _content(fact or [], prompt, answer, rephrasing or [], note, applies_when, place, document)
    if replaces and not isinstance(content, Note):
        raise InvalidInput("--replaces is for --note; what a fact or an answer replaces follows from what it says")
    try:
        draft = Draft(
            content=content,
            source=source,
            valid_from=parse_moment(valid_from, "--valid-from"),
            valid_until=parse_moment(valid_until, "--valid-until", whole_day=True),
            trust=cast("Trust", trust),
            tags=tuple(tag or ()),
            audience=tuple(audience or (EVERYONE,)),
            replaces=tuple(replaces or ()),
        )
    except ValidationError as error:
        raise _unusable(error) from None
    if call.is_remote:
        with call.client() as client:
            described = client.propose_all([draft], reason=reason, dry_run=dry_run).outcomes[0].model_dump(mode="json")
    else:
        described = _proposed(call, draft, reason, dry_run=dry_run)
    _show(call, described, dry_run=dry_run)


def _proposed(call: Call, draft: Draft, reason: str, *, dry_run: bool) -> dict[str, object]:
    """Propose it in the folder."""
    with call.open() as opened:
        person = call.person(opened)
        addendum = Addendum.model_validate({**draft.model_dump(exclude={"replaces"}), "author": person.name})
        old = {addendum.id: tuple(map(opened.state.resolve, draft.replaces))} if draft.replaces else {}
        outcome = opened.changes.propose([addendum], by=person, reason=reason, replaces=old, dry_run=dry_run)[0]
        return describe_outcome(opened, outcome)


def describe_outcome(kb: KnowledgeBase, outcome: Proposing) -> dict[str, object]:
    """What became of one proposal, for JSON: with what it replaces, in words."""
    replaced = kb.ledger.addenda(outcome.supersedes) if outcome.supersedes else {}
    return {
        "id": None if outcome.duplicate_of else outcome.addendum.id,
        "says": says(outcome.addendum.content),
        "source": outcome.addendum.source,
        "supersedes": [
            {"id": i, "says": says(replaced[i].content if i in replaced else None)} for i in outcome.supersedes
        ],
        "duplicate_of": outcome.duplicate_of,
        "warnings": list(outcome.warnings),
    }


def _show(call: Call, described: dict[str, object], *, dry_run: bool) -> None:
    for warning in cast("list[str]", described["warnings"]):
        call.out.warn(warning)
    if described["duplicate_of"] is not None:
        head = f"already there as {described['duplicate_of']}; nothing was proposed"
    else:
        head = "would be proposed" if dry_run else f"proposed as {described['id']}"
    rows = [("says", str(described["says"])), ("replaces", "; ".join(_replaced(described)))]
    call.out.result({"dry_run": dry_run, **described}, head, pairs(rows))


def _replaced(described: dict[str, object]) -> list[str]:
    supersedes = cast("list[dict[str, str]]", described["supersedes"])
    return [f"{old['id']} ({old['says']})" for old in supersedes]


def _content(
    fact: list[str],
    prompt: str | None,
    answer: str | None,
    rephrasings: list[str],
    note: str | None,
    applies_when: str,
    place: int,
    document: Path | None,
) -> Content:
    """The one thing that was given. Raises InvalidInput for none, for several, or for half of one."""
    kinds = [bool(fact), prompt is not None or answer is not None, note is not None, document is not None]
    if sum(kinds) != 1:
        raise InvalidInput(
            "give one thing to propose: SUBJECT RELATION VALUE, or --prompt with --answer, or --note, or --document"
        )
    try:
        if fact:
            return _fact(fact)
        if note is not None:
            return Note(rule=note, applies_when=applies_when, place=place)
        if document is not None:
            return Document(title=document.name, text=read_text(document, "document"))
        return Edit(prompt=prompt or "", target=answer or "", rephrasings=tuple(rephrasings))
    except ValidationError as error:
        raise _unusable(error) from None


def _fact(words: list[str]) -> Fact:
    if len(words) != len(Fact.model_fields) - 1:
        raise InvalidInput(
            f"a fact has three parts, and {len(words)} were given ({', '.join(map(repr, words))}); quote parts that "
            "have spaces: addenda propose 'Velmor Tasky' 'noise level' '41 dB'"
        )
    return Fact(subject=words[0], relation=words[1], object=words[2])


def _unusable(error: ValidationError) -> InvalidInput:
    fault = error.errors(include_url=False, include_input=False)[0]
    return InvalidInput(f"the {fault['loc'][-1]} cannot be used: {fault['msg']}; correct it")
