"""What the keepers of memories in the process have in common whose artefacts are made from the ledger's contents.

Nothing has to be stored beside the ledger, and whether a tested artefact is still there is whether the content is. What
must change is found from the records that moved since the position that the memory is at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from addenda.errors import LedgerBroken
from addenda.ledger import Ledger, Record
from addenda.memories.base import Change, Deliver, Memory, Window, Withdraw
from addenda.types import Addendum, MemoryName


class ContentsKeeper:
    """The part of a :class:`~addenda.knowledge_base.keeper.Keeper` that does not depend on what a memory is made of."""

    def __init__(self, ledger: Ledger, name: MemoryName, artefact_of: Callable[[Addendum], bytes]) -> None:
        """Take the ledger, which memory it is, and how an addendum becomes an artefact."""
        self._ledger = ledger
        self._name: MemoryName = name
        self._artefact_of = artefact_of

    @property
    def name(self) -> MemoryName:
        """Which memory it keeps."""
        return self._name

    @property
    def entangled(self) -> bool:
        """False: what is taken out changes only what came from it."""
        return False

    def store(self, artefacts: Mapping[str, bytes]) -> Mapping[str, str]:
        """The digests; the contents in the ledger are what outlives a crash."""
        return {i: hashlib.sha256(artefact).hexdigest() for i, artefact in artefacts.items()}

    def stored(self, addenda: Mapping[str, Addendum], tested: Mapping[str, str]) -> Mapping[str, str]:
        """The digest for each content."""
        del tested
        return self.store({i: self._artefact_of(addendum) for i, addendum in addenda.items()})

    def check(self, delivered: Mapping[str, str]) -> None:
        """Raise LedgerBroken when the artefact of a content is not what was delivered."""
        found = self.stored(self._ledger.addenda(list(delivered)), {})
        altered = next((i for i, digest in delivered.items() if found.get(i) != digest), None)
        if altered is not None:
            raise LedgerBroken(
                f"what the memory {self._name} holds of {altered!r} is not what was delivered; restore the database "
                "from a backup"
            )

    def fill(self, memory: Memory) -> None:
        """Put everything into an empty memory, in ledger order."""
        state = self._ledger.state()
        memory.apply(self._deliveries(state.held(self._name)), state.position)

    def catch_up(self, memory: Memory) -> None:
        """Apply what the ledger says since the memory's position."""
        state = self._ledger.state()
        if memory.position >= state.position:
            return
        touched = state.changed_after(memory.position)
        wanted = [r for r in touched if r.stage == "active" and self._name in r.memories]
        deliveries = self._deliveries(wanted)
        kept = {change.addendum_id for change in deliveries}
        gone = memory.held_among(r.id for r in touched if r.id not in kept)
        changes: list[Change] = [*map(Withdraw, sorted(gone)), *deliveries]
        memory.apply(changes, state.position)

    def _deliveries(self, records: Sequence[Record]) -> list[Deliver]:
        """What is to be held of these records, from the contents in the ledger."""
        contents = self._ledger.addenda([record.id for record in records])
        return [
            Deliver(r.id, self._artefact_of(contents[r.id]), r.sequence or 0, Window(r.starts, r.ends, r.audience))
            for r in records
            if r.id in contents
        ]
