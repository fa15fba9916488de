"""The records of a state are a value, however many states follow from it, and whatever else follows from those."""

from __future__ import annotations

import pytest

from addenda.ledger import (
    Activating,
    Actor,
    Approved,
    Body,
    Delivered,
    Disabled,
    Draft,
    GateJudged,
    GateVerdict,
    Proposal,
    Proposed,
    Rejected,
    State,
    apply,
)
from addenda.ledger.chain import link
from tests.ledger.desk import ANN, DIGEST, ED, MIA, START, Desk, addendum, created, fact

MANY = 1200
"""More than two shelves hold."""


def after(state: State, actor: Actor, body: Body) -> State:
    return apply(state, link(state.head, START, actor, "", body))


def proposed(state: State, *numbers: int) -> State:
    proposals = tuple(
        Proposal(id=f"{n:016x}", commitment="sha256:" + "0" * 64, content_kind="fact", source="s", author="a")
        for n in numbers
    )
    return after(state, ED, Proposed(proposals=proposals))


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{n:016x}" for n in numbers)


@pytest.fixture(scope="module")
def start() -> State:
    return proposed(after(State(), MIA, created()), *range(MANY))


def test_records_are_in_the_order_of_proposal(start: State) -> None:
    later = proposed(start, MANY + 5, MANY + 1)
    expected = list(ids(*range(MANY), MANY + 5, MANY + 1))
    assert list(later.records) == expected
    assert [record.id for record in later.records.values()] == expected
    assert [(i, record.id) for i, record in later.records.items()] == [(i, i) for i in expected]
    assert len(later.records) == MANY + 2
    assert later.records.in_order([*ids(MANY + 1, 7, 3), "unknown"]) == (*ids(3, 7, MANY + 1), "unknown")


def test_a_state_does_not_see_what_follows_from_it(start: State) -> None:
    (one,) = ids(600)
    later = after(proposed(start, MANY), ANN, Rejected(ids=(one,)))
    assert later.record(one).stage == "rejected"
    assert start.record(one).stage == "proposed"
    assert ids(MANY)[0] in later.records
    assert ids(MANY)[0] not in start.records
    assert start.records.find(ids(MANY)[0]) is None
    assert len(start.records) == MANY
    with pytest.raises(KeyError):
        start.records[ids(MANY)[0]]


def test_several_states_follow_from_one(start: State) -> None:
    """As when a transaction was taken back, and others were made instead."""
    lost = proposed(start, 9001, 9002, 9003)
    kept = proposed(start, 9003, 9001)
    longer = proposed(lost, 9004)
    assert list(lost.records)[MANY:] == list(ids(9001, 9002, 9003))
    assert list(kept.records)[MANY:] == list(ids(9003, 9001))
    assert list(longer.records)[MANY:] == list(ids(9001, 9002, 9003, 9004))
    for state in (lost, kept, longer):
        assert all(state.records[i].id == i for i in state.records)
    assert ids(9002)[0] not in kept.records


def test_records_made_in_other_steps_are_equal(start: State) -> None:
    steps = after(State(), MIA, created())
    assert proposed(steps, *range(MANY)).records == start.records
    assert after(start, ANN, Rejected(ids=ids(5))).records != start.records


def test_what_changed_and_what_is_unfinished_is_found(start: State) -> None:
    chosen = ids(3, 700, 1199)
    state = start
    for body in (
        Approved(ids=chosen, rule="r"),
        GateJudged(verdicts=tuple(GateVerdict(id=i, passed=True) for i in chosen)),
    ):
        state = after(state, ANN, body)
        assert state.changed_after(start.position) == ()
    assert {record.id for record in state.records.changed_after(start.position)} == set(chosen)
    activating = after(state, ANN, Activating(ids=chosen[::-1], memories=("edits",)))
    assert tuple(record.id for record in activating.unfinished()) == chosen[::-1]
    live = after(activating, ANN, Delivered(memory="edits", artefacts=dict.fromkeys(chosen[:2], DIGEST)))
    assert tuple(record.id for record in live.unfinished()) == chosen[2:]
    disabled = after(live, ANN, Disabled(ids=chosen[:1]))
    assert tuple(record.id for record in disabled.changed_after(activating.position)) == chosen[1::-1]
    assert tuple(record.id for record in disabled.changed_after(live.position)) == chosen[:1]
    assert disabled.changed_after(disabled.position) == ()
    assert state.unfinished() == ()


def test_a_session_that_was_taken_back_leaves_nothing(desk: Desk) -> None:
    (kept,) = desk.propose()
    before = desk.ledger.state()
    lost = addendum(fact(2))
    with pytest.raises(ZeroDivisionError), desk.ledger.writing() as session:
        session.propose(ED, [Draft(lost)])
        raise ZeroDivisionError
    (other,) = desk.propose(addendum(fact(3)))
    state = desk.ledger.state()
    assert list(state.records) == [kept, other]
    assert lost.id not in state.records
    assert list(before.records) == [kept]
