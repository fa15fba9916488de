"""Which addenda a command is about: shortened ids, ids from stdin, or all that fit a filter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from addenda.errors import InvalidInput
from addenda.knowledge_base import Record, State
from addenda.knowledge_base.finding import Filter, check_statuses
from addenda.types import MemoryName, Status

STDIN = "-"
"""Stands for ids on stdin, separated by spaces or lines."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    ids: Sequence[str] = ()
    all: bool = False
    statuses: Sequence[str] = ()
    tags: Sequence[str] = ()
    source: str | None = None

    @property
    def filter(self) -> Filter:
        """The filters."""
        return Filter(statuses=self.statuses, tags=self.tags, source=self.source)


def select(
    state: State, wanted: Wanted, *, usual: Collection[Status], also: Callable[[Record], bool] = lambda _: True
) -> tuple[str, ...]:
    """The full ids that are meant, each once, in the order given (or of proposal).

    Args:
        state: The state that ids are looked up in.
        wanted: What the user asked for.
        usual: With ``all`` and no status, the statuses that the command can be applied to.
        also: With ``all``, a further condition.

    Raises UnknownId for an id that fits none or several, InvalidInput when nothing was named, or both ids and all.
    """
    refuse_filters_without_all(wanted)
    if wanted.all:
        now = datetime.now(UTC)
        statuses, fits = wanted.statuses or usual, wanted.filter.fits
        return tuple(r.id for r in state.records.values() if r.status(now) in statuses and fits(r, now) and also(r))
    return resolve(state, wanted.ids)


def refuse_filters_without_all(wanted: Wanted) -> None:
    """Raise InvalidInput for an unknown status, both ids and all, or filters that have nothing to choose among."""
    check_statuses(wanted.statuses)
    if wanted.all and wanted.ids:
        raise InvalidInput("both ids and --all were given; give one of them")
    if not wanted.all and (wanted.statuses or wanted.tags or wanted.source is not None):
        raise InvalidInput("--status, --tag and --source choose among all; add --all, or leave them out")


def resolve(state: State, given: Sequence[str]) -> tuple[str, ...]:
    """The full ids for ids or prefixes; ``-`` stands for those on stdin. Raises UnknownId; for none InvalidInput."""
    return tuple(dict.fromkeys(state.resolve(prefix) for prefix in words(given)))


def words(given: Sequence[str]) -> list[str]:
    """Ids or prefixes as they were given, those on stdin for ``-``. Raises InvalidInput for none."""
    prefixes: list[str] = []
    for word in given:
        prefixes.extend(sys.stdin.read().split() if word == STDIN else [word])
    if not prefixes:
        raise InvalidInput("no addenda were named; give ids (`list` shows them), or - to read them from stdin")
    return prefixes


def short_length(state: State) -> int:
    """How many characters tell all ids apart, at least six."""
    return short_of(state.records)


def short_of(ids: Collection[str]) -> int:
    """How many characters tell these ids apart, at least six."""
    length = 6
    while len({known[:length] for known in ids}) < len(ids):
        length += 1
    return length


def memory_names(names: Sequence[str] | None, *, none: bool = False) -> list[MemoryName] | None:
    """The memories that an option named; None when it was not given.

    Args:
        names: As they were typed.
        none: Whether the word ``none`` is allowed, for no memory at all.

    Raises InvalidInput for an unknown one.
    """
    if names is None:
        return None
    known: tuple[MemoryName, ...] = get_args(MemoryName)
    allowed = (*known, "none") if none else known
    for name in names:
        if name not in allowed:
            raise InvalidInput(f"--memories {name!r} is unknown; it can be {', '.join(allowed)}")
    return [name for name in known if name in names]
