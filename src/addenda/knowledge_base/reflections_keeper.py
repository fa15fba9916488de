"""Keeps the memory of reflections: documents in the ledger, and the memory model that its configuration names.

A document's artefact is its title and a digest of its text, made again from the ledger's contents. Which memory model
is in use is the memory's configuration; another one is another configuration, and the documents stay.
"""

from __future__ import annotations

from collections.abc import Iterable

from addenda.errors import InvalidInput, LedgerBroken
from addenda.knowledge_base.contents_keeper import ContentsKeeper
from addenda.knowledge_base.memory_models import MemoryModels, read_configuration
from addenda.ledger import Ledger
from addenda.memories.reflections.artefact import StoredDocument
from addenda.memories.reflections.memory import ReflectionsMemory, TaughtModel
from addenda.types import Addendum, Document


class ReflectionsKeeper(ContentsKeeper):
    """Keeps the memory of reflections at the ledger's head; keeps the :class:`Keeper` protocol."""

    def __init__(self, ledger: Ledger, models: MemoryModels) -> None:
        """Take the ledger, and who opens memory models."""
        super().__init__(ledger, "reflections", artefact_of)
        self._models = models
        self._memory: ReflectionsMemory | None = None

    def memory(self) -> ReflectionsMemory | None:
        """The memory at the ledger's head; None while there is no memory model."""
        configuration = self._ledger.state().memories.get("reflections")
        if configuration is None:
            return None
        memory = self._memory
        if memory is None or self._is_outdated(memory.memory_model, configuration):
            memory = self._memory = self._empty(configuration)
        self.catch_up(memory)
        return memory

    def configured(self) -> ReflectionsMemory:
        """The memory. Raises InvalidInput while there is no memory model."""
        memory = self.memory()
        if memory is None:
            raise InvalidInput(
                "there is no memory model yet, so no document can be answered from; make reflections of the documents "
                "(`addenda reflect`) and train one (`addenda train memory-model`)"
            )
        return memory

    def sync(self) -> None:
        """Bring the memory to the ledger's head."""
        self.memory()

    def rebuilt(self) -> ReflectionsMemory | None:
        """A fresh memory, made from the contents of the ledger in ledger order."""
        configuration = self._ledger.state().memories.get("reflections")
        if configuration is None:
            return None
        memory = self._empty(configuration)
        self.fill(memory)
        return memory

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """The files of the memory model, and its reflections but for those of erased documents."""
        stored = read_configuration(configuration)
        return stored.digests(self._erased(stored.documents))

    def _empty(self, configuration: str) -> ReflectionsMemory:
        documents = self._models.stored(configuration).documents
        return ReflectionsMemory(self._models.open(configuration, self._erased(documents)))

    def _is_outdated(self, opened: TaughtModel, configuration: str) -> bool:
        return opened.digest != configuration or opened.erased != self._erased(opened.documents)

    def _erased(self, documents: Iterable[str]) -> frozenset[str]:
        """Those of these documents that were erased."""
        records = self._ledger.state().records
        return frozenset(i for i in documents if i in records and records[i].stage == "erased")


def artefact_of(addendum: Addendum) -> bytes:
    """The artefact of an addendum that is a document. Raises LedgerBroken when it is none."""
    document = addendum.content
    if not isinstance(document, Document):
        raise LedgerBroken(
            f"{addendum.id!r} is a {document.kind} and was delivered to the memory of reflections; run `verify`"
        )
    return StoredDocument.of(document).to_bytes()
