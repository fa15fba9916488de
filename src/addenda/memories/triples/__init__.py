"""MemLLM: an explicit memory of triples that a model reads from, and proposes writing to, while it generates.

``TriplesMemory`` puts the store behind the protocol of the memories. Importing this package imports no torch.
"""

from addenda.memories.triples.config import ALIAS_RELATION, TriplesConfig
from addenda.memories.triples.index import NameIndex
from addenda.memories.triples.lexical import LexicalIndex
from addenda.memories.triples.memory import StagedTriples, TriplesMemory
from addenda.memories.triples.reader import Reader

__all__ = [
    "ALIAS_RELATION",
    "LexicalIndex",
    "NameIndex",
    "Reader",
    "StagedTriples",
    "TriplesConfig",
    "TriplesMemory",
]
