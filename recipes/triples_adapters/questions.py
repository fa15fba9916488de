"""Questions that the memory answers, under names that never come again: what the read adapter is taught with.

Idea: the subject, its relation and the value are drawn fresh, so that nothing is learned but to turn a question into a
query and to say what the memory brought. Questions about attributes of products come from the grammar of the bundled
model's corpus, so that their wordings hardly repeat either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from addenda.memories.triples.syntax import Query
from addenda.models.bundled import build_world
from addenda.models.bundled.names import fresh_name, plain_word
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.corpus import GRAMMAR_FROM, Corpus
from recipes.bundled_model.samples import any_value

TOO_BROAD_ANSWER = "There are too many answers; please ask more precisely."
_PAIRS = ("What are the {first} and the {second} of {subject}?", "{first} and {second} of {subject}, please.")
_REVERSED = (
    ("Which one has the {relation} {object}?", "What has the {relation} {object}?"),
    ("Whose {relation} is {object}?", "Name what has {object} as its {relation}."),
)


@dataclass(frozen=True)
class Lesson:
    """A question, what is asked of the memory, what it brings, and what is to be said then."""

    question: str
    queries: tuple[Query, ...]
    """Empty where nothing is to be looked up."""
    names: tuple[str, ...]
    answer: str
    broad: int | None = None
    """How many names fit, where they are too many to be given."""


@dataclass(frozen=True)
class QuestionTeacher:
    """Draws lessons."""

    reading: ReadingTeacher

    @classmethod
    def make(cls, seed: int) -> QuestionTeacher:
        """A teacher with the wordings that the bundled model was trained with."""
        return cls(Corpus.of(build_world(), seed).at(GRAMMAR_FROM).reading)

    def draw(self, random: Random) -> Lesson:
        """A lesson of any kind."""
        kinds: tuple[tuple[Callable[[Random], Lesson], float], ...] = (
            (self.attribute, 0.46),
            (self.anything, 0.24),
            (self.several, 0.08),
            (self.pair, 0.06),
            (self.reverse, 0.08),
            (self.broad, 0.04),
            (self.talk, 0.04),
        )
        makers, shares = zip(*kinds, strict=True)
        return random.choices(makers, weights=shares)[0](random)

    def subject(self, random: Random) -> str:
        """The name of a thing: mostly fresh, now and then one of the world's products, whose facts may be corrected."""
        shape = random.random()
        if shape < 0.2:
            return random.choice(self.reading.world.products)
        return f"{plain_word(random)} {plain_word(random)}" if shape < 0.55 else fresh_name(random)

    def attribute(self, random: Random) -> Lesson:
        """One attribute of the kind that the catalogue has."""
        relation = random.choice(tuple(self.reading.world.relations.values()))
        subject = self.subject(random)
        value = self.reading.fresh_value(random, relation.name)
        asked = self.reading.teacher.ask(random, relation, subject)
        return Lesson(asked, (Query(subject, relation.name, None),), (value,), value)

    def anything(self, random: Random) -> Lesson:
        """One relation of any kind."""
        one = self.reading.statement(random, self.subject(random), set())
        return Lesson(one.question, (Query(one.subject, one.relation, None),), (one.object,), one.object)

    def several(self, random: Random) -> Lesson:
        """A relation with several values."""
        one = self.reading.statement(random, self.subject(random), set())
        names = (one.object, *(any_value(random) for _ in range(random.choice((1, 1, 2, 3)))))
        return Lesson(one.question, (Query(one.subject, one.relation, None),), names, ", ".join(names))

    def pair(self, random: Random) -> Lesson:
        """Two attributes of one subject in one question."""
        subject = self.subject(random)
        first, second = random.sample(tuple(self.reading.world.relations), 2)
        values = tuple(self.reading.fresh_value(random, relation) for relation in (first, second))
        asked = random.choice(_PAIRS).format(first=first, second=second, subject=subject)
        queries = (Query(subject, first, None), Query(subject, second, None))
        return Lesson(asked[:1].upper() + asked[1:], queries, values, ", ".join(values))

    def reverse(self, random: Random) -> Lesson:
        """From the value back to the subject."""
        one = self.reading.statement(random, self.subject(random), set())
        asked = random.choice(random.choice(_REVERSED)).format(relation=one.relation, object=one.object)
        names = tuple(self.subject(random) for _ in range(random.choice((1, 1, 1, 2, 3))))
        return Lesson(asked, (Query(None, one.relation, one.object),), names, ", ".join(names))

    def broad(self, random: Random) -> Lesson:
        """A question that too much fits to."""
        lesson = self.reverse(random) if random.random() < 0.7 else self.anything(random)
        return Lesson(lesson.question, lesson.queries, (), TOO_BROAD_ANSWER, broad=random.randint(31, 5000))

    def talk(self, random: Random) -> Lesson:
        """A turn in which there is nothing to look up."""
        asked, said = self.reading.teacher.small_talk(random)[:2]
        return Lesson(asked.text, (), (), said.text)
