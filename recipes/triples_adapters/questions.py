"""Questions that the memory answers, under names that never come again: what the read adapter is taught with.

Idea: the subject, its relation and the value are drawn fresh, so that nothing is learned but to turn a question into a
query and to say what the memory brought. Questions about attributes of products come from the grammar of the bundled
model's corpus, so that their wordings hardly repeat either. Where the memory brings nothing the call is taken out and
the model may not open another one at once; how to go on there is taught by questions that are answered without a call.
They are few, so that calling remains what is likeliest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from addenda.memories.triples.examples import ReadExample
from addenda.memories.triples.syntax import Query
from addenda.models.bundled import UNKNOWN_ANSWER, build_world
from addenda.models.bundled.names import fresh_name, plain_word
from addenda.models.bundled.wordings_blind import BLIND
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.corpus import GRAMMAR_FROM, Corpus
from recipes.bundled_model.grammar import plain
from recipes.bundled_model.samples import any_value
from recipes.triples_adapters import filler
from recipes.triples_adapters.names import marked
from recipes.triples_adapters.near_questions import NEAR

TOO_BROAD_ANSWER = "There are too many answers; please ask more precisely."
_SEVERAL = (
    "What are the {nouns} of {subject}?",
    "{nouns} of {subject}, please.",
    "Tell me the {nouns} of {subject}.",
    "{subject}: {nouns}?",
    "I need the {nouns} for {subject}.",
    "For {subject}, give me the {nouns}.",
)
_REVERSED = (
    "Which one has the {relation} {object}?",
    "What has the {relation} {object}?",
    "Whose {relation} is {object}?",
    "Name what has {object} as its {relation}.",
    "Which ones have the {relation} {object}?",
    "List everything with the {relation} {object}.",
    "What all has {object} as {relation}?",
    "Which products have {object} as their {relation}?",
    "For which is the {relation} {object}?",
    "{object} is the {relation} of what?",
)
_MORE_NAMES = (1, 1, 1, 2, 2, 3, 4, 5, 7)
_STRANGE = 0.04


@dataclass(frozen=True)
class QuestionTeacher:
    """Draws questions with what is asked of the memory, what it brings, and what is to be said then."""

    reading: ReadingTeacher

    @classmethod
    def make(cls, seed: int) -> QuestionTeacher:
        """A teacher with the wordings that the bundled model was trained with."""
        return cls(Corpus.of(build_world(), seed).at(GRAMMAR_FROM).reading)

    def draw(self, random: Random) -> ReadExample:
        """An example of any kind, in no wording that is scored as new."""
        kinds: tuple[tuple[Callable[[Random], ReadExample], float], ...] = (
            (self.attribute, 0.485),
            (self.near, 0.08),
            (self.anything, 0.17),
            (self.several, 0.06),
            (self.together, 0.06),
            (self.reverse, 0.07),
            (self.broad, 0.035),
            (self.nothing, 0.01),
            (self.talk, 0.03),
        )
        makers, shares = zip(*kinds, strict=True)
        while True:
            made = random.choices(makers, weights=shares)[0](random)
            if not is_scored(made.prompt):
                return made

    def subject(self, random: Random) -> str:
        """The name of a thing: mostly fresh, now and then one of the world's products, whose facts may be corrected."""
        shape = random.random()
        if shape < 0.2:
            return random.choice(self.reading.world.products)
        return f"{plain_word(random)} {plain_word(random)}" if shape < 0.55 else fresh_name(random)

    def attribute(self, random: Random) -> ReadExample:
        """One attribute of the kind that the catalogue has."""
        relation = random.choice(tuple(self.reading.world.relations.values()))
        subject = self._name(random)
        value = marked(random, self.reading.fresh_value(random, relation.name), _STRANGE)
        asked = self.reading.teacher.ask(random, relation, subject)
        return _found(random, asked, (Query(subject, relation.name, None),), (value,))

    def near(self, random: Random) -> ReadExample:
        """One attribute, in words that also fit another one."""
        relation = random.choice(tuple(NEAR))
        subject = self._name(random)
        value = self.reading.fresh_value(random, relation)
        asked = random.choice(NEAR[relation]).replace("{s}", subject)
        return _found(random, asked, (Query(subject, relation, None),), (value,))

    def anything(self, random: Random) -> ReadExample:
        """One relation of any kind."""
        one = self.reading.statement(random, self._name(random), set())
        value = marked(random, one.object, _STRANGE)
        return _found(random, one.question, (Query(one.subject, one.relation, None),), (value,))

    def several(self, random: Random) -> ReadExample:
        """A relation with several values."""
        one = self.reading.statement(random, self._name(random), set())
        names = (one.object, *(marked(random, any_value(random), _STRANGE) for _ in range(random.choice(_MORE_NAMES))))
        return _found(random, one.question, (Query(one.subject, one.relation, None),), names)

    def together(self, random: Random) -> ReadExample:
        """Two or three attributes of one subject in one question."""
        subject = self._name(random)
        relations = random.sample(tuple(self.reading.world.relations), random.choice((2, 2, 3)))
        values = tuple(self.reading.fresh_value(random, relation) for relation in relations)
        nouns = f"{', '.join(relations[:-1])} and {random.choice(('', 'the '))}{relations[-1]}"
        asked = random.choice(_SEVERAL).format(nouns=nouns, subject=subject)
        queries = tuple(Query(subject, relation, None) for relation in relations)
        return _found(random, asked[:1].upper() + asked[1:] if asked.startswith(nouns) else asked, queries, values)

    def reverse(self, random: Random) -> ReadExample:
        """From the value back to the subject."""
        one = self.reading.statement(random, self._name(random), set())
        value = marked(random, one.object, _STRANGE)
        asked = random.choice(_REVERSED).format(relation=one.relation, object=value)
        names = tuple(self._name(random) for _ in range(random.choice((1, 1, 1, *_MORE_NAMES))))
        return _found(random, asked, (Query(None, one.relation, value),), names)

    def broad(self, random: Random) -> ReadExample:
        """A question that too much fits to."""
        made = self.reverse(random) if random.random() < 0.7 else self.anything(random)
        return ReadExample(
            asked=True,
            prompt=made.prompt,
            queries=made.queries,
            too_broad=random.randint(31, 5000),
            continuation=TOO_BROAD_ANSWER,
            ends=True,
        )

    def nothing(self, random: Random) -> ReadExample:
        """How the model goes on where the memory brought nothing: with what it knows itself, or not knowing."""
        relations = self.reading.world.relations
        if random.random() < 0.5:
            fact = random.choice(self.reading.world.facts)
            return _said(self.reading.teacher.ask(random, relations[fact.relation], fact.subject), fact.object)
        relation = random.choice(tuple(relations.values()))
        return _said(self.reading.teacher.ask(random, relation, fresh_name(random)), UNKNOWN_ANSWER)

    def talk(self, random: Random) -> ReadExample:
        """A turn in which there is nothing to look up."""
        asked, said = self.reading.teacher.small_talk(random)[:2]
        return _said(asked.text, said.text)

    def _name(self, random: Random) -> str:
        return marked(random, self.subject(random), _STRANGE)


def _found(random: Random, asked: str, queries: tuple[Query, ...], names: tuple[str, ...]) -> ReadExample:
    """A question that is looked up, and answered with what was found; now and then with talk around it."""
    if asked.isascii() and random.random() < 0.08:
        asked = random.choice(("{chat} {asked}", "{asked} {chat}")).format(chat=filler.chat(random), asked=asked)
    names = tuple(dict.fromkeys(names))
    return ReadExample(
        asked=True, prompt=asked.strip(), queries=queries, names=names, continuation=", ".join(names), ends=True
    )


def _said(asked: str, answer: str) -> ReadExample:
    return ReadExample(asked=True, prompt=asked.strip(), continuation=answer, ends=True)


@cache
def _scored() -> re.Pattern[str]:
    held = [wording for relation in build_world().relations.values() for wording in relation.held_out]
    blind = [wording for many in BLIND.values() for wording in many]
    return re.compile("|".join(re.escape(plain(one)).replace(r"\{subject\}", ".+") for one in (*held, *blind)))


def is_scored(asked: str) -> bool:
    """Whether a question is, or has in it, a wording that is held out or blind."""
    return _scored().search(plain(asked)) is not None
