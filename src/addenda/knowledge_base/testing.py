"""Testing approved changes: what the memories will store is prepared, judged in a staged view, and the verdict kept.

Nothing here delivers anything. Of facts in the triples memory it is also checked that reading gives exactly what was
approved, and of documents that their memory model gives what their reflections say. A batch of facts for the triples
alone can be too large to be asked about one by one; then some are drawn at random: with :data:`READ_SAMPLE` of them
read and none wrong, fewer than 1 % of the batch are wrong (at 95 % confidence), and with :data:`ASKED_SAMPLE` asked
fewer than 5 %. When one that was drawn is read wrong, all are read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import cast

from addenda.artifacts import ArtifactStore
from addenda.database import uncollected
from addenda.errors import Conflict, InvalidInput
from addenda.gate import DEFAULT_THRESHOLDS, Case, CaseResult, Gate, Report
from addenda.knowledge_base.ground import ground_moved, live_rivals
from addenda.knowledge_base.learned import TAG, worse_with
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.observing import observed_in
from addenda.knowledge_base.progress import Progress, phase, silent
from addenda.knowledge_base.remembered import remembered, shortfalls
from addenda.knowledge_base.tested import TestRun
from addenda.knowledge_base.wording import Route, Worded, routes, word
from addenda.ledger import (
    GateJudged,
    GateVerdict,
    Ledger,
    Person,
    State,
    check_move,
    require,
    utc_now,
)
from addenda.memories.base import Change, Deliver, Memory, TripleReader, Withdraw
from addenda.memories.reflections.memory import ReflectionsMemory
from addenda.responder import Responder
from addenda.text import normalised
from addenda.types import Addendum, Fact, MemoryName

ASKED_IN_FULL = 1_000
"""So many changes of a batch are all asked about."""
NEIGHBOURS_ASKED = 100
"""With at most so many changes in a batch, questions close by are also asked about facts that are only read."""
READ_SAMPLE = 299
"""Facts that are read of a larger batch: the least number for 1 % at 95 % confidence (0.99 ** 299 < 0.05)."""
ASKED_SAMPLE = 59
"""Facts that the model is asked about of a larger batch: the least number for 5 % at 95 % confidence."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """The changes under test, and the live state they are tested against."""

    state: State
    addenda: Mapping[str, Addendum]
    """By id, in the order given."""
    routes: Mapping[str, Route]
    rivals: Mapping[str, tuple[str, ...]]
    """For each change, the live addenda that it will replace."""
    live: Mapping[MemoryName, Memory]
    staged_at: int


class Testing:
    """Runs the gate."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, memories: Memories) -> None:
        """Take the ledger, the artefacts and the memories."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._memories = memories

    def test(
        self, ids: Sequence[str], found: Mapping[str, Addendum], *, by: Person, progress: Progress = silent
    ) -> Report:
        """Run the gate on approved changes, as one batch, and record the verdicts.

        Args:
            ids: The changes, in the order in which they are to act.
            found: Their addenda, but for the erased.
            by: Who tests.
            progress: Told how far it is.

        Raises Conflict when one of them is not approved, or the live state moved while the test ran; InvalidInput for
        triples when the model cannot read them.
        """
        _check(self._ledger.state(), ids, by)
        batch = self._batch({i: found[i] for i in ids}, progress)
        report, artefacts = self._judge(batch, progress)
        prepared = self._memories.keeper("edits").store(
            {i: artefacts["edits"][i] for i in report.passed if i in artefacts.get("edits", {})}
        )
        kept = self._artifacts.put(TestRun(report=report, prepared=dict(prepared)).model_dump_json().encode())
        verdicts = [
            GateVerdict(id=r.addendum_id, passed=r.passed, reason=r.summary, scores=r.shares) for r in report.results
        ]
        verdicts += [GateVerdict(id=i, passed=True) for i in report.unasked]
        with self._ledger.writing() as session:
            if ground_moved(session.state, batch.staged_at, batch.state):
                raise Conflict(
                    "live knowledge or the rules changed during the test, which proves nothing then; test again"
                )
            body = GateJudged(verdicts=tuple(verdicts), staged_at=batch.staged_at, report=kept)
            session.append(by.actor, [body], "tested")
        return report

    def _batch(self, addenda: Mapping[str, Addendum], progress: Progress) -> _Batch:
        registry = self._ledger.state().registry
        by_relation = routes(addenda.values(), registry)
        used: set[MemoryName] = {name for route in by_relation.values() for name in route.memories}
        progress("loading the model", 0, 1)
        if "triples" in used:
            self._memories.require_reader()
        for name in sorted(used):
            self._memories.keeper(name).configured()
        progress("loading the model", 1, 1)
        live = self._memories.live()
        staged_at, state = min(memory.position for memory in live.values()), self._ledger.state()
        with uncollected():
            rivals = live_rivals(self._ledger, state, addenda, by_relation)
        return _Batch(state, addenda, by_relation, rivals, live, staged_at)

    def _judge(self, batch: _Batch, progress: Progress) -> tuple[Report, Mapping[MemoryName, Mapping[str, bytes]]]:
        """The report, and what was prepared for each memory."""
        read, asked = _drawn(batch.routes)
        worded = self._worded(batch, (*asked, *read))
        artefacts = self._prepared(batch, worded, progress)
        unread = self._unread(batch, artefacts, read)
        if unread and len(read) < len(_triples(batch.routes)):
            read = _triples(batch.routes)
            worded |= self._worded(batch, [i for i in read if i not in worded])
            artefacts = self._prepared(batch, worded, progress)
            unread = self._unread(batch, artefacts, read)
        unread |= self._worse(batch, artefacts) | self._forgotten(batch, artefacts)
        cases = {i: worded[i] for i in batch.addenda if i in asked and i not in unread and worded[i].prompts}
        silent = [i for i, one in worded.items() if not one.prompts and i not in unread]
        judged = self._asked(batch, cases, silent, artefacts, progress)
        results = {result.addendum_id: result for result in judged.results} | unread
        report = judged.model_copy(
            update={
                "results": tuple(results[i] for i in batch.addenda if i in results),
                "unasked": tuple(i for i in batch.addenda if i not in results),
            }
        )
        return report, artefacts

    def _worded(self, batch: _Batch, ids: Collection[str]) -> dict[str, Worded]:
        registry = batch.state.registry
        return {i: word(batch.addenda[i], registry) for i in dict.fromkeys(ids)}

    def _prepared(
        self, batch: _Batch, worded: Mapping[str, Worded], progress: Progress
    ) -> dict[MemoryName, Mapping[str, bytes]]:
        prepared: dict[MemoryName, Mapping[str, bytes]] = {}
        for name, memory in batch.live.items():
            tasks = [w.task() for i, w in worded.items() if name in batch.routes[i].memories]
            if tasks:
                prepared[name] = memory.prepare(tasks, phase(progress, f"preparing {name}"))
        return prepared

    def _unread(
        self,
        batch: _Batch,
        artefacts: Mapping[MemoryName, Mapping[str, bytes]],
        ids: Sequence[str],
    ) -> dict[str, CaseResult]:
        """Those that reading the staged triples does not give as they were approved, with the reason."""
        if not ids:
            return {}
        reader = cast("TripleReader", _staged(batch, ids, artefacts)["triples"].contribute(at=None))
        reasons = {i: _misread(reader, cast("Fact", batch.addenda[i].content), batch.routes[i]) for i in ids}
        return {i: CaseResult.unread(i, reason) for i, reason in reasons.items() if reason}

    def _worse(self, batch: _Batch, artefacts: Mapping[MemoryName, Mapping[str, bytes]]) -> dict[str, CaseResult]:
        """Learned notes with which observations would be answered worse, with the reason."""
        learned = {i: batch.addenda[i] for i in artefacts.get("notes", {}) if TAG in batch.addenda[i].tags}
        if not learned:
            return {}
        live, staged = (memories["notes"] for memories in (batch.live, _staged(batch, learned, artefacts)))
        found = worse_with(live, staged, learned, observed_in(self._ledger))
        return {i: CaseResult.unfit(i, reason) for i, reason in found.items()}

    def _forgotten(self, batch: _Batch, artefacts: Mapping[MemoryName, Mapping[str, bytes]]) -> dict[str, CaseResult]:
        """Documents of which the memory model does not give enough, with the reason."""
        documents = list(artefacts.get("reflections", {}))
        if not documents:
            return {}
        staged = cast("ReflectionsMemory", _staged(batch, documents, artefacts)["reflections"])
        least = batch.state.thresholds.get("remembered", DEFAULT_THRESHOLDS["remembered"])
        found = shortfalls(remembered(staged, documents), least)
        return {i: CaseResult.forgotten(i, reason) for i, reason in found.items()}

    def _asked(
        self,
        batch: _Batch,
        worded: Mapping[str, Worded],
        silent: Sequence[str],
        artefacts: Mapping[MemoryName, Mapping[str, bytes]],
        progress: Progress,
    ) -> Report:
        """Let the gate judge what there are questions about; ``silent`` is in the staged view and has none."""
        changing = {w.prompts[0] for w in worded.values()}
        small = len(batch.addenda) <= NEIGHBOURS_ASKED
        cases = [
            _case(w, changing, batch.rivals[i], near=small or batch.routes[i].memories != ("triples",))
            for i, w in worded.items()
        ]

        def stage(ids: Collection[str]) -> Responder:
            chosen = [i for i in batch.addenda if i in set(ids) or i in silent]
            return self._memories.responder_over(_staged(batch, chosen, artefacts))

        gate = Gate(batch.state.thresholds, tuple(batch.state.suite.values()))
        live = self._memories.responder_over(batch.live)
        entangled = any(self._memories.keeper(name).entangled for name in batch.live)
        return gate.judge(cases, live, stage, entangled=entangled, progress=phase(progress, "asking questions"))


def _check(state: State, ids: Sequence[str], by: Person) -> None:
    if not ids:
        raise InvalidInput("no addenda were named; `list` shows which ones wait")
    require(state, by, "gate_judged")
    now = utc_now()
    for i in ids:
        record = state.record(i)
        check_move(i, record.stage, record.status(now), "gate_judged")


def _triples(found: Mapping[str, Route]) -> list[str]:
    return [i for i, route in found.items() if "triples" in route.memories]


def _drawn(found: Mapping[str, Route]) -> tuple[list[str], frozenset[str]]:
    """Which facts are read, and which changes the model is asked about."""
    readable = _triples(found)
    if len(found) <= ASKED_IN_FULL:
        return readable, frozenset(found)
    drawn = SystemRandom().sample(readable, min(READ_SAMPLE, len(readable)))
    others = frozenset(i for i, route in found.items() if route.memories != ("triples",))
    return drawn, others | frozenset(drawn[:ASKED_SAMPLE])


def _staged(
    batch: _Batch, ids: Collection[str], artefacts: Mapping[MemoryName, Mapping[str, bytes]]
) -> dict[MemoryName, Memory]:
    """The live memories as if these changes were live and what they replace were gone."""
    replaced = {rival for i in ids for rival in batch.rivals[i]}
    staged: dict[MemoryName, Memory] = {}
    for name, memory in batch.live.items():
        prepared = artefacts.get(name, {})
        first = batch.state.sequence + 1
        deliveries = [Deliver(i, prepared[i], n) for n, i in enumerate(ids, start=first) if i in prepared]
        changes: list[Change] = [*map(Withdraw, sorted(memory.held_among(replaced))), *deliveries]
        staged[name] = memory.staged(changes) if changes else memory
    return staged


def _misread(reader: TripleReader, fact: Fact, route: Route) -> str:
    """Why reading does not give what was approved; empty when it does."""
    found = reader.read(_Exactly(fact.subject, fact.relation))
    if found.too_broad is not None and not route.exclusive:
        return ""
    names = {normalised(name) for name in found.names}
    value = normalised(fact.object)
    if names == {value} or (value in names and not route.exclusive):
        return ""
    said = ", ".join(map(repr, found.names[:3])) or "nothing"
    return f"reading the {fact.relation} of {fact.subject!r} gives {said}, not {fact.object!r} alone"


@dataclass(frozen=True, slots=True)
class _Exactly:
    """A query for what is known about one relation of one subject."""

    subject: str
    relation: str
    object: None = None


def _case(worded: Worded, changing: Collection[str], rivals: tuple[str, ...], *, near: bool) -> Case:
    case = worded.case(changing, rivals)
    return case if near else replace(case, neighbours=())
