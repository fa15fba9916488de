"""The form in which two names are compared for nearness: what writers vary without meaning another thing is removed.

Folded away, on top of :func:`addenda.text.normalised` (width, case, spaces at the ends): blanks, dashes, brackets,
quotation marks and stops anywhere; accents of Latin, Greek and Cyrillic letters; hiragana or katakana, small kana, the
long vowel mark; the written form of a Chinese character (:mod:`addenda.memories.triples.variants`). Hangul syllables
become their letters, so that one wrong letter is one difference. The repetition mark becomes what it repeats.

Numbers are never folded away. :attr:`Folded.digits` lists them in order, and two names with different lists are
different things however alike they look ("Norda 12" and "Norda 13", 第二工場 and 第三工場, "Part II" and "Part III").
A single letter at the end counts as one ("Model A" and "Model B").

A name in running text often has other words glued to it: particles (は, の, 을, 의, 的), titles (さん, 님, 先生), and
before it prepositions and demonstratives (关于, 在, この). :func:`readings` gives a query without them too; a name that
truly begins or ends so is still found, because the query as it is comes first. Only words of closed classes count,
those that any grammar lists: what else is glued to a name mostly makes another name of it (東京 and 東京大学).

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
"""What the similarity is multiplied by for each word that was taken off a query."""

_JAPANESE = (
    "は が を に へ と で も の や か ね よ って から まで より だけ しか ばかり ほど くらい など さえ こそ とか "
    "だって なら です でした だ だった である ですか について に関する に関して に対する に対して による によって "
    "によると において における として としての にとって という といった とは のための さん さま 様 氏 君 くん "
    "ちゃん 殿 御中 先生"
)
_KOREAN = (
    "은 는 이 가 을 를 의 에 에서 에게 에게서 한테 한테서 께 께서 로 으로 로서 으로서 로써 으로써 와 과 랑 이랑 "
    "하고 도 만 부터 까지 마저 조차 밖에 보다 처럼 같은 만큼 마다 이나 나 든지 라고 이라고 라는 이라는 란 이란 라도 "
    "이라도 며 이며 이고 이다 입니다 인데 인가요 이에요 예요 대한 대해 대하여 관한 관해 관하여 따른 따라 위한 위해 "
    "통해 들 님 씨 군 양 선생 선생님"
)
_CHINESE = (
    "的 是 在 和 与 與 跟 及 或 等 了 吗 嗎 呢 吧 啊 们 們 之 为 為 有 被 把 将 將 到 对 對 给 給 也 都 就 里 裡 裏 "
    "上 中 内 內 先生 女士 小姐 老师 老師"
)
_BEFORE = (
    "この その あの どの 이 그 저 在 从 從 对 對 对于 對於 向 给 給 把 被 将 將 由 于 於 到 和 与 與 跟 同 为 為 以 "
    "用 按 关于 關於 有关 有關 至于 至於 根据 根據 通过 通過 请 請 请问 請問 问 問 是 这 這 那 该 該 本 贵 貴"
)
_MOST_BEHIND, _MOST_BEFORE = 3, 2
_MOST_READINGS = 8


def _by_character(words: str, place: int) -> dict[str, tuple[str, ...]]:
    """Words by their first (0) or last (-1) character, long ones first."""
    found: dict[str, list[str]] = {}
    for word in sorted(dict.fromkeys(words.split()), key=len, reverse=True):
        found.setdefault(word[place], []).append(word)
    return {character: tuple(listed) for character, listed in found.items()}


_BY_END = _by_character(f"{_JAPANESE} {_KOREAN} {_CHINESE}", -1)
_BY_START = _by_character(_BEFORE, 0)

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
    """A query as it is, then without the words that may be glued to it, the likeliest first; a few at most."""
    normal = normalised(query)
    factors = {normal: 1.0}
    if not normal.isascii():
        for most, shorter in ((_MOST_BEHIND, _without_end), (_MOST_BEFORE, _without_start)):
            layer = dict(factors)
            for _ in range(most):
                layer = {rest: factor * PARTICLE_FACTOR for text, factor in layer.items() for rest in shorter(text)}
                factors = {**layer, **factors}
    best: dict[Folded, float] = {}
    for text, factor in sorted(factors.items(), key=lambda one: -one[1]):
        best.setdefault(fold_normalised(text), factor)
    return [Reading(folded, factor) for folded, factor in best.items()][:_MOST_READINGS]


def _without_end(text: str) -> list[str]:
    cut = [text.removesuffix(word) for word in _BY_END.get(text[-1], ()) if text.endswith(word)]
    return [rest for one in cut if (rest := one.rstrip())]


def _without_start(text: str) -> list[str]:
    cut = [text.removeprefix(word) for word in _BY_START.get(text[0], ()) if text.startswith(word)]
    return [rest for one in cut if (rest := one.lstrip())]


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
