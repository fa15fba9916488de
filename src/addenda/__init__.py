"""Knowledge added after the fact: governed, tested and reversible additions to a frozen language model.

The vocabulary and the error tree are re-exported here. Importing this package loads no model library; those are reached
lazily by the few modules that need them.
"""

from __future__ import annotations

from addenda._version import __version__
from addenda.errors import (
    AddendaError,
    CannotLookBack,
    Conflict,
    GateFailed,
    InvalidInput,
    LedgerBroken,
    MissingDependency,
    ModelBusy,
    ModelMismatch,
    ModelUnavailable,
    Moved,
    PermissionDenied,
    ServerUnavailable,
    StorageUnavailable,
    UnknownId,
    UnreadableFile,
)
from addenda.types import (
    EVERYONE,
    Addendum,
    Answer,
    Content,
    Document,
    Edit,
    Fact,
    Match,
    MemoryName,
    Note,
    Status,
    Trace,
    Trust,
)

__all__ = [
    "EVERYONE",
    "AddendaError",
    "Addendum",
    "Answer",
    "CannotLookBack",
    "Conflict",
    "Content",
    "Document",
    "Edit",
    "Fact",
    "GateFailed",
    "InvalidInput",
    "LedgerBroken",
    "Match",
    "MemoryName",
    "MissingDependency",
    "ModelBusy",
    "ModelMismatch",
    "ModelUnavailable",
    "Moved",
    "Note",
    "PermissionDenied",
    "ServerUnavailable",
    "Status",
    "StorageUnavailable",
    "Trace",
    "Trust",
    "UnknownId",
    "UnreadableFile",
    "__version__",
]
