"""Which documents are looked at together: those that share an entity, and those that are alike; never by a question.

For each name that two or more documents have, and not too many, there is one group of the documents that have it; for
documents that no such group unites, one with each of their nearest neighbours by their words (cosine of term weights).
A set of documents is a group once. The cost therefore grows with the number of shared names and not with the square of
the corpus.

Source: "MeMo" (arXiv 2605.15156) groups documents by the test question they are evidence for, and pays for every pair
of documents; this is what we do instead.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from addenda.memories.reflections.names import key, names_in, says, words_in
from addenda.memories.reflections.synthesis.passages import CorpusDocument
from addenda.types import Frozen

_COMMON_WORD = 200
"""Documents that have a word at most for it to count; a word in more of them tells little and costs much."""


class GroupingSettings(Frozen):
    """Which documents come together. Raises pydantic's ValidationError for a value out of range."""

    group_size: int = Field(default=6, ge=2)
    """Documents of a group at most."""
    documents_of_name: int = Field(default=40, ge=2)
    """A name that more documents have brings none together: it says nothing about them."""
    neighbours: int = Field(default=1, ge=0)
    """How many of the documents that are most alike each one is put together with."""
    likeness: float = Field(default=0.15, gt=0.0, le=1.0)
    """The cosine from which on documents are alike."""


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that are looked at together."""

    documents: tuple[str, ...]
    """Their ids, in the order of the corpus."""
    shared: tuple[str, ...]
    """The names they all have; none for documents that are alike."""
    complete: bool
    """Whether no other document has any of these names."""


def groups(documents: Sequence[CorpusDocument], settings: GroupingSettings) -> list[Group]:
    """The groups of a corpus, each set of documents once, in a fixed order."""
    shared: defaultdict[tuple[str, ...], list[tuple[str, bool]]] = defaultdict(list)
    together: set[frozenset[str]] = set()
    for name, having in _names(documents).items():
        if not 2 <= len(having) <= settings.documents_of_name:
            continue
        for members in _parts(having, settings.group_size):
            shared[members].append((name, len(members) == len(having)))
            together.update(frozenset((a, b)) for a in members for b in members if a != b)
    found = [
        Group(members, tuple(name for name, _ in names), all(whole for _, whole in names))
        for members, names in shared.items()
    ]
    alike = (pair for pair in _alike(documents, settings) if frozenset(pair) not in together)
    return found + [Group(pair, (), complete=False) for pair in alike]


def _parts(having: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """The documents in parts of a size; each part begins with the last document of the one before, so none is alone."""
    if len(having) <= size:
        return [tuple(having)]
    return [tuple(having[start : start + size]) for start in range(0, len(having) - 1, size - 1)]


def _names(documents: Sequence[CorpusDocument]) -> dict[str, list[str]]:
    """Names as they are first written, with the ids of the documents that have each."""
    spelled: dict[str, str] = {}
    having: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for document in documents:
        titles = (document.title,) if says(document.text, document.title) else ()
        for name in (*titles, *names_in(document.text)):
            spelled.setdefault(key(name), name)
            having[key(name)][document.id] = None
    return {spelled[one]: list(ids) for one, ids in sorted(having.items())}


def _alike(documents: Sequence[CorpusDocument], settings: GroupingSettings) -> list[tuple[str, str]]:
    """Pairs of neighbours in the order of the corpus."""
    if not settings.neighbours or len(documents) < 2:
        return []
    words = [words_in(document.text) for document in documents]
    counts = Counter(word for one in words for word in one)
    weights = {word: math.log(len(documents) / count) for word, count in counts.items() if 1 < count <= _COMMON_WORD}
    lengths = [math.sqrt(sum(weights.get(word, math.log(len(documents))) ** 2 for word in one)) for one in words]
    having: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(words):
        for word in one & weights.keys():
            having[word].append(number)
    pairs: set[tuple[int, int]] = set()
    for number, one in enumerate(words):
        products: Counter[int] = Counter()
        for word in sorted(one & weights.keys()):
            for other in having[word]:
                products[other] += weights[word] ** 2  # pyright: ignore[reportArgumentType]
        near = [
            (product / (lengths[number] * lengths[other]), -other)
            for other, product in products.items()
            if other != number and product > 0
        ]
        for likeness, other in sorted(near, reverse=True)[: settings.neighbours]:
            if likeness >= settings.likeness:
                pairs.add((min(number, -other), max(number, -other)))
    return [(documents[a].id, documents[b].id) for a, b in sorted(pairs)]
