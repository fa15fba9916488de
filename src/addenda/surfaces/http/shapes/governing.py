"""People, policy, relations, the suite, thresholds, and changes of them that wait for a second person."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from addenda.knowledge_base import Person, Policy, RelationSpec, Role, SettingOutcome, State, SuiteQuestion
from addenda.knowledge_base.autopilot import Trusted
from addenda.types import Frozen


class PersonShown(Frozen):
    """Somebody who may act."""

    name: str
    roles: tuple[Role, ...]
    tokens: int
    """How many tokens they have."""
    added_at: datetime


class People(Frozen):
    """Who may act."""

    people: tuple[PersonShown, ...]
    position: int
    """Ledger position: the ETag."""


class AddPerson(Frozen):
    """Somebody new."""

    name: str = Field(min_length=1, max_length=64, examples=["Ben"])
    roles: tuple[Role, ...] = Field(min_length=1)
    reason: str = ""


class ChangeRoles(Frozen):
    """Exactly these roles; none takes all away."""

    roles: tuple[Role, ...]
    reason: str = ""


class WithReason(Frozen):
    """Why; it stays in the history."""

    reason: str = ""


class SettingShown(Frozen):
    """What became of a change of settings."""

    position: int
    """The ledger event that holds it."""
    in_force: bool
    waiting: str | None
    """Id of the change when a second person must confirm it."""
    token: str | None = None
    """A new token, shown this once."""


class Revoked(Frozen):
    """How many tokens were revoked."""

    name: str
    revoked: int


class TrustedShown(Frozen):
    """How far a rule with an autopilot trusts a source of notes."""

    rule: str
    source: str
    by_itself_since: datetime | None
    accepted: int
    decisions: int
    at_least: float
    """Lower end of the 95 % interval of the share that was accepted."""
    needs: float
    waiting: tuple[str, ...]
    went_by_itself: tuple[str, ...]


class PolicyShown(Frozen):
    """Whose approval a proposal needs."""

    policy: Policy
    in_words: tuple[str, ...]
    trusted_sources: tuple[TrustedShown, ...]
    position: int


class SetPolicy(Frozen):
    """A policy in place of the one in force."""

    policy: Policy
    reason: str = ""


class Thresholds(Frozen):
    """The smallest share that each of the gate's measures must reach."""

    thresholds: dict[str, float]
    position: int


class SetThresholds(Frozen):
    """Thresholds that change; the others stay as they are."""

    thresholds: dict[str, float] = Field(min_length=1, examples=[{"wordings": 0.9}])
    reason: str = ""


class Relations(Frozen):
    """The relations that were declared."""

    relations: tuple[RelationSpec, ...]
    position: int


class DeclareRelation(Frozen):
    """A relation's declaration, whole."""

    relation: RelationSpec
    reason: str = ""


class Suite(Frozen):
    """The questions that the gate asks before every activation."""

    questions: tuple[SuiteQuestion, ...]
    position: int


class ChangeSuite(Frozen):
    """Questions that join the suite, or take the place of those of the same id, and ids of those that leave it."""

    add: tuple[SuiteQuestion, ...] = ()
    remove: tuple[str, ...] = ()
    reason: str = ""


class WaitingChange(Frozen):
    """A change of the rules that waits for a second person."""

    id: str
    by: str
    at: datetime
    reason: str
    change: dict[str, JsonValue]
    """What is to change; it never has a token in it."""


class WaitingChanges(Frozen):
    """Changes that wait."""

    waiting: tuple[WaitingChange, ...]
    position: int


class Settled(Frozen):
    """A waiting change that was confirmed or dropped."""

    position: int


def person_shown(person: Person) -> PersonShown:
    """A person, without anything of their tokens but how many."""
    return PersonShown(name=person.name, roles=person.roles, tokens=len(person.token_hashes), added_at=person.added_at)


def setting_shown(outcome: SettingOutcome) -> SettingShown:
    """What became of a change."""
    return SettingShown(
        position=outcome.position,
        in_force=outcome.waiting is None,
        waiting=outcome.waiting,
        token=outcome.token,
    )


def trusted_shown(one: Trusted) -> TrustedShown:
    """How far a source is trusted."""
    return TrustedShown(
        rule=one.ramp.rule,
        source=one.ramp.source,
        by_itself_since=one.ramp.since,
        accepted=one.ramp.accepted,
        decisions=len(one.ramp.decisions),
        at_least=round(one.ramp.bound, 4),
        needs=one.autopilot.bound,
        waiting=one.waiting,
        went_by_itself=one.by_itself,
    )


def waiting_changes(state: State) -> WaitingChanges:
    """Changes that wait for a second person."""
    return WaitingChanges(
        waiting=tuple(
            WaitingChange(
                id=one.id,
                by=str(one.by),
                at=one.at,
                reason=one.reason,
                change=one.change.model_dump(mode="json", exclude={"token_hash"}),
            )
            for one in state.pending.values()
        ),
        position=state.position,
    )
