"""People, policy, relations, the suite, thresholds, and changes of them that wait for a second person."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from addenda.knowledge_base import Person, Policy, RelationSpec, Role, SettingOutcome, State, SuiteQuestion, Token
from addenda.knowledge_base.autopilot import Trusted
from addenda.surfaces.describing import describe_token, describe_trusted, describe_waiting
from addenda.types import Frozen, Moment


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


class TokenShown(Frozen):
    """What comes with a token, or with an account that acts as a person; never the token."""

    id: str
    """Of no use to act; it names the token where it is revoked."""
    name: str
    """Whose it is."""
    label: str
    roles: tuple[Role, ...]
    """Those of the person's roles that come with it."""
    narrowed: bool
    """Whether it is good for less than everything that its person may do."""
    agent: str | None
    """The agent that acts with it, and can only read and propose."""
    issuer: str | None
    """The OpenID provider that vouches for the account."""
    issued_at: datetime
    expires_at: datetime | None
    expired: bool


class Tokens(Frozen):
    """Tokens that the caller may see: an admin everybody's, others their own, an agent the one it presented."""

    tokens: tuple[TokenShown, ...]
    position: int


class IssueToken(Frozen):
    """One more token for a person. Everybody may issue one to themselves, for no more than what they presented."""

    label: str = Field(default="", examples=["nightly import"])
    """What it is for, in a few words."""
    roles: tuple[Role, ...] | None = None
    """The only ones of the person's roles that come with it; all when it is not given."""
    expires_at: Moment | None = None
    """First instant at which it is no longer valid; never when it is not given."""
    agent: str = ""
    """The agent that is to act with it; it can only read and propose."""
    reason: str = ""


class LinkIdentity(Frozen):
    """An account at an OpenID provider that may act as a person; it is listed and revoked like a token."""

    issuer: str = Field(min_length=1, examples=["https://login.example.org"])
    """The provider, exactly as it names itself."""
    subject: str = Field(min_length=1)
    """The account's `sub` there, which never changes."""
    roles: tuple[Role, ...] | None = None
    """The only ones of the person's roles that come with it; all when it is not given."""
    expires_at: Moment | None = None
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


class RevokedToken(Frozen):
    """The one token that was revoked."""

    name: str
    id: str


class DroppedBack(Frozen):
    """Why a source of notes had to start anew."""

    at: datetime
    by: str
    because_of: str
    """Id of the note that was not accepted."""


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
    unaudited: int
    """Notes that went by themselves since a person last decided about one."""
    unaudited_at_most: int
    dropped_back: DroppedBack | None
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


def token_shown(owner: Person, kept: Token, now: datetime) -> TokenShown:
    """What comes with a token."""
    return TokenShown.model_validate(describe_token(owner, kept, now))


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
    return TrustedShown.model_validate(describe_trusted(one))


def waiting_changes(state: State) -> WaitingChanges:
    """Changes that wait for a second person."""
    return WaitingChanges(
        waiting=tuple(WaitingChange.model_validate(describe_waiting(one)) for one in state.pending.values()),
        position=state.position,
    )
