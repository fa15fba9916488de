"""Files that somebody uploaded to look at, until they say what is to become of them."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from addenda.errors import UnknownId

MOST = 32
"""Files that are kept; with one more, the oldest goes."""

MOST_BYTES = 128 << 20
"""Bytes that all of them may have together."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file, and whose it is."""

    owner: tuple[str, str]
    """Knowledge base and person."""
    name: str
    body: bytes


class Uploads:
    """Keeps files in memory for a while. Threads may share it."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def keep(self, upload: Upload) -> str:
        """Keep a file; returns what it is asked for by."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[key] = upload
            while len(self._kept) > MOST or sum(len(one.body) for one in self._kept.values()) > MOST_BYTES:
                self._kept.popitem(last=False)
        return key

    def take(self, key: str, owner: tuple[str, str]) -> Upload:
        """A file, which is kept no longer. Raises UnknownId when it is not there, or somebody else's."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.owner == owner:
                del self._kept[key]
                return found
        raise UnknownId("this file is kept no longer; choose it again and look at its rows")
