"""The database: durable, one writer, one migration history, and plain words when something is wrong."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import addenda.knowledge_base.answers
import addenda.ledger.tables  # noqa: F401 - declares the ledger's tables on the schema
from addenda.database import METADATA, SCHEMA, Database, open_database
from addenda.errors import AddendaError, InvalidInput, LedgerBroken, StorageUnavailable, UnreadableFile
from addenda.migrations import configuration

ADD = sa.text("INSERT INTO answers (id, asked_at, question, body) VALUES (:id, '', '', '')")
COUNT = sa.text("SELECT count(*) FROM answers")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "kb" / "ledger.db", create=True)
    yield opened
    opened.close()


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(ADD, {"id": name})


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(COUNT).scalar_one()


def pragma(database: Database, name: str) -> object:
    with database.read() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_it_is_durable_and_checks_keys(database: Database) -> None:
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "synchronous") == 2
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "busy_timeout") == 30_000


def test_what_was_committed_is_there_when_opened_again(database: Database, tmp_path: Path) -> None:
    add(database, "a")
    database.close()
    again = open_database(tmp_path / "kb" / "ledger.db")
    assert count(again) == 1
    again.close()


def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(ValueError, match="stop"), database.write() as connection:
        connection.execute(ADD, {"id": "a"})
        raise ValueError("stop")
    assert count(database) == 0


def test_a_reader_sees_one_snapshot_while_another_writes(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute(COUNT).scalar_one()
        add(database, "a")
        assert connection.execute(COUNT).scalar_one() == before
    assert count(database) == 1


def test_garbage_collection_goes_on_after_a_transaction(database: Database) -> None:
    with database.write():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), database.write():
        raise ZeroDivisionError
    assert gc.isenabled()
    gc.disable()
    try:
        with database.write():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_writers_take_turns(database: Database) -> None:
    def write(worker: int) -> None:
        for _ in range(20):
            with database.write() as connection:
                seen = connection.execute(COUNT).scalar_one()
                connection.execute(ADD, {"id": f"{seen}"})  # collides when two writers saw the same

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 80


def test_the_migrations_make_the_tables_that_the_units_declare(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, METADATA)
    declared_elsewhere = {"remove_table", "remove_index"}
    assert [change for change in found if change[0] not in declared_elsewhere] == []


def test_the_history_has_one_end_and_the_software_expects_it() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [SCHEMA]


def test_what_is_not_there_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="create the knowledge base first"):
        open_database(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()


def test_an_empty_file_is_no_knowledge_base(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(UnreadableFile, match="holds no knowledge base"):
        open_database(tmp_path / "empty.db")


@pytest.mark.parametrize("content", [b"PK\x03\x04 a spreadsheet", b"hello" * 1000])
def test_another_kind_of_file_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.db"
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(UnreadableFile, match="another kind of file"):
            open_database(path, create=create)
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        open_database(tmp_path)


def test_a_damaged_file_is_named(database: Database, tmp_path: Path) -> None:
    for n in range(200):
        add(database, f"{n}" * 50)
    database.close()
    path = tmp_path / "kb" / "ledger.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises((LedgerBroken, UnreadableFile), match="damaged"):
        count(open_database(path))


def test_a_newer_schema_is_refused(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(UnreadableFile, match="newer version"):
        open_database(tmp_path / "kb" / "ledger.db", create=True)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u@h/d", "nonsense://", "a b://c"])
def test_urls_that_cannot_serve_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        open_database(url, create=True)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(AddendaError) as caught:
        open_database("postgresql+psycopg://me:secret@localhost:1/none?connect_timeout=1")
    assert "secret" not in str(caught.value)


def test_a_sqlite_url_is_a_path(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)
    add(database, "a")
    assert count(database) == 1
    database.close()


def test_a_full_disk_is_reported_and_loses_nothing(database: Database) -> None:
    add(database, "kept")
    database.close()

    @sa.event.listens_for(database.engine, "connect")
    def limit(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 30")  # type: ignore[attr-defined]

    written = 0
    with pytest.raises(StorageUnavailable, match="disk is full"):
        for n in range(1000):
            add(database, f"{n}" * 2000)
            written += 1
    assert count(database) == written + 1


FILE_LIMIT = """
import resource, signal, sys
import sqlalchemy as sa
from addenda.database import open_database
from addenda.errors import StorageUnavailable
database = open_database(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
add = sa.text("INSERT INTO answers (id, asked_at, question, body) VALUES (:id, '', '', :body)")
try:
    for n in range(1000):
        with database.write() as connection:
            connection.execute(add, {"id": str(n), "body": "x" * 20_000})
        print(n, flush=True)
except StorageUnavailable as error:
    print("refused:", error)
"""


def test_a_write_that_the_system_refuses_is_not_acknowledged(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "kb" / "ledger.db"
    done = subprocess.run([sys.executable, "-c", FILE_LIMIT, path], capture_output=True, text=True, check=True)
    *acknowledged, last = done.stdout.splitlines()
    assert last.startswith("refused: cannot use")
    assert count(database) == len(acknowledged)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders")
def test_a_read_only_folder_is_reported(database: Database, tmp_path: Path) -> None:
    database.close()
    folder = tmp_path / "kb"
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        with pytest.raises(StorageUnavailable):
            add(database, "a")
    finally:
        folder.chmod(0o755)


def test_a_path_below_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="check the folder"):
        open_database(tmp_path / "file" / "ledger.db", create=True)


def _open_and_add(path: str, name: str) -> None:
    database = open_database(path, create=True)
    add(database, name)
    database.close()


def test_processes_can_create_it_at_the_same_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = str(tmp_path / "new" / "ledger.db")
    processes = [context.Process(target=_open_and_add, args=(path, f"{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 3
    database = open_database(path)
    assert count(database) == 3
    database.close()


CLOSES_LAST = """
import sys
import sqlalchemy as sa
from addenda.database import open_database
database = open_database(sys.argv[1])
with database.write() as connection:
    connection.execute(sa.text("INSERT INTO answers (id, asked_at, question, body) VALUES ('other', '', '', '')"))
database.close()
"""


def test_opening_twice_in_one_process_keeps_the_locks(database: Database, tmp_path: Path) -> None:
    # POSIX: a process that opens and closes the file by other means than SQLite loses its locks on it, and the next
    # process to close takes the log away under its feet. What is written then is lost.
    path = tmp_path / "kb" / "ledger.db"
    add(database, "ours")
    open_database(path).close()
    subprocess.run([sys.executable, "-c", CLOSES_LAST, path], check=True)
    assert path.with_name("ledger.db-wal").exists()
    add(database, "later")
    assert count(database) == 3
    database.close()
    again = open_database(path)
    assert count(again) == 3
    again.close()


@pytest.fixture
def postgres() -> Iterator[Database]:
    url = os.environ.get("ADDENDA_TEST_POSTGRES")
    if not url:
        pytest.skip("ADDENDA_TEST_POSTGRES names no PostgreSQL server")
    database = open_database(url, create=True)
    with database.write() as connection:
        connection.execute(sa.text("TRUNCATE answers"))
    yield database
    database.close()


def test_postgres_takes_turns_and_shows_snapshots(postgres: Database) -> None:
    test_writers_take_turns(postgres)
    with postgres.read() as connection:
        before = connection.execute(COUNT).scalar_one()
        add(postgres, "late")
        assert connection.execute(COUNT).scalar_one() == before
    test_the_migrations_make_the_tables_that_the_units_declare(postgres)
