"""The ledger in a database: :class:`Ledger`, and the :class:`Session` in which events are appended.

There is one writer at a time. ``with ledger.writing() as session`` takes the database's write lock and then brings
the state to the head, so whatever is decided inside is decided on what holds; all that was appended is committed when
the block ends, or nothing is. Never call a model inside. Reading takes no lock: the state is kept, and brought to the
head by folding only what is new.
"""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from addenda.database import Database
from addenda.errors import AddendaError, Conflict, InvalidInput, LedgerBroken, UnknownId, UnreadableFile
from addenda.ledger import admission, rows
from addenda.ledger import events as ev
from addenda.ledger.audit import verify_stored
from addenda.ledger.chain import Head, Verification, content_text, link
from addenda.ledger.events import FORMAT_VERSION, Actor, Body, Event, Proposal
from addenda.ledger.fold import fold
from addenda.ledger.records import Record
from addenda.ledger.relations import content_key
from addenda.ledger.rows import SealedContent
from addenda.ledger.state import State
from addenda.text import clean
from addenda.types import Addendum, Content

Clock = Callable[[], datetime]
"""Tells the time; injected by tests."""


def utc_now() -> datetime:
    """The time, by the system's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """An addendum to be proposed, and what it is meant to replace."""

    addendum: Addendum
    supersedes: tuple[str, ...] = ()


def seal(draft: Draft) -> tuple[Proposal, SealedContent]:
    """The two halves of a draft: what goes into the event, and what lies apart and can be erased.

    Text is brought to NFC; hidden characters raise InvalidInput, and so does a window that ends before it starts.
    """
    addendum = draft.addendum
    if addendum.valid_from and addendum.valid_until and addendum.valid_until <= addendum.valid_from:
        raise InvalidInput(
            f"addendum {addendum.id!r} would end ({addendum.valid_until.isoformat()}) before it starts "
            f"({addendum.valid_from.isoformat()}); correct the dates"
        )
    content = clean_content(addendum.content)
    sealed = SealedContent(addendum.id, secrets.token_hex(16), content_text(content), content_key(content))
    proposal = Proposal(
        id=addendum.id,
        commitment=sealed.commitment,
        content_kind=content.kind,
        source=clean(addendum.source, "source"),
        author=clean(addendum.author, "author"),
        valid_from=addendum.valid_from,
        valid_until=addendum.valid_until,
        audience=tuple(clean(name, "audience") for name in addendum.audience),
        trust=addendum.trust,
        tags=tuple(clean(tag, "tag") for tag in addendum.tags),
        evidence=addendum.evidence,
        supersedes=draft.supersedes,
    )
    return proposal, sealed


def clean_content(content: Content) -> Content:
    """The content with every text in NFC. Raises InvalidInput, naming the field, for hidden characters."""
    cleaned: dict[str, object] = {}
    for name in type(content).model_fields:
        value: object = getattr(content, name)
        if isinstance(value, str) and name != "kind":
            cleaned[name] = clean(value, name)
        elif isinstance(value, tuple):
            cleaned[name] = tuple(clean(str(item), name) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return content.model_copy(update=cleaned)


class Session:
    """The one writer, at the head. Made by :meth:`Ledger.writing`; of no use after its block."""

    def __init__(self, connection: Connection, state: State, clock: Clock) -> None:
        self._connection = connection
        self._state = state
        self._clock = clock
        self.erases = False
        """Whether contents were destroyed in this session."""

    @property
    def state(self) -> State:
        """The state at the head, appended events included."""
        return self._state

    def append(
        self, actor: Actor, bodies: Sequence[Body], reason: str = "", contents: Sequence[SealedContent] = ()
    ) -> tuple[Event, ...]:
        """Append one event for each body, in order; all of them, or none when one is refused.

        Args:
            actor: Who acts.
            bodies: What happens.
            reason: Why, in the actor's words.
            contents: The contents of all proposals among the bodies, and no others.

        Raises PermissionDenied, Conflict, UnknownId or InvalidInput; the session goes on as if nothing had been tried.
        """
        why = clean(reason, "reason")
        self._check_contents(bodies, contents)
        state, events = self._state, list[Event]()
        opened = {sealed.addendum_id: sealed.opened() for sealed in contents}
        for body in bodies:
            admission.check_text(body)
            admission.check(state, actor, body)
            if isinstance(body, ev.Approved):
                self._check_approvals(state, actor, body, opened)
            event = self._next(state, actor, why, body)
            state = fold((event,), state)
            events.append(event)
        if events:
            self._store(events, contents)
        self._state = state
        return tuple(events)

    def propose(
        self, actor: Actor, drafts: Sequence[Draft], reason: str = "", based_on: int | None = None
    ) -> tuple[Event, ...]:
        """Propose a batch, and approve at once what the policy approves automatically.

        Args:
            actor: Who proposes: a person or a model.
            drafts: What is proposed.
            reason: Why.
            based_on: Ledger position that the proposer saw; the present head when None.
        """
        sealed = [seal(draft) for draft in drafts]
        if not sealed:
            raise InvalidInput("nothing to propose: the batch is empty")
        body = ev.Proposed(
            proposals=tuple(proposal for proposal, _ in sealed),
            based_on=self._state.position if based_on is None else based_on,
        )
        events = self.append(actor, [body], reason, [content for _, content in sealed])
        automatic = self._approvals([proposal.id for proposal, _ in sealed], automatic_only=True)
        return (*events, *self.append(ev.SYSTEM, automatic, "automatic by policy"))

    def approve(self, actor: Actor, ids: Sequence[str], reason: str = "") -> tuple[Event, ...]:
        """Approve under the policy in force: one event for each rule that decides about some of ``ids``.

        Raises PermissionDenied when the policy lets nobody approve one of them, or the actor is not the one.
        """
        return self.append(actor, self._approvals(ids, automatic_only=False), reason)

    def change_setting(self, actor: Actor, change: ev.Setting, reason: str = "") -> Event:
        """Change a setting, or let the change wait for a second person if it is weakening.

        The event that comes back tells which: its body is ``change``, or a SettingChangeProposed.
        """
        if admission.needs_confirmation(self._state, actor, change):
            # What could never take effect must not wait for anybody.
            fold((self._next(self._state, actor, clean(reason, "reason"), change),), self._state)
            waiting = ev.SettingChangeProposed(change_id=secrets.token_hex(4), change=change)
            return self.append(actor, [waiting], reason)[0]
        return self.append(actor, [change], reason)[0]

    def contents(self, ids: Collection[str]) -> dict[str, Content]:
        """The contents of these addenda by id; the erased ones are not in it."""
        return {sealed.addendum_id: sealed.opened() for sealed in rows.select_contents(self._connection, ids)}

    def about(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """See :meth:`Ledger.about`."""
        return _about(self._connection, self._state, keys)

    def _approvals(self, ids: Sequence[str], *, automatic_only: bool) -> list[ev.Approved]:
        contents = self.contents(ids)
        groups: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for addendum_id in ids:
            record = self._state.record(addendum_id)
            if addendum_id not in contents:
                raise _erased(record)
            decision = admission.decide(self._state, record, contents[addendum_id])
            if not automatic_only or decision.reviewers == 0:
                # A forbidden one is asked for with one reviewer, so that the check names the rule that forbids it.
                groups[decision.rule, 1 if decision.reviewers is None else decision.reviewers].append(addendum_id)
        return [ev.Approved(ids=tuple(batch), rule=rule, required=n) for (rule, n), batch in groups.items()]

    def _check_approvals(self, state: State, actor: Actor, body: ev.Approved, fresh: Mapping[str, Content]) -> None:
        contents = {**self.contents(body.ids), **fresh}
        for addendum_id in body.ids:
            record = state.record(addendum_id)
            if addendum_id not in contents:
                raise _erased(record)
            admission.check_approval(state, actor, record, contents[addendum_id], body)

    def _check_contents(self, bodies: Sequence[Body], contents: Sequence[SealedContent]) -> None:
        wanted = {p.id: p.commitment for body in bodies if isinstance(body, ev.Proposed) for p in body.proposals}
        given = {sealed.addendum_id: sealed.commitment for sealed in contents}
        if wanted != given or len(given) != len(contents):
            raise InvalidInput("the contents passed along are not those that the proposals commit to; use seal()")

    def _next(self, state: State, actor: Actor, reason: str, body: Body) -> Event:
        now = self._clock().astimezone(UTC)
        at = max(now, state.at) if state.at else now
        return link(state.head, at, actor, reason, body)

    def _store(self, events: Sequence[Event], contents: Sequence[SealedContent]) -> None:
        erased = [i for event in events if isinstance(event.body, ev.Erased) for i in event.body.ids]
        try:
            rows.insert_events(self._connection, events)
            rows.insert_contents(self._connection, contents)
            rows.delete_contents(self._connection, erased)
            self.erases |= bool(erased)
        except IntegrityError as error:
            raise Conflict("the ledger moved in the meantime; nothing was written, try again") from error


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

    def begin(self, created: ev.Created, reason: str = "") -> Event:
        """Append the first event. Raises Conflict when the ledger exists already."""
        with self.writing() as session:
            return session.append(Actor(kind="person", name=created.admin), [created], reason)[0]

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
        if session.erases:
            self._database.scrub()

    def state(self) -> State:
        """The state at the head. Raises LedgerBroken when the chain does not hold."""
        with self._database.read() as connection:
            state = self._brought_to_head(connection)
        self._keep(state)
        return state

    def state_at(self, position: int) -> State:
        """The state as it was after this position, folded from the start."""
        return fold(self.events(until=position))

    def events(self, after: int = 0, until: int | None = None) -> tuple[Event, ...]:
        """Events in order, from the one after position ``after`` to the one at ``until``."""
        with self._database.read() as connection:
            return tuple(rows.event_of(row) for row in rows.select_events(connection, after, until))

    def history(self, addendum_id: str) -> tuple[Event, ...]:
        """The events about one addendum, in order."""
        positions = frozenset(self.state().record(addendum_id).history)
        return tuple(event for event in self.events(min(positions) - 1, max(positions)) if event.position in positions)

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
            raise _erased(record)
        return found[addendum_id]

    def addenda(self, ids: Collection[str] | None = None) -> dict[str, Addendum]:
        """These addenda (all by default) with their contents, by id, in order of proposal; the erased are left out."""
        with self._database.read() as connection:
            state = self._brought_to_head(connection)
            contents = {sealed.addendum_id: sealed for sealed in rows.select_contents(connection, ids)}
        return {i: _addendum(r, contents[i].opened()) for i, r in state.records.items() if i in contents}

    def about(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each key (:func:`~addenda.ledger.relations.content_key`) the addenda about it, in order of proposal.

        Whatever their status; a key that nothing is about is not in the answer.
        """
        with self._database.read() as connection:
            return _about(connection, self._brought_to_head(connection), keys)

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
        events: list[Event] = []
        reached, last = state.position, state.hash
        if reached and rows.select_hash(connection, reached) != last:
            raise LedgerBroken(
                f"the ledger no longer has the event {reached} that was read before: it was cut off, rewritten or "
                "replaced while in use; verify it against an exported head, and start again"
            )
        for row in rows.select_events(connection, reached):
            event = rows.event_of(row)
            if (event.position, event.previous_hash) != (reached + 1, last):
                raise LedgerBroken(f"the chain is broken at position {reached + 1}; run `verify`")
            events.append(event)
            reached, last = event.position, event.hash
        return _folded(events, state) if events else state

    def _keep(self, state: State) -> None:
        with self._lock:
            if state.position > self._state.position:
                self._state = state


def _folded(events: Iterable[Event], state: State) -> State:
    try:
        after = fold(events, state)
    except AddendaError as error:
        raise LedgerBroken(f"the ledger holds an event that was not possible: {error}; run `verify`") from error
    if after.created is not None and after.created.format > FORMAT_VERSION:
        raise UnreadableFile(
            f"this ledger has format {after.created.format}, made by a newer version of the software (this one knows "
            f"{FORMAT_VERSION}); update the software"
        )
    return after


def _about(connection: Connection, state: State, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for about, addendum_id in rows.select_about(connection, keys):
        found[about].add(addendum_id)
    order = {addendum_id: place for place, addendum_id in enumerate(state.records)}
    return {about: tuple(sorted(ids, key=lambda i: order.get(i, len(order)))) for about, ids in found.items()}


def _addendum(record: Record, content: Content) -> Addendum:
    return Addendum(
        id=record.id,
        content=content,
        source=record.source,
        author=record.author,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        audience=record.audience,
        evidence=record.evidence,
        trust=record.trust,
        tags=record.tags,
    )


def _erased(record: Record) -> UnknownId:
    return UnknownId(f"the content of {record.id!r} was erased; who proposed it and when is still in its history")
