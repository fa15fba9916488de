"""The state machine, driven at random by several people, against a model that is too simple to be wrong.

The model is a table of which steps each stage admits, written down a second time, and a definition of liveness that
looks at all addenda at every moment anew: an addendum in force ends where the first one in force that replaced it,
directly or through others that are out of force, begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from addenda.errors import Conflict, PermissionDenied
from addenda.ledger import (
    Activating,
    ActivationUndone,
    Actor,
    Approved,
    Body,
    Delivered,
    Disabled,
    Enabled,
    Erased,
    Event,
    GateJudged,
    GateVerdict,
    Proposal,
    Proposed,
    Rejected,
    Retired,
    ReviewNeeded,
    State,
    WindowClosed,
    apply,
    fold,
    verify,
)
from addenda.ledger.chain import link
from tests.ledger.desk import DIGEST, MIA, START, created

ACTORS = [Actor(kind="person", name=name) for name in ("ann", "bob", "cy")] + [Actor(kind="model", name="m")]
HOUR = timedelta(hours=1)
PROBES = [START + n * HOUR / 2 for n in range(-4, 60)]

REVIEW = {"reject": "rejected", "send back": "needs_review", "erase": "erased"}
TEST = {"pass": "tested", "fail": "gate_failed"}

STEPS: dict[str, dict[str, str]] = {
    "proposed": {"approve": "approved", **REVIEW},
    "needs_review": {"approve": "approved", "reject": "rejected", "erase": "erased"},
    "rejected": {"erase": "erased"},
    "approved": {**TEST, **REVIEW},
    "gate_failed": {**TEST, **REVIEW},
    "tested": {"start": "activating", **TEST, **REVIEW},
    "activating": {"deliver": "active", "undo": "tested", "erase": "erased"},
    "active": {"disable": "disabled", "retire": "retired", "close": "active", "erase": "erased"},
    "disabled": {"enable": "active", "retire": "retired", "close": "disabled", "erase": "erased"},
    "retired": {"erase": "erased"},
    "erased": {},
}

BODIES: dict[str, Callable[[str, datetime], Body]] = {
    "approve": lambda i, _: Approved(ids=(i,), rule="r"),
    "reject": lambda i, _: Rejected(ids=(i,)),
    "send back": lambda i, _: ReviewNeeded(ids=(i,)),
    "pass": lambda i, _: GateJudged(verdicts=(GateVerdict(id=i, passed=True),)),
    "fail": lambda i, _: GateJudged(verdicts=(GateVerdict(id=i, passed=False),)),
    "start": lambda i, _: Activating(ids=(i,), memories=("edits",)),
    "deliver": lambda i, _: Delivered(memory="edits", artefacts={i: DIGEST}),
    "undo": lambda i, _: ActivationUndone(ids=(i,)),
    "disable": lambda i, _: Disabled(ids=(i,)),
    "enable": lambda i, _: Enabled(ids=(i,)),
    "retire": lambda i, _: Retired(ids=(i,)),
    "close": lambda i, now: WindowClosed(ids=(i,), until=now),
    "erase": lambda i, _: Erased(ids=(i,)),
}


@dataclass
class Simple:
    """What the model knows of one addendum."""

    proposer: Actor
    supersedes: tuple[str, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    stage: str = "proposed"
    activated: datetime | None = None
    ends: list[datetime] = field(default_factory=list)
    replacements: list[str] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    """Random people take random steps; every refusal and every result is compared with the model."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.events: list[Event] = []
        self.state = State()
        self.model: dict[str, Simple] = {}
        self._append(MIA, created())

    def _append(self, actor: Actor, body: Body) -> None:
        event = link(self.state.head, self.now, actor, "", body)
        self.state = apply(self.state, event)
        self.events.append(event)

    @rule(
        target=ids,
        actor=st.sampled_from(ACTORS),
        old=st.none() | ids,
        start=st.none() | st.integers(-3, 20),
        length=st.none() | st.integers(1, 20),
    )
    def propose(self, actor: Actor, old: str | None, start: int | None, length: int | None) -> str:
        new = f"{len(self.model):016x}"
        valid_from = None if start is None else START + start * HOUR
        valid_until = None if length is None else (valid_from or self.now) + length * HOUR
        supersedes = () if old is None else (old,)
        proposal = Proposal(
            id=new, commitment="sha256:" + "0" * 64, content_kind="fact", source="s", author="else",
            valid_from=valid_from, valid_until=valid_until, supersedes=supersedes,
        )  # fmt: skip
        self._append(actor, Proposed(proposals=(proposal,)))
        self.model[new] = Simple(actor, supersedes, valid_from, valid_until)
        return new

    @rule(target=ids, old=st.none() | ids, hours=st.integers(0, 3))
    def propose_and_activate(self, old: str | None, hours: int) -> str:
        """Makes long chains of replacements likely."""
        new = self.propose(ACTORS[0], old, None, None)
        for step in ("approve", "pass", "start", "deliver"):
            self.step(ACTORS[1], new, step)
        self.now += hours * HOUR
        return new

    @rule(actor=st.sampled_from(ACTORS), target_id=ids, name=st.sampled_from(sorted(BODIES)))
    def step(self, actor: Actor, target_id: str, name: str) -> None:
        simple = self.model[target_id]
        before = self.state
        body = BODIES[name](target_id, self.now)
        if actor.kind == "model" or (name == "approve" and name in STEPS[simple.stage] and actor == simple.proposer):
            expected: type[Exception] | None = PermissionDenied
        else:
            expected = None if name in STEPS[simple.stage] else Conflict
        if expected is not None:
            with pytest.raises(expected):
                self._append(actor, body)
            assert self.state is before
            return
        self._append(actor, body)
        simple.stage = STEPS[simple.stage][name]
        if name == "close":
            simple.ends.append(self.now)
        if name == "deliver":
            simple.activated = self.now
            for replaced in simple.supersedes:
                if self.model[replaced].activated is not None:
                    self.model[replaced].replacements.append(target_id)

    @rule(target_id=ids)
    def approve_ones_own(self, target_id: str) -> None:
        self.step(self.model[target_id].proposer, target_id, "approve")

    @rule(hours=st.integers(1, 6))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    def replaced_from(self, addendum_id: str) -> list[datetime]:
        found: list[datetime] = []
        for by in self.model[addendum_id].replacements:
            replacement = self.model[by]
            if replacement.stage == "active":
                assert replacement.activated is not None
                found.append(max(replacement.activated, replacement.valid_from or replacement.activated))
            else:
                found += self.replaced_from(by)
        return found

    def is_live(self, addendum_id: str, at: datetime) -> bool:
        simple = self.model[addendum_id]
        if simple.stage != "active":
            return False
        assert simple.activated is not None
        ends = [*simple.ends, *self.replaced_from(addendum_id)] + ([simple.valid_until] if simple.valid_until else [])
        return (simple.valid_from or simple.activated) <= at and all(at < end for end in ends)

    @invariant()
    def stages_agree(self) -> None:
        assert {i: r.stage for i, r in self.state.records.items()} == {i: s.stage for i, s in self.model.items()}

    @invariant()
    def live_is_what_the_model_says_at_every_moment(self) -> None:
        for at in [*PROBES, self.now]:
            live = {record.id for record in self.state.live(at)}
            assert live == {i for i in self.model if self.is_live(i, at)}

    @invariant()
    def what_is_withdrawn_or_over_is_never_live(self) -> None:
        live_now = {record.id for record in self.state.live(self.now)}
        for record in self.state.records.values():
            status = record.status(self.now)
            assert (record.id in live_now) <= (status == "active")
            if status in {"superseded", "expired"}:
                assert record.id not in live_now
            if record.stage in {"disabled", "retired", "erased"}:
                assert not any(record.holds_at(at, "everyone") for at in PROBES)

    @invariant()
    def nobody_approved_their_own(self) -> None:
        for record in self.state.records.values():
            assert record.proposer not in [approval.by for approval in record.approvals]

    def teardown(self) -> None:
        """Replay gives the live state, and the chain verifies."""
        assert fold(self.events) == self.state
        assert verify(self.events).ok


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase
