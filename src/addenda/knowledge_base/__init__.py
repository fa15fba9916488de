"""The only writer: ledger, memories and gate behind one object, :class:`KnowledgeBase`.

``facade`` holds it; ``changes``, ``activation`` and ``governance`` are the objects that it hands out; ``wording`` puts
addenda into questions; ``memories`` keeps the model's memories at the ledger's head; ``answers`` keeps what was said;
``importing`` reads spreadsheets. The ledger's
words that surfaces speak in are handed on here, because surfaces do not reach into the ledger.
"""

from __future__ import annotations

from addenda.knowledge_base.activation import Activated, Progress
from addenda.knowledge_base.changes import Deciding, Proposing
from addenda.knowledge_base.checks import Check
from addenda.knowledge_base.facade import DATABASE_FILE, Founded, KnowledgeBase
from addenda.knowledge_base.governance import SettingOutcome
from addenda.knowledge_base.importing import Import, read_import
from addenda.knowledge_base.memories import ModelChoice
from addenda.ledger import (
    Event,
    Head,
    Person,
    Policy,
    Record,
    RelationSpec,
    Role,
    State,
    SuiteQuestion,
    check_move,
    require,
)

__all__ = [
    "DATABASE_FILE",
    "Activated",
    "Check",
    "Deciding",
    "Event",
    "Founded",
    "Head",
    "Import",
    "KnowledgeBase",
    "ModelChoice",
    "Person",
    "Policy",
    "Progress",
    "Proposing",
    "Record",
    "RelationSpec",
    "Role",
    "SettingOutcome",
    "State",
    "SuiteQuestion",
    "check_move",
    "read_import",
    "require",
]
