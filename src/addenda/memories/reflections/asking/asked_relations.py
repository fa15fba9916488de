"""How a relation of something is asked for: the wordings of an executive's own questions, and back again.

Relations that have templates are asked in the templates of the question's language; every other in plain words that fit
any noun. So a question that an executive has asked says which relation it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.messages import NAME_LIMIT, WORDS_LIMIT
from addenda.text import normalised

_SUBJECT, _RELATION = "{subject}", "{relation}"
_LONGEST = WORDS_LIMIT - NAME_LIMIT
_LATIN = re.compile(r"(?<![^\W_])[a-z]{2,}(?![^\W_])")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_ANY: Mapping[str, tuple[str, ...]] = {
    "en": (
        "What is the {relation} of {subject}?",
        "Which {relation} does {subject} have?",
        "Tell me the {relation} of {subject}.",
        "I would like to know the {relation} of {subject}.",
    ),
    "ja": ("{subject}の{relation}は何ですか？", "{subject}の{relation}を教えてください。"),
    "ko": ("{subject}의 {relation}은 무엇인가요?", "{subject}의 {relation}을 알려 주세요."),
}


class AskedRelations:
    """The wordings for relations."""

    def __init__(self, templates: Mapping[str, Sequence[str]]) -> None:
        """Take the question templates of relations in any of the languages, with ``{subject}`` for the name.

        Raises InvalidInput for a template that is too long, or in which the subject does not stand exactly once.
        """
        for relation, asked in templates.items():
            if not asked or not all(one.count(_SUBJECT) == 1 and len(one) <= _LONGEST for one in asked):
                raise InvalidInput(
                    f"the templates of {relation!r} cannot be used: give one or more, each with {_SUBJECT} once and "
                    f"of at most {_LONGEST} characters"
                )
        self._templates = {relation: tuple(asked) for relation, asked in templates.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The relations that have templates."""
        return tuple(self._templates)

    def wordings(self, relation: str, name: str, language: str) -> list[str]:
        """All questions for a relation of something in a language, the one to ask by first."""
        own = [one for one in self._templates.get(relation, ()) if language_of(one.replace(_SUBJECT, "")) == language]
        return [_filled(one, relation, name) for one in own or _ANY[language]]

    def relation(self, question: str, name: str) -> str:
        """The relation that a question of :meth:`wordings` asks for; empty for any other question."""
        asked = normalised(question)
        for language in _ANY:
            for relation in self._templates:
                if normalised(self.wordings(relation, name, language)[0]) == asked:
                    return relation
        for plain, *_ in _ANY.values():
            form = "".join(
                {_SUBJECT: re.escape(name), _RELATION: "(.+)"}.get(one, re.escape(one)) for one in _cut(plain)
            )
            if found := re.fullmatch(form, question, re.IGNORECASE):
                return found[1]
        return ""


def _filled(template: str, relation: str, name: str) -> str:
    return "".join({_SUBJECT: name, _RELATION: relation}.get(one, one) for one in _cut(template))


def _cut(template: str) -> list[str]:
    """A template in pieces, with its places as pieces of their own: what is put in is never read as a place."""
    return re.split(r"(\{subject\}|\{relation\})", template)


def language_of(text: str) -> str:
    """The language of a question: ``ja``, ``ko``, or ``en`` for every other.

    Names may be in any script, so katakana alone says nothing, and a small Latin word speaks for English.
    """
    if _HIRAGANA.search(text):
        return "ja"
    return "ko" if _HANGUL.search(text) and not _LATIN.search(text) else "en"
