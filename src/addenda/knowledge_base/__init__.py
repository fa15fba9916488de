"""The only writer: ledger, memories and gate behind one object, :class:`KnowledgeBase`.

``facade`` holds it; ``changes``, ``activation`` and ``governance`` are the objects that it hands out; ``wording`` puts
addenda into questions; ``testing`` runs the gate; ``models`` is the base model, and ``memories`` keeps the memories at
the ledger's head, each by its keeper; ``reflecting`` and ``remembering`` make a memory model of documents; ``answers``
keeps what was said; ``importing`` reads spreadsheets; ``searching`` finds addenda by words; ``agents`` proposes in
somebody's name. The ledger's words that surfaces speak in are handed on here,
because surfaces do not reach into the ledger.
"""

from __future__ import annotations

from addenda.augmenting import Augmentation
from addenda.knowledge_base.activation import Activated
from addenda.knowledge_base.agents import admitted, check_audience, check_decides
from addenda.knowledge_base.changes import Deciding, Proposing, Receipt
from addenda.knowledge_base.checks import Check
from addenda.knowledge_base.conversing import Spoken, Upstream
from addenda.knowledge_base.facade import DATABASE_FILE, REMAINS, Founded, KnowledgeBase
from addenda.knowledge_base.governance import SettingOutcome
from addenda.knowledge_base.importing import Import, read_import
from addenda.knowledge_base.models import ModelChoice, identify, is_remote, why_unread
from addenda.knowledge_base.progress import Progress
from addenda.knowledge_base.searching import MOST_HITS, MOST_LETTERS, Hit, Hits
from addenda.ledger import (
    ANY_RELATION,
    Autopilot,
    ContentKind,
    Event,
    Head,
    PendingChange,
    Person,
    Policy,
    Record,
    RelationSpec,
    Role,
    Stage,
    State,
    SuiteQuestion,
    Token,
    check_move,
    require,
    require_role,
)
from addenda.memories.reflections.asking.budget import Budget

__all__ = [
    "ANY_RELATION",
    "DATABASE_FILE",
    "MOST_HITS",
    "MOST_LETTERS",
    "REMAINS",
    "Activated",
    "Augmentation",
    "Autopilot",
    "Budget",
    "Check",
    "ContentKind",
    "Deciding",
    "Event",
    "Founded",
    "Head",
    "Hit",
    "Hits",
    "Import",
    "KnowledgeBase",
    "ModelChoice",
    "PendingChange",
    "Person",
    "Policy",
    "Progress",
    "Proposing",
    "Receipt",
    "Record",
    "RelationSpec",
    "Role",
    "SettingOutcome",
    "Spoken",
    "Stage",
    "State",
    "SuiteQuestion",
    "Token",
    "Upstream",
    "admitted",
    "check_audience",
    "check_decides",
    "check_move",
    "identify",
    "is_remote",
    "read_import",
    "require",
    "require_role",
    "why_unread",
]
