"""Verification of a stored ledger: the chain, the spelling of every row, the contents, and the order of events.

:func:`addenda.ledger.chain.verify` checks a sequence of events; here the same is done on what the database holds, and
besides that every content fits its commitment, none is missing that was not erased, none is there that was, and no
event happened that the state machine does not admit.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from addenda.errors import AddendaError, LedgerBroken
from addenda.ledger import events as ev
from addenda.ledger import rows
from addenda.ledger.chain import Head, Verification, broken, fault, verify
from addenda.ledger.events import Event
from addenda.ledger.fold import apply, fold
from addenda.ledger.state import State


def verify_stored(connection: Connection, against: Head | None = None) -> Verification:
    """Check everything that is stored; see the module's text. Reads within the transaction of ``connection``."""
    events: list[Event] = []
    for row in rows.select_events(connection):
        last = events[-1] if events else None
        try:
            event = rows.event_of(row)
        except LedgerBroken as error:
            return broken(last, str(error))
        if why := fault(event, last) or ("" if rows.is_canonical(row, event) else "its spelling is not canonical"):
            return broken(last, why)
        events.append(event)
    found = verify(events, against)
    if not found.ok:
        return found
    return _impossible(events) or _contents(connection, events) or found


def _impossible(events: Sequence[Event]) -> Verification | None:
    """The verdict about the first event that is not possible after those before it; None when all are."""
    try:
        fold(events)
    except AddendaError:
        state = State()
        for place, event in enumerate(events):
            try:
                state = apply(state, event)
            except AddendaError as error:
                return broken(events[place - 1] if place else None, f"it was not possible: {error}")
    return None


def _contents(connection: Connection, events: Sequence[Event]) -> Verification | None:
    proposals = {
        p.id: (e.position, p.commitment) for e in events if isinstance(e.body, ev.Proposed) for p in e.body.proposals
    }
    erased = {i for event in events if isinstance(event.body, ev.Erased) for i in event.body.ids}
    missing = dict.fromkeys(i for i in proposals if i not in erased)
    head = events[-1] if events else None
    for sealed in rows.select_contents(connection):
        addendum_id = sealed.addendum_id
        position, commitment = proposals.get(addendum_id, (len(events) + 1, ""))
        missing.pop(addendum_id, None)
        if addendum_id in erased:
            return _wrong(head, position, f"the content of {addendum_id!r} is there although it was erased")
        if sealed.commitment != commitment:
            return _wrong(head, position, f"the content of {addendum_id!r} is not what its event commits to")
    for addendum_id in missing:
        return _wrong(head, proposals[addendum_id][0], f"the content of {addendum_id!r} is missing")
    return None


def _wrong(head: Event | None, position: int, why: str) -> Verification:
    reached = Head(head.position, head.hash) if head else None
    return Verification(False, reached, position - 1, position, why)
