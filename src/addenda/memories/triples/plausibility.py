"""Whether a written statement can have come from its sentence: do the names in it stand there?

A model that writes statements can write what no text says. A name that occurs neither in the sentence nor before it is
the cheapest sign of that, so it is looked for and told to whoever reviews; nothing is dropped for it. Width, case,
kinds of dashes and apostrophes, and blanks between a number and its unit do not count; a name inside a longer word
("Al" in "also", "12" in "12.5") is no occurrence. Japanese, Korean and Chinese names may have particles glued to them.

Not known here: whether the sentence says what the statement says about the names, and other ways to write a value
("half a kilo", "next Monday").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.memories.triples.calls import Statement
from addenda.text import hidden_characters, normalised, search_terms

Where: TypeAlias = Literal["sentence", "context", "nowhere"]
"""Where a name occurs first: in the sentence itself, in what the writer was given from before it, or in neither."""

Doubt: TypeAlias = Literal[
    "subject not found", "object not found", "only in the context", "subject is object", "unknown relation",
    "hidden character",
]  # fmt: skip
"""Why a statement looks wrong; a reviewer decides."""

_ALIKE = str.maketrans(
    {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"), **dict.fromkeys("‘’‛′ʼ", "'")}
    | dict.fromkeys("“”„‟″", '"')
)
_PIECE = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+|\s+|[\W\d_]")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about one statement."""

    subject: Where
    object: Where
    doubts: tuple[Doubt, ...]

    @property
    def supported(self) -> bool:
        """Whether nothing about the statement looks wrong."""
        return not self.doubts


class Surroundings:
    """A sentence and what stands before it, made ready for looking up many names."""

    def __init__(self, sentence: str, context: str) -> None:
        self._sentence = _comparable(sentence)
        self._context = _comparable(context)

    def where(self, name: str) -> Where:
        """Where a name occurs."""
        pattern = _pattern(_comparable(name))
        if _occurs(pattern, self._sentence):
            return "sentence"
        return "context" if _occurs(pattern, self._context) else "nowhere"

    def examine(self, statement: Statement, relations: Collection[str] = ()) -> Findings:
        """What is to be said about a statement.

        Args:
            statement: What was written.
            relations: The relations that were offered, in normal form; with none, any will do.
        """
        subject, object_ = self.where(statement.subject), self.where(statement.object)
        names = (statement.subject, statement.relation, statement.object)
        doubts: list[Doubt] = []
        if subject == "nowhere":
            doubts.append("subject not found")
        if object_ == "nowhere":
            doubts.append("object not found")
        if subject == object_ == "context":
            doubts.append("only in the context")
        if normalised(statement.subject) == normalised(statement.object):
            doubts.append("subject is object")
        if relations and normalised(statement.relation) not in relations:
            doubts.append("unknown relation")
        if any(not hidden.allowed for name in names for hidden in hidden_characters(name)):
            doubts.append("hidden character")
        return Findings(subject, object_, tuple(doubts))


def _comparable(text: str) -> str:
    return normalised(text).translate(_ALIKE)


def _pattern(name: str) -> re.Pattern[str] | None:
    """The name, with any blanks or none between its numbers, words and marks; None for a blank name."""
    pieces = [re.escape(piece) for piece in _PIECE.findall(name) if not piece.isspace()]
    return re.compile(r"\s*".join(pieces)) if pieces else None


def _occurs(pattern: re.Pattern[str] | None, text: str) -> bool:
    if pattern is None:
        return False
    return any(not _inside_word(text, found.start(), found.end()) for found in pattern.finditer(text))


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a word or number goes on beyond either edge; scripts written without blanks have no such edges."""
    before = (text[start - reach : start + 1] for reach in (1, 2) if start >= reach)
    after = (text[end - 1 : end + reach] for reach in (1, 2) if end + reach <= len(text))
    return any(search_terms(edge) == [edge] for edge in (*before, *after))
