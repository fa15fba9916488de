"""How the steps of long work report that they are getting on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from addenda.memories.base import ProgressCallback

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


def silent(_phase: str, _done: int, _total: int) -> None:
    """Say nothing."""


def phase(progress: Progress, name: str) -> ProgressCallback:
    """A callback of one phase."""
    return lambda done, total: progress(name, done, total)
