"""People, rules and the audit trail, as the client reads them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

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


class PolicyShown(Told):
    """Whose approval a proposal needs."""

    policy: dict[str, JsonValue]
    in_words: tuple[str, ...]
    position: int


class Thresholds(Told):
    """The smallest share that each of the gate's measures must reach."""

    thresholds: dict[str, float]
    position: int


class Relations(Told):
    """The relations that were declared."""

    relations: tuple[dict[str, JsonValue], ...]
    position: int


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
