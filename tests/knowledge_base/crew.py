"""Sends workers to a knowledge base, and inspects what they left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from addenda.ledger import Approved, Body, Delivered, Disabled, Enabled, Proposed, Retired, utc_now
from addenda.types import Fact
from tests.knowledge_base.office import Office, loud
from tests.knowledge_base.worker import SUBJECTS, Job, encoded

KILLED = -9


@dataclass
class Crew:
    """A process that forks workers, and where they work."""

    process: subprocess.Popen[str]
    directory: Path
    """Made by ``found``."""
    journals: Path
    sent: int = 0

    def job(self, **given: object) -> Job:
        """A job on this directory with a journal of its own."""
        self.sent += 1
        return replace(Job(str(self.directory), str(self._journal(self.sent)), self.sent), **given)

    def send(self, *jobs: Job) -> list[int]:
        """Let them work side by side; how each ended."""
        writes, reads = _pipes(self.process)
        writes.write(encoded(list(jobs)))
        writes.flush()
        answer = reads.readline()
        assert answer, "the crew's process has died"
        return json.loads(answer)

    def notes(self, number: int) -> list[dict[str, Any]]:
        """What the worker of this job wrote down."""
        journal = self._journal(number)
        return [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []

    def inspect(self) -> None:
        """Open it as the next one would, and check everything that was promised to those who worked on it."""
        office = Office.open(self.directory)
        with office.kb as kb:
            assert all(check.ok for check in kb.verify()), kb.verify()
            state = kb.state
            assert kb.ledger.state_at(state.position) == state
            assert not state.unfinished()
            assert kb.memory_digests() == kb.rebuilt_digests()
            _acknowledged_is_there(office, [note for n in range(self.sent) for note in self.notes(n + 1)])
            _what_is_live_is_said(office)

    def _journal(self, number: int) -> Path:
        return self.journals / f"{number}"


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@contextmanager
def crew_process() -> Generator[subprocess.Popen[str]]:
    """The process that forks workers; starting it takes seconds, so one serves many crews."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-m", "tests.knowledge_base.worker"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    )
    try:
        yield process
    finally:
        process.communicate()


def _acknowledged_is_there(office: Office, notes: Sequence[Mapping[str, Any]]) -> None:
    events = office.kb.ledger.events()
    hashes = {event.position: event.hash for event in events}
    kinds = {i: set[str]() for i in office.kb.state.records}
    for event in events:
        for i in _named(event.body):
            kinds[i].add(event.body.kind)
    for note in notes:
        assert hashes[note["position"]] == note["hash"], note
        assert all(note["op"] in kinds[i] for i in note["ids"]), note


def _named(body: Body) -> Iterable[str]:
    match body:
        case Proposed():
            return [proposal.id for proposal in body.proposals]
        case Delivered():
            return body.artefacts
        case Approved() | Retired() | Disabled() | Enabled():
            return body.ids
        case _:
            return ()


def _what_is_live_is_said(office: Office) -> None:
    questions = [loud(subject) for subject in SUBJECTS]
    expected = {answer.question: answer.text for answer in office.kb.ask_many(questions, memories=())}
    live = office.kb.ledger.addenda([record.id for record in office.kb.state.live(utc_now())])
    facts = [addendum.content for addendum in live.values() if isinstance(addendum.content, Fact)]
    assert len({fact.subject for fact in facts}) == len(live), "one value each"
    expected |= {loud(fact.subject): fact.object for fact in facts}
    assert {answer.question: answer.text for answer in office.kb.ask_many(questions)} == expected
