"""What a spreadsheet file holds, before anything is known of its meaning: tables of cells, whatever the file format.

A cell keeps apart what a person typed from what a spreadsheet program made of it (a date, a formula, an error), because
that difference decides whether it may be believed. This module knows neither columns nor addenda.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

CellKind: TypeAlias = Literal["text", "number", "date", "boolean", "error", "formula", "inexact"]
"""What the file says a cell is; ``inexact`` is a number with more digits than a spreadsheet program keeps."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read at most; beyond that it is refused, so that no file can exhaust the machine."""

    file_bytes: int = 50_000_000
    """Size of the file on disk."""
    unpacked_bytes: int = 150_000_000
    """Size of all parts of an xlsx file together, unpacked."""
    parts: int = 2_000
    """Number of parts in an xlsx file."""
    sheets: int = 100
    rows: int = 200_000
    """Rows with content, per sheet."""
    columns: int = 256
    """Columns that are looked at; content further right is flagged and not read."""
    cell_characters: int = 2_000
    """Length of one cell; document texts and rules may be up to the 131,072 characters that a csv cell may have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with content."""

    kind: CellKind
    text: str
    """What the cell shows; for a formula the formula itself."""
    moment: datetime | None = None
    """The date that a date cell holds, without time zone."""
    note: str = ""
    """A doubt about ``text``, to be flagged; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Span:
    """A merged range; all four borders inclusive, counted from 1."""

    reference: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one sheet, or of a csv file (whose name is empty)."""

    name: str
    rows: tuple[tuple[int, Mapping[int, Cell]], ...]
    """Row number, and its cells with content by column number; both count from 1, rows rising."""
    merged: tuple[Span, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    hidden: bool = False
    """Whether the sheet itself is hidden."""
    notes: tuple[tuple[str, str], ...] = ()
    """What is to be flagged about the table as a whole: what is doubtful, and what to do."""


def column_letters(column: int) -> str:
    """The name of a column counted from 1: 1 is ``A``, 27 is ``AA``."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The inverse of :func:`column_letters`; expects capital letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def address(table: str, row: int, column: int) -> str:
    """A cell's address as spreadsheet programs write it: ``Changes!C17``, ``'My list'!C17``, or ``C17`` in a csv."""
    cell = f"{column_letters(column)}{row}"
    if not table:
        return cell
    plain = re.fullmatch(r"[^\W\d]\w*", table) is not None
    name = table if plain else "'" + table.replace("'", "''") + "'"
    return f"{name}!{cell}"
