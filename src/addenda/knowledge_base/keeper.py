"""What the knowledge base needs of each memory it keeps at the ledger's head.

A *keeper* knows one memory's kind: how it is configured and opened, where its artefacts come from, and what it must
hold by the ledger's state. What a memory must hold follows from the ledger alone, so every process comes to the same
memories, whoever made a change, and a rebuild is the same thing from an empty memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from addenda.memories.base import Memory
from addenda.types import Addendum, MemoryName


class Keeper(Protocol):
    """Keeps one memory at the ledger's head."""

    @property
    def name(self) -> MemoryName:
        """Which memory it keeps."""
        ...

    @property
    def entangled(self) -> bool:
        """Whether what it keeps acts on one another's answers, so that a part cannot be judged without the rest."""
        ...

    def memory(self) -> Memory | None:
        """The memory at the ledger's head; None while it is not configured, because nothing was ever tested for it."""
        ...

    def configured(self) -> Memory:
        """The same, configured now if it was not yet."""
        ...

    def sync(self) -> None:
        """Bring what other processes or this one would read to the ledger's head."""
        ...

    def rebuilt(self) -> Memory | None:
        """A fresh memory, made from what the ledger says alone; None while it is not configured."""
        ...

    def store(self, artefacts: Mapping[str, bytes]) -> Mapping[str, str]:
        """Make sure that these tested artefacts, by addendum id, outlive a crash; their digests."""
        ...

    def stored(self, addenda: Mapping[str, Addendum], tested: Mapping[str, str]) -> Mapping[str, str]:
        """The digests of the artefacts that can be delivered, by addendum id; what is lost or altered is left out.

        Args:
            addenda: What is to be delivered, by id.
            tested: Digests of what was tested, as far as the gate's report names them.
        """
        ...

    def check(self, delivered: Mapping[str, str]) -> None:
        """Raise LedgerBroken when what was delivered (digests by addendum id) is not there any more, or was altered."""
        ...

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """Digests of the artefacts that a stored configuration builds on."""
        ...
