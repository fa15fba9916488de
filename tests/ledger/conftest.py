"""A fresh ledger for every test, on SQLite, or on PostgreSQL when ``ADDENDA_TEST_POSTGRES`` names a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from addenda.database import Database, open_database
from tests.ledger.desk import Desk


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = os.environ.get("ADDENDA_TEST_POSTGRES")
    opened = open_database(url or tmp_path / "ledger.db", create=True)
    if url:
        with opened.write() as connection:
            connection.execute(sa.text("TRUNCATE events, contents, answers"))
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)
