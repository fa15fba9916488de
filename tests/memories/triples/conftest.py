"""Fixtures shared by the tests of the triples memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from triple_tools import NOW

from addenda.database import Database, open_database
from addenda.memories.triples import TriplesMemory


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database in a file."""
    opened = open_database(tmp_path / "kb.sqlite3", create=True)
    yield opened
    opened.close()


@pytest.fixture
def memory(database: Database) -> TriplesMemory:
    """An empty memory in that database, at noon on the first of March 2026."""
    return TriplesMemory(database, clock=lambda: NOW)
