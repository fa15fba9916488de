"""Which line ends of a text end a sentence, and which only wrap a line.

Text comes hard-wrapped, or with one line for each heading, list item, table row or "key: value" pair, or both. A blank
line always separates; so does what marks a line as one of its own kind. Between two plain lines the width decides: a
line was wrapped when the first word of the next one would not have fitted into the widest line of its block. Lines
narrower than ``NARROWEST`` or wider than ``WIDEST`` columns are not taken for wrapped ones. A line that begins with a
small letter, or follows a comma, goes on in any case.

The idea of the width rule is that of every reflowing editor, turned round; the numbers are ours. Not known here: layout
that only shows on a page, such as columns side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeAlias

NARROWEST = 40
"""Columns that the widest line of a block has at least when the block is taken to be wrapped."""
WIDEST = 200
"""Columns that it has at most."""

_Kind: TypeAlias = Literal["plain", "alone", "item", "numbered", "labelled"]

_RULE = re.compile(r"([-=_*~#+])(?:\s*\1){2,}\s*")
_HEADING = re.compile(r"#{1,6}\s")
_ROW = re.compile(r"\||[^\t]+\t+[^\s]")
_ITEM = re.compile(r"[-*+–—]\s|[•‣▪◦●○■□◆◇▶►※・⁃①-⑳]|[（(]?[A-Za-z]\)\s")
_NUMBERED = re.compile(r"[（(]?[0-9０-９]{1,3}[.)]\s|[（(][0-9０-９]{1,3}[）)]|[0-9０-９]{1,3}[．、）]")
_FIRST_NUMBER = re.compile(r"[（(]?[1１][^0-9０-９]")
_LABELLED = re.compile(r"[^\s:：!?。！？][^:：!?。！？]{0,39}(?::(?=\s|$)|：|(?<=[^\x00-\x7f]):)")
_GOES_ON_AFTER = tuple(",、，;；-‐/(（「『")
_LABEL_ENDS = (":", "：")
_NEW_PARAGRAPH = "\u3000"
_WIDE_WORD = 4
_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of text in which no line end ends a sentence: a paragraph, heading, list item or row."""

    start: int
    end: int
    """First position after it; line ends are left out at both edges, blanks need not be."""
    line: int
    """The line it begins in, counted from 1."""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    number: int
    text: str
    """Without blanks at its edges."""
    kind: _Kind
    begins_paragraph: bool


def units(text: str) -> Iterator[Unit]:
    """The units of a text in order; between them stands nothing but whitespace."""
    for block in _blocks(text):
        widest = max(_width(line.text) for line in block)
        first = 0
        for place in range(1, len(block) + 1):
            if place == len(block) or _separate(block, first, place, widest):
                yield Unit(block[first].start, block[place - 1].end, block[first].number)
                first = place


def _blocks(text: str) -> Iterator[list[_Line]]:
    """Runs of lines that are not blank."""
    raws = text.splitlines(keepends=True)
    block: list[_Line] = []
    for number, (raw, end) in enumerate(zip(raws, accumulate(map(len, raws)), strict=True), start=1):
        bare = raw.strip()
        if bare:
            paragraph = raw.startswith(_NEW_PARAGRAPH)
            block.append(_Line(end - len(raw), end, number, bare, _kind(bare), paragraph))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _kind(bare: str) -> _Kind:
    if _RULE.fullmatch(bare) or _HEADING.match(bare) or _ROW.match(bare):
        return "alone"
    if _ITEM.match(bare):
        return "item"
    if _NUMBERED.match(bare):
        return "numbered"
    return "labelled" if _LABELLED.match(bare) else "plain"


def _separate(block: Sequence[_Line], first: int, place: int, widest: int) -> bool:
    """Whether a line of a block is separate from the unit that begins at ``first`` and reaches up to it."""
    before, line = block[place - 1], block[place]
    if before.kind == "alone" or line.kind in ("alone", "item"):
        return True
    if line.begins_paragraph or before.text.endswith(_LABEL_ENDS):
        return True
    if line.kind in ("labelled", "numbered"):
        # One such line in the middle of a paragraph may be chance, two in a row are a table or list.
        follows = block[place + 1].kind if place + 1 < len(block) else "plain"
        if line.kind in (block[first].kind, follows) or (line.kind == "numbered" and _FIRST_NUMBER.match(line.text)):
            return True
    if line.text[0].islower() or before.text.endswith(_GOES_ON_AFTER):
        return False
    if not NARROWEST <= widest <= WIDEST:
        return True
    return _width(before.text) + _first_word(line.text) <= widest


def _first_word(bare: str) -> int:
    """How many columns the first word of a line takes with the blank before it."""
    if _width(bare[0]) > 1:
        # No word ends there, but a closing mark is not put at the beginning of a line.
        return _WIDE_WORD
    return 1 + _width(bare[:_LONGEST_WORD].split(maxsplit=1)[0])


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
