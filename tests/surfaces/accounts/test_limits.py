"""How many requests one may make."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.surfaces.accounts import Limiter, address_key


class Seconds:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_through_and_then_so_many_a_second() -> None:
    clock = Seconds()
    limiter = Limiter(2, 3, clock=clock)
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.wait("a") == 0.5
    assert limiter.take("b") == 0
    clock.now = 0.5
    assert limiter.wait("a") == 0
    assert [limiter.take("a"), limiter.take("a")] == [0, 0.5]


def test_failures_alone_are_slowed_down() -> None:
    clock = Seconds()
    failures = Limiter(1 / 60, 2, clock=clock)
    assert failures.wait("10.0.0.1") == 0
    failures.take("10.0.0.1")
    failures.take("10.0.0.1")
    assert failures.wait("10.0.0.1") == 60
    assert failures.wait("10.0.0.2") == 0


@given(
    steps=st.lists(st.tuples(st.floats(0, 3), st.sampled_from("abcdef"))),
    rate=st.floats(0.1, 5),
    burst=st.integers(1, 5),
)
def test_no_more_go_through_than_were_promised_and_memory_is_bounded(
    steps: list[tuple[float, str]], rate: float, burst: int
) -> None:
    clock = Seconds()
    kept, small = Limiter(rate, burst, clock=clock), Limiter(rate, burst, most=3, clock=clock)
    passed: dict[str, int] = {}
    for pause, key in steps:
        clock.now += pause
        asked = kept.wait(key)
        waited = kept.take(key)
        assert waited == asked
        passed[key] = passed.get(key, 0) + (waited == 0)
        small.take(key)
        assert len(small) <= 3
    assert all(count <= burst + rate * clock.now + 1e-6 for count in passed.values())


def test_after_the_time_it_named_one_may_ask() -> None:
    clock = Seconds()
    limiter = Limiter(0.3, 1, clock=clock)
    for _ in range(100):
        clock.now += limiter.wait("a")
        assert limiter.take("a") == 0


def test_buckets_that_are_full_again_are_dropped() -> None:
    clock = Seconds()
    limiter = Limiter(1, 2, clock=clock)
    for n in range(20):
        limiter.take(str(n))
    clock.now = 60
    for n in range(3):
        limiter.take(f"late {n}")
    assert len(limiter) == 3


def test_threads_share_what_there_is() -> None:
    limiter, passed = Limiter(0.001, 50, clock=Seconds()), list[float]()

    def ask() -> None:
        passed.extend(limiter.take("a") for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(0) == 50


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_address_counts_as_its_subscriber(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(("rate", "burst", "most"), [(0, 1, 1), (-1, 1, 1), (1, 0.5, 1), (1, 1, 0)])
def test_a_limit_that_lets_nobody_through_is_refused(rate: float, burst: float, most: int) -> None:
    with pytest.raises(InvalidInput, match="rate above 0"):
        Limiter(rate, burst, most=most)
