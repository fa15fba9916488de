"""Samples that teach reading: the answer stands in the text that was given, under names that never come again.

Idea: names and values are drawn fresh for every sample, so nothing can be learned by heart; what remains to be learned
is how to find and copy. Later methods (extracting triples, reading notes, consulting a memory) build on this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from addenda.models.bundled import UNKNOWN_ANSWER, World
from addenda.models.bundled.names import any_word, fresh_name, invented_word, plain_word
from recipes.bundled_model.samples import Sample, Turn, answer, any_value, ask, question
from recipes.bundled_model.tokenizer import MEMORY_TOKENS, RESERVED_TOKENS
from recipes.bundled_model.world_tasks import WorldTeacher

_NOUNS = (
    "capital founder owner author director teacher captain supplier flavour fee deadline password currency nickname "
    "language population height speed material length width depth area age birthplace employer publisher genre budget "
    "sponsor contact address room code version battery voltage pressure temperature capacity frequency range category "
    "status region country city continent head leader editor composer designer inventor coach team league position "
    "instrument subject degree school origin date year time duration size shape pattern brand model maker type label "
    "number limit rate discount tax bonus salary profession spouse parent child neighbour river lake mountain island "
    "station platform line colour price weight warranty manager extension"
).split()
_NOUN_STATEMENTS = (
    "The {noun} of {subject} is {object}.",
    "{subject} has the {noun} {object}.",
    "{object} is the {noun} of {subject}.",
    "{subject}'s {noun} is {object}.",
    "{subject}: {noun} {object}.",
    "As its {noun}, {subject} has {object}.",
)
_NOUN_QUESTIONS = (
    "What is the {noun} of {subject}?",
    "Which {noun} does {subject} have?",
    "{subject}'s {noun}?",
    "Tell me the {noun} of {subject}.",
    "{noun} of {subject}?",
    "What {noun} is given for {subject}?",
)
_VERBS = (
    ("{subject} was founded by {object}.", "Who founded {subject}?", "name", "founder"),
    ("{subject} was born in {object}.", "Where was {subject} born?", "name", "birthplace"),
    ("{subject} works for {object}.", "For whom does {subject} work?", "name", "employer"),
    ("{subject} wrote {object}.", "What did {subject} write?", "name", "work"),
    ("{subject} lives in {object}.", "Where does {subject} live?", "name", "residence"),
    ("{subject} is married to {object}.", "Who is {subject} married to?", "name", "spouse"),
    ("{subject} is located in {object}.", "Where is {subject}?", "name", "location"),
    ("{subject} plays for {object}.", "Which team does {subject} play for?", "name", "team"),
    ("{subject} belongs to {object}.", "To whom does {subject} belong?", "name", "owner"),
    ("{subject} opens at {object}.", "When does {subject} open?", "value", "opening time"),
    ("{subject} costs {object}.", "How much is {subject}?", "value", "price"),
    ("{subject} ends on {object}.", "When does {subject} end?", "value", "end"),
)
_LEADS = ("{c}\n{q}", "{c}\n\n{q}", "{c} {q}", "Context: {c}\nQuestion: {q}", "Given: {c}\n{q}", "{q}\n{c}")
_EXTRACT = ("List the facts as subject | relation | object.", "Extract the facts.", "Which facts does the text state?")
_COPY = ("Repeat: {x}", "Say {x}", "Copy this: {x}", "Write {x} again.", "{x} - repeat that.")
# Marks that no task uses yet must not be left at their initial embeddings: those of tokens never seen drift together,
# and an adapter could then no longer tell one from another.
_MARK_WEIGHTS = [3] * len(MEMORY_TOKENS) + [1] * len(RESERVED_TOKENS)
_REVERSE = ("Which one has the {noun} {object}?", "Whose {noun} is {object}?", "What has {object} as its {noun}?")


@dataclass(frozen=True)
class Statement:
    """A sentence with the fact it states and a question that asks for it."""

    subject: str
    relation: str
    object: str
    sentence: str
    question: str


@dataclass(frozen=True)
class ReadingTeacher:
    """Makes reading samples; needs the world only for its wordings and for what a context overrules."""

    teacher: WorldTeacher

    @property
    def world(self) -> World:
        """The world whose wordings are used."""
        return self.teacher.world

    def statement(self, random: Random, subject: str, used: set[str]) -> Statement:
        """A fresh statement about `subject` with a relation that is not in `used`; the relation is added there."""
        while True:
            shape = random.random()
            if shape < 0.35:
                made = self._in_catalogue_words(random, subject)
            elif shape < 0.55:
                told, asked, kind, relation = random.choice(_VERBS)
                value = fresh_name(random) if kind == "name" else any_value(random)
                made = Statement(
                    subject, relation, value, told.format(subject=subject, object=value), ask(random, asked, subject)
                )
            else:
                made = _with_noun(random, subject)
            if made.relation not in used:
                used.add(made.relation)
                return made

    def _in_catalogue_words(self, random: Random, subject: str, value: str | None = None) -> Statement:
        relation = random.choice(tuple(self.world.relations.values()))
        if value is None:
            value = self.fresh_value(random, relation.name)
        told = random.choice(relation.statements).format(subject=subject, object=value)
        return Statement(subject, relation.name, value, told, self.teacher.ask(random, relation, subject))

    def fresh_value(self, random: Random, relation: str) -> str:
        """A value as the catalogue would give it, but fresh where it is a name."""
        details = self.world.relations[relation]
        if details.value_type == "name":
            return fresh_name(random)
        if details.value_type == "quantity" and random.random() < 0.6:
            return f"{random.randint(1, 1500)} {details.unit}"
        if random.random() < 0.15:
            return any_value(random)
        return random.choice(self.world.value_pool(relation))

    def situation(self, random: Random) -> list[Statement]:
        """One to ten statements: one subject with several relations, several subjects with one relation, or mixed."""
        shape = random.random()
        count = random.choice((1, 1, 2, 2, 3, 3, 4, 6, 10))
        subjects = [_subject(random) for _ in range(count)]
        if shape < 0.3:
            used: set[str] = set()
            return [self.statement(random, subjects[0], used) for _ in range(count)]
        if shape < 0.6 and count > 1:
            if random.random() < 0.3:
                first = plain_word(random)
                subjects = [f"{first} {any_word(random)}" for _ in range(count)]
            return self._same_relation(random, subjects)
        return [self.statement(random, subject, set()) for subject in subjects]

    def _same_relation(self, random: Random, subjects: list[str]) -> list[Statement]:
        if random.random() < 0.5:
            noun = _noun(random)
            return [_with_noun(random, subject, noun) for subject in subjects]
        made = [self._in_catalogue_words(random, subjects[0])]
        while len(made) < len(subjects):
            other = self._in_catalogue_words(random, subjects[len(made)])
            if other.relation == made[0].relation:
                made.append(other)
        return made

    def read(self, random: Random) -> Sample:
        """Statements, then a question that one of them answers, or, now and then, none."""
        situation = self.situation(random)
        asked = random.choice(situation)
        if random.random() < 0.12:
            return self._not_stated(random, situation)
        turns = (*_given(random, [one.sentence for one in situation], asked.question), answer(asked.object))
        if len(situation) > 1 and random.random() < 0.25:
            other = random.choice(situation)
            turns += (question(other.question), answer(other.object))
        return turns

    def _not_stated(self, random: Random, situation: list[Statement]) -> Sample:
        known = {(one.subject, one.relation) for one in situation}
        subject = random.choice(situation).subject if random.random() < 0.6 else _subject(random)
        while True:
            asked = self.statement(random, subject, set())
            if (subject, asked.relation) not in known:
                break
        return (*_given(random, [one.sentence for one in situation], asked.question), answer(UNKNOWN_ANSWER))

    def reverse(self, random: Random) -> Sample:
        """From the value to the name."""
        noun = _noun(random)
        situation = [_with_noun(random, _subject(random), noun) for _ in range(random.choice((1, 2, 3, 4)))]
        asked = random.choice(situation)
        text = random.choice(_REVERSE).format(noun=noun, object=asked.object)
        return (*_given(random, [one.sentence for one in situation], text), answer(asked.subject))

    def hop(self, random: Random) -> Sample:
        """Two facts in a chain: the object of the first is the subject of the second."""
        first_noun, second_noun = random.sample(_NOUNS, 2)
        chains = [(_subject(random), fresh_name(random), any_value(random)) for _ in range(random.choice((1, 2, 2, 3)))]
        sentences: list[str] = []
        for start, middle, end in chains:
            sentences.append(_tell(random, first_noun, start, middle))
            sentences.append(_tell(random, second_noun, middle, end))
        start, _, end = random.choice(chains)
        text = random.choice(
            (
                f"What is the {second_noun} of the {first_noun} of {start}?",
                f"Tell me the {second_noun} of {start}'s {first_noun}.",
                f"{start} has a {first_noun}. What is the {second_noun} of that {first_noun}?",
            )
        )
        return (*_given(random, sentences, text), answer(end))

    def extract(self, random: Random) -> Sample:
        """The facts of a text, one per line, in the order of the text."""
        situation = self.situation(random)[:4]
        lines = "\n".join(f"{one.subject} | {one.relation} | {one.object}" for one in situation)
        text = " ".join(one.sentence for one in situation)
        instruction = random.choice(_EXTRACT)
        prompt = f"{instruction}\n{text}" if random.random() < 0.7 else f"{text}\n{instruction}"
        return (question(prompt, 0.03), answer(lines))

    def overrule(self, random: Random) -> Sample:
        """A context that tells another value of a known fact; the context is right."""
        fact = random.choice(self.world.facts)
        relation = self.world.relations[fact.relation]
        value = self.fresh_value(random, fact.relation)
        if random.random() < 0.5:
            value = random.choice(self.world.value_pool(fact.relation))
        sentences = [random.choice(relation.statements).format(subject=fact.subject, object=value)]
        while random.random() < 0.4:
            sentences.append(self.statement(random, _subject(random), set()).sentence)
        random.shuffle(sentences)
        text = self.teacher.ask(random, relation, fact.subject)
        return (*_given(random, sentences, text), answer(value))

    def ignore(self, random: Random) -> Sample:
        """A known fact asked below a context that is about something else."""
        sentences = [self.statement(random, _subject(random), set()).sentence for _ in range(random.choice((1, 2, 3)))]
        fact = random.choice(self.world.facts)
        text = self.teacher.ask(random, self.world.relations[fact.relation], fact.subject)
        return (*_given(random, sentences, text), answer(fact.object))

    def copy(self, random: Random) -> Sample:
        """Names and values, said again as they are, also between marks that later methods use."""
        shape = random.random()
        if shape < 0.4:
            value = any_value(random) if random.random() < 0.5 else fresh_name(random)
            return (question(random.choice(_COPY).format(x=value), 0.03), answer(value))
        items = [any_value(random) for _ in range(random.randint(2, 5))]
        if shape < 0.5:
            marks = random.choices(MEMORY_TOKENS + RESERVED_TOKENS, weights=_MARK_WEIGHTS, k=len(items) + 1)
            marked = marks[0] + "".join(item + mark for item, mark in zip(items, marks[1:], strict=True))
            return (question(random.choice(_COPY).format(x=marked), 0.03), answer(marked))
        listed = ", ".join(items)
        if shape < 0.65:
            return (question(random.choice(_COPY).format(x=listed), 0.03), answer(listed))
        if shape < 0.8:
            place = random.randrange(min(len(items), 3))
            text = f"{listed}\nWhich is the {('first', 'second', 'third')[place]}?"
            return (question(text, 0.03), answer(items[place]))
        keys = [any_word(random).lower() for _ in items]
        pairs = "; ".join(f"{key} = {value}" for key, value in zip(keys, items, strict=True))
        asked = random.randrange(len(items))
        return (question(f"{pairs}\nWhat is {keys[asked]}?", 0.03), answer(items[asked]))

    def tasks(self) -> tuple[tuple[Callable[[Random], Sample], float], ...]:
        """The reading tasks with their shares among reading samples."""
        return (
            (self.read, 0.44),
            (self.overrule, 0.10),
            (self.extract, 0.13),
            (self.copy, 0.14),
            (self.hop, 0.07),
            (self.reverse, 0.06),
            (self.ignore, 0.06),
        )


def _subject(random: Random) -> str:
    return f"{plain_word(random)} {plain_word(random)}" if random.random() < 0.35 else fresh_name(random)


def _noun(random: Random) -> str:
    if random.random() < 0.15:
        return invented_word(random).lower()
    noun = random.choice(_NOUNS)
    return f"{random.choice(_NOUNS)} {noun}" if random.random() < 0.2 else noun


def _tell(random: Random, noun: str, subject: str, value: str) -> str:
    return random.choice(_NOUN_STATEMENTS).format(noun=noun, subject=subject, object=value)


def _with_noun(random: Random, subject: str, noun: str | None = None) -> Statement:
    noun = _noun(random) if noun is None else noun
    value = any_value(random)
    asked = random.choice(_NOUN_QUESTIONS).format(noun=noun, subject=subject)
    return Statement(subject, noun, value, _tell(random, noun, subject, value), asked)


def _given(random: Random, sentences: list[str], text: str) -> tuple[Turn, ...]:
    """The sentences as a context, as part of the question, or as a system message, and the question."""
    joiner = random.choice((" ", " ", "\n", "\n- "))
    context = joiner.join(sentences)
    if joiner == "\n- ":
        context = "- " + context
    place = random.random()
    if place < 0.5:
        return (Turn("context", context, 0.03), question(text, 0.05))
    if place < 0.6:
        return (Turn("system", context, 0.03), question(text, 0.05))
    return (question(random.choice(_LEADS).format(c=context, q=text), 0.03),)
