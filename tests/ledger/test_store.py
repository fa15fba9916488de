"""The ledger in a database: one writer, nothing torn, nothing lost that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from addenda.database import Database, open_database
from addenda.errors import Conflict, LedgerBroken, StorageUnavailable, UnreadableFile
from addenda.ledger import Disabled, Draft, Erased, Ledger, Rejected, fold
from addenda.ledger.chain import link
from addenda.ledger.rows import insert_events
from tests.ledger.desk import ANN, ED, MIA, START, Clock, Desk, addendum, created, fact

embedded = pytest.mark.skipif("ADDENDA_TEST_POSTGRES" in os.environ, reason="about the embedded database")


def test_replay_gives_the_live_state(desk: Desk) -> None:
    (one,) = desk.live()
    desk.clock.forward()
    (two,) = desk.live(addendum(fact(1, "43 dB")), supersedes=[one])
    desk.append(ANN, Disabled(ids=(two,)))
    desk.append(MIA, Erased(ids=(two,)))
    live = desk.ledger.state()
    assert fold(desk.ledger.events()) == live
    assert Ledger(desk.database).state() == live
    for position in range(1, live.position + 1):
        assert fold(desk.ledger.events(after=position), desk.ledger.state_at(position)) == live


def test_events_are_read_in_slices(desk: Desk) -> None:
    desk.live()
    events = desk.ledger.events()
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert desk.ledger.events(after=3, until=5) == events[3:5]
    assert desk.ledger.events(after=len(events)) == ()


def test_another_ledger_object_sees_what_was_committed(desk: Desk) -> None:
    other = Ledger(desk.database)
    assert other.state() == desk.ledger.state()
    (one,) = desk.propose()
    assert other.state().record(one).stage == "proposed"
    assert other.head() == desk.ledger.head()


def test_an_error_in_the_block_takes_everything_back(desk: Desk) -> None:
    head = desk.ledger.head()
    with pytest.raises(ZeroDivisionError), desk.ledger.writing() as session:
        session.propose(ED, [Draft(addendum())])
        assert session.state.position > 0
        raise ZeroDivisionError
    assert desk.ledger.head() == head
    assert desk.ledger.addenda() == {}
    desk.propose()


def test_an_open_session_is_not_visible_to_readers(desk: Desk) -> None:
    head = desk.ledger.head()
    with desk.ledger.writing() as session:
        session.propose(ED, [Draft(addendum())])
        assert desk.ledger.head() == head
    assert desk.ledger.head() != head


def test_sessions_do_not_nest(desk: Desk) -> None:
    with pytest.raises(RuntimeError, match="session at hand"), desk.ledger.writing(), desk.ledger.writing():
        pass
    desk.propose()


def test_time_never_runs_backwards_in_the_chain(desk: Desk) -> None:
    desk.clock.now = START + timedelta(days=5)
    desk.propose()
    desk.clock.now = START - timedelta(days=5)
    (one,) = desk.propose()
    assert desk.record(one).proposed_at == START + timedelta(days=5)
    assert desk.ledger.verify().ok


def test_threads_append_one_after_another(desk: Desk) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for n in range(5):
                desk.propose(addendum(fact(worker * 100 + n)))
                desk.ledger.state()
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(desk.ledger.state().records) == 20
    assert desk.ledger.verify().ok


def test_the_chain_cannot_fork(desk: Desk) -> None:
    (one,) = desk.propose()
    head = desk.ledger.head()
    forked = link(head, START, ANN, "", Rejected(ids=(one,)))
    with pytest.raises(Conflict, match="moved in the meantime"), desk.ledger.writing() as session:
        insert_events(session._connection, [forked])
        session.append(ANN, [Rejected(ids=(one,))])
    assert desk.ledger.head() == head
    with desk.database.write() as connection:
        insert_events(connection, [forked])
    second = link(head, START, MIA, "", Erased(ids=(one,)))
    beside = second.model_copy(update={"position": second.position + 1})
    for fork in (second, beside):
        with pytest.raises(sa.exc.IntegrityError), desk.database.write() as connection:
            insert_events(connection, [fork])


def test_a_ledger_of_a_newer_format_is_refused(database: Database) -> None:
    Ledger(database).begin(created().model_copy(update={"format": 99}))
    with pytest.raises(UnreadableFile, match="newer version"):
        Ledger(database).state()


def test_a_thousand_proposals_are_one_event(desk: Desk) -> None:
    before = desk.ledger.state().position
    ids = desk.live(*(addendum(fact(n)) for n in range(1000)))
    state = desk.ledger.state()
    assert state.position == before + 5
    assert [record.id for record in state.live(START)] == ids
    assert len(desk.ledger.addenda(ids)) == 1000
    assert desk.ledger.verify().ok


def test_another_database_in_its_place_is_noticed(desk: Desk) -> None:
    desk.propose()
    with desk.database.write() as connection:
        connection.execute(sa.text("DELETE FROM events"))
    Ledger(desk.database, Clock()).begin(created("eve"))
    with pytest.raises(LedgerBroken, match="replaced while in use"):
        desk.ledger.state()


# -- other processes ---------------------------------------------------------------------------------------------------

WRITER = """
import sys
from addenda.database import open_database
from addenda.ledger import Actor, Draft, Ledger
from addenda.types import Addendum, Fact
ledger = Ledger(open_database(sys.argv[1]))
batch = int(sys.argv[3])
for n in range(int(sys.argv[2])):
    made = [
        Addendum(content=Fact(subject=f"{n} {m}", relation="r", object="x" * 200), source="s", author="ed")
        for m in range(batch)
    ]
    with ledger.writing() as session:
        session.propose(Actor(kind="person", name="ed"), [Draft(one) for one in made])
    print(" ".join(one.id for one in made), flush=True)
"""


def writer(path: Path, rounds: int, batch: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(rounds), str(batch)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(output: str, batch: int) -> set[str]:
    lines = [line.split() for line in output.split("\n")]
    return {i for line in lines if len(line) == batch and all(len(i) == 16 for i in line) for i in line}


def check_whole(path: Path, ids: set[str], batch: int) -> None:
    """Everything acknowledged is there, batches are whole, the chain verifies."""
    database = open_database(path)
    ledger = Ledger(database)
    assert ledger.verify().ok
    state = ledger.state()
    assert ids <= set(state.records)
    assert len(state.records) % batch == 0
    assert set(ledger.addenda()) == set(state.records)
    database.close()


@embedded
def test_two_processes_append_to_one_chain(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    writers = [writer(path, 15, 3) for _ in range(2)]
    outputs = [process.communicate()[0] for process in writers]
    assert [process.returncode for process in writers] == [0, 0]
    ids = [acknowledged(output, 3) for output in outputs]
    assert [len(one) for one in ids] == [45, 45]
    check_whole(path, ids[0] | ids[1], 3)
    assert set(desk.ledger.state().records) == ids[0] | ids[1]


def kill_at_a_random_moment(path: Path, seed: int) -> set[str]:
    process = writer(path, 100_000, 5)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    return acknowledged(first + process.communicate()[0], 5)


@embedded
def test_a_killed_process_loses_nothing_acknowledged(desk: Desk, tmp_path: Path) -> None:
    ids = kill_at_a_random_moment(tmp_path / "ledger.db", 0)
    assert ids
    check_whole(tmp_path / "ledger.db", ids, 5)


@embedded
@pytest.mark.loop
def test_processes_killed_at_random_moments_while_another_writes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ids: set[str] = set()
    for seed in range(25):
        other = writer(path, 20, 5)
        ids |= kill_at_a_random_moment(path, seed)
        ids |= acknowledged(other.communicate()[0], 5)
        assert other.returncode == 0
        check_whole(path, ids, 5)
    assert desk.ledger.state().position > 100


@embedded
@pytest.mark.loop
def test_many_writers_in_a_loop(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ids: set[str] = set()
    for _ in range(5):
        writers = [writer(path, 20, 2) for _ in range(4)]
        ids |= set().union(*(acknowledged(process.communicate()[0], 2) for process in writers))
        assert [process.returncode for process in writers] == [0] * 4
    check_whole(path, ids, 2)
    assert set(desk.ledger.state().records) == ids


@embedded
def test_a_full_disk_acknowledges_nothing_and_loses_nothing(desk: Desk) -> None:
    desk.database.close()

    @sa.event.listens_for(desk.database.engine, "connect")
    def limit(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 60")  # type: ignore[attr-defined]

    kept: list[str] = []
    with pytest.raises(StorageUnavailable, match="disk is full"):
        for n in range(1000):
            kept += desk.propose(addendum(fact(n, "x" * 4000)))
    assert kept
    assert list(desk.ledger.state().records) == kept
    assert desk.ledger.verify().ok
    assert Ledger(desk.database).state() == desk.ledger.state()


@embedded
def test_a_writer_that_waits_too_long_says_so(desk: Desk) -> None:
    desk.database.close()

    @sa.event.listens_for(desk.database.engine, "connect")
    def impatient(connection: object, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[attr-defined]

    with desk.database.write(), pytest.raises(StorageUnavailable, match="another process has been writing"):
        desk.propose()
    desk.propose()


@embedded
def test_erased_content_is_not_left_in_the_file(desk: Desk, tmp_path: Path) -> None:
    secret = "a very particular secret value"
    (one,) = desk.propose(addendum(fact(1, secret)))
    assert any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())
    desk.append(MIA, Erased(ids=(one,)))
    left = [path.name for path in tmp_path.iterdir() if secret.encode() in path.read_bytes()]
    assert left == []
