"""Reading the sheets of an xlsx package into tables, with everything a program hid, merged or changed still visible.

The parts are read as a stream of XML events (ECMA-376 part 1, chapter 18), once, because the facts that matter here
(merged ranges, hidden rows, formulas beside their last result, number formats) are spread over what the usual readers
keep apart. Formulas are never computed and macros are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from addenda.spreadsheets.archive import Package, unreadable
from addenda.spreadsheets.formats import exceeds_kept_digits, show_date, show_number
from addenda.spreadsheets.tables import Cell, Limits, Span, Table, address, column_number

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DAYS_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet date has no time zone
_DAYS_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_SERIAL = 2_958_466
_TRUE = frozenset({"1", "true", "on"})


def read_workbook(path: Path, limits: Limits) -> list[Table]:
    """All worksheets of an xlsx file, in their order.

    Raises UnreadableFile for a file that is damaged, beyond the limits or not an xlsx workbook.
    """
    with Package(path, limits) as package:
        main = package.workbook_part()
        listed, epoch = _sheet_list(package, main)
        targets = {key: (kind, target) for key, kind, target in package.relationships(main)}
        kinds = dict(targets.values())
        strings = _shared_strings(package, kinds["sharedStrings"]) if "sharedStrings" in kinds else []
        formats = _number_formats(package, kinds["styles"]) if "styles" in kinds else []
        if len(listed) > limits.sheets:
            unreadable(path, f"it has {len(listed)} sheets, and {limits.sheets} are allowed", "Split it")
        tables: list[Table] = []
        for name, key, hidden in listed:
            kind, target = targets.get(key, ("", ""))
            if kind == "worksheet":
                reader = _SheetReader(package, name, limits, strings, formats, epoch)
                tables.append(reader.read(target, hidden=hidden))
        return tables


def unescape(text: str) -> str:
    """Undo the ``_xHHHH_`` notation in which spreadsheet files write control characters."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _sheet_list(package: Package, part: str) -> tuple[list[tuple[str, str, bool]], datetime]:
    """Name, relationship id and hiddenness of each sheet, and the day that dates are counted from."""
    sheets: list[tuple[str, str, bool]] = []
    epoch = _DAYS_1900

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal epoch
        if element == "sheet":
            key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            sheets.append((attributes.get("name", ""), key, attributes.get("state", "visible") != "visible"))
        elif element == "workbookPr" and attributes.get("date1904", "0") in _TRUE:
            epoch = _DAYS_1904

    package.parse(part, start)
    return sheets, epoch


def _shared_strings(package: Package, part: str) -> list[str]:
    """The table of strings; readings of Chinese characters (furigana) are not part of a text."""
    strings: list[str] = []
    pieces: list[str] = []
    inside = {"t": 0, "rPh": 0}

    def start(element: str, _: dict[str, str]) -> None:
        if element == "si":
            pieces.clear()
        elif element in inside:
            inside[element] += 1

    def end(element: str) -> None:
        if element == "si":
            strings.append(unescape("".join(pieces)))
        elif element in inside:
            inside[element] -= 1

    def text(data: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(data)

    package.parse(part, start, end, text)
    return strings


def _number_formats(package: Package, part: str) -> list[str]:
    """The number format code of each cell style."""
    own: dict[int, str] = {}
    styles: list[int] = []
    in_styles = False

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal in_styles
        if element == "numFmt":
            own[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif element == "cellXfs":
            in_styles = True
        elif element == "xf" and in_styles:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(element: str) -> None:
        nonlocal in_styles
        in_styles = in_styles and element != "cellXfs"

    package.parse(part, start, end)
    builtin: Mapping[int, str] = BUILTIN_FORMATS
    return [own.get(style, builtin.get(style, "General")) for style in styles]


@dataclass
class _SheetReader:
    """Collects one sheet from XML events."""

    package: Package
    name: str
    limits: Limits
    strings: Sequence[str]
    formats: Sequence[str]
    epoch: datetime
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict[int, dict[int, Cell]])
    merged: list[Span] = field(default_factory=list[Span])
    hidden_rows: set[int] = field(default_factory=set[int])
    hidden_columns: set[int] = field(default_factory=set[int])
    outside: str = ""
    """Address of the first cell with content beyond the columns that are looked at."""
    _row: int = 0
    _column: int = 0
    _type: str = "n"
    _style: int = 0
    _value: list[str] = field(default_factory=list[str])
    _formula: list[str] | None = None
    _into: list[str] | None = None
    _phonetic: bool = False

    def read(self, part: str, *, hidden: bool) -> Table:
        """Parse the part and give the table."""
        self.package.parse(part, self._start, self._end, self._text)
        notes: tuple[tuple[str, str], ...] = ()
        if self.outside:
            notes = ((f"cells from {self.outside} on lie too far right and were not read", "move them left"),)
        rows = tuple((number, self.rows[number]) for number in sorted(self.rows))
        return Table(
            self.name,
            rows,
            tuple(self.merged),
            frozenset(self.hidden_rows),
            frozenset(self.hidden_columns),
            hidden,
            notes,
        )

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            self._start_cell(attributes)
        elif element == "v" or (element == "t" and self._type == "inlineStr" and not self._phonetic):
            self._into = self._value
        elif element == "f":
            self._into = self._formula = []
        elif element == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
            if attributes.get("hidden", "0") in _TRUE:
                self.hidden_rows.add(self._row)
        elif element == "rPh":
            self._phonetic = True
        elif element == "col" and attributes.get("hidden", "0") in _TRUE:
            last = min(int(attributes["max"]), self.limits.columns)
            self.hidden_columns.update(range(int(attributes["min"]), last + 1))
        elif element == "mergeCell":
            self._merge(attributes["ref"])

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise ValueError(f"{reference!r} is no cell")
            self._column, self._row = column_number(match[1]), int(match[2])
        self._type = attributes.get("t", "n")
        self._style = int(attributes.get("s", "0"))
        self._value = []
        self._formula = None

    def _text(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def _end(self, element: str) -> None:
        if element in {"v", "t", "f"}:
            self._into = None
        elif element == "rPh":
            self._phonetic = False
        elif element == "c":
            cell = self._cell("".join(self._value))
            if cell is not None:
                self._keep(cell)
            self._type = "n"

    def _keep(self, cell: Cell) -> None:
        if self._column > self.limits.columns:
            self.outside = self.outside or address(self.name, self._row, self._column)
            return
        self.rows.setdefault(self._row, {})[self._column] = cell
        if len(self.rows) > self.limits.rows:
            unreadable(
                self.package.path,
                f"sheet {self.name!r} has more than {self.limits.rows:,} rows with content",
                "Split it into several files",
            )

    def _cell(self, value: str) -> Cell | None:
        """The cell that just ended; None when it has no content."""
        if self._formula is not None:
            return Cell("formula", "=" + "".join(self._formula))
        if self._type == "s":
            value = self.strings[int(value)] if value else ""
        elif self._type in {"inlineStr", "str"}:
            value = unescape(value)
        if not value:
            return None
        if self._type == "b":
            return Cell("boolean", "TRUE" if value in _TRUE else "FALSE")
        if self._type == "e":
            return Cell("error", value)
        if self._type == "d":
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
            return Cell("date", value, moment)
        return self._number(value) if self._type == "n" else Cell("text", value)

    def _number(self, value: str) -> Cell:
        code = self.formats[self._style] if self._style < len(self.formats) else "General"
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is no number") from None
        if is_date_format(code) and code.lower() != "general":
            if not 0 <= number < _LAST_SERIAL:
                return Cell("error", "#VALUE!")
            # Spreadsheet programs believe in a 29 February 1900, so serials before it count from one day later.
            shift = 1 if self.epoch is _DAYS_1900 and number < 60 else 0
            moment = self.epoch + timedelta(seconds=round(float(number + shift) * 86_400))
            return Cell("date", show_date(moment, code), moment)
        if not number.is_finite() or exceeds_kept_digits(number):
            return Cell("inexact", value)
        shown = show_number(number, code)
        return Cell("number", shown.text, note=shown.note)

    def _merge(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
        first, last = corners[0], corners[-1]
        if first is None or last is None:
            raise ValueError(f"{reference!r} is no range")
        rows, columns = (int(first[2]), int(last[2])), (column_number(first[1]), column_number(last[1]))
        self.merged.append(Span(reference, min(rows), max(rows), min(columns), max(columns)))
