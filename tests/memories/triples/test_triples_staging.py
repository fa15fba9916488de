"""Staged views: as if the changes were applied, at no cost to what is live, and none sees another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triple_tools import NOW, deliver, ident

from addenda.errors import UnknownId
from addenda.memories.base import Change, Deliver, Withdraw
from addenda.memories.triples import ALIAS_RELATION, StagedTriples, TriplesMemory
from addenda.memories.triples.syntax import Query


def price(memory: TriplesMemory | StagedTriples, subject: str) -> tuple[str, ...]:
    """What is read about a price."""
    return memory.contribute(at=None).read(Query(subject, "price", None)).names


def test_two_views_do_not_see_each_other(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31")], 4)
    dearer = memory.staged([Withdraw(ident(1)), deliver(2, "Norda", "price", "35")])
    cheaper = memory.staged([Withdraw(ident(1)), deliver(3, "Norda", "price", "29")])
    assert [price(one, "Norda") for one in (memory, dearer, cheaper)] == [("31",), ("35",), ("29",)]
    assert [price(one, "Norad") for one in (memory, dearer, cheaper)] == [("31",), ("35",), ("29",)]
    assert (dearer.position, list(dearer.holdings()), list(memory.holdings())) == (4, [ident(2)], [ident(1)])
    with pytest.raises(UnknownId):
        memory.staged([Withdraw(ident(2))])


def test_views_stack(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31"), deliver(4, "Serta", "price", "60")], 1)
    first = memory.staged([deliver(2, "Kaldor", "price", "40"), deliver(1, "Norda", "price", "32"), Withdraw(ident(4))])
    second = first.staged([Withdraw(ident(2)), deliver(3, "Pelma", "price", "50")])
    names = ("Norda", "Kaldor", "Pelma", "Serta")
    assert [price(second, name) for name in names] == [("32",), (), ("50",), ()]
    assert [price(first, name) for name in names] == [("32",), ("40",), (), ()]
    with pytest.raises(UnknownId):
        second.staged([Withdraw(ident(2))])
    second.apply([deliver(2, "Kaldor", "price", "41")], 9)
    assert (price(second, "Kaldor"), second.position) == (("41",), 9)
    assert (price(first, "Kaldor"), first.position, price(memory, "Norda")) == (("40",), 1, ("31",))


def test_an_alias_in_one_layer_serves_a_fact_in_another(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31")], 1)
    staged = memory.staged([deliver(2, "Norda", ALIAS_RELATION, "Silent One")])
    assert price(staged, "Silent One") == ("31",)
    assert price(memory, "Silent One") == ()


def test_what_is_applied_below_is_seen_above(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31")], 1)
    staged = memory.staged([deliver(2, "Kaldor", "price", "40")])
    assert price(staged, "Pelma") == ()
    memory.apply([deliver(3, "Pelma", "price", "50"), deliver(2, "Kaldor", "price", "45")], 2)
    assert price(staged, "Pelma") == ("50",)
    assert (price(staged, "Kaldor"), price(memory, "Kaldor")) == (("40",), ("45",))


def test_too_broad_counts_each_name_of_all_layers_once() -> None:
    memory = TriplesMemory.private()
    memory.apply([deliver(n, f"Model {n}", "made in", "Japan") for n in range(300)], 1)
    staged = memory.staged([deliver(n, f"model {n}", "made in", "Japan") for n in range(290, 310)])
    assert staged.contribute(at=None).read(Query(None, "made in", "Japan")).too_broad == 310
    fewer = memory.staged([Withdraw(ident(n)) for n in range(280)])
    assert len(fewer.contribute(at=None).read(Query(None, "made in", "Japan")).names) == 20


CHANGES = st.lists(
    st.builds(lambda n, value: deliver(n, "Norda", "price", value), st.integers(0, 5), st.sampled_from("abc"))
    | st.integers(0, 5).map(lambda n: Withdraw(ident(n))),
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(live=st.sets(st.integers(0, 5)), changes=CHANGES, more=CHANGES)
def test_a_view_is_what_applying_gives(live: set[int], changes: list[Change], more: list[Change]) -> None:
    start = [deliver(n, "Norda", "price", f"start {n}") for n in sorted(live)]
    memory, applied = (TriplesMemory.private(clock=lambda: NOW) for _ in range(2))
    memory.apply(start, 1)
    applied.apply(start, 1)
    view: TriplesMemory | StagedTriples = memory
    for position, batch in enumerate((changes, more), 2):
        try:
            receipts = applied.apply(batch, position)
        except UnknownId:
            with pytest.raises(UnknownId):
                view.staged(batch)
            continue
        assert [r.addendum_id for r in receipts] == [c.addendum_id for c in batch if isinstance(c, Deliver)]
        view = view.staged(batch)
    assert (view.holdings(), view.digest()) == (applied.holdings(), applied.digest())
    assert price(view, "Norda") == price(applied, "Norda")
    assert price(memory, "Norda") == tuple(f"start {n}" for n in sorted(live))
