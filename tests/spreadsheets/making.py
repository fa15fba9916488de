"""Making spreadsheet files for tests: with openpyxl, and by rewriting single parts of the package."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from addenda.spreadsheets import Problem, Sheet, read_rows

HEADER = ("Product", "Attribute", "New value")


def make_xlsx(
    folder: Path,
    rows: Sequence[Sequence[object]],
    change: Callable[[Worksheet], None] | None = None,
    header: Sequence[object] | None = HEADER,
    name: str = "update.xlsx",
) -> Path:
    """One sheet called Changes, with the header first; ``change`` may do more to it."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Changes"
    for row in ([header] if header else []) + list(rows):
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    path = folder / name
    workbook.save(path)
    return path


def make_csv(folder: Path, text: str, encoding: str = "utf-8", name: str = "update.csv") -> Path:
    """A csv file with this text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def rewrite(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """Replace one part of a package, or add it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def with_shared_strings(path: Path, items: str, cells: str) -> Path:
    """Give a package the table of strings that Excel writes, and a sheet with these rows that refers to it."""
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Id="rIdS" Type="{types}" Target="sharedStrings.xml"/></Relationships>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    rewrite(path, "xl/sharedStrings.xml", lambda _: f'<sst xmlns="{main}">{items}</sst>'.encode())
    rewrite(path, "xl/_rels/workbook.xml.rels", lambda data: data.replace(b"</Relationships>", relation.encode()))
    return rewrite(path, "xl/worksheets/sheet1.xml", lambda _: sheet.encode())


def facts(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Subject, relation and value of the good rows."""
    return [(row.subject, row.relation, row.value) for row in sheet.rows]


def only_problem(sheet: Sheet) -> Problem:
    """The one problem there is."""
    assert len(sheet.problems) == 1, [str(problem) for problem in sheet.problems]
    return sheet.problems[0]


def read_one(folder: Path, value: object, number_format: str | None = None) -> Sheet:
    """A list with a good row and one whose value cell (C3) holds this."""

    def change(sheet: Worksheet) -> None:
        if number_format is not None:
            sheet["C3"].number_format = number_format

    return read_rows(make_xlsx(folder, [("Good", "weight", "1 kg"), ("Velmor", "weight", value)], change))
