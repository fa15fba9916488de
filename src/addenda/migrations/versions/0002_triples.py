"""The triples memory: triples with their windows and origins, names, the index of near names, and its position."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the eight tables."""
    _triples()
    _names()
    op.create_table(
        "triple_boundaries",
        sa.Column("moment", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("moment", name="pk_triple_boundaries"),
    )
    op.create_table(
        "triple_state",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("name_index", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_triple_state"),
    )


def _triples() -> None:
    op.create_table(
        "triples",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("addendum_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("relation_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("trust", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_triples"),
        sa.UniqueConstraint("addendum_id", name="uq_triples_addendum_id"),
    )
    op.create_index("ix_triples_subject_id", "triples", ["subject_id", "relation_id", "ends"])
    op.create_index("ix_triples_object_id", "triples", ["object_id", "relation_id", "ends"])
    op.create_index("ix_triples_relation_id", "triples", ["relation_id"])
    op.create_table(
        "triple_audiences",
        sa.Column("addendum_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("addendum_id", "name", name="pk_triple_audiences"),
    )


def _names() -> None:
    op.create_table(
        "triple_names",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_triple_names"),
    )
    op.create_index("ix_triple_names_key", "triple_names", ["key"])
    op.create_table(
        "triple_lists",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_triple_lists"),
    )
    op.create_table(
        "triple_list_parts",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_triple_list_parts"),
    )
    op.create_table(
        "triple_vectors",
        sa.Column("name_id", _ID, autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name_id", name="pk_triple_vectors"),
    )
    op.create_index("ix_triple_vectors_generation", "triple_vectors", ["generation"])
