"""Questions over one, two and three relations, about names that never come again, with the way to their answer.

Idea: a phrase for each relation but the last is put into the phrase of the next ("the manager of the site where Zarvo
Nuxel is made"), and the last asks. Last relations are asked in the world's trained wordings and the grammar of the
bundled model's corpus, other relations than the world's in plain frames. Nothing of a name or an answer can be learned,
because both are made up for every question, or the name is one of the bundled world's and the answers are untrue: what
the model knows itself is not to lead it astray.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from addenda.models.bundled import build_world
from addenda.models.bundled.names import any_word, fresh_name, invented_word, plain_word
from addenda.models.bundled.wordings_blind import BLIND
from recipes.bundled_model import grammar
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.corpus import GRAMMAR_FROM, Corpus
from recipes.bundled_model.further_wordings import FURTHER
from recipes.bundled_model.samples import PHRASE_WORDS, any_value, ask, is_japanese, is_korean
from recipes.bundled_model.ways import WAYS
from recipes.executive_adapter.described import described, described_anew
from recipes.executive_adapter.phrases import CJK, HELD_OUT, HELD_OUT_NOUNS, NOUNS, OPEN_NOUNS, PHRASES
from recipes.triples_adapters.questions import is_scored

LINKS = tuple(PHRASES)
"""The world's relations that lead on to another subject."""
_AFTER: Mapping[str, tuple[str, ...]] = {
    "manufacturing site": ("manager",),
    "responsible engineer": ("extension",),
    "spare part": ("stock bay",),
    "manager": ("extension",),
}
"""What the world says of the values of these relations."""
_OF_PRODUCTS = tuple(one.name for one in build_world().relations.values() if one.subject_kind == "product")
_KINDS = ("product", "machine", "device", "unit", "model")
_OPEN_FRAMES = (
    "What is the {n} of {x}?",
    "What is the {n} of {x}?",
    "Which {n} does {x} have?",
    "Tell me the {n} of {x}.",
    "What {n} is given for {x}?",
    "What is {x}'s {n}?",
    "{n} of {x}?",
    "I need the {n} of {x}.",
    "Who is the {n} of {x}?",
    "Find out the {n} of {x}.",
    "Do you know the {n} of {x}?",
    "Can you tell me the {n} of {x}?",
    "Name the {n} of {x}.",
)
_HELD_OUT_OPEN_FRAMES = ("What do you know about the {n} of {x}?", "The {n} of {x} is what?", "Give me the {n} of {x}.")
_APART = (
    "Take {x}. {q}",
    "Think of {x}. {q}",
    "This is about {x}. {q}",
    "Find {x}. {q}",
)
_AS_IT_IS = (
    "Who founded {x}?",
    "Where was {x} born?",
    "What did {x} write?",
    "Where does {x} live?",
    "Who is {x} married to?",
    "When does {x} open?",
    "Who won in {x}?",
    "Why was {x} closed?",
    "How many products are made in {x}?",
    "Which products are made in {x}?",
    "Name all products that {x} is responsible for.",
)
_NOTHING = ("Hello!", "Thank you.", "Good morning.", "Who are you?", "How are you?", "Goodbye!", "OK, thanks.", "Hi")


@dataclass(frozen=True)
class Asked:
    """A question with the way to its answer."""

    question: str
    name: str
    """Where the way begins, as the question spells it; empty for a question that is put as it is."""
    relations: tuple[str, ...]
    answers: tuple[str, ...]
    """What the relations lead to, one after the other; one for a question that is put as it is."""
    talk: bool = False
    """Whether nothing is asked."""


@dataclass(frozen=True)
class Wordings:
    """The words that questions are made of."""

    phrases: Mapping[str, Sequence[str]]
    nouns: Mapping[str, Sequence[str]]
    open_nouns: Sequence[str]
    open_frames: Sequence[str]
    last: Mapping[str, Sequence[str]]
    made_up: bool
    """Whether relations are made up, too."""
    grammar: float
    """The share of last questions that come from the grammar."""
    known: float = 0.0
    """The share of ways as in the world that begin at a name of the bundled world; where they lead to is untrue."""
    anew: bool = False
    """Whether questions from what is known of something have the held-out words."""


def trained() -> Wordings:
    """The words of training."""
    relations = build_world().relations
    last = {name: (*one.trained, *FURTHER.get(name, ())) for name, one in relations.items()}
    return Wordings(PHRASES, NOUNS, OPEN_NOUNS, _OPEN_FRAMES, last, made_up=True, grammar=0.35, known=0.4)


def held_out() -> Wordings:
    """Words of which none is in a training question: other phrases, other last questions, other nouns."""
    last = {name: (*one.held_out, *BLIND.get(name, ())) for name, one in build_world().relations.items()}
    return Wordings(HELD_OUT, {}, HELD_OUT_NOUNS, _HELD_OUT_OPEN_FRAMES, last, made_up=False, grammar=0.0, anew=True)


@dataclass(frozen=True)
class QuestionTeacher:
    """Draws questions."""

    reading: ReadingTeacher
    wordings: Wordings
    careless: bool = True
    """Whether questions are shortened, framed and carelessly typed now and then."""

    @classmethod
    def make(cls, seed: int, wordings: Wordings | None = None, *, careless: bool = True) -> QuestionTeacher:
        """A teacher with these words; those of training unless told otherwise."""
        return cls(Corpus.of(build_world(), seed).at(GRAMMAR_FROM).reading, wordings or trained(), careless)

    def draw(self, random: Random) -> Asked:
        """A question for training; none with wordings that are scored."""
        while True:
            shape = random.random()
            if shape < 0.04:
                made = self.as_it_is(random)
            elif shape < 0.05:
                return Asked(random.choice(_NOTHING), "", (), (), talk=True)
            elif shape < 0.17:
                made = self.described(random, language=random.choice(("en",) * 6 + ("ja", "ko")))
            elif shape < 0.32:
                made = self.asked(random, random.choice((1, 2, 3)), language=random.choice(("ja", "ko")))
            else:
                made = self.asked(random, random.choices((1, 2, 3), weights=(25, 45, 30))[0])
            if not is_scored(made.question):
                return made

    def name(self, random: Random) -> str:
        """A name that was never there."""
        shape = random.random()
        if shape < 0.45:
            return f"{plain_word(random)} {plain_word(random)}"
        return any_word(random) if shape < 0.55 else fresh_name(random)

    def way(self, random: Random, hops: int, *, worldly: float = 0.35, opened: float = 0.35) -> tuple[str, ...]:
        """Relations that follow one another: as in the world, any of the world's, or others."""
        world = tuple(self.reading.world.relations)
        if random.random() < worldly:
            if hops == 1:
                return (random.choice(world),)
            first = "manufacturing site" if hops > 2 else random.choice(LINKS)
            way = [first]
            while len(way) < hops:
                way.append(random.choice(_AFTER[way[-1]]))
            return tuple(way)
        links = [self._noun(random) if random.random() < opened else random.choice(LINKS) for _ in range(hops - 1)]
        return (*links, self._noun(random) if random.random() < opened else random.choice(world))

    def _noun(self, random: Random) -> str:
        """A relation that the world does not have; in training also such as nobody has heard of."""
        shape = random.random() if self.wordings.made_up else 0.0
        if shape < 0.55:
            return random.choice(self.wordings.open_nouns)
        if shape < 0.7:
            return any_word(random).lower()
        if shape < 0.85:
            return f"{random.choice(PHRASE_WORDS)} {random.choice(self.wordings.open_nouns)}"
        return f"{random.choice(OPEN_NOUNS).split()[-1]} of {random.choice(PHRASE_WORDS)}"

    def asked(self, random: Random, hops: int, *, language: str = "en", way: Sequence[str] | None = None) -> Asked:
        """A question over so many relations."""
        if way is None:
            way = self.way(random, hops) if language == "en" else self.way(random, hops, opened=0.0)
        if self.wordings.known and self._as_in_the_world(way) and random.random() < self.wordings.known:
            name, *answers = self._untrue(random, way)
        else:
            answers = [self.value(random, one, last=n == hops - 1) for n, one in enumerate(way)]
            name = self.name(random)
        return self.worded(random, name, way, answers, language=language)

    def _as_in_the_world(self, way: Sequence[str]) -> bool:
        return way[0] in self.reading.world.relations and all(
            after in _AFTER.get(before, ()) for before, after in pairwise(way)
        )

    def _untrue(self, random: Random, way: Sequence[str]) -> list[str]:
        """A name of the world and where a way would lead from it: each the value of something else."""
        facts = self.reading.world.facts
        names = [random.choice([one.subject for one in facts if one.relation == way[0]])]
        for relation in way:
            true = {one.object for one in facts if (one.subject, one.relation) == (names[-1], relation)}
            others = sorted({one.object for one in facts if one.relation == relation} - true - {*names})
            names.append(random.choice(others))
        return names

    def worded(
        self, random: Random, name: str, way: Sequence[str], answers: Sequence[str], *, language: str = "en"
    ) -> Asked:
        """A question in words for a way that begins at a name."""
        spoken = name
        if language == "en" and way[0] in _OF_PRODUCTS and random.random() < 0.15:
            spoken = f"the {random.choice(_KINDS)} {name}"
        for relation in way[:-1]:
            spoken = self._phrase(random, relation, spoken, language)
        question = self._last(random, way[-1], spoken, name, language)
        return _as_spelled(Asked(question, name, tuple(way), tuple(answers)))

    def as_it_is(self, random: Random) -> Asked:
        """A question that is put as it is."""
        question = random.choice(_AS_IT_IS).format(x=self.name(random))
        return Asked(question, "", (), (fresh_name(random),))

    def described(self, random: Random, *, language: str = "en") -> Asked:
        """A question from what is known of something to its name, which is put as it is."""
        if self.wordings.anew:
            question = described_anew(random, self.value)
        else:
            question = described(random, self.value, careless=self.careless, language=language)
        return Asked(question, "", (), (self.name(random),))

    def _phrase(self, random: Random, relation: str, inner: str, language: str) -> str:
        if language != "en":
            test = is_japanese if language == "ja" else is_korean
            return random.choice([one for one in CJK[relation] if test(one)]).replace("{x}", inner)
        shape, possessive = random.random(), not inner.startswith(("the ", "whoever "))
        if relation not in self.wordings.phrases:
            return f"{inner}'s {relation}" if possessive and shape < 0.3 else f"the {relation} of {inner}"
        nouns = self.wordings.nouns.get(relation, ())
        if nouns and shape < 0.3:
            return f"the {random.choice(nouns)} of {inner}"
        if nouns and possessive and shape < 0.42:
            return f"{inner}'s {random.choice(nouns)}"
        return random.choice(self.wordings.phrases[relation]).replace("{x}", inner)

    def _last(self, random: Random, relation: str, spoken: str, name: str, language: str) -> str:
        if relation not in self.wordings.last:
            frame = random.choice(self.wordings.open_frames)
            template = frame.replace("{n}", relation).replace("{x}", "{subject}")
            template = template[:1].upper() + template[1:]
        else:
            template = self._template(random, relation, language)
        if spoken != name and language == "en":
            template = re.sub(r"\b[Tt]he (?:part )?\{subject\}", "{subject}", template)
            if spoken.startswith(("the ", "whoever ")) and "{subject}'s" in template:  # whose would it be?
                return self._last(random, relation, spoken, name, language)
            template = re.sub(r"\{subject\} (?:site|plant)\b", "{subject}", template)
            if random.random() < 0.05 and self.careless:
                pronoun = "it" if relation in WAYS and WAYS[relation].article else "that one"
                question = random.choice(_APART).format(x=spoken, q=template.replace("{subject}", pronoun))
                return question[:1].upper() + question[1:]
        subject = spoken.replace("{", "(").replace("}", ")")
        question = ask(random, template, subject) if self.careless else template.replace("{subject}", subject)
        return question if question.startswith(name) else question[:1].upper() + question[1:]

    def _template(self, random: Random, relation: str, language: str) -> str:
        if random.random() < self.wordings.grammar:
            for _ in range(20):
                made = grammar.wording(random, relation, english=language == "en")
                if _language(made) == language and made.count("{subject}") == 1:
                    return made
        return random.choice([one for one in self.wordings.last[relation] if _language(one) == language])

    def value(self, random: Random, relation: str, *, last: bool = True) -> str:
        """What a relation leads to; a name where it is not the last."""
        if relation in self.reading.world.relations:
            value = self.reading.fresh_value(random, relation)
            return f"{plain_word(random)} {plain_word(random)}" if not last and random.random() < 0.3 else value
        if last:
            return any_value(random)
        return invented_word(random) if random.random() < 0.2 else fresh_name(random)


def _language(template: str) -> str:
    return "ko" if is_korean(template) else "en" if template.isascii() else "ja"


def _as_spelled(made: Asked) -> Asked:
    """The same with the name as the question spells it: careless typing may have changed its case."""
    place = made.question.lower().find(made.name.lower())
    return replace(made, name=made.question[place : place + len(made.name)]) if place >= 0 else made
