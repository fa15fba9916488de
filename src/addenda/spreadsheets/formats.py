"""Number formats: from what a cell stores to what its author sees.

A spreadsheet stores ``12.4`` and shows ``12.40``; it stores ``7`` and shows ``007``; it stores ``46236`` and shows
``2-Aug``. What a person typed and checked is what is shown, so that is what counts. Format codes follow ECMA-376
part 1, section 18.8.31; thousands separators are left out because they differ by country. Formats that compute
(fractions, scientific notation, conditions) are not interpreted: the stored number is given with a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

KEPT_DIGITS = 15
"""Decimal digits that spreadsheet programs keep of a number."""

_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)" | \\(?P<escaped>.)
    | (?P<skipped> _. | \*. | \[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?\d+)\])
    | \[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]
    | (?P<digits> [#0?][#0?,]*(?:\.[#0?]*)? | \.[#0?]+ )
    | (?P<percent>%)
    | (?P<literal>[ $€£¥₩+()\-°])
    | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;])*)(?:;|$)', re.DOTALL)
_DATE_TOKEN = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|(y+|m+|d+|h+|s+|am/pm)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as its author sees it."""

    text: str
    note: str = ""
    """Why ``text`` may not be what was meant; empty when there is no doubt."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A format that only pads, rounds and decorates."""

    before: str
    after: str
    whole_digits: int
    least_decimals: int
    most_decimals: int
    percent: bool


def exceeds_kept_digits(number: Decimal) -> bool:
    """Whether a spreadsheet program may have lost digits of this number (or could never show it in full)."""
    return number != 0 and not Decimal("1e-12") <= abs(number) < Decimal(10) ** KEPT_DIGITS


def show_number(number: Decimal, code: str) -> Shown:
    """The text a cell with this number and number format shows, without thousands separators."""
    plain = _plain(number)
    if code.strip().lower() in {"", "general", "@", "standard"}:
        return Shown(plain)
    section, negated = _section(code, number)
    pattern = _pattern(section)
    if pattern is None:
        return Shown(plain, f"the number format {code!r} is not interpreted; the stored number {plain} was taken")
    scaled = abs(number) * 100 if pattern.percent else abs(number)
    digits, rounded = _digits(scaled, pattern)
    sign = "-" if number < 0 and not negated and rounded != 0 else ""
    text = f"{sign}{pattern.before}{digits}{pattern.after}".strip()
    if rounded != Decimal(_plain(scaled)):
        return Shown(text, f"the cell shows {text} and holds {plain}; what it shows was taken")
    return Shown(text)


def show_date(moment: datetime, code: str) -> str:
    """The text a date cell shows in an English spreadsheet program, for example ``2-Aug`` for the format ``d-mmm``."""

    def replace(match: re.Match[str]) -> str:
        if match[3] is None:
            return match[1] or match[2] or ""
        before, after = code[: match.start()].lower(), code[match.end() :].lower()
        minutes = re.search(r"h+[^a-z]*$", before) is not None or re.match(r"[^a-z]*s", after) is not None
        return _date_part(moment, match[3].lower(), minutes=minutes)

    return _DATE_TOKEN.sub(replace, _sections(code)[0]).strip() or moment.isoformat(sep=" ")


def _date_part(moment: datetime, token: str, *, minutes: bool) -> str:
    if token[0] == "m" and minutes:
        return f"{moment.minute:02d}"
    parts = {
        "y": f"{moment.year % 100:02d}" if len(token) <= 2 else f"{moment.year:04d}",
        "m": (str(moment.month), f"{moment.month:02d}", f"{moment:%b}", f"{moment:%B}")[min(len(token), 4) - 1],
        "d": (str(moment.day), f"{moment.day:02d}", f"{moment:%a}", f"{moment:%A}")[min(len(token), 4) - 1],
        "h": f"{moment.hour:0{min(len(token), 2)}d}",
        "s": f"{moment.second:02d}",
        "a": "AM" if moment.hour < 12 else "PM",
    }
    return parts[token[0]]


def _plain(number: Decimal) -> str:
    """The number in full with at most the digits that are kept, as the format General has it."""
    with localcontext(Context(prec=KEPT_DIGITS)):
        rounded = +number
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _sections(code: str) -> list[str]:
    return [match[1] for match in _SECTION.finditer(code)] or [""]


def _section(code: str, number: Decimal) -> tuple[str, bool]:
    """The section of a format that applies to this number, and whether that section shows the minus sign itself."""
    sections = _sections(code)
    if sections[-1] == "" and len(sections) > 1:
        sections.pop()
    if number < 0 and len(sections) > 1:
        return sections[1], True
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], False


def _pattern(section: str) -> _Pattern | None:
    """Take one section apart; None when it computes something that is not interpreted here."""
    before, after, digits, percent = "", "", None, False
    for match in _TOKEN.finditer(section):
        if match["skipped"] is not None:
            continue
        if match["digits"] is not None:
            if digits is not None or match["digits"].rstrip(".").endswith(","):
                return None
            digits = match["digits"]
            continue
        if match["other"] is not None:
            return None
        percent = percent or match["percent"] is not None
        text = next(part for part in match.groups() if part is not None)
        before, after = (before + text, after) if digits is None else (before, after + text)
    if digits is None:
        return None
    whole, _, decimals = digits.partition(".")
    return _Pattern(before, after, whole.count("0"), decimals.count("0"), len(decimals), percent)


def _digits(number: Decimal, pattern: _Pattern) -> tuple[str, Decimal]:
    """The digits of a number that is not negative under a pattern, and the number they stand for."""
    rounded = number.quantize(Decimal(1).scaleb(-pattern.most_decimals), rounding=ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:f}".partition(".")
    while len(decimals) > pattern.least_decimals and decimals.endswith("0"):
        decimals = decimals[:-1]
    whole = whole.lstrip("0").rjust(pattern.whole_digits, "0")
    text = f"{whole}.{decimals}" if decimals else whole
    return (text or "0"), rounded
