"""The tool by which a chat model reads triples: what its calls may say, and what they bring back.

What the model writes decides which names are looked up and nothing else: arguments that do not fit exactly are refused
with the reason, before anything is read. What comes back is names as values of a JSON object, in which no name can end
the quotation or spell a control token.

The queries are those of Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672); the tool, its limits and its wording are
ours. Not known here: who may read what, which the reader decides, and what a model does with a name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from addenda.memories.base import ReadResult, TripleReader
from addenda.memories.triples.calls import NAME_LIMIT, Query
from addenda.memories.triples.syntax import QUERIES_PER_CALL
from addenda.models.chat import Tool
from addenda.text import normalised
from addenda.types import Frozen

NAMES_CHARACTERS = 8_000
"""Characters of names that a query may bring back; whole names are left out from the end, and counted."""

_NOTHING = "nothing is known"
_NARROWER = "too many to be listed; ask more narrowly: by the other side, or by a more specific relation or name"
_TOO_LONG = "further names are too long to be given"

_CONTROL = re.compile(r"<(?=[^\s\d=])|\[(?=/?[A-Z_]+\])")
"""How control tokens of models begin, such as ``<|end|>``, ``</s>``, ``[INST]``. JSON itself never looks so."""


def _printable(name: str) -> str:
    if "\x00" in name:
        raise ValueError("a name has no NUL character; leave it out")
    return name


def _left_out(value: object) -> object:
    """None for blanks, which models often write for the side that is asked for."""
    return None if isinstance(value, str) and not value.strip() else value


_Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LIMIT), AfterValidator(_printable)
]
_Side: TypeAlias = Annotated[_Name | None, BeforeValidator(_left_out)]


class MemoryQuery(Frozen):
    """A relation and exactly one of its two sides; the names on the other side are what is asked for."""

    subject: _Side = Field(default=None, description="the subject's name; leave it out to ask for subjects")
    relation: _Name = Field(description="the relation's name, for example 'height'")
    object: _Side = Field(default=None, description="the object's name or value; leave it out to ask for objects")

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.subject is None) == (self.object is None):
            raise ValueError("give the subject or the object, one of them and not both; leave out what you ask for")
        return self


class ReadMemory(Frozen):
    """Questions to the memory."""

    queries: tuple[MemoryQuery, ...] = Field(
        min_length=1, max_length=QUERIES_PER_CALL, description=f"1 to {QUERIES_PER_CALL} queries"
    )


READ_TOOL = Tool(
    "read_memory",
    "Looks names up in the memory of facts. Each query names a relation and either the subject, to get the objects, or "
    "the object, to get the subjects. The result holds the names for each query by its number, best first.",
    ReadMemory,
)
"""The one tool that is offered."""


@dataclass(frozen=True, slots=True)
class ToolRead:
    """A call of the tool that was run, and what the model was given for it."""

    queries: tuple[Query, ...]
    results: tuple[ReadResult, ...]
    """One for each query, in order, with the triples whose names the model was given and no others."""

    text: str
    """What the model was given: a JSON object with the names for each query by its number, or why there are none."""

    @property
    def informed(self) -> bool:
        """Whether it brought a name back."""
        return any(result.hits for result in self.results)


def read_triples(reader: TripleReader, arguments: BaseModel) -> ToolRead:
    """Run a call whose arguments were checked (a :class:`ReadMemory`). Raises what the reader raises."""
    asked = ReadMemory.model_validate(arguments).queries
    queries = tuple(Query(one.subject, one.relation, one.object) for one in asked)
    results = [_fitting(reader.read(query)) for query in queries]
    shown: list[JsonValue] = [_shown(number, *result) for number, result in enumerate(results, 1)]
    return ToolRead(queries, tuple(result for result, _ in results), quoted({"results": shown}))


def quoted(value: JsonValue) -> str:
    """The value as JSON, in which control tokens of models are broken up by escapes."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _fitting(result: ReadResult) -> tuple[ReadResult, int]:
    """The result with the names that can be given, and how many are left out because they are too long."""
    lengths = accumulate(len(name) for name in result.names)
    kept = [name for name, length in zip(result.names, lengths, strict=True) if length <= NAMES_CHARACTERS]
    if len(kept) == len(result.names):
        return result, 0
    wanted = {normalised(name) for name in kept}
    hits = tuple(hit for hit in result.hits if normalised(hit.name) in wanted)
    return replace(result, hits=hits), len(result.names) - len(kept)


def _shown(number: int, result: ReadResult, left_out: int) -> JsonValue:
    """A result as the model sees it."""
    if result.too_broad is not None:
        return {"query": number, "count": result.too_broad, "note": _NARROWER}
    if left_out:
        return {"query": number, "names": [*result.names], "left_out": left_out, "note": _TOO_LONG}
    if not result.names:
        return {"query": number, "names": [], "note": _NOTHING}
    return {"query": number, "names": [*result.names]}
