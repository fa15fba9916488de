"""Everything that the events so far add up to: the :class:`State`.

A state is made by :func:`addenda.ledger.fold.fold` and never changed; its mappings are shared between states and must
not be written to. Status and liveness are questions about a moment, so they take one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from addenda.errors import UnknownId
from addenda.ledger.chain import GENESIS, Head
from addenda.ledger.events import Actor, Created, Setting, SuiteQuestion
from addenda.ledger.people import Person
from addenda.ledger.policy import Policy
from addenda.ledger.ramps import Ramp, RampKey
from addenda.ledger.records import Record, Standing
from addenda.ledger.relations import Registry, RelationSpec
from addenda.ledger.shelves import Records
from addenda.types import EVERYONE, MemoryName

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
    records: Records = field(default_factory=Records)
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
    ramps: Mapping[RampKey, Ramp] = field(default_factory=dict[RampKey, Ramp])
    """How far rules with an autopilot trust each source of notes."""
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
        found = self.records.find(addendum_id)
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
        active = self._standing(lambda s: s.stage == "active" and (memory is None or memory in s.memories))
        return _in_sequence(record for record in active if record.holds_at(at, audience))

    def held(self, memory: MemoryName) -> tuple[Record, ...]:
        """What a memory must hold so that every present, past and future window can be served, in sequence.

        Addenda that are active whatever their window: a superseded one stays held for questions about its time.
        """
        return _in_sequence(self._standing(lambda s: s.stage == "active" and memory in s.memories))

    def unfinished(self) -> tuple[Record, ...]:
        """Addenda whose activation began and did not finish, in sequence."""
        return _in_sequence(self.records.unfinished())

    def changed_after(self, position: int) -> tuple[Record, ...]:
        """Addenda with a place in the order that an event after this position is about, in sequence.

        What a memory at this position has to look at to come to the head; empty when live knowledge did not move.
        """
        return _in_sequence(record for record in self.records.changed_after(position) if record.sequence is not None)

    def moved(self, record: Record) -> tuple[str, ...]:
        """Which of the addenda it replaces have changed since ``record.based_on``; empty when that is 0."""
        if not record.supersedes or not record.based_on:
            return ()
        targets = ((target, self.records.find(target)) for target in record.supersedes)
        return tuple(i for i, target in targets if target is not None and target.history[-1] > record.based_on)

    def derived_from(self, addendum_id: str) -> tuple[Record, ...]:
        """Addenda that name this one as evidence, directly or through others, in order of proposal."""
        ancestors = {addendum_id}
        found: list[Record] = []
        for record in self.records.values():
            if not ancestors.isdisjoint(record.evidence):
                ancestors.add(record.id)
                found.append(record)
        return tuple(found)

    def _standing(self, wanted: Callable[[Standing], bool]) -> Iterator[Record]:
        """The records with a standing of this kind, in order of proposal; each standing is looked at once."""
        known: dict[int, bool] = {}
        for record in self.records.values():
            standing = record.standing
            fits = known.get(id(standing))
            if fits is None:
                fits = known[id(standing)] = wanted(standing)
            if fits:
                yield record


def _in_sequence(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.sequence or 0))
