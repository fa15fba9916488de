"""Reading csv files as spreadsheet programs write them: which encoding, which delimiter, what a quote in front means.

Encodings are tried in this order: a byte order mark (UTF-8, UTF-16) decides; then UTF-8; then UTF-16 without a mark,
when every second byte is zero; then the one among cp932 (Japanese Windows), cp949 (Korean) and cp1252 (Western
European) whose text looks least odd, the earlier on a tie. A file in one of these three cannot say so itself, so the
choice is always flagged together with what else fits. Delimiters: comma, semicolon, tab; the one that splits the first
rows into the most columns, or the one named by a ``sep=`` line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from addenda.spreadsheets.archive import unreadable
from addenda.spreadsheets.tables import Cell, Limits, Table

LEGACY_ENCODINGS = ("cp932", "cp949", "cp1252")
"""Encodings without a mark of their own, in the order in which they are preferred."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",;\t"
_SAMPLE_ROWS = 20
_ODD = {
    # Half-width katakana, or one ideograph at the end of a Latin word: an accented letter read as half of a pair.
    "cp932": re.compile(r"[\uff61-\uff9f]|(?<=[a-z])[\u3400-\u9fff](?![\u3040-\u9fff])"),
    # Chinese characters, which Korean lists rarely use, kana, or one syllable at the end of a Latin word.
    "cp949": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|(?<=[a-z])[\uac00-\ud7a3](?![\uac00-\ud7a3])"),
    # Symbols instead of letters.
    "cp1252": re.compile(r"[\u0080-\u00bf\u0152-\u017e\u02c6\u02dc\u2013-\u203a\u2122]"),
}
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


def neutralise(text: str) -> str:
    """Put a quote before text that a spreadsheet program would run as a formula (or that already has such a quote)."""
    return "'" + text if _DANGEROUS.match(text) else text


def denature(text: str) -> str:
    """Undo :func:`neutralise`; other text is left as it is."""
    return text[1:] if _NEUTRALISED.match(text) else text


def read_delimited(path: Path, limits: Limits, encoding: str | None = None) -> Table:
    """The one table of a csv file.

    Args:
        path: The file.
        limits: How much is read at most.
        encoding: The encoding, where it is known; otherwise it is found as the module's text says.

    Raises UnreadableFile for a file that is no text, is malformed or has too many rows.
    """
    text, notes = _decode(path, path.read_bytes(), encoding)
    delimiter, skip = _delimiter(text)
    rows: list[tuple[int, dict[int, Cell]]] = []
    try:
        for number, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            cells = {column: _cell(value) for column, value in enumerate(values[: limits.columns], start=1) if value}
            if cells and number > skip:
                rows.append((number, cells))
            if len(rows) > limits.rows:
                unreadable(path, f"it has more than {limits.rows:,} rows with content", "Split it into several files")
    except csv.Error as error:
        unreadable(path, f"it is no well-formed csv ({error})", "Open it in a spreadsheet program and save it as .xlsx")
    return Table("", tuple(rows), notes=notes)


def _cell(value: str) -> Cell:
    if value.startswith("=") and len(value) > 1:
        return Cell("formula", value)
    if value in _ERRORS:
        return Cell("error", value)
    return Cell("text", denature(value))


def _decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text of the file, and what is to be flagged about its encoding."""
    named = encoding or next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if named is not None:
        return _decode_as(path, data, named), ()
    text = _try(data, "utf-8")
    if text is not None and "\0" not in text:
        return text, ()
    wide = _wide_encoding(data)
    if wide is not None:
        return _decode_as(path, data, wide), ()
    if b"\0" in data:
        unreadable(path, "it is no text (it has zero bytes)", "Save the spreadsheet as .xlsx, or as 'CSV UTF-8'")
    fitting = {name: text for name in LEGACY_ENCODINGS if (text := _try(data, name)) is not None}
    if not fitting:
        tried = ", ".join(("UTF-8", "UTF-16", *LEGACY_ENCODINGS))
        unreadable(path, f"its characters fit none of {tried}", "Save it as 'CSV UTF-8', or as .xlsx")
    chosen = min(fitting, key=lambda name: len(_ODD[name].findall(fitting[name])))
    others = [name for name in fitting if name != chosen]
    also = f"; {' and '.join(others)} would fit too" if others else ""
    note = f"the file does not say how its characters are written: it was read as {chosen}{also}"
    return fitting[chosen], ((note, "check one name with special letters; 'CSV UTF-8' or .xlsx leaves no doubt"),)


def _decode_as(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        unreadable(path, f"its characters are not {encoding} ({error})", "Save it as 'CSV UTF-8', or as .xlsx")


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: half of the bytes of its ASCII characters are zero, always the same half."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or max(even, odd) < len(sample) // 8 or min(even, odd) > 0:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _delimiter(text: str) -> tuple[str, int]:
    """The delimiter, and how many rows at the top only name it."""
    named = re.match(r"sep=(.)\r?\n", text)
    if named is not None:
        return named[1], 1
    widths = {delimiter: _cells_at_the_top(text, delimiter) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: widths[delimiter]), 0


def _cells_at_the_top(text: str, delimiter: str) -> int:
    """How many times the delimiter separates cells in the first rows; rows that fall apart unevenly count less."""
    try:
        rows = _first(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _SAMPLE_ROWS)
        widths = [len(row) - 1 for row in rows]
    except csv.Error:
        return 0
    usual = max(set(widths), key=widths.count, default=0)
    return sum(width for width in widths if width == usual)


def _first(rows: Iterator[list[str]], count: int) -> Iterator[list[str]]:
    for _, row in zip(range(count), rows, strict=False):
        if any(row):
            yield row
