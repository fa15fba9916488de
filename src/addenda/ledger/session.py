"""The one writer at the head of the ledger: :class:`Session`, in which events are appended."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from addenda.errors import Conflict, InvalidInput, UnknownId
from addenda.ledger import admission, rows
from addenda.ledger import events as ev
from addenda.ledger.acting import person_behind
from addenda.ledger.chain import body_text, link
from addenda.ledger.events import Actor, Body, Event
from addenda.ledger.fold import fold
from addenda.ledger.policy import Decision, strictest
from addenda.ledger.ramps import goes_by_itself
from addenda.ledger.records import Record
from addenda.ledger.rows import SealedContent
from addenda.ledger.sealing import Draft, seal_all
from addenda.ledger.state import State
from addenda.text import clean
from addenda.types import Content

Clock = Callable[[], datetime]
"""Tells the time; injected by tests."""


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
        _check_contents(bodies, contents)
        return self._append(actor, bodies, reason, contents)

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
        proposals, contents = seal_all(drafts)
        if not proposals:
            raise InvalidInput("nothing to propose: the batch is empty")
        if len({proposal.id for proposal in proposals}) < len(proposals):
            raise InvalidInput("two addenda of the batch have the same id; leave one out, or give it a fresh id")
        body = ev.Proposed(
            proposals=tuple(proposals),
            based_on=self._state.position if based_on is None else based_on,
            on_behalf_of=person_behind(self._state, actor),
        )
        events = self._append(actor, [body], reason, contents)
        if not self._state.policy.has_automatic:
            return events
        ids = [proposal.id for proposal in proposals]
        return (*events, *self._approve(ev.SYSTEM, ids, "automatic by policy", contents, automatic=True))

    def approve(self, actor: Actor, ids: Sequence[str], reason: str = "") -> tuple[Event, ...]:
        """Approve under the policy in force: one event for each rule that decides about some of ``ids``.

        Raises PermissionDenied when the policy lets nobody approve one of them, or the actor is not the one.
        """
        return self._approve(actor, ids, reason, automatic=False)

    def approve_by_itself(self, addendum_id: str) -> Event | None:
        """Approve a note that just came in where the rule's autopilot is on for all it comes from; None where not.

        The event names the rule, and its reason the measure. Whether the note does harm is for the caller to ask first.
        """
        record = self._state.record(addendum_id)
        decision = _decision(self._state, addendum_id, self._decisions(self._state, [addendum_id], ()))
        why = goes_by_itself(record, decision, self._state.ramps, self._state.records.find)
        if not why:
            return None
        body = ev.Approved(ids=(addendum_id,), rule=decision.rule, required=0)
        return self._append(ev.SYSTEM, [body], f"by itself: {why}", decided={addendum_id: decision})[0]

    def change_setting(self, actor: Actor, change: ev.Setting, reason: str = "") -> Event:
        """Change a setting, or let the change wait for a second person if it is weakening.

        The event that comes back tells which: its body is ``change``, or a SettingChangeProposed.
        """
        if admission.needs_confirmation(self._state, actor, change):
            # What could never take effect must not wait for anybody.
            trial = self._next(self._state, actor, clean(reason, "reason"), change, body_text(change))
            fold((trial,), self._state)
            waiting = ev.SettingChangeProposed(change_id=secrets.token_hex(4), change=change)
            return self.append(actor, [waiting], reason)[0]
        return self.append(actor, [change], reason)[0]

    def contents(self, ids: Collection[str]) -> dict[str, Content]:
        """The contents of these addenda by id; the erased ones are not in it."""
        return {sealed.addendum_id: sealed.opened() for sealed in rows.select_contents(self._connection, ids)}

    def about(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """See :meth:`Ledger.about`."""
        return about(self._connection, self._state, keys)

    def _append(
        self,
        actor: Actor,
        bodies: Sequence[Body],
        reason: str,
        contents: Sequence[SealedContent] = (),
        decided: Mapping[str, Decision] = MappingProxyType({}),
    ) -> tuple[Event, ...]:
        """:meth:`append` for contents that are known to fit, and with what the policy was asked about approvals."""
        why = clean(reason, "reason")
        state, events, texts = self._state, list[Event](), list[str]()
        for body in bodies:
            text = body_text(body)
            admission.check_text(body, text)
            admission.check(state, actor, body)
            if isinstance(body, ev.Approved):
                self._check_approvals(state, actor, body, decided or self._decisions(state, body.ids, contents))
            event = self._next(state, actor, why, body, text)
            state = fold((event,), state)
            events.append(event)
            texts.append(text)
        if events:
            self._store(events, texts, contents)
        self._state = state
        return tuple(events)

    def _approve(
        self, actor: Actor, ids: Sequence[str], reason: str, fresh: Sequence[SealedContent] = (), *, automatic: bool
    ) -> tuple[Event, ...]:
        """Approve all of ``ids``, or those of them that the policy approves automatically."""
        decided = self._decisions(self._state, ids, fresh)
        groups: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for addendum_id in ids:
            decision = _decision(self._state, addendum_id, decided)
            if not automatic or decision.reviewers == 0:
                # A forbidden one is asked for with one reviewer, so that the check names the rule that forbids it.
                groups[decision.rule, 1 if decision.reviewers is None else decision.reviewers].append(addendum_id)
        bodies = [ev.Approved(ids=tuple(batch), rule=rule, required=n) for (rule, n), batch in groups.items()]
        return self._append(actor, bodies, reason, decided=decided)

    def _decisions(self, state: State, ids: Sequence[str], fresh: Sequence[SealedContent]) -> dict[str, Decision]:
        """What the policy asks for of each addendum that is known and has its content.

        Args:
            state: The state whose policy decides.
            ids: The addenda.
            fresh: Contents that are not stored yet, or were just now.
        """
        given = {sealed.addendum_id: sealed for sealed in fresh}
        withdrawn = {i: admission.withdrawn_by(state, i) for i in ids}
        wanted = [i for i in {*ids, *chain.from_iterable(withdrawn.values())} if i not in given]
        contents: dict[str, Content] = {}
        if state.policy.looks_at_relations:
            contents = self.contents(wanted) | {i: sealed.opened() for i, sealed in given.items()}
            there = contents.keys()
        else:
            there = rows.select_stored(self._connection, wanted) | given.keys()
        deciding = admission.Deciding(state.policy)
        decided = {i: deciding.decide(state.record(i), contents.get(i)) for i in there if i in state.records}
        return {
            i: strictest([decided[i], *(decided[t] for t in withdrawn[i] if t in decided)]) for i in ids if i in decided
        }

    def _check_approvals(self, state: State, actor: Actor, body: ev.Approved, decided: Mapping[str, Decision]) -> None:
        for addendum_id in body.ids:
            decision = _decision(state, addendum_id, decided)
            admission.check_approval(state, actor, state.record(addendum_id), decision, body)

    def _next(self, state: State, actor: Actor, reason: str, body: Body, text: str) -> Event:
        now = self._clock().astimezone(UTC)
        at = max(now, state.at) if state.at else now
        return link(state.head, at, actor, reason, body, text)

    def _store(self, events: Sequence[Event], texts: Sequence[str], contents: Sequence[SealedContent]) -> None:
        gone = [i for event in events if isinstance(event.body, ev.Erased) for i in event.body.ids]
        try:
            rows.insert_events(self._connection, events, texts)
            rows.insert_contents(self._connection, contents)
            rows.delete_contents(self._connection, gone)
            self.erases |= bool(gone)
        except IntegrityError as error:
            raise Conflict("the ledger moved in the meantime; nothing was written, try again") from error


class Trial(Session):
    """A session that keeps nothing: what it admits would be admitted now. Made by :meth:`Ledger.trying`."""

    def _store(self, events: Sequence[Event], texts: Sequence[str], contents: Sequence[SealedContent]) -> None:
        pass


def about(connection: Connection, state: State, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    """For each key the addenda about it, in order of proposal; see :meth:`Ledger.about`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, addendum_id in rows.select_about(connection, keys):
        found[key].add(addendum_id)
    return {key: state.records.in_order(ids) for key, ids in found.items()}


def erased(record: Record) -> UnknownId:
    """The error for an addendum whose content is not there."""
    return UnknownId(f"the content of {record.id!r} was erased; who proposed it and when is still in its history")


def _decision(state: State, addendum_id: str, decided: Mapping[str, Decision]) -> Decision:
    decision = decided.get(addendum_id)
    if decision is None:
        raise erased(state.record(addendum_id))
    return decision


def _check_contents(bodies: Sequence[Body], contents: Sequence[SealedContent]) -> None:
    wanted = {p.id: p.commitment for body in bodies if isinstance(body, ev.Proposed) for p in body.proposals}
    given = {sealed.addendum_id: sealed.commitment for sealed in contents}
    if wanted != given or len(given) != len(contents):
        raise InvalidInput("the contents passed along are not those that the proposals commit to; use seal()")
