"""The triples memory's tables, declared on the schema that all units share.

A triple names its subject, relation and object by the ids of rows in ``triple_names``, one for each spelling. Names are
found by ``key``, a digest of their normal form, because an index of PostgreSQL cannot hold a long text. Moments are
microseconds since 1970; :data:`ALWAYS` and :data:`NEVER` stand for an open end, so that the window is a plain range and
an index that ends with ``ends`` skips what is over without touching it. Lists are the index of near names, see
:mod:`addenda.memories.triples.lexical`. Foreign keys are left out: they would cost three lookups for each triple, and
all rows are written by one function in one transaction.

The tables are created by the migration history, never from these declarations.
"""

from __future__ import annotations

import sqlalchemy as sa

from addenda.database import METADATA

ALWAYS = -(2**63)
"""The start of a window without one."""

NEVER = 2**63 - 1
"""The end of a window without one."""

ENTITY, RELATION = 0, 1
"""Kinds of names: those of subjects and objects, and those of relations."""

STATE_ID = 1
"""The id of the one row of ``triple_state``."""

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TRIPLES = sa.Table(
    "triples",
    METADATA,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("addendum_id", sa.Text, nullable=False, unique=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    sa.Column("relation_id", sa.BigInteger, nullable=False),
    sa.Column("object_id", sa.BigInteger, nullable=False),
    sa.Column("starts", sa.BigInteger, nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
    sa.Column("audience", sa.Text, nullable=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("trust", sa.Text, nullable=False),
    sa.Index("ix_triples_subject_id", "subject_id", "relation_id", "ends"),
    sa.Index("ix_triples_object_id", "object_id", "relation_id", "ends"),
    sa.Index("ix_triples_relation_id", "relation_id"),
)
"""What is held. ``audience`` is the audience as a JSON list, or null when it is everyone."""

AUDIENCES = sa.Table(
    "triple_audiences",
    METADATA,
    sa.Column("addendum_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
)
"""Who may be answered from the triples whose audience is not everyone."""

NAMES = sa.Table(
    "triple_names",
    METADATA,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=True),
    sa.Column("digits", sa.Text, nullable=False),
)
"""The names in use. ``folded`` is the form in which they are compared, or null when a name is too long for that."""

LISTS = sa.Table(
    "triple_lists",
    METADATA,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("rest", sa.LargeBinary, nullable=False),
)
"""Which names have a gram: how many, and those of them that are in no part."""

PARTS = sa.Table(
    "triple_list_parts",
    METADATA,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("entries", sa.LargeBinary, nullable=False),
)
"""Parts of long lists; the id is made of the list's id and the number of the part."""

VECTORS = sa.Table(
    "triple_vectors",
    METADATA,
    sa.Column("name_id", _ID, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.BigInteger, nullable=False, index=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
"""What names mean to an encoder, in half precision, and the generation they were stored in; see ``embeddings``."""

BOUNDARIES = sa.Table(
    "triple_boundaries",
    METADATA,
    sa.Column("moment", _ID, primary_key=True, autoincrement=False),
)
"""The moments at which some window starts or ends. A moment may stay after its triples are gone."""

STATE = sa.Table(
    "triple_state",
    METADATA,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("name_index", sa.Text, nullable=False),
)
"""One row: how far in the ledger the memory is, how often what it holds has changed, and which index names are in."""

INDEX_TABLES = (LISTS, PARTS, VECTORS)
"""What the indexes of near names keep."""

TABLES = (TRIPLES, AUDIENCES, NAMES, *INDEX_TABLES, BOUNDARIES, STATE)
"""All tables of this memory."""
