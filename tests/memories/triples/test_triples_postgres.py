"""The same memory on PostgreSQL, where a server for tests is named."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from triple_tools import DAY, NOW, deliver, ident

from addenda.database import Database, open_database
from addenda.errors import UnknownId
from addenda.memories.base import Deliver, Window, Withdraw
from addenda.memories.triples import ALIAS_RELATION, TriplesConfig, TriplesMemory
from addenda.memories.triples.syntax import Query
from addenda.memories.triples.tables import BOUNDARIES, STATE, TABLES

CHANGES = [
    deliver(1, "Norda 12", "noise level", "43 dB", Window(NOW - 3 * DAY, NOW - DAY)),
    deliver(2, "Norda 12", "noise level", "41 dB", Window(NOW - DAY)),
    deliver(3, "ノルダ工場", "場所", "大阪"),
    deliver(4, "Norda 12", ALIAS_RELATION, "Silent One"),
    deliver(5, "Norda 13", "noise level", "44 dB", Window(audience=("staff", "Büro"))),
    *(deliver(n, f"Model {n} Kettle", "made in", "Japan") for n in range(10, 330)),
    deliver(400, "Norda 14", "remark", "工場" * 17_000),
]
QUERIES = [
    Query("norda 12", "Noise Level", None),
    Query("Nrda 12", "noise levels", None),
    Query("silent one", "noise level", None),
    Query("のるだ工場の", "場所は", None),
    Query("Norda 13", "noise level", None),
    Query(None, "made in", "Japan"),
    Query("Model 77 Ketle", "made in", None),
    Query("Norda 14", "remark", None),
]


@pytest.fixture
def database() -> Iterator[Database]:
    url = os.environ.get("ADDENDA_TEST_POSTGRES")
    if not url:
        pytest.skip("ADDENDA_TEST_POSTGRES names no PostgreSQL server")
    opened = open_database(url, create=True)
    with opened.write() as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
    yield opened
    opened.close()


def test_it_holds_and_reads_as_on_sqlite(database: Database) -> None:
    memory = TriplesMemory(database, TriplesConfig(cached_reads=0), clock=lambda: NOW)
    plain = TriplesMemory.private(clock=lambda: NOW)
    for changes, position in ((CHANGES[:200], 1), (CHANGES[200:], 2), ([Withdraw(ident(77))], 3)):
        assert memory.apply(changes, position) == plain.apply(changes, position)
    assert (memory.position, memory.holdings(), memory.digest()) == (3, plain.holdings(), plain.digest())
    for at in (None, NOW - 2 * DAY):
        for audience in ("everyone", "Büro"):
            for without in (frozenset[str](), frozenset({ident(2), ident(3)})):
                readers = [one.contribute(at=at, audience=audience, without=without) for one in (memory, plain)]
                for query in QUERIES:
                    one, other = (reader.read(query) for reader in readers)
                    assert one == other
    assert memory.contribute(at=None).read(QUERIES[5]).too_broad == 319


def test_nothing_is_changed_by_halves_and_nothing_is_left(database: Database) -> None:
    memory = TriplesMemory(database)
    memory.apply(CHANGES, 1)
    before = memory.digest()
    with pytest.raises(UnknownId):
        memory.apply([deliver(900, "a", "b", "c"), Withdraw("nobody")], 2)
    assert memory.digest() == before
    moved = Deliver(ident(2), CHANGES[1].artefact, 2, Window(end=NOW, audience=("staff",)))
    memory.apply([moved], 2)
    assert memory.holdings()[ident(2)].window == moved.window
    staged = memory.staged([Withdraw(ident(3)), deliver(901, "Kaldor", "part", "Pump")])
    assert staged.contribute(at=None).read(Query("Kaldro", "part", None)).names == ("Pump",)
    memory.apply([Withdraw(change.addendum_id) for change in CHANGES], 3)
    with database.read() as connection:
        left = {table.name: connection.execute(sa.select(table)).all() for table in TABLES}
    assert not any(rows for name, rows in left.items() if name not in {STATE.name, BOUNDARIES.name})
