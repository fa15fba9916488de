"""People, policy, relations, the suite and thresholds: everything about who may do what, and what is tested.

Each change is a ledger event. One that weakens the rules waits for a second person once there is one; the calls here
say which of the two happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from addenda.errors import UnknownId
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
    TokenIssued,
    TokenRevoked,
    new_token,
    person_name,
    token_hash,
)


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

    def issue_token(self, name: str, *, by: Person, reason: str = "", seen: int | None = None) -> SettingOutcome:
        """Issue one more token to a person."""
        token = new_token()
        return self._change(TokenIssued(name=name, token_hash=token_hash(token)), by, reason, seen, token)

    def revoke_tokens(self, name: str, *, by: Person, reason: str = "") -> int:
        """Revoke every token of a person. Returns how many there were."""
        person = self._ledger.state().people.get(name)
        if person is None:
            raise UnknownId(f"there is no person {name!r}; `person list` shows who there is")
        with self._ledger.writing() as session:
            bodies = [TokenRevoked(name=name, token_hash=kept) for kept in person.token_hashes]
            session.append(by.actor, bodies, reason)
        return len(person.token_hashes)

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
