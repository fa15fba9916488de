"""People, tokens, policy, relations, the suite, and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from addenda.client.requests import Listing, change, compute, create, get, given, part
from addenda.client.rule_replies import (
    AuditEvent,
    Events,
    HeadShown,
    People,
    PersonShown,
    PolicyShown,
    Relations,
    RelationSpec,
    Revoked,
    RevokedToken,
    SettingShown,
    Settled,
    Suite,
    SuiteQuestion,
    Thresholds,
    Tokens,
    Verified,
    WaitingChanges,
)
from addenda.client.steps import Steps

_EVENTS = 200


def me() -> Steps[PersonShown]:
    """Whose token this is, and their roles."""
    return (yield from get(PersonShown, "/me"))


def people() -> Steps[People]:
    """Who may act, with their roles and how many tokens they have."""
    return (yield from get(People, "/people"))


def add_person(name: str, *, roles: Sequence[str], reason: str = "", key: str | None = None) -> Steps[SettingShown]:
    """Add a person with a token of their own, which is in the answer and nowhere else."""
    return (yield from create(SettingShown, "/people", given(name=name, roles=roles, reason=reason), key))


def change_roles(name: str, *, roles: Sequence[str], reason: str = "", seen: int | None = None) -> Steps[SettingShown]:
    """Give a person exactly these roles.

    Args:
        name: The person's.
        roles: None takes all away.
        reason: Why; it stays in the history.
        seen: The position that people were seen at; when something moved since, nothing happens (Moved).
    """
    body = given(roles=roles, reason=reason)
    return (yield from change(SettingShown, "PUT", f"/people/{part(name)}/roles", body, seen=seen))


def tokens(name: str | None = None) -> Steps[Tokens]:
    """Tokens and linked accounts, by ids that are of no use to act: an admin sees everybody's, others their own.

    Args:
        name: Only those of this person.

    Raises PermissionDenied for somebody else's, UnknownId for a person who is not there.
    """
    return (yield from get(Tokens, "/tokens", {} if name is None else {"name": name}))


def issue_token(
    name: str,
    *,
    label: str = "",
    roles: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    agent: str = "",
    reason: str = "",
    seen: int | None = None,
    key: str | None = None,
) -> Steps[SettingShown]:
    """Issue one more token to a person, which is in the answer and nowhere else; everybody may do so for themselves.

    Args:
        name: Whose.
        label: What it is for, in a few words.
        roles: The only ones of the person's roles that come with it; all when None.
        expires_at: First instant at which it is no longer valid; never when None.
        agent: The agent that is to act with it; it can only read and propose.
        reason: Why; it stays in the history.
        seen: As for ``change_roles``.
        key: Names this request; made anew when None.
    """
    body = given(label=label, roles=roles, expires_at=expires_at, agent=agent, reason=reason)
    return (yield from create(SettingShown, f"/people/{part(name)}/tokens", body, key, seen=seen))


def link_identity(
    name: str,
    *,
    issuer: str,
    subject: str,
    roles: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    reason: str = "",
    seen: int | None = None,
    key: str | None = None,
) -> Steps[SettingShown]:
    """Let an account at an OpenID provider act as a person; it is listed and revoked like a token. Only admins may.

    Args:
        name: The person.
        issuer: The provider, exactly as it names itself.
        subject: The account's ``sub`` there, which never changes.
        roles: The only ones of the person's roles that come with it; all when None.
        expires_at: First instant at which it no longer holds; never when None.
        reason: Why; it stays in the history.
        seen: As for ``change_roles``.
        key: Names this request; made anew when None.
    """
    body = given(issuer=issuer, subject=subject, roles=roles, expires_at=expires_at, reason=reason)
    return (yield from create(SettingShown, f"/people/{part(name)}/identities", body, key, seen=seen))


def revoke_token(name: str, token_id: str, *, reason: str = "") -> Steps[RevokedToken]:
    """Revoke one token, or unlink one account, by its id in ``tokens`` or a unique beginning of it."""
    path = f"/people/{part(name)}/tokens/{part(token_id)}/revoke"
    return (yield from change(RevokedToken, "POST", path, given(reason=reason)))


def revoke_tokens(name: str, *, reason: str = "") -> Steps[Revoked]:
    """Revoke every token of a person; everybody may do so for themselves."""
    return (yield from change(Revoked, "POST", f"/people/{part(name)}/tokens/revoke", given(reason=reason)))


def policy() -> Steps[PolicyShown]:
    """Whose approval a proposal needs, in words too."""
    return (yield from get(PolicyShown, "/policy"))


def set_policy(policy: Mapping[str, JsonValue], *, reason: str = "", seen: int | None = None) -> Steps[SettingShown]:
    """Replace the policy. One that lets more pass waits for a second person; ``seen`` as for ``change_roles``."""
    return (yield from change(SettingShown, "PUT", "/policy", given(policy=policy, reason=reason), seen=seen))


def thresholds() -> Steps[Thresholds]:
    """The smallest share that each of the gate's measures must reach."""
    return (yield from get(Thresholds, "/thresholds"))


def set_thresholds(
    thresholds: Mapping[str, float], *, reason: str = "", seen: int | None = None
) -> Steps[SettingShown]:
    """Change thresholds; a lower one waits for a second person; ``seen`` as for ``change_roles``."""
    body = given(thresholds=thresholds, reason=reason)
    return (yield from change(SettingShown, "PATCH", "/thresholds", body, seen=seen))


def relations() -> Steps[Relations]:
    """The declared relations."""
    return (yield from get(Relations, "/relations"))


def relation(name: str) -> Steps[RelationSpec]:
    """One relation; for one that nobody declared, what is assumed."""
    return (yield from get(RelationSpec, f"/relations/{part(name)}"))


def declare_relation(
    relation: Mapping[str, JsonValue], *, reason: str = "", seen: int | None = None
) -> Steps[SettingShown]:
    """Declare a relation, or change its declaration; ``seen`` as for ``change_roles``."""
    return (yield from change(SettingShown, "PUT", "/relations", given(relation=relation, reason=reason), seen=seen))


def suite() -> Steps[Suite]:
    """The questions that the gate asks before every activation."""
    return (yield from get(Suite, "/suite"))


def change_suite(
    *, add: Sequence[SuiteQuestion] = (), remove: Sequence[str] = (), reason: str = "", seen: int | None = None
) -> Steps[SettingShown]:
    """Add questions and remove others by id. One that changes or leaves waits for a second person."""
    body = given(add=add, remove=remove, reason=reason)
    return (yield from change(SettingShown, "PATCH", "/suite", body, seen=seen))


def waiting() -> Steps[WaitingChanges]:
    """Changes of the rules that wait for a second person."""
    return (yield from get(WaitingChanges, "/waiting"))


def confirm(change_id: str, *, reason: str = "") -> Steps[Settled]:
    """Confirm a waiting change that somebody else asked for."""
    return (yield from change(Settled, "POST", f"/waiting/{part(change_id)}/confirm", given(reason=reason)))


def drop(change_id: str, *, reason: str = "") -> Steps[Settled]:
    """Refuse a waiting change, or withdraw your own."""
    return (yield from change(Settled, "POST", f"/waiting/{part(change_id)}/drop", given(reason=reason)))


def events(*, after: int = 0) -> Listing[AuditEvent]:
    """Go through what happened, in order: the audit trail after a position."""

    def page(cursor: str | None) -> Steps[tuple[tuple[AuditEvent, ...], str | None]]:
        params = {"after": cursor or str(after), "limit": str(_EVENTS)}
        found = yield from get(Events, "/events", params)
        return found.events, None if found.next is None else str(found.next)

    return Listing(page)


def head() -> Steps[HeadShown]:
    """Where the chain ends, to be kept elsewhere."""
    return (yield from get(HeadShown, "/head"))


def verify(*, head: str | None = None, rebuild: bool = False) -> Steps[Verified]:
    """Check the chain (against a head that was kept), the contents and the artefacts.

    Args:
        head: As ``head()`` gave it before.
        rebuild: Also compare the memories with a rebuild; this loads the model.
    """
    return (yield from compute(Verified, "/verify", given(head=head, rebuild=rebuild), patient=True))
