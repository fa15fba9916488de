"""One battery for every memory: what the knowledge base relies on, whatever the mechanism.

A memory joins by a small class that makes it, prepares tasks for it and asks it; see ``edits_under_contract``.
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

from typing import TYPE_CHECKING

from edits_under_contract import EditsContract

from addenda.errors import CannotLookBack, InvalidInput, ModelMismatch, UnknownId
from addenda.memories.base import Deliver, Window, Withdraw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from addenda.memories.edits import EditsMemory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module", params=["isolated", "shared"])
def contract(request: pytest.FixtureRequest) -> EditsContract:
    return EditsContract(request.param)


@pytest.fixture(scope="module")
def artefacts(contract: EditsContract) -> Mapping[str, bytes]:
    return contract.make(lambda: NOW).prepare(contract.tasks)


@pytest.fixture
def memory(contract: EditsContract) -> EditsMemory:
    return contract.make(lambda: NOW)


def deliveries(contract: EditsContract, artefacts: Mapping[str, bytes], window: Window | None = None) -> list[Deliver]:
    window = window or Window()
    return [
        Deliver(task.addendum_id, artefacts[task.addendum_id], i, window) for i, task in enumerate(contract.tasks, 1)
    ]


def test_what_is_delivered_is_recalled_and_named(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
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
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    before = memory.digest()
    assert memory.prepare(contract.tasks) == artefacts
    assert memory.digest() == before
    assert not memory.holdings()


def test_receipts_name_the_stored_bytes(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    receipts = memory.apply(deliveries(contract, artefacts), position=1)
    holdings = memory.holdings()
    assert [(r.addendum_id, r.digest) for r in receipts] == [(i, h.digest) for i, h in holdings.items()]
    assert len({r.digest for r in receipts}) == len(receipts)


def test_withdrawal_is_exact(contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory) -> None:
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
    contract: EditsContract, artefacts: Mapping[str, bytes], order: list[int], cuts: set[int]
) -> None:
    changes = deliveries(contract, artefacts)
    one, other = contract.make(lambda: NOW), contract.make(lambda: NOW)
    one.apply(changes, position=3)
    edges = [0, *sorted(cuts), 3]
    for start, end in pairwise(edges):
        other.apply([changes[i] for i in order[start:end]], position=end)
    assert one.digest() == other.digest()


def test_delivering_twice_changes_nothing(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    memory.apply(deliveries(contract, artefacts), position=3)
    before = memory.digest()
    memory.apply(deliveries(contract, artefacts), position=3)
    assert memory.digest() == before
    assert len(memory.holdings()) == len(contract.tasks)


def test_an_unknown_id_is_refused_and_nothing_is_changed(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    first, *_ = deliveries(contract, artefacts)
    memory.apply([first], position=1)
    before = memory.digest()
    with pytest.raises(UnknownId, match="'nobody'"):
        memory.apply([Withdraw(first.addendum_id), Withdraw("nobody")], position=2)
    assert (memory.digest(), memory.position) == (before, 1)


def test_bytes_that_are_no_artefact_are_refused_and_nothing_is_changed(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    first, second, _ = deliveries(contract, artefacts)
    memory.apply([first], position=1)
    before = memory.digest()
    for bad in (b"", b"no artefact", second.artefact[:-3]):
        with pytest.raises(ModelMismatch):
            memory.apply([second, Deliver("x" * 16, bad, 9)], position=2)
    assert (memory.digest(), memory.position) == (before, 1)


def test_values_that_are_not_numbers_are_refused(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    task = contract.tasks[0]
    with pytest.raises(InvalidInput, match="NaN"):
        memory.apply([Deliver(task.addendum_id, contract.spoil(artefacts[task.addendum_id]), 1)], position=1)
    assert not memory.holdings()


def test_a_staged_view_answers_and_leaves_the_live_memory_alone(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
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
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory, window: Window, acts: bool
) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, window)], position=1)
    patch = memory.contribute(at=None)
    assert (contract.recall(patch, task) == task.target) is acts
    assert (contract.used(patch) == {task.addendum_id}) is acts


def test_a_new_window_replaces_the_old_one(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1)], position=1)
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(end=NOW))], position=2)
    assert contract.recall(memory.contribute(at=None), task) != task.target
    assert memory.holdings()[task.addendum_id].window.end == NOW


@pytest.mark.parametrize(("audience", "acts"), [("staff", True), ("everyone", False), ("customers", False)])
def test_only_its_audience_is_answered_from_it(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory, audience: str, acts: bool
) -> None:
    task = contract.tasks[0]
    window = Window(audience=("staff",))
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, window)], position=1)
    assert (contract.recall(memory.contribute(at=None, audience=audience), task) == task.target) is acts


def test_what_is_left_out_does_not_act_and_stays_held(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    memory.apply(deliveries(contract, artefacts), position=3)
    first, second, _ = contract.tasks
    without = memory.contribute(at=None, without=frozenset({first.addendum_id}))
    assert contract.recall(without, first) != first.target
    assert contract.used(without) == set()
    assert contract.recall(without, second) == second.target
    assert first.addendum_id in memory.holdings()


def test_the_past_is_refused_by_a_memory_that_holds_only_the_present(
    contract: EditsContract, artefacts: Mapping[str, bytes], memory: EditsMemory
) -> None:
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(start=NOW + DAY))], position=1)
    if not contract.looks_back:
        with pytest.raises(CannotLookBack, match="only the present"):
            memory.contribute(at=NOW - DAY)
    assert contract.recall(memory.contribute(at=NOW), task) != task.target
    assert contract.recall(memory.contribute(at=NOW + 2 * DAY), task) == task.target


def test_what_expires_while_a_contribution_is_kept_no_longer_acts(
    contract: EditsContract, artefacts: Mapping[str, bytes]
) -> None:
    times = [NOW]
    memory = contract.make(lambda: times[-1])
    task = contract.tasks[0]
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], 1, Window(end=NOW + DAY))], position=1)
    patch = memory.contribute(at=None)
    assert contract.recall(patch, task) == task.target
    times.append(NOW + DAY)
    assert contract.recall(patch, task) != task.target
