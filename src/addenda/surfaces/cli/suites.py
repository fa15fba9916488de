"""``suite``: the questions that the gate asks before every activation."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Annotated

import typer

from addenda.client import Client
from addenda.client.rule_replies import SuiteQuestion as SentQuestion
from addenda.errors import InvalidInput, UnknownId
from addenda.knowledge_base import SuiteQuestion
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.remote import understood
from addenda.surfaces.cli.ruling import carry_out, outcome_of, show_setting

suite = typer.Typer()


@suite.command("list")
def list_questions(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """List the questions of the suite."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    questions = call.read(lambda opened: list(opened.state.suite.values()), _questions_there)
    rows = [(q.id, q.question, "as before" if q.expected is None else q.expected) for q in questions]
    document: dict[str, object] = {"questions": [question.model_dump(mode="json") for question in questions]}
    call.out.result(document, table(("id", "question", "expected"), rows) if rows else "the suite has no questions")


@suite.command("add")
def add(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question, as a user would ask it.")],
    expect: Annotated[
        str | None, typer.Option("--expect", help="The answer it must get; without it, the answer it gets now.")
    ] = None,
    question_id: Annotated[str | None, typer.Option("--id", help="A name for it.", show_default="a random one")] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Add a question to the suite. Changing one that is there waits for a second person, once there is one."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if not question.strip():
        raise InvalidInput("the question is empty; write it as a user would ask it")
    made = SuiteQuestion(id=question_id or f"q-{secrets.token_hex(3)}", question=question, expected=expect)
    sent = SentQuestion(id=made.id, question=made.question, expected=made.expected)
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.change_suite(add=[made], by=by, reason=reason),
        lambda client: outcome_of(client.change_suite(add=[sent], reason=reason)),
        would=f"would add {made.question!r} to the suite",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, f"question {made.id} is in the suite")


@suite.command("remove")
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of questions; `suite list` shows them.")],
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Remove questions from the suite. It waits for a second person, once there is one."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    call.read(
        lambda opened: _check_known(ids, opened.state.suite),
        lambda client: _check_known(ids, [one.id for one in client.suite().questions]),
    )
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.change_suite(remove=ids, by=by, reason=reason),
        lambda client: outcome_of(client.change_suite(remove=ids, reason=reason)),
        would=f"would remove {', '.join(ids)}",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, f"removed from the suite: {', '.join(ids)}")


def _questions_there(client: Client) -> list[SuiteQuestion]:
    return [understood(SuiteQuestion, one.model_dump()) for one in client.suite().questions]


def _check_known(ids: Sequence[str], known: Collection[str]) -> None:
    for wanted in ids:
        if wanted not in known:
            raise UnknownId(f"there is no question {wanted!r} in the suite; `suite list` shows what there is")
