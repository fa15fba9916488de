"""What this process has worked out for reads, as long as it is certainly still good.

Something kept is good while nothing held has changed (the *version*, asked of the database at every read, which other
processes change too) and no window has started or ended since it was made. So it can never say what is not live. When
the version changes all is forgotten, so that nothing of what was erased stays in the process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeAlias, TypeVar

_Value = TypeVar("_Value")

Version: TypeAlias = tuple[int, ...]
"""The generations of all stores that a value depends on."""


class Cache(Generic[_Value]):
    """The values used last. Safe to share between threads."""

    def __init__(self, size: int) -> None:
        """Take how many values to keep; 0 keeps none."""
        self._size = size
        self._version: Version = ()
        self._kept: OrderedDict[Hashable, tuple[int, int, _Value]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, version: Version, moment: int) -> _Value | None:
        """The value for a key, if it is good at this version and moment."""
        with self._lock:
            self._at(version)
            since, until, value = self._kept.get(key, (0, 0, None))
            if not since <= moment < until:
                return None
            self._kept.move_to_end(key)
            return value

    def put(self, key: Hashable, version: Version, since: int, until: int, value: _Value) -> None:
        """Keep a value that is good at this version, from ``since`` until before ``until``."""
        with self._lock:
            self._at(version)
            self._kept[key] = (since, until, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _at(self, version: Version) -> None:
        if version != self._version:
            self._kept.clear()
            self._version = version
