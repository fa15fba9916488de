"""A grammar of questions: more than a thousand ways to ask for one attribute, used only in training.

Idea: a small model that was asked with a few dozen sentences has learned those sentences. Nouns, indirect clauses and
whole questions (`ways`) are put into general frames here, so that hardly two samples ask alike and what remains in
common is the meaning. What would come out as a wording that is scored as held out or blind is drawn again.
"""

from __future__ import annotations

import re
from functools import cache
from random import Random

from addenda.models.bundled import build_world
from addenda.models.bundled.wordings_blind import BLIND
from recipes.bundled_model.ways import WAYS, Ways

_NOUN_FRAMES = (
    "{wh} is the {n} of {s}?",
    "{wh} is the {n} for {s}?",
    "{wh}'s the {n} of the {s}?",
    "{wh} is {s}'s {n}?",
    "{s} {n}?",
    "{n} {s}",
    "{n}, {s}?",
    "{s} - {n}?",
    "{s}, {n} please",
    "For {s}, {wh} is the {n}?",
    "Regarding {s}: {wh} is the {n}?",
    "About the {s}: its {n}?",
    "With {s}, {wh} is the {n}?",
    "I need the {n} of {s}.",
    "I need to know the {n} of the {s}.",
    "I am looking for the {n} of {s}.",
    "I'm after {s}'s {n}.",
    "Please provide the {n} of {s}.",
    "Could you give me the {n} for the {s}?",
    "Can I get the {n} of {s}, please?",
    "Do you know the {n} of {s}?",
    "Do you have the {n} of {s}?",
    "Look up the {n} of {s}.",
    "Find {s}'s {n}.",
    "Find me the {n} for {s}",
    "Show the {n} of {s}.",
    "Name the {n} of the {s}.",
    "Remind me of the {n} of {s}.",
    "Remind me: {wh} is the {n} of {s}?",
    "{wh} is stated as the {n} of {s}?",
    "{wh} do you have as {n} for {s}?",
    "{wh} does the catalogue say about the {n} of {s}?",
    "According to the data sheet, {wh} is the {n} of {s}?",
    "{wh} {n} applies to {s}?",
    "{wh} {n} has {s} got?",
    "{wh} would be the {n} of {s}?",
    "{wh} is currently the {n} of the {s}?",
    "The {n} of {s} is?",
    "The {n} of {s}, if you know it?",
    "Let me know the {n} of {s}.",
    "Any information on the {n} of {s}?",
    "Check the {n} of {s} for me.",
    "I forgot the {n} of {s}.",
    "We need {s}'s {n} for an offer.",
    "Which one is the {n} of {s}?",
)
_CLAUSE_FRAMES = (
    "Do you know {c}?",
    "Please tell me {c}.",
    "I was wondering {c}.",
    "Can you find out {c}?",
    "Could you check {c}?",
    "Any idea {c}?",
    "I'd like to ask {c}.",
    "Someone wants to know {c}.",
    "My customer is asking {c}.",
    "We need to find out {c}.",
    "I need to know {c}",
    "Let me know {c}.",
    "Please look up {c}.",
    "I have forgotten {c}.",
    "Say {c}.",
    "Are you able to say {c}?",
    "Explain {c}.",
    "May I ask {c}?",
    "{c}?",
    "I want to know {c}.",
    "It would help to know {c}.",
)
_FRAMES_JA = (
    "{s}の{n}は{w}ですか？",
    "{s}の{n}は？",
    "{s}の{n}を知りたいです。",
    "{s}の{n}が知りたいのですが。",
    "{s}の{n}を調べてください。",
    "{s}の{n}は{w}でしょうか？",
    "{s}の{n}は{w}になりますか？",
    "{n}は{w}ですか、{s}の場合。",
    "{s}について、{n}を教えてください。",
    "{s}の{n}、{w}？",
    "{s}の{n}を確認したいです。",
    "{s} {n}",
)
_FRAMES_KO = (
    "{s}의 {n}은 {w}인가요?",
    "{s}의 {n}?",
    "{s} {n}",
    "{s}의 {n}을 알고 싶어요.",
    "{s}의 {n}이 궁금합니다.",
    "{s}의 {n}을 확인해 주세요.",
    "{s}의 {n}을 찾아 주세요.",
    "{s}에 대해서 {n}을 알려 주세요.",
    "{s}의 {n}은 {w}입니까?",
    "{s}의 {n}은 {w}죠?",
    "{s}, {n}이 어떻게 되나요?",
)
_PARTICLES = (("은", "는"), ("을", "를"), ("이", "가"))
_DECLINED = 20


def plain(template: str) -> str:
    """A wording without case, punctuation, articles and politeness, for telling whether two are the same."""
    words = re.sub(r"[^\w{}]+", " ", template.lower()).split()
    return " ".join(word for word in words if word not in {"the", "a", "please"})


@cache
def _scored() -> re.Pattern[str]:
    """Finds wordings that are held out or blind, also as a part of a longer question."""
    held = [wording for relation in build_world().relations.values() for wording in relation.held_out]
    blind = [wording for many in BLIND.values() for wording in many]
    return re.compile("|".join(re.escape(plain(one)).replace(r"\{subject\}", ".+") for one in [*held, *blind]))


def wording(random: Random, relation: str, *, english: bool) -> str:
    """A question template about `relation`, with `{subject}` for the name; never one that is scored as new."""
    ways = WAYS[relation]
    for _ in range(_DECLINED):
        made = _english(random, ways) if english else _cjk(random, ways)
        made = made.replace("{s}", "{subject}")
        if not _scored().search(plain(made)):
            return made
    return f"{ways.nouns[0]} {{subject}}?"


def _english(random: Random, ways: Ways) -> str:
    shape = random.random()
    if shape < 0.4:
        frame = random.choice(_NOUN_FRAMES)
        wh = ways.wh if not frame.startswith("{wh}") else ways.wh.capitalize()
        made = frame.replace("{wh}", wh).replace("{n}", random.choice(ways.nouns))
    elif shape < 0.65:
        made = random.choice(_CLAUSE_FRAMES).replace("{c}", random.choice(ways.clauses))
    else:
        made = random.choice(ways.questions)
    if ways.article and random.random() < 0.25:
        made = re.sub(r"(?<!the )\{s\}(?!')", "the {s}", made)
    return made[:1].upper() + made[1:] if random.random() < 0.9 else made


def _cjk(random: Random, ways: Ways) -> str:
    frames, nouns, words, questions = (
        (_FRAMES_JA, ways.nouns_ja, ways.words_ja, ways.questions_ja)
        if random.random() < 0.5
        else (_FRAMES_KO, ways.nouns_ko, ways.words_ko, ways.questions_ko)
    )
    if random.random() < 0.4:
        return random.choice(questions)
    noun = random.choice(nouns)
    made = random.choice(frames).replace("{w}", random.choice(words))
    for with_final, without in _PARTICLES:
        made = made.replace("{n}" + with_final, noun + (with_final if _has_final(noun) else without))
    return made.replace("{n}", noun)


def _has_final(word: str) -> bool:
    """Whether a Korean word ends in a consonant, which decides the particle after it."""
    place = ord(word[-1]) - ord("가")
    return 0 <= place <= ord("힣") - ord("가") and place % 28 != 0
