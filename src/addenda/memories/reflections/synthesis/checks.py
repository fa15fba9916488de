"""What code holds against a generator's pairs, whatever its instructions said.

A pair is taken only if it does not speak of "the text", if the names and numbers of its answer stand in what it was
made from, and if it asks something new. A question that describes an entity must not name it, its answer must, and the
facts it uses must fit nobody else in the corpus. What can be mended (a pronoun without a name, a relative date) is told
as a violation instead, and goes back to the generator. The rules are plain and quick; they turn away some good pairs,
with the reason, and cannot see that a sentence is false when its names and numbers are right.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from addenda.memories.reflections.names import key, names_in, numbers_in, says, words_in
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.outcome import Reason
from addenda.memories.reflections.synthesis.requests import Pair, Violation
from addenda.text import normalised

_DOCUMENT = re.compile(
    r"\b(?:this|the|that|above|following|given|provided)\s+(?:\w+\s+)?(?:passage|text|document|article|excerpt|"
    r"paragraph|context)\b|\bthe author says\b|この(?:文書|文章|記事)|本文|上記|이 (?:문서|글)|본문",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:yesterday|today|tomorrow|(?:last|next|this)\s+(?:week|month|year|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday)|recently|nowadays)\b|昨日|今日|明日|先週|来週|昨年|来年|어제|오늘|내일|지난주|다음 주|작년|내년",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|she|it|its|they|his|her|him|their|them)\b", re.IGNORECASE)

Fault = tuple[Reason, str]


def fault_in(pair: Pair, source: str, *, numbers: bool = True) -> Fault | None:
    """Why a pair cannot be taken from a source, which nothing can mend.

    Args:
        pair: The pair.
        source: Everything that it was made from: the passage with title and date, or the pairs that it merges.
        numbers: Whether the numbers of the answer must stand there; one that was computed does not.
    """
    if found := _DOCUMENT.search(f"{pair.question} {pair.answer}"):
        return "mentions the document", found[0]
    known = normalised(source)
    given = words_in(source) | words_in(pair.question)
    for name in names_in(pair.answer):
        if not says(known, name) and not words_in(name) <= given:
            return "ungrounded", name
    if numbers and (strange := sorted(numbers_in(pair.answer) - numbers_in(f"{source} {pair.question}"))):
        return "ungrounded", ", ".join(strange)
    if not words_in(f"{pair.question} {pair.answer}") & words_in(source):
        return "ungrounded", "it has no word in common with what it was made from"
    return None


def violations_in(pair: Pair) -> tuple[Violation, ...]:
    """What keeps a pair from being understood by itself, as far as code can tell."""
    found: list[Violation] = []
    if _PRONOUN.search(pair.question) and not names_in(pair.question):
        found.append("pronoun")
    if _RELATIVE.search(f"{pair.question} {pair.answer}"):
        found.append("relative time")
    return tuple(found)


def fact_changed(before: Pair, after: Pair) -> str:
    """What of the answer's names and numbers a rewritten pair has lost, in words; empty when nothing."""
    said = f"{after.question} {after.answer}"
    relative = bool(_RELATIVE.search(before.answer))
    lost = [name for name in names_in(before.answer) if not says(said, name)]
    lost += [] if relative else sorted(numbers_in(before.answer) - numbers_in(said))
    return ", ".join(lost)


@dataclass(frozen=True, slots=True)
class _Known:
    words: frozenset[str]
    names: frozenset[str]


def names_of(one: Reflection) -> tuple[str, ...]:
    """The names in a reflection."""
    return names_in(one.question) + names_in(one.answer, answer=True)


class Corpus:
    """The facts of the corpus, for telling whether a description fits anybody else."""

    def __init__(self, reflections: Iterable[Reflection]) -> None:
        """Take the direct and indirect facts."""
        self._facts: list[_Known] = []
        self._with: defaultdict[str, set[int]] = defaultdict(set)
        for number, one in enumerate(reflections):
            text = f"{one.question} {one.answer}"
            fact = _Known(words_in(text), frozenset(map(key, names_of(one))))
            self._facts.append(fact)
            for word in fact.words:
                self._with[word].add(number)

    def others(self, entity: str, question: str, used: Sequence[Reflection]) -> frozenset[str]:
        """Names that all the facts which the question tells of an entity fit as well, or ``"?"`` when it tells none."""
        asked, own = words_in(question), words_in(entity)
        told = [(words_in(f"{one.question} {one.answer}") & asked) - own for one in used]
        told = [clues for clues in told if clues]
        if not told:
            return frozenset("?")
        fitting: list[set[str]] = [set(self._names_with(clues, key(entity))) for clues in told]
        common = fitting[0].intersection(*fitting[1:])
        return frozenset(name for name in common if not says(question, name))

    def _names_with(self, clues: frozenset[str], entity: str) -> Iterator[str]:
        lists = sorted((self._with[clue] for clue in clues), key=len)
        for number in lists[0].intersection(*lists[1:]):
            if entity not in self._facts[number].names:
                yield from self._facts[number].names
