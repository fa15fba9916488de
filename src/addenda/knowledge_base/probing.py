"""Whether what is acknowledged could be kept: a real write to the database and to the artefacts."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Column, Integer, Table, Text, delete, insert

from addenda.artifacts import ArtifactStore
from addenda.database import METADATA, Database

PROBES = Table(
    "probes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
)
"""One row, written by the last health check."""


def probe(database: Database, artifacts: ArtifactStore) -> None:
    """Write a row and a file, both durably, and take the file away again. Raises StorageUnavailable."""
    at = datetime.now(UTC).isoformat()
    with database.write() as connection:
        connection.execute(delete(PROBES))
        connection.execute(insert(PROBES).values(id=1, at=at))
    artifacts.discard(artifacts.put(f"written by a health check at {at}".encode()))
