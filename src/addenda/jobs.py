"""Long work with progress: submitted, watched, cancelled where possible, and what became of it kept.

Idea: work runs on this machine, one piece at a time for each :class:`Jobs`, in a thread of its own that exists only
while there is work. What a job came to is a row in the database, so that who asked for it learns it after a restart,
too; how far it is, is known to the process that runs it and to nobody else. Work of a process that died is not done
again by itself: its row says ``interrupted``, and whoever wants it asks again (training and reflecting then go on from
where they were).

A job is cancelled where it reports progress, because that is where nothing is half-done; work that reports none ends
by itself. This module does not know what is done.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, cast

from pydantic import JsonValue
from sqlalchemy import Column, Row, Table, Text, delete, insert, or_, select, update

from addenda.database import METADATA, Database
from addenda.errors import AddendaError, Conflict, UnknownId
from addenda.types import new_id

JobState: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
"""Where a job is. The last four are final; ``interrupted``: the process that ran it ended before it did."""

Told: TypeAlias = Callable[[str, int, int], None]
"""Called by work with (what is being done, done, total)."""

Work: TypeAlias = Callable[[Told], Mapping[str, JsonValue]]
"""What a job does; it returns what came of it."""

FINAL: frozenset[JobState] = frozenset({"done", "failed", "cancelled", "interrupted"})
"""States in which nothing more happens."""

KEPT = timedelta(days=30)
"""How long it is kept what a job came to."""

MOST_WAITING = 100
"""Jobs that may wait at a time; more are refused."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("submitted_at", Text, nullable=False, index=True),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("result", Text),
    Column("error", Text),
)
"""One row for each job; result and error as JSON. ``runner`` tells the processes apart that run jobs."""


class Cancelled(Exception):
    """Raised inside work that somebody cancelled."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed."""

    kind: str
    """Name of the error's class, of :mod:`addenda.errors`; ``Fault`` for one that nobody raised on purpose."""
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """How a job stands."""

    id: str
    kind: str
    owner: str
    """Who asked for it."""
    state: JobState
    submitted_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    phase: str = ""
    """What it is doing."""
    done: int = 0
    total: int = 0
    result: Mapping[str, JsonValue] | None = None
    """What came of it, when it is done."""
    failure: Failure | None = None
    cancelling: bool = False
    """Whether somebody cancelled it; it ends where it next reports progress."""


@dataclass(slots=True)
class _Running:
    job: Job
    watchers: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])


class Jobs:
    """The jobs of one knowledge base. Threads may share it."""

    def __init__(self, database: Database) -> None:
        """Keep what becomes of them in this database."""
        self._database = database
        self._runner = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._here: dict[str, _Running] = {}
        self._pool: ThreadPoolExecutor | None = None

    def submit(self, kind: str, owner: str, work: Work) -> Job:
        """Have work done after what was submitted before; that it was asked for is durable when the call returns.

        Raises Conflict when too many wait, StorageUnavailable when it cannot be written down.
        """
        job = Job(new_id(), kind, owner, "waiting", datetime.now(UTC))
        with self._lock:
            if len(self._here) >= MOST_WAITING:
                raise Conflict(f"{len(self._here)} jobs wait already; ask again when some of them have ended")
            self._here[job.id] = _Running(job)
        try:
            self._write_new(job)
        except BaseException:
            with self._lock:
                del self._here[job.id]
            raise
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="addenda-jobs")
            future = self._pool.submit(self._run, job.id, work)
        future.add_done_callback(lambda ended: self._end(job.id, ended))
        return job

    def get(self, job_id: str) -> Job:
        """How a job stands. Raises UnknownId."""
        with self._lock:
            if (running := self._here.get(job_id)) is not None:
                return running.job
        with self._database.read() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
        if row is None:
            raise UnknownId(f"there is no job {job_id!r}; what became of a job is kept for {KEPT.days} days")
        return _job(row)

    def latest(self, limit: int = 50) -> list[Job]:
        """The jobs submitted last, the newest first."""
        query = select(JOBS).order_by(JOBS.c.submitted_at.desc(), JOBS.c.id).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        with self._lock:
            return [self._here[row.id].job if row.id in self._here else _job(row) for row in rows]

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs of this process wait and run."""
        with self._lock:
            states = [running.job.state for running in self._here.values()]
        return {"waiting": states.count("waiting"), "running": states.count("running")}

    def cancel(self, job_id: str) -> Job:
        """End a job where it next reports progress; one that waits does not begin.

        Raises UnknownId, and Conflict when it has ended or another process runs it.
        """
        with self._lock:
            running = self._here.get(job_id)
            if running is not None:
                running.job = replace(running.job, cancelling=True)
                return running.job
        found = self.get(job_id)
        raise Conflict(f"the job {job_id!r} is {found.state} and can no longer be cancelled from here")

    def watch(self, job_id: str, told: Callable[[], object]) -> Callable[[], None]:
        """Call ``told`` from another thread whenever the job moves on; the call that is returned ends that."""
        with self._lock:
            running = self._here.get(job_id)
            if running is not None:
                running.watchers.append(told)

        def forget() -> None:
            with self._lock:
                if running is not None and told in running.watchers:
                    running.watchers.remove(told)

        return forget

    def forget(self, ids: Collection[str]) -> None:
        """Delete what jobs came to where that names one of these ids, for example of erased addenda."""
        deleted = False
        named = [
            or_(JOBS.c.result.contains(i, autoescape=True), JOBS.c.error.contains(i, autoescape=True)) for i in ids
        ]
        for condition in named:
            with self._database.read() as connection:
                found = connection.execute(select(JOBS.c.id).where(condition).limit(1)).first()
            if found is not None:
                with self._database.write() as connection:
                    connection.execute(update(JOBS).where(condition).values(result=None, error=None))
                deleted = True
        if deleted:
            self._database.scrub()

    def settle(self) -> None:
        """Say of the work of processes that are gone that it was interrupted. For the one that serves, at its start."""
        unfinished = JOBS.c.state.in_(("waiting", "running")) & (JOBS.c.runner != self._runner)
        with self._database.write() as connection:
            connection.execute(update(JOBS).where(unfinished).values(state="interrupted", ended_at=_stamp()))
            connection.execute(delete(JOBS).where(JOBS.c.submitted_at < (datetime.now(UTC) - KEPT).isoformat()))

    def close(self) -> None:
        """Cancel what waits and runs, and wait until it has ended."""
        with self._lock:
            pool, self._pool = self._pool, None
            for running in self._here.values():
                running.job = replace(running.job, cancelling=True)
        if pool is not None:
            pool.shutdown(wait=True)

    def _run(self, job_id: str, work: Work) -> Mapping[str, JsonValue]:
        self._check(job_id)
        started = datetime.now(UTC)
        with self._database.write() as connection:
            values = {"state": "running", "started_at": started.isoformat()}
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
        self._move(job_id, state="running", started_at=started)

        def told(phase: str, done: int, total: int) -> None:
            self._check(job_id)
            self._move(job_id, phase=phase, done=done, total=total)

        return work(told)

    def _check(self, job_id: str) -> None:
        with self._lock:
            if self._here[job_id].job.cancelling:
                raise Cancelled

    def _move(self, job_id: str, **changes: object) -> None:
        with self._lock:
            running = self._here[job_id]
            running.job = replace(running.job, **changes)
            watchers = list(running.watchers)
        for told in watchers:
            told()

    def _end(self, job_id: str, ended: Future[Mapping[str, JsonValue]]) -> None:
        """Write down what became of a job, then forget that it ran here."""
        error = ended.exception()
        state: JobState = "done" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        result = ended.result() if error is None else None
        failure = _failure(error) if state == "failed" and error is not None else None
        at = datetime.now(UTC)
        values = {
            "state": state,
            "ended_at": at.isoformat(),
            "result": None if result is None else json.dumps(result, ensure_ascii=False),
            "error": None if failure is None else json.dumps([failure.kind, failure.message], ensure_ascii=False),
        }
        try:
            with self._database.write() as connection:
                connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
        finally:
            self._move(job_id, state=state, ended_at=at, result=result, failure=failure)
            with self._lock:
                del self._here[job_id]

    def _write_new(self, job: Job) -> None:
        with self._database.write() as connection:
            connection.execute(
                insert(JOBS).values(
                    id=job.id,
                    kind=job.kind,
                    owner=job.owner,
                    runner=self._runner,
                    state=job.state,
                    submitted_at=job.submitted_at.isoformat(),
                )
            )


def _failure(error: BaseException) -> Failure:
    """What is told of an error; of one that nobody raised on purpose only its kind, which has no content in it."""
    if isinstance(error, AddendaError):
        return Failure(type(error).__name__, str(error))
    return Failure("Fault", f"this is a fault in the software ({type(error).__name__}); its log says more")


def _job(row: Row[tuple[object, ...]]) -> Job:
    error = None if row.error is None else cast("list[str]", json.loads(row.error))
    return Job(
        id=row.id,
        kind=row.kind,
        owner=row.owner,
        state=row.state,
        submitted_at=datetime.fromisoformat(row.submitted_at),
        started_at=None if row.started_at is None else datetime.fromisoformat(row.started_at),
        ended_at=None if row.ended_at is None else datetime.fromisoformat(row.ended_at),
        result=None if row.result is None else cast("dict[str, JsonValue]", json.loads(row.result)),
        failure=None if error is None else Failure(error[0], error[1]),
    )


def _stamp() -> str:
    return datetime.now(UTC).isoformat()
