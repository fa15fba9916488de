"""What is known, what happened to it, what was said: the vocabulary shared by every unit.

All types here are frozen pydantic models, so that a value can be hashed into the ledger, sent through any surface and
read back unchanged. Moments are timezone-aware and kept in UTC. This module knows no database, no model and no policy.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

EVERYONE = "everyone"
"""The audience that contains all others."""

Trust: TypeAlias = Literal["untrusted", "low", "normal", "high"]
"""How far a source is trusted, rising. The trust of something derived is the minimum over its evidence."""

TRUST_ORDER: tuple[Trust, ...] = ("untrusted", "low", "normal", "high")

MemoryName: TypeAlias = Literal["edits", "triples", "notes", "reflections"]
"""The four memories."""

Status: TypeAlias = Literal[
    "proposed",
    "needs_review",
    "rejected",
    "approved",
    "gate_failed",
    "tested",
    "activating",
    "active",
    "disabled",
    "superseded",
    "expired",
    "retired",
    "erased",
]
"""Where an addendum stands. ``superseded`` and ``expired`` follow from its validity window and the clock."""


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone, for example 2026-03-01T00:00:00Z")
    return moment.astimezone(UTC)


Moment: TypeAlias = Annotated[datetime, AfterValidator(_as_utc)]
"""A timezone-aware instant, normalised to UTC."""


class Frozen(BaseModel):
    """Base of all values: immutable, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(Frozen):
    """A triple: this subject has this value of this relation."""

    kind: Literal["fact"] = "fact"
    subject: str = Field(min_length=1)
    """The entity spoken about, for example a product name."""
    relation: str = Field(min_length=1)
    """The relation's name in the relation registry, for example ``noise level``."""
    object: str = Field(min_length=1)
    """The value, as the model is to say it."""


class Edit(Frozen):
    """A prompt and what the model is to answer to it."""

    kind: Literal["edit"] = "edit"
    prompt: str = Field(min_length=1)
    """The question as a user would ask it."""
    target: str = Field(min_length=1)
    """The answer to be given, and nothing after it."""
    rephrasings: tuple[str, ...] = ()
    """Other wordings of the prompt that must get the same answer."""


class Note(Frozen):
    """A rule in words."""

    kind: Literal["note"] = "note"
    rule: str = Field(min_length=1)
    applies_when: str = ""
    """When the rule applies; empty means always."""
    place: int = 0
    """Where it stands among the notes: of those that apply, the one with the lowest place is tried first."""
    supported_by: tuple[str, ...] = ()
    """Observations that spoke for it when it was proposed, as ``<id of their document>/<line>``."""
    contradicted_by: tuple[str, ...] = ()
    """Observations that spoke against it then."""
    withdrawn: bool = False
    """True for a note that says of the ones it replaces that they hold no longer: it repeats their words and never
    applies."""


class Document(Frozen):
    """A text that knowledge is drawn from."""

    kind: Literal["document"] = "document"
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)


Content: TypeAlias = Annotated[Fact | Edit | Note | Document, Field(discriminator="kind")]
"""The four kinds of knowledge."""


def new_id() -> str:
    """A fresh random id of 16 hexadecimal digits; random, so that short prefixes tell ids apart."""
    return secrets.token_hex(8)


class Addendum(Frozen):
    """One piece of knowledge. Immutable: a correction is another addendum that supersedes this one."""

    id: str = Field(default_factory=new_id, pattern=r"^[0-9a-f]{16}$")
    content: Content
    source: str = Field(min_length=1)
    """Where it came from, for example ``update.xlsx!Changes!B7`` or ``cli``."""
    author: str = Field(min_length=1)
    """The person (or named model) that proposed it."""
    valid_from: Moment | None = None
    """First instant at which it holds; None means from its activation on."""
    valid_until: Moment | None = None
    """First instant at which it no longer holds; None means without end."""
    audience: tuple[str, ...] = (EVERYONE,)
    """Who may be answered from it: group names, or ``everyone``."""
    evidence: tuple[str, ...] = ()
    """Ids of the addenda it was derived from."""
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    """Free labels that the approval policy can select by."""


class Match(Frozen):
    """One addendum that a memory considered for a question."""

    addendum_id: str
    memory: MemoryName
    score: float
    """In the memory's own unit: for edits the overlap of masks, from 0 to 1."""
    threshold: float
    """The score from which on the memory acts on it."""
    injected: bool
    """Whether it acted on the answer (for edits: its change was switched on)."""
    cited: bool = False
    """Whether its value appears in the text of the answer."""
    changed_answer: bool | None = None
    """Whether the answer differs without it; None until it was tried by ablation."""


class Trace(Frozen):
    """What contributed to an answer, kept apart as matched, injected, cited and changed-the-answer."""

    id: str = Field(default_factory=new_id)
    asked_at: Moment
    as_of: Moment
    audience: str = EVERYONE
    model: str
    """Name and weight digest of the model that answered."""
    ledger_position: int
    """How far in the ledger the memories were."""
    memories: tuple[MemoryName, ...]
    """The memories that were asked."""
    matches: tuple[Match, ...] = ()
    """Best first."""
    consultation: dict[str, JsonValue] | None = None
    """What an executive and a memory model said to each other, where they were asked; also when they knew no answer."""
    seconds: float | None = None
    """How long the answer took; None where nobody measured it."""


class Answer(Frozen):
    """What was said, and why."""

    question: str
    text: str
    finished: bool = True
    """False when the model was cut off at the length limit instead of ending by itself."""
    interrupted: str = ""
    """Why nothing came after this text although the model had not ended; empty when nothing broke it off."""
    in_conversation: bool = False
    """Whether it is a turn of a conversation that went to a model as a whole, of which only the question is kept."""
    trace: Trace
