"""Every number the triples memory depends on, with its default and where it comes from.

Thresholds are similarities from 0 to 1 of the index in use (:mod:`addenda.memories.triples.similarity` defines the
lexical one); MemLLM (arXiv 2404.11672) has the same three, on cosines of sentence vectors, and the same limit of 30.
They may be changed at any time: nothing that is stored depends on them.
"""

from __future__ import annotations

from pydantic import Field

from addenda.types import Frozen

ALIAS_RELATION = "also called"
"""The reserved relation whose live triples make the object another name of the subject in every lookup."""


class TriplesConfig(Frozen):
    """Settings of a triples memory. Raises pydantic's ValidationError when a value is out of range."""

    entity_threshold: float = Field(default=0.8, gt=0.0, le=1.0)
    """Least similarity of the given entity's name to a stored one."""
    close_threshold: float = Field(default=0.9, gt=0.0, le=1.0)
    """Names at least so similar are tried alone before less similar ones count; above ``entity_threshold`` or idle."""
    relation_threshold: float = Field(default=0.75, gt=0.0, le=1.0)
    """Least similarity of the given relation's name to a stored one."""
    mean_threshold: float = Field(default=0.85, gt=0.0, le=1.0)
    """Least mean of the two similarities."""
    near_names_of_known: bool = False
    """Whether a stored name may be taken for a misspelling of another one when nothing is known of it."""
    limit: int = Field(default=30, ge=1, le=1000)
    """Most distinct names that are returned; more are reported as too broad, with their number."""
    alias_hops: int = Field(default=8, ge=0, le=64)
    """How many alias triples a lookup follows one after another, in each direction."""
    alias_names: int = Field(default=256, ge=1, le=4096)
    """How many names one lookup may have by its aliases; the nearest are kept."""
    cached_reads: int = Field(default=4096, ge=0)
    """Results kept in this process; 0 keeps none."""
