"""The database: one engine, one writer at a time, one migration history.

Embedded, it is SQLite in WAL mode with ``synchronous=FULL``: what was committed survives a killed process and a power
cut. :meth:`Database.write` is the only way to write. It takes the write lock at its start (``BEGIN IMMEDIATE``; on
PostgreSQL an advisory lock), so that what it reads cannot change before it commits. :meth:`Database.read` sees one
consistent snapshot while others write. Any SQLAlchemy URL of PostgreSQL works in place of a path; nothing else in the
software changes.

While a knowledge base is in use, nothing but SQLite may open its file (not even to look at it or copy it; use
SQLite's own backup): on POSIX systems a process that closes the file by other means loses its locks on it.

Each unit declares its tables on :data:`METADATA`; :mod:`addenda.migrations` creates them. Errors of the database come
out as errors of :mod:`addenda.errors`, with what to do. This module knows no table.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from addenda.errors import InvalidInput, LedgerBroken, MissingDependency, StorageUnavailable, UnreadableFile

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""The schema that all units declare their tables on."""

SCHEMA = "0003"
"""The revision of the schema that this version of the software expects."""

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer before giving up."""

_CACHE_KB = 64_000
"""Most that SQLite keeps of the file in memory, in kB; with its own 2 MB, batches read each page of an index anew."""

_WRITER_LOCK = 0x616464656E6461
"""Key of PostgreSQL's advisory lock: the letters of our name."""

_WRITES = "addenda_writes"


class Database:
    """An open database. Safe to share between threads; a forked process must open its own."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Use :func:`open_database`, which also sees to the schema."""
        self.engine = engine
        """The SQLAlchemy engine, for what a unit needs beyond the two kinds of transactions."""
        self._name = name

    def __repr__(self) -> str:
        return f"Database({self._name!r})"

    @contextmanager
    def write(self) -> Generator[Connection]:
        """The one writer's transaction: committed at the end of the block, rolled back when it raises.

        Never call a model, or anything else that takes long, inside. Raises StorageUnavailable when the lock, the disk
        or the server is not to be had; nothing was written then.
        """
        with uncollected(), self._connection(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """One consistent snapshot, whatever others commit meanwhile."""
        with self._connection(writes=False) as connection, connection.begin():
            yield connection

    def scrub(self) -> bool:
        """Remove what was deleted from the files too, as far as the database lets us.

        SQLite overwrites deleted rows; this moves its write-ahead log into the file and empties it. False when that
        must wait because somebody is reading, and on PostgreSQL, whose log and dead rows are its administrator's.
        """
        if self.engine.dialect.name != "sqlite":
            return False
        with _plain_errors(self._name), self.engine.connect() as connection:
            raw = connection.connection.cursor()
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            raw.close()
        return not busy

    def close(self) -> None:
        """Close all connections. The database opens again by itself when used again."""
        self.engine.dispose()

    @contextmanager
    def _connection(self, *, writes: bool) -> Generator[Connection]:
        options: dict[str, object] = {_WRITES: writes}
        if self.engine.dialect.name == "postgresql" and not writes:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _plain_errors(self._name), self.engine.connect() as connection:
            yield connection.execution_options(**options)


@contextmanager
def uncollected() -> Generator[None]:
    """Do not look for cyclic garbage inside the block, which must be short; other threads' waits until afterwards.

    A transaction can make a hundred thousand values, with no cycles among them. Each time so many are there, the
    interpreter looks through everything that is in memory, which takes longer than all the rest of the work.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def open_database(path_or_url: str | Path, *, create: bool = False) -> Database:
    """Open a database, bringing an older schema to the newest.

    Args:
        path_or_url: A file's path (SQLite), or a URL such as ``postgresql+psycopg://host/name``.
        create: Make the file (and its folder) and the schema when they are not there.

    Raises:
        UnreadableFile: There is no database, the file is none, or it was made by a newer version of the software.
        StorageUnavailable: It cannot be reached, or the disk is full.
        InvalidInput: The URL is not understood, or names a database in memory.
    """
    text = str(path_or_url)
    if "://" in text:
        database = Database(_engine_of_url(text), _without_password(text))
    else:
        database = Database(_sqlite(Path(path_or_url), create=create), text)
    try:
        _migrate(database, create=create)
    except BaseException:
        database.close()
        raise
    return database


def _sqlite(path: Path, *, create: bool) -> Engine:
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Look, but never open: when a process closes this file, it loses all of SQLite's locks on it (POSIX).
        if not path.is_file() and (path.exists() or not create):
            raise UnreadableFile(
                f"there is no database {str(path)!r}; create the knowledge base first, or correct the path"
            )
    except OSError as error:
        raise StorageUnavailable(
            f"cannot reach {str(path)!r}: {error.strerror}; check the folder and its rights"
        ) from error
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size={-_CACHE_KB}",
    )
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _engine_of_url(text: str) -> Engine:
    try:
        url = sa.make_url(text)
        if url.get_backend_name() == "sqlite":
            if url.database in {None, "", ":memory:"}:
                raise InvalidInput(f"{text!r} is a database in memory, which keeps nothing; give a file's path")
            return _sqlite(Path(str(url.database)), create=True)
        if url.get_backend_name() != "postgresql":
            raise InvalidInput(f"{_without_password(text)!r} is neither SQLite nor PostgreSQL, which are supported")
        return sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise MissingDependency(f"the driver {error.name!r} is not installed; install it with pip") from error
    except SQLAlchemyError as error:
        raise InvalidInput(
            f"{_without_password(text)!r} is no database URL; it looks like 'postgresql+psycopg://host/name'"
        ) from error


def _without_password(text: str) -> str:
    try:
        return sa.make_url(text).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return text.partition("://")[0] + "://..."


def _migrate(database: Database, *, create: bool) -> None:
    with database.read() as connection:
        found = _revision(connection)
    if found == SCHEMA:
        return
    if found is None and not create:
        raise UnreadableFile(f"{database!r} holds no knowledge base; create one first, or correct the path")
    if found is not None and found > SCHEMA:
        raise UnreadableFile(
            f"{database!r} has schema {found}, made by a newer version of the software (this one knows {SCHEMA}); "
            "update the software"
        )
    from addenda.migrations import upgrade  # here, because Alembic is slow to import and seldom needed

    with database.write() as connection:
        upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


@contextmanager
def _plain_errors(name: str) -> Generator[None]:
    """Turn errors of the driver into ours. A broken constraint passes: the unit that owns the table explains it."""
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeout as error:
        raise StorageUnavailable(
            f"no connection to {name!r} became free; close what holds them, and try again"
        ) from error
    except DBAPIError as error:
        raise _explained(name, error.orig, str(error.orig)) from error


def _explained(name: str, cause: BaseException | None, text: str) -> Exception:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return UnreadableFile(f"{name!r} is no database of ours: it is another kind of file, or it is damaged")
    if code == sqlite3.SQLITE_CORRUPT:
        return LedgerBroken(f"the database {name!r} is damaged ({text}); restore it from a backup")
    advice = {
        sqlite3.SQLITE_FULL: "the disk is full; make room",
        sqlite3.SQLITE_READONLY: "it may not be written to; check the rights of the file and its folder",
        sqlite3.SQLITE_BUSY: f"another process has been writing for {BUSY_TIMEOUT:.0f} seconds; find out which",
        sqlite3.SQLITE_LOCKED: "another part of this process is writing to it",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that the folder exists and may be written to",
        sqlite3.SQLITE_IOERR: "reading or writing the file failed; check the disk and the room on it",
    }.get(code, "the database refused; see its message")
    return StorageUnavailable(f"cannot use {name!r}: {advice}, then try again ({text}); nothing was written")
