# ruff: noqa: E501
"""Retrieval on Re-DocRED without a model: gold triples are stored, and each place where one becomes complete asks.

    python -m benchmarks.triples_redocred FOLDER [--quick] [--encoder TABLE TOKENIZER]

``FOLDER`` holds ``dev.jsonl.gz`` and ``relations.jsonl`` (ids and labels). Every gold triple is stored once, under the
longest name of each entity; queries are those of the read points (:mod:`addenda.memories.triples.readpoints`), which
name an entity as the text has named it so far. Three conditions:

- *as written*: the query as it is;
- *misspelt*: one typing error in the name that is given, drawn with the seed;
- *withheld*: half of the triples are stored, and only queries are asked none of whose answers is. Every name that comes
  back is then the value of something else.

A name is right when it is one of the target's names in its document. A result is *about the entity asked for* when the
stored triple names it by one of its names in the document. Beside our reader stand the exact name alone, and the
published rule (MemLLM, arXiv 2404.11672) with the thresholds of its own run on this set, as written in its code: exact
pairs first, at most 31 rows a pair, and calls with more than 30 names dropped (the paper) or cut at 30 (its code). The rule is run over our lexical similarity, and
over an encoder of static word-piece vectors when one is given; the encoder that it was published with is not.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, Protocol, TypeAlias, cast

from rich.console import Console

from addenda.memories.base import Deliver, TripleReader, Window
from addenda.memories.triples import LexicalIndex, NameIndex, TriplesConfig, TriplesMemory
from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.calls import Query, Statement
from addenda.memories.triples.docred import read_documents
from addenda.memories.triples.names import intern, key_of
from addenda.memories.triples.readpoints import ReadPoint, ReadRules, merged_names, read_points
from addenda.memories.triples.rooms import PrivateRoom
from addenda.memories.triples.syntax import QUERIES_PER_CALL
from addenda.memories.triples.tables import ENTITY, RELATION
from addenda.text import normalised
from benchmarks.triples_encoders import StaticEncoder

SEED = 1
LIMIT = 30
console = Console(stderr=True)

Condition: TypeAlias = Literal["as_written", "misspelt", "withheld"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One query of one read point, and what would be right."""

    document: str
    place: int
    query: Query
    target: frozenset[str]
    """The target's names in its document, normalised."""
    known: frozenset[str]
    """The names of the entity that is asked about, normalised."""
    stored: bool
    """Whether the memory has that entity under exactly the name that the query gives."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came back for one query, in order."""

    names: tuple[str, ...]
    knowns: tuple[str, ...]
    """For each name, the entity that the memory has it of."""
    too_broad: int | None = None


Method: TypeAlias = Callable[[Query], Found]


class _Similar(Protocol):
    def __call__(self, kind: int, text: str, threshold: float) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents, their statements, and all queries."""

    statements: tuple[Statement, ...]
    asks: tuple[Ask, ...]
    points: Mapping[tuple[str, int], ReadPoint]


def corpus(folder: Path, most: int | None = None) -> Corpus:
    """The first ``most`` documents of a folder (None: all)."""
    with (folder / "relations.jsonl").open(encoding="utf-8") as lines:
        labels = {row["id"]: row["label"] for row in map(json.loads, lines)}
    documents = read_documents(folder / "dev.jsonl.gz", labels).documents[:most]
    statements = dict.fromkeys(statement for document in documents for statement in gold(document))
    stored = {normalised(name) for one in statements for name in (one.subject, one.object)}
    points = {(document.title, point.place): point for document in documents for point in read_points(document)}
    asks = tuple(
        ask for document in documents for point in read_points(document) for ask in _asks(document, point, stored)
    )
    return Corpus(tuple(statements), asks, points)


def gold(document: AnnotatedDocument) -> list[Statement]:
    """The triples of a document under the longest names of their entities."""
    longest = [document.names(entity)[0] for entity in document.entities]
    return [Statement(longest[one.subject], one.name, longest[one.object]) for one in document.relations]


def _asks(document: AnnotatedDocument, point: ReadPoint, stored: set[str]) -> Iterable[Ask]:
    names = [frozenset(map(normalised, document.names(entity))) for entity in document.entities]
    targets = {
        number for number, one in enumerate(document.entities) if document.place(one.mentions[0])[0] == point.place
    }
    sides = [(one.object, one.name, "subject", one.subject) for one in document.relations]
    sides += [(one.subject, one.name, "object", one.object) for one in document.relations]
    for query in point.queries:
        asked, wanted = normalised(query.known), (query.relation, query.known_side)
        target, known = next(
            (target, known)
            for target, *how, known in sides
            if target in targets and tuple(how) == wanted and asked in names[known]
        )
        yield Ask(document.title, point.place, query, names[target], names[known], asked in stored)


def misspelt(name: str, random: Random) -> str:
    """A name with one typing error: a character left out, doubled, replaced, or swapped with the next."""
    letters = [place for place, character in enumerate(name) if character.isalpha()]
    if len(letters) < 2:
        return name
    while True:
        place = random.choice(letters[:-1])
        kind = random.randrange(4)
        one, after = name[place], name[place + 1 :]
        wrong = random.choice("abcdefghijklmnopqrstuvwxyz")
        typed = name[:place] + ("", one * 2, wrong, after[:1] + one)[kind] + (after[1:] if kind == 3 else after)
        if normalised(typed) != normalised(name):
            return typed


def filled(
    statements: Sequence[Statement], config: TriplesConfig | None = None, index: NameIndex | None = None
) -> TriplesMemory:
    """A memory that holds these statements."""
    memory = TriplesMemory.private(config, index=index)
    changes = [
        Deliver(
            f"{number:016x}",
            Triple(
                subject=one.subject,
                relation=one.relation,
                object=one.object,
                source="Re-DocRED",
                author="gold",
                trust="normal",
            ).to_bytes(),
            number,
            Window(),
        )
        for number, one in enumerate(statements, 1)
    ]
    memory.apply(changes, 1)
    return memory


def ours(reader: TripleReader) -> Method:
    """What an answer would read."""

    def read(query: Query) -> Found:
        result = reader.read(query)
        knowns: dict[str, str] = {}
        for hit in result.hits:
            knowns.setdefault(hit.name, hit.subject if query.subject is not None else hit.object)
        return Found(result.names, tuple(knowns[name] for name in result.names), result.too_broad)

    return read


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds of the published rule, as cosine distances."""

    entity: float
    relation: float
    pair: float
    exact_first: bool


EVALUATION = Rule(0.15, 0.15, 0.10, exact_first=True)
"""As published for perplexity on Re-DocRED."""
BUILDING = Rule(0.10, 0.10, 0.10, exact_first=False)
"""As published for building training data."""


class Published:
    """The published rule over any similarity of names."""

    def __init__(self, statements: Sequence[Statement], similar: _Similar) -> None:
        self._similar = similar
        self._rows: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
        for one in statements:
            self._rows["subject", one.subject, one.relation].append((one.object, one.subject))
            self._rows["object", one.object, one.relation].append((one.subject, one.object))

    def method(self, rule: Rule, *, cut: bool) -> Method:
        """The rule with these thresholds; more than 30 names are cut (the code), or the call is dropped (the paper)."""

        def read(query: Query) -> Found:
            entities = self._similar(ENTITY, query.known, 1.0 - rule.entity)
            relations = self._similar(RELATION, query.relation, 1.0 - rule.relation)
            scored: list[tuple[float, str, str]] = []
            for known, near in entities.items():
                for relation, like in relations.items():
                    distance = (1.0 - near + 1.0 - like) / 2
                    if distance < rule.pair:
                        rows = self._rows.get((query.known_side, known, relation), [])[: LIMIT + 1]
                        scored.extend((distance, name, of) for name, of in rows)
            scored.sort(key=lambda row: row[0])
            if rule.exact_first and scored and scored[0][0] < 0.001:
                scored = [row for row in scored if row[0] < 0.001]
            found = dict.fromkeys(name for _, name, _ in scored)
            of = {name: known for _, name, known in reversed(scored)}
            too_broad = len(found) if len(found) > LIMIT else None
            kept = tuple(found)[:LIMIT] if cut or too_broad is None else ()
            return Found(kept, tuple(of[name] for name in kept), too_broad)

        return read


def exactly(statements: Sequence[Statement]) -> Method:
    """The exact name only, but for case and width; no limit but the published one."""
    rows: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for one in statements:
        relation = normalised(one.relation)
        rows["subject", normalised(one.subject), relation][one.object] = one.subject
        rows["object", normalised(one.object), relation][one.subject] = one.object

    def read(query: Query) -> Found:
        found = rows.get((query.known_side, normalised(query.known), normalised(query.relation)), {})
        if len(found) > LIMIT:
            return Found((), (), len(found))
        return Found(tuple(found), tuple(found.values()))

    return read


def similar_in(statements: Sequence[Statement], index: NameIndex) -> _Similar:
    """How near the names of these statements are to a text, as an index measures it."""
    room = PrivateRoom()
    spellings = dict.fromkeys(
        spelling
        for one in statements
        for spelling in ((ENTITY, one.subject), (RELATION, one.relation), (ENTITY, one.object))
    )
    names: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for kind, name in spellings:
        names[kind, key_of(name)].append(name)
    index.ready([name for _, name in spellings])
    with room.write() as connection:
        for kind in (ENTITY, RELATION):
            intern(connection, kind, (name for one, name in spellings if one == kind), index)
    kept: dict[tuple[int, str, float], dict[str, float]] = {}

    def similar(kind: int, text: str, threshold: float) -> Mapping[str, float]:
        if (kind, text, threshold) not in kept:
            with room.read() as connection:
                near = {one.key: one.similarity for one in index.similar(connection, kind, text, threshold)}
            near[key_of(text)] = 1.0
            kept[kind, text, threshold] = {name: score for key, score in near.items() for name in names[kind, key]}
        return kept[kind, text, threshold]

    return similar


def methods(statements: Sequence[Statement], encoder: StaticEncoder | None) -> dict[str, Method]:
    """Everything that is compared."""
    lexical = Published(statements, similar_in(statements, LexicalIndex()))
    compared = {
        "ours": ours(filled(statements).contribute(at=None)),
        "ours_near_of_stored": ours(filled(statements, TriplesConfig(near_names_of_known=True)).contribute(at=None)),
        "exact": exactly(statements),
        "published_lexical": lexical.method(EVALUATION, cut=False),
        "published_lexical_cut": lexical.method(EVALUATION, cut=True),
        "published_lexical_building": lexical.method(BUILDING, cut=False),
    }
    if encoder is not None:
        from addenda.memories.triples.embeddings import EmbeddingIndex

        meaning = Published(statements, similar_in(statements, EmbeddingIndex(encoder)))
        compared["published_static_vectors"] = meaning.method(EVALUATION, cut=False)
        compared["published_static_vectors_cut"] = meaning.method(EVALUATION, cut=True)
    return compared


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer, judged."""

    condition: Condition
    method: str
    ask: Ask
    query: Query
    found: Found

    @property
    def right(self) -> bool:
        """Whether the target is among the names."""
        return any(normalised(name) in self.ask.target for name in self.found.names)

    @property
    def about(self) -> int:
        """How many of the names are the value of the entity asked for."""
        return sum(normalised(known) in self.ask.known for known in self.found.knowns)


def withheld(statements: Sequence[Statement], asks: Sequence[Ask]) -> tuple[list[Statement], list[Ask]]:
    """Half of the statements, and the queries none of whose answers is among them."""
    random = Random(SEED)
    kept = [one for one in statements if random.random() < 0.5]
    has = {
        (side, normalised(known), normalised(one.relation))
        for one in kept
        for side, known in (("subject", one.subject), ("object", one.object))
    }
    asked = [
        ask
        for ask in asks
        if not any((ask.query.known_side, name, normalised(ask.query.relation)) in has for name in ask.known)
    ]
    return kept, asked


def run(data: Corpus, encoder: StaticEncoder | None) -> list[Scored]:
    """Ask everything of everything."""
    scored: list[Scored] = []
    whole = methods(data.statements, encoder)
    random = Random(SEED)
    typed = [(ask, misspelt(ask.query.known, random)) for ask in data.asks]
    wrong = [
        (
            ask,
            Query(name, ask.query.relation, None)
            if ask.query.subject is not None
            else Query(None, ask.query.relation, name),
        )
        for ask, name in typed
        if name != ask.query.known
    ]
    kept, unanswerable = withheld(data.statements, data.asks)
    half = methods(kept, encoder)
    plan: list[tuple[Condition, Mapping[str, Method], Sequence[tuple[Ask, Query]]]] = [
        ("as_written", whole, [(ask, ask.query) for ask in data.asks]),
        ("misspelt", whole, wrong),
        ("withheld", half, [(ask, ask.query) for ask in unanswerable]),
    ]
    for condition, compared, asked in plan:
        for name, method in compared.items():
            found: dict[Query, Found] = {}
            for _, query in asked:
                if query not in found:
                    found[query] = method(query)
            scored.extend(Scored(condition, name, ask, query, found[query]) for ask, query in asked)
            console.print(
                condition, name, rates([one for one in scored if (one.condition, one.method) == (condition, name)])
            )
    return scored


def rates(scored: Sequence[Scored]) -> dict[str, float]:
    """Shares over queries, and results a query."""
    count = len(scored) or 1
    names = sum(len(one.found.names) for one in scored)
    about = sum(one.about for one in scored)
    return {
        "queries": len(scored),
        "recall": round(sum(one.right for one in scored) / count, 4),
        "too_broad": round(sum(one.found.too_broad is not None for one in scored) / count, 4),
        "no_answer": round(sum(not one.found.names and one.found.too_broad is None for one in scored) / count, 4),
        "results": round(names / count, 3),
        "precision": round(about / (names or 1), 4),
        "only_of_others": round(sum(bool(one.found.names) and not one.about for one in scored) / count, 4),
    }


def calls(data: Corpus, scored: Sequence[Scored]) -> dict[str, dict[str, float]]:
    """Recall and results of whole calls as they are published: admitted queries, the narrowest three, merged."""
    rules = ReadRules()
    found: dict[tuple[str, str, int], list[Scored]] = defaultdict(list)
    for one in scored:
        if one.condition == "as_written" and rules.admits(one.query):
            found[one.method, one.ask.document, one.ask.place].append(one)
    totals: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    for (method, document, place), queries in found.items():
        if not data.points[document, place].is_new:
            continue
        usable = [one for one in queries if one.found.too_broad is None]
        usable.sort(key=lambda one: len(one.found.names) or rules.empty_counts_as)
        names = merged_names([one.found.names for one in usable[:QUERIES_PER_CALL]])[:LIMIT]
        totals[method].append((any(normalised(name) in queries[0].ask.target for name in names), len(names)))
    return {
        method: {
            "calls": len(one),
            "recall": round(sum(right for right, _ in one) / len(one), 4),
            "results": round(sum(count for _, count in one) / len(one), 3),
        }
        for method, one in totals.items()
    }


def summary(data: Corpus, scored: Sequence[Scored]) -> dict[str, object]:
    """Rates by condition, method and shape of the query."""
    table: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for one in scored:
        table.setdefault(one.condition, {}).setdefault(one.method, {})
    for condition, by_method in table.items():
        for method, shapes in by_method.items():
            mine = [one for one in scored if one.condition == condition and one.method == method]
            shapes["all"] = rates(mine)
            for side in ("subject", "object"):
                shapes[f"{side}_known"] = rates([one for one in mine if one.query.known_side == side])
            shapes["name_stored"] = rates([one for one in mine if one.ask.stored])
            shapes["name_not_stored"] = rates([one for one in mine if not one.ask.stored])
    return {
        "points": len(data.points),
        "statements": len(data.statements),
        "queries": table,
        "calls": calls(data, scored),
    }


def metrics(data: Corpus, scored: Sequence[Scored]) -> dict[str, float]:
    """Our recall, results and share of too broad queries beside those of the published rule, which drops too many."""
    found: dict[str, float] = {}
    for name, method in (("redocred", "ours"), ("redocred_published", "published_lexical")):
        mine = [one for one in scored if one.method == method]
        written = rates([one for one in mine if one.condition == "as_written"])
        found |= {f"{name}_{rate}": written[rate] for rate in ("recall", "too_broad", "results")}
        found[f"{name}_misspelt_recall"] = rates([one for one in mine if one.condition == "misspelt"])["recall"]
        whole = calls(data, mine)[method]
        found |= {f"{name}_calls_{rate}": whole[rate] for rate in ("recall", "results")}
    return found


def items(scored: Sequence[Scored]) -> Iterable[dict[str, object]]:
    """Each answer, for the file of per-item results."""
    for one in scored:
        yield {
            "part": "redocred",
            "condition": one.condition,
            "method": one.method,
            "document": one.ask.document,
            "query": [one.query.subject, one.query.relation, one.query.object],
            "right": one.right,
            "about": one.about,
            "names": len(one.found.names),
            "too_broad": one.found.too_broad,
        }


def main() -> None:
    """Run and print; the whole benchmark of the triples writes the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="the first 50 documents")
    parser.add_argument("--encoder", nargs=2, type=Path, metavar=("TABLE", "TOKENIZER"), help="static vectors")
    arguments = parser.parse_args()
    paths = cast("list[Path] | None", arguments.encoder)
    encoder = StaticEncoder(*paths) if paths else None
    data = corpus(cast("Path", arguments.folder), 50 if arguments.quick else None)
    scored = run(data, encoder)
    print(json.dumps({"metrics": metrics(data, scored), "details": summary(data, scored)}, indent=2))


if __name__ == "__main__":
    main()
