"""What a text names: the entities, numbers and words by which reflections are grouped and checked, read by plain rules.

Idea: a name is a run of capitalised words ("Brisano Quell", "University of Oslo" through its joining words), a word
with a digit and a letter in it, a run of katakana, or Latin words within another script. The first word of a sentence
counts only where it is written with a capital elsewhere in the text, too. Rules are quick, the same every time, and
need no model; they miss names that are written small, and take a heading in capitals for one.

Not known here: which names mean the same, beyond width, case and an article before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from addenda.documents.sentences import split_sentences, unwrapped
from addenda.text import normalised, search_terms

_WIDE = r"\u3005-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_LETTER = rf"(?![{_WIDE}_])[^\W\d]"
_WORD = rf"{_LETTER}(?:{_LETTER}|[\d’'-])*|\d(?:(?:{_LETTER}|[\d.,])*(?:{_LETTER}|\d))?"
_TOKEN = re.compile(rf"(?P<word>{_WORD})|(?P<stop>[.!?:;。！？|•]+)|(?P<other>[^\s])")
_KATAKANA = re.compile(r"[ァ-ヴー]{3,}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_JOINING = frozenset("of de la le du van von der den di da del dos the".split())
_NO_NAMES = frozenset(
    "a an the this that these those it he she they we you i its his her their our your there here in on at by for "
    "from with as if when while after before since until during although because however but and so then thus "
    "also both each all some many most more no not one another other what who whom whose where why how which "
    "please is are was were be been has have had do does did can could will would shall should may might must "
    "every only of to or nor yes into over under between about against through today yesterday tomorrow monday "
    "tuesday wednesday thursday friday saturday sunday january february march april june july august september "
    "october november december".split()
)
_SMALL = re.compile(r"(?<!\w)[a-z][\w’'-]*")
_GENITIVE = re.compile(r"['’]s?$")
_CAPITAL_WORD = re.compile(rf"(?![a-z]){_LETTER}(?:{_LETTER}|[\d’'-])*")
_LONGEST_NAME = 8


def names_in(text: str, *, answer: bool = False) -> tuple[str, ...]:
    """The names in a text in the order in which they first occur, each once, as they are first written.

    Args:
        text: The text.
        answer: Whether it is an answer, so that a single word with a capital is a name and not a heading.
    """
    kept: dict[str, str] = {}
    bare = text.strip(" .")
    whole = [bare] if answer and _CAPITAL_WORD.fullmatch(bare) and bare.lower() not in _NO_NAMES else []
    for name in (*whole, *_capitalised(text), *_KATAKANA.findall(text)):
        kept.setdefault(key(name), name)
    kept.pop("", None)
    return tuple(kept.values())


def key(name: str) -> str:
    """The form in which names are compared: normal form, without an article or a genitive."""
    bare = _GENITIVE.sub("", normalised(name))
    for article in ("the ", "a ", "an "):
        bare = bare.removeprefix(article)
    return bare


def says(text: str, name: str) -> bool:
    """Whether a text names this, as whole words where the script has them."""
    return _pattern(key(name)).search(normalised(text)) is not None


def numbers_in(text: str) -> frozenset[str]:
    """The numbers that are written in digits, without marks between thousands."""
    return frozenset(re.sub(r",(?=\d{3}\b)", "", found) for found in _NUMBER.findall(normalised(text)))


@lru_cache(maxsize=20_000)
def words_in(text: str) -> frozenset[str]:
    """The words that carry meaning, for telling how near two texts are."""
    return frozenset(term for term in search_terms(text) if term not in _NO_NAMES)


def given_away(text: str, name: str) -> str:
    """What of a name a text says: the whole, or a word of it that is written with a capital; empty when nothing."""
    if says(text, name):
        return name
    words = {found["word"] for found in _TOKEN.finditer(text)}
    telling = (word for word in name.split() if word[:1].isupper() and len(word) > 2 and word.lower() not in _NO_NAMES)
    return next((word for word in telling if word in words), "")


@lru_cache(maxsize=20_000)
def _pattern(bare: str) -> re.Pattern[str]:
    # Letters of other scripts may follow without a blank: particles stand directly behind a name.
    before = "(?<![a-z0-9_])" if bare[:1].isascii() and bare[:1].isalnum() else ""
    after = "(?![a-z0-9_])" if bare[-1:].isascii() and bare[-1:].isalnum() else ""
    return re.compile(before + re.escape(bare) + after)


def _capitalised(text: str) -> Iterator[str]:
    """Runs of words that begin with a capital, or have letters and digits."""
    runs = [one for sentence in split_sentences(text) for one in _runs(unwrapped(sentence.text))]
    inside = {word for begins, run in runs for word in (run[1:] if begins else run) if word[:1].isupper()}
    small = set(_SMALL.findall(text))
    for begins, run in runs:
        kept = list(run)
        first = kept[0]
        if begins and first not in inside and (len(kept) == 1 or first.lower() in small or kept[1] in _JOINING):
            kept.pop(0)
        while kept and (kept[0].lower() in _NO_NAMES or kept[0] in _JOINING):
            kept.pop(0)
        if kept:
            yield _GENITIVE.sub("", " ".join(kept[:_LONGEST_NAME]))


def _runs(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Candidates, with whether each stands at the beginning of a sentence."""
    run, joining = list[str](), list[str]()
    begins, at_start = True, False
    for found in _TOKEN.finditer(text):
        word = found["word"] or ""
        if word and _is_name(word):
            at_start = at_start if run else begins
            run += [*joining, word]
            joining = []
        elif run and word in _JOINING:
            joining.append(word)
        elif run:
            yield at_start, run
            run, joining = [], []
        if run and _GENITIVE.search(word):
            yield at_start, run
            run = []
        begins = bool(found["stop"]) or (begins and bool(found["other"]) and not found[0].isalnum())
    if run:
        yield at_start, run


def _is_name(word: str) -> bool:
    return word[:1].isupper() or (word[:1].isdigit() and word[-1:].isupper())
