"""Everything that the events so far add up to: the :class:`State`.

A state is made by :func:`addenda.ledger.fold.fold` and never changed; its mappings are shared between states and must
not be written to. Status and liveness are questions about a moment, so they take one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from addenda.errors import UnknownId
from addenda.ledger.chain import GENESIS, Head
from addenda.ledger.events import Actor, Created, Setting, SuiteQuestion
from addenda.ledger.people import Person
from addenda.ledger.policy import Policy
from addenda.ledger.records import Record
from addenda.ledger.relations import Registry, RelationSpec
from addenda.types import EVERYONE, MemoryName

_K = TypeVar("_K")
_V = TypeVar("_V")
_NAMED = 5
_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change of settings that waits for a second person."""

    id: str
    change: Setting
    by: Actor
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """What holds at one position of the ledger. ``created`` is None for an empty ledger."""

    position: int = 0
    hash: str = GENESIS
    at: datetime | None = None
    """When the last event happened."""
    created: Created | None = None
    records: Mapping[str, Record] = field(default_factory=dict[str, Record])
    """Every addendum ever proposed, by id, in order of proposal."""
    people: Mapping[str, Person] = field(default_factory=dict[str, Person])
    policy: Policy = field(default_factory=Policy)
    relations: Mapping[str, RelationSpec] = field(default_factory=dict[str, RelationSpec])
    """Declared relations by normalised name; see :attr:`registry`."""
    suite: Mapping[str, SuiteQuestion] = field(default_factory=dict[str, SuiteQuestion])
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    memories: Mapping[MemoryName, str] = field(default_factory=dict[MemoryName, str])
    """Digest of the configuration of each memory in use."""
    pending: Mapping[str, PendingChange] = field(default_factory=dict[str, PendingChange])
    """Changes of settings that wait for a second person, by id."""
    replacements: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """For each addendum that was ever replaced, the replacements that became active, in that order."""
    sequence: int = 0
    """The last place given in the order in which artefacts act."""

    @property
    def head(self) -> Head | None:
        """Where the chain ends; None for an empty ledger."""
        return Head(self.position, self.hash) if self.position else None

    @property
    def registry(self) -> Registry:
        """The relation registry."""
        return Registry(self.relations)

    def record(self, addendum_id: str) -> Record:
        """The record of a full id. Raises UnknownId."""
        found = self.records.get(addendum_id)
        if found is None:
            raise UnknownId(f"there is no addendum {addendum_id!r}; `list` shows the ids that exist")
        return found

    def resolve(self, prefix: str) -> str:
        """The one id that starts with ``prefix``. Raises UnknownId for none, or for several, naming up to five."""
        wanted = prefix.strip().lower()
        if wanted in self.records:
            return wanted
        fitting = [known for known in self.records if known.startswith(wanted)] if wanted else list(self.records)
        if len(fitting) == 1 and wanted:
            return fitting[0]
        if not fitting:
            raise UnknownId(f"no addendum's id starts with {prefix!r}; `list` shows the ids that exist")
        more = f" and {len(fitting) - _NAMED} more" if len(fitting) > _NAMED else ""
        raise UnknownId(
            f"{prefix!r} fits {len(fitting)} addenda: {', '.join(fitting[:_NAMED])}{more}; give more of the "
            f"{_ID_LENGTH} characters"
        )

    def live(self, at: datetime, audience: str = EVERYONE, memory: MemoryName | None = None) -> tuple[Record, ...]:
        """What may reach an answer about ``at`` to ``audience`` (held by ``memory``, if one is named), in sequence."""
        found = [
            record
            for record in self.records.values()
            if record.holds_at(at, audience) and (memory is None or memory in record.memories)
        ]
        return tuple(sorted(found, key=lambda record: record.sequence or 0))

    def held(self, memory: MemoryName) -> tuple[Record, ...]:
        """What a memory must hold so that every present, past and future window can be served, in sequence.

        Addenda that are active whatever their window: a superseded one stays held for questions about its time.
        """
        found = [record for record in self.records.values() if record.stage == "active" and memory in record.memories]
        return tuple(sorted(found, key=lambda record: record.sequence or 0))

    def unfinished(self) -> tuple[Record, ...]:
        """Addenda whose activation began and did not finish, in sequence."""
        found = [record for record in self.records.values() if record.stage == "activating"]
        return tuple(sorted(found, key=lambda record: record.sequence or 0))

    def moved(self, record: Record) -> tuple[str, ...]:
        """Which of the addenda it replaces have changed since ``record.based_on``; empty when that is 0."""
        if not record.based_on:
            return ()
        return tuple(
            target
            for target in record.supersedes
            if target in self.records and self.records[target].history[-1] > record.based_on
        )

    def derived_from(self, addendum_id: str) -> tuple[Record, ...]:
        """Addenda that name this one as evidence, directly or through others, in order of proposal."""
        ancestors = {addendum_id}
        found: list[Record] = []
        for record in self.records.values():
            if not ancestors.isdisjoint(record.evidence):
                ancestors.add(record.id)
                found.append(record)
        return tuple(found)


def with_items(mapping: Mapping[_K, _V], items: Iterable[tuple[_K, _V]]) -> dict[_K, _V]:
    """A copy of a mapping with these items set."""
    return {**mapping, **dict(items)}
