"""How reads and loads of triples are timed, and the queries that are asked: exact and misspelt names of a world.

Times are given twice: ``_ms`` as a clock on the wall tells them, ``_cpu_ms`` as the process was charged, which others
on the machine disturb less. Misspelt names have one typing error, or (a quarter of those that are long enough) two;
numbers are never misspelt, because names with other numbers are other names.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import numpy as np

from addenda.database import Database
from addenda.memories.base import Deliver, ReadResult
from addenda.memories.triples import TriplesConfig, TriplesMemory
from addenda.memories.triples.calls import Query
from addenda.memories.triples.folding import fold
from addenda.memories.triples.index import NameIndex
from benchmarks.triples_world import World, deliveries

BATCH = 100_000
UNCACHED = TriplesConfig(cached_reads=0)
_ONE_ERROR, _TWO_ERRORS = 5, 11
"""Folded characters from which on a name with so many errors is at least 0.8 similar."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured."""

    metrics: Mapping[str, float]
    items: Sequence[Mapping[str, object]] = ()
    """One for each query."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and the addendum that answers it."""

    query: Query
    expected: str
    errors: int = 0


class Reads(Protocol):
    """What can be read from."""

    def read(self, query: Query) -> ReadResult:
        """The answer to one query."""
        ...


@dataclass(slots=True)
class Watch:
    """Times of many short calls, in seconds."""

    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    def read(self, read: Callable[[Query], ReadResult], query: Query) -> ReadResult:
        """Time one read."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = read(query)
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)
        return result

    def metrics(self, name: str) -> dict[str, float]:
        """Medians and 95th percentiles in milliseconds."""
        return {
            f"{name}_{clock}_{percent}": float(np.percentile(times, percentile)) * 1e3
            for clock, times in (("ms", self.wall), ("cpu_ms", self.cpu))
            for percent, percentile in (("p50", 50), ("p95", 95))
        }


def load(database: Database, changes: Iterable[Sequence[Deliver]], index: NameIndex | None = None) -> Measured:
    """Put batches of deliveries into an empty store; times are those of the store, not of making the deliveries."""
    memory = TriplesMemory(database, index=index)
    count, wall, cpu = 0, 0.0, 0.0
    for batch in changes:
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        count += len(memory.apply(batch, count + len(batch)))
        wall, cpu = wall + time.perf_counter() - wall_before, cpu + time.process_time() - cpu_before
    return Measured(
        {
            "load_triples_per_s": count / wall,
            "load_triples_per_cpu_s": count / cpu,
            "bytes_per_million": size_of(database) / count * 1e6,
        }
    )


def size_of(database: Database) -> int:
    """Bytes of an SQLite database, without pages that are free."""
    with database.read() as connection:
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {one}").scalar_one()
            for one in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


def batches(world: World) -> Iterable[list[Deliver]]:
    """The facts of a world as deliveries, a batch at a time."""
    return (deliveries(world, start, BATCH) for start in range(0, len(world.facts), BATCH))


def misspelt(name: str, errors: int, random: Random) -> str:
    """A name with so many typing errors in its letters; each leaves another name than before."""
    for _ in range(errors):
        before = name
        while fold(name).text == fold(before).text or fold(name).digits != fold(before).digits:
            name = _with_error(before, random)
    return name


def _with_error(name: str, random: Random) -> str:
    place = random.randrange(len(name))
    other = random.choice(sorted({one for one in name.casefold() if one.isalpha()}) or ["e"])
    kind = random.choice(("left out", "put in", "replaced", "swapped"))
    if kind == "left out":
        return name[:place] + name[place + 1 :]
    if kind == "put in":
        return name[:place] + other + name[place:]
    if kind == "replaced":
        return name[:place] + other + name[place + 1 :]
    return name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


def exact_queries(world: World, count: int, seed: int) -> list[Asked]:
    """Queries for facts of a world, each for another subject, in the words that are stored."""
    places = Random(f"exact {seed}").sample(range(len(world.facts)), min(4 * count, len(world.facts)))
    chosen = {world.facts[place][0]: place for place in places}
    return [
        Asked(Query(subject, world.facts[place][1], None), f"{place + 1:016x}")
        for subject, place in list(chosen.items())[:count]
    ]


def misspelt_queries(world: World, count: int, seed: int) -> list[Asked]:
    """The same with typing errors: one in most names, two in a quarter of those that are long enough."""
    random = Random(f"misspelt {seed}")
    asked: list[Asked] = []
    for exact in exact_queries(world, 2 * count, seed + 1):
        subject = exact.query.subject or ""
        length = len(fold(subject).text)
        if length >= _ONE_ERROR and len(asked) < count:
            errors = 2 if length >= _TWO_ERRORS and random.random() < 1 / 4 else 1
            query = Query(misspelt(subject, errors, random), exact.query.relation, None)
            asked.append(Asked(query, exact.expected, errors))
    return asked


def timed(name: str, reader: Reads, asked: Sequence[Asked]) -> Measured:
    """Read each query once; ``_recall`` says how often the fact asked for is among the results."""
    watch = Watch()
    results = [watch.read(reader.read, one.query) for one in asked]
    items = [
        {
            "part": name,
            "subject": one.query.subject,
            "relation": one.query.relation,
            "errors": one.errors,
            "found": any(hit.addendum_id == one.expected for hit in result.hits),
            "hits": len(result.hits),
            "too_broad": result.too_broad,
            "ms": round(wall * 1e3, 4),
        }
        for one, result, wall in zip(asked, results, watch.wall, strict=True)
    ]
    return Measured({**watch.metrics(name), **_recall(name, items)}, items)


def _recall(name: str, items: Sequence[Mapping[str, object]]) -> dict[str, float]:
    by_errors: dict[str, list[bool]] = defaultdict(list)
    for one in items:
        by_errors[f"{name}_recall"].append(bool(one["found"]))
        if one["errors"]:
            by_errors[f"{name}_recall_{one['errors']}_errors"].append(bool(one["found"]))
    return {key: float(np.mean(found)) for key, found in by_errors.items()}


def joined(parts: Iterable[Measured]) -> Measured:
    """Several measurements as one."""
    listed = list(parts)
    return Measured(
        {key: value for part in listed for key, value in part.metrics.items()},
        [item for part in listed for item in part.items],
    )
