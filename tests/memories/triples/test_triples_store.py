"""What the memory holds: all of a change or nothing, the same for every process, and nothing left of what is erased."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from triple_tools import DAY, NOW, artefact, deliver, ident

from addenda.database import METADATA, SCHEMA, Database, open_database
from addenda.errors import Conflict, InvalidInput, ModelMismatch, UnknownId
from addenda.memories.base import Change, Deliver, Holding, Origin, Task, Window, Withdraw
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.syntax import Query
from addenda.memories.triples.tables import BOUNDARIES, STATE, TABLES, TRIPLES
from addenda.types import Fact

FIRST = {"alembic_version", "events", "contents", "answers"}
"""Tables of the first schema."""
CONTENT = [table for table in TABLES if table not in {STATE, BOUNDARIES}]


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.read() as connection:
        return {table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in TABLES}


def test_an_artefact_is_the_same_for_the_same_fact_and_changes_with_its_origin() -> None:
    fact = Fact(subject="Norda 12", relation="noise level", object="43 dB")
    memory = TriplesMemory.private()
    tasks = [Task(ident(n), ("?",), "43 dB", fact=fact, origin=Origin("a.csv", who, "normal")) for n, who in
             enumerate(["ann", "ann", "bob"])]  # fmt: skip
    one, same, other = memory.prepare(tasks).values()
    assert one == same != other
    assert b'"subject":"Norda 12"' in one


@pytest.mark.parametrize("missing", ["fact", "origin"])
def test_what_is_no_fact_with_an_origin_is_not_prepared(missing: str) -> None:
    parts = {"fact": Fact(subject="a", relation="b", object="c"), "origin": Origin("a.csv", "ann", "normal")}
    parts[missing] = None  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match=f"without its {missing}"):
        TriplesMemory.private().prepare([Task(ident(1), ("?",), "c", **parts)])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [" ", "\u3000", "a\x00b"])
def test_names_that_cannot_be_stored_are_refused(name: str) -> None:
    task = Task(
        ident(1), ("?",), "c", fact=Fact(subject=name, relation="b", object="c"), origin=Origin("a", "b", "low")
    )
    with pytest.raises(InvalidInput, match="cannot be part of a triple"):
        TriplesMemory.private().prepare([task])


@pytest.mark.parametrize(
    "bad",
    [
        artefact("a", "b", "c") + b" ",
        artefact("a", "b", "c").replace(b'"normal"', b'"boundless"'),
        artefact("a", "b", "c").replace(b'"trust"', b'"author":"ann","trust"'),
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_only_canonical_bytes_are_an_artefact(bad: bytes) -> None:
    memory = TriplesMemory.private()
    with pytest.raises(ModelMismatch, match="no triple in canonical JSON"):
        memory.apply([Deliver(ident(1), bad, 1)], 1)


SPELLED = st.text('ab"\\\\, :{}\n\u3000\x7fé는', min_size=1, max_size=4)


@settings(deadline=None, max_examples=50)
@given(names=st.tuples(SPELLED, SPELLED, SPELLED), source=SPELLED, cut=st.integers(0, 80), put=SPELLED)
def test_an_artefact_is_held_as_it_says_or_refused(
    names: tuple[str, str, str], source: str, cut: int, put: str
) -> None:
    subject, relation, object_ = names
    triple = Triple(subject=subject, relation=relation, object=object_, source=source, author="ann", trust="normal")
    whole = json.dumps(triple.model_dump(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    for text in (whole, whole[:cut] + put + whole[cut:]):
        memory = TriplesMemory.private()
        try:
            wanted = Triple.from_bytes(text.encode(), ident(1))
        except (InvalidInput, ModelMismatch) as error:
            with pytest.raises(type(error)):
                memory.apply([Deliver(ident(1), text.encode(), 1)], 1)
            continue
        memory.apply([Deliver(ident(1), text.encode(), 1)], 1)
        (hit,) = memory.contribute(at=None).read(Query(wanted.subject, wanted.relation, None)).hits
        assert (hit.subject, hit.relation, hit.object) == (wanted.subject, wanted.relation, wanted.object)
        assert hit.origin == Origin(wanted.source, wanted.author, wanted.trust)


def test_nothing_is_left_of_what_is_withdrawn(memory: TriplesMemory, database: Database, tmp_path: Path) -> None:
    secret = [
        deliver(n, f"Zweckform {n} Überraschung", "Geheimnis", "xylophon", source="quelle.csv") for n in range(40)
    ]
    kept = deliver(99, "Norda 12", "noise level", "43 dB")
    memory.apply([kept], 1)
    before = rows(database)
    memory.apply(
        [*secret, Deliver(ident(77), artefact("Pst", "Geheimnis", "x"), 77, Window(audience=("Eingeweihte",)))], 2
    )
    memory.apply([Withdraw(change.addendum_id) for change in secret] + [Withdraw(ident(77))], 3)
    after = rows(database)
    assert {name: after[name] for name in after if name != "triple_state"} == {
        name: before[name] for name in before if name != "triple_state"
    }
    assert database.scrub()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for trace in ("Zweckform", "zweckform", "Überraschung", "Geheimnis", "xylophon", "quelle", "Eingeweihte"):
        assert trace.encode() not in data
    assert b"Norda 12" in data


def test_a_name_that_another_triple_uses_stays(memory: TriplesMemory, database: Database) -> None:
    memory.apply([deliver(1, "Norda", "part", "Pump"), deliver(2, "Pump", "made by", "Norda")], 1)
    memory.apply([Withdraw(ident(1))], 2)
    alone = TriplesMemory.private()
    alone.apply([deliver(2, "Pump", "made by", "Norda")], 2)
    assert memory.digest() == alone.digest()
    assert {row[3] for row in rows(database)["triple_names"]} == {"Pump", "made by", "Norda"}


@pytest.mark.parametrize(
    "changes",
    [
        [deliver(2, "a", "b", "c"), Withdraw(ident(9))],
        [Withdraw(ident(1)), Withdraw(ident(1))],
        [deliver(2, "a", "b", "c"), Withdraw(ident(2)), Withdraw(ident(2))],
    ],
)
def test_a_change_with_a_refused_part_changes_no_row(
    memory: TriplesMemory, database: Database, changes: Sequence[Change]
) -> None:
    memory.apply([deliver(1, "Norda", "part", "Pump")], 1)
    before = rows(database)
    with pytest.raises(UnknownId, match="nothing was changed"):
        memory.apply(changes, 2)
    assert rows(database) == before


def test_an_error_in_the_database_undoes_the_whole_change(memory: TriplesMemory, database: Database) -> None:
    memory.apply([deliver(1, "Norda", "part", "Pump")], 1)
    before = rows(database)
    with database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON triple_state BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    with pytest.raises(sa.exc.IntegrityError, match="no more"):
        memory.apply([deliver(2, "Kaldor", "part", "Valve"), Withdraw(ident(1))], 2)
    assert rows(database) == before


KILLED = """
import os, signal, sys
from addenda.database import open_database
from addenda.memories.base import Deliver
from addenda.memories.triples import TriplesMemory

class Killing:
    def __init__(self, transaction):
        self.transaction = transaction
    def __enter__(self):
        return self.transaction.__enter__()
    def __exit__(self, *error):
        os.kill(os.getpid(), signal.SIGKILL)

def deliver(n):
    text = f'{{"author":"a","object":"o","relation":"r","source":"s","subject":"s{n}","trust":"low"}}'
    return Deliver(f"{n:016x}", text.encode(), n)

database = open_database(sys.argv[1])
memory = TriplesMemory(database)
memory.apply([deliver(n) for n in range(50)], 1)
begin = database.write
database.write = lambda: Killing(begin())
memory.apply([deliver(n) for n in range(50, 100)], 2)
"""


def deliver_plain(n: int) -> Deliver:
    """As the killed process delivers."""
    text = f'{{"author":"a","object":"o","relation":"r","source":"s","subject":"s{n}","trust":"low"}}'
    return Deliver(ident(n), text.encode(), n)


def test_a_process_that_dies_before_it_commits_leaves_nothing_of_the_change(tmp_path: Path) -> None:
    path = tmp_path / "kb.sqlite3"
    open_database(path, create=True).close()
    assert subprocess.run([sys.executable, "-c", KILLED, path], check=False).returncode == -9
    database = open_database(path)
    memory = TriplesMemory(database)
    whole = TriplesMemory.private()
    whole.apply([deliver_plain(n) for n in range(50)], 1)
    assert (memory.position, memory.digest()) == (1, whole.digest())
    memory.apply([deliver_plain(n) for n in range(50, 100)], 2)
    whole.apply([deliver_plain(n) for n in range(50, 100)], 2)
    assert memory.digest() == whole.digest()
    database.close()


def test_two_processes_share_one_memory(database: Database, tmp_path: Path) -> None:
    one, other_database = TriplesMemory(database), open_database(tmp_path / "kb.sqlite3")
    other = TriplesMemory(other_database)
    one.apply([deliver(1, "Norda", "part", "Pump")], 5)
    assert (other.position, other.digest(), other.holdings()) == (5, one.digest(), one.holdings())
    other.apply([Withdraw(ident(1)), deliver(2, "Kaldor", "part", "Valve")], 7)
    assert (one.position, list(one.holdings())) == (7, [ident(2)])
    with pytest.raises(Conflict, match="at position 7"):
        one.apply([deliver(1, "Norda", "part", "Pump")], 6)
    one.apply([], 7)
    assert list(other.holdings()) == [ident(2)]
    other_database.close()


def test_the_digest_covers_what_the_tables_say(memory: TriplesMemory, database: Database) -> None:
    memory.apply([deliver(1, "Norda", "part", "Pump")], 1)
    before = memory.digest()
    for column, value in (("trust", "high"), ("ends", 5), ("audience", '["staff"]'), ("source", "b.csv")):
        with database.write() as connection:
            connection.execute(TRIPLES.update().values({column: value}))
        assert memory.digest() != before
        before = memory.digest()


def test_holdings_say_what_was_delivered(memory: TriplesMemory) -> None:
    window = Window(NOW - DAY, NOW + DAY, ("staff", "partners"))
    receipts = memory.apply([deliver(2, "a", "b", "c", window), deliver(1, "d", "b", "c")], 3)
    assert memory.holdings() == {
        ident(1): Holding(receipts[1].digest, 1, Window()),
        ident(2): Holding(receipts[0].digest, 2, window),
    }
    assert list(memory.holdings()) == [ident(1), ident(2)]


def test_the_order_of_delivery_does_not_matter_within_one_place() -> None:
    changes = [Deliver(ident(n), artefact("Norda", "part", f"Part {n}"), 7) for n in range(5)]
    one, other = TriplesMemory.private(), TriplesMemory.private()
    one.apply(changes, 1)
    other.apply(changes[::-1], 1)
    assert one.digest() == other.digest()
    assert list(one.holdings()) == list(other.holdings()) == [ident(n) for n in range(5)]


FACTS = st.tuples(st.sampled_from(["Norda", "norda"]), st.just("part"), st.sampled_from(["Pump", "Norda"]))
WINDOWS = st.builds(
    Window,
    st.sampled_from([None, NOW - DAY, NOW]),
    st.sampled_from([None, NOW + DAY]),
    st.sampled_from([("everyone",), ("staff",), ("staff", "everyone"), ()]),
)
DELIVERIES = st.builds(lambda n, fact, window: deliver(n, *fact, window), st.integers(0, 3), FACTS, WINDOWS)
WITHDRAWALS = st.integers(0, 3).map(lambda n: Withdraw(ident(n)))
BATCHES = st.lists(st.lists(DELIVERIES | DELIVERIES | WITHDRAWALS, max_size=3), max_size=9)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_replaying_what_remains_gives_the_same_memory(batches: list[list[Change]]) -> None:
    memory = TriplesMemory.private()
    held: dict[str, Deliver] = {}
    for position, batch in enumerate(batches, 1):
        after = dict(held)
        try:
            for change in batch:
                if isinstance(change, Deliver):
                    after[change.addendum_id] = change
                else:
                    del after[change.addendum_id]
        except KeyError:
            with pytest.raises(UnknownId):
                memory.apply(batch, position)
            continue
        memory.apply(batch, position)
        held = after
    rebuilt = TriplesMemory.private()
    rebuilt.apply(sorted(held.values(), key=lambda change: change.sequence), len(batches))
    assert memory.holdings() == rebuilt.holdings()
    assert memory.digest() == rebuilt.digest()
    assert {i: holding.window for i, holding in memory.holdings().items()} == {i: c.window for i, c in held.items()}


def test_the_migration_makes_the_tables_that_are_declared(database: Database) -> None:
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert [change for change in found if change[0] not in {"remove_table", "remove_index"}] == []
    assert {table.name for table in TABLES} <= set(METADATA.tables)


def test_a_knowledge_base_of_the_first_schema_gets_the_tables(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        for name in set(sa.inspect(connection).get_table_names()) - FIRST:
            connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        connection.exec_driver_sql("INSERT INTO answers (id, asked_at, question, body) VALUES ('a', '', '', '')")
    database.close()
    opened = open_database(tmp_path / "kb.sqlite3")
    with opened.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == SCHEMA
        assert connection.exec_driver_sql("SELECT id FROM answers").scalar_one() == "a"
    memory = TriplesMemory(opened)
    memory.apply([deliver(1, "Norda", "part", "Pump")], 1)
    assert list(memory.holdings()) == [ident(1)]
    opened.close()


def test_a_window_without_a_time_zone_is_refused(memory: TriplesMemory) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        memory.apply([deliver(1, "a", "b", "c", Window(start=NOW.replace(tzinfo=None)))], 1)
    with pytest.raises(InvalidInput, match="no time zone"):
        memory.contribute(at=NOW.replace(tzinfo=None))
