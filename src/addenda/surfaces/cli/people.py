"""``person``: people, their roles and tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from addenda.errors import InvalidInput, UnknownId
from addenda.knowledge_base import Person, Role, SettingOutcome, Token
from addenda.surfaces.cli.context import Call, begin, new_token_file
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, NewTokenOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.describing import moment, parse_moment, stamp

person = typer.Typer()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")]
RoleOption = Annotated[
    list[str] | None, typer.Option("--role", help="viewer, editor, approver or admin; may be repeated.")
]


LabelOption = Annotated[str, typer.Option("--label", help="What the token is for, in a few words.")]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option("--role", help="Only this one of the person's roles comes with the token; may be repeated."),
]
ExpiresOption = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="90d|DATE",
        help="How long it holds: 12h, 90d, 4w, or the last day.",
        show_default="for ever",
    ),
]
AgentOption = Annotated[
    str, typer.Option("--agent", metavar="NAME", help="The agent that is to act with it; it can only read and propose.")
]
TokenIdOption = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Only this one, by its id in `person tokens`.", show_default="all of them"),
]

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}


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
    label: LabelOption = "",
    role: ScopeOption = None,
    expires: ExpiresOption = None,
    agent: AgentOption = "",
    new_token: NewTokenOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Issue one more token to a person; it is shown this once. Everybody may do so for themselves."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    roles = _roles(role) if role else None
    with call.open() as opened:
        by = call.person(opened)
        until = _expiry(expires, opened.ledger.now())
        scope = _scope_words(roles, until, agent)
        if dry_run:
            show_dry_run(call, f"would issue a token to {name!r}{scope}")
            return
        with new_token_file(new_token) as keep:
            outcome = opened.governance.issue_token(
                name, by=by, label=label, roles=roles, expires_at=until, agent=agent, reason=reason
            )
            keep(outcome.token or "")
    show_setting(call, outcome, f"{name} has one more token{scope}", new_token)


@person.command("link")
def link(
    name: NameArgument,
    issuer: Annotated[str, typer.Option("--issuer", help="The OpenID provider, exactly as it names itself.")],
    subject: Annotated[str, typer.Option("--subject", help="The account's `sub` there, which never changes.")],
    role: ScopeOption = None,
    expires: ExpiresOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Let an account at an OpenID provider act as a person; it is listed and revoked like a token."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    roles = _roles(role) if role else None
    with call.open() as opened:
        by = call.person(opened)
        until = _expiry(expires, opened.ledger.now())
        said = f"{subject!r} at {issuer} acts as {name}{_scope_words(roles, until, '')}"
        if dry_run:
            show_dry_run(call, f"would link: {said}")
            return
        outcome = opened.governance.link_identity(
            name, issuer, subject, by=by, roles=roles, expires_at=until, reason=reason
        )
    show_setting(call, outcome, said)


@person.command("tokens")
def tokens(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only those of this person.")] = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens by their ids, with what comes with them; never the tokens themselves."""
    call = begin(kb, as_json=as_json)
    with call.open() as opened:
        people, now = opened.state.people, opened.ledger.now()
    if name is not None and name not in people:
        raise UnknownId(f"there is no person {name!r}; `person list` shows who there is")
    found = [(one, kept) for one in people.values() if name in (None, one.name) for kept in one.tokens]
    headers = ("id", "person", "label", "roles", "agent", "issued", "expires")
    rows = [_token_row(one, kept, now) for one, kept in found]
    described = [_token(one, kept, now) for one, kept in found]
    call.out.result({"tokens": described}, table(headers, rows) if rows else "no token is valid")


@person.command("revoke")
def revoke(
    name: NameArgument,
    token_id: TokenIdOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Revoke every token of a person, or one. Everybody may do so for themselves."""
    call = begin(kb, as_json=as_json, token_file=token_file)
    which = "every token" if token_id is None else f"the token {token_id!r}"
    with call.open() as opened:
        by = call.person(opened)
        if dry_run:
            show_dry_run(call, f"would revoke {which} of {name!r}")
            return
        if token_id is not None:
            gone = opened.governance.revoke_token(name, token_id, by=by, reason=reason)
            document: dict[str, object] = {"dry_run": False, "name": name, "revoked": 1, "id": gone.id}
            call.out.result(document, f"the token {gone.id} of {name} is revoked")
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


def _expiry(given: str | None, now: datetime) -> datetime | None:
    """The moment at which a token is to expire: after a time, or at the end of a day."""
    if given is None:
        return None
    span = _SPAN.fullmatch(given.strip())
    if span is not None:
        return now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
    try:
        return parse_moment(given, "--expires", whole_day=True)
    except InvalidInput as error:
        raise InvalidInput(
            f"--expires {given!r} is no time; say how long it holds (12h, 90d, 4w), or its last day (2026-12-31)"
        ) from error


def _scope_words(roles: Sequence[Role] | None, until: datetime | None, agent: str) -> str:
    said = [f"for the agent {agent!r}"] if agent else []
    if roles:
        said.append(f"only as {' and '.join(roles)}")
    if until is not None:
        said.append(f"until {moment(until)}")
    return "".join(f", {one}" for one in said)


def _token(owner: Person, kept: Token, now: datetime) -> dict[str, object]:
    """A token for JSON."""
    return {
        "id": kept.id,
        "name": owner.name,
        "label": kept.label,
        "roles": list(kept.within(owner.roles)),
        "narrowed": kept.is_narrow,
        "agent": kept.agent or None,
        "issuer": kept.issuer or None,
        "issued_at": stamp(kept.issued_at),
        "expires_at": stamp(kept.expires_at),
        "expired": not kept.is_valid(now),
    }


def _token_row(owner: Person, kept: Token, now: datetime) -> tuple[str, ...]:
    roles = ", ".join(kept.within(owner.roles)) or "none"
    expires = moment(kept.expires_at) + ("" if kept.is_valid(now) else " (expired)")
    label = f"{kept.label} at {kept.issuer}" if kept.issuer else kept.label
    return (kept.id, owner.name, label, roles, kept.agent, moment(kept.issued_at), expires)
