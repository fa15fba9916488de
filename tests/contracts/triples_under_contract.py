"""The triples memory, held to the contract of all memories: asked for the object of a task's subject and relation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addenda.memories.base import Origin, Task
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.syntax import Query
from addenda.types import Fact

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from addenda.memories.base import TripleReader


def task(addendum_id: str, subject: str, relation: str, value: str) -> Task:
    """What a memory is asked to learn for a fact."""
    fact = Fact(subject=subject, relation=relation, object=value)
    return Task(addendum_id, (f"{subject}: {relation}?",), value, fact=fact, origin=Origin("a.csv!B2", "ann", "normal"))


class TriplesContract:
    """What the battery needs to know about the triples memory, and nothing more."""

    name = "triples"
    looks_back = True
    refusal = "NUL"
    tasks = (
        task("a" * 16, "Norda 12", "noise level", "43 dB"),
        task("b" * 16, "Norda 13", "noise level", "47 dB"),
        task("c" * 16, "Norda 12", "colour", "white"),
    )

    def __init__(self) -> None:
        self.last: set[str] = set()

    def make(self, clock: Callable[[], datetime]) -> TriplesMemory:
        """An empty memory."""
        return TriplesMemory.private(clock=clock)

    def recall(self, contribution: TripleReader, task: Task) -> str:
        """What is read for a task's subject and relation with this contribution."""
        assert task.fact is not None
        found = contribution.read(Query(task.fact.subject, task.fact.relation, None))
        self.last = {hit.addendum_id for hit in found.hits}
        return "; ".join(found.names)

    def used(self, contribution: TripleReader) -> set[str]:
        """Ids that were read in the last recall."""
        return self.last

    def spoil(self, artefact: bytes) -> bytes:
        """The artefact with a character in it that databases cannot store."""
        return artefact.replace(b"ann", rb"an\u0000n")
