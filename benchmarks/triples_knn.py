"""Names by vectors: the index of embeddings in the database beside a plain table with a graph of vectors.

The plain table stands for the reference of MemLLM (arXiv 2404.11672, its published code): a graph (HNSW, by hnswlib)
over the names of entities and one over those of relations, kept beside a table of triples in SQLite. A query is first
asked with the names as they are; if nothing comes, the nearest names are asked of the graphs, and the table for each
pair of them that is near enough. It has no windows, audiences or origins, forgets nothing, is gone with the process,
and takes names with other case or width for other names.

Vectors are noise (:class:`benchmarks.triples_encoders.RandomEncoder`), those of misspelt names a little beside the
name's own: an encoder without a fault that costs nothing. So times are those of the indexes, and recall says what the
graphs lose.
"""

from __future__ import annotations

import importlib
import importlib.util
import sqlite3
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from addenda.database import open_database
from addenda.memories.base import Origin, ReadResult, TripleHit
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.calls import Query
from addenda.memories.triples.embeddings import EmbeddingIndex
from addenda.memories.triples.lexical import LexicalIndex
from benchmarks.triples_encoders import RandomEncoder
from benchmarks.triples_measuring import (
    BATCH,
    UNCACHED,
    Measured,
    batches,
    exact_queries,
    joined,
    load,
    misspelt_queries,
    timed,
)
from benchmarks.triples_world import make_world

HNSWLIB = importlib.util.find_spec("hnswlib") is not None
"""Whether the plain table's graph is the reference's own library."""
SIZE = 256
_FACTS_PER_NAME = 3
_ENTITIES, _RELATIONS = 300, 25
_ENTITY_DISTANCE, _RELATION_DISTANCE, _MEAN_DISTANCE = 0.15, 0.15, 0.10
_MOST = 31
_LINKS, _BUILD_EFFORT, _SEARCH_EFFORT = 16, 200, 300
_NOWHERE = Origin("", "", "normal")


class Graph:
    """Names and a graph of their vectors: hnswlib's where it is installed, else usearch's, which is HNSW as well."""

    def __init__(self, names: Sequence[str], encoder: RandomEncoder) -> None:
        self._names = names
        parts = (names[start : start + BATCH] for start in range(0, len(names), BATCH))
        vectors = np.concatenate([encoder.encode(part) for part in parts])
        if HNSWLIB:
            self._graph = importlib.import_module("hnswlib").Index(space="cosine", dim=SIZE)
            self._graph.init_index(max_elements=len(names), ef_construction=_BUILD_EFFORT, M=_LINKS)
            self._graph.add_items(vectors, num_threads=1)
            self._graph.set_ef(_SEARCH_EFFORT)
        else:
            self._graph = importlib.import_module("usearch.index").Index(
                ndim=SIZE,
                metric="cos",
                connectivity=_LINKS,
                expansion_add=_BUILD_EFFORT,
                expansion_search=_SEARCH_EFFORT,
            )
            self._graph.add(np.arange(len(names)), vectors, threads=1)

    def nearest(self, vector: npt.NDArray[np.float32], count: int, most: float) -> dict[str, float]:
        """Up to ``count`` names with their cosine distances, of at most ``most``."""
        count = min(count, len(self._names))
        if HNSWLIB:
            (labels,), (distances,) = self._graph.knn_query(vector, k=count, num_threads=1)
        else:
            matches = self._graph.search(vector, count)
            labels, distances = matches.keys, matches.distances
        near = zip(labels, distances, strict=True)
        return {self._names[label]: float(distance) for label, distance in near if distance <= most}


class PlainTable:
    """Triples in one table, found by their names or by the vectors of these; only objects can be asked for."""

    def __init__(self, facts: Sequence[tuple[str, str, str]], encoder: RandomEncoder) -> None:
        """Hold these facts, numbered in order."""
        self._encoder = encoder
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE TABLE triples (id INTEGER PRIMARY KEY, subject, relation, object)")
        self._connection.executemany("INSERT INTO triples (subject, relation, object) VALUES (?, ?, ?)", facts)
        self._connection.execute("CREATE INDEX by_subject ON triples (subject, relation)")
        self._entities = Graph(list(dict.fromkeys(name for fact in facts for name in (fact[0], fact[2]))), encoder)
        self._relations = Graph(list(dict.fromkeys(fact[1] for fact in facts)), encoder)

    def read(self, query: Query) -> ReadResult:
        """Exact names first, then near ones."""
        subject, relation = query.subject or "", query.relation
        rows = self._rows(subject, relation)
        if rows:
            return _result(rows)
        entity, kind = self._encoder.encode([subject, relation])
        entities = self._entities.nearest(entity, _ENTITIES, _ENTITY_DISTANCE)
        relations = self._relations.nearest(kind, _RELATIONS, _RELATION_DISTANCE)
        for (near, far), (other, off) in product(entities.items(), relations.items()):
            if (far + off) / 2 < _MEAN_DISTANCE:
                rows.extend(self._rows(near, other))
        return _result(rows)

    def _rows(self, subject: str, relation: str) -> list[tuple[int, str, str, str]]:
        found = "SELECT id, subject, relation, object FROM triples WHERE subject = ? AND relation = ? LIMIT ?"
        return self._connection.execute(found, (subject, relation, _MOST)).fetchall()


def _result(rows: Sequence[tuple[int, str, str, str]]) -> ReadResult:
    return ReadResult(tuple(TripleHit(f"{row[0]:016x}", row[3], 1.0, *row[1:], _NOWHERE) for row in rows))


def compared(names: int, directory: Path, count: int, seed: int) -> Measured:
    """The same queries of the index of embeddings, of the plain table, and of the lexical index, on so many names."""
    world = make_world(names, _FACTS_PER_NAME * names, seed)
    exact, wrong = exact_queries(world, count, seed), misspelt_queries(world, count, seed)
    stored = set(world.names)
    meant = {one.query.subject or "": world.facts[int(one.expected, 16) - 1][0] for one in wrong}
    meant = {text: name for text, name in meant.items() if text not in stored}
    encoder = RandomEncoder(SIZE, near=meant)
    parts: list[Measured] = []
    for name, index in (("embedding", EmbeddingIndex(encoder)), ("lexical_beside", LexicalIndex())):
        database = open_database(directory / f"{name}.sqlite3", create=True)
        loaded = load(database, batches(world), index)
        memory = TriplesMemory(database, UNCACHED, index=index)
        began = time.perf_counter()
        timed("warming", memory.contribute(at=None), wrong[:1])
        metrics = {f"{name}_{key}": value for key, value in loaded.metrics.items()}
        parts.append(Measured({**metrics, f"{name}_first_read_s": time.perf_counter() - began}))
        parts += [timed(f"{name}_exact", memory.contribute(at=None), exact)]
        parts += [timed(f"{name}_misspelt", memory.contribute(at=None), wrong)]
        database.close()
    began = time.perf_counter()
    table = PlainTable(world.facts, encoder)
    spent = {"plain_table_build_s": time.perf_counter() - began, "plain_table_is_hnswlib": float(HNSWLIB)}
    parts += [Measured({**spent, "knn_names": float(len(world.names))})]
    parts += [timed("plain_table_exact", table, exact), timed("plain_table_misspelt", table, wrong)]
    return joined(parts)
