"""The part of the fold that concerns addenda: how each event moves their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from addenda.errors import Conflict, PermissionDenied, UnknownId
from addenda.ledger import events as ev
from addenda.ledger.events import Event
from addenda.ledger.records import Approval, Closing, Record, Standing, Verdict
from addenda.ledger.shelves import Records
from addenda.ledger.state import State
from addenda.ledger.transitions import ALLOWED, Move, Stage, check_move


class _Together:
    """How one event moves standings. Addenda that stood together before it stand together after it."""

    def __init__(self, move: Callable[[Record], Standing]) -> None:
        """Take how a record's standing moves; of the record, only its id may be looked at besides."""
        self._move = move
        # What was left is kept too, so that its identity is not given to another standing meanwhile.
        self._moved: dict[int, tuple[Standing, Standing]] = {}

    def __call__(self, record: Record) -> Standing:
        """Where the record stands after the event."""
        known = self._moved.get(id(record.standing))
        if known is None:
            known = self._moved[id(record.standing)] = (record.standing, self._move(record))
        return known[1]


class Lives:
    """The records of a state in the making. It owns those that changed; the records are values."""

    def __init__(self, start: State) -> None:
        self._before = start.records
        self._changed: dict[str, Record] = {}
        self.sequence = start.sequence

    @property
    def records(self) -> Records:
        """All records as they stand now."""
        return self._before.updated(self._changed)

    def take(self, event: Event, body: ev.Body) -> bool:
        """Work a body in; False when it is of a kind that concerns settings."""
        handler = _HANDLERS.get(type(body))
        if handler is not None:
            handler(self, event, body)
        return handler is not None

    def find(self, addendum_id: str) -> Record | None:
        """The record of a full id as it stands now; None when there is none."""
        return self._changed.get(addendum_id) or self._before.find(addendum_id)

    def propose(self, event: Event, body: ev.Proposed) -> None:
        """A batch of addenda comes in."""
        standing = Standing(
            stage="proposed",
            proposer=event.actor,
            proposed_at=event.at,
            based_on=body.based_on,
            history=(event.position,),
            on_behalf_of=body.on_behalf_of,
            last_reason=event.reason,
        )
        for proposal in body.proposals:
            if self.find(proposal.id) is not None:
                raise Conflict(f"there is an addendum {proposal.id!r} already; propose it under a fresh id")
            self._require(proposal.evidence)
            self._require(proposal.supersedes)
            self._changed[proposal.id] = Record(proposal, standing, proposal.supersedes)

    def approve(self, event: Event, body: ev.Approved) -> None:
        """One more approval; enough of them move the addendum on."""

        def move(record: Record) -> Standing:
            standing = record.standing
            after = _after(record, "approved", event)
            if record.is_by(event.actor):
                raise _own(record, event)
            if any(approval.by == event.actor for approval in standing.approvals):
                raise Conflict(f"{event.actor} has approved {record.id!r} already; another reviewer is needed")
            approvals = (*standing.approvals, Approval(event.actor, event.at, event.position, body.rule))
            return replace(
                after,
                stage="approved" if len(approvals) >= body.required else "proposed",
                approvals=approvals,
                based_on=event.position if standing.stage == "needs_review" else standing.based_on,
            )

        together, approver = _Together(move), event.actor.name if event.actor.kind == "person" else None
        for addendum_id in body.ids:
            record = self._record(addendum_id)
            standing = together(record)
            if record.proposal.author == approver:
                raise _own(record, event)
            for source in record.evidence:
                if self._record(source).is_by(event.actor):
                    raise PermissionDenied(
                        f"{event.actor} proposed {source!r}, from which {record.id!r} was taken; somebody else must "
                        "approve it"
                    )
            self._changed[addendum_id] = record.at(standing)

    def reject(self, event: Event, body: ev.Rejected) -> None:
        """They will not be used."""
        self._advance(event, body.ids, "rejected", "rejected")

    def send_back(self, event: Event, body: ev.ReviewNeeded) -> None:
        """Approvals and tests no longer count."""

        def move(record: Record) -> Standing:
            after = _after(record, "review_needed", event)
            return replace(after, stage="needs_review", approvals=(), verdict=None)

        together = _Together(move)
        for addendum_id in body.ids:
            record = self._record(addendum_id)
            self._changed[addendum_id] = record.at(together(record))

    def judge(self, event: Event, body: ev.GateJudged) -> None:
        """Each addendum of the batch passes or stays behind."""

        def judging(verdict: ev.GateVerdict) -> _Together:
            judged = Verdict(verdict.passed, verdict.reason, verdict.scores, body.report, event.at, body.staged_at)

            def move(record: Record) -> Standing:
                after = _after(record, "gate_judged", event)
                stage = "tested" if verdict.passed else "gate_failed"
                return replace(after, stage=stage, verdict=judged, last_reason=verdict.reason or event.reason)

            return _Together(move)

        alike: dict[tuple[object, ...], _Together] = {}
        for verdict in body.verdicts:
            findings = (verdict.passed, verdict.reason, *verdict.scores.items())
            together = alike.get(findings)
            if together is None:
                together = alike[findings] = judging(verdict)
            record = self._record(verdict.id)
            self._changed[verdict.id] = record.at(together(record))

    def start_delivery(self, event: Event, body: ev.Activating) -> None:
        """Places in the order are given; delivery begins."""
        memories = tuple(dict.fromkeys(body.memories))

        def move(record: Record) -> Standing:
            return replace(_after(record, "activating", event), stage="activating", memories=memories)

        together = _Together(move)
        for addendum_id in body.ids:
            record = self._record(addendum_id)
            standing = together(record)
            targets = body.supersedes.get(addendum_id, record.supersedes)
            self._require(targets)
            self.sequence += 1
            self._changed[addendum_id] = Record(
                record.proposal,
                standing,
                supersedes=targets,
                digests=(None,) * len(memories),
                sequence=self.sequence,
                closings=record.closings,
                replacements=record.replacements,
            )

    def deliver(self, event: Event, body: ev.Delivered) -> None:
        """A memory holds the artefacts; what all its memories hold is active, and replaces what it replaces."""

        def finish(record: Record) -> Standing:
            return replace(_after(record, "delivered", event), stage="active", activated_at=event.at)

        finished, waiting = _Together(finish), _Together(lambda record: _after(record, "delivered", event))
        touched = _touching(event)
        # In the order in which the event is read back, whatever the order in which it was made.
        for addendum_id in sorted(body.artefacts):
            record = self._record(addendum_id)
            _check_move(record, "delivered", event)
            memories = record.standing.memories
            place = memories.index(body.memory) if body.memory in memories else None
            if place is None or record.digests[place] is not None:
                raise Conflict(f"{addendum_id!r} expects no delivery to memory {body.memory!r}")
            digests = (*record.digests[:place], body.artefacts[addendum_id], *record.digests[place + 1 :])
            complete = None not in digests
            standing = finished(record) if complete else waiting(record)
            self._changed[addendum_id] = record._replace(standing=standing, digests=digests)
            if complete and record.supersedes:
                self._replace(addendum_id, record.supersedes, touched)

    def undo_activation(self, event: Event, body: ev.ActivationUndone) -> None:
        """Back to where they stood before delivery began."""

        def move(record: Record) -> Standing:
            return replace(_after(record, "activation_undone", event), stage="tested", memories=())

        together = _Together(move)
        for addendum_id in body.ids:
            record = self._record(addendum_id)
            self._changed[addendum_id] = record._replace(standing=together(record), digests=(), sequence=None)

    def disable(self, event: Event, body: ev.Disabled) -> None:
        """Out of every answer, until enabled."""
        self._advance(event, body.ids, "disabled", "disabled")

    def enable(self, event: Event, body: ev.Enabled) -> None:
        """Back in answers."""
        self._advance(event, body.ids, "enabled", "active")

    def retire(self, event: Event, body: ev.Retired) -> None:
        """Out of every answer, for good."""
        self._advance(event, body.ids, "retired", "retired")

    def erase(self, event: Event, body: ev.Erased) -> None:
        """Out of every answer, for good, and without content."""
        self._advance(event, body.ids, "erased", "erased")

    def close_window(self, event: Event, body: ev.WindowClosed) -> None:
        """The window ends at this moment, if it did not end before."""

        def move(record: Record) -> Standing:
            until = min(record.standing.closed_until or body.until, body.until)
            return replace(_after(record, "window_closed", event), closed_until=until)

        together = _Together(move)
        for addendum_id in body.ids:
            record = self._record(addendum_id)
            self._changed[addendum_id] = record.at(together(record))

    def _record(self, addendum_id: str) -> Record:
        found = self.find(addendum_id)
        if found is None:
            raise UnknownId(f"there is no addendum {addendum_id!r}; `list` shows the ids that exist")
        return found

    def _require(self, ids: Iterable[str]) -> None:
        for addendum_id in ids:
            self._record(addendum_id)

    def _advance(self, event: Event, ids: Iterable[str], move: Move, stage: Stage) -> None:
        together = _Together(lambda record: replace(_after(record, move, event), stage=stage))
        touched = _touching(event)
        for addendum_id in ids:
            record = self._record(addendum_id)
            self._changed[addendum_id] = record.at(together(record))
            for target in record.supersedes:
                self._close(target, touched)

    def _replace(self, addendum_id: str, targets: Iterable[str], touched: _Together) -> None:
        for target in dict.fromkeys(targets):
            record = self._record(target)
            if record.activated_at is not None and target != addendum_id:
                self._changed[target] = record._replace(replacements=(*record.replacements, addendum_id))
                self._close(target, touched)

    def _close(self, target: str, touched: _Together) -> None:
        """Recompute from when on ``target`` is replaced, and by whom, after a replacement came or went.

        A replacement that is out of force passes on the closings of those that replaced it, so that taking one out of
        the middle does not bring back what a later one has replaced too. Replacements became active after what they
        replace, so this ends.
        """
        record = self._record(target)
        closings = tuple(dict.fromkeys(self._closings(record)))
        if closings == record.closings:
            return
        self._changed[target] = record._replace(standing=touched(record), closings=closings)
        if record.stage != "active":
            for earlier in record.supersedes:
                self._close(earlier, touched)

    def _closings(self, record: Record) -> Iterable[Closing]:
        for by in record.replacements:
            replacement = self._record(by)
            if replacement.stage == "active" and (since := replacement.activated_at) is not None:
                yield Closing(by, max(since, replacement.valid_from or since))
            else:
                yield from replacement.closings


def _after(record: Record, move: Move, event: Event) -> Standing:
    """The standing with one more event in it. Raises Conflict when its stage does not admit the move."""
    _check_move(record, move, event)
    return replace(record.standing, history=_longer(record.standing, event), last_reason=event.reason)


def _check_move(record: Record, move: Move, event: Event) -> None:
    if move not in ALLOWED[record.standing.stage]:
        check_move(record.id, record.stage, record.status(event.at), move)


def _touching(event: Event) -> _Together:
    """The event changed what replaces an addendum, and nothing else about it."""
    return _Together(lambda record: replace(record.standing, history=_longer(record.standing, event)))


def _longer(standing: Standing, event: Event) -> tuple[int, ...]:
    history = standing.history
    return history if history[-1] == event.position else (*history, event.position)


def _own(record: Record, event: Event) -> PermissionDenied:
    return PermissionDenied(f"{event.actor} proposed {record.id!r}; somebody else must approve it")


_Handler: TypeAlias = Callable[[Lives, Event, Any], None]

_HANDLERS: Mapping[type[ev.Body], _Handler] = MappingProxyType(
    {
        ev.Proposed: Lives.propose,
        ev.Approved: Lives.approve,
        ev.Rejected: Lives.reject,
        ev.ReviewNeeded: Lives.send_back,
        ev.GateJudged: Lives.judge,
        ev.Activating: Lives.start_delivery,
        ev.Delivered: Lives.deliver,
        ev.ActivationUndone: Lives.undo_activation,
        ev.Disabled: Lives.disable,
        ev.Enabled: Lives.enable,
        ev.Retired: Lives.retire,
        ev.WindowClosed: Lives.close_window,
        ev.Erased: Lives.erase,
    }
)
