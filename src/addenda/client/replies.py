"""What a server says, as the client reads it.

The names are those of the server's OpenAPI schemas. What this version does not know is ignored, and words that may grow
(a status, a kind) are kept as text, so that a client and a server need not be of one version. A token that is shown
once is in no representation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from addenda.types import Content


class Told(BaseModel):
    """Base of all that a server says: immutable, and open for what later versions add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AddendumShown(Told):
    """One addendum, as lists give it."""

    id: str
    version: int
    """Ledger position of the last event about it: its ETag."""
    status: str
    """A :data:`addenda.types.Status`, or a word that only a later version knows."""
    kind: str
    says: str
    """What it says, in one line."""
    content: Content | dict[str, JsonValue] | None
    """None when it was erased; as it was sent when it is of a kind that this version does not know."""
    source: str
    author: str
    since: datetime | None
    """When the present status began."""
    tags: tuple[str, ...]
    audience: tuple[str, ...]
    trust: str
    valid_from: datetime | None
    valid_until: datetime | None
    seen: int = 0
    """Ledger position up to which everything about it was seen; made by the client."""

    @model_validator(mode="after")
    def _seen_at_least_itself(self) -> Self:
        return self if self.seen >= self.version else self.model_copy(update={"seen": self.version})


class AddendaPage(Told):
    """Addenda, newest first."""

    addenda: tuple[AddendumShown, ...]
    next: str | None
    """Cursor of the next page; None on the last."""
    position: int
    """Ledger position that the list was read at."""


class Approval(Told):
    """One approval that counts."""

    by: str
    at: datetime
    rule: str


class GateResult(Told):
    """What the gate said last."""

    passed: bool
    reason: str
    scores: dict[str, float]
    report: str | None
    at: datetime


class DeliveryShown(Told):
    """How one memory has it."""

    memory: str
    digest: str | None
    """None while it has yet to be delivered."""


class QuotedShown(Told):
    """A piece of evidence, and what it says there."""

    id: str
    status: str
    title: str | None
    line: int | None
    sentence: str | None


class AddendumDetail(AddendumShown):
    """Everything about one addendum."""

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


class EventShown(Told):
    """One event, told of one addendum."""

    position: int
    at: datetime
    by: str
    kind: str
    what: str
    """In words."""
    reason: str
    hash: str


class History(Told):
    """What happened to one addendum, in order."""

    id: str
    events: tuple[EventShown, ...]


class Replaced(Told):
    """Something live that is to be replaced."""

    id: str
    says: str


class ProposalOutcome(Told):
    """What became, or would become, of one proposal. A proposal is durable before the server answers."""

    id: str | None
    """None when something already says it."""
    says: str
    source: str
    supersedes: tuple[Replaced, ...]
    duplicate_of: str | None
    warnings: tuple[str, ...]


class Proposed(Told):
    """What became of a batch."""

    dry_run: bool
    outcomes: tuple[ProposalOutcome, ...]


class Stands(Told):
    """How an addendum stands now."""

    id: str
    status: str
    version: int


class ReceiptShown(Told):
    """What one memory had stored for what was erased, and holds no longer."""

    memory: str
    destroyed: tuple[str, ...]
    remains: str


class Decided(Told):
    """What a decision did."""

    addenda: tuple[Stands, ...]
    waiting: tuple[str, ...] = ()
    """Approved, and waiting for one more approver."""
    needs_review: tuple[str, ...] = ()
    """Sent back, because what they replace has changed since they were proposed."""
    receipts: tuple[ReceiptShown, ...] = ()
    remaining_in_weights: tuple[str, ...] = ()
    position: int


class MatchShown(Told):
    """One addendum that a memory considered."""

    addendum_id: str
    says: str
    source: str | None
    memory: str
    score: float
    threshold: float
    injected: bool
    cited: bool
    changed_answer: bool | None
    """Whether the answer differs without it; known after explaining."""
    text_without: str | None = None
    """The answer without it; after explaining, where it was injected."""


class AnswerShown(Told):
    """An answer, and what had a part in it."""

    id: str
    question: str
    text: str
    finished: bool
    asked_at: datetime
    as_of: datetime
    audience: str
    model: str
    ledger_position: int
    memories: tuple[str, ...]
    matches: tuple[MatchShown, ...]
    consultation: dict[str, JsonValue] | None
    """What an executive and a memory model said to each other."""


class Explained(AnswerShown):
    """An answer, and what changed it."""

    without_memories: str
    """What the model says with no memory at all."""


class FeedbackKept(Told):
    """The observation that was kept of an answer."""

    id: str | None
    """None in a dry run that found no other."""
    duplicate: bool
    source: str = ""
    """What it is called as the source of what is learned."""


class CellProblem(Told):
    """A cell that keeps its row out, or that somebody should look at."""

    severity: str
    cell: str
    what: str
    fix: str


class RowShown(Told):
    """A row that can be proposed, and what would become of it."""

    sheet: str
    row: int
    cell: str
    outcome: ProposalOutcome


class Preview(Told):
    """What importing a file would do."""

    file: str
    rows: tuple[RowShown, ...]
    problems: tuple[CellProblem, ...]
    warnings: tuple[str, ...]
    proposed: int
    duplicates: int
    superseding: int
    refused: int
    flagged: int


class TripleShown(Told):
    """A triple that answers a query."""

    subject: str
    relation: str
    object: str
    score: float
    addendum_id: str
    source: str
    author: str
    trust: str


class TriplesFound(Told):
    """What a model gets when it reads."""

    triples: tuple[TripleShown, ...]
    names: tuple[str, ...]
    exact: bool
    too_broad: int | None


class NoteShown(Told):
    """A live note, and what the observations say of it."""

    id: str
    place: int
    applies_when: str
    rule: str
    author: str
    supporting: int
    contradicting: int
    share: float = 0.5
    interval: tuple[float, float]
    observations_for: tuple[str, ...] = ()
    observations_against: tuple[str, ...] = ()
    contradicts: tuple[str, ...]
    in_words: str = ""
    """What the observations say."""


class Notebook(Told):
    """The live notes, in the order in which they are tried."""

    notes: tuple[NoteShown, ...]


class Observed(Told):
    """What became of a batch of observations."""

    id: str | None
    """None in a dry run that found no other."""
    duplicate: bool
    observations: int
