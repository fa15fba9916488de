"""Questions from what is known of something to its name: "Which product has the item number 4711?".

They are put to a memory model as they are, so what is learned of them is to tell them from questions about a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeAlias

from addenda.models.bundled import build_world
from recipes.bundled_model.samples import ask
from recipes.executive_adapter.phrases import OPEN_NOUNS

_KINDS: Mapping[str, tuple[str, ...]] = {
    "product": ("product", "product", "machine", "device", "unit", "model"),
    "part": ("part", "spare part", "component"),
    "site": ("site", "plant", "factory"),
    "person": ("person", "engineer", "colleague", "employee"),
    "policy": ("policy", "rule"),
}
_OPEN_KINDS = ("book", "city", "company", "team", "ship", "river", "tool", "order", "customer", "room", "one")
_SUBJECTS = {one.name: one.subject_kind for one in build_world().relations.values()}
_CLUES = ("the {n} {v}", "the {n} {v}", "the {n} {v}", "a {n} of {v}", "{n} {v}", "{v} as {n}")
_FRAMES = (
    "Which {k} has {c}?",
    "What {k} has {c}?",
    "Name the {k} with {c}.",
    "There is {c}. Which {k} is meant?",
    "I am looking for a {k} with {c}. Which one is it?",
    "Which is the {k} with {c}?",
    "What is the name of the {k} with {c}?",
    "Tell me which {k} has {c}.",
    "Tell me the name of the {k} with {c}.",
    "Find the {k} with {c}.",
    "Find any {k} that has {c}.",
    "Do you know the {k} that has {c}?",
    "Which {k} comes with {c}?",
    "I need the {k} with {c}.",
    "Is there any {k} with {c}, and which?",
    "{c}: which {k}?",
    "{c}, which {k} is that?",
    "We have a {k} with {c} here. Which one is it?",
    "Somebody reads {c} to me. Which {k} is it?",
    "All I know is {c}. Which {k} has that?",
    "All I know of the {k} is {c}. How is it named?",
    "It has {c}. Name the {k}.",
    "Can you name the {k} with {c}?",
    "Look up the {k} with {c}.",
    "What is it that has {c}, which {k}?",
    "Who or what has {c}?",
    "{k} with {c}?",
)
"""With ``{k}`` for the kind of thing and ``{c}`` for one or two values with their relations."""
_SINGLE = (
    "Whose {n} is {v}?",
    "Which {k}'s {n} is {v}?",
    "The {n} is {v}. Which {k} is it?",
    "The {n} of a {k} is {v}. What is its name?",
    "What has {v} as its {n}?",
    "{v} is the {n} of which {k}?",
    "Of which {k} is {v} the {n}?",
    "Who has the {n} {v}?",
    "For which {k} is the {n} {v} given?",
    "My {k} has the {n} {v}. What is its name?",
    "Where do we have {v} as the {n}?",
)
"""With one value."""
_OF_RELATIONS: Mapping[str, tuple[str, ...]] = {
    "noise level": ("Which {k} is as loud as {v}?", "What runs at {v}?"),
    "weight": ("Which {k} weighs {v}?", "What weighs {v}?"),
    "warranty": ("Which {k} has {v} of warranty?", "What is under warranty for {v}?"),
    "price": ("Which {k} costs {v}?", "What can I buy for {v}?"),
    "colour": ("Which {k} is {v}?", "What comes in {v}?"),
    "spare part": ("Which {k} needs {v}?", "Which {k} does {v} fit?", "Where is {v} built in?"),
    "manufacturing site": ("Which {k} is made in {v}?", "What does {v} make?"),
    "responsible engineer": ("Which {k} is {v} responsible for?", "What does {v} look after?"),
    "stock bay": ("Which {k} lies in {v}?", "What is stored in {v}?"),
    "extension": ("Whom do I reach at {v}?", "Who answers at extension {v}?"),
    "manager": ("Which {k} does {v} manage?", "Which {k} is led by {v}?"),
    "period": ("Which {k} allows {v}?", "Where do I have {v} of time?"),
}
_CJK: Mapping[str, tuple[str, str]] = {
    "noise level": ("騒音レベル", "소음"),
    "weight": ("重量", "무게"),
    "warranty": ("保証期間", "보증 기간"),
    "price": ("価格", "가격"),
    "colour": ("色", "색상"),
    "spare part": ("交換部品", "부품"),
    "manufacturing site": ("製造拠点", "공장"),
    "responsible engineer": ("担当者", "담당 엔지니어"),
    "stock bay": ("保管場所", "보관 위치"),
    "extension": ("内線番号", "내선 번호"),
    "manager": ("責任者", "관리자"),
    "period": ("期間", "기간"),
}
_CJK_FRAMES = (
    (
        "{n}が{v}なのはどれですか？",
        "{n}が{v}のものは何ですか？",
        "{n} {v}はどれですか？",
        "{n}が{v}のものの名前を教えてください。",
    ),
    ("{n} {v}인 것은 무엇인가요?", "{n} 값이 {v}인 것은?", "{n} {v}인 것의 이름을 알려 주세요.", "어느 것의 {n}, {v}?"),
)
HELD_OUT_FRAMES = (
    "Give the {k} that fits {c}.",
    "Going by {c}, what would the {k} be?",
    "Only one {k} matches {c}. Its name, please.",
    "A {k} turned up with {c}: identify it.",
)
"""Wordings that are scored; in no training question."""


Valued: TypeAlias = Callable[[Random, str], str]
"""Gives a value for a relation."""


def described(random: Random, value: Valued, *, careless: bool, language: str = "en") -> str:
    """A question in the words of training.

    Args:
        random: Draws everything.
        value: Gives a value for a relation.
        careless: Whether it is framed, shortened and carelessly typed now and then.
        language: ``en``, ``ja`` or ``ko``.
    """
    relation, shape = random.choice(list(_SUBJECTS)), random.random()
    if language != "en":
        place = ("ja", "ko").index(language)
        frame = random.choice(_CJK_FRAMES[place]).replace("{n}", _CJK[relation][place])
        told = value(random, relation)
    elif shape < 0.12:
        frame = random.choice(_OF_RELATIONS[relation]).replace("{k}", random.choice(_KINDS[_SUBJECTS[relation]]))
        told = value(random, relation)
    elif shape < 0.35:
        noun, kind = _noun_and_kind(random)
        frame = random.choice(_SINGLE).replace("{n}", noun).replace("{k}", kind)
        told = value(random, noun)
    else:
        noun, kind = _noun_and_kind(random)
        frame, told = random.choice(_FRAMES).replace("{k}", kind), _clues(random, value, noun, _CLUES)
    return _asked(random, frame, told, careless=careless)


def described_anew(random: Random, value: Valued) -> str:
    """A question in words that are held out."""
    noun, kind = _noun_and_kind(random)
    frame = random.choice(HELD_OUT_FRAMES).replace("{k}", kind)
    return _asked(random, frame, _clues(random, value, noun, _CLUES[:1]), careless=False)


def _asked(random: Random, frame: str, told: str, *, careless: bool) -> str:
    frame = re.sub(r"\{[vc]\}", "{subject}", frame)
    question = ask(random, frame, told) if careless else frame.replace("{subject}", told)
    return question[:1].upper() + question[1:] if not careless or random.random() < 0.9 else question


def _clues(random: Random, value: Valued, noun: str, forms: Sequence[str]) -> str:
    """A value of a relation, or of two, each with its relation."""
    nouns = [noun]
    if random.random() < 0.45:
        alike = [one for one in _SUBJECTS if _SUBJECTS[one] == _SUBJECTS.get(noun) and one != noun]
        nouns.append(random.choice(alike or OPEN_NOUNS))
    return " and ".join(random.choice(forms).format(n=one, v=value(random, one)) for one in nouns)


def _noun_and_kind(random: Random) -> tuple[str, str]:
    """A relation, as in the world or another, and a word for what has it."""
    if random.random() < 0.6:
        relation = random.choice(list(_SUBJECTS))
        return relation, random.choice(_KINDS[_SUBJECTS[relation]])
    return random.choice(OPEN_NOUNS), random.choice((*_OPEN_KINDS, "product"))
