"""People, their roles and tokens. A token is in the response that made it, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import Path, Query, Response

from addenda.surfaces.http.access import CallerDep
from addenda.surfaces.http.conditions import IfMatch, position_in, tag
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routing import CONDITIONAL, kb_router
from addenda.surfaces.http.shapes.governing import (
    AddPerson,
    ChangeRoles,
    IssueToken,
    LinkIdentity,
    People,
    PersonShown,
    Revoked,
    RevokedToken,
    SettingShown,
    Tokens,
    WithReason,
    person_shown,
    setting_shown,
    token_shown,
)

router = kb_router("governing")

Name: TypeAlias = Annotated[str, Path(description="The person's name.", max_length=64)]
TokenId: TypeAlias = Annotated[
    str, Path(description="The token's id in the list of tokens, or a unique beginning of it.", max_length=64)
]


@router.get("/me", operation_id="get_me")
def get_me(caller: CallerDep) -> PersonShown:
    """Say who the token belongs to, and their roles."""
    return person_shown(caller.person)


@router.get("/people", operation_id="list_people")
def list_people(caller: CallerDep, response: Response) -> People:
    """List people with their roles, and how many tokens they have."""
    state = caller.state
    tag(response, state.position)
    return People(people=tuple(map(person_shown, state.people.values())), position=state.position)


@router.post("/people", status_code=201, operation_id="add_person", response_model=SettingShown, responses=CONDITIONAL)
def add_person(caller: CallerDep, body: AddPerson, key: KeyDep, if_match: IfMatch = None) -> Response:
    """Add a person with a token of their own, which is shown this once."""
    seen, governance = position_in(if_match), caller.hosted.kb.governance
    return key.once(
        caller,
        body,
        lambda: setting_shown(
            governance.add_person(body.name, body.roles, by=caller.person, reason=body.reason, seen=seen)
        ),
    )


@router.put("/people/{name}/roles", operation_id="change_roles", responses=CONDITIONAL)
def change_roles(caller: CallerDep, name: Name, body: ChangeRoles, if_match: IfMatch = None) -> SettingShown:
    """Give a person exactly these roles."""
    governance = caller.hosted.kb.governance
    return setting_shown(
        governance.change_roles(name, body.roles, by=caller.person, reason=body.reason, seen=position_in(if_match))
    )


@router.get("/tokens", operation_id="list_tokens")
def list_tokens(
    caller: CallerDep,
    response: Response,
    name: Annotated[str | None, Query(description="Only those of this person.", max_length=64)] = None,
) -> Tokens:
    """List tokens and linked accounts by their ids: an admin sees everybody's, others their own."""
    kb, now = caller.hosted.kb, datetime.now(UTC)
    found = kb.governance.tokens(by=caller.person, name=name)
    tag(response, caller.state.position)
    return Tokens(tokens=tuple(token_shown(owner, kept, now) for owner, kept in found), position=caller.state.position)


@router.post(
    "/people/{name}/tokens",
    status_code=201,
    operation_id="issue_token",
    response_model=SettingShown,
    responses=CONDITIONAL,
)
def issue_token(caller: CallerDep, name: Name, body: IssueToken, key: KeyDep, if_match: IfMatch = None) -> Response:
    """Issue one more token to a person; it is shown this once. Everybody may do so for themselves."""
    seen, governance = position_in(if_match), caller.hosted.kb.governance

    def carry_out() -> SettingShown:
        made = governance.issue_token(
            name,
            by=caller.person,
            label=body.label,
            roles=body.roles,
            expires_at=body.expires_at,
            agent=body.agent,
            reason=body.reason,
            seen=seen,
        )
        return setting_shown(made)

    return key.once(caller, body, carry_out)


@router.post(
    "/people/{name}/identities",
    status_code=201,
    operation_id="link_identity",
    response_model=SettingShown,
    responses=CONDITIONAL,
)
def link_identity(caller: CallerDep, name: Name, body: LinkIdentity, key: KeyDep, if_match: IfMatch = None) -> Response:
    """Let an account at an OpenID provider act as a person; it is listed and revoked like a token."""
    seen, governance = position_in(if_match), caller.hosted.kb.governance

    def carry_out() -> SettingShown:
        made = governance.link_identity(
            name,
            body.issuer,
            body.subject,
            by=caller.person,
            roles=body.roles,
            expires_at=body.expires_at,
            reason=body.reason,
            seen=seen,
        )
        return setting_shown(made)

    return key.once(caller, body, carry_out)


@router.post("/people/{name}/tokens/revoke", operation_id="revoke_tokens")
def revoke_tokens(caller: CallerDep, name: Name, body: WithReason) -> Revoked:
    """Revoke every token of a person. Everybody may do so for themselves."""
    count = caller.hosted.kb.governance.revoke_tokens(name, by=caller.person, reason=body.reason)
    return Revoked(name=name, revoked=count)


@router.post("/people/{name}/tokens/{token_id}/revoke", operation_id="revoke_token")
def revoke_token(caller: CallerDep, name: Name, token_id: TokenId, body: WithReason) -> RevokedToken:
    """Revoke one token of a person, or unlink one account. Everybody may do so for themselves."""
    gone = caller.hosted.kb.governance.revoke_token(name, token_id, by=caller.person, reason=body.reason)
    return RevokedToken(name=name, id=gone.id)
