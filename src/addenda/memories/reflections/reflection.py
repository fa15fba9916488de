"""A reflection: one question about a corpus with its answer, and where it comes from.

Its lineage names the documents it was made from, so withdrawing a document names every reflection that goes with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

from pydantic import Field

from addenda.types import Frozen

Stage: TypeAlias = Literal[
    "direct", "indirect", "consolidated", "surfaced", "cross-document", "unanswerable", "imported"
]
"""The step of the synthesis that a reflection comes from; ``imported`` was made elsewhere."""

STAGES: tuple[Stage, ...] = (
    "direct", "indirect", "consolidated", "surfaced", "cross-document", "unanswerable", "imported"
)  # fmt: skip


class SourceSpan(Frozen):
    """A part of a document: its characters from ``start`` to ``end``."""

    document: str = Field(min_length=1)
    """Id of the document: of its addendum, once it is one."""
    start: int = Field(default=0, ge=0)
    end: int = Field(default=0, ge=0)


class Reflection(Frozen):
    """A question and its answer, as a memory model is taught them."""

    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    stage: Stage
    sources: tuple[SourceSpan, ...] = Field(min_length=1)
    """What it was made from; several documents for a cross-document one."""
    generator: str = Field(min_length=1)
    """The name of the model that made it, with the version of its prompts."""
    parents: tuple[str, ...] = ()
    """Ids of the reflections that it was made from."""
    entity: str = ""
    """For a surfaced one the entity that the question describes without naming it."""

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the content's hash: the same for the same reflection."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of the documents that it comes from."""
        return tuple(dict.fromkeys(span.document for span in self.sources))


def taken_along(reflections: Iterable[Reflection], documents: Collection[str]) -> list[Reflection]:
    """The reflections that go when these documents are withdrawn: all that any of them had a part in."""
    gone = frozenset(documents)
    return [one for one in reflections if not gone.isdisjoint(one.documents)]
