"""Keeps the notes memory: a few thousand short texts in the process, each made again from the ledger's contents."""

from __future__ import annotations

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.contents_keeper import ContentsKeeper
from addenda.ledger import SYSTEM, Ledger, MemoryConfigured
from addenda.memories.notes import NotesConfig, NotesMemory
from addenda.memories.notes.artefact import StoredNote
from addenda.types import Addendum, Note


class NotesKeeper(ContentsKeeper):
    """Keeps the notes memory of this process at the ledger's head; keeps the :class:`Keeper` protocol."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore) -> None:
        """Take the ledger, and the artefacts for the configuration."""
        super().__init__(ledger, "notes", artefact_of)
        self._artifacts = artifacts
        self._memory: NotesMemory | None = None
        self._opened: str | None = None

    def memory(self) -> NotesMemory | None:
        """The memory at the ledger's head; None while it is not configured."""
        configuration = self._ledger.state().memories.get("notes")
        if configuration is None:
            return None
        if self._memory is None or self._opened != configuration:
            self._memory, self._opened = self._empty(configuration), configuration
        self.catch_up(self._memory)
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
        configuration = self._ledger.state().memories.get("notes")
        if configuration is None:
            return None
        memory = self._empty(configuration)
        self.fill(memory)
        return memory

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """Nothing: the configuration stands alone."""
        del configuration
        return frozenset()

    def _empty(self, configuration: str) -> NotesMemory:
        return NotesMemory(NotesConfig.model_validate_json(self._artifacts.get(configuration)))


def artefact_of(addendum: Addendum) -> bytes:
    """The artefact of an addendum that is a note. Raises LedgerBroken when it is none."""
    note = addendum.content
    if not isinstance(note, Note):
        raise LedgerBroken(f"{addendum.id!r} is a {note.kind} and was delivered to the notes memory; run `verify`")
    return StoredNote.of(note).to_bytes()
