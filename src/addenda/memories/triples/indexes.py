"""The indexes of near names there are: by typing errors, or by what names mean to an encoder.

A database says which index its names are in, by the index's name, so whoever opens it need not know. That name may be
one that this version writes otherwise; the index then refuses to read and says that the names must be entered anew.
"""

from __future__ import annotations

from addenda.memories.triples.embeddings import EMBEDDINGS, EmbeddingIndex, SentenceEncoder
from addenda.memories.triples.index import NameIndex
from addenda.memories.triples.lexical import LexicalIndex
from addenda.memories.triples.rooms import Room
from addenda.memories.triples.store import state_of


def index_for(encoder: str | None) -> NameIndex:
    """The index with this sentence-transformers model, by name or folder; None: the lexical one.

    Raises MissingDependency without the ``embeddings`` extra.
    """
    return LexicalIndex() if encoder is None else EmbeddingIndex(SentenceEncoder(encoder))


def index_named(name: str | None) -> NameIndex:
    """The index that a database's names are in; the lexical one for a database that has none yet.

    Raises MissingDependency without the ``embeddings`` extra.
    """
    kind, _, encoder = (name or "").partition(" ")
    return index_for(encoder if kind == EMBEDDINGS else None)


def stored_index(room: Room) -> str | None:
    """The name of the index that a database's names are in; None while it has none."""
    with room.read() as connection:
        return state_of(connection).name_index
