"""Unicode hygiene: what reviewers see is what is stored, and what looks equal is found as equal.

Characters that nobody sees can make an approved text say something else than it shows (the "Trojan Source" attack on
bidirectional controls, text smuggled in tag characters or variation selectors). They are refused, by name and
position. Two of them, the zero-width joiner and non-joiner, are needed to write emoji families, Persian and the
languages of India: they are accepted between characters that use them, and shown to reviewers. Variation selectors
are accepted singly, after a character that has variants.

For comparison there is one normal form, :func:`normalised`; for search, :func:`search_terms` cuts scripts that are
written without spaces into single characters and pairs, so that a two-character word can be found. Both follow
Unicode's NFKC and case folding (UAX #15); which characters are invisible follows Default_Ignorable_Code_Point
(UAX #44).

Not covered: letters of different scripts that look alike, and emoji flags of regions, which are spelled with tags.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from addenda.errors import InvalidInput

ZERO_WIDTH_NON_JOINER = "\u200c"
ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = ZERO_WIDTH_NON_JOINER + ZERO_WIDTH_JOINER

_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, but for tab and line ends
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags and supplementary variation selectors
    "\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff"  # surrogates, private use
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 15))  # noncharacters
    + "]"
)
"""Characters that show nothing, or nothing that is agreed upon; joiners and variation selectors included."""

_JOINING_SCRIPTS = (
    (0x0600, 0x08FF), (0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF), (0x1A20, 0x1BFF), (0xA840, 0xA8FF),
    (0xA980, 0xAADF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0x10A00, 0x11FFF),
)  # fmt: skip
"""Scripts whose letters change shape with joiners: Arabic, Syriac, those of South and South-East Asia, Mongolian."""

_PICTURES = (
    (0x00A9, 0x00A9), (0x00AE, 0x00AE), (0x2190, 0x27BF), (0x2900, 0x2BFF), (0x3030, 0x3030), (0x303D, 0x303D),
    (0x3297, 0x3299), (0x1F000, 0x1FAFF),
)  # fmt: skip
"""Symbols and emoji, which joiners glue together."""

_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))

_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF),
    (0x3130, 0x318F), (0x31F0, 0x31FF), (0xAC00, 0xD7FF), *_IDEOGRAPHS,
)  # fmt: skip
"""Scripts searched by character pairs: written without spaces, or (Korean) with endings glued to the word."""

_KEYCAP_BASES = "#*0123456789\u203c\u2049"
_CLOSING_PUNCTUATION = ".!?,;:\u2026\u3001\u3002\u061f\u06d4\u0964\u0965\u203d"
_SPACES = re.compile(r"\s+")
_QUOTED_LENGTH = 60


@dataclass(frozen=True, slots=True)
class HiddenCharacter:
    """One character of a text that readers do not see."""

    position: int
    """Which character of the text it is, counted from 1."""
    character: str
    allowed: bool
    """True for a joiner or variation selector where one belongs."""

    @property
    def code_point(self) -> str:
        """The code point as it is usually written, for example ``U+200B``."""
        return f"U+{ord(self.character):04X}"

    @property
    def name(self) -> str:
        """The character's Unicode name, or what kind of character it is when it has none."""
        kinds = {"Cc": "control character", "Co": "private use character", "Cs": "lone surrogate"}
        fallback = kinds.get(unicodedata.category(self.character), "reserved character")
        return unicodedata.name(self.character, fallback)


def hidden_characters(text: str) -> list[HiddenCharacter]:
    """Every character that readers do not see, in order; tabs and line ends do not count."""
    return [
        HiddenCharacter(found.start() + 1, found[0], _belongs(text, found.start())) for found in _HIDDEN.finditer(text)
    ]


def clean(text: str, what: str) -> str:
    """The text in NFC with ``\\n`` as line end.

    Args:
        text: What somebody typed or a file contained.
        what: What it is, for the message, for example ``cell Changes!B7``.

    Raises InvalidInput naming the first hidden character, its position, and what to do.
    """
    for hidden in hidden_characters(text):
        if not hidden.allowed:
            shown = _SPACES.sub(" ", visible(text))
            quoted = shown if len(shown) <= _QUOTED_LENGTH else shown[:_QUOTED_LENGTH] + "..."
            raise InvalidInput(
                f"{what} '{quoted}' has a character that nobody sees: {hidden.code_point} ({hidden.name}) is character "
                f"{hidden.position}; delete it, or type the text again instead of pasting it"
            )
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def visible(text: str) -> str:
    """The text with hidden characters written out, such as ``‹U+200B›``.

    Joiners are written out too, wherever they stand; variation selectors only where they do not belong.
    """
    hidden = hidden_characters(text)
    if not hidden:
        return text
    characters = list(text)
    for found in hidden:
        if not found.allowed or found.character in _JOINERS:
            characters[found.position - 1] = f"‹{found.code_point}›"
    return "".join(characters)


def normalised(text: str) -> str:
    """The form in which texts are compared and looked up.

    Width and case are folded, spaces collapsed, joiners and variation selectors dropped, and punctuation at the end is
    stripped. A text that consists of nothing else keeps its punctuation. Applying it twice changes nothing.
    """
    folded = text.lower() if text.isascii() else _folded(text)
    folded = " ".join(folded.split())
    return folded.rstrip(_CLOSING_PUNCTUATION + " ") or folded


def search_terms(text: str) -> list[str]:
    """What a text is found by, in order and with repetitions.

    Words and numbers of spaced scripts are kept whole (``12.4`` is one term); of a run in a script without spaces,
    every character and every pair of neighbours is a term. An index stores all of them; a query of two or more
    characters is better served by the pairs alone.
    """
    terms: list[str] = []
    for run in _runs(normalised(text)):
        if _within(run[0], _UNSPACED):
            terms.extend(run)
            terms.extend(first + second for first, second in pairwise(run))
        else:
            terms.append(run)
    return terms


def query_terms(text: str) -> list[str]:
    """What to look a query up by, each term once: words, and of a run in a script without spaces the pairs alone."""
    terms: dict[str, None] = {}
    for run in _runs(normalised(text)):
        pairs = len(run) > 1 and _within(run[0], _UNSPACED)
        terms.update(dict.fromkeys((first + second for first, second in pairwise(run)) if pairs else (run,)))
    return list(terms)


def _folded(text: str) -> str:
    folded = text
    for _ in range(2):  # NFKC(casefold(NFKC(x))) is a fixed point only from the second round on for a few Greek letters
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    if folded.isascii():
        return folded
    folded = "".join(character for character in folded if not _is_joining(character))
    return unicodedata.normalize("NFKC", folded)


def _runs(text: str) -> Iterator[str]:
    """Stretches of letters, marks and digits of one writing style; a separator between two digits belongs to them."""
    run = ""
    for index, character in enumerate(text):
        between_digits = character in ".," and run[-1:].isdigit() and text[index + 1 : index + 2].isdigit()
        if unicodedata.category(character)[0] not in "LMN" and not between_digits:
            if run:
                yield run
            run = ""
            continue
        if run and not between_digits and _style_changes(run, character):
            yield run
            run = ""
        run += character
    if run:
        yield run


def _style_changes(run: str, character: str) -> bool:
    if unicodedata.category(character)[0] == "M":
        return False
    return _within(run[0], _UNSPACED) != _within(character, _UNSPACED)


def _is_joining(character: str) -> bool:
    return character in _JOINERS or _is_variation_selector(character)


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _belongs(text: str, index: int) -> bool:
    """Whether a hidden character stands where it has a visible effect."""
    character, before = text[index], text[index - 1] if index else ""
    if not before or not _is_joining(character):
        return False
    if character in _JOINERS:
        return _joiner_belongs(character, before, text[:index], text[index + 1 : index + 2])
    if character >= "\U000e0100":
        return _within(before, _IDEOGRAPHS)
    if character in "\ufe0e\ufe0f":
        return before in _KEYCAP_BASES or _within(before, _PICTURES)
    return unicodedata.category(before) in {"Lo", "Sm"}


def _joiner_belongs(joiner: str, before: str, earlier: str, after: str) -> bool:
    if joiner == ZERO_WIDTH_JOINER and after and _within(after, _PICTURES):
        base = earlier[-2:-1] if _is_variation_selector(before) else before
        return bool(base) and _within(base, _PICTURES)
    in_script = unicodedata.category(before)[0] in "LM" and _within(before, _JOINING_SCRIPTS)
    return in_script and (not after or after.isspace() or _within(after, _JOINING_SCRIPTS))


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in ranges)
