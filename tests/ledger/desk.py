"""A small knowledge base's worth of people and habits, so that the tests of the ledger can speak in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from addenda.database import Database
from addenda.ledger import (
    Activating,
    Actor,
    Body,
    Created,
    Delivered,
    Draft,
    Event,
    GateJudged,
    GateVerdict,
    Ledger,
    PersonAdded,
    Policy,
    PolicyChanged,
    Record,
    Role,
    Rule,
    SettingChangeConfirmed,
    SettingChangeProposed,
    token_hash,
)
from addenda.types import Addendum, Content, Fact

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE: dict[str, tuple[Role, ...]] = {
    "ed": ("editor",),
    "eva": ("editor", "approver"),
    "ann": ("approver",),
    "abe": ("approver",),
    "vic": ("viewer",),
}
MIA, ED, EVA, ANN, ABE, VIC = (Actor(kind="person", name=name) for name in ("mia", *PEOPLE))
MODEL = Actor(kind="model", name="extractor")
SYSTEM = Actor(kind="system", name="addenda")
ONE_REVIEWER = Policy(rules=(Rule(name="one", approval="one reviewer"),))
DIGEST = "d" * 64
TOKENS = {name: f"addenda_token_of_{name}" for name in ("mia", *PEOPLE)}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, days: float = 1.0) -> datetime:
        self.now += timedelta(days=days)
        return self.now


def created(admin: str = "mia") -> Created:
    return Created(
        kb_id="test",
        format=1,
        model="bundled",
        model_fingerprint="f",
        admin=admin,
        token_hash=token_hash(TOKENS["mia"]),
    )


def fact(n: int = 0, value: str = "41 dB") -> Fact:
    return Fact(subject=f"Velmor {n}", relation="noise level", object=value)


def addendum(content: Content | None = None, **fields: object) -> Addendum:
    given = {"source": "update.xlsx!Changes!B7", "author": "ed", **fields}
    return Addendum.model_validate({"content": content or fact(), **given})


class Desk:
    """A ledger with people in it, and short names for what they do."""

    def __init__(self, database: Database, policy: Policy = ONE_REVIEWER) -> None:
        self.database = database
        self.clock = Clock()
        self.ledger = Ledger(database, self.clock)
        self.ledger.begin(created())
        with self.ledger.writing() as session:
            session.append(MIA, [PolicyChanged(policy=policy)])
            for name, roles in PEOPLE.items():
                event = session.change_setting(
                    MIA, PersonAdded(name=name, roles=roles, token_hash=token_hash(TOKENS[name]))
                )
                if isinstance(event.body, SettingChangeProposed):
                    session.append(EVA, [SettingChangeConfirmed(change_id=event.body.change_id)])

    def append(self, actor: Actor, *bodies: Body, reason: str = "") -> tuple[Event, ...]:
        with self.ledger.writing() as session:
            return session.append(actor, bodies, reason)

    def propose(
        self, *addenda: Addendum, by: Actor = ED, supersedes: Iterable[str] = (), based_on: int = 0
    ) -> list[str]:
        drafts = [Draft(one, tuple(supersedes)) for one in addenda or (addendum(),)]
        with self.ledger.writing() as session:
            session.propose(by, drafts, "weekly update", based_on)
        return [draft.addendum.id for draft in drafts]

    def approve(self, ids: Sequence[str], by: Actor = ANN) -> None:
        with self.ledger.writing() as session:
            session.approve(by, ids, "looks right")

    def judge(self, ids: Sequence[str], passed: bool = True) -> None:
        verdicts = tuple(GateVerdict(id=i, passed=passed, reason="" if passed else "wrong answer") for i in ids)
        self.append(SYSTEM, GateJudged(verdicts=verdicts))

    def activate(self, ids: Sequence[str]) -> None:
        self.append(
            ANN,
            Activating(ids=tuple(ids), memories=("edits",)),
            Delivered(memory="edits", artefacts=dict.fromkeys(ids, DIGEST)),
        )

    def live(self, *addenda: Addendum, supersedes: Iterable[str] = ()) -> list[str]:
        """Propose and take all the way to active."""
        ids = self.propose(*addenda, supersedes=supersedes)
        self.approve(ids)
        self.judge(ids)
        self.activate(ids)
        return ids

    def record(self, addendum_id: str) -> Record:
        return self.ledger.state().record(addendum_id)

    def live_ids(self, at: datetime | None = None, audience: str = "everyone") -> list[str]:
        return [record.id for record in self.ledger.state().live(at or self.clock.now, audience)]
