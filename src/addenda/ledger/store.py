"""The ledger in a database: :class:`Ledger`, and the :class:`Session` in which events are appended.

There is one writer at a time. ``with ledger.writing() as session`` takes the database's write lock and then brings
the state to the head, so whatever is decided inside is decided on what holds; all that was appended is committed when
the block ends, or nothing is. Never call a model inside. Reading takes no lock: the state is kept, and brought to the
head by folding only what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain

from pydantic import TypeAdapter
from sqlalchemy import Connection

from addenda.database import Database, uncollected
from addenda.errors import AddendaError, LedgerBroken, UnreadableFile
from addenda.ledger import events as ev
from addenda.ledger import people, rows
from addenda.ledger.audit import verify_stored
from addenda.ledger.chain import Head, Verification
from addenda.ledger.events import FORMAT_VERSION, Actor, Event
from addenda.ledger.fold import fold
from addenda.ledger.people import Person
from addenda.ledger.records import Record
from addenda.ledger.session import Clock, Session, Trial, about, erased
from addenda.ledger.state import State
from addenda.types import Addendum, Content

_ADDENDA: TypeAdapter[list[Addendum]] = TypeAdapter(list[Addendum])


def utc_now() -> datetime:
    """The time, by the system's clock."""
    return datetime.now(UTC)


class Ledger:
    """Who added what, who approved it, what is live. Safe to share between threads.

    Args:
        database: An open database (:func:`addenda.database.open_database`).
        clock: Tells the time.
    """

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._state = State()
        self._lock = threading.Lock()
        self._writer: int | None = None
        self._pinned = threading.local()

    def begin(self, created: ev.Created, reason: str = "") -> Event:
        """Append the first event. Raises Conflict when the ledger exists already."""
        with self.writing() as session:
            return session.append(Actor(kind="person", name=created.admin), [created], reason)[0]

    def now(self) -> datetime:
        """The moment by the ledger's clock."""
        return self._clock().astimezone(UTC)

    def authenticate(self, token: str) -> Person:
        """See :func:`addenda.ledger.people.authenticate`, at the head and now."""
        return people.authenticate(self.state(), token, self.now())

    def authenticate_identity(self, issuer: str, subject: str) -> Person:
        """See :func:`addenda.ledger.people.authenticate_identity`, at the head and now."""
        return people.authenticate_identity(self.state(), issuer, subject, self.now())

    def renew(self, person: Person) -> Person:
        """See :func:`addenda.ledger.people.renew`, at the head and now."""
        return people.renew(self.state(), person, self.now())

    @contextmanager
    def writing(self) -> Generator[Session]:
        """Be the one writer. What was appended is durable when the block ends, and nothing is when it raises.

        Raises StorageUnavailable when the lock or the disk is not to be had.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("writing() inside writing(): use the session at hand")
        with self._database.write() as connection:
            self._writer = threading.get_ident()
            try:
                session = Session(connection, self._brought_to_head(connection), self._clock)
                yield session
            finally:
                self._writer = None
        self._keep(session.state)
        if self._pinned_state() is not None:
            self._pinned.state = session.state
        if session.erases:
            self._database.scrub()

    @contextmanager
    def trying(self) -> Generator[Trial]:
        """Try out what would be admitted at the head. Nothing is kept, and no lock is taken."""
        with self._database.read() as connection:
            yield Trial(connection, self._brought_to_head(connection), self._clock)

    def state(self) -> State:
        """The state at the head. Raises LedgerBroken when the chain does not hold."""
        pinned = self._pinned_state()
        if pinned is not None:
            return pinned
        with self._database.read() as connection:
            state = self._brought_to_head(connection)
        self._keep(state)
        return state

    @contextmanager
    def pinned(self) -> Generator[State]:
        """Inside the block, which must be short, this thread is given the state as it was at the start, read once.

        What the thread itself appends inside is in it; what others do meanwhile is not. For answering, where many ask
        for the state one after another and are to be told the same.
        """
        state = self.state()
        before, self._pinned.state = self._pinned_state(), state
        try:
            yield state
        finally:
            self._pinned.state = before

    def _pinned_state(self) -> State | None:
        found: State | None = getattr(self._pinned, "state", None)
        return found

    def state_at(self, position: int) -> State:
        """The state as it was after this position, folded from the start."""
        return fold(self.events(until=position))

    def events(self, after: int = 0, until: int | None = None) -> tuple[Event, ...]:
        """Events in order, from the one after position ``after`` to the one at ``until``."""
        with self._database.read() as connection:
            return tuple(rows.event_of(row) for row in rows.select_events(connection, after, until))

    def history(self, addendum_id: str) -> tuple[Event, ...]:
        """The events about one addendum, in order."""
        positions = self.state().record(addendum_id).history
        with self._database.read() as connection:
            return tuple(rows.event_of(row) for row in rows.select_events_at(connection, positions))

    def head(self) -> Head | None:
        """Where the chain ends; None for an empty ledger."""
        return self.state().head

    def resolve(self, prefix: str) -> str:
        """The one id that starts with ``prefix``. Raises UnknownId."""
        return self.state().resolve(prefix)

    def addendum(self, addendum_id: str) -> Addendum:
        """One addendum with its content. Raises UnknownId when there is none, or its content was erased."""
        record = self.state().record(addendum_id)
        found = self.addenda([addendum_id])
        if addendum_id not in found:
            raise erased(record)
        return found[addendum_id]

    def addenda(self, ids: Collection[str] | None = None) -> dict[str, Addendum]:
        """These addenda (all by default) with their contents, by id, in order of proposal; the erased are left out."""
        with uncollected(), self._database.read() as connection:
            state = self._brought_to_head(connection)
            contents = {sealed.addendum_id: sealed for sealed in rows.select_contents(connection, ids)}
            return _with_contents([(state.record(i), contents[i].opened()) for i in state.records.in_order(contents)])

    def about(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each key (:func:`~addenda.ledger.relations.content_key`) the addenda about it, in order of proposal.

        Whatever their status; a key that nothing is about is not in the answer.
        """
        with self._database.read() as connection:
            return about(connection, self._brought_to_head(connection), keys)

    def verify(self, against: Head | None = None) -> Verification:
        """Check the whole chain, every content against its commitment, and that each event was possible.

        Args:
            against: A head exported earlier, without which cutting off or rewriting the whole chain is not detected.
        """
        with self._database.read() as connection:
            return verify_stored(connection, against)

    def _brought_to_head(self, connection: Connection) -> State:
        """The kept state plus what is new, checking that what is new continues the chain that was read before."""
        with self._lock:
            state = self._state
        hashes = rows.select_hashes(connection, state.position) if state.position else None
        if hashes is not None and hashes[:1] != [state.hash]:
            raise LedgerBroken(
                f"the ledger no longer has the event {state.position} that was read before: it was cut off, rewritten "
                "or replaced while in use; verify it against an exported head, and start again"
            )
        if hashes == [state.hash]:
            return state
        with uncollected():
            return _folded(_events_after(connection, state), state)

    def _keep(self, state: State) -> None:
        with self._lock:
            if state.position > self._state.position:
                self._state = state


def _events_after(connection: Connection, state: State) -> Iterator[Event]:
    """The events that follow a state, read as they are needed."""
    reached, last = state.position, state.hash
    for row in rows.select_events(connection, reached):
        event = rows.event_of(row)
        if (event.position, event.previous_hash) != (reached + 1, last):
            raise LedgerBroken(f"the chain is broken at position {reached + 1}; run `verify`")
        yield event
        reached, last = event.position, event.hash


def _folded(events: Iterator[Event], state: State) -> State:
    first = next(events, None)
    if first is None:
        return state
    try:
        after = fold(chain((first,), events), state)
    except LedgerBroken:
        raise
    except AddendaError as error:
        raise LedgerBroken(f"the ledger holds an event that was not possible: {error}; run `verify`") from error
    if after.created is not None and after.created.format > FORMAT_VERSION:
        raise UnreadableFile(
            f"this ledger has format {after.created.format}, made by a newer version of the software (this one knows "
            f"{FORMAT_VERSION}); update the software"
        )
    return after


def _with_contents(found: Collection[tuple[Record, Content]]) -> dict[str, Addendum]:
    """The addenda by id, in the order given."""
    addenda = _ADDENDA.validate_python(
        [
            {
                "id": record.id,
                "content": content,
                "source": record.source,
                "author": record.author,
                "valid_from": record.valid_from,
                "valid_until": record.valid_until,
                "audience": record.audience,
                "evidence": record.evidence,
                "trust": record.trust,
                "tags": record.tags,
            }
            for record, content in found
        ]
    )
    return {addendum.id: addendum for addendum in addenda}
