"""People, rules and the audit trail, as the client reads them."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field, JsonValue

from addenda.client.replies import Told


class PersonShown(Told):
    """Somebody who may act."""

    name: str
    roles: tuple[str, ...]
    tokens: int
    added_at: datetime


class People(Told):
    """Who may act."""

    people: tuple[PersonShown, ...]
    position: int


class TokenShown(Told):
    """What comes with a token, or with an account that acts as a person; never the token."""

    id: str
    name: str
    label: str
    roles: tuple[str, ...]
    narrowed: bool
    agent: str | None
    issuer: str | None
    issued_at: datetime
    expires_at: datetime | None
    expired: bool


class Tokens(Told):
    """Tokens that one may see."""

    tokens: tuple[TokenShown, ...]
    position: int


class SettingShown(Told):
    """What became of a change of settings."""

    position: int
    in_force: bool
    waiting: str | None
    """Id of the change when a second person must confirm it."""
    token: str | None = Field(default=None, repr=False)
    """A new token, shown this once; None also where the answer had to be asked for again."""


class Revoked(Told):
    """How many tokens were revoked."""

    name: str
    revoked: int


class RevokedToken(Told):
    """The one token that was revoked."""

    name: str
    id: str


class DroppedBack(Told):
    """Why a source of notes had to start anew."""

    at: datetime
    by: str
    because_of: str


class TrustedShown(Told):
    """How far a rule with an autopilot trusts a source of notes."""

    rule: str
    source: str
    by_itself_since: datetime | None
    accepted: int
    decisions: int
    at_least: float
    needs: float
    unaudited: int = 0
    unaudited_at_most: int = 0
    dropped_back: DroppedBack | None = None
    waiting: tuple[str, ...]
    went_by_itself: tuple[str, ...]


class PolicyShown(Told):
    """Whose approval a proposal needs."""

    policy: dict[str, JsonValue]
    in_words: tuple[str, ...]
    trusted_sources: tuple[TrustedShown, ...] = ()
    position: int


class Thresholds(Told):
    """The smallest share that each of the gate's measures must reach."""

    thresholds: dict[str, float]
    position: int


class Relations(Told):
    """The relations that were declared."""

    relations: tuple[dict[str, JsonValue], ...]
    position: int


class RelationSpec(Told):
    """What is known about a relation; what only a later version knows of it is kept, so that it can be sent back."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    templates: tuple[str, ...]
    gate_templates: tuple[str, ...]
    cardinality: str
    value_type: str
    unit: str
    subject_kind: str
    memories: tuple[str, ...]
    declared: bool


class SuiteQuestion(Told):
    """A question that the gate asks."""

    id: str
    question: str
    expected: str | None = None
    """None: the answer that it gets now."""


class Suite(Told):
    """The questions that the gate asks before every activation."""

    questions: tuple[SuiteQuestion, ...]
    position: int


class WaitingChange(Told):
    """A change of the rules that waits for a second person."""

    id: str
    by: str
    at: datetime
    reason: str
    change: dict[str, JsonValue]


class WaitingChanges(Told):
    """Changes that wait."""

    waiting: tuple[WaitingChange, ...]
    position: int


class Settled(Told):
    """A waiting change that was confirmed or dropped."""

    position: int


class AuditEvent(Told):
    """One link of the chain."""

    position: int
    at: datetime
    actor_kind: str
    actor: str
    kind: str
    reason: str
    body: dict[str, JsonValue]
    previous_hash: str
    hash: str


class Events(Told):
    """Events in order."""

    events: tuple[AuditEvent, ...]
    next: int | None
    position: int


class HeadShown(Told):
    """Where the chain ends."""

    position: int
    hash: str
    head: str


class CheckShown(Told):
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str


class Verified(Told):
    """What was found."""

    ok: bool
    against: str | None
    checks: tuple[CheckShown, ...]
