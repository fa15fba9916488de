"""Reading a list of changes: every good row, and for everything else a cell address and what to do.

A file that cannot be read at all raises UnreadableFile. Everything below that is a :class:`Problem`, so that one bad
row never costs a good one. Hidden rows and columns are read and flagged, because a filter hides rows that still count;
hidden sheets are flagged and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import chain
from pathlib import Path

from addenda.spreadsheets.archive import foreign_kind, read_beginning, unreadable
from addenda.spreadsheets.cells import Reading, Refusal, read_moment, read_text
from addenda.spreadsheets.columns import GROUPS, HEADER_ROWS, Field, Layout, find_layout
from addenda.spreadsheets.delimited import read_delimited
from addenda.spreadsheets.duplicates import settle
from addenda.spreadsheets.rows import Problem, Row, Severity, Sheet, split_list
from addenda.spreadsheets.tables import Cell, Limits, Span, Table, address, column_letters
from addenda.spreadsheets.workbook import read_workbook
from addenda.types import EVERYONE, Content, Document, Edit, Fact, Note

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")

_CONTENT: tuple[Field, ...] = (*chain(*GROUPS), "rephrasings", "applies_when", "old_value")
_MOMENTS: tuple[Field, ...] = ("valid_from", "valid_until")
_MERGED_ROWS = 1_000_000
_ADDRESS_ORDER = re.compile(r"(?:(.*)!)?([A-Z]+)([0-9]+)")


def open_tables(path: Path, limits: Limits | None = None, encoding: str | None = None) -> list[Table]:
    """The tables of an xlsx or csv file, whatever they mean.

    Raises UnreadableFile for anything else, naming what the file seems to be.
    """
    limits = limits or Limits()
    beginning = read_beginning(path, limits)
    suffix = path.suffix.lower()
    if beginning.startswith(b"PK"):
        return read_workbook(path, limits)
    kind = foreign_kind(path, beginning)
    if kind is not None:
        unreadable(path, f"it seems to be {kind}", "Save it as .xlsx or .csv")
    if suffix in WORKBOOK_SUFFIXES:
        binary = b"\0" in beginning
        kind = "a damaged or foreign file" if binary else "plain text"
        fix = "Save it again as .xlsx" if binary else "If it is a csv file, give it the ending .csv"
        unreadable(path, f"it is named {suffix} but is no xlsx workbook; it seems to be {kind}", fix)
    if suffix not in TEXT_SUFFIXES:
        allowed = ", ".join((*WORKBOOK_SUFFIXES, *TEXT_SUFFIXES))
        unreadable(path, f"files ending in {suffix!r} are not known", f"Save it as one of {allowed}")
    return [read_delimited(path, limits, encoding)]


def read_rows(
    path: Path | str,
    limits: Limits | None = None,
    *,
    zone: tzinfo = UTC,
    many_valued: Iterable[str] = (),
    encoding: str | None = None,
) -> Sheet:
    """Read a list of changes.

    Args:
        path: An .xlsx or .csv file.
        limits: How much is read at most.
        zone: The time zone in which dates in the file are meant.
        many_valued: Relations that may have several values at once, whose rows never contradict each other.
        encoding: The encoding of a csv file, where it is known.

    Raises UnreadableFile when the file as a whole cannot be read.
    """
    path = Path(path)
    limits = limits or Limits()
    collector = _Collector(limits, zone)
    tables = open_tables(path, limits, encoding)
    read = [table.name for table in tables if collector.read_table(table)]
    collector.say_where_no_header_is(path.name, tables, found=bool(read))
    settled = settle(collector.rows, frozenset(many_valued))
    order = {table.name: index for index, table in enumerate(tables)}
    problems = sorted(
        dict.fromkeys((*collector.problems, *settled.problems)), key=lambda problem: _position(problem, order)
    )
    return Sheet(path.name, settled.rows, tuple(problems), tuple(read))


def _position(problem: Problem, order: Mapping[str, int]) -> tuple[int, int, int, str]:
    """Where a problem stands in the file: what concerns the file or a sheet as a whole comes first."""
    match = _ADDRESS_ORDER.fullmatch(problem.address)
    if match is None:
        return (-1, 0, 0, problem.address)
    name = (match[1] or "").strip("'").replace("''", "'")
    return (order.get(name, 0), int(match[3]), len(match[2]), match[2])


@dataclass
class _Collector:
    """Gathers rows and problems over the tables of one file."""

    limits: Limits
    zone: tzinfo
    rows: list[Row] = field(default_factory=list[Row])
    problems: list[Problem] = field(default_factory=list[Problem])
    headerless: list[str] = field(default_factory=list[str])

    def add(self, severity: Severity, where: str, what: str, fix: str, rows: tuple[tuple[str, int], ...] = ()) -> None:
        """Note a problem."""
        self.problems.append(Problem(severity, where, what, fix, rows))

    def say_where_no_header_is(self, name: str, tables: Sequence[Table], *, found: bool) -> None:
        """Flag sheets without a header beside a list; when there is no list at all, say what stands there instead."""
        if found:
            for where in self.headerless:
                self.add("flagged", where, "no header row was found, so the sheet was not read", "see the other sheets")
            return
        top = next((list(cells.values()) for table in tables for _, cells in table.rows), list[Cell]())
        seen = ", ".join(repr(cell.text[:30]) for cell in top[:6]) or "nothing"
        self.add(
            "refused",
            name,
            f"no header row was found in the first {HEADER_ROWS} rows (the first row with content has {seen})",
            "name the columns: Product, Attribute and New value; or Prompt and Answer",
        )

    def read_table(self, table: Table) -> bool:
        """Read one table; False when it has no header row."""
        first = address(table.name, 1, 1)
        for what, fix in table.notes:
            self.add("flagged", first, what, fix)
        if table.hidden:
            self.add("flagged", first, "the sheet is hidden and was not read", "unhide it if its rows are meant")
            return False
        layout = find_layout(table)
        if layout is None:
            if table.rows:
                self.headerless.append(first)
            return False
        if self._check_columns(table, layout):
            reader = _TableReader(self, table, layout)
            for number, cells in table.rows:
                if number > layout.header_row:
                    reader.read(number, cells)
        return True

    def _check_columns(self, table: Table, layout: Layout) -> bool:
        """Flag what is odd about the columns; False when it is unclear where the values stand."""
        row = layout.header_row
        readable = True
        for column, name in layout.unknown.items():
            self.add(
                "flagged",
                address(table.name, row, column),
                f"column {name!r} is not known and was not read",
                "rename it if it matters, for example to Comment or Tags",
            )
        for used, other, meaning in layout.ambiguous:
            refused = meaning == "value"
            readable = readable and not refused
            which = "no row of the sheet was taken" if refused else f"column {column_letters(used)} was used"
            self.add(
                "refused" if refused else "flagged",
                address(table.name, row, other),
                f"columns {column_letters(used)} and {column_letters(other)} both look like the {meaning}; {which}",
                "call one of them 'Old value' or 'Comment'" if refused else "rename one of them if that is wrong",
            )
        if layout.relations:
            names = ", ".join(repr(name) for name in list(layout.relations.values())[:8])
            self.add(
                "flagged",
                address(table.name, row, layout.columns["subject"]),
                f"read as a list with one column per attribute: {names}",
                "if that is wrong, use the columns Product, Attribute and New value",
            )
        for column in sorted({*layout.columns.values(), *layout.relations} & table.hidden_columns):
            what = "the column is hidden and was read all the same"
            self.add("flagged", address(table.name, row, column), what, "unhide it and check it")
        return readable


@dataclass
class _Draft:
    """One row while it is read: texts by meaning, and what was found on the way."""

    number: int
    texts: dict[Field, str] = field(default_factory=dict[Field, str])
    cells: dict[Field, str] = field(default_factory=dict[Field, str])
    start: datetime | None = None
    end: datetime | None = None
    flags: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    refused: bool = False


class _TableReader:
    """Reads the rows below the header of one table."""

    def __init__(self, collector: _Collector, table: Table, layout: Layout) -> None:
        self._collector = collector
        self._table = table
        self._layout = layout
        self._columns = {*layout.columns.values(), *layout.relations}
        self._merged = self._merged_rows()

    def _merged_rows(self) -> dict[int, list[Span]]:
        """The merged ranges that touch columns in use, by row."""
        last = self._table.rows[-1][0]
        found: dict[int, list[Span]] = {}
        budget = _MERGED_ROWS
        for span in self._table.merged:
            if not any(span.first_column <= column <= span.last_column for column in self._columns):
                continue
            rows = range(max(span.first_row, self._layout.header_row + 1), min(span.last_row, last) + 1)
            budget -= len(rows)
            if budget < 0:
                break
            for row in rows:
                found.setdefault(row, []).append(span)
        return found

    def read(self, number: int, cells: Mapping[int, Cell]) -> None:
        """Read one row of the table: a change, or in a wide list one change per filled column."""
        if not any(column in self._columns for column in cells) and number not in self._merged:
            return
        draft = _Draft(number)
        if number in self._merged:
            self._refuse_merged(draft)
            return
        if number in self._table.hidden_rows:
            where = address(self._table.name, number, min(self._columns))
            draft.flags.append((where, "the row is hidden and was read all the same", "unhide it and check it"))
        self._read_extras(draft, cells)
        if self._layout.relations:
            self._read_wide(draft, cells)
        else:
            for meaning in _CONTENT:
                self._read_field(draft, cells, meaning)
            self._finish(draft)

    def _refuse_merged(self, draft: _Draft) -> None:
        spans = self._merged[draft.number]
        column = max(spans[0].first_column, min(self._columns))
        ranges = ", ".join(span.reference for span in spans[:3])
        self._refuse(
            draft,
            address(self._table.name, draft.number, column),
            f"the row is part of the merged range {ranges}, so it is unclear which cells belong to it",
            "unmerge it (Home, Merge & Center) and fill in every cell",
        )

    def _refuse(self, draft: _Draft, where: str, what: str, fix: str) -> None:
        draft.refused = True
        self._collector.add("refused", where, what, fix, ((self._table.name, draft.number),))

    def _text(self, draft: _Draft, where: str, cell: Cell, meaning: Field) -> str:
        """A cell's text; a refusal is noted and gives an empty text."""
        try:
            reading = read_text(cell, meaning, "the text", self._collector.limits)
        except Refusal as refusal:
            self._refuse(draft, where, refusal.what, refusal.fix)
            return ""
        self._flag(draft, where, reading)
        return reading.text

    @staticmethod
    def _flag(draft: _Draft, where: str, reading: Reading) -> None:
        draft.flags.extend((where, what, fix) for what, fix in reading.flags)

    def _read_field(self, draft: _Draft, cells: Mapping[int, Cell], meaning: Field) -> None:
        column = self._layout.columns.get(meaning)
        cell = cells.get(column) if column is not None else None
        if column is None:
            return
        where = address(self._table.name, draft.number, column)
        draft.cells[meaning] = where
        if cell is not None:
            draft.texts[meaning] = self._text(draft, where, cell, meaning)

    def _read_extras(self, draft: _Draft, cells: Mapping[int, Cell]) -> None:
        for meaning in ("audience", "tags"):
            self._read_field(draft, cells, meaning)
        comment = cells.get(self._layout.columns.get("comment", 0))
        if comment is not None and comment.kind == "text":
            draft.texts["comment"] = comment.text.strip()
        draft.start = self._moment(draft, cells, "valid_from")
        draft.end = self._moment(draft, cells, "valid_until")
        if draft.start is not None and draft.end is not None and draft.end <= draft.start:
            self._refuse(
                draft,
                draft.cells["valid_until"],
                f"it ends ({draft.end:%Y-%m-%d %H:%M} UTC) before it begins ({draft.start:%Y-%m-%d %H:%M} UTC)",
                "correct one of the two dates",
            )

    def _moment(self, draft: _Draft, cells: Mapping[int, Cell], meaning: Field) -> datetime | None:
        column = self._layout.columns.get(meaning, 0)
        cell = cells.get(column)
        if cell is None or not cell.text.strip():
            return None
        where = draft.cells[meaning] = address(self._table.name, draft.number, column)
        collector = self._collector
        try:
            return read_moment(cell, "the date", collector.limits, collector.zone, end=meaning == "valid_until")
        except Refusal as refusal:
            self._refuse(draft, where, refusal.what, refusal.fix)
            return None

    def _read_wide(self, draft: _Draft, cells: Mapping[int, Cell]) -> None:
        """One change per attribute column that is filled; a bad cell costs only its own change."""
        self._read_field(draft, cells, "subject")
        if draft.refused:
            return
        for column, relation in self._layout.relations.items():
            cell = cells.get(column)
            if cell is None or not cell.text.strip():
                continue
            header = address(self._table.name, self._layout.header_row, column)
            where = address(self._table.name, draft.number, column)
            one = _Draft(draft.number, dict(draft.texts), dict(draft.cells), draft.start, draft.end, list(draft.flags))
            one.texts["relation"] = self._text(one, header, Cell("text", relation), "relation")
            one.texts["value"] = self._text(one, where, cell, "value")
            one.cells["relation"], one.cells["value"] = header, where
            self._finish(one)

    def _finish(self, draft: _Draft) -> None:
        """Keep the row when it is complete; say what is missing otherwise."""
        if draft.refused:
            return
        groups = [GROUPS[0]] if self._layout.relations else self._layout.groups
        begun = [group for group in groups if any(draft.texts.get(meaning) for meaning in group)]
        if not begun:
            if not any(draft.texts.get(meaning) for meaning in _CONTENT):
                return
            begun = [groups[0]]
        where = draft.cells[begun[-1][0]]
        if len(begun) > 1:
            kinds = " and ".join("/".join(group) for group in begun)
            self._refuse(draft, where, f"the row has both {kinds}", "put them into two rows")
            return
        for meaning in begun[0]:
            if not draft.texts.get(meaning):
                self._refuse(draft, draft.cells[meaning], f"the {meaning} is empty", _missing(meaning))
        if not draft.refused:
            self._keep(draft, begun[0])

    def _keep(self, draft: _Draft, group: tuple[Field, ...]) -> None:
        place = ((self._table.name, draft.number),)
        for where, what, fix in draft.flags:
            self._collector.add("flagged", where, what, fix, place)
        texts = draft.texts
        self._collector.rows.append(
            Row(
                sheet=self._table.name,
                number=draft.number,
                address=draft.cells[group[-1]],
                cells={meaning: where for meaning, where in draft.cells.items() if meaning in (*texts, *_MOMENTS)},
                content=_content(group, texts),
                old_value=texts.get("old_value") or None,
                valid_from=draft.start,
                valid_until=draft.end,
                audience=split_list(texts.get("audience", "")) or (EVERYONE,),
                tags=split_list(texts.get("tags", "")),
                comment=texts.get("comment", ""),
                warnings=tuple(f"{where}: {what}" for where, what, _ in draft.flags),
            )
        )


def _missing(meaning: Field) -> str:
    if meaning in {"value", "answer"}:
        return "fill it in; to take knowledge back, roll it back or let it expire instead"
    return "fill it in, or delete the row"


def _content(group: tuple[Field, ...], texts: Mapping[Field, str]) -> Content:
    match group[0]:
        case "prompt":
            rephrasings = split_list(texts.get("rephrasings", ""), ";\n")
            return Edit(prompt=texts["prompt"], target=texts["answer"], rephrasings=rephrasings)
        case "rule":
            return Note(rule=texts["rule"], applies_when=texts.get("applies_when", ""))
        case "title":
            return Document(title=texts["title"], text=texts["text"])
        case _:
            return Fact(subject=texts["subject"], relation=texts["relation"], object=texts["value"])
