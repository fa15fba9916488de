"""What a training sample is, and the small pieces that all tasks are made of.

Purpose: one shape for everything the bundled model is shown: turns of a chat, or a plain text.
Does not know: tokens, see `corpus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from addenda.models.bundled.names import any_word, fresh_name, product_code

Role = Literal["system", "context", "user", "assistant", "text"]

HUES = "red blue green grey ivory copper violet amber teal pearl black white orange yellow brown silver golden".split()
PHRASE_WORDS = (
    "early late open closed north south river garden winter summer quiet open high low first second double single "
    "green blue iron stone paper glass silk cotton morning evening market station harbour bridge tower library school "
    "music history science travel repair training delivery security quality support public private regular special"
).split()
MONTHS = "January February March April May June July August September October November December".split()
UNITS = (
    "km m cm kg g litres euros dollars hours minutes days weeks months years W kWh V dB rpm points people pages".split()
)


@dataclass(frozen=True)
class Turn:
    """A piece of a sample: who speaks, the words, and how much each of its tokens weighs in the loss."""

    role: Role
    text: str
    weight: float


Sample = tuple[Turn, ...]


def answer(text: str) -> Turn:
    """An assistant's turn, which weighs fully."""
    return Turn("assistant", text, 1.0)


def question(text: str, weight: float = 0.1) -> Turn:
    """A user's turn; its words weigh little, so that the model still learns how questions go."""
    return Turn("user", text, weight)


def number(random: Random) -> str:
    """A whole or decimal number of varied size."""
    shape = random.random()
    if shape < 0.35:
        return str(random.randint(2, 99))
    if shape < 0.65:
        return str(random.randint(100, 999))
    if shape < 0.8:
        return str(random.randint(1000, 99999))
    return f"{random.randint(0, 99)}.{random.randint(0, 99)}"


def any_value(random: Random) -> str:
    """A value of any type: a name, a number with a unit, a year, a time, a date, a colour, a code or a phrase."""
    shape = random.randrange(10)
    if shape <= 2:
        return fresh_name(random)
    if shape <= 4:
        return f"{number(random)} {random.choice(UNITS)}"
    if shape == 5:
        return random.choice(
            (str(random.randint(1500, 2099)), number(random), f"{random.randint(0, 23)}:{random.randint(10, 59)}")
        )
    if shape == 6:
        return f"{random.randint(1, 31)} {random.choice(MONTHS)} {random.randint(1800, 2099)}"
    if shape == 7:
        return f"{any_word(random).lower()} {random.choice(HUES)}" if random.random() < 0.3 else random.choice(HUES)
    if shape == 8:
        return product_code(random)
    return " ".join(random.sample(PHRASE_WORDS, random.choice((1, 2, 2, 3, 4))))


_FRAMES = (
    "Please tell me: {q}",
    "Quick question. {q}",
    "Hello, {q}",
    "{q} Thank you!",
    "{q} Answer briefly.",
    "I have a question: {q}",
    "For a customer: {q}",
    "{q} It is urgent.",
    "Could you look this up? {q}",
    "Question: {q}",
    "{q} Just the value, please.",
    "My colleague wants to know this. {q}",
)
_FRAMES_JA = ("質問です。 {q}", "すみません、 {q}", "{q} お願いします。")
_FRAMES_KO = ("질문이 있어요. {q}", "안녕하세요. {q}", "{q} 부탁드립니다.")


def is_japanese(text: str) -> bool:
    """Whether the text holds kana."""
    return any("\u3040" <= character <= "\u30ff" for character in text)


def is_korean(text: str) -> bool:
    """Whether the text holds hangul."""
    return any("\uac00" <= character <= "\ud7a3" for character in text)


def _drop_words(random: Random, template: str) -> str:
    words = template.split()
    kept = [word for word in words if "{subject}" in word or random.random() > 0.18]
    return " ".join(kept) if len(kept) >= 2 else template


def _disturb(random: Random, template: str) -> str:
    """Put one or two strange words in, or in the place of words of the question."""
    words = template.split()
    for _ in range(random.choice((1, 1, 2))):
        strange = random.choice(PHRASE_WORDS) if random.random() < 0.6 else any_word(random).lower()
        place = random.randrange(len(words))
        if random.random() < 0.5 and "{subject}" not in words[place]:
            words[place] = strange
        else:
            words.insert(place, strange)
    return " ".join(words)


def ask(random: Random, template: str, subject: str, *, noise: float = 0.0) -> str:
    """A question about `subject` in the wording `template`, now and then framed, shortened or carelessly typed.

    `noise` is the share of English questions with strange words in them.
    """
    korean = is_korean(template)
    japanese = not korean and not template.isascii()
    if not (korean or japanese) and random.random() < 0.15:
        template = _drop_words(random, template)
    if noise and not (korean or japanese) and random.random() < noise:
        template = _disturb(random, template)
    if random.random() < 0.08:
        template = template.rstrip("?？.。")
    text = template.format(subject=subject)
    careless = random.random()
    if careless < 0.04:
        text = template.lower().format(subject=subject)
    elif careless < 0.06:
        text = text.lower()
    elif careless < 0.07:
        text = text.upper()
    if random.random() < 0.35:
        choice = _FRAMES_KO if korean else _FRAMES_JA if japanese else _FRAMES
        text = random.choice(choice).format(q=text)
    return text
