"""How many requests one may make: a token bucket for each principal, or each address.

A bucket holds up to ``burst`` requests and fills at ``rate`` a second; each request takes one out. Where one is empty,
the answer is after how many seconds to try again. What is kept is bounded: a bucket that is full again says the same as
none and is dropped, and with too many, so is the one that was used longest ago.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from addenda.errors import InvalidInput

MOST = 10_000
"""Buckets that are kept."""

_LONGEST_KEY = 200
_ROUNDING = 1e-9
_AT_ONCE = 8
"""Buckets that are looked at, for full ones to drop, when a new one is made."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limiter:
    """Buckets of one size, by name. Threads may share it.

    For requests, :meth:`take` one out before doing the work. For tokens that are guessed, ask :meth:`wait` before a
    token is looked at, and :meth:`take` when it was not a valid one: then only who fails is slowed down.
    """

    def __init__(
        self, rate: float, burst: float, *, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make the limiter.

        Args:
            rate: Requests a second in the long run.
            burst: Requests at once, at least 1.
            most: Buckets that are kept.
            clock: Seconds from some moment on, never going back.

        Raises InvalidInput for numbers with which nobody could ever ask.
        """
        if rate <= 0 or burst < 1 or most < 1:
            raise InvalidInput(
                f"a limit of {rate!r} requests a second, {burst!r} at once, for {most!r} at a time cannot be kept; "
                "give a rate above 0, and at least 1 of the others"
            )
        self._rate = rate
        self._burst = burst
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # the one used longest ago first

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._buckets)

    def wait(self, key: str) -> float:
        """After how many seconds this one may ask; 0 now. Nothing is taken."""
        with self._lock:
            bucket = self._buckets.get(_short(key))
            return 0.0 if bucket is None else self._missing(self._filled(bucket, self._clock()))

    def take(self, key: str) -> float:
        """Take one request out, and return 0; where there is none, after how many seconds to try again."""
        name, now = _short(key), self._clock()
        with self._lock:
            bucket = self._buckets.pop(name, None)
            left = self._burst if bucket is None else self._filled(bucket, now)
            missing = self._missing(left)
            self._buckets[name] = _Bucket(left if missing else left - 1, now)
            self._tidy(now)
        return missing

    def _filled(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.left + max(0.0, now - bucket.at) * self._rate)

    def _missing(self, left: float) -> float:
        return 0.0 if left >= 1 - _ROUNDING else (1 - left) / self._rate

    def _tidy(self, now: float) -> None:
        """Drop full buckets among those used longest ago, and then as many as are too many."""
        for _ in range(_AT_ONCE):
            name, bucket = next(iter(self._buckets.items()))
            if len(self._buckets) > self._most or self._filled(bucket, now) >= self._burst:
                del self._buckets[name]
            else:
                break


def address_key(address: str) -> str:
    """The name of an address's bucket.

    An IPv6 address counts with its /64, which is what one subscriber gets; an IPv4 address in IPv6 form as IPv4.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _short(key: str) -> str:
    return key[:_LONGEST_KEY]
