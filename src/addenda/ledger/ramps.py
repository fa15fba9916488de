"""How far a rule with an autopilot has come to trust each source of notes, as a fold of what people decided.

A *source* is an actor that a note comes from: who proposed it, and who proposed the documents that it was taken from.
All of them must have earned it, so nobody's observations pass on what somebody else's have earned. A source is *on*
from the moment at which the lower end of the Wilson interval of its accepted notes reaches the rule's bound, until a
person rejects one of its notes, or takes back or replaces one that went by itself; what it had earned is gone then, and
it starts anew. Bringing another policy into force keeps what was earned only for rules that stay as they are.

Which notes go by themselves: :func:`goes_by_itself`. Which of those do harm to what people approved, the knowledge base
asks the memory of notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from addenda.intervals import wilson
from addenda.ledger import events as ev
from addenda.ledger.events import Event
from addenda.ledger.policy import Autopilot, Decision, Policy, Subject
from addenda.ledger.records import Record

RampKey: TypeAlias = tuple[str, str]
"""Name of a rule, and a source."""

Find: TypeAlias = Callable[[str], Record | None]
"""The record of an id, as it stands; None when there is none."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a source had to start anew."""

    at: datetime
    by: str
    addendum_id: str
    """The note that was not accepted."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """How far a rule trusts a source."""

    rule: str
    source: str
    decisions: tuple[bool, ...] = ()
    """What people decided about its notes since it started or started anew, the latest last: True is accepted."""
    since: datetime | None = None
    """When it was switched on; None while it is off."""
    unaudited: int = 0
    """Notes that went by themselves since a person last decided about one."""
    dropped: Dropped | None = None
    """When it was last dropped back; None if never."""

    @property
    def accepted(self) -> int:
        """How many of the decisions that count accepted a note."""
        return sum(self.decisions)

    @property
    def bound(self) -> float:
        """Lower end of the 95 % Wilson interval of the share that was accepted."""
        return wilson(self.accepted, len(self.decisions))[0]

    def __str__(self) -> str:
        """The measure in words."""
        last = len(self.decisions)
        return f"people accepted {self.accepted} of the last {last} notes of {self.source} ({self.bound:.3f} at least)"


def sources_of(record: Record, find: Find) -> tuple[str, ...]:
    """The actors that a note comes from."""
    behind = (found.proposer for i in record.evidence if (found := find(i)) is not None)
    return tuple(dict.fromkeys(map(str, (record.proposer, *behind))))


def is_audited(record: Record, autopilot: Autopilot) -> bool:
    """Whether chance makes this note wait for a person.

    The commitment decides, which is salted when the note is proposed, so that no proposer can know or choose it.
    """
    drawn = int(record.commitment[-13:], 16)
    return drawn < autopilot.audit * 16**13


def goes_by_itself(record: Record, decision: Decision, ramps: Mapping[RampKey, Ramp], find: Find) -> str:
    """Why a note that just came in may go on without a person, in words; empty when it may not.

    It may when every source of it is on and was audited lately, chance does not make it wait, and it replaces nothing
    that a person approved.
    """
    pilot = decision.autopilot
    if pilot is None or record.stage != "proposed" or is_audited(record, pilot):
        return ""
    if any(is_by_person(find(target)) for target in record.supersedes):
        return ""
    found = [ramps.get((decision.rule, source)) for source in sources_of(record, find)]
    on = [ramp for ramp in found if ramp is not None and ramp.since and ramp.unaudited < pilot.unaudited]
    return "; ".join(map(str, on)) if len(on) == len(found) else ""


def is_by_person(record: Record | None) -> bool:
    """Whether a person approved it, or proposed it."""
    if record is None:
        return False
    return record.proposer.kind == "person" or any(approval.by.kind == "person" for approval in record.approvals)


_DECISIONS = (ev.Approved, ev.Rejected, ev.Activating, ev.Retired, ev.Disabled)
"""The events by which notes are accepted or not; what a person brings into force may replace a note."""


class Ramps:
    """The ramps of a state in the making. It owns its mapping."""

    def __init__(self, start: Mapping[RampKey, Ramp], policy: Policy) -> None:
        self.found = dict(start)
        self._policy = policy

    def govern(self, policy: Policy) -> None:
        """Another policy is in force: what was earned stays with the rules that are the same in it."""
        if policy is self._policy:
            return
        before = {rule.name: rule for rule in self._policy.rules}
        same = {rule.name for rule in policy.rules if rule.autopilot is not None and before.get(rule.name) == rule}
        self.found = {key: ramp for key, ramp in self.found.items() if ramp.rule in same}
        self._policy = policy

    def take(self, event: Event, body: ev.Body, find: Find) -> None:
        """Work in what a person decided, and what went by itself; the records stand as they do after the event."""
        if not self._policy.autopilots:
            return
        for record in _found(body.ids, find) if isinstance(body, _DECISIONS) else ():
            match body:
                case ev.Approved():
                    self._approved(event, body.rule, record, find)
                case ev.Rejected():
                    self._rejected(event, record, find)
                case ev.Activating() if record.proposer.kind == "person":
                    for target in _found(record.supersedes, find):
                        self._taken_back(event, target, find)
                case ev.Retired() | ev.Disabled():
                    self._taken_back(event, record, find)
                case _:
                    pass

    def _approved(self, event: Event, rule: str, record: Record, find: Find) -> None:
        pilot = self._policy.autopilots.get(rule)
        if pilot is None or record.stage != "approved":
            return
        for ramp in self._of(rule, record, find):
            if event.actor.kind == "person":
                counted = replace(ramp, decisions=(*ramp.decisions, True)[-pilot.window :], unaudited=0)
                earned = counted.since is None and counted.bound >= pilot.bound
                self._keep(replace(counted, since=event.at) if earned else counted)
            else:
                self._keep(replace(ramp, unaudited=ramp.unaudited + 1))

    def _rejected(self, event: Event, record: Record, find: Find) -> None:
        if record.is_by(event.actor):  # nobody decides about their own: it was withdrawn
            return
        rule = _rule_about(record, self._policy)
        for ramp in self._of(rule, record, find) if rule is not None else ():
            self._refused(event, ramp, record)

    def _taken_back(self, event: Event, record: Record, find: Find) -> None:
        for approval in record.approvals:
            if approval.by.kind == "system" and approval.rule in self._policy.autopilots:
                for ramp in self._of(approval.rule, record, find):
                    self._refused(event, ramp, record)

    def _refused(self, event: Event, ramp: Ramp, record: Record) -> None:
        if ramp.since is None:
            window = self._policy.autopilots[ramp.rule].window
            self._keep(replace(ramp, decisions=(*ramp.decisions, False)[-window:]))
        else:
            self._keep(Ramp(ramp.rule, ramp.source, dropped=Dropped(event.at, str(event.actor), record.id)))

    def _of(self, rule: str, record: Record, find: Find) -> list[Ramp]:
        return [self.found.get((rule, source), Ramp(rule, source)) for source in sources_of(record, find)]

    def _keep(self, ramp: Ramp) -> None:
        self.found[ramp.rule, ramp.source] = ramp


def _found(ids: Iterable[str], find: Find) -> Iterator[Record]:
    return (record for record in map(find, ids) if record is not None)


def _rule_about(record: Record, policy: Policy) -> str | None:
    """The name of the rule that decides about a note, if it has an autopilot."""
    decision = policy.decide(Subject(record.kind, record.source, record.trust, record.tags))
    return decision.rule if decision.autopilot is not None else None
