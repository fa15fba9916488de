"""The knowledge bases that one server has open, and who gets at which.

Idea: a ledger and its states may be read by any thread, but a memory acts inside a model, and a model works for one at
a time. So each knowledge base is opened twice: once to answer, once for the work that changes it. Whoever tests and
activates a thousand changes therefore keeps nobody waiting for an answer; the answering one follows the ledger's head,
as any other process would.

Which person a token belongs to is the knowledge base's business; this module has no policy, and no list of people. A
token is good for those knowledge bases whose ledger has it, and for no other.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from addenda.errors import AddendaError, InvalidInput, UnknownId
from addenda.knowledge_base import KnowledgeBase, ModelChoice

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a knowledge base is."""

    directory: Path
    database: str | None = None
    """URL of the ledger's database, where it is not the file in the folder."""
    choice: ModelChoice = field(default_factory=ModelChoice)


class Hosted:
    """One knowledge base that is being served. Threads may share it."""

    def __init__(self, name: str, place: Place) -> None:
        """Open it; raises what :meth:`KnowledgeBase.open` raises."""
        self.name = name
        """What it is called in addresses and headers."""
        self._working = _opened(place)
        try:
            self._answering = _opened(place)
        except BaseException:
            self._working.close()
            raise
        self._working_turn = threading.Lock()
        self._answering_turn = threading.Lock()

    @property
    def kb(self) -> KnowledgeBase:
        """The knowledge base for reading what needs no memory and no model: state, history, addenda, people."""
        return self._answering

    @contextmanager
    def answering(self) -> Generator[KnowledgeBase]:
        """The knowledge base for whatever asks its memories or its model, while nobody else does."""
        with self._answering_turn:
            yield self._answering

    @contextmanager
    def working(self) -> Generator[KnowledgeBase]:
        """The knowledge base for whatever changes it or takes long, while nobody else does."""
        with self._working_turn:
            yield self._working

    def warm_up(self) -> None:
        """Load what the first question would wait for. What cannot be loaded is left to whoever asks, who is told."""
        with self.answering() as kb, suppress(AddendaError):
            kb.conversing.warm_up()

    def close(self) -> None:
        """Close it. Work in progress must have ended."""
        self._answering.close()
        self._working.close()


class Hosting:
    """The knowledge bases of a server, by name. Use it as a context manager."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        """Open each, or none.

        Args:
            places: By name: 1 to 64 lower-case letters, digits, hyphens and underscores.

        Raises InvalidInput for a name that is not allowed, or when there is none; and what opening raises.
        """
        if not places:
            raise InvalidInput("there is no knowledge base to serve; name the folder of at least one")
        for name in places:
            if not _NAME.fullmatch(name):
                raise InvalidInput(
                    f"{name!r} cannot be the name of a knowledge base in addresses; use 1 to 64 lower-case letters, "
                    "digits, - and _, as in `support=./addenda-kb`"
                )
        self._hosted: dict[str, Hosted] = {}
        try:
            for name, place in places.items():
                self._hosted[name] = Hosted(name, place)
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """In the order given; the first is the one that is meant where none is named."""
        return tuple(self._hosted)

    def get(self, name: str | None = None) -> Hosted:
        """One by name; the first without a name. Raises UnknownId, which does not tell what others there are."""
        wanted = self.names[0] if name is None else name
        if wanted not in self._hosted:
            raise UnknownId(f"there is no knowledge base {wanted!r} here, or it is not yours; check its name")
        return self._hosted[wanted]

    def warm_up(self) -> None:
        """Load what the first questions would wait for, one knowledge base after the other."""
        for hosted in self._hosted.values():
            hosted.warm_up()

    def close(self) -> None:
        """Close all knowledge bases. Work in progress must have ended."""
        for hosted in self._hosted.values():
            hosted.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all."""
        self.close()


def _opened(place: Place) -> KnowledgeBase:
    return KnowledgeBase.open(place.directory, database=place.database, choice=place.choice)
