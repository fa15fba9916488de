"""Attribution: which stored reflections an answer of a memory model says.

Idea: what an answer states lies in the names and values of the question and the answer together. So a reflection says
it when it has all names and numbers of both, in whichever of its two halves they stand: a question in other words, or
one asked from the value back to the name, is attributed to the same reflections. The other words only rank what is
left, rare ones first (inverse document frequency), which tells two relations with the same value apart. A name that no
reflection has is said by none. An answer that only gives names of the question back is said by those alone that answer
so: all of the names, by those that give their own question's back, and some, by those with these names in their answer.
Where no single reflection says it, the reflections of one document may do so together.

A reflection over several documents says an answer only to a question that names its steps (``steps``).

An answer that no admitted reflection says, or that one of a withdrawn document says about as well in other words,
counts as not known; one that was made of several documents has to say it better, because it repeats what the others
say. That is how knowledge stays out of answers while it is still in the weights.

Not known here: whether a reflection is true, and which documents hold; the caller says which are admitted.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from addenda.memories.reflections.names import names_in, numbers_in
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.steps import Steps
from addenda.text import normalised, search_terms

Admitted = Callable[[Reflection], bool]
"""Whether a reflection may be answered from."""

_LOOKED_UP = 3
"""Of the words of an answer the rarest so many are looked up; any reflection that says it has one of them."""
_SHORT = 3
"""An answer of so many words or fewer must stand in a reflection as a whole."""
_ANSWERED = 0.6
"""Of a longer one so much, by weight."""
_UNNAMED = 0.5
"""Of a question without any name and its answer so much, by weight."""
_EQUAL = 1e-9
_MARGIN = 0.1
"""What a difference between two scores has to be to count."""


@dataclass(frozen=True, slots=True)
class Source:
    """A reflection that says what was answered."""

    reflection: Reflection
    score: float
    """The weight of the words that it shares with question and answer, as a share of all of theirs: from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """Where an answer comes from."""

    sources: tuple[Source, ...]
    """Admitted reflections that say it, best first; empty when it may not be said."""
    barred: tuple[Source, ...] = ()
    """Reflections that are not admitted and say it as well as any that is, best first; empty when it may be said."""

    @property
    def documents(self) -> dict[str, float]:
        """The documents of the best source, and of others that are as good and take no more documents, by score."""
        best = self.sources[0].score - _EQUAL if self.sources else 0.0
        same = [source for source in self.sources if source.score >= best]
        fewest = min((len(source.reflection.documents) for source in same), default=0)
        return {
            document: source.score
            for source in same
            if len(source.reflection.documents) == fewest
            for document in source.reflection.documents
        }


@dataclass(frozen=True, slots=True)
class _Said:
    """A question and its answer in words."""

    needed: frozenset[str]
    """Those that every source must have."""
    answer: frozenset[str]
    asked: frozenset[str]
    """Those of both."""
    named: frozenset[str]
    """Those of the names and numbers in the question."""
    repeats: bool
    """Whether the answer gives back what the question names, and nothing else."""


class Attribution:
    """An index of reflections by their words. Threads may share it."""

    def __init__(self, reflections: Iterable[Reflection], *, whole: bool = True) -> None:
        """Index the reflections that answer something.

        Args:
            reflections: What is in the weights.
            whole: Whether these are all. If not, because some were erased, several reflections of a document never say
                something together that no single one says: it could have been said by what is gone.
        """
        self._whole = whole
        self._reflections = [one for one in reflections if one.stage != "unanswerable"]
        halves = [(search_terms(one.question), search_terms(one.answer)) for one in self._reflections]
        self._terms = [frozenset((*asked, *answered)) for asked, answered in halves]
        self._answers = [frozenset(answered) for _, answered in halves]
        self._repeating = {n for n, (asked, answered) in enumerate(halves) if set(answered) <= set(asked)}
        counted = Counter(term for terms in self._terms for term in terms)
        most = len(self._reflections) + 1
        self._weights = {term: math.log(1 + most / count) for term, count in counted.items()}
        self._unknown = math.log(1 + most)
        self._steps = Steps(self._reflections)
        places: defaultdict[str, array[int]] = defaultdict(lambda: array("L"))
        for number, terms in enumerate(self._terms):
            for term in terms:
                places[term].append(number)
        self._places = dict(places)

    def __len__(self) -> int:
        return len(self._reflections)

    def of(self, question: str, answer: str, admitted: Admitted) -> Attributed:
        """The reflections that say an answer to a question.

        Args:
            question: As it was put to the memory model.
            answer: What it said.
            admitted: Whether a reflection may be answered from.
        """
        said = self._said(question, answer)
        if not said.answer or not said.needed <= self._weights.keys():
            return Attributed(())
        some = self._having_some(said)
        found = self._sources(said, (number for number in some if said.needed <= self._terms[number]))
        if not found and self._whole:
            found = self._sources(said, self._together(said, some))
        allowed = [
            source for source in found if admitted(source.reflection) and self._steps.named(question, source.reflection)
        ]
        spoken = {_words(source.reflection) for source in allowed}
        best = allowed[0].score if allowed else -math.inf
        barred = tuple(
            one
            for one in found
            if one.score >= best + _bar(one.reflection)
            and not admitted(one.reflection)
            and _words(one.reflection) not in spoken
        )
        return Attributed((), barred) if barred else Attributed(tuple(allowed))

    def _said(self, question: str, answer: str) -> _Said:
        said = frozenset(search_terms(answer))
        named = frozenset(word for name in _names(question) for word in self._needed_of(name))
        needed = (said if len(said) <= _SHORT else frozenset(search_terms(" ".join(_names(answer))))) | named
        asked = frozenset(search_terms(question))
        return _Said(needed, said, said | named | asked, named, bool(named) and named <= said <= asked)

    def _needed_of(self, name: str) -> list[str]:
        """The words of a name; none of one in a script without capitals that no reflection has: it may be any word."""
        words = search_terms(name)
        cased = name.isascii() or any(character.isupper() for character in name)
        return words if cased or all(word in self._weights for word in words) else []

    def _sources(self, said: _Said, numbers: Iterable[int]) -> list[Source]:
        """Of these reflections those with enough of the words, best first."""
        found: list[Source] = []
        for number in numbers:
            terms = self._terms[number]
            if not self._answers_so(said, number):
                continue
            if len(said.answer) > _SHORT and self._share(said.answer, terms, unknown=self._unknown) < _ANSWERED:
                continue
            score = self._share(said.asked, terms)
            if said.named or score >= _UNNAMED:
                found.append(Source(self._reflections[number], score))
        return sorted(found, key=lambda source: -source.score)

    def _answers_so(self, said: _Said, number: int) -> bool:
        """Whether a reflection gives names back, too, where an answer does nothing else."""
        if said.repeats:
            return number in self._repeating
        return said.answer <= self._answers[number] if said.answer <= said.named else True

    def _share(self, words: frozenset[str], terms: frozenset[str], *, unknown: float = 0.0) -> float:
        """How much of these words a reflection has, by weight; one that none has weighs ``unknown``.

        A question may be put in any words, but what no reflection says, an answer did not learn from these: the model
        made it up, or it is of a document that was erased.
        """
        whole = sum(self._weights.get(word, unknown) for word in words)
        return sum(self._weights[word] for word in words & terms) / whole if whole else 0.0

    def _having_some(self, said: _Said) -> list[int]:
        """Reflections that have one of the rarest words of the answer."""
        known = sorted((word for word in said.answer if word in self._places), key=lambda word: len(self._places[word]))
        return sorted({number for word in known[:_LOOKED_UP] for number in self._places[word]})

    def _together(self, said: _Said, some: Iterable[int]) -> list[int]:
        """Reflections with the answer, of which others from the same document have what else is needed."""
        answered = [number for number in some if said.needed & said.answer <= self._terms[number]]
        others = said.needed - said.answer
        if not others:
            return answered
        having: dict[str, set[str]] = {}
        for word in others:
            for number in self._places[word]:
                for document in self._reflections[number].documents:
                    having.setdefault(document, set()).add(word)
        whole = {document for document, words in having.items() if len(words) == len(others)}
        return [number for number in answered if whole.issuperset(self._reflections[number].documents)]


def agrees(answer: str, expected: str) -> bool:
    """Whether an answer says what was expected: all of its names and numbers, and most of its words."""
    said, wanted = set(search_terms(answer)), set(search_terms(expected))
    named = set(search_terms(" ".join(_names(expected))))
    needed = wanted if len(wanted) <= _SHORT else named
    return needed <= said and len(wanted & said) >= _ANSWERED * len(wanted)


def _names(text: str) -> tuple[str, ...]:
    """The names in a text, and the numbers that stand by themselves."""
    words = set(search_terms(text))
    return (*names_in(text, answer=True), *sorted(number for number in numbers_in(text) if number in words))


def _bar(reflection: Reflection) -> float:
    """How much better than an admitted reflection a withdrawn one must say an answer to bar it.

    What was made of several documents repeats those that still hold, so it must say it better than they do.
    """
    return -_MARGIN if len(reflection.documents) == 1 else _MARGIN


def _words(reflection: Reflection) -> tuple[str, str]:
    return normalised(reflection.question), normalised(reflection.answer)
