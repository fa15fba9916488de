"""``person``: people, their roles and tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypedDict, cast, get_args

import typer

from addenda.client import Client
from addenda.client.rule_replies import PersonShown, TokenShown
from addenda.errors import InvalidInput, UnknownId
from addenda.knowledge_base import KnowledgeBase, Person, Role
from addenda.surfaces.cli.context import begin, new_token_file
from addenda.surfaces.cli.options import (
    DryRunOption,
    JsonOption,
    KbOption,
    NewTokenOption,
    ReasonOption,
    TokenOption,
    UrlOption,
)
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.ruling import carry_out, outcome_of, show_setting, with_token
from addenda.surfaces.describing import describe_token, moment, parse_moment

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
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Add a person with a token of their own, which is shown this once."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    roles = _roles(role or [])
    if not roles:
        raise InvalidInput("give the person at least one role: --role editor, approver, admin or viewer")
    with _token_file(new_token, dry_run=dry_run) as keep:
        outcome = carry_out(
            call,
            lambda opened, by: opened.governance.add_person(name, roles, by=by, reason=reason),
            lambda client: with_token(client.add_person(name, roles=roles, reason=reason), name),
            would=f"would add {name!r} as {', '.join(roles)}",
            dry_run=dry_run,
        )
        keep("" if outcome is None else outcome.token or "")
    if outcome is not None:
        show_setting(call, outcome, f"{name} is {', '.join(roles)}", new_token)


@person.command("list")
def list_people(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """List people with their roles, and how many tokens they have."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    people = call.read(_people_here, lambda client: client.people().people)
    rows = [(p.name, ", ".join(p.roles) or "none", str(p.tokens), moment(p.added_at)) for p in people]
    document: dict[str, object] = {"people": [one.model_dump(mode="json") for one in people]}
    call.out.result(document, table(("name", "roles", "tokens", "since"), rows))


@person.command("roles")
def roles_(
    name: NameArgument,
    role: RoleOption = None,
    none: Annotated[bool, typer.Option("--none", help="Take all roles away.")] = False,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Give a person exactly these roles."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    roles = _roles(role or [])
    if bool(roles) == none:
        raise InvalidInput("give the roles that the person is to have (--role), or --none to take all away")
    said = f"{name} is {', '.join(roles) or 'without a role'}"
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.change_roles(name, roles, by=by, reason=reason),
        lambda client: outcome_of(client.change_roles(name, roles=roles, reason=reason)),
        would=f"would change: {said}",
        dry_run=dry_run,
    )
    if outcome is not None:
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
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Issue one more token to a person; it is shown this once. Everybody may do so for themselves."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    roles = _roles(role) if role else None
    until = _expiry(expires, datetime.now(UTC))
    scope = _scope_words(roles, until, agent)
    given = _Scope(roles=roles, expires_at=until, reason=reason)
    with _token_file(new_token, dry_run=dry_run) as keep:
        outcome = carry_out(
            call,
            lambda opened, by: opened.governance.issue_token(name, by=by, label=label, agent=agent, **given),
            lambda client: with_token(client.issue_token(name, label=label, agent=agent, **given), name),
            would=f"would issue a token to {name!r}{scope}",
            dry_run=dry_run,
        )
        keep("" if outcome is None else outcome.token or "")
    if outcome is not None:
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
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Let an account at an OpenID provider act as a person; it is listed and revoked like a token."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    roles = _roles(role) if role else None
    until = _expiry(expires, datetime.now(UTC))
    given = _Scope(roles=roles, expires_at=until, reason=reason)
    said = f"{subject!r} at {issuer} acts as {name}{_scope_words(roles, until, '')}"
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.link_identity(name, issuer, subject, by=by, **given),
        lambda client: outcome_of(client.link_identity(name, issuer=issuer, subject=subject, **given)),
        would=f"would link: {said}",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, said)


@person.command("tokens")
def tokens(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only those of this person.")] = None,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens and linked accounts by their ids, with what comes with them; never the tokens themselves.

    A server lists everybody's for admins, and their own for others.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    found = call.read(lambda opened: _tokens_here(opened, name), lambda client: client.tokens(name).tokens)
    headers = ("id", "person", "label", "roles", "agent", "issued", "expires")
    document: dict[str, object] = {"tokens": [one.model_dump(mode="json") for one in found]}
    call.out.result(document, table(headers, map(_token_row, found)) if found else "no token is valid")


@person.command("revoke")
def revoke(
    name: NameArgument,
    token_id: TokenIdOption = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Revoke every token of a person, or one. Everybody may do so for themselves."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    which = "every token" if token_id is None else f"the token {token_id!r}"
    revoked = carry_out(
        call,
        lambda opened, by: _revoke_here(opened, by, name, token_id, reason),
        lambda client: _revoke_there(client, name, token_id, reason),
        would=f"would revoke {which} of {name!r}",
        dry_run=dry_run,
    )
    if revoked is None:
        return
    document: dict[str, object] = {"dry_run": False, "name": name, "revoked": revoked.count}
    if revoked.id is not None:
        call.out.result({**document, "id": revoked.id}, f"the token {revoked.id} of {name} is revoked")
    else:
        call.out.result(document, f"{revoked.count} tokens of {name} revoked")


@dataclass(frozen=True, slots=True)
class _Revoked:
    """How many tokens were revoked, and which, where it was one that was named."""

    count: int
    id: str | None


def _revoke_here(kb: KnowledgeBase, by: Person, name: str, token_id: str | None, reason: str) -> _Revoked:
    if token_id is None:
        return _Revoked(kb.governance.revoke_tokens(name, by=by, reason=reason), None)
    return _Revoked(1, kb.governance.revoke_token(name, token_id, by=by, reason=reason).id)


def _revoke_there(client: Client, name: str, token_id: str | None, reason: str) -> _Revoked:
    if token_id is None:
        return _Revoked(client.revoke_tokens(name, reason=reason).revoked, None)
    return _Revoked(1, client.revoke_token(name, token_id, reason=reason).id)


class _Scope(TypedDict):
    """What comes with a token or a linked account, and why."""

    roles: Sequence[Role] | None
    expires_at: datetime | None
    reason: str


def _people_here(kb: KnowledgeBase) -> Sequence[PersonShown]:
    people = kb.state.people.values()
    return [PersonShown(name=p.name, roles=p.roles, tokens=len(p.tokens), added_at=p.added_at) for p in people]


def _tokens_here(kb: KnowledgeBase, name: str | None) -> Sequence[TokenShown]:
    people, now = kb.state.people, kb.ledger.now()
    if name is not None and name not in people:
        raise UnknownId(f"there is no person {name!r}; `person list` shows who there is")
    chosen = people.values() if name is None else [people[name]]
    return [TokenShown.model_validate(describe_token(one, kept, now)) for one in chosen for kept in one.tokens]


def _token_file(path: Path | None, *, dry_run: bool) -> AbstractContextManager[Callable[[str], None]]:
    """The file that a new token is kept in; none in a dry run, which makes none."""
    return new_token_file(None if dry_run else path)


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


def _token_row(one: TokenShown) -> tuple[str, ...]:
    expires = moment(one.expires_at) + (" (expired)" if one.expired else "")
    label = f"{one.label} at {one.issuer}" if one.issuer else one.label
    return (one.id, one.name, label, ", ".join(one.roles) or "none", one.agent or "", moment(one.issued_at), expires)
