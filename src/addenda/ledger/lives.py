"""The part of the fold that concerns addenda: how each event moves their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from addenda.errors import Conflict, PermissionDenied, UnknownId
from addenda.ledger import events as ev
from addenda.ledger.events import Event
from addenda.ledger.records import Approval, Closing, Record, Verdict
from addenda.ledger.state import State
from addenda.ledger.transitions import Move, Stage, check_move


class Lives:
    """The records of a state in the making. It owns its mappings; the records in them are values."""

    def __init__(self, start: State) -> None:
        self.records = dict(start.records)
        self.replacements = dict(start.replacements)
        self.sequence = start.sequence

    def take(self, event: Event, body: ev.Body) -> bool:
        """Work a body in; False when it is of a kind that concerns settings."""
        handler = _HANDLERS.get(type(body))
        if handler is not None:
            handler(self, event, body)
        return handler is not None

    def propose(self, event: Event, body: ev.Proposed) -> None:
        """A batch of addenda comes in."""
        for proposal in body.proposals:
            if proposal.id in self.records:
                raise Conflict(f"there is an addendum {proposal.id!r} already; propose it under a fresh id")
            for named in (*proposal.evidence, *proposal.supersedes):
                self._record(named)
            self.records[proposal.id] = Record(
                id=proposal.id,
                stage="proposed",
                kind=proposal.content_kind,
                commitment=proposal.commitment,
                source=proposal.source,
                author=proposal.author,
                proposer=event.actor,
                proposed_at=event.at,
                based_on=body.based_on,
                history=(event.position,),
                valid_from=proposal.valid_from,
                valid_until=proposal.valid_until,
                audience=proposal.audience,
                trust=proposal.trust,
                tags=proposal.tags,
                evidence=proposal.evidence,
                supersedes=proposal.supersedes,
                last_reason=event.reason,
            )

    def approve(self, event: Event, body: ev.Approved) -> None:
        """One more approval; enough of them move the addendum on."""
        for addendum_id in body.ids:
            record = self._moving(addendum_id, "approved", event)
            if event.actor == record.proposer or (event.actor.kind == "person" and event.actor.name == record.author):
                raise PermissionDenied(f"{event.actor} proposed {addendum_id!r}; somebody else must approve it")
            if any(approval.by == event.actor for approval in record.approvals):
                raise Conflict(f"{event.actor} has approved {addendum_id!r} already; another reviewer is needed")
            approvals = (*record.approvals, Approval(event.actor, event.at, event.position, body.rule))
            renewed = record.stage == "needs_review"
            self.records[addendum_id] = replace(
                record,
                stage="approved" if len(approvals) >= body.required else "proposed",
                approvals=approvals,
                based_on=event.position if renewed else record.based_on,
                history=_longer(record, event),
                last_reason=event.reason,
            )

    def reject(self, event: Event, body: ev.Rejected) -> None:
        """They will not be used."""
        self._advance(event, body.ids, "rejected", "rejected")

    def send_back(self, event: Event, body: ev.ReviewNeeded) -> None:
        """Approvals and tests no longer count."""
        for addendum_id in body.ids:
            record = self._moving(addendum_id, "review_needed", event)
            self.records[addendum_id] = replace(
                record,
                stage="needs_review",
                approvals=(),
                verdict=None,
                history=_longer(record, event),
                last_reason=event.reason,
            )

    def judge(self, event: Event, body: ev.GateJudged) -> None:
        """Each addendum of the batch passes or stays behind."""
        for verdict in body.verdicts:
            record = self._moving(verdict.id, "gate_judged", event)
            judged = Verdict(verdict.passed, verdict.reason, verdict.scores, body.report, event.at, body.staged_at)
            self.records[verdict.id] = replace(
                record,
                stage="tested" if verdict.passed else "gate_failed",
                verdict=judged,
                history=_longer(record, event),
                last_reason=verdict.reason or event.reason,
            )

    def start_delivery(self, event: Event, body: ev.Activating) -> None:
        """Places in the order are given; delivery begins."""
        for addendum_id in body.ids:
            record = self._moving(addendum_id, "activating", event)
            targets = body.supersedes.get(addendum_id, record.supersedes)
            for target in targets:
                self._record(target)
            self.sequence += 1
            self.records[addendum_id] = replace(
                record,
                stage="activating",
                memories=tuple(dict.fromkeys(body.memories)),
                supersedes=targets,
                sequence=self.sequence,
                history=_longer(record, event),
                last_reason=event.reason,
            )

    def deliver(self, event: Event, body: ev.Delivered) -> None:
        """A memory holds the artefacts; what all its memories hold is active, and replaces what it replaces."""
        for addendum_id, digest in body.artefacts.items():
            record = self._moving(addendum_id, "delivered", event)
            if body.memory not in record.expected:
                raise Conflict(f"{addendum_id!r} expects no delivery to memory {body.memory!r}")
            deliveries = {**record.deliveries, body.memory: digest}
            complete = len(deliveries) == len(record.memories)
            self.records[addendum_id] = replace(
                record,
                stage="active" if complete else "activating",
                deliveries=deliveries,
                activated_at=event.at if complete else None,
                history=_longer(record, event),
                last_reason=event.reason,
            )
            if complete:
                self._replace(addendum_id, record.supersedes, event)

    def undo_activation(self, event: Event, body: ev.ActivationUndone) -> None:
        """Back to where they stood before delivery began."""
        for addendum_id in body.ids:
            record = self._moving(addendum_id, "activation_undone", event)
            self.records[addendum_id] = replace(
                record,
                stage="tested",
                memories=(),
                deliveries={},
                sequence=None,
                history=_longer(record, event),
                last_reason=event.reason,
            )

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
        for addendum_id in body.ids:
            record = self._moving(addendum_id, "window_closed", event)
            self.records[addendum_id] = replace(
                record,
                closed_until=min(record.closed_until or body.until, body.until),
                history=_longer(record, event),
                last_reason=event.reason,
            )

    def _record(self, addendum_id: str) -> Record:
        found = self.records.get(addendum_id)
        if found is None:
            raise UnknownId(f"there is no addendum {addendum_id!r}; `list` shows the ids that exist")
        return found

    def _moving(self, addendum_id: str, move: Move, event: Event) -> Record:
        record = self._record(addendum_id)
        check_move(addendum_id, record.stage, record.status(event.at), move)
        return record

    def _advance(self, event: Event, ids: Iterable[str], move: Move, stage: Stage) -> None:
        for addendum_id in ids:
            record = self._moving(addendum_id, move, event)
            self.records[addendum_id] = replace(
                record, stage=stage, history=_longer(record, event), last_reason=event.reason
            )
            for target in record.supersedes:
                self._close(target, event)

    def _replace(self, addendum_id: str, targets: Iterable[str], event: Event) -> None:
        for target in dict.fromkeys(targets):
            if self.records[target].activated_at is not None and target != addendum_id:
                self.replacements[target] = (*self.replacements.get(target, ()), addendum_id)
                self._close(target, event)

    def _close(self, target: str, event: Event) -> None:
        """Recompute from when on ``target`` is replaced, and by whom, after a replacement came or went.

        A replacement that is out of force passes on the closings of those that replaced it, so that taking one out of
        the middle does not bring back what a later one has replaced too. Replacements became active after what they
        replace, so this ends.
        """
        record = self.records[target]
        closings = tuple(dict.fromkeys(self._closings(target)))
        if closings == record.closings:
            return
        self.records[target] = replace(record, closings=closings, history=_longer(record, event))
        if record.stage != "active":
            for earlier in record.supersedes:
                self._close(earlier, event)

    def _closings(self, target: str) -> Iterable[Closing]:
        for by in self.replacements.get(target, ()):
            replacement = self.records[by]
            if replacement.stage == "active" and (since := replacement.activated_at) is not None:
                yield Closing(by, max(since, replacement.valid_from or since))
            else:
                yield from replacement.closings


def _longer(record: Record, event: Event) -> tuple[int, ...]:
    return record.history if record.history[-1] == event.position else (*record.history, event.position)


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
