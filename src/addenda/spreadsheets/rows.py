"""What reading a list gives: rows that can be proposed, and problems that name a cell and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from addenda.spreadsheets.columns import Field
from addenda.types import EVERYONE, Addendum, Content, Document, Edit, Fact, Note

Severity: TypeAlias = Literal["refused", "flagged"]
"""``refused``: the row was not taken. ``flagged``: it was taken (or did not matter), and somebody should look."""

_ITEM = r'\s*(?:"((?:[^"]|"")*)"\s*|([^{0}]*))(?:[{0}]|$)'


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a cell, a row, a sheet or the file."""

    severity: Severity
    address: str
    """Where, for example ``Changes!C17``; the file's name when it concerns the whole file."""
    what: str
    """What is wrong."""
    fix: str
    """What to do about it."""
    rows: tuple[tuple[str, int], ...] = ()
    """Sheet and number of the row it belongs to; empty when it concerns no single row."""

    def __str__(self) -> str:
        return f"{self.address}: {self.what}; {self.fix}"


@dataclass(frozen=True, slots=True)
class Row:
    """One good row."""

    sheet: str
    """Name of its sheet; empty in a csv file."""
    number: int
    """Its row number, counted from 1 as spreadsheet programs do."""
    address: str
    """Address of the cell with its value (for a note the rule, for a document the text)."""
    cells: Mapping[Field, str]
    """Address of each cell that was read, by its meaning."""
    content: Content
    old_value: str | None = None
    """What the author of the list believed to hold so far; None when not said."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """First instant at which it no longer holds; a date without time in the file includes that whole day."""
    audience: tuple[str, ...] = (EVERYONE,)
    tags: tuple[str, ...] = ()
    comment: str = ""
    warnings: tuple[str, ...] = ()
    """What was flagged about this row, in words."""

    @property
    def subject(self) -> str:
        """What it is about: a fact's subject, an edit's prompt, a document's title; a note's condition."""
        match self.content:
            case Fact():
                return self.content.subject
            case Edit():
                return self.content.prompt
            case Note():
                return self.content.applies_when
            case Document():
                return self.content.title

    @property
    def relation(self) -> str:
        """A fact's relation; empty for the other kinds."""
        return self.content.relation if isinstance(self.content, Fact) else ""

    @property
    def value(self) -> str:
        """What is to be known: a fact's value, an edit's answer, a note's rule, a document's text."""
        match self.content:
            case Fact():
                return self.content.object
            case Edit():
                return self.content.target
            case Note():
                return self.content.rule
            case Document():
                return self.content.text

    def to_addendum(self, author: str, source_prefix: str) -> Addendum:
        """A fresh addendum with this row's content.

        Args:
            author: The person who proposes it.
            source_prefix: Usually the file's name; the source becomes for example ``update.xlsx!Changes!B7``.
        """
        return Addendum(
            content=self.content,
            source=f"{source_prefix}!{self.address}",
            author=author,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            audience=self.audience,
            tags=self.tags,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read from one file, all its sheets together."""

    name: str
    """The file's name without its folder."""
    rows: tuple[Row, ...]
    """The good rows, in the order of the file."""
    problems: tuple[Problem, ...]
    """In the order of the file."""
    tables: tuple[str, ...] = field(default=())
    """The sheets that rows were looked for in."""

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems for which something was not taken."""
        return tuple(problem for problem in self.problems if problem.severity == "refused")

    @property
    def flagged(self) -> tuple[Problem, ...]:
        """The problems that somebody should look at."""
        return tuple(problem for problem in self.problems if problem.severity == "flagged")

    @property
    def rows_refused(self) -> int:
        """How many rows were not taken because something is wrong with them."""
        return len({row for problem in self.refused for row in problem.rows})


def join_list(items: Iterable[str]) -> str:
    """Several short texts in one cell, separated by semicolons; quoted where a text would be taken for several."""
    return "; ".join(_quote(item) for item in items)


def split_list(text: str, separators: str = ";,、\n") -> tuple[str, ...]:
    """The inverse of :func:`join_list`, which also takes lists that people typed; unquoted empty items are dropped."""
    if not text.strip():
        return ()
    pattern = re.compile(_ITEM.format(re.escape(separators)))
    items: list[str] = []
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:  # text after a closing quote: take the rest as it stands
            items.append(text[position:].strip())
            break
        if match[1] is not None:
            items.append(match[1].replace('""', '"'))
        elif match[2].strip():
            items.append(match[2].strip())
        position = match.end()
    return tuple(items)


def _quote(item: str) -> str:
    if item and item == item.strip() and not re.search(r'[;,、\n"]', item):
        return item
    return '"' + item.replace('"', '""') + '"'
