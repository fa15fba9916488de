"""Keeps the notes memory: a few thousand short texts in the process, each made again from the ledger's contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.ledger import SYSTEM, Ledger, MemoryConfigured, Record
from addenda.memories.base import Change, Deliver, Window, Withdraw
from addenda.memories.notes import NotesConfig, NotesMemory
from addenda.memories.notes.artefact import StoredNote
from addenda.types import Addendum, MemoryName, Note


class NotesKeeper:
    """Keeps the notes memory of this process at the ledger's head; keeps the :class:`Keeper` protocol."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore) -> None:
        """Take the ledger, and the artefacts for the configuration."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._memory: NotesMemory | None = None
        self._opened: str | None = None

    @property
    def name(self) -> MemoryName:
        """The memory of notes."""
        return "notes"

    @property
    def entangled(self) -> bool:
        """False: a note that is taken out changes only what it had decided."""
        return False

    def memory(self) -> NotesMemory | None:
        """The memory at the ledger's head; None while it is not configured."""
        configuration = self._ledger.state().memories.get("notes")
        if configuration is None:
            return None
        if self._memory is None or self._opened != configuration:
            self._memory, self._opened = self._empty(configuration), configuration
        self._catch_up(self._memory)
        return self._memory

    def configured(self) -> NotesMemory:
        """The memory, configured with the defaults if it was not yet."""
        if "notes" not in self._ledger.state().memories:
            digest = self._artifacts.put(NotesConfig().model_dump_json().encode())
            with self._ledger.writing() as session:
                if "notes" not in session.state.memories:
                    body = MemoryConfigured(memory="notes", configuration=digest)
                    session.append(SYSTEM, [body], "first use")
        memory = self.memory()
        if memory is None:
            raise LedgerBroken("the notes memory was configured and is not in the state; run `verify`")
        return memory

    def sync(self) -> None:
        """Bring the memory to the ledger's head."""
        self.memory()

    def rebuilt(self) -> NotesMemory | None:
        """A fresh memory, made from the contents of the ledger in ledger order."""
        state = self._ledger.state()
        configuration = state.memories.get("notes")
        if configuration is None:
            return None
        memory = self._empty(configuration)
        memory.apply(self._deliveries(state.held("notes")), state.position)
        return memory

    def store(self, artefacts: Mapping[str, bytes]) -> Mapping[str, str]:
        """The digests; the contents in the ledger are what outlives a crash."""
        return {i: hashlib.sha256(artefact).hexdigest() for i, artefact in artefacts.items()}

    def stored(self, addenda: Mapping[str, Addendum], tested: Mapping[str, str]) -> Mapping[str, str]:
        """The digest for each content."""
        del tested
        return self.store({i: artefact_of(addendum) for i, addendum in addenda.items()})

    def check(self, delivered: Mapping[str, str]) -> None:
        """Raise LedgerBroken when the artefact of a content is not what was delivered."""
        found = self.stored(self._ledger.addenda(list(delivered)), {})
        altered = next((i for i, digest in delivered.items() if found.get(i) != digest), None)
        if altered is not None:
            raise LedgerBroken(f"the note {altered!r} is not what was delivered; restore the database from a backup")

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """Nothing: the configuration stands alone."""
        del configuration
        return frozenset()

    def _empty(self, configuration: str) -> NotesMemory:
        return NotesMemory(NotesConfig.model_validate_json(self._artifacts.get(configuration)))

    def _catch_up(self, memory: NotesMemory) -> None:
        """Apply what the ledger says since the memory's position."""
        state = self._ledger.state()
        if memory.position >= state.position:
            return
        touched = state.changed_after(memory.position)
        wanted = [r for r in touched if r.stage == "active" and "notes" in r.memories]
        deliveries = self._deliveries(wanted)
        kept = {change.addendum_id for change in deliveries}
        gone = memory.held_among(r.id for r in touched if r.id not in kept)
        changes: list[Change] = [*map(Withdraw, sorted(gone)), *deliveries]
        memory.apply(changes, state.position)

    def _deliveries(self, records: Sequence[Record]) -> list[Deliver]:
        """What is to be held of these records, from the contents in the ledger."""
        contents = self._ledger.addenda([record.id for record in records])
        return [
            Deliver(r.id, artefact_of(contents[r.id]), r.sequence or 0, Window(r.starts, r.ends, r.audience))
            for r in records
            if r.id in contents
        ]


def artefact_of(addendum: Addendum) -> bytes:
    """The artefact of an addendum that is a note. Raises LedgerBroken when it is none."""
    note = addendum.content
    if not isinstance(note, Note):
        raise LedgerBroken(f"{addendum.id!r} is a {note.kind} and was delivered to the notes memory; run `verify`")
    return StoredNote.of(note).to_bytes()
