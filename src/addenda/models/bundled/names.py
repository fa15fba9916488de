"""Invented words: names that sound like names and mean nothing.

Purpose: the generated world and the training corpus need thousands of names that no language model has an opinion
about, so that a right answer can only come from training or from the text that was given.
Idea: syllables from small inventories, drawn with the caller's random generator; nothing here is random by itself.
Does not know: which names are taken. Whoever needs unique names keeps the set of those already used.
"""

from __future__ import annotations

from random import Random

_ONSETS = (
    "b br c ch cr d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sh sk sl sn sp st str t th tr v vr w y z"
).split()
_NUCLEI = "a e i o u a e i o u ai ea ee ia io oa ou ue".split()
_CODAS = " , ,l,m,n,r,s,t,x,nd,nt,rk,rn,sk,st,th,ld,ck,ph,rm".split(",")
_PLAIN_ONSETS = "b d f g h k l m n p r s t v w z b d f k l m n r s t v br dr kr tr fl gl pl st".split()
_PLAIN_CODAS = " , , ,l,m,n,r,s,x,n,r,l".split(",")
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_HANGUL = "가나다라마바사아자차카타파하고노도로모보소오조구누두루무부수우주기니디리미비시이지"
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def plain_word(random: Random) -> str:
    """One capitalised invented word of two easy syllables, for example "Velmor"."""
    first = random.choice(_PLAIN_ONSETS) + random.choice("aeiou") + random.choice(_PLAIN_CODAS).strip()
    second = random.choice(_PLAIN_ONSETS) + random.choice("aeiouy") + random.choice(_PLAIN_CODAS).strip()
    return (first + second).capitalize()


def invented_word(random: Random, syllables: int | None = None) -> str:
    """One capitalised invented word of rougher sound, of one to three syllables (`syllables` fixes how many)."""
    count = syllables if syllables is not None else random.choice((1, 2, 2, 3))
    parts: list[str] = []
    for position in range(count):
        coda = random.choice(_CODAS).strip() if position == count - 1 or random.random() < 0.45 else ""
        parts.append(random.choice(_ONSETS) + random.choice(_NUCLEI) + coda)
    return "".join(parts).capitalize()


def any_word(random: Random) -> str:
    """An invented word of either kind."""
    return plain_word(random) if random.random() < 0.5 else invented_word(random)


def unique_words(random: Random, count: int, taken: set[str]) -> tuple[str, ...]:
    """`count` plain invented words that are not in `taken` when lower-cased; they are added to `taken`."""
    words: list[str] = []
    while len(words) < count:
        word = plain_word(random)
        if 4 <= len(word) <= 7 and word.lower() not in taken:
            taken.add(word.lower())
            words.append(word)
    return tuple(words)


def product_code(random: Random) -> str:
    """A code of letters and digits, for example "KX-417" or "T90B"."""
    letters = "".join(random.choices(_CODE_LETTERS, k=random.choice((1, 2, 3))))
    digits = str(random.randint(1, 9999))
    shape = random.choice(("{l}-{d}", "{l}{d}", "{l} {d}", "{d}{l}", "{l}-{d}{x}"))
    return shape.format(l=letters, d=digits, x=random.choice(_CODE_LETTERS))


def fresh_name(random: Random) -> str:
    """A name of varied shape: invented words, codes, initials, kana or hangul; practically never repeated."""
    shape = random.random()
    if shape < 0.50:
        return f"{any_word(random)} {any_word(random)}"
    if shape < 0.68:
        return invented_word(random, random.choice((2, 3, 3, 4)))
    if shape < 0.78:
        return f"{any_word(random)} {product_code(random)}"
    if shape < 0.83:
        return product_code(random)
    if shape < 0.88:
        return f"{any_word(random)} {random.choice(_CODE_LETTERS)}. {any_word(random)}"
    if shape < 0.92:
        return f"{any_word(random)} {any_word(random)} {any_word(random)}"
    if shape < 0.95:
        return f"{any_word(random)}-{any_word(random)}"
    if shape < 0.975:
        return "".join(random.choices(_KANA, k=random.randint(3, 5)))
    return "".join(random.choices(_HANGUL, k=random.randint(2, 4)))
