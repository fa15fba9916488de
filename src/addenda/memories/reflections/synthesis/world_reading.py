"""Reading documents of the bundled world without a model: sentences in the world's own forms, and questions in them.

A sentence is read when it is one of the world's statements with a name and a value put in ("Velmor Tasky weighs 4.7
kg."), whoever the name is; so products that were never in the catalogue are read as well. Not read: sentences in other
words, with two facts, or with "it" for a name. For those another :class:`StatementReader` can be given, for example one
that asks a model with the skill of writing triples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from addenda.documents.sentences import split_sentences, unwrapped
from addenda.models.bundled import World, WorldRelation

_SUBJECT = r"[^\s.,;:!?。、？][^.,;:!?。、？]{0,60}?"
_NAME = r"(?:[Tt]he )?(?![a-z])" + _SUBJECT
_ANY_QUESTION = "What is the {relation} of {subject}?"
_ANY = re.compile(r"What is the (?P<relation>(?:(?! of )[^?]){1,60}) of (?P<subject>(?![a-z])[^?]{1,80})\?")


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that a text states, with its place in it."""

    subject: str
    relation: str
    value: str
    start: int = 0
    end: int = 0


class StatementReader(Protocol):
    """Takes facts from a text."""

    @property
    def identity(self) -> str:
        """Differs for two readers that may read differently."""
        ...

    def read(self, text: str) -> Sequence[Stated]:
        """The facts that a text states, in order."""
        ...


class WorldGrammar:
    """The forms of the bundled world's sentences and questions; keeps the protocol ``StatementReader``."""

    def __init__(self, world: World) -> None:
        """Take the world whose forms they are."""
        self.relations = world.relations
        self._told = _forms(world, ((one, template) for one in self.relations.values() for template in one.statements))
        self._asked = _forms(world, ((one, template) for one in self.relations.values() for template in one.trained))

    @property
    def identity(self) -> str:
        """The version of the grammar."""
        return "grammar 1"

    def read(self, text: str) -> list[Stated]:
        """See ``StatementReader.read``."""
        found: list[Stated] = []
        for sentence in split_sentences(text):
            said = unwrapped(sentence.text).lstrip("-*• ")
            for relation, form in self._told:
                if match := form.fullmatch(said):
                    found.append(
                        Stated(_bare(match["subject"]), relation, match["object"], sentence.start, sentence.end)
                    )
                    break
        return found

    def asked(self, question: str, answer: str) -> Stated | None:
        """What a question in one of the world's forms tells with its answer; None for another question."""
        for relation, form in self._asked:
            if match := form.fullmatch(question):
                return Stated(_bare(match["subject"]), relation, answer)
        match = _ANY.fullmatch(question)
        return Stated(match["subject"], match["relation"], answer) if match else None

    def questions(self, one: Stated, language: str) -> list[str]:
        """Every question the world asks for a fact in a language (``en``, ``ja``, ``ko``); a plain one for others."""
        known = self.relations.get(one.relation)
        found = [template for template in known.trained if language_of(template) == language] if known else []
        return [template.format(subject=one.subject) for template in found] or [
            _ANY_QUESTION.format(relation=one.relation, subject=one.subject)
        ]


def language_of(text: str) -> str:
    """``ja`` for a text with kana, ``ko`` for one with Hangul, else ``en``."""
    if re.search(r"[\u3041-\u30ff]", text):
        return "ja"
    return "ko" if re.search(r"[\uac00-\ud7a3]", text) else "en"


def _forms(world: World, templates: Iterable[tuple[WorldRelation, str]]) -> list[tuple[str, re.Pattern[str]]]:
    """Relations with their forms, those with most fixed letters first."""
    ordered = sorted(templates, key=lambda one: (-len(one[1]), one[1]))
    values = {name: _value(world, relation) for name, relation in world.relations.items()}
    return [(one.name, re.compile("".join(_parts(template, one, values[one.name])))) for one, template in ordered]


def _parts(template: str, relation: WorldRelation, value: str) -> Iterator[str]:
    for part in re.split(r"(\{subject\}|\{object\})", template):
        if part == "{subject}":
            # Policies are the only things that are written small.
            yield f"(?P<subject>{_SUBJECT if relation.subject_kind == 'policy' else _NAME})"
        elif part == "{object}":
            yield f"(?P<object>{value})"
        else:
            yield re.escape(part)


def _value(world: World, relation: WorldRelation) -> str:
    """What a value of a relation looks like, so that other sentences are not taken for statements."""
    if relation.value_type == "quantity":
        return rf"\d[\d.,]* ?{re.escape(relation.unit)}"
    if relation.value_type == "integer":
        return r"\d+"
    if relation.value_type == "name":
        return r"(?![a-z])[^\s.,;:!?。、？]+(?: [^\s.,;:!?。、？]+){0,3}?"
    words = sorted({word for value in world.value_pool(relation.name) for word in value.split()})
    word = f"(?:{'|'.join(map(re.escape, words))})"
    return f"{word}(?: {word})*"


def _bare(name: str) -> str:
    """A name without an article before it."""
    return re.sub(r"^the ", "", name, flags=re.IGNORECASE)
