"""Windows as the tables hold them: two integers and a text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from addenda.errors import InvalidInput
from addenda.memories.base import Window
from addenda.memories.triples.tables import ALWAYS, NEVER
from addenda.types import EVERYONE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970. Raises InvalidInput for one without a time zone."""
    if moment.tzinfo is None:
        raise InvalidInput(f"the moment {moment.isoformat()!r} has no time zone; give one, for example +00:00")
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=1024)
def to_columns(window: Window) -> tuple[int, int, str | None]:
    """A window as ``starts``, ``ends`` and ``audience``."""
    return (
        ALWAYS if window.start is None else microseconds(window.start),
        NEVER if window.end is None else microseconds(window.end),
        None if window.audience == (EVERYONE,) else json.dumps(window.audience),
    )


@lru_cache(maxsize=1024)
def from_columns(starts: int, ends: int, audience: str | None) -> Window:
    """The window of these columns."""
    return Window(
        None if starts == ALWAYS else _EPOCH + starts * _MICROSECOND,
        None if ends == NEVER else _EPOCH + ends * _MICROSECOND,
        (EVERYONE,) if audience is None else tuple(json.loads(audience)),
    )
