"""``person``: people, their roles and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base import Role, SettingOutcome
from addenda.surfaces.cli.context import Call, begin, new_token_file
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, NewTokenOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.describing import moment, stamp

person = typer.Typer()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")]
RoleOption = Annotated[
    list[str] | None, typer.Option("--role", help="viewer, editor, approver or admin; may be repeated.")
]


@person.command("add")
def add(
    name: NameArgument,
    role: RoleOption = None,
    new_token: NewTokenOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Add a person with a token of their own, which is shown this once."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    roles = _roles(role or [])
    if not roles:
        raise InvalidInput("give the person at least one role: --role editor, approver, admin or viewer")
    with call.open() as opened:
        by = call.person(opened)
        if dry_run:
            show_dry_run(call, f"would add {name!r} as {', '.join(roles)}")
            return
        with new_token_file(new_token) as keep:
            outcome = opened.governance.add_person(name, roles, by=by, reason=reason)
            keep(outcome.token or "")
    show_setting(call, outcome, f"{name} is {', '.join(roles)}", new_token)


@person.command("list")
def list_people(kb: KbOption = None, as_json: JsonOption = False) -> None:
    """List people with their roles, and how many tokens they have."""
    call = begin(kb, as_json=as_json)
    with call.open() as opened:
        people = list(opened.state.people.values())
    described = [
        {"name": p.name, "roles": list(p.roles), "tokens": len(p.token_hashes), "added_at": stamp(p.added_at)}
        for p in people
    ]
    rows = [(p.name, ", ".join(p.roles) or "none", str(len(p.token_hashes)), moment(p.added_at)) for p in people]
    call.out.result({"people": described}, table(("name", "roles", "tokens", "since"), rows))


@person.command("roles")
def roles_(
    name: NameArgument,
    role: RoleOption = None,
    none: Annotated[bool, typer.Option("--none", help="Take all roles away.")] = False,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Give a person exactly these roles."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    roles = _roles(role or [])
    if bool(roles) == none:
        raise InvalidInput("give the roles that the person is to have (--role), or --none to take all away")
    said = f"{name} is {', '.join(roles) or 'without a role'}"
    with call.open() as opened:
        by = call.person(opened)
        if dry_run:
            show_dry_run(call, f"would change: {said}")
            return
        outcome = opened.governance.change_roles(name, roles, by=by, reason=reason)
    show_setting(call, outcome, said)


@person.command("token")
def token(
    name: NameArgument,
    new_token: NewTokenOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Issue one more token to a person; it is shown this once. Everybody may do so for themselves."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    with call.open() as opened:
        by = call.person(opened)
        if dry_run:
            show_dry_run(call, f"would issue a token to {name!r}")
            return
        with new_token_file(new_token) as keep:
            outcome = opened.governance.issue_token(name, by=by, reason=reason)
            keep(outcome.token or "")
    show_setting(call, outcome, f"{name} has one more token", new_token)


@person.command("revoke")
def revoke(
    name: NameArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Revoke every token of a person. Everybody may do so for themselves."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    with call.open() as opened:
        by = call.person(opened)
        if dry_run:
            show_dry_run(call, f"would revoke every token of {name!r}")
            return
        count = opened.governance.revoke_tokens(name, by=by, reason=reason)
    call.out.result({"dry_run": False, "name": name, "revoked": count}, f"{count} tokens of {name} revoked")


def show_dry_run(call: Call, sentence: str) -> None:
    """The result of a dry run of a change of settings."""
    call.out.result({"dry_run": True, "would": sentence}, sentence)


def show_setting(call: Call, outcome: SettingOutcome, sentence: str, new_token: Path | None = None) -> None:
    """What became of a change of settings; one that waits for a second person says so, and how to confirm it."""
    document: dict[str, object] = {
        "dry_run": False,
        "position": outcome.position,
        "in_force": outcome.waiting is None,
        "waiting": outcome.waiting,
        "token": None if new_token else outcome.token,
        "token_file": None if new_token is None else str(new_token),
    }
    words = sentence if outcome.waiting is None else f"NOT YET in force, it waits for a second person: {sentence}"
    shown = "" if new_token else outcome.token or ""
    call.out.result(document, words, pairs([("token", shown), ("token file", str(new_token or ""))]))
    if outcome.waiting is not None:
        call.out.warn(
            f"this weakens the rules, so another approver or admin must confirm it: addenda setting confirm "
            f"{outcome.waiting}"
        )
    if shown:
        call.out.warn("the token is shown this once; keep it in a file that only its owner can read")


def _roles(given: Sequence[str]) -> list[Role]:
    known = get_args(Role)
    for role in given:
        if role not in known:
            raise InvalidInput(f"{role!r} is no role; it can be {', '.join(known)}")
    return [cast("Role", role) for role in dict.fromkeys(given)]
