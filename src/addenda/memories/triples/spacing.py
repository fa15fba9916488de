"""Words of a corpus as running text: where blanks stand, and where each word is afterwards.

Purpose: corpora such as DocRED give sentences as lists of words, punctuation apart. A model reads and writes running
text, so the words are put together as they are usually printed, and the place of every word is kept, so that a mention
given by words is a stretch of characters. Nothing but blanks is added or dropped: without its blanks a text is its
words without theirs.

Idea: each word says whether it is glued to the word before it, and to the one after it; what both leave apart has one
blank between. The rules are those of English print: points and closing brackets to the left, opening brackets and
currency signs to the right, quotation marks in turn, hyphens to both sides, en dashes in ranges only.
Source: the rules are ours. They guess where the words alone do not tell: a hyphen that was printed as a dash between
blanks is glued, an apostrophe after an ``s`` is taken for a possessive unless a quotation may end there.
Does not know: other languages. Scripts written without blanks come out with one between their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEFT = frozenset(",.;:!?)]}%°”’»…")
_RIGHT = frozenset("([{“‘«")
_DASHES = frozenset("-–—")
_BEFORE_NUMBERS = frozenset("$£€¥#")
_ENDINGS = frozenset(mark + end for mark in "'’" for end in ("s", "m", "d", "t", "ll", "re", "ve")) | {"n't", "n’t"}


@dataclass(frozen=True, slots=True)
class RunningText:
    """Words as they are printed."""

    text: str
    spans: tuple[tuple[int, int], ...]
    """Start and end of each word in ``text``, in characters; both the same for a word of blanks only."""


@dataclass(frozen=True, slots=True)
class _Glue:
    """To which neighbours a word is glued."""

    left: bool = False
    right: bool = False


def running_text(words: Sequence[str]) -> RunningText:
    """The words as one line of text, without blanks at its ends, and the span of each.

    Blanks inside a word (line ends included) become one blank; a word of blanks only becomes the blank between its
    neighbours.
    """
    cores = [" ".join(word.split()) for word in words]
    glues = _glues(cores)
    text, spans = "", list[tuple[int, int]]()
    apart, before = False, _Glue(right=True)
    for core, glue in zip(cores, glues, strict=True):
        if not core:
            apart = True
            spans.append((len(text), len(text)))
            continue
        if text and (apart or not (before.right or glue.left)):
            text += " "
        spans.append((len(text), len(text) + len(core)))
        text += core
        apart, before = False, glue
    return RunningText(text, tuple(spans))


def _glues(cores: Sequence[str]) -> list[_Glue]:
    opened = {'"': False, "'": False}
    glues: list[_Glue] = []
    for place, core in enumerate(cores):
        before = cores[place - 1] if place else ""
        after = cores[place + 1] if place + 1 < len(cores) else ""
        if core == '"' or (core == "'" and not _is_possessive(before, cores[place:], opened=opened["'"])):
            opened[core] = not opened[core]
            glues.append(_Glue(left=not opened[core], right=opened[core]))
        elif core == "/" or core in _DASHES:
            joined = _joins(core, before, after, cores[place + 2 : place + 3])
            glues.append(_Glue(joined, joined))
        elif core in _ENDINGS or core == "'" or (core[:1] in _LEFT and set(core) <= _LEFT | _DASHES):
            glues.append(_Glue(left=True, right=core[-1] in _DASHES))
        else:
            sign = core[-1:] in _BEFORE_NUMBERS and after[:1].isdigit()
            glues.append(_Glue(right=sign or set(core) <= _RIGHT))
    return glues


def _is_possessive(before: str, rest: Sequence[str], *, opened: bool) -> bool:
    """Whether an apostrophe, the first of ``rest``, belongs to the word before it and quotes nothing."""
    if opened:
        return False
    later = rest.count("'") - 1
    return later == 0 or (before.endswith("s") and later % 2 == 0)


def _joins(dash: str, before: str, after: str, next_after: Sequence[str]) -> bool:
    """Whether a dash between these words stands without blanks; never at an end, or beside a word of blanks."""
    if not before or not after:
        return False
    if dash in {"—", "/"}:
        return True
    first, second = before[-1], after[0]
    if dash == "-":
        return (first.isalnum() or first == ".") and second.isalnum()
    if first.isdigit() and second.isdigit():
        is_date = len(after) < 3 and "".join(next_after)[:1].isupper()
        return not is_date
    return before[0].isupper() and second.isupper()
