"""From a cell to the text, the moment or the list that it means, or to the reason why it cannot be believed.

The rule: what a person typed is taken as typed; what a program made of it (a date, a formula's result, an error, a
rounded number) is refused with what to do; what is only untidy (spaces, full-width digits, line breaks) is tidied and
flagged. Hidden characters are refused by :func:`addenda.text.clean`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from addenda.errors import InvalidInput
from addenda.spreadsheets.columns import Field
from addenda.spreadsheets.tables import Cell, Limits
from addenda.text import clean

LONG_FIELDS: frozenset[Field] = frozenset({"text", "rule", "rephrasings", "comment"})
"""Columns whose cells may be long and have several lines."""

LONGEST_CELL = 131_072
"""Characters that one cell of a csv file can have."""

_WIDE_NUMBER = re.compile(r"[０-９](?:[０-９．，％－／]*[０-９％])?")
_UNUSUAL_SPACES = re.compile(r"[^\S ]+")
_LINES = re.compile(r"[^\S\n ]+")
_DATE = re.compile(r"(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})\s*[日일.]?")
_AS_TEXT = "format the cell as Text (Ctrl+1, Text), type it again and save"


class Refusal(Exception):
    """A cell cannot be used: what is wrong, and what to do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


@dataclass
class Reading:
    """The text of one cell, with what is to be flagged about it."""

    text: str
    flags: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def read_text(cell: Cell, meaning: Field, name: str, limits: Limits) -> Reading:
    """The text that a cell means.

    Args:
        cell: The cell.
        meaning: What its column means.
        name: How to name the cell in messages about hidden characters.
        limits: How long a text may be.

    Raises Refusal when the cell cannot be believed.
    """
    _refuse_what_a_program_made(cell)
    longest = LONGEST_CELL if meaning in LONG_FIELDS else limits.cell_characters
    if len(cell.text) > longest:
        raise Refusal(f"{len(cell.text):,} characters, and {longest:,} are allowed here", "shorten the text")
    try:
        cleaned = clean(cell.text, name)
    except InvalidInput as error:
        what, _, fix = str(error).partition("; ")
        raise Refusal(what, fix or "type the text again") from None
    reading = Reading(cleaned)
    if cell.note:
        reading.flags.append((cell.note, _AS_TEXT))
    if cell.kind == "boolean":
        reading.flags.append((f"a truth value, taken as {cell.text}", f"if a word was meant, {_AS_TEXT}"))
    _tidy(reading, several_lines=meaning in LONG_FIELDS)
    return reading


def _refuse_what_a_program_made(cell: Cell) -> None:
    match cell.kind:
        case "formula":
            raise Refusal(
                f"a formula ({cell.text[:60]}), and nothing is calculated here",
                "copy the cell and paste it as a value (Paste Special, Values)",
            )
        case "date":
            held = f"{cell.moment:%Y-%m-%d}" if cell.moment is not None else cell.text
            raise Refusal(
                f"the spreadsheet program turned what was typed into a date: it shows {cell.text!r} and holds {held}",
                f"if a number or text was meant, {_AS_TEXT}; if the date was meant, type it as text, {held}",
            )
        case "error":
            raise Refusal(f"the error value {cell.text}", "type the value that was meant")
        case "inexact":
            raise Refusal(
                f"the number {cell.text}, of which a spreadsheet program keeps only 15 digits",
                f"its last digits may be lost: {_AS_TEXT}",
            )
        case "text" | "number" | "boolean":
            return


def _tidy(reading: Reading, *, several_lines: bool) -> None:
    """Remove surrounding spaces, make unusual spaces usual and full-width numbers ASCII, and flag each."""
    stripped = reading.text.strip()
    if stripped != reading.text:
        reading.flags.append(("spaces before or after the text were removed", "nothing needs to be done"))
    spaced = (_LINES if several_lines else _UNUSUAL_SPACES).sub(" ", stripped)
    if spaced != stripped:
        reading.flags.append(("line breaks, tabs or unusual spaces became one space", "check that the text reads well"))
    narrow = _WIDE_NUMBER.sub(lambda match: unicodedata.normalize("NFKC", match[0]), spaced)
    if narrow != spaced:
        reading.flags.append((f"full-width digits were taken as {narrow!r}", "check that this is what was meant"))
    reading.text = narrow


def read_moment(cell: Cell, name: str, limits: Limits, zone: tzinfo, *, end: bool) -> datetime:
    """The instant that a date cell, or a date typed as text, means.

    Args:
        cell: The cell.
        name: How to name the cell in messages.
        limits: How long a text may be.
        zone: The time zone of the list's author.
        end: Whether it is the end of a window: a date without time then includes the whole day.

    Raises Refusal for anything that is no unambiguous date.
    """
    if cell.kind == "date" and cell.moment is not None:
        moment, whole_day = cell.moment, cell.moment.time() == time()
    elif cell.kind in {"text", "number"}:
        moment, whole_day = _typed_moment(read_text(cell, "valid_from", name, limits).text)
    else:
        _refuse_what_a_program_made(cell)
        raise Refusal(f"{cell.text!r} is no date", "write the date as 2026-03-31")
    try:
        if end and whole_day:
            moment += timedelta(days=1)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Refusal(
            f"the date {cell.text!r} is out of range", "leave the cell empty for a window without end"
        ) from None


def _typed_moment(text: str) -> tuple[datetime, bool]:
    """A date typed as text, and whether it has no time of day."""
    refusal = Refusal(
        f"{text!r} is no date that can be understood in only one way",
        "write it as 2026-03-31, or with a time as 2026-03-31T18:00:00Z",
    )
    match = _DATE.fullmatch(text)
    if match is None and re.match(r"\d{4}-\d{2}-\d{2}[T ]", text) is None:
        raise refusal
    try:
        if match is None:
            return datetime.fromisoformat(text), False
        return datetime.combine(date(int(match[1]), int(match[2]), int(match[3])), time()), True
    except ValueError:
        raise refusal from None
