"""State is a pure fold of the events: this is the fold.

:func:`fold` copies the settings of the starting state once, works on the copies while it reads events, and hands out
a new state at the end; nothing else sees the copies. Of the records, which can be a million, it holds only those that
changed. An event that is not possible raises, and leaves the starting state as it was. Only what must hold for *every*
ledger is checked here: legal transitions, known ids, that a model only proposes, that nobody approves what they
proposed. Who may do what is policy, which can change with the software; it is checked when an event is appended
(:mod:`addenda.ledger.admission`), not when it is read again.
"""

from __future__ import annotations

from collections.abc import Iterable

from addenda.errors import Conflict, InvalidInput, PermissionDenied
from addenda.ledger.events import Event
from addenda.ledger.governing import Governing
from addenda.ledger.lives import Lives
from addenda.ledger.ramps import Ramps
from addenda.ledger.state import State


def apply(state: State, event: Event) -> State:
    """The state after one more event. Raises Conflict, PermissionDenied or UnknownId when it is not possible."""
    return fold((event,), state)


def fold(events: Iterable[Event], start: State | None = None) -> State:
    """The state after these events, which follow ``start`` (an empty ledger by default).

    Raises Conflict, PermissionDenied or UnknownId when an event is not possible after those before it.
    """
    before = start or State()
    governing, lives, ramps = Governing(before), Lives(before), Ramps(before.ramps, before.policy)
    position, last_hash, at = before.position, before.hash, before.at
    for event in events:
        _check(event, exists=governing.created is not None)
        if governing.take(event, event.body):
            ramps.govern(governing.policy)
        elif not lives.take(event, event.body):
            raise InvalidInput(f"events of kind {event.body.kind!r} are unknown to this version of the software")
        elif governing.policy.autopilots:
            ramps.take(event, event.body, lives.find)
        position, last_hash, at = event.position, event.hash, event.at
    return State(
        position=position,
        hash=last_hash,
        at=at,
        created=governing.created,
        records=lives.records,
        people=governing.people,
        policy=governing.policy,
        relations=governing.relations,
        suite=governing.suite,
        thresholds=governing.thresholds,
        memories=governing.memories,
        pending=governing.pending,
        ramps=ramps.found,
        sequence=lives.sequence,
    )


def _check(event: Event, *, exists: bool) -> None:
    if exists and event.body.kind == "created":
        raise Conflict("this ledger exists already; to begin another one, choose another place")
    if not exists and event.body.kind != "created":
        raise Conflict(f"the first event of a ledger must be 'created', not {event.body.kind!r}")
    if event.actor.kind == "model" and event.body.kind != "proposed":
        raise PermissionDenied(f"{event.actor} is a model, and a model can only propose; a person must do this")
