"""A knowledge base against a simple model of it: any sequence of decisions by any of its people.

The model keeps, for each addendum, its stage, when it went live, when somebody ended it, and what replaced it, by a
clock that ticks once a step; it knows neither events nor windows. After every step the statuses are the model's, the
chain's replay is the live state, and the memory is byte-equal to a rebuild and holds exactly what may be said. At the
end that is said, and nothing else.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from addenda.errors import Conflict, PermissionDenied
from addenda.ledger import Actor, Disabled, Retired, utc_now
from addenda.types import Addendum, MemoryName, Status
from tests.knowledge_base.office import Office, loud, noise

SUBJECTS = ("Velmor Tasky", "Orbin")
VALUES = ("41 dB", "38 dB", "35 dB")
PEOPLE = st.sampled_from(["ana", "ben", "cho"])
ANY = st.integers(min_value=0, max_value=99)
MODEL = Actor(kind="model", name="extractor")


@dataclass
class Piece:
    """What the model knows about one addendum."""

    subject: str
    value: str
    author: str
    stage: Status = "proposed"
    live_since: int = 0
    ended: int | None = None
    disabled: int = 0
    replaced_by: list[str] = field(default_factory=list)
    seen: tuple[str, ...] = ()
    """What its proposer, or the last reviewer, knew that it would replace."""
    moved: bool = False
    """Whether something that it was seen to replace has changed since."""


class Life(RuleBasedStateMachine):
    """Two subjects and three values, so that they meet often."""

    template: Path
    memory: MemoryName = "edits"
    held: tuple[Status, ...] = ("active",)
    """What of it the memory holds."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.office = Office.copied(self.template, self.directory)
        self.pieces: dict[str, Piece] = {}
        self.tick = 0

    def teardown(self) -> None:
        kb = self.office.kb
        live = {self.pieces[i].subject: i for i in self.all("active")}
        assert len(live) == len(self.all("active"))
        for subject in SUBJECTS:
            answer = kb.ask(loud(subject))
            used = {match.addendum_id for match in answer.trace.matches if match.injected}
            assert used == ({live[subject]} if subject in live else set())
            floor = kb.ask(loud(subject), memories=()).text
            assert answer.text == (self.pieces[live[subject]].value if subject in live else floor)
        assert all(check.ok for check in kb.verify())
        kb.close()
        shutil.rmtree(self.directory)

    # What the model says

    def closed_at(self, i: str) -> int | None:
        """When a replacement in force closed it; one that is out of force passes on what closed it in turn."""
        ticks: list[int] = []
        for by in self.pieces[i].replaced_by:
            tick = self.pieces[by].live_since if self.pieces[by].stage == "active" else self.closed_at(by)
            ticks += [] if tick is None else [tick]
        return min(ticks, default=None)

    def status(self, i: str) -> Status:
        piece, closed = self.pieces[i], self.closed_at(i)
        if piece.stage != "active":
            return piece.stage
        if closed is not None and (piece.ended is None or closed <= piece.ended):
            return "superseded"
        return "active" if piece.ended is None else "expired"

    def all(self, *statuses: str, subject: str | None = None) -> list[str]:
        return [
            i
            for i, piece in self.pieces.items()
            if self.status(i) in statuses and (subject is None or piece.subject == subject)
        ]

    def pick(self, number: int, *statuses: str) -> str | None:
        fitting = self.all(*statuses) if statuses else list(self.pieces)
        return fitting[number % len(fitting)] if fitting else None

    def changed(self, before: dict[str, Status], touched: Iterable[str] = ()) -> None:
        """Whatever rests on something that has changed must be looked at again."""
        now = {i: self.status(i) for i in self.pieces}
        different = {i for i in before if before[i] != now[i]} | set(touched)
        for piece in self.pieces.values():
            piece.moved = piece.moved or not different.isdisjoint(piece.seen)

    def statuses(self) -> dict[str, Status]:
        self.tick += 1
        return {i: self.status(i) for i in self.pieces}

    # What people do

    @rule(subject=st.sampled_from(SUBJECTS), value=st.sampled_from(VALUES), person=PEOPLE)
    def propose_any(self, subject: str, value: str, person: str) -> None:
        self.propose(subject, value, person)

    def propose(self, subject: str, value: str, person: str) -> str | None:
        by = getattr(self.office, person)
        addendum = Addendum(content=noise(value, subject), source="cli", author=by.name)
        (outcome,) = self.office.kb.changes.propose([addendum], by=by)
        same = self.all("active", "proposed", "needs_review", "approved", subject=subject)
        said = [i for i in same if self.pieces[i].value == value]
        assert (outcome.duplicate_of in said) == bool(said)
        if said:
            return None
        assert list(outcome.supersedes) == self.all("active", subject=subject)
        self.pieces[addendum.id] = Piece(subject, value, by.name, seen=outcome.supersedes)
        return addendum.id

    @rule(number=ANY, person=PEOPLE)
    def approve_any(self, number: int, person: str) -> None:
        if i := self.pick(number):
            self.approve(i, person)

    @rule(number=ANY)
    def activate_any(self, number: int) -> None:
        if i := self.pick(number, "approved"):
            self.activate(i)

    @rule(subject=st.sampled_from(SUBJECTS), value=st.sampled_from(VALUES))
    def learn(self, subject: str, value: str) -> None:
        """All the way at once, so that deep states are met often."""
        if i := self.propose(subject, value, "ana"):
            self.approve(i, "ben")
            self.activate(i)

    def approve(self, i: str, person: str) -> None:
        piece, by = self.pieces[i], getattr(self.office, person)
        if piece.stage == "proposed" and piece.moved:
            assert self.office.kb.changes.approve([i], by=by).needs_review == (i,)
            piece.stage = "needs_review"
        elif piece.stage not in {"proposed", "needs_review"} or person == "ana" or by.name == piece.author:
            with pytest.raises((PermissionDenied, Conflict)):
                self.office.kb.changes.approve([i], by=by)
        else:
            assert self.office.kb.changes.approve([i], by=by).approved == (i,)
            if piece.stage == "needs_review":
                piece.seen, piece.moved = tuple({*piece.seen, *self.all("active", subject=piece.subject)}), False
            piece.stage = "approved"

    def activate(self, i: str) -> None:
        piece, before = self.pieces[i], self.statuses()
        active = self.all("active", subject=piece.subject)
        done = self.office.activate([i])
        if piece.moved or not set(active) <= set(piece.seen):
            assert done.needs_review == (i,)
            piece.stage = "needs_review"
            return
        assert (done.active, list(done.superseded)) == ((i,), active)
        for old in self.all("active", "superseded", "disabled", subject=piece.subject):
            self.pieces[old].replaced_by.append(i)
        piece.stage, piece.live_since = "active", self.tick
        self.changed(before)

    @rule(number=ANY, person=PEOPLE)
    def roll_back(self, number: int, person: str) -> None:
        i = self.pick(number)
        if i is None:
            return
        before, stage = self.statuses(), self.pieces[i].stage
        take = self.office.kb.changes.rollback
        if stage in {"active", "disabled"}:
            take([i], by=getattr(self.office, person))
            self.pieces[i].stage = "retired"
            self.changed(before)
        else:
            with pytest.raises(Conflict):
                take([i], by=getattr(self.office, person))

    @rule(number=ANY)
    def disable(self, number: int) -> None:
        i = self.pick(number, "active", "superseded", "expired")
        if i is not None:
            before = self.statuses()
            self.office.kb.changes.disable([i], by=self.office.cho)
            self.pieces[i].stage, self.pieces[i].disabled = "disabled", self.tick
            self.changed(before)

    @rule(number=ANY)
    def enable(self, number: int) -> None:
        i = self.pick(number, "disabled")
        if i is None:
            return
        before, piece = self.statuses(), self.pieces[i]
        taken = [by for by in piece.replaced_by if self.holds_back(by, since=piece.disabled)]
        try:
            self.office.kb.changes.enable([i], by=self.office.ben)
        except Conflict:
            assert taken or self.replaced_again(i)
            return
        assert not taken
        piece.stage = "active"
        self.changed(before)

    def holds_back(self, by: str, *, since: int) -> bool:
        return self.pieces[by].stage == "active" and self.pieces[by].live_since > since

    def replaced_again(self, i: str) -> bool:
        """Whether what it had replaced is held back by another one now."""
        replaced = [old for old, piece in self.pieces.items() if i in piece.replaced_by]
        return any(self.pieces[by].stage == "active" for old in replaced for by in self.pieces[old].replaced_by)

    @rule(number=ANY)
    def expire(self, number: int) -> None:
        i = self.pick(number, "active", "superseded")
        if i is not None:
            before = self.statuses()
            self.office.kb.changes.expire([i], by=self.office.ben)
            self.pieces[i].ended = self.pieces[i].ended or self.tick
            self.changed(before, [i])

    @rule(number=ANY)
    def a_model_only_proposes(self, number: int) -> None:
        i = self.pick(number)
        for body in (Disabled(ids=(i,)), Retired(ids=(i,))) if i else ():
            with pytest.raises(PermissionDenied), self.office.kb.ledger.writing() as session:
                session.append(MODEL, [body])

    # What must hold

    @invariant()
    def statuses_are_the_model_s(self) -> None:
        now = utc_now()
        assert {r.id: r.status(now) for r in self.office.kb.state.records.values()} == {
            i: self.status(i) for i in self.pieces
        }

    @invariant()
    def one_relation_has_one_value(self) -> None:
        for subject in SUBJECTS:
            assert len(self.all("active", subject=subject)) <= 1

    @invariant()
    def a_replay_is_the_state(self) -> None:
        state = self.office.kb.state
        assert self.office.kb.ledger.state_at(state.position) == state

    @invariant()
    def the_memory_holds_what_may_be_said(self) -> None:
        kb = self.office.kb
        assert kb.memory_digests() == kb.rebuilt_digests()
        memory = kb._memories.keeper(self.memory).memory()
        assert memory is not None
        assert set(memory.holdings()) == set(self.all(*self.held))


class ReadLife(Life):
    """The same with facts that are read; they stay held after their time, for questions about it."""

    memory = "triples"
    held = ("active", "superseded", "expired")


def run(machine: type[Life], template: Path, examples: int, steps: int) -> None:
    """Failures are not made shorter, which would take minutes; the steps printed are few enough to be read."""
    machine.template = template
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None, phases=phases)
    run_state_machine_as_test(machine, settings=chosen)


def test_any_sequence_of_decisions(template: Path) -> None:
    run(Life, template, 3, 25)


@pytest.mark.loop
def test_many_sequences_of_decisions(template: Path) -> None:
    run(Life, template, 150, 50)


def test_any_sequence_of_decisions_about_what_is_read(read_template: Path) -> None:
    run(ReadLife, read_template, 6, 25)


@pytest.mark.loop
def test_many_sequences_of_decisions_about_what_is_read(read_template: Path) -> None:
    run(ReadLife, read_template, 150, 50)
