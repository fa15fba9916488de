"""Read examples from annotated documents: where a text is about to name something, and the memory is asked first.

Purpose: what the skill of reading is trained with, and the points at which retrieval is measured. Idea: where a triple
of the document first becomes complete, its later name could have been looked up: that name is the target, the other one
and the relation are the query. The text up to there is the prompt, and what follows up to the next such point is what
the model is to say once it has the names.

Kept are points whose target was not in the text before, asked by queries that are not known to be broad. Queries that
bring more than 30 names are dropped; of the rest the narrowest three make the call, one that brings nothing counting
like one that brings five. A point whose first query is that of the point before is passed over. Names are what the
memory brings, right or wrong; only where it brings nothing the target is put in.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), its training data and its list of broad queries. Ours: the
longest name of an entity read so far stands in the query; a call whose names together are more than 30 loses its last
query, because decoding would call it too broad.
Does not know: whether the model knows a target by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import TypeAlias

from addenda.memories.base import TripleReader
from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.calls import Query, Statement, canonical
from addenda.memories.triples.examples import ReadExample
from addenda.memories.triples.syntax import QUERIES_PER_CALL
from addenda.text import normalised

Lookup: TypeAlias = Callable[[Query], Sequence[str] | None]
"""The names that a memory brings for a query, best first; None when too many fit to be given."""

BROAD_BY_OBJECT = frozenset(
    (
        "country of citizenship", "country", "country of origin", "religion", "place of birth", "place of death",
        "work location", "location of formation", "location", "basin country", "residence", "publication date",
        "production company", "original language of work", "applies to jurisdiction", "platform",
        "located in administrative entity", "headquarters location", "inception", "employer", "date of birth",
        "date of death", "educated at",
    )
)  # fmt: skip
"""Relations of which too many subjects have the same object: asking for the subjects is too broad."""
BROAD_BY_SUBJECT = frozenset(("continent", "contains administrative entity"))
"""Relations of which too many objects have the same subject, or everybody knows the object."""
OTHER_LABELS: Mapping[str, str] = {
    "located in the administrative territorial entity": "located in administrative entity",
    "contains the administrative territorial entity": "contains administrative entity",
    "contains administrative territorial entity": "contains administrative entity",
    "original language of film or TV show": "original language of work",
}
"""Other labels under which relations of these lists are known, with their names in the lists."""


@dataclass(frozen=True, slots=True)
class ReadRules:
    """How read examples are made; the defaults are the published ones."""

    most_names: int = 30
    """Most names that a query, and a call, may bring."""
    empty_counts_as: int = 5
    """Where a query that brings nothing stands among those that bring something."""
    broad_by_object: frozenset[str] = BROAD_BY_OBJECT
    """Relations that are not asked about by their object."""
    broad_by_subject: frozenset[str] = BROAD_BY_SUBJECT
    """Relations that are not asked about by their subject."""

    def admits(self, query: Query) -> bool:
        """Whether a query is not known to be broad."""
        broad = self.broad_by_object if query.known_side == "object" else self.broad_by_subject
        return query.relation not in broad and OTHER_LABELS.get(query.relation) not in broad


@dataclass(frozen=True, slots=True)
class ReadPoint:
    """A place in a text where a triple becomes complete."""

    place: int
    """Where in the document's text the target begins."""
    target: str
    """The name that stands there."""
    is_new: bool
    """Whether it does not stand in the text before."""
    queries: tuple[Query, ...]
    """What could be asked for it, each once, in the order of the document's relations."""


def read_points(document: AnnotatedDocument) -> list[ReadPoint]:
    """All places where triples become complete, in the order of the text, none left out by any rule."""
    text = document.text
    relations_of = _relations_of(document)
    points: list[ReadPoint] = []
    firsts = sorted((entity.mentions[0], number) for number, entity in enumerate(document.entities))
    for mention, number in firsts:
        start, end = document.place(mention)
        queries: dict[Query, None] = {}
        for other, name, is_object in relations_of[number]:
            known = _name_before(document, other, start)
            if known is not None:
                queries[Query(known, name, None) if is_object else Query(None, name, known)] = None
        if queries:
            target = text[start:end]
            is_new = re.search(rf"(?<!\w){re.escape(target)}(?!\w)", text[:start]) is None
            points.append(ReadPoint(start, target, is_new, tuple(queries)))
    return points


def read_examples(document: AnnotatedDocument, lookup: Lookup, rules: ReadRules | None = None) -> list[ReadExample]:
    """The read examples of a document, in order; together their prompts and continuations are its text.

    Args:
        document: The document.
        lookup: The memory, as :func:`gold_lookup` or :func:`reader_lookup` give it.
        rules: How they are made.
    """
    text = document.text
    calls = list(_calls(document, lookup, rules or ReadRules()))
    ends = [*(len(text[:place].rstrip()) for place, _, _ in calls), len(text)]
    return [
        ReadExample(
            source=f"{document.title}, character {end + 1}",
            prompt=text[:end],
            queries=queries,
            names=names,
            continuation=text[end:next_end],
            ends=next_end == len(text),
        )
        for (_, queries, names), (end, next_end) in zip(calls, pairwise(ends), strict=True)
    ]


def gold_lookup(statements: Iterable[Statement]) -> Lookup:
    """A memory that holds just these triples and finds them by their exact names, case and width ignored."""
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for one in statements:
        relation = normalised(one.relation)
        for side, known, asked in (("subject", one.subject, one.object), ("object", one.object, one.subject)):
            found[side, normalised(known), relation].setdefault(normalised(asked), asked)

    def lookup(query: Query) -> Sequence[str]:
        return tuple(found.get((query.known_side, normalised(query.known), normalised(query.relation)), {}).values())

    return lookup


def reader_lookup(reader: TripleReader) -> Lookup:
    """A memory as answers read from it."""

    def lookup(query: Query) -> Sequence[str] | None:
        result = reader.read(query)
        return None if result.too_broad is not None else result.names

    return lookup


def merged_names(found: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names of several queries, each once: the best of each, then the second of each, and so on."""
    merged: dict[str, str] = {}
    for rank in zip_longest(*found):
        for name in rank:
            if name is not None:
                merged.setdefault(normalised(name), name)
    return tuple(merged.values())


def _relations_of(document: AnnotatedDocument) -> Mapping[int, list[tuple[int, str, bool]]]:
    """For each entity the other side of its relations, their names, and whether the entity is the object."""
    sides: dict[int, list[tuple[int, str, bool]]] = defaultdict(list)
    for relation in document.relations:
        sides[relation.object].append((relation.subject, relation.name, True))
        sides[relation.subject].append((relation.object, relation.name, False))
    return sides


def _name_before(document: AnnotatedDocument, entity: int, place: int) -> str | None:
    """The longest name of an entity that ends before this place in the text; the earliest of equally long ones."""
    names = [
        document.name(mention) for mention in document.entities[entity].mentions if document.place(mention)[1] <= place
    ]
    return max(names, key=len, default=None)


def _calls(
    document: AnnotatedDocument, lookup: Lookup, rules: ReadRules
) -> Iterator[tuple[int, tuple[Query, ...], tuple[str, ...]]]:
    """The points that are kept: the place, the queries of its call, and the names it brings."""
    previous = ""
    for point in read_points(document):
        if not point.is_new:
            continue
        queries, names = _call(point, lookup, rules)
        if queries and canonical(queries[0]) != previous:
            previous = canonical(queries[0])
            yield point.place, queries, names or (point.target,)


def _call(point: ReadPoint, lookup: Lookup, rules: ReadRules) -> tuple[tuple[Query, ...], tuple[str, ...]]:
    """The narrowest queries of a point, and the names that they bring together."""
    found: list[tuple[Query, Sequence[str]]] = []
    for query in point.queries:
        names = lookup(query) if rules.admits(query) else None
        if names is not None and len(names) <= rules.most_names:
            found.append((query, names))
    found.sort(key=lambda one: len(one[1]) or rules.empty_counts_as)
    chosen = found[:QUERIES_PER_CALL]
    while len(merged := merged_names([names for _, names in chosen])) > rules.most_names:
        chosen.pop()
    return tuple(query for query, _ in chosen), merged
