"""How a knowledge base does, in numbers: all of them are counted in the ledger and in the answers that were kept.

Nothing is stored for this: what the gate said over time, how much of the suite still holds, what waits for how long,
what becomes of each source's proposals, what ends soon, how much the memories hold, and how long answers take.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.answers import AnswerLog
from addenda.knowledge_base.tested import TestRun
from addenda.ledger import Approved, Event, GateJudged, Ledger, Record, Rejected, State, utc_now
from addenda.types import MemoryName

LATEST_EVENTS = 20_000
"""Events that are counted, the latest of them."""

LATEST_ANSWERS = 500
"""Answers that are counted, the latest of them."""

SOON = timedelta(days=30)
"""What ends within this time ends soon."""

AGES = (1, 7, 30)
"""Bounds, in days, by which waiting proposals are grouped."""

_MOST_SOURCES = 12
_MOST_ENDING = 50


@dataclass(frozen=True, slots=True)
class GateDay:
    """What the gate said on one day (UTC)."""

    day: date
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """How the knowledge base's own questions did in one run of the gate."""

    at: datetime
    kept: int
    asked: int


@dataclass(frozen=True, slots=True)
class SourceRate:
    """What became of the proposals from one source."""

    source: str
    approved: int
    rejected: int

    @property
    def share(self) -> float:
        """How much of what was decided was approved, from 0 to 1."""
        return self.approved / (self.approved + self.rejected)


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """How long one answer took."""

    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one knowledge base."""

    gate: tuple[GateDay, ...]
    suite: tuple[SuiteRun, ...]
    ages: tuple[int, ...]
    """Open proposals: up to 1 day old, up to 7, up to 30, older."""
    sources: tuple[SourceRate, ...]
    """Those with most decisions first."""
    ending: tuple[Record, ...]
    """Live addenda that end within :data:`SOON`, the earliest first."""
    sizes: Mapping[MemoryName, int]
    """How many addenda each memory in use holds."""
    answers: tuple[AnswerTime, ...]
    """In order."""


def measure(ledger: Ledger, artifacts: ArtifactStore, answers: AnswerLog) -> Measured:
    """Count everything."""
    state, now = ledger.state(), utc_now()
    events = ledger.events(after=max(0, state.position - LATEST_EVENTS))
    return Measured(
        gate=_gate(events),
        suite=_suite(events, artifacts),
        ages=_ages(state, now),
        sources=_sources(events, state),
        ending=_ending(state, now),
        sizes={name: len(state.held(name)) for name in state.memories},
        answers=tuple(
            AnswerTime(answer.trace.asked_at, answer.trace.seconds)
            for answer in reversed(answers.latest_ones(LATEST_ANSWERS))
            if answer.trace.seconds is not None
        ),
    )


def _gate(events: Sequence[Event]) -> tuple[GateDay, ...]:
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        if isinstance(event.body, GateJudged):
            for verdict in event.body.verdicts:
                days[event.at.date()][0 if verdict.passed else 1] += 1
    return tuple(GateDay(day, *days[day]) for day in sorted(days))


def _suite(events: Sequence[Event], artifacts: ArtifactStore) -> tuple[SuiteRun, ...]:
    found: list[SuiteRun] = []
    for event in events:
        if not isinstance(event.body, GateJudged) or event.body.report is None:
            continue
        try:
            suite = TestRun.model_validate_json(artifacts.get(event.body.report)).report.suite
        except LedgerBroken:  # its report went with something that was erased
            continue
        if suite:
            found.append(SuiteRun(event.at, sum(one.passed for one in suite), len(suite)))
    return tuple(found)


def _ages(state: State, now: datetime) -> tuple[int, ...]:
    counted = [0] * (len(AGES) + 1)
    for record in state.records.values():
        if record.stage in ("proposed", "needs_review"):
            days = (now - record.proposed_at) / timedelta(days=1)
            counted[sum(days > bound for bound in AGES)] += 1
    return tuple(counted)


def _sources(events: Sequence[Event], state: State) -> tuple[SourceRate, ...]:
    last: dict[str, int] = {}  # the last decision about each, so that two reviewers do not count twice
    for event in events:
        if isinstance(event.body, Approved | Rejected):
            last |= dict.fromkeys(event.body.ids, 0 if isinstance(event.body, Approved) else 1)
    counted: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for addendum_id, place in last.items():
        counted[_whole(state.record(addendum_id).source)][place] += 1
    rates = [SourceRate(source, *numbers) for source, numbers in counted.items()]
    return tuple(sorted(rates, key=lambda rate: (-rate.approved - rate.rejected, rate.source))[:_MOST_SOURCES])


def _whole(source: str) -> str:
    """A file, without the cell or line in it."""
    return source.partition("!")[0].partition(", line ")[0]


def _ending(state: State, now: datetime) -> tuple[Record, ...]:
    soon = [r for r in state.live(now) if r.ends is not None and r.ends <= now + SOON]
    return tuple(sorted(soon, key=lambda record: record.ends or now)[:_MOST_ENDING])
