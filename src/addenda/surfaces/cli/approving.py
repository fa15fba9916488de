"""``approve``: proposals become what may be made live, under the policy in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from addenda.client.replies import AddendumDetail
from addenda.errors import Conflict, PermissionDenied
from addenda.knowledge_base import Person, Record, State
from addenda.surfaces.cli import remote
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.decisions import preview, preview_there, said_by, show_outcome
from addenda.surfaces.cli.options import (
    AllOption,
    DryRunOption,
    IdsOrAllArgument,
    JsonOption,
    KbOption,
    ReasonOption,
    SourceOption,
    StatusOption,
    TagOption,
    TokenOption,
    UrlOption,
)
from addenda.surfaces.cli.selecting import Wanted, select
from addenda.types import Status

_USUAL: tuple[Status, ...] = ("proposed", "needs_review")
_WOULD_APPROVE = "would be approved"


def approve(
    ids: IdsOrAllArgument = None,
    take_all: AllOption = False,
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Approve proposals, under the policy in force.

    Nobody approves their own. All that are named are decided, or none; --all leaves out your own proposals and those
    you have approved already. A proposal is sent back to review when what it replaces has changed (exit code 3).
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    sent_back = (_approve_there if call.is_remote else _approve_here)(call, wanted, reason, dry_run=dry_run)
    if sent_back:
        call.out.warn(
            f"{sent_back} went back to review, because what they replace has changed; look at them "
            "(`addenda show ID`) and approve again"
        )
        raise typer.Exit(Conflict.exit_code)


def _approve_here(call: Call, wanted: Wanted, reason: str, *, dry_run: bool) -> int:
    """Approve in the folder; how many went back to review."""
    with call.open() as opened:
        person, state = call.person(opened), opened.state
        chosen = select(state, wanted, usual=_USUAL, also=lambda record: _is_open_to(record, person))
        if dry_run:
            _check_own(state, chosen, person)
            preview(call, opened, chosen, person, "approved", _WOULD_APPROVE)
            return 0
        if not chosen:
            _show_approved(call, {}, (), (), ())
            return 0
        done = opened.changes.approve(chosen, by=person, reason=reason)
        _show_approved(call, said_by(opened, chosen), done.approved, done.waiting, done.needs_review)
        return len(done.needs_review)


def _approve_there(call: Call, wanted: Wanted, reason: str, *, dry_run: bool) -> int:
    """Approve on a server; how many went back to review."""
    with call.client() as client:
        me = client.me().name

        def is_open(one: AddendumDetail) -> bool:
            approved = any(approval.by == me for approval in one.approvals)
            return one.proposed_by != me and (one.status == "needs_review" or not approved)

        chosen = remote.select(client, wanted, usual=_USUAL, also=is_open)
        if dry_run:
            _check_others([one.id for one in chosen if one.proposed_by == me], me)
            preview_there(call, client, chosen, "approved", _WOULD_APPROVE)
            return 0
        if not chosen:
            _show_approved(call, {}, (), (), ())
            return 0
        done = client.approve(chosen, reason=reason)
    left = {*done.waiting, *done.needs_review}
    approved = tuple(one.id for one in chosen if one.id not in left)
    _show_approved(call, {one.id: one.says for one in chosen}, approved, done.waiting, done.needs_review)
    return len(done.needs_review)


def _show_approved(
    call: Call,
    says_: Mapping[str, str],
    approved: Sequence[str],
    waiting: Sequence[str],
    needs_review: Sequence[str],
) -> None:
    """What became of proposals that somebody approved."""
    document: dict[str, object] = {"approved": approved, "waiting": waiting, "needs_review": needs_review}
    if not (approved or waiting or needs_review):
        call.out.result({name: [] for name in document}, "nothing waits for your approval")
        return
    rows = [
        *((i, "approved") for i in approved),
        *((i, "waits for one more approver") for i in waiting),
        *((i, "needs_review") for i in needs_review),
    ]
    show_outcome(call, document, rows, says_, ())


def _check_own(state: State, chosen: Sequence[str], person: Person) -> None:
    _check_others([i for i in chosen if state.record(i).is_by(person.actor)], person.name)


def _check_others(own: Sequence[str], name: str) -> None:
    if own:
        raise PermissionDenied(f"{name!r} proposed {own[0]!r}; somebody else must approve it")


def _is_open_to(record: Record, person: Person) -> bool:
    approved = any(approval.by == person.actor for approval in record.approvals)
    return not record.is_by(person.actor) and (record.stage == "needs_review" or not approved)
