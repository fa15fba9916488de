"""Kept results: quick, and never of what is not live."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from triple_tools import DAY, NOW, deliver, ident

from addenda.database import Database, open_database
from addenda.memories.base import Change, Window, Withdraw
from addenda.memories.triples import TriplesConfig, TriplesMemory
from addenda.memories.triples.cache import Cache
from addenda.memories.triples.syntax import Query

PRICE = Query("Norda", "price", None)


def test_a_value_is_kept_for_its_version_and_its_time_only() -> None:
    cache: Cache[str] = Cache(2)
    cache.put("a", (1,), 10, 20, "x")
    assert [cache.get("a", (1,), moment) for moment in (9, 10, 19, 20)] == [None, "x", "x", None]
    assert cache.get("a", (2,), 15) is None
    assert len(cache) == 0


def test_the_least_recently_used_value_goes_first() -> None:
    cache: Cache[str] = Cache(2)
    for key in "ab":
        cache.put(key, (), 0, 9, key)
    cache.get("a", (), 0)
    cache.put("c", (), 0, 9, "c")
    assert [cache.get(key, (), 0) for key in "abc"] == ["a", None, "c"]
    nothing: Cache[str] = Cache(0)
    nothing.put("a", (), 0, 9, "a")
    assert nothing.get("a", (), 0) is None


def test_a_window_that_ends_or_starts_is_noticed() -> None:
    now = [NOW]
    memory = TriplesMemory.private(clock=lambda: now[-1])
    windows = [Window(end=NOW + DAY), Window(NOW + DAY, NOW + 2 * DAY), Window(NOW + 2 * DAY)]
    memory.apply([deliver(n, "Norda", "price", str(n), window) for n, window in enumerate(windows)], 1)
    reader = memory.contribute(at=None)
    for day, name in ((0, "0"), (0, "0"), (1, "1"), (1, "1"), (2, "2"), (0, "0")):
        now.append(NOW + day * DAY)
        assert reader.read(PRICE).names == (name,)


def test_what_another_process_changes_is_noticed(database: Database, tmp_path: Path) -> None:
    memory, elsewhere = TriplesMemory(database), open_database(tmp_path / "kb.sqlite3")
    other = TriplesMemory(elsewhere)
    memory.apply([deliver(1, "Norda", "price", "31")], 1)
    reader = memory.contribute(at=None)
    assert reader.read(PRICE).names == reader.read(PRICE).names == ("31",)
    other.apply([Withdraw(ident(1))], 2)
    assert reader.read(PRICE).names == ()
    other.apply([deliver(2, "Norda", "price", "29", Window(audience=("staff",)))], 3)
    assert reader.read(PRICE).names == ()
    assert memory.contribute(at=None, audience="staff").read(PRICE).names == ("29",)
    elsewhere.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "withdraw", "wait"]),
        st.integers(0, 3),
        st.sampled_from(["Norda", "Nordam", "Kaldor"]),
        st.sampled_from([Window(), Window(end=NOW + DAY), Window(NOW + DAY), Window(audience=("staff",))]),
    ),
    max_size=10,
)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_a_memory_that_keeps_results_reads_as_one_that_does_not(steps: list[tuple[str, int, str, Window]]) -> None:
    now = [NOW]
    keeping, plain = (
        TriplesMemory.private(TriplesConfig(cached_reads=size), clock=lambda: now[-1]) for size in (64, 0)
    )
    for position, (what, number, subject, window) in enumerate(steps, 1):
        changes: list[Change] = []
        if what == "hold":
            changes = [deliver(number, subject, "price", f"{number} {subject}", window)]
        elif what == "withdraw" and ident(number) in plain.holdings():
            changes = [Withdraw(ident(number))]
        else:
            now.append(now[-1] + DAY / 2)
        for memory in (keeping, plain):
            memory.apply(changes, position)
        for audience in ("everyone", "staff"):
            for query in (PRICE, Query("Nordan", "price", None), Query(None, "price", "1 Norda")):
                one, other = (m.contribute(at=None, audience=audience).read(query) for m in (keeping, plain))
                assert one == other
