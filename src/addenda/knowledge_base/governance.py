"""People, policy, relations, the suite and thresholds: everything about who may do what, and what is tested.

Each change is a ledger event. One that weakens the rules waits for a second person once there is one; the calls here
say which of the two happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from addenda.errors import InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base.memories import check_carried
from addenda.knowledge_base.seeing import check_head
from addenda.ledger import (
    Ledger,
    Person,
    PersonAdded,
    Policy,
    PolicyChanged,
    RelationDeclared,
    RelationSpec,
    Role,
    RolesChanged,
    Setting,
    SettingChangeConfirmed,
    SettingChangeDropped,
    SettingChangeProposed,
    State,
    SuiteChanged,
    SuiteQuestion,
    ThresholdsChanged,
    Token,
    TokenIssued,
    TokenRevoked,
    identity_hash,
    new_token,
    person_name,
    require,
    token_hash,
    token_label,
)

_LABELLED = 80
"""Characters of a subject that stand in a link's label; a subject may be longer than a label."""


@dataclass(frozen=True, slots=True)
class SettingOutcome:
    """What became of a change of settings."""

    position: int
    """The ledger event that holds it."""
    waiting: str | None
    """Id of the change when a second person must confirm it; None when it is in force."""
    token: str | None = None
    """A new token, shown this once; None when the change made none."""


class Governance:
    """Changes who may do what, always through the ledger.

    Who changes a setting can say at which position they had ``seen`` the ledger; when it moved since, Moved is raised.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Take the ledger."""
        self._ledger = ledger

    def add_person(
        self, name: str, roles: Sequence[Role], *, by: Person, reason: str = "", seen: int | None = None
    ) -> SettingOutcome:
        """Add a person with these roles and a token of their own."""
        token = new_token()
        change = PersonAdded(name=person_name(name), roles=tuple(roles), token_hash=token_hash(token))
        return self._change(change, by, reason, seen, token)

    def change_roles(
        self, name: str, roles: Sequence[Role], *, by: Person, reason: str = "", seen: int | None = None
    ) -> SettingOutcome:
        """Give a person exactly these roles; none takes all of them away."""
        return self._change(RolesChanged(name=name, roles=tuple(roles)), by, reason, seen)

    def issue_token(
        self,
        name: str,
        *,
        by: Person,
        label: str = "",
        roles: Sequence[Role] | None = None,
        expires_at: datetime | None = None,
        agent: str = "",
        reason: str = "",
        seen: int | None = None,
    ) -> SettingOutcome:
        """Issue one more token to a person.

        Args:
            name: Whose.
            by: Who issues it. Everybody may for themselves, within what comes with the token that they presented.
            label: What it is for, in a few words.
            roles: The only ones of the person's roles that are to come with it; None for all.
            expires_at: First moment at which it is no longer valid; None for never.
            agent: The agent that is to act with it. It can read and propose, and what it proposed, this person does
                not approve.
            reason: Why; it stays in the history.
            seen: Where the ledger was when somebody looked.

        Raises PermissionDenied for more than the issuer may give, InvalidInput for roles that the person does not
        have, a moment that is past, a label or an agent's name that cannot be used.
        """
        token = new_token()
        change = TokenIssued(
            name=name,
            token_hash=token_hash(token),
            label=token_label(label),
            roles=None if roles is None else tuple(dict.fromkeys(roles)),
            expires_at=self._to_come(expires_at),
            agent=person_name(agent) if agent else "",
        )
        return self._change(change, by, reason, seen, token)

    def link_identity(
        self,
        name: str,
        issuer: str,
        subject: str,
        *,
        by: Person,
        roles: Sequence[Role] | None = None,
        expires_at: datetime | None = None,
        reason: str = "",
        seen: int | None = None,
    ) -> SettingOutcome:
        """Let somebody whom an OpenID provider vouches for act as this person; only admins may.

        It is listed, and revoked, like a token.

        Args:
            name: The person.
            issuer: The provider, exactly as it names itself.
            subject: Whom it vouches for, by its ``sub``, which it gives to nobody else.
            by: An admin.
            roles: The only ones of the person's roles that are to come with it; None for all.
            expires_at: First moment at which it no longer holds; None for never.
            reason: Why; it stays in the history.

        Raises PermissionDenied, Conflict when the account is linked already, InvalidInput.
        """
        if not issuer or not subject:
            raise InvalidInput("give the provider's issuer and the account's subject (`sub`), both as it spells them")
        change = TokenIssued(
            name=name,
            token_hash=identity_hash(issuer, subject),
            label=token_label(f"account {subject[:_LABELLED]}"),
            roles=None if roles is None else tuple(dict.fromkeys(roles)),
            expires_at=self._to_come(expires_at),
            issuer=issuer,
        )
        return self._change(change, by, reason, seen)

    def revoke_token(self, name: str, token_id: str, *, by: Person, reason: str = "") -> Token:
        """Revoke one token of a person, by its id or a unique beginning of it. Raises UnknownId, PermissionDenied."""
        wanted = token_id.strip().lower()
        with self._ledger.writing() as session:
            _check_may_revoke(session.state, name, by)
            person = _known(session.state, name)
            fitting = [token for token in person.tokens if wanted and token.id.startswith(wanted)]
            if len(fitting) != 1:
                raise UnknownId(
                    f"{token_id!r} names no single token of {name!r}; `person tokens` lists those that you may see"
                )
            session.append(by.actor, [TokenRevoked(name=name, token_hash=fitting[0].hash)], reason)
        return fitting[0]

    def revoke_tokens(self, name: str, *, by: Person, reason: str = "") -> int:
        """Revoke every token of a person. Returns how many there were."""
        presented = None if by.token is None else by.token.hash
        with self._ledger.writing() as session:
            _check_may_revoke(session.state, name, by)
            # The one presented goes last, because nothing can be done with it once it is revoked.
            hashes = sorted(_known(session.state, name).token_hashes, key=lambda kept: kept == presented)
            session.append(by.actor, [TokenRevoked(name=name, token_hash=kept) for kept in hashes], reason)
        return len(hashes)

    def tokens(self, *, by: Person, name: str | None = None) -> tuple[tuple[Person, Token], ...]:
        """Tokens with whose they are: an admin sees everybody's, others their own, an agent the one it presented.

        Args:
            by: Who looks.
            name: Only those of this person.

        Raises PermissionDenied for somebody else's, UnknownId for a person who is not there.
        """
        state = self._ledger.state()
        if "admin" in by.roles:
            people = state.people.values() if name is None else [_known(state, name)]
            return tuple((person, token) for person in people for token in person.tokens)
        if name not in (None, by.name):
            raise PermissionDenied(f"{by.name!r} may not see the tokens of {name!r}; that takes the role admin")
        own = _known(state, by.name)
        return tuple((own, token) for token in own.tokens if not by.agent or token == by.token)

    def set_policy(self, policy: Policy, *, by: Person, reason: str = "", seen: int | None = None) -> SettingOutcome:
        """Replace the approval policy."""
        return self._change(PolicyChanged(policy=policy), by, reason, seen)

    def declare_relation(
        self, spec: RelationSpec, *, by: Person, reason: str = "", seen: int | None = None
    ) -> SettingOutcome:
        """Declare a relation, or change its declaration. Raises InvalidInput for memories that this version lacks."""
        check_carried(spec.memories)
        return self._change(RelationDeclared(spec=spec), by, reason, seen)

    def change_suite(
        self,
        *,
        add: Sequence[SuiteQuestion] = (),
        remove: Sequence[str] = (),
        by: Person,
        reason: str = "",
        seen: int | None = None,
    ) -> SettingOutcome:
        """Add questions to the suite (or replace those of the same id) and remove others by id."""
        return self._change(SuiteChanged(added=tuple(add), removed=tuple(remove)), by, reason, seen)

    def set_thresholds(
        self, thresholds: Mapping[str, float], *, by: Person, reason: str = "", seen: int | None = None
    ) -> SettingOutcome:
        """Set the gate's thresholds; those not named stay as they are."""
        return self._change(ThresholdsChanged(thresholds=dict(thresholds)), by, reason, seen)

    def confirm(self, change_id: str, *, by: Person, reason: str = "") -> int:
        """Confirm a weakening change that somebody else proposed. Returns its ledger position."""
        wanted = self._waiting(change_id)
        with self._ledger.writing() as session:
            return session.append(by.actor, [SettingChangeConfirmed(change_id=wanted)], reason)[0].position

    def drop(self, change_id: str, *, by: Person, reason: str = "") -> int:
        """Refuse, or withdraw, a change that waits for confirmation. Returns the ledger position."""
        wanted = self._waiting(change_id)
        with self._ledger.writing() as session:
            return session.append(by.actor, [SettingChangeDropped(change_id=wanted)], reason)[0].position

    def _to_come(self, expires_at: datetime | None) -> datetime | None:
        if expires_at is not None and expires_at <= self._ledger.now():
            raise InvalidInput(f"{expires_at.isoformat()} is past; a token expires at a moment to come")
        return expires_at

    def _waiting(self, prefix: str) -> str:
        state: State = self._ledger.state()
        fitting = [known for known in state.pending if known.startswith(prefix)] if prefix else []
        if len(fitting) != 1:
            waiting = ", ".join(state.pending) or "none"
            raise UnknownId(f"{prefix!r} names no single change that waits for confirmation; waiting: {waiting}")
        return fitting[0]

    def _change(
        self, change: Setting, by: Person, reason: str, seen: int | None, token: str | None = None
    ) -> SettingOutcome:
        with self._ledger.writing() as session:
            check_head(session.state, seen)
            event = session.change_setting(by.actor, change, reason)
        waiting = event.body.change_id if isinstance(event.body, SettingChangeProposed) else None
        return SettingOutcome(event.position, waiting, token)


def _check_may_revoke(state: State, name: str, by: Person) -> None:
    """Raise PermissionDenied, before anything is looked up, for tokens that are neither one's own nor an admin's."""
    if name != by.name or by.agent:
        require(state, by, "token_revoked")


def _known(state: State, name: str) -> Person:
    found = state.people.get(name)
    if found is None:
        raise UnknownId(f"there is no person {name!r}; `person list` shows who there is")
    return found
