"""Testing changes and making them live: the steps that need the model.

Testing prepares what the memories will store, and judges it in a staged view; what passed is kept as artefacts that the
ledger's verdict names. Activating announces the delivery, delivers, and records it: a crash between is visible as
``activating``, and since the artefacts were durable before, the next start finishes it (:meth:`Activation.recover`).
The model is never called inside a transaction; afterwards, under the write lock, it is checked that nothing moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from addenda.artifacts import ArtifactStore
from addenda.errors import Conflict, InvalidInput
from addenda.gate import Gate, Report
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.tested import TestRun, is_intact, prepared_for
from addenda.knowledge_base.wording import Worded, word
from addenda.ledger import (
    SYSTEM,
    Activating,
    ActivationUndone,
    Actor,
    Delivered,
    GateJudged,
    GateVerdict,
    Ledger,
    Person,
    RelationDeclared,
    ReviewNeeded,
    Session,
    SettingChangeConfirmed,
    State,
    SuiteChanged,
    ThresholdsChanged,
    check_move,
    content_key,
    require,
    utc_now,
)
from addenda.memories.base import Deliver, ProgressCallback, Withdraw
from addenda.responder import Responder
from addenda.types import Status

if TYPE_CHECKING:
    from addenda.memories.edits import EditsMemory

_RULES = (SuiteChanged, ThresholdsChanged, RelationDeclared, SettingChangeConfirmed)
"""Events that change what a test asks, or what it must reach."""

_NOW: frozenset[Status] = frozenset({"active"})
_COULD_HOLD: frozenset[Status] = frozenset({"active", "superseded", "disabled"})

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


def _silent(_phase: str, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation did."""

    active: tuple[str, ...]
    """Live now."""
    superseded: tuple[str, ...]
    """Live until now, and replaced."""
    gate_failed: tuple[str, ...]
    """Tested and left behind."""
    needs_review: tuple[str, ...]
    """Sent back, because what they replace has changed since somebody looked."""
    report: Report | None
    """The gate's report; None when a fresh one existed already."""


class Activation:
    """Runs the gate and delivers what passed."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, memories: Memories) -> None:
        """Take the ledger, the artefacts and the memories."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._memories = memories

    def test(self, ids: Sequence[str], *, by: Person, progress: Progress = _silent) -> Report:
        """Run the gate on approved changes, as one batch, and record the verdicts.

        Raises Conflict when one of them is not approved, or the live state moved while the test ran.
        """
        state = self._ledger.state()
        self._check(state, ids, by)
        progress("loading the model", 0, 1)
        memory = self._memories.configured_edits()
        progress("loading the model", 1, 1)
        staged_at, state = memory.position, self._ledger.state()
        addenda = self._ledger.addenda(ids)
        worded = {i: word(addenda[i], state.registry) for i in ids}
        tasks = [worded[i].task() for i in ids]
        artefacts = memory.prepare(tasks, _phase(progress, "solving edits"))
        report = self._judge(state, memory, worded, artefacts, progress)
        digests = self._artifacts.put_many([artefacts[i] for i in report.passed])
        run = TestRun(report=report, prepared=dict(zip(report.passed, digests, strict=True)))
        kept = self._artifacts.put(run.model_dump_json().encode())
        verdicts = tuple(
            GateVerdict(id=r.addendum_id, passed=r.passed, reason=r.summary, scores=r.shares) for r in report.results
        )
        with self._ledger.writing() as session:
            if _ground_moved(session.state, staged_at, state):
                raise Conflict(
                    "live knowledge or the rules changed during the test, which proves nothing then; test again"
                )
            body = GateJudged(verdicts=verdicts, staged_at=staged_at, report=kept)
            session.append(by.actor, [body], "tested")
        return report

    def activate(self, ids: Sequence[str], *, by: Person, progress: Progress = _silent) -> Activated:
        """Make approved changes live. Those without a fresh test are tested first; those that fail stay behind.

        Raises Conflict when one of them is neither approved nor tested, PermissionDenied when ``by`` may not.
        """
        state = self._ledger.state()
        require(state, by, "activating")
        report = None if self._is_fresh(state, ids) else self.test(ids, by=by, progress=progress)
        state = self._ledger.state()
        failed = tuple(i for i in ids if state.record(i).stage == "gate_failed")
        passed = [i for i in ids if i not in set(failed)]
        with self._ledger.writing() as session:
            if _ground_moved(session.state, _staged_at(session.state, passed), state):
                raise Conflict("live knowledge or the rules changed since the test; activate again, which tests again")
            replaced, unseen = self._replaced(session, passed)
            ready = tuple(i for i in passed if i not in unseen)
            if unseen:
                body = ReviewNeeded(ids=tuple(unseen))
                session.append(by.actor, [body], "what it replaces has changed since somebody looked")
            superseded = _active(session.state, [old for i in ready for old in replaced[i]])
            if ready:
                pairs = {i: replaced[i] for i in ready}
                session.append(by.actor, [Activating(ids=ready, memories=("edits",), supersedes=pairs)], "activation")
        if missing := self._deliver(ready, by.actor):
            raise Conflict(
                f"{len(missing)} changes could not be delivered because what was tested is no longer stored "
                f"(for example {missing[0]!r}); test them again"
            )
        self._memories.sync()
        return Activated(ready, superseded, failed, tuple(unseen), report)

    def recover(self) -> tuple[str, ...]:
        """Finish activations that were interrupted; those whose artefacts are gone are undone. Returns their ids."""
        unfinished = [record.id for record in self._ledger.state().unfinished()]
        self._deliver(unfinished, SYSTEM)
        return tuple(unfinished)

    def _deliver(self, ids: Sequence[str], actor: Actor) -> tuple[str, ...]:
        """Record what the memories hold for these ids, which are announced; their artefacts are checked first.

        Returns those whose artefacts are not what was tested; their activation is undone.
        """
        if not ids:
            return ()
        state = self._ledger.state()
        prepared = prepared_for([state.record(i) for i in ids], self._artifacts)
        missing = {i for i in ids if i not in prepared or not is_intact(prepared[i], self._artifacts)}
        with self._ledger.writing() as session:
            # Another process may have finished them meanwhile.
            waiting = {record.id for record in session.state.unfinished()}
            undone = tuple(i for i in ids if i in waiting and i in missing)
            if undone:
                why = "the tested artefacts are not in the store"
                session.append(actor, [ActivationUndone(ids=undone)], why)
            delivered = {i: prepared[i] for i in ids if i in waiting and i not in missing}
            if delivered:
                session.append(actor, [Delivered(memory="edits", artefacts=delivered)], "delivered")
        return undone

    def _is_fresh(self, state: State, ids: Sequence[str]) -> bool:
        """Whether these changes were tested together, on the ground that holds now, and what was tested is there."""
        records = [state.record(i) for i in ids]
        verdicts = [r.verdict for r in records if r.verdict is not None and r.stage == "tested"]
        if len(verdicts) < len(ids) or len({verdict.report for verdict in verdicts}) != 1:
            return False
        since = _staged_at(state, ids)
        if _live_moved(state, since) or any(isinstance(e.body, _RULES) for e in self._ledger.events(after=since)):
            return False
        prepared = prepared_for(records, self._artifacts)
        return all(i in prepared and is_intact(prepared[i], self._artifacts) for i in ids)

    def _judge(
        self,
        state: State,
        memory: EditsMemory,
        worded: Mapping[str, Worded],
        artefacts: Mapping[str, bytes],
        progress: Progress,
    ) -> Report:
        changing = {w.prompts[0] for w in worded.values()}
        rivals = self._live_rivals(state, worded)
        cases = [w.case(changing, rivals[i]) for i, w in worded.items()]
        held = memory.holdings()

        def stage(ids: Collection[str]) -> Responder:
            order = [i for i in worded if i in set(ids)]
            gone = {rival for i in order for rival in rivals[i] if rival in held}
            deliveries = [Deliver(i, artefacts[i], state.sequence + n) for n, i in enumerate(order, start=1)]
            return Responder(self._memories.model, {"edits": memory.staged([*map(Withdraw, gone), *deliveries])})

        gate = Gate(state.thresholds, tuple(state.suite.values()))
        live = Responder(self._memories.model, {"edits": memory})
        entangled = memory.config.mode == "shared"
        return gate.judge(cases, live, stage, entangled=entangled, progress=_phase(progress, "asking questions"))

    def _live_rivals(self, state: State, worded: Mapping[str, Worded]) -> dict[str, tuple[str, ...]]:
        """For each change, the live addenda that it will replace."""
        keys = {i: content_key(w.addendum.content) or "" for i, w in worded.items()}
        known = self._ledger.about(set(keys.values()))
        return {i: _rivals(state, worded[i], known.get(keys[i], ()), _NOW) for i in worded}

    def _replaced(self, session: Session, ids: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
        """What each change replaces now, and the changes that replace something nobody has looked at.

        A change also replaces what is superseded or disabled, so that none of it comes back beside the change when
        whatever holds it back is taken back, or when it is enabled.
        """
        state = session.state
        addenda = self._ledger.addenda(ids)
        keys = {i: content_key(addenda[i].content) or "" for i in ids}
        known = session.about(set(keys.values()))
        replaced: dict[str, tuple[str, ...]] = {}
        unseen: list[str] = []
        taken: set[str] = set()
        for i in ids:
            record, worded = state.record(i), word(addenda[i], state.registry)
            replaced[i] = _rivals(state, worded, known.get(keys[i], ()), _COULD_HOLD)
            new = [
                r
                for r in _active(state, replaced[i])
                if r not in record.supersedes and state.record(r).history[-1] > record.based_on
            ]
            if new or state.moved(record) or keys[i] in taken:
                unseen.append(i)
            elif worded.exclusive:
                taken.add(keys[i])
        return replaced, unseen

    def _check(self, state: State, ids: Sequence[str], by: Person) -> None:
        if not ids:
            raise InvalidInput("no addenda were named; `list` shows which ones wait")
        require(state, by, "gate_judged")
        now = utc_now()
        for i in ids:
            record = state.record(i)
            check_move(i, record.stage, record.status(now), "gate_judged")


def _rivals(state: State, worded: Worded, about: Sequence[str], among: frozenset[Status]) -> tuple[str, ...]:
    if not worded.exclusive:
        return ()
    now = utc_now()
    # What is about the same may have been proposed after this state was read; it is not live then.
    others = [state.records[i] for i in about if i != worded.addendum.id and i in state.records]
    return tuple(record.id for record in others if record.status(now) in among)


def _active(state: State, ids: Sequence[str]) -> tuple[str, ...]:
    now = utc_now()
    return tuple(i for i in dict.fromkeys(ids) if state.record(i).status(now) == "active")


def _staged_at(state: State, ids: Sequence[str]) -> int:
    """The oldest ledger position that one of these changes was tested at."""
    verdicts = [state.record(i).verdict for i in ids]
    return min((verdict.staged_at for verdict in verdicts if verdict is not None), default=state.position)


def _ground_moved(state: State, since: int, seen: State) -> bool:
    """Whether live knowledge changed after the position ``since``, or the rules are not those that were ``seen``."""
    same_rules = (state.suite, state.thresholds, state.relations) == (seen.suite, seen.thresholds, seen.relations)
    return _live_moved(state, since) or not same_rules


def _live_moved(state: State, since: int) -> bool:
    """Whether anything that was ever delivered changed after this position."""
    return any(r.sequence is not None and r.history[-1] > since for r in state.records.values())


def _phase(progress: Progress, phase: str) -> ProgressCallback:
    return lambda done, total: progress(phase, done, total)
