"""What memories in the process hold, and how it changes: the part of the protocol that they keep alike.

A memory that lies in the process is a table of what was delivered, in sequence order. All changes of a call are
applied, or none; the digest covers everything that is held, with its place and its window.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from addenda.errors import UnknownId
from addenda.memories.base import Change, Deliver, Delivery, Holding, Window, Withdraw

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Kept(Generic[Content]):
    """One addendum that is held."""

    content: Content
    """What the memory reads off its artefact."""
    digest: str
    sequence: int
    window: Window


def applied(
    held: Mapping[str, Kept[Content]], changes: Sequence[Change], read: Callable[[Deliver], Content], where: str
) -> tuple[dict[str, Kept[Content]], tuple[Delivery, ...]]:
    """What is held after these changes, in sequence order, and the receipts of what was delivered.

    Args:
        held: What is held before; it stays as it is.
        changes: In the order in which they are made.
        read: Reads an artefact; what it raises goes on.
        where: The memory's name, for messages.

    Raises UnknownId for a withdrawal of what is not held.
    """
    after = dict(held)
    receipts: dict[str, Delivery] = {}
    for change in changes:
        if isinstance(change, Withdraw):
            if after.pop(change.addendum_id, None) is None:
                raise UnknownId(f"{change.addendum_id!r} is not in the memory {where}, so it cannot be withdrawn")
            receipts.pop(change.addendum_id, None)
            continue
        digest = hashlib.sha256(change.artefact).hexdigest()
        after[change.addendum_id] = Kept(read(change), digest, change.sequence, change.window)
        receipts[change.addendum_id] = Delivery(change.addendum_id, digest)
    return dict(sorted(after.items(), key=lambda item: (item[1].sequence, item[0]))), tuple(receipts.values())


def holdings(held: Mapping[str, Kept[Content]]) -> dict[str, Holding]:
    """Everything that is held, as the protocol tells it."""
    return {i: Holding(kept.digest, kept.sequence, kept.window) for i, kept in held.items()}


def digest(held: Mapping[str, Kept[Content]], beginning: bytes = b"") -> str:
    """SHA-256 of ``beginning`` and everything that is held, in its order."""
    total = hashlib.sha256(beginning)
    for i, kept in held.items():
        window = kept.window
        shown = (i, kept.digest, kept.sequence, _stamp(window.start), _stamp(window.end), *window.audience)
        total.update("\t".join(map(str, shown)).encode() + b"\n")
    return total.hexdigest()


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()
