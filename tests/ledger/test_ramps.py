"""Rules that come to approve notes by themselves: how trust is earned, used, audited and lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from addenda.database import Database, open_database
from addenda.errors import PermissionDenied
from addenda.ledger import (
    Actor,
    Approved,
    Autopilot,
    Disabled,
    Draft,
    Policy,
    PolicyChanged,
    Ramp,
    Rejected,
    Retired,
    Rule,
    fold,
    is_audited,
    is_weaker,
)
from addenda.ledger.events import kind_of
from addenda.types import Document, Note
from tests.ledger.desk import ABE, ANN, ED, EVA, MIA, MODEL, SYSTEM, Desk, addendum

PILOT = Autopilot(bound=0.5, window=20, audit=0.25, unaudited=5)
LEARNED = Rule(name="learned", approval="one reviewer", kinds=("note",), autopilot=PILOT)
POLICY = Policy(rules=(LEARNED, Rule(name="rest", approval="one reviewer")))
FIRST = Rule(name="first", approval="nobody", tags=("x",))
ENOUGH = 4
"""Accepted notes after which the lower end of the interval is above one half."""


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, POLICY)


def note(desk: Desk, by: Actor = MODEL, evidence: tuple[str, ...] = (), replaces: tuple[str, ...] = ()) -> str:
    """A note comes in; approved by itself where it may be."""
    content = Note(rule="the answer is zim", applies_when="brosk is dar")
    trust = "low" if evidence else "normal"
    (made,) = desk.propose(
        addendum(content, author=by.name, evidence=evidence, trust=trust), by=by, supersedes=replaces
    )
    with desk.ledger.writing() as session:
        session.approve_by_itself(made)
    return made


def ramp(desk: Desk, source: str = "model:extractor") -> Ramp:
    return desk.ledger.state().ramps.get(("learned", source), Ramp("learned", source))


def earn(desk: Desk, by: Actor = MODEL, evidence: tuple[str, ...] = ()) -> None:
    for _ in range(ENOUGH):
        desk.approve([note(desk, by, evidence)])


def alone(desk: Desk, by: Actor = MODEL, evidence: tuple[str, ...] = ()) -> str:
    """The first further note that goes by itself; those that wait for a person are left."""
    return next(i for i in (note(desk, by, evidence) for _ in range(100)) if desk.record(i).stage == "approved")


def waiting(desk: Desk) -> str:
    """The first further note that waits."""
    return next(i for i in (note(desk) for _ in range(100)) if desk.record(i).stage == "proposed")


def test_a_source_is_on_when_enough_of_its_notes_were_accepted(desk: Desk) -> None:
    for count in range(ENOUGH):
        assert ramp(desk).since is None
        made = note(desk)
        assert desk.record(made).stage == "proposed"
        desk.approve([made])
        assert ramp(desk).accepted == count + 1
    assert ramp(desk).bound >= PILOT.bound
    assert ramp(desk).since == desk.clock.now


def test_what_goes_by_itself_names_the_rule_and_the_measure(desk: Desk) -> None:
    earn(desk)
    made = alone(desk)
    (approval,) = desk.record(made).approvals
    assert (approval.by, approval.rule) == (SYSTEM, "learned")
    reason = desk.record(made).last_reason
    assert reason == "by itself: people accepted 4 of the last 4 notes of model:extractor (0.510 at least)"


def test_some_wait_for_a_person_all_the_same_and_nobody_can_choose_which(desk: Desk) -> None:
    earn(desk)
    stages = []
    for _ in range(60):
        made = note(desk)
        audited = is_audited(desk.record(made), PILOT)
        stages.append((audited, desk.record(made).stage))
        if audited:
            desk.approve([made])
    assert set(stages) <= {(True, "proposed"), (False, "approved"), (False, "proposed")}
    assert 3 <= sum(audited for audited, _ in stages) <= 30
    assert (False, "approved") in stages


def test_without_anybody_looking_it_ends(desk: Desk) -> None:
    earn(desk)
    made = [note(desk) for _ in range(60)]
    went = [i for i in made if desk.record(i).stage == "approved"]
    assert len(went) == PILOT.unaudited
    left = next(i for i in made if i not in went)
    desk.approve([left])
    assert desk.record(alone(desk)).stage == "approved"


def test_a_rejected_note_drops_the_source_back(desk: Desk) -> None:
    earn(desk)
    bad = waiting(desk)
    with desk.ledger.writing() as session:
        session.append(ANN, [Rejected(ids=(bad,))], "wrong")
    dropped = ramp(desk)
    assert (dropped.since, dropped.decisions) == (None, ())
    assert dropped.dropped is not None
    assert (dropped.dropped.by, dropped.dropped.addendum_id) == ("ann", bad)
    assert desk.record(note(desk)).stage == "proposed"
    earn(desk)
    assert ramp(desk).since is not None, "it can be earned anew"


@pytest.mark.parametrize("how", ["retired", "disabled", "replaced"])
def test_taking_back_what_went_by_itself_drops_the_source_back(desk: Desk, how: str) -> None:
    earn(desk)
    bad = alone(desk)
    desk.judge([bad])
    desk.activate([bad])
    assert ramp(desk).since is not None
    if how == "replaced":
        desk.live(addendum(Note(rule="the answer is fep", applies_when="brosk is dar")), supersedes=[bad])
    else:
        desk.append(ANN, Retired(ids=(bad,)) if how == "retired" else Disabled(ids=(bad,)))
    assert ramp(desk).since is None
    assert ramp(desk).dropped is not None


def test_what_a_person_approved_can_be_taken_back_without_that(desk: Desk) -> None:
    earn(desk)
    good = waiting(desk)
    desk.approve([good])
    desk.judge([good])
    desk.activate([good])
    desk.append(ANN, Retired(ids=(good,)))
    assert ramp(desk).since is not None


def test_what_a_person_approved_is_replaced_by_a_person_only(desk: Desk) -> None:
    (human,) = desk.live(addendum(Note(rule="the answer is fep"), author="ed"))
    earn(desk)
    assert {desk.record(note(desk, replaces=(human,))).stage for _ in range(20)} == {"proposed"}
    own = alone(desk)
    desk.judge([own])
    desk.activate([own])
    went = {desk.record(note(desk, replaces=(own,))).stage for _ in range(4)}
    assert "approved" in went


def test_nobody_passes_on_what_somebody_else_earned(desk: Desk) -> None:
    (good,) = desk.propose(addendum(Document(title="log", text="x"), author="ed", trust="low"), by=ED)
    (bad,) = desk.propose(addendum(Document(title="log", text="y"), author="eva", trust="low"), by=EVA)
    earn(desk, evidence=(good,))
    assert ramp(desk, "ed").since is not None
    assert alone(desk, evidence=(good,))
    assert {desk.record(note(desk, evidence=(good, bad))).stage for _ in range(20)} == {"proposed"}


def test_the_system_approves_nothing_else(desk: Desk) -> None:
    made = note(desk)
    for required in (0, 1):
        with pytest.raises(PermissionDenied, match="asks for a person's approval"):
            desk.append(SYSTEM, Approved(ids=(made,), rule="learned", required=required))
    earn(desk)
    late = desk.record(made)
    assert late.stage == "proposed", "what waits goes on waiting"
    with desk.ledger.writing() as session:
        fact = session.propose(MODEL, [Draft(addendum())], "x")[0]
    assert kind_of(fact.body) == "proposed"
    with desk.ledger.writing() as session:
        assert session.approve_by_itself(fact.body.proposals[0].id) is None  # type: ignore[union-attr]


def test_another_policy_keeps_what_was_earned_only_for_rules_that_stay(desk: Desk) -> None:
    earn(desk)
    with desk.ledger.writing() as session:
        session.change_setting(MIA, PolicyChanged(policy=Policy(rules=(FIRST, *POLICY.rules))))
    assert ramp(desk).since is not None
    with desk.ledger.writing() as session:
        stricter = LEARNED.model_copy(update={"approval": "two reviewers"})
        session.change_setting(MIA, PolicyChanged(policy=Policy(rules=(FIRST, stricter))))
    assert ramp(desk).since is None


@pytest.mark.parametrize(
    ("pilot", "weaker"),
    [(None, False), (PILOT, False), (PILOT.model_copy(update={"bound": 0.6}), True), (Autopilot(), True)],
)
def test_another_autopilot_counts_as_weaker(pilot: Autopilot | None, weaker: bool) -> None:
    after = Policy(rules=(LEARNED.model_copy(update={"autopilot": pilot}), *POLICY.rules[1:]))
    assert is_weaker(POLICY, after) is weaker
    assert is_weaker(Policy(rules=(LEARNED.model_copy(update={"autopilot": None}),)), POLICY)


def test_rules_that_make_no_sense_say_so() -> None:
    with pytest.raises(ValidationError, match="longer window or a lower bound"):
        Autopilot(bound=0.95, window=20)
    for changed in ({"kinds": ()}, {"kinds": ("fact",)}, {"approval": "nobody"}, {"approval": "automatic"}):
        with pytest.raises(ValidationError, match="kinds \\['note'\\]"):
            Rule.model_validate({**LEARNED.model_dump(), **changed})
    with pytest.raises(ValidationError, match="a name of its own"):
        Policy(rules=(LEARNED, LEARNED))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["come in", "accept", "reject", "take back"]), min_size=5, max_size=40))
def test_whatever_happens_the_measure_is_a_fold_and_never_too_kind(steps: list[str]) -> None:
    with TemporaryDirectory() as directory, closing(open_database(Path(directory) / "l.db", create=True)) as database:
        desk = Desk(database, POLICY)
        notes: list[str] = []
        for step in steps:
            _one_step(desk, step, notes)
            now = ramp(desk)
            assert now.since is None or (now.bound >= PILOT.bound and now.unaudited <= PILOT.unaudited)
        assert fold(desk.ledger.events()).ramps == desk.ledger.state().ramps


def _one_step(desk: Desk, step: str, notes: list[str]) -> None:
    open_notes = [i for i in notes if desk.record(i).stage == "proposed"]
    went = [i for i in notes if desk.record(i).stage == "approved" and desk.record(i).approvals[0].by == SYSTEM]
    if step == "accept" and open_notes:
        desk.approve(open_notes[:1], by=ABE)
    elif step == "reject" and open_notes:
        desk.append(ANN, Rejected(ids=(open_notes[0],)), reason="wrong")
        assert ramp(desk).since is None
    elif step == "take back" and went:
        desk.append(ANN, Rejected(ids=(went[0],)), reason="wrong")
        assert ramp(desk).since is None
    else:
        notes.append(note(desk))
