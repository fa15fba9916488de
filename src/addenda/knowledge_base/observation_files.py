"""Files of observations: JSON lines, or a table with one observation in a row.

In a table the first row with content names the columns. ``answer`` is what the system said, ``right`` (yes or no)
whether that turned out right, ``label`` the right answer, ``feedback`` how it is known, ``text`` what was asked; every
other column is an attribute of the case. What a spreadsheet program made of a cell, a formula or an error, is refused
by its address. Hidden sheets are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.notes.cases import Observation, fault, read_observations
from addenda.spreadsheets.reading import open_tables
from addenda.spreadsheets.tables import Cell, Table, address
from addenda.text import clean, normalised

TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx"})
"""Endings of files that are read as tables."""

_FIELDS = frozenset({"answer", "right", "label", "feedback", "text"})
_YES = frozenset({"yes", "true", "1", "right", "y", "はい", "예", "是"})
_NO = frozenset({"no", "false", "0", "wrong", "n", "いいえ", "아니요", "否"})


def read_observation_file(path: Path, encoding: str | None = None) -> list[Observation]:
    """The observations of a file, all of them or none.

    Raises UnreadableFile for a file that cannot be read, InvalidInput for one with a line or row that is no
    observation.
    """
    if path.suffix.lower() in TABLES:
        found = [one for table in open_tables(path, encoding=encoding) for one in _of_table(table, path.name)]
        if not found:
            raise InvalidInput(f"{path.name} has no observations; give columns `answer`, `right` and attributes")
        return found
    try:
        text = path.read_text(encoding=encoding or "utf-8-sig")
    except (OSError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableFile(
            f"{str(path)!r} cannot be read ({type(error).__name__}); check the path, or give --encoding"
        ) from error
    return read_observations(text.splitlines(), path.name)


def _of_table(table: Table, file: str) -> list[Observation]:
    if table.hidden or not table.rows:
        return []
    names = {column: clean(cell.text.strip(), "a column's name") for column, cell in table.rows[0][1].items()}
    if "answer" not in {normalised(name) for name in names.values()}:
        raise InvalidInput(
            f"{file}: row {table.rows[0][0]} of {table.name or 'the table'} has no column `answer`; it has "
            f"{', '.join(map(repr, names.values()))}"
        )
    return [_of_row(table, row, cells, names, file) for row, cells in table.rows[1:]]


def _of_row(table: Table, row: int, cells: Mapping[int, Cell], names: Mapping[int, str], file: str) -> Observation:
    given: dict[str, object] = {}
    attributes: dict[str, str] = {}
    for column, cell in cells.items():
        place = f"{file}, {address(table.name, row, column)}"
        if column not in names:
            raise InvalidInput(f"{place}: this column has no name in the first row; name it, or empty it")
        if cell.kind in ("error", "formula", "inexact"):
            raise InvalidInput(f"{place}: {cell.text!r} is a {cell.kind}; put the value itself there")
        text, name = clean(cell.text.strip(), place), normalised(names[column])
        if name == "right":
            given[name] = _truth(text, place)
        elif name in _FIELDS:
            given[name] = text
        elif text:
            attributes[names[column]] = text
    try:
        return Observation.model_validate({"attributes": attributes, **given})
    except ValidationError as error:
        raise InvalidInput(f"{file}, {address(table.name, row, 1)}: {fault(error)}") from error


def _truth(text: str, place: str) -> bool:
    said = normalised(text)
    if said not in _YES | _NO:
        raise InvalidInput(f"{place}: {text!r} says neither yes nor no; write yes or no")
    return said in _YES
