"""What can happen to a knowledge base: the typed, frozen bodies of ledger events, and the event around them.

A body says *what*; the :class:`Event` around it says who, when and why, at which position, and chains it to the event
before. Bodies form a union told apart by ``kind``. A body that names addenda names a batch: one event can carry a
thousand proposals. Content is not in the events: a :class:`Proposal` holds a salted commitment to it (see
:mod:`addenda.ledger.chain`), so that content can be erased later while the chain stays valid.

**How bodies may grow.** What is hashed leaves out every field that equals its default. A new field therefore needs a
default, and a default must never change; old events then keep their hashes. This module knows no database and no rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer
from pydantic.dataclasses import dataclass

from addenda.ledger.measures import Measure
from addenda.ledger.policy import ContentKind, Policy, Role
from addenda.ledger.relations import RelationSpec
from addenda.types import EVERYONE, Frozen, MemoryName, Moment, Trust

FORMAT_VERSION = 1
"""Version of the event format that this software writes."""

AddendumId: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of an artefact."""
Hash: TypeAlias = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Ids: TypeAlias = Annotated[tuple[AddendumId, ...], Field(min_length=1)]


class Actor(Frozen):
    """Who acts. A model can only propose; the system acts where nobody decides (tests, deliveries, recovery)."""

    kind: Literal["person", "model", "system"]
    name: str = Field(min_length=1)
    token: Hash | None = Field(default=None, exclude=True, repr=False)
    """The token presented, which may narrow what the actor may do; no part of who it is, and in no event."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Actor) and (self.kind, self.name) == (other.kind, other.name)

    def __hash__(self) -> int:
        return hash((self.kind, self.name))

    def __str__(self) -> str:
        return self.name if self.kind == "person" else f"{self.kind}:{self.name}"


SYSTEM = Actor(kind="system", name="addenda")
"""The software itself."""


class Body(Frozen):
    """Base of all event bodies."""

    @model_serializer(mode="wrap")
    def _always_with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {"kind": kind_of(self), **handler(self)}


def kind_of(body: Body) -> str:
    """The kind of a body, which tells the members of the union apart."""
    return str(type(body).model_fields["kind"].default)


class Created(Body):
    """The first event of every ledger."""

    kind: Literal["created"] = "created"
    kb_id: str = Field(min_length=1)
    format: int
    """Version of the event format, :data:`FORMAT_VERSION` at the time."""
    model: str
    """Name of the base model."""
    model_fingerprint: str
    """Digest of the base model's weights."""
    tokenizer_fingerprint: str = ""
    admin: str
    """The first person."""
    roles: tuple[Role, ...] = ("admin", "editor")
    """The first person's roles."""
    token_hash: Hash


class PersonAdded(Body):
    """A person may act from now on."""

    kind: Literal["person_added"] = "person_added"
    name: str
    roles: tuple[Role, ...]
    token_hash: Hash | None = None


class RolesChanged(Body):
    """A person has exactly these roles from now on; none removes the person."""

    kind: Literal["roles_changed"] = "roles_changed"
    name: str
    roles: tuple[Role, ...]


class TokenIssued(Body):
    """A person, or an agent in their name, may act with one more token."""

    kind: Literal["token_issued"] = "token_issued"
    name: str
    token_hash: Hash
    label: str = ""
    roles: tuple[Role, ...] | None = None
    """The only ones of the person's roles that come with the token; None for all that the person has."""
    expires_at: Moment | None = None
    """First instant at which it is no longer valid."""
    agent: str = ""
    """The agent that acts with it, as a model does: it can only propose."""
    issuer: str = ""
    """The OpenID provider whose word stands for the token; the hash is then that of who it says it is."""


class TokenRevoked(Body):
    """A token is no longer valid."""

    kind: Literal["token_revoked"] = "token_revoked"
    name: str
    token_hash: Hash


class PolicyChanged(Body):
    """This approval policy replaces the one before."""

    kind: Literal["policy_changed"] = "policy_changed"
    policy: Policy


class RelationDeclared(Body):
    """A relation is declared, or declared anew."""

    kind: Literal["relation_declared"] = "relation_declared"
    spec: RelationSpec


class SuiteQuestion(Frozen):
    """A question that the gate asks before every activation."""

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    expected: str | None = None
    """The answer it must get; None means that its answer must stay as it is in the baseline."""


class SuiteChanged(Body):
    """Questions join the suite (or replace the one of the same id) and leave it."""

    kind: Literal["suite_changed"] = "suite_changed"
    added: tuple[SuiteQuestion, ...] = ()
    removed: tuple[str, ...] = ()


class ThresholdsChanged(Body):
    """Smallest share that each of the gate's measures must reach; a higher one is stricter."""

    kind: Literal["thresholds_changed"] = "thresholds_changed"
    thresholds: Mapping[str, Measure]


class MemoryConfigured(Body):
    """A memory is used with this configuration from now on."""

    kind: Literal["memory_configured"] = "memory_configured"
    memory: MemoryName
    configuration: Digest
    """Digest of the configuration artefact."""


Setting: TypeAlias = Annotated[
    PersonAdded
    | RolesChanged
    | TokenIssued
    | TokenRevoked
    | PolicyChanged
    | RelationDeclared
    | SuiteChanged
    | ThresholdsChanged
    | MemoryConfigured,
    Field(discriminator="kind"),
]
"""The bodies that change how the knowledge base is governed."""


class SettingChangeProposed(Body):
    """A change that would weaken the rules waits for a second person."""

    kind: Literal["setting_change_proposed"] = "setting_change_proposed"
    change_id: str = Field(min_length=1)
    change: Setting


class SettingChangeConfirmed(Body):
    """A second person confirms a waiting change, which takes effect with this event."""

    kind: Literal["setting_change_confirmed"] = "setting_change_confirmed"
    change_id: str


class SettingChangeDropped(Body):
    """A waiting change is refused or withdrawn."""

    kind: Literal["setting_change_dropped"] = "setting_change_dropped"
    change_id: str


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Proposal:
    """One proposed addendum: everything about it but its content.

    Every record keeps its proposal in memory; having slots, it takes a tenth of the room of the other values here. Its
    fields are in alphabetical order, in which they are hashed: a new one must stand in its place.
    """

    audience: tuple[str, ...] = (EVERYONE,)
    author: str = Field(min_length=1)
    commitment: Hash
    """Salted hash of the content."""
    content_kind: ContentKind
    evidence: tuple[AddendumId, ...] = ()
    id: AddendumId
    source: str = Field(min_length=1)
    supersedes: tuple[AddendumId, ...] = ()
    """The addenda that it is meant to replace."""
    tags: tuple[str, ...] = ()
    trust: Trust = "normal"
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class Proposed(Body):
    """A batch of addenda is proposed."""

    kind: Literal["proposed"] = "proposed"
    proposals: tuple[Proposal, ...] = Field(min_length=1)
    based_on: int = Field(default=0, ge=0)
    """Ledger position that the proposer saw; 0 when it does not matter."""
    on_behalf_of: str = ""
    """The person whose agent proposes, who counts as its proposer too."""


class Approved(Body):
    """The actor approves; with fewer than ``required`` approvals so far, the addenda keep waiting."""

    kind: Literal["approved"] = "approved"
    ids: Ids
    rule: str
    """Name of the policy rule that allows it."""
    required: int = Field(default=1, ge=0, le=2)
    """How many different people the rule asks for; 0 is an automatic approval."""


class Rejected(Body):
    """The addenda will not be used."""

    kind: Literal["rejected"] = "rejected"
    ids: Ids


class ReviewNeeded(Body):
    """The ground moved under these addenda: earlier approvals and tests no longer count."""

    kind: Literal["review_needed"] = "review_needed"
    ids: Ids


class GateVerdict(Frozen):
    """How one addendum did in the gate."""

    id: AddendumId
    passed: bool
    reason: str = ""
    scores: Mapping[str, Measure] = Field(default_factory=dict[str, float])


class GateJudged(Body):
    """The gate judged a batch."""

    kind: Literal["gate_judged"] = "gate_judged"
    verdicts: tuple[GateVerdict, ...] = Field(min_length=1)
    staged_at: int = Field(default=0, ge=0)
    """Ledger position of the live state that served as the baseline."""
    report: Digest | None = None
    """Digest of the full report, an artefact."""


class Activating(Body):
    """Delivery to the memories starts; the order of ``ids`` is the order in which they act."""

    kind: Literal["activating"] = "activating"
    ids: Ids
    memories: tuple[MemoryName, ...] = Field(min_length=1)
    supersedes: Mapping[AddendumId, tuple[AddendumId, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    """For each of ``ids``, what it replaces; one not named here replaces what its proposal said."""


class Delivered(Body):
    """A memory holds these artefacts; an addendum is active once all its memories have delivered."""

    kind: Literal["delivered"] = "delivered"
    memory: MemoryName
    artefacts: Mapping[AddendumId, Digest] = Field(min_length=1)
    """Digest of each addendum's artefact."""


class ActivationUndone(Body):
    """An activation that did not finish was taken back; the addenda stand as tested again."""

    kind: Literal["activation_undone"] = "activation_undone"
    ids: Ids


class Disabled(Body):
    """Switched off, for questions about the past too, until enabled."""

    kind: Literal["disabled"] = "disabled"
    ids: Ids


class Enabled(Body):
    """Switched on again."""

    kind: Literal["enabled"] = "enabled"
    ids: Ids


class Retired(Body):
    """Rolled back for good, for questions about the past too."""

    kind: Literal["retired"] = "retired"
    ids: Ids


class WindowClosed(Body):
    """The addenda hold until this moment and no longer; before it they remain valid."""

    kind: Literal["window_closed"] = "window_closed"
    ids: Ids
    until: Moment


class Erased(Body):
    """The content is destroyed, in the same transaction; who and when remain."""

    kind: Literal["erased"] = "erased"
    ids: Ids


AnyBody: TypeAlias = Annotated[
    Created
    | PersonAdded
    | RolesChanged
    | TokenIssued
    | TokenRevoked
    | PolicyChanged
    | RelationDeclared
    | SuiteChanged
    | ThresholdsChanged
    | MemoryConfigured
    | SettingChangeProposed
    | SettingChangeConfirmed
    | SettingChangeDropped
    | Proposed
    | Approved
    | Rejected
    | ReviewNeeded
    | GateJudged
    | Activating
    | Delivered
    | ActivationUndone
    | Disabled
    | Enabled
    | Retired
    | WindowClosed
    | Erased,
    Field(discriminator="kind"),
]
"""Every kind of body."""


class Event(Frozen):
    """One link of the chain: who did what, when and why, after which event."""

    position: int = Field(ge=1)
    """1 for the first event, rising by one."""
    at: Moment
    """When it was appended; never before the event before it."""
    actor: Actor
    reason: str = ""
    body: AnyBody
    previous_hash: Hash
    hash: Hash
