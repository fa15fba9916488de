"""Deciding about proposals, and taking back what is live: ``reject``, ``disable``, ``enable``,
``rollback``, ``expire``, ``erase``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from addenda.client import Client
from addenda.client.replies import AddendumDetail, Decided
from addenda.knowledge_base import KnowledgeBase, Person
from addenda.surfaces.cli import remote
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.decisions import Kind, preview, preview_there, said_by, show_outcome
from addenda.surfaces.cli.options import (
    DryRunOption,
    IdsArgument,
    JsonOption,
    KbOption,
    ReasonOption,
    TokenOption,
    UrlOption,
    YesOption,
)
from addenda.surfaces.cli.selecting import resolve
from addenda.surfaces.describing import ERASED, moment, parse_moment, stamp


def reject(
    ids: IdsArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; the proposer learns from it.")],
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Reject proposals, for a reason.

    A proposer may withdraw their own like this.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    _apply(
        call,
        ids,
        "rejected",
        lambda o, i, p: o.changes.reject(i, by=p, reason=reason),
        lambda c, i: c.reject(i, reason=reason),
        dry_run=dry_run,
    )


def disable(
    ids: IdsArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Switch live addenda off until they are enabled.

    They are off for questions about the past too.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    _apply(
        call,
        ids,
        "disabled",
        lambda o, i, p: o.changes.disable(i, by=p, reason=reason),
        lambda c, i: c.disable(i, reason=reason),
        dry_run=dry_run,
    )


def enable(
    ids: IdsArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Switch disabled addenda on again."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    _apply(
        call,
        ids,
        "enabled",
        lambda o, i, p: o.changes.enable(i, by=p, reason=reason),
        lambda c, i: c.enable(i, reason=reason),
        dry_run=dry_run,
    )


def rollback(
    ids: IdsArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take addenda back for good; what they replaced holds again.

    They are gone for questions about the past too. On a terminal it asks first, unless --yes is given.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    question = None if yes else "Take back for good"
    _apply(
        call,
        ids,
        "retired",
        lambda o, i, p: o.changes.rollback(i, by=p, reason=reason),
        lambda c, i: c.rollback(i, reason=reason),
        dry_run=dry_run,
        ask=question,
    )


def expire(
    ids: IdsArgument,
    at: Annotated[
        str | None, typer.Option("--at", help="First moment at which they no longer hold, in UTC.", show_default="now")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """End the validity of addenda, now or at a moment.

    For the time before that moment they remain valid.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    until = parse_moment(at, "--at") or datetime.now(UTC)
    document: dict[str, object] = {"until": stamp(until)}
    _apply(
        call,
        ids,
        "window_closed",
        lambda o, i, p: o.changes.expire(i, by=p, until=until, reason=reason),
        lambda c, i: c.expire(i, until=until, reason=reason),
        dry_run=dry_run,
        document=document,
    )
    if not dry_run:
        call.out.note(f"they hold until {moment(until)}, and no longer")


def erase(
    ids: IdsArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the history in place of the content.")],
    yes: YesOption = False,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Destroy the content of addenda; who and when remain.

    What the memories stored for them is destroyed too. This cannot be undone. Exported files, backups and answers that
    were kept are not reached from here. On a terminal it asks first, unless --yes is given.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    document: dict[str, object] = {}

    def carry_out(opened: KnowledgeBase, chosen: Sequence[str], person: Person) -> None:
        receipts = opened.erase(chosen, by=person, reason=reason)
        document["receipts"] = [
            {"memory": r.memory, "destroyed": list(r.digests), "remains": r.remains} for r in receipts
        ]

    def carry_out_there(client: Client, chosen: Sequence[AddendumDetail]) -> Decided:
        done = client.erase(chosen, reason=reason)
        document["receipts"] = [receipt.model_dump(mode="json") for receipt in done.receipts]
        return done

    question = None if yes else "Destroy the content of"
    _apply(call, ids, "erased", carry_out, carry_out_there, dry_run=dry_run, ask=question, document=document)


def _apply(
    call: Call,
    ids: Sequence[str],
    kind: Kind,
    carry_out: Callable[[KnowledgeBase, Sequence[str], Person], None],
    carry_out_there: Callable[[Client, Sequence[AddendumDetail]], Decided],
    *,
    dry_run: bool,
    ask: str | None = None,
    document: dict[str, object] | None = None,
) -> None:
    """Resolve the ids, carry out (or preview) one kind of change on all of them, and show how they stand."""
    word, more = _WORDS[kind].replace(" ", "_"), document if document is not None else {}
    if call.is_remote:
        with call.client() as client:
            found = remote.resolve(client, ids)
            if dry_run:
                preview_there(call, client, found, kind, f"would be {_WORDS[kind]}")
                return
            _ask_first(call, ask, [one.says for one in found])
            done = carry_out_there(client, found)
        said = {one.id: ERASED if kind == "erased" else one.says for one in found}
        standing = [(one.id, one.status) for one in done.addenda]
        show_outcome(call, {word: list(said), **more}, standing, said, done.remaining_in_weights)
        return
    with call.open() as opened:
        person = call.person(opened)
        chosen = resolve(opened.state, ids)
        if dry_run:
            preview(call, opened, chosen, person, kind, f"would be {_WORDS[kind]}")
            return
        _ask_first(call, ask, list(said_by(opened, chosen).values()))
        carry_out(opened, chosen, person)
        rows = [(i, opened.state.record(i).status(datetime.now(UTC))) for i in chosen]
        remaining = opened.remembering.remaining(list(chosen))
        show_outcome(call, {word: chosen, **more}, rows, said_by(opened, chosen), remaining)


def _ask_first(call: Call, ask: str | None, said: Sequence[str]) -> None:
    """Ask before something that cannot be undone, where that is wanted and somebody can answer."""
    if ask is None:
        return
    named = "; ".join(said[:3]) + (f" and {len(said) - 3} more" if len(said) > 3 else "")
    if not call.out.confirmed(f"{ask}: {named}?", yes=False):
        call.out.note("nothing was changed")
        raise typer.Exit(1)


_WORDS: Mapping[Kind, str] = {
    "rejected": "rejected",
    "disabled": "disabled",
    "enabled": "enabled",
    "retired": "rolled back",
    "window_closed": "expired",
    "erased": "erased",
}
