"""Addenda as they are listed, shown and proposed."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from addenda.knowledge_base import ContentKind, Event, KnowledgeBase, Person, Proposing, Receipt, Record
from addenda.knowledge_base.finding import starts
from addenda.knowledge_base.quoting import quoted_evidence
from addenda.knowledge_base.seeing import version
from addenda.surfaces.describing import happened, says
from addenda.types import EVERYONE, Addendum, Content, Frozen, MemoryName, Moment, Status, Trust

ID = Field(examples=["d4c1a09be2f37c55"])
"""An addendum's id, for the fields that have one."""


class AddendumShown(Frozen):
    """One addendum, as lists give it."""

    id: str = ID
    version: int
    """Ledger position of the last event about it: its ETag."""
    status: Status
    kind: ContentKind
    says: str = Field(examples=["noise level of Velmor Tasky: 41 dB"])
    """What it says, in one line."""
    content: Content | None
    """None when it was erased."""
    source: str
    author: str
    since: datetime | None
    """When the present status began."""
    tags: tuple[str, ...]
    audience: tuple[str, ...]
    trust: Trust
    valid_from: datetime | None
    valid_until: datetime | None


class AddendaPage(Frozen):
    """Addenda, newest first."""

    addenda: tuple[AddendumShown, ...]
    next: str | None
    """Cursor of the next page; None on the last."""
    position: int
    """Ledger position that the list was read at: its ETag."""


class Approval(Frozen):
    """One approval that counts."""

    by: str
    at: datetime
    rule: str
    """The rule of the policy that it followed."""


class GateResult(Frozen):
    """What the gate said last."""

    passed: bool
    reason: str
    scores: dict[str, float]
    report: str | None
    """Digest of the whole report."""
    at: datetime


class DeliveryShown(Frozen):
    """How one memory has it."""

    memory: MemoryName
    digest: str | None
    """Digest of what the memory stored; None while it has yet to be delivered."""


class QuotedShown(Frozen):
    """A piece of evidence, and what it says there."""

    id: str
    status: Status
    title: str | None
    line: int | None
    sentence: str | None


class AddendumMore(Frozen):
    """What a list does not say about an addendum."""

    proposed_by: str
    proposed_at: datetime
    starts: datetime | None
    """First instant at which it holds."""
    ends: datetime | None
    """First instant at which it holds no longer, replacements included."""
    evidence: tuple[str, ...]
    quoted: tuple[QuotedShown, ...]
    supersedes: tuple[str, ...]
    superseded_by: tuple[str, ...]
    approvals: tuple[Approval, ...]
    gate: GateResult | None
    deliveries: tuple[DeliveryShown, ...]
    last_reason: str


class AddendumDetail(AddendumShown, AddendumMore):
    """Everything about one addendum."""


class EventShown(Frozen):
    """One event, told of one addendum."""

    position: int
    at: datetime
    by: str
    kind: str
    what: str
    """In words."""
    reason: str
    hash: str


class History(Frozen):
    """What happened to one addendum, in order."""

    id: str = ID
    events: tuple[EventShown, ...]


class Draft(Frozen):
    """What is to be proposed."""

    content: Content = Field(
        examples=[{"kind": "fact", "subject": "Velmor Tasky", "relation": "noise level", "object": "41 dB"}]
    )
    source: str = Field(default="api", min_length=1, max_length=500)
    """Where it comes from."""
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    """First instant at which it holds no longer."""
    audience: tuple[str, ...] = (EVERYONE,)
    evidence: tuple[str, ...] = ()
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """For notes and documents: those that it replaces. What a fact or an answer replaces follows from what it says."""

    def addendum(self, author: str, addendum_id: str | None) -> Addendum:
        """The addendum that is proposed."""
        values = self.model_dump(exclude={"replaces"})
        known = {} if addendum_id is None else {"id": addendum_id}
        return Addendum.model_validate({**values, **known, "author": author})


class Propose(Frozen):
    """A batch of proposals: all of them are proposed, or none."""

    addenda: tuple[Draft, ...] = Field(min_length=1, max_length=10_000)
    reason: str = ""
    dry_run: bool = False
    """Only tell what would become of them."""


class Replaced(Frozen):
    """Something live that is to be replaced."""

    id: str
    says: str


class ProposalOutcome(Frozen):
    """What became, or would become, of one proposal."""

    id: str | None
    """None when something already says it."""
    says: str
    source: str
    supersedes: tuple[Replaced, ...]
    duplicate_of: str | None
    warnings: tuple[str, ...]


class Proposed(Frozen):
    """What became of a batch."""

    dry_run: bool
    outcomes: tuple[ProposalOutcome, ...]


class ReceiptShown(Frozen):
    """What one memory had stored for what was erased, and holds no longer."""

    memory: MemoryName
    destroyed: tuple[str, ...]
    """Digests."""
    remains: str
    """What of it is still there, and what keeps it from answers; empty when nothing is."""


def shown(kb: KnowledgeBase, records: list[Record], now: datetime) -> tuple[AddendumShown, ...]:
    """Records as lists give them."""
    contents = kb.ledger.addenda([record.id for record in records]) if records else {}
    begun = starts(kb.ledger, records, now)
    return tuple(AddendumShown.model_validate(_fields(r, contents.get(r.id), now, begun.get(r.id))) for r in records)


def detail(kb: KnowledgeBase, record: Record, now: datetime) -> AddendumDetail:
    """Everything about one addendum."""
    addendum = kb.ledger.addenda([record.id]).get(record.id)
    start = starts(kb.ledger, [record], now).get(record.id)
    quoted = () if addendum is None else quoted_evidence(kb.ledger, addendum)
    verdict = record.verdict
    waiting = [DeliveryShown(memory=name, digest=None) for name in record.expected]
    more = AddendumMore(
        proposed_by=str(record.proposer),
        proposed_at=record.proposed_at,
        starts=record.starts,
        ends=record.ends,
        evidence=record.evidence,
        quoted=tuple(
            QuotedShown(id=q.id, status=q.status, title=q.title, line=q.line, sentence=q.sentence) for q in quoted
        ),
        supersedes=record.supersedes,
        superseded_by=record.superseded_by,
        approvals=tuple(Approval(by=str(a.by), at=a.at, rule=a.rule) for a in record.approvals),
        gate=None
        if verdict is None
        else GateResult(
            passed=verdict.passed,
            reason=kb.why_failed(record.id),
            scores=dict(verdict.scores),
            report=verdict.report,
            at=verdict.at,
        ),
        deliveries=(
            *(DeliveryShown(memory=name, digest=digest) for name, digest in record.deliveries.items()),
            *waiting,
        ),
        last_reason=record.last_reason,
    )
    return AddendumDetail.model_validate({**_fields(record, addendum, now, start), **dict(more)})


def told(event: Event, addendum_id: str) -> EventShown:
    """An event, told of one addendum."""
    return EventShown(
        position=event.position,
        at=event.at,
        by=str(event.actor),
        kind=event.body.kind,
        what=happened(event, addendum_id),
        reason=event.reason,
        hash=event.hash,
    )


def became(kb: KnowledgeBase, outcomes: tuple[Proposing, ...]) -> tuple[ProposalOutcome, ...]:
    """What became of proposals, with what they replace in words."""
    replaced = {i for outcome in outcomes for i in outcome.supersedes}
    contents = kb.ledger.addenda(replaced) if replaced else {}
    return tuple(
        ProposalOutcome(
            id=None if one.duplicate_of else one.addendum.id,
            says=says(one.addendum.content),
            source=one.addendum.source,
            supersedes=tuple(
                Replaced(id=i, says=says(contents[i].content if i in contents else None)) for i in one.supersedes
            ),
            duplicate_of=one.duplicate_of,
            warnings=one.warnings,
        )
        for one in outcomes
    )


def proposed_before(kb: KnowledgeBase, by: Person, addenda: list[Addendum]) -> tuple[ProposalOutcome, ...]:
    """What became of a batch that was proposed under these ids; those without a record were said already."""
    records = kb.state.records
    missing = [one for one in addenda if one.id not in records]
    again = kb.changes.propose(missing, by=by, dry_run=True) if missing else ()
    known = {one.addendum.id: one for one in again}
    outcomes = [
        known[one.id] if one.id in known else Proposing(one, supersedes=records[one.id].supersedes) for one in addenda
    ]
    return became(kb, tuple(outcomes))


def receipt(one: Receipt) -> ReceiptShown:
    """What an erasure destroyed in one memory."""
    return ReceiptShown(memory=one.memory, destroyed=one.digests, remains=one.remains)


def _fields(record: Record, addendum: Addendum | None, now: datetime, start: datetime | None) -> dict[str, object]:
    return {
        "id": record.id,
        "version": version(record),
        "status": record.status(now),
        "kind": record.kind,
        "says": says(None if addendum is None else addendum.content),
        "content": None if addendum is None else addendum.content,
        "source": record.source,
        "author": record.author,
        "since": start,
        "tags": record.tags,
        "audience": record.audience,
        "trust": record.trust,
        "valid_from": record.valid_from,
        "valid_until": record.valid_until,
    }
