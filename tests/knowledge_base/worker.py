"""Processes that work on one knowledge base and may be killed at any moment.

Run as ``python -m tests.knowledge_base.worker``: it loads what takes long once, and then forks one process for each job
that it reads, so that many deaths cost little. A worker writes down every operation that was acknowledged, and where
the chain ended then; the journal is what a client would remember.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from sqlalchemy import Engine, event

from addenda.errors import AddendaError, Conflict, StorageUnavailable
from addenda.ledger import utc_now
from addenda.models.local import LocalModel  # noqa: F401 - loaded before forking, because it takes seconds
from tests.knowledge_base.office import Office, noise

DISK_FULL = 77
"""How a worker ends when there is no room."""

SUBJECTS = ("Velmor Tasky", "Orbin", "Umbra lamp 7", "Ruvo", "Nord gate", "Zeta 9000")


@dataclass(frozen=True)
class Job:
    """What a worker is to do, and when it dies."""

    directory: str
    journal: str
    seed: int
    rounds: int = 1_000
    kill_after: float | None = None
    """Seconds after which somebody else kills it."""
    die_at: int | None = None
    """It dies at this transaction's begin or end, or change of a file, counted from its start."""
    armed_by: str | None = None
    """Counting starts only when an event of this kind is being written."""
    room: int | None = None
    """Largest size of any file, in bytes; writing more fails as on a full disk."""


@dataclass
class Fuse:
    """Counts what could go wrong, and lets the process die at the given count."""

    die_at: int
    armed_by: str | None
    count: int = field(default=0, init=False)
    armed: bool = field(default=False, init=False)

    def set(self) -> None:
        """Listen to every transaction and every change of a file."""
        self.armed = self.armed_by is None
        event.listen(Engine, "begin", self._point)
        event.listen(Engine, "commit", self._point)
        event.listen(Engine, "before_cursor_execute", self._statement)
        sys.addaudithook(self._audit)

    def _point(self, *_: object) -> None:
        self.count += self.armed
        if self.count >= self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _statement(self, _c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("INSERT INTO events"):
            self.armed = self.armed or f'"kind":"{self.armed_by}"' in str(parameters)
            self._point()

    def _audit(self, name: str, _arguments: object) -> None:
        if name in {"os.rename", "os.remove", "os.mkdir"}:
            self._point()


@dataclass
class Worker:
    """Proposes, approves, activates and takes back, at random, as the people of the office."""

    job: Job
    office: Office
    journal: IO[str]
    random: random.Random

    def work(self) -> None:
        """Do the rounds, whatever others do meanwhile."""
        for _ in range(self.job.rounds):
            step = self.random.choice([self.learn, self.learn, self.learn, self.take_back, self.switch])
            try:
                step()
            except Conflict as refused:  # somebody else was faster
                self.note("refused", [], str(refused))

    def note(self, operation: str, ids: list[str] | tuple[str, ...], why: str = "") -> None:
        """Write down what was acknowledged; another process reads it after this one has died."""
        state = self.office.kb.state
        line = {"op": operation, "ids": ids, "position": state.position, "hash": state.hash, "why": why}
        self.journal.write(json.dumps(line) + "\n")
        self.journal.flush()

    def learn(self) -> None:
        """One or two new values, all the way."""
        subjects = self.random.sample(SUBJECTS, self.random.randint(1, 2))
        ids = self.office.propose(*(noise(f"{self.random.randint(10, 99)} dB", subject) for subject in subjects))
        ids = [i for i in ids if i in self.office.kb.state.records]
        self.note("proposed", ids)
        if not ids:
            return
        decided = self.office.kb.changes.approve(ids, by=self.office.ben)
        self.note("approved", decided.approved)
        if decided.approved:
            done = self.office.activate(list(decided.approved))
            self.note("delivered", done.active)

    def take_back(self) -> None:
        """Roll one back."""
        if active := self._in("active"):
            chosen = self.random.choice(active)
            self.office.kb.changes.rollback([chosen], by=self.office.cho)
            self.note("retired", [chosen])

    def switch(self) -> None:
        """Disable one, or enable one again."""
        if disabled := self._in("disabled"):
            self.office.kb.changes.enable(disabled[:1], by=self.office.cho)
            self.note("enabled", disabled[:1])
        elif active := self._in("active"):
            chosen = self.random.choice(active)
            self.office.kb.changes.disable([chosen], by=self.office.cho)
            self.note("disabled", [chosen])

    def _in(self, status: str) -> list[str]:
        now = utc_now()
        return [r.id for r in self.office.kb.state.records.values() if r.status(now) == status]


def labour(job: Job) -> int:
    """Do one job in this process; the exit code that a command line would give."""
    if job.die_at is not None:
        Fuse(job.die_at, job.armed_by).set()
    if job.room is not None:
        signal.signal(signal.SIGXFSZ, _ignored)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.room, resource.RLIM_INFINITY))
    try:
        office = Office.open(Path(job.directory))
        with Path(job.journal).open("a", encoding="utf-8") as journal, office.kb:
            Worker(job, office, journal, random.Random(job.seed)).work()
    except StorageUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return DISK_FULL
    except AddendaError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    return 0


def _ignored(_number: int, _frame: FrameType | None) -> None:
    return


def _forked(job: Job, labour: Callable[[Job], int]) -> int:
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = labour(job)
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child


def serve() -> None:
    """Read lists of jobs, one list a line; answer with how each process ended (minus the signal that killed it)."""
    for line in sys.stdin:
        jobs = [Job(**given) for given in json.loads(line)]
        children = [_forked(job, labour) for job in jobs]
        started = time.monotonic()
        for child, job in sorted(zip(children, jobs, strict=True), key=lambda pair: pair[1].kill_after or 0.0):
            if job.kill_after is not None:
                time.sleep(max(0.0, started + job.kill_after - time.monotonic()))
                os.kill(child, signal.SIGKILL)
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


def encoded(jobs: list[Job]) -> str:
    """One line for :func:`serve`."""
    return json.dumps([asdict(job) for job in jobs]) + "\n"


if __name__ == "__main__":
    serve()
