"""What came of a synthesis: reflections, what was not taken and why, and the counts of every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.memories.reflections.reflection import Reflection, Stage
from addenda.types import Frozen

Reason: TypeAlias = Literal[
    "unusable answer",
    "mentions the document",
    "ungrounded",
    "too long",
    "duplicate",
    "not self-contained",
    "fact changed",
    "names the entity",
    "does not name the entity",
    "not discriminating",
    "repeated facts",
    "wrong sources",
    "incomplete group",
    "known",
    "unknown document",
    "unreadable",
]
"""Why something was not taken."""


class Reject(Frozen):
    """Something that was not taken."""

    stage: Stage
    reason: Reason
    detail: str = ""
    """In words, where there is more to say."""
    question: str = ""
    """Of the pair; empty where a whole answer could not be used."""
    documents: tuple[str, ...] = ()
    """Ids of the documents that it would have come from."""


class Conflict(Frozen):
    """A question that reflections of different documents answer differently."""

    question: str
    reflections: tuple[str, ...]
    """Their ids."""


@dataclass(frozen=True, slots=True)
class StageCount:
    """What a stage came to."""

    asked: int = 0
    """Requests that a generator was asked in this run."""
    resumed: int = 0
    """Requests whose answers were there from an earlier run."""
    taken: int = 0
    """Reflections."""
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What came of a synthesis."""

    reflections: tuple[Reflection, ...]
    rejects: tuple[Reject, ...]
    counts: Mapping[Stage, StageCount]
    conflicts: tuple[Conflict, ...] = ()
    """Not resolved here: which document holds is not for a generator to say."""
