"""The form in which two names are compared for nearness: what writers vary without meaning another thing is removed.

Folded away, on top of :func:`addenda.text.normalised` (width, case, spaces at the ends): blanks, dashes, brackets,
quotation marks and stops anywhere; accents of Latin, Greek and Cyrillic letters; hiragana or katakana, small kana, the
long vowel mark; the written form of a Chinese character (:mod:`addenda.memories.triples.variants`). Hangul syllables
become their letters, so that one wrong letter is one difference. The repetition mark becomes what it repeats.

Numbers are never folded away. :attr:`Folded.digits` lists them in order, and two names with different lists are
different things however alike they look ("Norda 12" and "Norda 13", 第二工場 and 第三工場, "Part II" and "Part III").
A single letter at the end counts as one ("Model A" and "Model B").

A name in running text often has a particle glued to it (は, の, 을, 의, 的). :func:`readings` gives a query without it
too; a name that truly ends so is still found, because the query as it is comes first.

Not known: meaning, other languages' names for the same thing, initials, or the order of words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from addenda.memories.triples.variants import representatives
from addenda.text import normalised

LONGEST = 255
"""Folded characters; longer names are found by their exact name only."""

PARTICLE_FACTOR = 0.98
"""What the similarity is multiplied by for each particle that was taken off a query."""

_PARTICLES = tuple(
    sorted(
        "は が を に へ と で も の や から まで より "
        "은 는 이 가 을 를 의 에 에서 에게 께 로 으로 와 과 도 만 부터 까지 이나 이랑 랑 "
        "的 是 在 和 与 與 跟".split(),
        key=len,
        reverse=True,
    )
)
_MOST_PARTICLES = 2

_REMOVED_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd", "Pc", "Ps", "Pe", "Pi", "Pf"})
_REMOVED = frozenset(".,:;!?'\"`´ʹʻʼ/\\·・‧•、。…ー〜~¿¡")
_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
_KANA = dict(zip("ぁぃぅぇぉっゃゅょゎゕゖぢづをゐゑゔ", "あいうえおつやゆよわかけじずおいえぶ", strict=True))
_KANA_MARKS = frozenset("\u3099\u309a")
_V_SOUNDS = re.compile("[ゔヴ]([ぁぃぇぉァィェォ])")
_V_FOLDED = dict(zip("ぁぃぇぉァィェォ", "ばびべぼばびべぼ", strict=True))
_FINALS = dict(
    zip(
        "ᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆽᆾᆿᇀᇁᇂ",
        "ᄀ ᄁ ᄀᄉ ᄂ ᄂᄌ ᄂᄒ ᄃ ᄅ ᄅᄀ ᄅᄆ ᄅᄇ ᄅᄉ ᄅᄐ ᄅᄑ ᄅᄒ ᄆ ᄇ ᄇᄉ ᄉ ᄊ ᄌ ᄎ ᄏ ᄐ ᄑ ᄒ".split(),
        strict=True,
    )
)
"""Final consonants of Hangul as the initial ones; the final ng has none and stays."""

_CHINESE_DIGITS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_CHINESE_PLACES = {"十": 10, "百": 100, "千": 1000}
_LATIN = "a-z\u00aa-\u024f"
_NUMBER = re.compile(
    rf"[0-9十百千]+(?:\.[0-9]+)*|(?<![{_LATIN}'\u2019])[a-z](?=[\W_]*$)"  # numbers, and a letter at the end
)
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_ROMAN = re.compile(r"\b(?=[ivx]{2})x{0,3}(?:ix|iv|v?i{0,3})\b")
_REPEATED = re.compile(r"(\w)々")


@dataclass(frozen=True, slots=True)
class Folded:
    """A name as it is compared."""

    text: str
    """Never empty for a name that is not."""
    digits: str
    """The numbers in it and a single letter at its end, in order; names that differ here are never similar."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a query."""

    folded: Folded
    factor: float
    """What similarities found by it are multiplied by."""


def fold(name: str) -> Folded:
    """The form of a name in which it is compared for nearness. Names that fold alike have similarity 1."""
    return fold_normalised(normalised(name))


def fold_normalised(normal: str) -> Folded:
    """The same for a name in its normal form (:func:`addenda.text.normalised`)."""
    plain = _THOUSANDS.sub("", _decimal(normal))
    marked = plain
    if not plain.isascii():
        marked = _REPEATED.sub(r"\1\1", _V_SOUNDS.sub(lambda found: _V_FOLDED[found[1]], plain))
    text = "".join(map(_folded, marked))
    return Folded(text or plain, " ".join(_numbers(plain)))


def readings(query: str) -> list[Reading]:
    """A query as it is, then without the particles that may be glued to its end."""
    found = {normalised(query): 1.0}
    for _ in range(_MOST_PARTICLES):
        for text, factor in list(found.items()):
            for particle in _PARTICLES:
                rest = text.removesuffix(particle).rstrip()
                if rest and rest != text:
                    found.setdefault(rest, factor * PARTICLE_FACTOR)
    best: dict[Folded, float] = {}
    for text, factor in found.items():
        best.setdefault(fold_normalised(text), factor)
    return [Reading(folded, factor) for folded, factor in best.items()]


def _decimal(text: str) -> str:
    """The text with every decimal digit, Chinese ones included, as one of 0 to 9."""
    if text.isascii():
        return text
    return "".join(_CHINESE_DIGITS.get(c) or (str(unicodedata.decimal(c)) if c.isdecimal() else c) for c in text)


def _numbers(text: str) -> list[str]:
    """The numbers of a text as they count: ``007`` and ``7`` differ, ``十二``, ``XII`` and ``12`` do not."""
    arabic = _ROMAN.sub(lambda found: f" {_roman(found[0])} ", text)
    return list(map(_valued, _NUMBER.findall(arabic)))


def _valued(number: str) -> str:
    if not any(place in number for place in _CHINESE_PLACES):
        return number
    total, digit = 0, ""
    for character in number:
        if character in _CHINESE_PLACES:
            total += int(digit or 1) * _CHINESE_PLACES[character]
            digit = ""
        elif character.isdigit():
            digit += character
    return str(total + int(digit or 0))


def _roman(letters: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in letters]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))


@lru_cache(maxsize=1)
def _variants() -> dict[str, str]:
    return representatives()


@lru_cache(maxsize=65_536)
def _folded(character: str) -> str:
    """What one character of a normalised text becomes."""
    if "a" <= character <= "z" or "0" <= character <= "9":
        return character
    if character in _REMOVED or unicodedata.category(character) in _REMOVED_CATEGORIES:
        return ""
    if "ァ" <= character <= "ヶ":
        character = chr(ord(character) - 0x60)
    if character in _KANA:
        return _KANA[character]
    if character in _LETTERS:
        return _LETTERS[character]
    if "가" <= character <= "힣":
        return "".join(_FINALS.get(jamo, jamo) for jamo in unicodedata.normalize("NFD", character))
    if "\u3040" <= character <= "\u30ff":
        return character
    bare = "".join(
        c for c in unicodedata.normalize("NFD", character) if c in _KANA_MARKS or not "\u0300" <= c <= "\u036f"
    )
    return _variants().get(bare, bare)
