"""Writing addenda to xlsx and csv, and reading such a file back to the very same addenda.

Nothing that is written can run: text that a spreadsheet program would take for a formula (it begins with ``=``, ``+``,
``-``, ``@``, a tab or a carriage return) is stored as text with the quote mark attribute in xlsx, and gets a visible
quote in front in csv. Every cell is text, so that 2-8 stays 2-8 after somebody edits the file. Moments are written in
UTC in ISO 8601, exactly; lists are separated by semicolons.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, cast, get_args

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from pydantic import ValidationError

from addenda.errors import InvalidInput, StorageUnavailable, UnreadableFile
from addenda.spreadsheets.columns import GROUPS, Field, find_layout
from addenda.spreadsheets.delimited import neutralise
from addenda.spreadsheets.reading import open_tables
from addenda.spreadsheets.rows import join_list, split_list
from addenda.spreadsheets.tables import Limits, Table, address
from addenda.types import Addendum, Document, Edit, Fact, Note, Status

SHEET_NAME = "Addenda"
LONGEST_XLSX_CELL = 32_767
LONGEST_CSV_CELL = 131_072

_HEADERS: dict[Field, str] = {
    "id": "Id",
    "status": "Status",
    "subject": "Subject",
    "relation": "Relation",
    "value": "Value",
    "prompt": "Prompt",
    "answer": "Answer",
    "rephrasings": "Rephrasings",
    "rule": "Rule",
    "applies_when": "Applies when",
    "note_place": "Note place",
    "supported_by": "Supported by",
    "contradicted_by": "Contradicted by",
    "withdrawn": "Withdrawn",
    "title": "Title",
    "text": "Text",
    "source": "Source",
    "author": "Author",
    "valid_from": "Valid from",
    "valid_until": "Valid until",
    "audience": "Audience",
    "tags": "Tags",
    "trust": "Trust",
    "evidence": "Evidence",
}
_KIND_FIELDS: dict[str, tuple[Field, ...]] = {
    "fact": ("subject", "relation", "value"),
    "edit": ("prompt", "answer", "rephrasings"),
    "note": ("rule", "applies_when", "note_place", "supported_by", "contradicted_by", "withdrawn"),
    "document": ("title", "text"),
}
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_EXACT = Limits(cell_characters=LONGEST_CSV_CELL)


def write_addenda(path: Path | str, rows: Iterable[tuple[Addendum, Status]]) -> int:
    """Write addenda with their status to an .xlsx or .csv file; returns how many.

    The file appears complete or not at all. Columns of kinds of knowledge that do not occur are left out; those of
    facts are always there.

    Raises InvalidInput for another ending or a text too long for a cell, StorageUnavailable when it cannot be written.
    """
    path = Path(path)
    writers = {".xlsx": (_write_xlsx, LONGEST_XLSX_CELL), ".csv": (_write_csv, LONGEST_CSV_CELL)}
    found = writers.get(path.suffix.lower())
    if found is None:
        raise InvalidInput(f"cannot export to {str(path)!r}: give it the ending .xlsx or .csv")
    write, longest = found
    listed = list(rows)
    kinds = {"fact", *(addendum.content.kind for addendum, _ in listed)}
    left_out = {field for kind, fields in _KIND_FIELDS.items() if kind not in kinds for field in fields}
    fields: list[Field] = [field for field in _HEADERS if field not in left_out]
    lines = [_line(addendum, status, fields, longest) for addendum, status in listed]
    _replace(path, lambda stream: write(stream, [[_HEADERS[field] for field in fields], *lines]))
    return len(lines)


def read_addenda(path: Path | str) -> list[tuple[Addendum, Status]]:
    """Read a file that :func:`write_addenda` wrote, exactly.

    Lists made by people are read by :func:`~addenda.spreadsheets.read_rows` instead.

    Raises UnreadableFile for another file, and InvalidInput naming the row that is not as it was written.
    """
    path = Path(path)
    for table in open_tables(path, _EXACT):
        layout = find_layout(table)
        if layout is not None and {"id", "status", "source", "author"} <= set(layout.columns):
            return [
                _addendum(table, number, {f: cells[c].text for f, c in layout.columns.items() if c in cells})
                for number, cells in table.rows
                if number > layout.header_row
            ]
    raise UnreadableFile(f"{str(path)!r} is no export of addenda: it lacks the columns Id, Status, Source and Author")


def _line(addendum: Addendum, status: Status, fields: Sequence[Field], longest: int) -> list[str]:
    values = _values(addendum, status)
    line = [values.get(field, "") for field in fields]
    longest_here = max(len(_NOT_IN_XML.sub("_x0000_", value)) for value in line)
    if longest_here > longest:
        raise InvalidInput(
            f"addendum {addendum.id!r} has a text of {longest_here:,} characters, and a cell holds {longest:,}; "
            "leave it out, or export to .csv"
        )
    return line


def _values(addendum: Addendum, status: Status) -> Mapping[Field, str]:
    values: dict[Field, str] = {
        "id": addendum.id,
        "status": status,
        "source": addendum.source,
        "author": addendum.author,
        "valid_from": _moment(addendum.valid_from),
        "valid_until": _moment(addendum.valid_until),
        "audience": join_list(addendum.audience),
        "tags": join_list(addendum.tags),
        "trust": addendum.trust,
        "evidence": join_list(addendum.evidence),
    }
    match addendum.content:
        case Fact(subject=subject, relation=relation, object=value):
            values |= {"subject": subject, "relation": relation, "value": value}
        case Edit(prompt=prompt, target=target, rephrasings=rephrasings):
            values |= {"prompt": prompt, "answer": target, "rephrasings": join_list(rephrasings)}
        case Note() as note:
            values |= {
                "rule": note.rule,
                "applies_when": note.applies_when,
                "note_place": str(note.place) if note.place else "",
                "supported_by": join_list(note.supported_by),
                "contradicted_by": join_list(note.contradicted_by),
                "withdrawn": "yes" if note.withdrawn else "",
            }
        case Document(title=title, text=text):
            values |= {"title": title, "text": text}
    return values


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _addendum(table: Table, number: int, texts: Mapping[Field, str]) -> tuple[Addendum, Status]:
    where = address(table.name, number, 1)
    begun = [group for group in GROUPS if any(texts.get(field) for field in group)]
    status = texts.get("status", "")
    if len(begun) != 1 or status not in get_args(Status):
        raise InvalidInput(f"row {where} is not as it was exported: status {status!r}; export it again")
    try:
        addendum = Addendum.model_validate(
            {
                "id": texts.get("id", ""),
                "content": _content(begun[0], texts),
                "source": texts.get("source", ""),
                "author": texts.get("author", ""),
                "valid_from": texts.get("valid_from"),
                "valid_until": texts.get("valid_until"),
                "audience": split_list(texts.get("audience", "")),
                "evidence": split_list(texts.get("evidence", "")),
                "trust": texts.get("trust", ""),
                "tags": split_list(texts.get("tags", "")),
            }
        )
    except ValidationError as error:
        fields = ", ".join(str(fault["loc"][-1]) for fault in error.errors())
        raise InvalidInput(f"row {where} is not as it was exported: see {fields}; export it again") from None
    return addendum, cast("Status", status)


def _content(group: tuple[Field, ...], texts: Mapping[Field, str]) -> dict[str, object]:
    match group[0]:
        case "prompt":
            rephrasings = split_list(texts.get("rephrasings", ""))
            return {
                "kind": "edit",
                "prompt": texts.get("prompt"),
                "target": texts.get("answer"),
                "rephrasings": rephrasings,
            }
        case "rule":
            return {
                "kind": "note",
                "rule": texts.get("rule"),
                "applies_when": texts.get("applies_when", ""),
                "place": texts.get("note_place", "0"),
                "supported_by": split_list(texts.get("supported_by", "")),
                "contradicted_by": split_list(texts.get("contradicted_by", "")),
                "withdrawn": texts.get("withdrawn", "") == "yes",
            }
        case "title":
            return {"kind": "document", "title": texts.get("title"), "text": texts.get("text")}
        case _:
            return {
                "kind": "fact",
                "subject": texts.get("subject"),
                "relation": texts.get("relation"),
                "object": texts.get("value"),
            }


def _replace(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the target and rename, so that no reader ever sees half a file."""
    temporary: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=".export-", delete=False) as stream:
            temporary = Path(stream.name)
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise StorageUnavailable(
            f"cannot write {str(path)!r} ({error.strerror}); check that the folder exists, is writable and has space"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _write_csv(stream: IO[bytes], lines: Sequence[Sequence[str]]) -> None:
    """UTF-8 with a byte order mark, without which Excel takes the file for another encoding."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerows([neutralise(value) for value in line] for line in lines)
    text.flush()
    text.detach()


def _write_xlsx(stream: IO[bytes], lines: Sequence[Sequence[str]]) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(SHEET_NAME)
    for line in lines:
        cells: list[Cell | None] = []
        for value in line:
            if not value:
                cells.append(None)
                continue
            cell = WriteOnlyCell(sheet, "")
            cell.value = _NOT_IN_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", value)
            cell.data_type = "s"
            cell.number_format = "@"
            cell.quotePrefix = value[0] in "=+-@\t\r"
            cells.append(cell)
        sheet.append(cells)
    workbook.save(stream)
