"""The ledger's two tables, declared on the schema that all units share.

``events`` holds the chain. ``contents`` holds what erasure destroys: content and salt, and (derived from the content,
for finding conflicts) what it is about. Both are created by the migration history, never from these declarations.
"""

from __future__ import annotations

import sqlalchemy as sa

from addenda.database import METADATA

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False, unique=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
)
"""The events, one row each, as they were hashed."""

CONTENTS = sa.Table(
    "contents",
    METADATA,
    sa.Column("addendum_id", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=True, index=True),
)
"""The contents that were not erased, with the salts of their commitments."""
