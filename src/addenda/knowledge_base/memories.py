"""The memories of one knowledge base, kept at the ledger's head, and the responder over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from addenda.artifacts import ArtifactStore
from addenda.augmenting import Augmenting
from addenda.database import Database
from addenda.errors import InvalidInput
from addenda.knowledge_base.consulted_models import ConsultedModels
from addenda.knowledge_base.edits_keeper import EditsKeeper
from addenda.knowledge_base.keeper import Keeper
from addenda.knowledge_base.memory_models import MemoryModels
from addenda.knowledge_base.models import ModelChoice, ModelInUse
from addenda.knowledge_base.notes_keeper import NotesKeeper
from addenda.knowledge_base.reflections_keeper import ReflectionsKeeper
from addenda.knowledge_base.triples_keeper import TriplesKeeper
from addenda.ledger import Ledger, Person
from addenda.memories.base import Memory, TripleReader
from addenda.memories.notes.notebook import HeldNote
from addenda.responder import Responder, Values
from addenda.types import MemoryName

CARRYING: tuple[MemoryName, ...] = ("edits", "triples")
"""The memories that can carry facts."""


def check_carried(names: Sequence[MemoryName]) -> tuple[MemoryName, ...]:
    """These names, each once. Raises InvalidInput when there is none, or one that this version does not have."""
    unknown = [name for name in names if name not in CARRYING]
    if unknown or not names:
        given = f"the memory {unknown[0]!r} cannot carry facts in this version" if unknown else "no memory was named"
        raise InvalidInput(f"{given}; name one or more of {', '.join(CARRYING)}")
    return tuple(dict.fromkeys(names))


class Memories:
    """The four memories of one knowledge base."""

    def __init__(
        self, ledger: Ledger, artifacts: ArtifactStore, database: Database, choice: ModelChoice, directory: Path
    ) -> None:
        """Take the ledger, the artefacts, the database, which model to use, and the knowledge base's folder.

        Nothing is loaded yet.
        """
        self.base = ModelInUse(ledger, choice)
        """The model."""
        self._consulted = ConsultedModels(ledger, self.base, choice)
        self.memory_models = MemoryModels(artifacts, directory, self._consulted)
        """The memory models."""
        self.reflections = ReflectionsKeeper(ledger, self.memory_models)
        """Who keeps the memory of reflections."""
        self._triples = TriplesKeeper(ledger, artifacts, database)
        self._notes = NotesKeeper(ledger, artifacts)
        self._keepers: Mapping[MemoryName, Keeper] = {
            "edits": EditsKeeper(ledger, artifacts, self.base),
            "triples": self._triples,
            "notes": self._notes,
            "reflections": self.reflections,
        }

    def keeper(self, name: MemoryName) -> Keeper:
        """Who keeps a memory."""
        return self._keepers[name]

    def live(self) -> dict[MemoryName, Memory]:
        """The memories that are configured, at the ledger's head, by name."""
        found: dict[MemoryName, Memory] = {}
        for name, keeper in self._keepers.items():
            if (memory := keeper.memory()) is not None:
                found[name] = memory
        return found

    def sync(self) -> None:
        """Bring the memories to the ledger's head, as far as this process can be asked about them."""
        for keeper in self._keepers.values():
            keeper.sync()

    def digests(self) -> dict[MemoryName, str]:
        """The digest of everything that each configured memory holds."""
        return {name: memory.digest() for name, memory in self.live().items()}

    def rebuilt_digests(self) -> dict[MemoryName, str]:
        """The same digests of memories made anew from the ledger and the artefacts alone."""
        found: dict[MemoryName, str] = {}
        for name, keeper in self._keepers.items():
            if (memory := keeper.rebuilt()) is not None:
                found[name] = memory.digest()
        return found

    def responder(self, values: Values) -> Responder:
        """A responder over the live memories."""
        return self.responder_over(self.live(), values)

    def responder_over(self, memories: Mapping[MemoryName, Memory], values: Values | None = None) -> Responder:
        """A responder over these memories; the model reads triples if they are among them and it has learned to."""
        reading = self.base.reading() if "triples" in memories else None
        noting = self.base.noting() if "notes" in memories else None
        consulting = self._consulted.consulting() if "reflections" in memories else None
        return Responder(
            self.base.model, memories, reading=reading, noting=noting, consulting=consulting, values=values or _no_value
        )

    def augmenting(self) -> Augmenting:
        """What puts what the live memories give beside the questions of conversations with a remote model."""
        memories, model = self.live(), self.base.connected
        relations = self.base.relations_read() if "triples" in memories else ()
        consulting = self._consulted.consulting() if "reflections" in memories else None
        return Augmenting(f"{model.name} {model.fingerprint}", memories, relations, consulting)

    def notes_at(self, moment: datetime) -> tuple[HeldNote, ...]:
        """The notes that hold at a moment for anybody, in the order in which they are tried."""
        memory = self._notes.memory()
        return () if memory is None else memory.holding_at(moment)

    def triples_reader(self, as_of: datetime | None, audience: str) -> TripleReader:
        """Reads what the memory of triples holds. Raises InvalidInput while it is not in use."""
        memory = self._triples.memory()
        if memory is None:
            raise InvalidInput(
                "nothing was made live in the memory of triples yet; declare a relation with it "
                "(`relation declare NAME --memories triples`), and propose a fact"
            )
        return memory.contribute(at=as_of, audience=audience)

    def reindex_triples(self, encoder: str | None, thresholds: Mapping[str, float], by: Person, reason: str) -> str:
        """Enter the names of the memory of triples into another index; see :meth:`TriplesKeeper.reindex`."""
        return self._triples.reindex(encoder, thresholds, by, reason)

    def require_reader(self) -> None:
        """Raise InvalidInput when the model cannot read triples, so that they would change no answer."""
        if self.base.reading() is None:
            raise InvalidInput(
                f"the model {self.base.name!r} has not learned to read triples, so no answer would come from them; "
                "train it (`addenda train read`) and name the adapter with ADDENDA_READ_ADAPTER, or declare the "
                "relation with the memory edits"
            )

    def close(self) -> None:
        """Close the connections to remote models."""
        self.base.close()
        self._consulted.close()


def _no_value(_addendum_id: str) -> str | None:
    return None
