r"""Cutting a document into sentences, each with its exact place, in English, Japanese, Korean and Chinese.

Idea: first the line ends that separate (:mod:`addenda.documents.paragraphs`), then the marks that end a
sentence, together with the quotes and brackets that close after them. A full-width mark ends a sentence by itself; an
ASCII one only before a blank, and a full stop not after an abbreviation, an initial or the number of a list item. What
stands inside a pair of brackets or quotes is not cut, unless the pair is far apart. What is still longer than a limit
is cut at a comma or blank. Nothing is lost: the sentences in order cover everything but whitespace.

The lists of abbreviations and of words that begin sentences are in the spirit of Kiss and Strunk 2006, "Unsupervised
multilingual sentence boundary detection", but fixed and short. Not known here: abbreviations outside the lists, and
sentences that begin with a small letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from addenda.documents.paragraphs import Unit, units
from addenda.errors import InvalidInput

LONGEST_SENTENCE = 1_000
"""Characters after which a run-on sentence is cut."""
SHORTEST_LIMIT = 20
"""Least value of that limit."""

_CLOSING = r"\"'”’»›)\]}」』）】》〉〕］｝"
_ENDER = re.compile(rf"(?P<marks>[.!?。！？｡．…‼⁇⁈⁉]+)(?P<closers>[{_CLOSING}]*)(?:\[[0-9]{{1,3}}\])*")
_WIDE_MARKS = frozenset("。！？｡．‼⁇⁈⁉")
_STRONG_MARKS = _WIDE_MARKS | frozenset(".!?")
_GOES_ON = frozenset(",、，;；:：・")
_QUOTE_PARTICLE = re.compile(
    r"って|で(?![はも])|[とをにのはがもや]|라[고는며]|하고 |(?:고|며|는|은|을|를|의|에|이|가) |에게|이라|的"
)
"""What carries a sentence on after a closing quote."""
_ASIDE_ENDS = tuple(")）]］〕")
"""Directly before more text they end what was put in between."""

_PAIRS = dict(zip("（(「『【［[〔《〈“«", "）)」』】］]〕》〉”»", strict=True))
_OPENERS = {closer: opener for opener, closer in _PAIRS.items()}
_BRACKET = re.compile("[" + re.escape("".join([*_PAIRS, *_PAIRS.values()])) + "]")
_FARTHEST_PAIR = 300

_BEFORE_STOP = 24
_ENUMERATOR = re.compile(r"\(?(?:[0-9]{1,3}|[A-Za-z]|[ivxIVX]{1,4})")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_TITLES = frozenset(
    "mr mrs ms dr prof gen col lt capt sgt cpl gov sen rep rev hon pres messrs vs e.g i.e eg ie cf viz approx ca "
    "resp esp incl excl".split()
)
"""Always followed by more of the sentence."""
_COUNTED = frozenset("no nos nr fig figs eq eqs sec sect ch chap vol vols p pp pg art tab ver vers pt ext tel".split())
"""Followed by more of the sentence when a number comes next."""
_OFTEN_LAST = frozenset(
    "st mt inc ltd co corp llc plc bros jr sr etc al est min max dept univ assn ave blvd rd sq hr hrs wk yr yrs mo "
    "ft oz lb lbs jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun "
    "ph.d".split()
)
"""Followed by more of the sentence unless the next word is one that begins sentences."""
_STARTERS = frozenset(
    "a an the this that these those it he she they we you its his her their our your there here in on at by for from "
    "with as if when while after before since until during although because however but and so then thus also both "
    "each all some many most more no not one another other what who where why how please".split()
)
_WORD = re.compile(r"[^\W\d_]+(?!\.)\b")
_LEADING = re.compile(rf"[\s\"'“‘«‹(\[{{「『（【《〈〔［{_CLOSING}*_#-]*")

_CUT_AFTER = re.compile(r"[,;:、，；：]\s*|\s+")
_KANA_OR_IDEOGRAPH = re.compile(r"[\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
_WIDE_LETTER = re.compile(
    r"[\u3005-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)
_BLANKS = re.compile(r"\s+")
_LINE_END = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MOST_JOINED = 32


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or what stands for one: a heading, a list item, a row."""

    start: int
    end: int
    """First position after it; ``text`` is the document from ``start`` to ``end``."""
    text: str
    """Without whitespace at its edges, never empty."""
    line: int
    """The line it begins in, counted from 1."""
    begins_unit: bool
    """Whether it is the first of its paragraph, heading, item or row."""


def split_sentences(text: str, *, longest: int = LONGEST_SENTENCE) -> list[Sentence]:
    """The sentences of a text in order. They do not overlap, and what stands between them is whitespace.

    Args:
        text: Any text.
        longest: Characters that no sentence exceeds, except by a few where a cut would split one written character.

    Raises InvalidInput for a limit below ``SHORTEST_LIMIT``.
    """
    if longest < SHORTEST_LIMIT:
        raise InvalidInput(f"sentences of at most {longest!r} characters are too short; allow {SHORTEST_LIMIT} or more")
    return [sentence for unit in units(text) for sentence in _sentences(text, unit, longest)]


def unwrapped(text: str) -> str:
    """The text in one line: whitespace becomes one blank, or nothing where a line end parts kana or ideographs."""
    return _BLANKS.sub(_joint, text.strip())


def _joint(found: re.Match[str]) -> str:
    before, after = found.string[found.start() - 1], found.string[found.end()]
    wide = _KANA_OR_IDEOGRAPH.match(before) and _KANA_OR_IDEOGRAPH.match(after)
    return "" if wide and _LINE_END.search(found[0]) else " "


def _sentences(text: str, unit: Unit, longest: int) -> Iterator[Sentence]:
    line, counted = unit.line, unit.start
    first = True
    for start, end in _stretches(text, unit):
        for from_, to in _cut(text, start, end, longest):
            raw = text[from_:to]
            begin = from_ + len(raw) - len(raw.lstrip())
            bare = raw.strip()
            if bare:
                # splitlines counts a carriage return with its line feed once, as whoever numbered the unit did.
                line += len(f"{text[counted:begin]}.".splitlines()) - 1
                counted = begin
                yield Sentence(begin, begin + len(bare), bare, line, first)
                first = False


def _stretches(text: str, unit: Unit) -> Iterator[tuple[int, int]]:
    """The unit cut behind the marks that end sentences."""
    inside = _Enclosed(text, unit)
    start = unit.start
    for found in _ENDER.finditer(text, unit.start, unit.end):
        if not inside.covers(found.start(), found.end()) and _ends(text, start, found, unit.end):
            yield start, found.end()
            start = found.end()
    if start < unit.end:
        yield start, unit.end


def _ends(text: str, start: int, found: re.Match[str], limit: int) -> bool:
    """Whether the marks found end the sentence that begins at ``start``."""
    after = found.end()
    if after >= limit:
        return False  # it ends there anyway
    marks, closers, follows = found["marks"], found["closers"], text[after]
    if not follows.isspace():
        if follows in _GOES_ON or closers[-1:] in _ASIDE_ENDS or (closers and _QUOTE_PARTICLE.match(text, after)):
            return False
        if _WIDE_MARKS.isdisjoint(marks):
            before = text[found.start() - 1] if found.start() > start else ""
            return not _STRONG_MARKS.isdisjoint(marks) and _wide_letter(before) and _wide_letter(follows)
        numbered = marks == "．" and (follows.isdecimal() or text[start : found.start()].strip().isdecimal())
        return not numbered
    if not _WIDE_MARKS.isdisjoint(marks):
        return True
    leading = _LEADING.match(text, after, limit)
    next_ = leading.end() if leading else after
    if text[next_ : next_ + 1].islower():
        return False
    return marks != "." or not _abbreviated(text, start, found.start(), next_)


def _abbreviated(text: str, start: int, stop: int, next_: int) -> bool:
    """Whether the full stop at ``stop`` belongs to a word, an initial or a number, and the sentence goes on."""
    before = text[max(start, stop - _BEFORE_STOP) : stop]
    words = before.split()
    if not words or before[-1:].isspace():
        return False
    if len(words) == 1 and stop - start <= _BEFORE_STOP and _ENUMERATOR.fullmatch(words[0]):
        return True
    word = words[-1].lstrip("([{\"'“‘«").lower()
    if word in _TITLES:
        return True
    if word in _COUNTED and text[next_ : next_ + 1].isdecimal():
        return True
    if word in _OFTEN_LAST or (_INITIALS.fullmatch(word) and not _wide_letter(word)):
        starter = _WORD.match(text, next_)
        return not starter or starter[0].lower() not in _STARTERS
    return False


def _wide_letter(character: str) -> bool:
    return _WIDE_LETTER.match(character) is not None


class _Enclosed:
    """What stands between brackets or quotes that are not far apart."""

    def __init__(self, text: str, unit: Unit) -> None:
        opened: dict[str, list[int]] = {}
        pairs: list[tuple[int, int]] = []
        for found in _BRACKET.finditer(text, unit.start, unit.end):
            mark, place = found[0], found.start()
            if mark in _PAIRS:
                opened.setdefault(mark, []).append(place)
            elif (waiting := opened.get(_OPENERS[mark])) and place - (begun := waiting.pop()) <= _FARTHEST_PAIR:
                pairs.append((begun, place))
        self._pairs = _outermost(sorted(pairs))
        self._next = 0

    def covers(self, start: int, end: int) -> bool:
        """Whether a stretch lies inside a pair; asked from left to right."""
        while self._next < len(self._pairs) and self._pairs[self._next][1] < end:
            self._next += 1
        return self._next < len(self._pairs) and self._pairs[self._next][0] < start


def _outermost(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs that lie in or across others are united with them."""
    united: list[tuple[int, int]] = []
    for begun, ended in pairs:
        if united and begun < united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], ended))
        else:
            united.append((begun, ended))
    return united


def _cut(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """The stretch in pieces no longer than the limit, cut late, and behind a comma or blank where there is one."""
    while end - start > longest:
        latest = start + longest
        places = [found.end() for found in _CUT_AFTER.finditer(text, start + longest // 2, latest)]
        place = places[-1] if places else _between_characters(text, latest, end)
        yield start, place
        start = place
    if start < end:
        yield start, end


def _between_characters(text: str, place: int, end: int) -> int:
    """The next place from ``place`` on where no accent, joiner or variation selector is parted from its letter."""
    for later in range(place, min(place + _MOST_JOINED, end)):
        joined = text[later - 1] == "\u200d" or text[later] == "\u200d" or unicodedata.category(text[later])[0] == "M"
        if not joined:
            return later
    return place
