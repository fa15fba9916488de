"""Notes that go on without a person: those of a source that earned it, where they do no harm to what people approved.

The ledger says which sources have earned it, and keeps to it (:mod:`addenda.ledger.ramps`). What it cannot know is what
notes mean: here the memory of notes is asked whether one would overrule a note that a person approved. One that might,
and one in free text, of which nobody can say, wait for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from addenda.knowledge_base.clashes import held
from addenda.ledger import (
    SYSTEM,
    Autopilot,
    Ramp,
    Record,
    ReviewNeeded,
    Session,
    Stage,
    State,
    is_by_person,
    sources_of,
    utc_now,
)
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.overlap import overrules
from addenda.types import Content, Note, Status

_STANDING: frozenset[Status] = frozenset({"approved", "gate_failed", "tested", "activating", "active"})

_COUNTED: frozenset[Stage] = frozenset({"proposed", "approved", "gate_failed", "tested", "activating", "active"})
_ON_WAY: frozenset[Stage] = frozenset({"approved", "gate_failed", "tested"})


@dataclass(frozen=True, slots=True)
class Trusted:
    """How far a rule trusts a source of notes, and what follows for the notes there are."""

    ramp: Ramp
    autopilot: Autopilot
    waiting: tuple[str, ...]
    """Its notes that wait for a person: while it is on, those drawn for audit among them."""
    by_itself: tuple[str, ...]
    """Its notes that went by themselves and were not taken back."""


def trusted_sources(state: State) -> tuple[Trusted, ...]:
    """What each rule with an autopilot has learned about each source, in the order in which people first decided."""
    pilots = state.policy.autopilots
    if not pilots:
        return ()
    notes = [record for record in state.records.values() if record.kind == "note" and record.stage in _COUNTED]
    return tuple(
        Trusted(
            ramp,
            pilots[ramp.rule],
            tuple(r.id for r in notes if r.stage == "proposed" and _is_of(r, ramp.source, state)),
            tuple(r.id for r in notes if _went_by(r, ramp.rule) and _is_of(r, ramp.source, state)),
        )
        for ramp in state.ramps.values()
    )


def approve_by_themselves(session: Session, ids: Iterable[str]) -> tuple[str, ...]:
    """Approve those of these new notes that may go by themselves. Returns their ids."""
    if not session.state.policy.autopilots:
        return ()
    known = dict(_approved_by_people(session))
    new = session.contents(list(ids))
    return tuple(i for i in ids if not _does_harm(i, new, session.state, known) and session.approve_by_itself(i))


def send_back(session: Session) -> None:
    """Send notes back to review that went by themselves and are not live yet, where their source was dropped back."""
    ramps, policy = session.state.ramps, session.state.policy.autopilots
    if not policy:
        return
    waiting = [record for record in session.state.records.values() if record.kind == "note" and record.stage in _ON_WAY]
    doubtful = tuple(
        record.id
        for record in waiting
        for rule in policy
        if _went_by(record, rule)
        and any(_is_off(ramps.get((rule, source))) for source in sources_of(record, session.state.records.find))
    )
    if doubtful:
        reason = "it went by itself, and a note of the same source was not accepted meanwhile"
        session.append(SYSTEM, [ReviewNeeded(ids=doubtful)], reason)


def _is_off(ramp: Ramp | None) -> bool:
    return ramp is None or ramp.since is None


def _went_by(record: Record, rule: str) -> bool:
    """Whether a note went by itself under a rule."""
    return any(approval.by == SYSTEM and approval.rule == rule for approval in record.approvals)


def _is_of(record: Record, source: str, state: State) -> bool:
    return source in sources_of(record, state.records.find)


def _does_harm(addendum_id: str, contents: Mapping[str, Content], state: State, known: Mapping[str, HeldNote]) -> bool:
    """Whether a note overrules one that a person approved, or might."""
    content = contents.get(addendum_id)
    if not isinstance(content, Note):
        return True
    if content.withdrawn:  # only what it replaces matters, which the ledger looks at
        return False
    note = held(addendum_id, content, state.sequence + 1)
    if note.conditions is None or note.answer is None:
        return True
    return any(overrules(note, other) for other in known.values())


def _approved_by_people(session: Session) -> Iterator[tuple[str, HeldNote]]:
    """The notes that a person stands behind and that hold, or may hold soon, by id."""
    now = utc_now()
    records: dict[str, Record] = {
        record.id: record
        for record in session.state.records.values()
        if record.kind == "note" and record.status(now) in _STANDING and is_by_person(record)
    }
    for i, content in session.contents(list(records)).items():
        if isinstance(content, Note) and not content.withdrawn:
            yield i, held(i, content, records[i].sequence or session.state.sequence + 1)
