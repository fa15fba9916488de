"""What changes between two texts, word by word; in scripts without spaces, character by character."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

_PIECES = re.compile(r"[A-Za-z0-9À-ɏ]+(?:[.,][0-9]+)*|\s+|.", re.DOTALL)
_MOST_PIECES = 4_000
"""Longer texts are shown one after the other, because comparing them takes long and helps nobody."""


class Piece(NamedTuple):
    """A stretch of text that stays, goes or comes."""

    kind: Literal["same", "old", "new"]
    text: str


def differences(old: str, new: str) -> list[Piece]:
    """The pieces of both texts in reading order."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    if len(before) + len(after) > _MOST_PIECES:
        return [Piece("old", old), Piece("new", new)]
    return list(_pieces(before, after))


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, first, last, begin, end in matcher.get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(before[first:last]))
            continue
        if first < last:
            yield Piece("old", "".join(before[first:last]))
        if begin < end:
            yield Piece("new", "".join(after[begin:end]))
