"""The store of triples alone, without a ledger or a model: loading, and reading by exact and by misspelt names.

    python -m benchmarks.triples_names [--quick]

prints the metrics as JSON. Each function measures one thing and returns its metrics and its single results; the whole
is a part of :mod:`benchmarks.triples`. A read is one of :class:`addenda.memories.triples.TriplesMemory`: the names
looked up, triples fetched and filtered, results ranked.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np

from addenda.database import Database, open_database
from addenda.memories.base import Deliver, Window
from addenda.memories.triples import TriplesConfig, TriplesMemory
from addenda.memories.triples.calls import Query
from addenda.memories.triples.lexical import LexicalIndex
from addenda.memories.triples.names import intern, key_of
from addenda.memories.triples.rooms import PrivateRoom
from addenda.memories.triples.tables import ENTITY
from benchmarks.triples_knn import compared
from benchmarks.triples_measuring import (
    UNCACHED,
    Asked,
    Measured,
    batches,
    exact_queries,
    joined,
    load,
    misspelt_queries,
    size_of,
    timed,
)
from benchmarks.triples_world import World, deliveries, make_world

SEED = 20_260
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CJK = Path(__file__).parent / "data" / "cjk_names.jsonl"
FIRST = 5
_EARLIER = 10
"""Superseded triples for each live one, in the measurement with a history."""


def reads(database: Database, world: World, count: int, seed: int = SEED) -> Measured:
    """Fresh reads by exact and by misspelt names, now and as of moments in the past, and reads that were kept."""
    memory = TriplesMemory(database, UNCACHED)
    fresh, then = memory.contribute(at=None), memory.contribute(at=NOW - 100 * DAY)
    exact, wrong = exact_queries(world, count, seed), misspelt_queries(world, count, seed)
    backwards = [
        Asked(Query(None, relation, object_), f"{place + 1:016x}")
        for place in Random(f"backwards {seed}").sample(range(len(world.facts)), count // 2)
        for _, relation, object_ in [world.facts[place]]
    ]
    timed("warming", fresh, exact[: count // 10])
    parts = [
        timed("read_exact", fresh, exact),
        timed("read_misspelt", fresh, wrong),
        timed("read_exact_by_object", fresh, backwards),
        timed("read_exact_as_of", then, exact[: count // 2]),
        timed("read_misspelt_as_of", then, wrong[: count // 2]),
    ]
    kept = TriplesMemory(database, TriplesConfig(cached_reads=2 * count)).contribute(at=None)
    for some in (exact, wrong):
        timed("warming", kept, some)
    parts.append(timed("read_cached", kept, [*exact, *wrong]))
    return joined(parts)


def history_reads(world: World, live: int, directory: Path, seed: int = SEED) -> Measured:
    """Reads of live triples before and after each got many superseded ones beside it, as a slower tier would hold.

    Where both take as long, such a tier would not make reading quicker: the triples' indexes end with the end of the
    window, so that closed ones are passed over unread. It would only move ``bytes_per_superseded_triple``.
    """
    facts = World(world.names, world.facts[:live])
    asked = exact_queries(facts, min(4_000, live // 4), seed)
    wrong = misspelt_queries(facts, min(2_000, live // 8), seed)
    database = open_database(directory / "history.sqlite3", create=True)
    memory = TriplesMemory(database, UNCACHED, clock=lambda: NOW)
    now = [Deliver(one.addendum_id, one.artefact, one.sequence, Window(NOW)) for one in deliveries(facts, 0, live)]
    memory.apply(now, 1)
    parts: list[Measured] = []
    sizes: list[int] = []
    for name in ("without_history", "with_history"):
        if name == "with_history":
            for age in range(1, _EARLIER + 1):
                memory.apply(superseded(facts, age, seed), age + 1)
        sizes.append(size_of(database))
        reader = memory.contribute(at=None)
        timed("warming", reader, asked[: len(asked) // 10])
        parts += [timed(f"read_exact_{name}", reader, asked), timed(f"read_misspelt_{name}", reader, wrong)]
    parts.append(timed("read_then_with_history", memory.contribute(at=NOW - (_EARLIER - 0.5) * DAY), asked))
    database.close()
    joint = joined(parts)
    spent = (sizes[1] - sizes[0]) / (_EARLIER * live)
    sized = {
        "read_ms_without_history": joint.metrics["read_exact_without_history_ms_p50"],
        "read_ms_with_history": joint.metrics["read_exact_with_history_ms_p50"],
        "bytes_per_live_triple": sizes[0] / live,
        "bytes_per_superseded_triple": spent,
    }
    # A moment in the past has the value of then, never the one that is live now.
    was = {"live_read_in_the_past": joint.metrics["read_then_with_history_recall"]}
    kept = {key: value for key, value in joint.metrics.items() if key != "read_then_with_history_recall"}
    return Measured({**kept, **sized, **was}, joint.items)


def superseded(facts: World, age: int, seed: int) -> list[Deliver]:
    """For each fact, one about the same subject and relation that held for a day, so many days ago."""
    random = Random(f"superseded {seed} {age}")
    window = Window(NOW - age * DAY, NOW - (age - 1) * DAY)
    objects = [object_ for _, _, object_ in facts.facts]  # no names that are new, which would slow near names down
    earlier = tuple((subject, relation, random.choice(objects)) for subject, relation, _ in facts.facts)
    shift = age * len(facts.facts)
    return [
        Deliver(f"{shift + number:016x}", change.artefact, shift + number, window)
        for number, change in enumerate(deliveries(World(facts.names, earlier), 0, len(earlier)), 1)
    ]


def cjk_recall(path: Path = CJK) -> Measured:
    """How often the name meant is among the first five that the lexical index gives for a query of the golden set."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = {row["id"]: row["name"] for row in rows if row["type"] == "name"}
    spelled = {key_of(name): name for name in names.values()}
    index, room = LexicalIndex(), PrivateRoom()
    with room.write() as connection:
        intern(connection, ENTITY, names.values(), index)
    found: dict[str, list[bool]] = defaultdict(list)
    items: list[dict[str, object]] = []
    with room.read() as connection:
        for row in (one for one in rows if one["type"] == "query"):
            near = index.similar(connection, ENTITY, row["query"], TriplesConfig().entity_threshold)
            best = sorted(near, key=lambda one: (-one.similarity, spelled[one.key]))[:FIRST]
            hit = key_of(names[row["expected"]]) in {one.key for one in best}
            for group in ("", f"_{row['kind']}", f"_{row['language']}"):
                found[f"cjk_recall_at_5{group}"].append(hit)
            items.append({"part": "cjk", "expected": row["expected"], "kind": row["kind"], "found": hit})
    return Measured({group: float(np.mean(hits)) for group, hits in found.items()}, items)


def run(world: World, directory: Path, *, count: int, live: int, embedded: int, seed: int = SEED) -> Measured:
    """Everything, with files in a directory.

    Args:
        count: Queries of each kind.
        live: Live triples in the measurement with a history.
        embedded: Names in the comparison of indexes of embeddings.
    """
    database = open_database(directory / "triples.sqlite3", create=True)
    parts = [load(database, batches(world)), reads(database, world, count, seed)]
    database.close()
    parts += [cjk_recall(), history_reads(world, live, directory, seed), compared(embedded, directory, count, seed)]
    return joined(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small world, to see that it runs")
    quick = parser.parse_args(arguments).quick
    names, facts = (6_000, 20_000) if quick else (300_000, 1_000_000)
    with tempfile.TemporaryDirectory() as directory:
        measured = run(
            make_world(names, facts, SEED),
            Path(directory),
            count=200 if quick else 4_000,
            live=2_000 if quick else 100_000,
            embedded=2_000 if quick else 30_000,
        )
    print(json.dumps(dict(measured.metrics), indent=2))


if __name__ == "__main__":
    main()
