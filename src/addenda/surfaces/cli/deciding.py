"""Deciding about proposals, and taking back what is live: ``approve``, ``reject``, ``disable``, ``enable``,
``rollback``, ``expire``, ``erase``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

import typer

from addenda.errors import Conflict, PermissionDenied
from addenda.knowledge_base import REMAINS, KnowledgeBase, Person, Record, State, check_move, require
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import (
    AllOption,
    DryRunOption,
    IdsArgument,
    IdsOrAllArgument,
    JsonOption,
    KbOption,
    ReasonOption,
    SourceOption,
    StatusOption,
    TagOption,
    TokenOption,
    YesOption,
)
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.selecting import Wanted, resolve, select
from addenda.surfaces.describing import moment, parse_moment, says, stamp
from addenda.types import Status

Kind: TypeAlias = Literal["approved", "rejected", "disabled", "enabled", "retired", "window_closed", "erased"]
"""Kinds of events that these commands append."""

_MANY = 20
_USUAL: tuple[Status, ...] = ("proposed", "needs_review")


def approve(
    ids: IdsOrAllArgument = None,
    take_all: AllOption = False,
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Approve proposals, under the policy in force.

    Nobody approves their own. All that are named are decided, or none; --all leaves out your own proposals and those
    you have approved already. A proposal is sent back to review when what it replaces has changed (exit code 3).
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    with call.open() as opened:
        person, state = call.person(opened), opened.state
        chosen = select(state, wanted, usual=_USUAL, also=lambda record: _is_open_to(record, person))
        if dry_run:
            _check_own(state, chosen, person)
            _preview(call, opened, chosen, person, "approved", "would be approved")
            return
        if not chosen:
            call.out.result({"approved": [], "waiting": [], "needs_review": []}, "nothing waits for your approval")
            return
        done = opened.changes.approve(chosen, by=person, reason=reason)
        rows = [
            *((i, "approved") for i in done.approved),
            *((i, "waits for one more approver") for i in done.waiting),
            *((i, "needs_review") for i in done.needs_review),
        ]
        _show_outcome(
            call,
            opened,
            {"approved": done.approved, "waiting": done.waiting, "needs_review": done.needs_review},
            rows,
        )
    if done.needs_review:
        call.out.warn(
            f"{len(done.needs_review)} went back to review, because what they replace has changed; look at them "
            "(`addenda show ID`) and approve again"
        )
        raise typer.Exit(Conflict.exit_code)


def reject(
    ids: IdsArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; the proposer learns from it.")],
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Reject proposals, for a reason.

    A proposer may withdraw their own like this.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    _apply(call, ids, "rejected", lambda o, i, p: o.changes.reject(i, by=p, reason=reason), dry_run=dry_run)


def disable(
    ids: IdsArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Switch live addenda off until they are enabled.

    They are off for questions about the past too.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    _apply(call, ids, "disabled", lambda o, i, p: o.changes.disable(i, by=p, reason=reason), dry_run=dry_run)


def enable(
    ids: IdsArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Switch disabled addenda on again."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    _apply(call, ids, "enabled", lambda o, i, p: o.changes.enable(i, by=p, reason=reason), dry_run=dry_run)


def rollback(
    ids: IdsArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take addenda back for good; what they replaced holds again.

    They are gone for questions about the past too. On a terminal it asks first, unless --yes is given.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    question = None if yes else "Take back for good"
    _apply(
        call, ids, "retired", lambda o, i, p: o.changes.rollback(i, by=p, reason=reason), dry_run=dry_run, ask=question
    )


def expire(
    ids: IdsArgument,
    at: Annotated[
        str | None, typer.Option("--at", help="First moment at which they no longer hold, in UTC.", show_default="now")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """End the validity of addenda, now or at a moment.

    For the time before that moment they remain valid.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    until = parse_moment(at, "--at") or datetime.now(UTC)
    document: dict[str, object] = {"until": stamp(until)}
    _apply(
        call,
        ids,
        "window_closed",
        lambda o, i, p: o.changes.expire(i, by=p, until=until, reason=reason),
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
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Destroy the content of addenda; who and when remain.

    What the memories stored for them is destroyed too. This cannot be undone. Exported files, backups and answers that
    were kept are not reached from here. On a terminal it asks first, unless --yes is given.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    document: dict[str, object] = {}

    def carry_out(opened: KnowledgeBase, chosen: Sequence[str], person: Person) -> None:
        receipts = opened.erase(chosen, by=person, reason=reason)
        document["receipts"] = [
            {"memory": r.memory, "destroyed": list(r.digests), "remains": r.remains} for r in receipts
        ]

    question = None if yes else "Destroy the content of"
    _apply(call, ids, "erased", carry_out, dry_run=dry_run, ask=question, document=document)


def _apply(
    call: Call,
    ids: Sequence[str],
    kind: Kind,
    carry_out: Callable[[KnowledgeBase, Sequence[str], Person], None],
    *,
    dry_run: bool,
    ask: str | None = None,
    document: dict[str, object] | None = None,
) -> None:
    """Resolve the ids, carry out (or preview) one kind of change on all of them, and show how they stand."""
    with call.open() as opened:
        person = call.person(opened)
        chosen = resolve(opened.state, ids)
        if dry_run:
            _preview(call, opened, chosen, person, kind, f"would be {_WORDS[kind]}")
            return
        before = opened.ledger.addenda(chosen)
        if ask is not None:
            named = "; ".join(says(before[i].content) for i in chosen[:3] if i in before)
            more = f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
            if not call.out.confirmed(f"{ask}: {named}{more}?", yes=False):
                call.out.note("nothing was changed")
                raise typer.Exit(1)
        carry_out(opened, chosen, person)
        rows = [(i, opened.state.record(i).status(datetime.now(UTC))) for i in chosen]
        _show_outcome(call, opened, {_WORDS[kind].replace(" ", "_"): chosen, **(document or {})}, rows)


_WORDS: Mapping[Kind, str] = {
    "rejected": "rejected",
    "disabled": "disabled",
    "enabled": "enabled",
    "retired": "rolled back",
    "window_closed": "expired",
    "erased": "erased",
}


def _show_outcome(call: Call, kb: KnowledgeBase, document: dict[str, object], rows: Sequence[tuple[str, str]]) -> None:
    shown = rows[:_MANY]
    addenda = kb.ledger.addenda({i for i, _ in shown})
    lines = [(i, status, says(addenda[i].content if i in addenda else None)) for i, status in shown]
    remaining = kb.remembering.remaining([i for i, _ in rows])
    if remaining:
        document["remaining_in_weights"] = list(remaining)
    call.out.result({"dry_run": False, **document}, table(("id", "status", "says"), lines))
    if remaining:
        call.out.note(REMAINS.format(count=len(remaining)))
    if len(shown) < len(rows):
        call.out.note(f"{len(rows)} in all; --json names every one")


def _preview(call: Call, kb: KnowledgeBase, chosen: Sequence[str], person: Person, kind: Kind, headline: str) -> None:
    """Show what would be decided, after the same questions of role and status that the real thing asks."""
    state, now = kb.state, datetime.now(UTC)
    if kind != "rejected":
        require(state, person, kind)
    for i in chosen:
        record = state.record(i)
        check_move(i, record.stage, record.status(now), kind)
    addenda = kb.ledger.addenda(chosen)
    rows = [(i, state.record(i).status(now), says(addenda[i].content if i in addenda else None)) for i in chosen]
    document: dict[str, object] = {"dry_run": True, "ids": list(chosen)}
    call.out.result(document, f"{headline}: {len(chosen)}", table(("id", "status now", "says"), rows[:_MANY]))


def _check_own(state: State, chosen: Sequence[str], person: Person) -> None:
    own = [i for i in chosen if state.record(i).is_by(person.actor)]
    if own:
        raise PermissionDenied(f"{person.name!r} proposed {own[0]!r}; somebody else must approve it")


def _is_open_to(record: Record, person: Person) -> bool:
    approved = any(approval.by == person.actor for approval in record.approvals)
    return not record.is_by(person.actor) and (record.stage == "needs_review" or not approved)
