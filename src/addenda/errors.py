"""Every error that Addenda raises on purpose.

The tree; callers tell apart what they can act on, nothing more::

    AddendaError                  base of all, never raised itself
    ├── InvalidInput              what was given cannot be used; nothing was changed              (exit 2)
    │   ├── UnknownId             no such id, or a prefix that fits several
    │   └── UnreadableFile        a file that is missing, corrupt, too large or of another kind
    ├── PermissionDenied          the person, or the policy, does not allow it                    (exit 1)
    ├── Conflict                  the ledger moved, or the state does not allow the transition    (exit 3)
    │   └── Moved                 what the caller had looked at has changed since
    ├── GateFailed                changes were tested and did not pass                            (exit 4)
    ├── LedgerBroken              the chain does not verify, or an artefact differs from its digest
    ├── StorageUnavailable        the disk is full, the folder is read-only, the database is locked
    ├── ModelMismatch             a memory made with another model, tokenizer or format
    ├── ModelUnavailable          a model cannot be loaded: not there, incomplete, unsupported
    │   └── ModelBusy             a server that may answer later: a rate limit, a time-out, a lost connection
    ├── ServerUnavailable         a server of Addenda gave no answer, or none that can be understood
    ├── CannotLookBack            a memory was asked about the past and holds only the present
    └── MissingDependency         an optional extra is not installed

A message says what was given (in repr form), what is allowed, and what to do.
"""

from __future__ import annotations


class AddendaError(Exception):
    """Base of every error raised on purpose."""

    exit_code: int = 1


class InvalidInput(AddendaError):
    """What was given cannot be used. Nothing was changed."""

    exit_code = 2


class UnknownId(InvalidInput):
    """No such id, or a shortened id that fits more than one."""


class UnreadableFile(InvalidInput):
    """A file is missing, corrupt, too large or not of the expected kind."""


class PermissionDenied(AddendaError):
    """The acting person, or the policy in force, does not allow this."""


class Conflict(AddendaError):
    """The ledger moved in the meantime, or the current state does not allow the transition."""

    exit_code = 3


class Moved(Conflict):
    """What the caller had looked at has changed since; look again, and decide on what is there now."""


class GateFailed(AddendaError):
    """Changes were tested and did not pass; they stay behind with their reasons."""

    exit_code = 4


class LedgerBroken(AddendaError):
    """The hash chain does not verify, or a stored artefact is not what its digest says."""


class StorageUnavailable(AddendaError):
    """The disk is full, a folder is read-only or missing, or the database is locked. Nothing was acknowledged."""


class ModelMismatch(AddendaError):
    """A memory was made with another base model, tokenizer or format than the one at hand."""


class ModelUnavailable(AddendaError):
    """A model cannot be loaded: it is not there, incomplete, or of a family that is not supported."""


class ModelBusy(ModelUnavailable):
    """A server gave no answer now, and may give one later: a rate limit, a time-out, a lost connection, a 5xx."""


class ServerUnavailable(AddendaError):
    """A server of Addenda cannot be reached, gave no answer, or one that this version does not understand."""


class CannotLookBack(AddendaError):
    """A memory was asked about a past moment, and it holds only what is live now."""


class MissingDependency(AddendaError):
    """An optional extra is not installed; the message names the install command."""
