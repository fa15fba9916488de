"""What a memory call says: queries, statements, and what could not be understood.

Idea: a value that exists is well-formed. A query that names both sides or neither cannot be made, by a parser or by
hand, so nothing behind the parser has to check again; what a call held besides is kept as problems, in its own words.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), for queries and statements. Not known here: how calls are
spelled, and which entities or relations exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.triples.marks import FIELD, written

NAME_LIMIT = 1_000
"""Longest name of a query or statement, in characters."""

ProblemKind: TypeAlias = Literal[
    "too long", "no call", "outside", "unfinished", "too many", "empty", "fields", "slots", "mark", "line end", "escape"
]
"""What was wrong: with the call as a whole (first four), with the number of items, or with one item."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the memory: a relation and exactly one of its two sides.

    Raises InvalidInput when both sides or neither are given, when a name is empty, or longer than ``NAME_LIMIT``.
    """

    subject: str | None
    relation: str
    object: str | None

    def __post_init__(self) -> None:
        if (self.subject is None) == (self.object is None):
            raise InvalidInput(
                f"a query names its subject or its object, not {'neither' if self.subject is None else 'both'} "
                f"(relation {shown(self.relation)}); leave out the side that is asked for"
            )
        _check_names({"relation": self.relation, self.known_side: self.known})

    @property
    def known_side(self) -> Literal["subject", "object"]:
        """Which side is given; the other one is asked for."""
        return "object" if self.subject is None else "subject"

    @property
    def known(self) -> str:
        """The name on the side that is given."""
        return (self.object if self.subject is None else self.subject) or ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One triple that a model says should be stored; a proposal, never more.

    Raises InvalidInput when a name is empty or longer than ``NAME_LIMIT``.
    """

    subject: str
    relation: str
    object: str

    def __post_init__(self) -> None:
        _check_names({"subject": self.subject, "relation": self.relation, "object": self.object})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a call that was not understood, and is therefore not acted upon."""

    kind: ProblemKind
    raw: str
    """The text that is meant, as it stood there; only the beginning when the call was too long."""
    message: str
    """What was given, what is allowed, and what to do, in one line."""
    item: int | None = None
    """Which item of the call it is, counted from 1; None for the call as a whole."""


@dataclass(frozen=True, slots=True)
class ReadCall:
    """The well-formed queries of a read call, in order, and what else was in it."""

    queries: tuple[Query, ...]
    problems: tuple[Problem, ...]

    @property
    def key(self) -> frozenset[str]:
        """Equal for two calls that ask the same, whatever the order, spacing and escapes of their queries."""
        return frozenset(canonical(query) for query in self.queries)


@dataclass(frozen=True, slots=True)
class WriteCall:
    """The well-formed statements of a write call, in order, and what else was in it."""

    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What follows the wait mark of a read call: names, or the count of a "too broad" answer."""

    names: tuple[str, ...]
    problems: tuple[Problem, ...]
    too_broad: int | None = None


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A read call inside a longer text, from its start to its wait mark."""

    start: int
    end: int
    """Position just after the wait mark, where the results belong."""
    text: str
    """The call itself, for ``parse_read``."""
    body: str
    """What stands between the opening and the ending."""


def canonical(query: Query) -> str:
    """A text that is equal for two queries which differ in spacing or escapes only; case counts."""
    sides = (query.subject, query.relation, query.object)
    return joined(*(side and (" ".join(side.split()) or side) for side in sides))


def joined(*sides: str | None) -> str:
    """Subject, relation and object as one written item; nothing stands for a side that is None."""
    return FIELD.join(written(side) if side is not None else "" for side in sides)


def shown(raw: str) -> str:
    """The beginning of a text in one line, for messages."""
    return repr(raw if len(raw) <= _SHOWN else raw[:_SHOWN] + "...")


def _check_names(names: dict[str, str]) -> None:
    for role, name in names.items():
        if not 1 <= len(name) <= NAME_LIMIT:
            raise InvalidInput(
                f"the {role} {shown(name)} has {len(name)} characters; 1 to {NAME_LIMIT} are allowed, so give a "
                f"{'shorter ' if name else ''}name"
            )
