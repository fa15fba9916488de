"""One battery for every memory: what the knowledge base relies on, whatever the mechanism.

A memory joins by a small class that makes it, prepares tasks for it and asks it; see ``triples_under_contract``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING, TypeAlias

from edits_under_contract import EditsContract
from notes_under_contract import NotesContract
from reflections_under_contract import ReflectionsContract
from triples_under_contract import TriplesContract

from addenda.errors import CannotLookBack, InvalidInput, ModelMismatch, UnknownId
from addenda.memories.base import Deliver, Window, Withdraw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from addenda.memories.edits import EditsMemory
    from addenda.memories.notes import NotesMemory
    from addenda.memories.reflections.memory import ReflectionsMemory
    from addenda.memories.triples import TriplesMemory

    Held: TypeAlias = EditsMemory | NotesMemory | ReflectionsMemory | TriplesMemory

Contract: TypeAlias = EditsContract | NotesContract | ReflectionsContract | TriplesContract
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module", params=["isolated", "shared", "triples", "notes", "reflections"])
def contract(request: pytest.FixtureRequest) -> Contract:
    match request.param:
        case "triples":
            return TriplesContract()
        case "notes":
            return NotesContract()
        case "reflections":
            return ReflectionsContract()
        case _:
            return EditsContract(request.param)


@pytest.fixture(scope="module")
def artefacts(contract: Contract) -> Mapping[str, bytes]:
    return contract.make(lambda: NOW).prepare(contract.tasks)


@pytest.fixture
def memory(contract: Contract) -> Held:
    return contract.make(lambda: NOW)


def deliveries(contract: Contract, artefacts: Mapping[str, bytes], window: Window | None = None) -> list[Deliver]:
    window = window or Window()
    return [
        Deliver(task.addendum_id, artefacts[task.addendum_id], i, window) for i, task in enumerate(contract.tasks, 1)
    ]


def test_what_is_delivered_is_recalled_and_named(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    floor = [contract.recall(memory.contribute(at=None), task) for task in contract.tasks]
    memory.apply(deliveries(contract, artefacts), position=7)
    for task, before in zip(contract.tasks, floor, strict=True):
        patch = memory.contribute(at=None)
        assert contract.recall(patch, task) == task.target != before
        assert contract.used(patch) == {task.addendum_id}
    assert memory.position == 7
    assert memory.name == contract.name
    assert list(memory.holdings()) == [task.addendum_id for task in contract.tasks]


def test_preparing_changes_nothing_and_repeats(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    before = memory.digest()
    assert memory.prepare(contract.tasks) == artefacts
    assert memory.digest() == before
    assert not memory.holdings()


def test_receipts_name_the_stored_bytes(contract: Contract, artefacts: Mapping[str, bytes], memory: Held) -> None:
    receipts = memory.apply(deliveries(contract, artefacts), position=1)
    holdings = memory.holdings()
    assert [(r.addendum_id, r.digest) for r in receipts] == [(i, h.digest) for i, h in holdings.items()]
    assert len({r.digest for r in receipts}) == len(receipts)


def test_withdrawal_is_exact(contract: Contract, artefacts: Mapping[str, bytes], memory: Held) -> None:
    first, second, third = deliveries(contract, artefacts)
    empty = memory.digest()
    floor = contract.recall(memory.contribute(at=None), contract.tasks[1])
    memory.apply([first, second, third], position=3)
    memory.apply([Withdraw(second.addendum_id)], position=4)
    rebuilt = contract.make(lambda: NOW)
    rebuilt.apply([first, third], position=4)
    assert memory.digest() == rebuilt.digest()
    assert contract.recall(memory.contribute(at=None), contract.tasks[1]) == floor
    memory.apply([Withdraw(first.addendum_id), Withdraw(third.addendum_id)], position=5)
    assert memory.digest() == empty


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(order=st.permutations(range(3)), cuts=st.sets(st.integers(1, 2)))
def test_any_order_and_grouping_of_delivery_gives_the_same_bytes(
    contract: Contract, artefacts: Mapping[str, bytes], order: list[int], cuts: set[int]
) -> None:
    changes = deliveries(contract, artefacts)
    one, other = contract.make(lambda: NOW), contract.make(lambda: NOW)
    one.apply(changes, position=3)
    edges = [0, *sorted(cuts), 3]
    for start, end in pairwise(edges):
        other.apply([changes[i] for i in order[start:end]], position=end)
    assert one.digest() == other.digest()


def test_delivering_twice_changes_nothing(contract: Contract, artefacts: Mapping[str, bytes], memory: Held) -> None:
    memory.apply(deliveries(contract, artefacts), position=3)
    before = memory.digest()
    memory.apply(deliveries(contract, artefacts), position=3)
    assert memory.digest() == before
    assert len(memory.holdings()) == len(contract.tasks)


def test_an_unknown_id_is_refused_and_nothing_is_changed(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    first, *_ = deliveries(contract, artefacts)
    memory.apply([first], position=1)
    before = memory.digest()
    with pytest.raises(UnknownId, match="'nobody'"):
        memory.apply([Withdraw(first.addendum_id), Withdraw("nobody")], position=2)
    assert (memory.digest(), memory.position) == (before, 1)


def test_bytes_that_are_no_artefact_are_refused_and_nothing_is_changed(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    first, second, _ = deliveries(contract, artefacts)
    memory.apply([first], position=1)
    before = memory.digest()
    for bad in (b"", b"no artefact", second.artefact[:-3]):
        with pytest.raises(ModelMismatch):
            memory.apply([second, Deliver("x" * 16, bad, 9)], position=2)
    assert (memory.digest(), memory.position) == (before, 1)


def test_values_that_cannot_be_kept_are_refused(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    task = contract.tasks[0]
    with pytest.raises(InvalidInput, match=contract.refusal):
        memory.apply([Deliver(task.addendum_id, contract.spoil(artefacts[task.addendum_id]), 1)], position=1)
    assert not memory.holdings()


def test_a_staged_view_answers_and_leaves_the_live_memory_alone(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    first, second, _ = deliveries(contract, artefacts)
    memory.apply([first], position=1)
    before = memory.digest()
    staged = memory.staged([second, Withdraw(first.addendum_id)])
    assert contract.recall(staged.contribute(at=None), contract.tasks[1]) == contract.tasks[1].target
    assert contract.recall(staged.contribute(at=None), contract.tasks[0]) != contract.tasks[0].target
    assert memory.digest() == before
    assert contract.recall(memory.contribute(at=None), contract.tasks[0]) == contract.tasks[0].target
    with pytest.raises(UnknownId):
        memory.staged([Withdraw("nobody")])
    applied = contract.make(lambda: NOW)
    applied.apply([first], position=1)
    applied.apply([second, Withdraw(first.addendum_id)], position=2)
    assert staged.digest() == applied.digest()


@pytest.mark.parametrize(
    ("window", "acts"),
    [
        (Window(start=NOW - DAY, end=NOW + DAY), True),
        (Window(start=NOW), True),
        (Window(end=NOW), False),
        (Window(start=NOW + DAY), False),
        (Window(start=NOW - 2 * DAY, end=NOW - DAY), False),
    ],
)
def test_only_what_is_valid_now_reaches_an_answer(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held, window: Window, acts: bool
) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, window)], position=1)
    patch = memory.contribute(at=None)
    assert (contract.recall(patch, task) == task.target) is acts
    assert (contract.used(patch) == {task.addendum_id}) is acts


def test_a_new_window_replaces_the_old_one(contract: Contract, artefacts: Mapping[str, bytes], memory: Held) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1)], position=1)
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(end=NOW))], position=2)
    assert contract.recall(memory.contribute(at=None), task) != task.target
    assert memory.holdings()[task.addendum_id].window.end == NOW


@pytest.mark.parametrize(("audience", "acts"), [("staff", True), ("everyone", False), ("customers", False)])
def test_only_its_audience_is_answered_from_it(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held, audience: str, acts: bool
) -> None:
    task = contract.tasks[0]
    window = Window(audience=("staff",))
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, window)], position=1)
    assert (contract.recall(memory.contribute(at=None, audience=audience), task) == task.target) is acts


def test_what_is_left_out_does_not_act_and_stays_held(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    memory.apply(deliveries(contract, artefacts), position=3)
    first, second, _ = contract.tasks
    without = memory.contribute(at=None, without=frozenset({first.addendum_id}))
    assert contract.recall(without, first) != first.target
    assert contract.used(without) == set()
    assert contract.recall(without, second) == second.target
    assert first.addendum_id in memory.holdings()


def test_the_past_is_refused_by_a_memory_that_holds_only_the_present(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held
) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(start=NOW + DAY))], position=1)
    if not contract.looks_back:
        with pytest.raises(CannotLookBack, match="only the present"):
            memory.contribute(at=NOW - DAY)
    assert contract.recall(memory.contribute(at=NOW), task) != task.target
    assert contract.recall(memory.contribute(at=NOW + 2 * DAY), task) == task.target


@pytest.mark.parametrize(("at", "acts"), [(NOW - 2 * DAY, True), (NOW - DAY, False), (NOW - 3 * DAY, False)])
def test_a_memory_that_looks_back_answers_from_what_held_then(
    contract: Contract, artefacts: Mapping[str, bytes], memory: Held, at: datetime, acts: bool
) -> None:
    if not contract.looks_back:
        pytest.skip("it holds only the present")
    task = contract.tasks[0]
    window = Window(start=NOW - 2 * DAY, end=NOW - DAY)
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, window)], position=1)
    assert (contract.recall(memory.contribute(at=at), task) == task.target) is acts


def test_what_expires_while_a_contribution_is_kept_no_longer_acts(
    contract: Contract, artefacts: Mapping[str, bytes]
) -> None:
    times = [NOW]
    memory = contract.make(lambda: times[-1])
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(end=NOW + DAY))], position=1)
    patch = memory.contribute(at=None)
    assert contract.recall(patch, task) == task.target
    times.append(NOW + DAY)
    assert contract.recall(patch, task) != task.target
