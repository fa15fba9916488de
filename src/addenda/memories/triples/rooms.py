"""Where a store keeps its tables: the knowledge base's database, or a private one in memory.

A :class:`PrivateRoom` holds what is staged, and rebuilds; it is gone with the object.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import Connection, event

from addenda.database import METADATA
from addenda.memories.triples.tables import TABLES


class Room(Protocol):
    """What a store needs of a database; :class:`addenda.database.Database` is one."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """The one writer's transaction: committed at the end of the block, rolled back when it raises."""
        ...


class PrivateRoom:
    """An empty database in memory. Safe to share between threads, which take turns."""

    def __init__(self) -> None:
        self._engine = sa.create_engine(
            "sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False, "isolation_level": None}
        )
        event.listen(self._engine, "begin", _begin)
        self._turn = threading.Lock()
        weakref.finalize(self, self._engine.dispose)
        METADATA.create_all(self._engine, tables=TABLES)

    def read(self) -> AbstractContextManager[Connection]:
        """What is in it; a writer waits meanwhile."""
        return self.write()

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        with self._turn, self._engine.begin() as connection:
            yield connection


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
