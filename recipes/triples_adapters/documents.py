"""Documents about things nobody has heard of, with the triples of every sentence: what the write adapter learns from.

Idea: as for questions, names and values are drawn fresh for every document. A document tells several things about one
or more subjects, some in one sentence, some with "it", and says between them what is not to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from addenda.memories.triples.syntax import Statement
from addenda.models.bundled.names import fresh_name, plain_word
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.triples_adapters.tellings import STRAY, TELLINGS, Tellings

_LEADS = ("", "", "", "", "Note: ", "New: ", "Also, ", "As of today, ", "- ")
CONTEXT = 4
"""How many sentences before a sentence are shown with it."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a document, and what is to be kept of it."""

    text: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class DocumentTeacher:
    """Draws documents. `tellings` are the sentences to tell attributes with."""

    reading: ReadingTeacher
    tellings: Mapping[str, Tellings]

    @classmethod
    def make(cls, reading: ReadingTeacher, tellings: Mapping[str, Tellings] = TELLINGS) -> DocumentTeacher:
        """A teacher with these tellings."""
        return cls(reading, tellings)

    def document(self, random: Random) -> list[Sentence]:
        """One to about eight sentences about one to three subjects."""
        sentences: list[Sentence] = []
        for _ in range(random.choice((1, 1, 2, 2, 3))):
            sentences += self._about(random, self._subject(random))
        return sentences

    def _subject(self, random: Random) -> str:
        if random.random() < 0.45:
            return f"{plain_word(random)} {plain_word(random)}"
        return fresh_name(random)

    def _about(self, random: Random, subject: str) -> list[Sentence]:
        kind = random.choice(("product", "product", "product", "any", "any", "part", "person", "site"))
        if kind == "any":
            return self._anything(random, subject)
        relations = [r.name for r in self.reading.world.relations.values() if r.subject_kind == kind]
        chosen = random.sample(relations, min(len(relations), random.choice((1, 1, 2, 3, 4))))
        sentences = [self._told(random, subject, relation, first=n == 0) for n, relation in enumerate(chosen)]
        if len(sentences) > 1 and random.random() < 0.25:
            sentences[:2] = [_joined(random, sentences[0], sentences[1])]
        if random.random() < 0.4:
            stray = Sentence(random.choice(STRAY).format(s=subject), ())
            sentences.insert(random.randrange(len(sentences) + 1), stray)
        return sentences

    def _told(self, random: Random, subject: str, relation: str, *, first: bool) -> Sentence:
        tellings = self.tellings[relation]
        templates = tellings.full if first or random.random() < 0.5 else tellings.short
        value = self.reading.fresh_value(random, relation)
        text = random.choice(templates).format(s=subject, o=value)
        if text.isascii():
            text = random.choice(_LEADS) + text
        return Sentence(text, (Statement(subject, relation, value),))

    def _anything(self, random: Random, subject: str) -> list[Sentence]:
        used: set[str] = set()
        made = [self.reading.statement(random, subject, used) for _ in range(random.choice((1, 1, 2, 3)))]
        return [Sentence(one.sentence, (Statement(one.subject, one.relation, one.object),)) for one in made]


def _joined(random: Random, one: Sentence, other: Sentence) -> Sentence:
    """Two sentences in one."""
    joint = random.choice((" and ", ", and ", "; ")) if one.text.isascii() and other.text.isascii() else " "
    first = one.text.rstrip(".") if joint != " " else one.text
    return Sentence(first + joint + other.text, (*one.statements, *other.statements))


def shown(sentences: Sequence[Sentence], place: int) -> tuple[str, str]:
    """What is shown with the sentence at `place`: the sentences before it, and itself."""
    return " ".join(sentence.text for sentence in sentences[max(0, place - CONTEXT) : place]), sentences[place].text
