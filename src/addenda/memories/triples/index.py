"""What an index of near names must do; the store keeps the names and tells the index about them.

An index keeps what it needs in tables of the same database and changes them in the transaction it is called in, so it
is never out of step with the names. It does not know triples, windows or audiences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of an entity or a relation, as a row of ``triple_names``."""

    id: int
    kind: int
    """``tables.ENTITY`` or ``tables.RELATION``."""
    key: bytes
    """Digest of the normal form; names with the same key are exactly the same name."""
    name: str
    folded: str | None
    """The form in which it is compared; None when it is too long for that."""
    digits: str
    """The numbers in it; names that differ here are never similar."""


@dataclass(frozen=True, slots=True)
class Near:
    """A name that is similar to the one asked for."""

    key: bytes
    similarity: float
    """From 0 to 1."""


class NameIndex(Protocol):
    """Finds names that are similar to a given text."""

    @property
    def name(self) -> str:
        """What it is called in the database, the model's name included; another name means another index."""
        ...

    @property
    def slow(self) -> bool:
        """Whether names should be made :meth:`ready` before a transaction begins."""
        ...

    def another(self) -> NameIndex:
        """One of the same kind for another database."""
        ...

    def ready(self, names: Sequence[str]) -> None:
        """Work out beforehand what adding these names will take; may call a model, so never in a transaction."""
        ...

    def add(self, connection: Connection, names: Sequence[Name]) -> None:
        """Take in names that were just stored; ``connection`` is in a writer's transaction."""
        ...

    def remove(self, connection: Connection, names: Sequence[Name]) -> None:
        """Forget names that are about to be deleted, leaving no trace of them."""
        ...

    def similar(self, connection: Connection, kind: int, text: str, threshold: float) -> list[Near]:
        """All names of a kind whose similarity to ``text`` is at least ``threshold``, in any order."""
        ...
