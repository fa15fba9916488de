"""What somebody had looked at before deciding, so that nobody decides about something that has changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from addenda.errors import Moved
from addenda.ledger import Record, State

Seen: TypeAlias = Mapping[str, int]
"""For addenda by id, the ledger position of the last event about each that was seen."""

NOTHING_SEEN: Seen = MappingProxyType({})
"""Nobody says what they saw."""


def version(record: Record) -> int:
    """The ledger position of the last event about an addendum: its version."""
    return record.history[-1]


def check_unmoved(state: State, seen: Seen) -> None:
    """Raise Moved when one of these addenda has changed since it was seen, UnknownId when there is none."""
    for addendum_id, position in seen.items():
        now = version(state.record(addendum_id))
        if now != position:
            raise Moved(
                f"{addendum_id!r} has changed: you saw it as it was at position {position}, and the last event about "
                f"it is at {now}; look at it again"
            )


def check_head(state: State, seen: int | None) -> None:
    """Raise Moved when anything has happened since this position was the head."""
    if seen is not None and state.position != seen:
        raise Moved(
            f"the ledger has moved: you saw it at position {seen}, and it is at {state.position}; look again at what "
            "you want to change"
        )
