"""Who added what, who approved it, what is live. Knows no model and no memory.

======================= ==============================================================================================
module                  what it is about
======================= ==============================================================================================
``events``              the typed bodies of events, and the :class:`Event` around them
``chain``               canonical JSON, hashes, commitments, :class:`Head`, and the verifier of a sequence of events
``transitions``         the state machine of an addendum, in one table
``records``             :class:`Record`: one addendum as the ledger has it, its status, and THE predicate of being live
``shelves``             :class:`Records`: all of them, in a mapping that costs little to change
``state``, ``fold``     everything that the events add up to, and how (``governing`` and ``lives`` are its halves)
``policy``, ``people``  roles, approval rules, trust; people and their tokens (``measures``: numbers in them)
``ramps``               how far a rule has come to trust each source of notes, so that it approves them by itself
``relations``           the relation registry; when two facts are about the same thing
``acting``              who acts, by which token, and what comes with it
``admission``           who may append what, now; which changes need a second person
``sealing``             cleaning what is proposed, and parting content from event
``store``, ``session``  :class:`Ledger` and :class:`Session`: the ledger in a database, one writer at a time
``rows``, ``tables``    how events and contents lie in the database
``audit``               verification of a stored ledger, contents included
======================= ==============================================================================================

Appending is for :class:`addenda.knowledge_base.KnowledgeBase` alone; everybody may read.
"""

from __future__ import annotations

from addenda.ledger.admission import decide, needs_confirmation, require, require_role
from addenda.ledger.chain import Head, Verification, verify
from addenda.ledger.events import (
    FORMAT_VERSION,
    SYSTEM,
    Activating,
    ActivationUndone,
    Actor,
    Approved,
    Body,
    Created,
    Delivered,
    Disabled,
    Enabled,
    Erased,
    Event,
    GateJudged,
    GateVerdict,
    MemoryConfigured,
    PersonAdded,
    PolicyChanged,
    Proposal,
    Proposed,
    Rejected,
    RelationDeclared,
    Retired,
    ReviewNeeded,
    RolesChanged,
    Setting,
    SettingChangeConfirmed,
    SettingChangeDropped,
    SettingChangeProposed,
    SuiteChanged,
    SuiteQuestion,
    ThresholdsChanged,
    TokenIssued,
    TokenRevoked,
    WindowClosed,
)
from addenda.ledger.fold import apply, fold
from addenda.ledger.people import (
    AGENT_ROLES,
    Person,
    Token,
    authenticate,
    identity_hash,
    new_token,
    person_name,
    token_hash,
    token_label,
)
from addenda.ledger.policy import Autopilot, ContentKind, Decision, Policy, Role, Rule, is_weaker, least_trust
from addenda.ledger.ramps import Ramp, is_audited, is_by_person, sources_of
from addenda.ledger.records import Approval, Closing, Record, Standing, Verdict
from addenda.ledger.relations import (
    ANY_RELATION,
    Registry,
    RelationSpec,
    check_value,
    content_key,
    content_keys,
    default_spec,
    key,
    normalised_value,
)
from addenda.ledger.rows import SealedContent
from addenda.ledger.sealing import Draft, clean_all, clean_content, seal
from addenda.ledger.session import Session
from addenda.ledger.shelves import Records
from addenda.ledger.state import PendingChange, State
from addenda.ledger.store import Ledger, utc_now
from addenda.ledger.transitions import Stage, check_move

__all__ = [
    "AGENT_ROLES",
    "ANY_RELATION",
    "FORMAT_VERSION",
    "SYSTEM",
    "Activating",
    "ActivationUndone",
    "Actor",
    "Approval",
    "Approved",
    "Autopilot",
    "Body",
    "Closing",
    "ContentKind",
    "Created",
    "Decision",
    "Delivered",
    "Disabled",
    "Draft",
    "Enabled",
    "Erased",
    "Event",
    "GateJudged",
    "GateVerdict",
    "Head",
    "Ledger",
    "MemoryConfigured",
    "PendingChange",
    "Person",
    "PersonAdded",
    "Policy",
    "PolicyChanged",
    "Proposal",
    "Proposed",
    "Ramp",
    "Record",
    "Records",
    "Registry",
    "Rejected",
    "RelationDeclared",
    "RelationSpec",
    "Retired",
    "ReviewNeeded",
    "Role",
    "RolesChanged",
    "Rule",
    "SealedContent",
    "Session",
    "Setting",
    "SettingChangeConfirmed",
    "SettingChangeDropped",
    "SettingChangeProposed",
    "Stage",
    "Standing",
    "State",
    "SuiteChanged",
    "SuiteQuestion",
    "ThresholdsChanged",
    "Token",
    "TokenIssued",
    "TokenRevoked",
    "Verdict",
    "Verification",
    "WindowClosed",
    "apply",
    "authenticate",
    "check_move",
    "check_value",
    "clean_all",
    "clean_content",
    "content_key",
    "content_keys",
    "decide",
    "default_spec",
    "fold",
    "identity_hash",
    "is_audited",
    "is_by_person",
    "is_weaker",
    "key",
    "least_trust",
    "needs_confirmation",
    "new_token",
    "normalised_value",
    "person_name",
    "require",
    "require_role",
    "seal",
    "sources_of",
    "token_hash",
    "token_label",
    "utc_now",
    "verify",
]
