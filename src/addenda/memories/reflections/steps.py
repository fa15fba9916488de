"""The steps of a reflection over several documents, and whether a question names them.

Idea: "the extension of the manager of Gushu" is learned from two documents, and a memory model that is asked for the
extension of Gushu, which has none, gives that of its manager. What is true only by way of something else answers a
question that names the way. A step is a parent that shares with another one a name which the reflection itself leaves
out; a question names it with a word that some question about the same fact uses, and the other steps do not.

Not known here: words that no reflection has. A question that describes a step in such words counts as not naming it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from addenda.memories.reflections.names import key, names_in, words_in
from addenda.memories.reflections.reflection import Reflection
from addenda.text import normalised, search_terms

_Words = frozenset[str]


class Steps:
    """What has to be named of reflections. Threads may share it."""

    def __init__(self, reflections: Sequence[Reflection]) -> None:
        """Take the reflections that answer something."""
        self._of_document: defaultdict[str, list[Reflection]] = defaultdict(list)
        for one in reflections:
            if len(one.documents) == 1:
                self._of_document[one.documents[0]].append(one)
        self._found: dict[str, tuple[_Words, ...]] = {}

    def named(self, question: str, reflection: Reflection) -> bool:
        """Whether a question names every step of a reflection; so it does if there are none."""
        if not reflection.parents or len(reflection.documents) == 1:
            return True
        if (steps := self._found.get(reflection.id)) is None:
            steps = self._found[reflection.id] = self._steps(reflection)
        asked = words_in(question)
        return all(asked & words for words in steps)

    def _steps(self, reflection: Reflection) -> tuple[_Words, ...]:
        """The words that name each step; steps that the reflection's own question does not name are left out."""
        parents = set(reflection.parents)
        facts = [one for name in reflection.documents for one in self._of_document.get(name, ()) if one.id in parents]
        unsaid = [_unsaid(one, reflection) for one in facts]
        counted = Counter(name for names in unsaid for name in names)
        by_way = [one for one, names in zip(facts, unsaid, strict=True) if any(counted[name] > 1 for name in names)]
        wordings = [self._wordings(one) for one in by_way]
        shared = Counter(word for words in wordings for word in words)
        telling = [frozenset(word for word in words if shared[word] == 1) for words in wordings]
        own = _words(reflection.question)
        return tuple(words for words in telling if words & own)

    def _wordings(self, fact: Reflection) -> _Words:
        """The words, but for names, of all questions with the same answer in the same document."""
        answer = normalised(fact.answer)
        alike = (one for one in self._of_document[fact.documents[0]] if normalised(one.answer) == answer)
        return frozenset(word for one in alike for word in _words(one.question))


def _words(question: str) -> _Words:
    """The words that tell what is asked, but for names and numbers."""
    names = {word for name in names_in(question, answer=True) for word in search_terms(name)}
    return frozenset(word for word in words_in(question) if word not in names and not word.isnumeric())


def _unsaid(fact: Reflection, reflection: Reflection) -> frozenset[str]:
    """The names of a fact that a reflection made of it leaves out."""
    said = {*search_terms(reflection.question), *search_terms(reflection.answer)}
    names = (name for text in (fact.question, fact.answer) for name in names_in(text, answer=True))
    return frozenset(key(name) for name in names if not said.issuperset(search_terms(name)))
