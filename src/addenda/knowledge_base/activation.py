"""Making tested changes live, and finishing what an interruption left half-way.

Activating announces the delivery, delivers, and records it: a crash between is visible as ``activating``, and since
what is delivered was durable before, the next start finishes it (:meth:`Activation.recover`). The model is never called
inside a transaction; under the write lock it is checked that nothing moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from addenda.artifacts import ArtifactStore
from addenda.database import uncollected
from addenda.errors import Conflict
from addenda.gate import Report
from addenda.knowledge_base.autopilot import send_back
from addenda.knowledge_base.ground import active_among, ground_moved, live_moved, replaced_by, tested_at
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.progress import Progress, silent
from addenda.knowledge_base.tested import prepared_for
from addenda.knowledge_base.testing import Testing
from addenda.knowledge_base.wording import Route, routes
from addenda.ledger import (
    SYSTEM,
    Activating,
    ActivationUndone,
    Actor,
    Delivered,
    Ledger,
    Person,
    Record,
    RelationDeclared,
    ReviewNeeded,
    Session,
    SettingChangeConfirmed,
    State,
    SuiteChanged,
    ThresholdsChanged,
    require,
)
from addenda.types import Addendum, MemoryName

_RULES = (SuiteChanged, ThresholdsChanged, RelationDeclared, SettingChangeConfirmed)
"""Events that change what a test asks, what it must reach, or where a change goes."""


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
        self._testing = Testing(ledger, artifacts, memories)

    def test(self, ids: Sequence[str], *, by: Person, progress: Progress = silent) -> Report:
        """Run the gate on approved changes; see :meth:`addenda.knowledge_base.testing.Testing.test`."""
        return self._testing.test(ids, self._ledger.addenda(ids), by=by, progress=progress)

    def activate(self, ids: Sequence[str], *, by: Person, progress: Progress = silent) -> Activated:
        """Make approved changes live. Those without a fresh test are tested first; those that fail stay behind.

        Raises Conflict when one of them is neither approved nor tested, PermissionDenied when ``by`` may not.
        """
        state = self._ledger.state()
        require(state, by, "activating")
        found = self._ledger.addenda(ids)
        fresh = self._is_fresh(state, ids, found)
        report = None if fresh else self._testing.test(ids, found, by=by, progress=progress)
        with uncollected():
            return self._take_live(ids, found, report, by)

    def recover(self) -> tuple[str, ...]:
        """Finish activations that were interrupted; those whose artefacts are gone are undone. Returns their ids."""
        unfinished = [record.id for record in self._ledger.state().unfinished()]
        self._deliver(unfinished, self._ledger.addenda(unfinished), SYSTEM)
        return tuple(unfinished)

    def _take_live(
        self, ids: Sequence[str], found: Mapping[str, Addendum], report: Report | None, by: Person
    ) -> Activated:
        """Deliver those of the tested changes that passed, if the ground they were tested on still holds."""
        state = self._ledger.state()
        failed = tuple(i for i in ids if state.record(i).stage == "gate_failed")
        left_behind = set(failed)
        passed = [i for i in ids if i not in left_behind]
        addenda = {i: found[i] for i in passed}
        by_relation = routes(addenda.values(), state.registry)
        with self._ledger.writing() as session:
            if ground_moved(session.state, tested_at(session.state, passed), state):
                raise Conflict("live knowledge or the rules changed since the test; activate again, which tests again")
            replaced, unseen = replaced_by(session, addenda, by_relation)
            held_back = set(unseen)
            ready = tuple(i for i in passed if i not in held_back)
            if unseen:
                body = ReviewNeeded(ids=tuple(unseen))
                session.append(by.actor, [body], "what it replaces has changed since somebody looked")
            superseded = active_among(session.state, [old for i in ready for old in replaced[i]])
            _announce(session, by.actor, ready, by_relation, replaced)
        if missing := self._deliver(ready, addenda, by.actor):
            raise Conflict(
                f"{len(missing)} changes could not be delivered because what was tested is no longer stored "
                f"(for example {missing[0]!r}); test them again"
            )
        self._memories.sync()
        return Activated(ready, superseded, failed, tuple(unseen), report)

    def _deliver(self, ids: Sequence[str], addenda: Mapping[str, Addendum], actor: Actor) -> tuple[str, ...]:
        """Record what the memories hold for these ids, which are announced; their artefacts are checked first.

        Returns those whose artefacts are not what was tested; their activation is undone.
        """
        if not ids:
            return ()
        state = self._ledger.state()
        expected = {i: state.record(i).expected for i in ids}
        stored = self._stored([state.record(i) for i in ids], expected, addenda)
        missing = {i for i in ids if any(i not in stored[name] for name in expected[i])}
        with self._ledger.writing() as session:
            # Another process may have finished them meanwhile.
            waiting = {record.id for record in session.state.unfinished()}
            undone = tuple(i for i in ids if i in waiting and i in missing)
            if undone:
                why = "the tested artefacts are not in the store"
                session.append(actor, [ActivationUndone(ids=undone)], why)
            ready = [i for i in ids if i in waiting and i not in missing]
            for name, digests in stored.items():
                delivered = {i: digests[i] for i in ready if name in session.state.record(i).expected}
                if delivered:
                    session.append(actor, [Delivered(memory=name, artefacts=delivered)], "delivered")
        return undone

    def _stored(
        self,
        records: Sequence[Record],
        expected: Mapping[str, Sequence[MemoryName]],
        addenda: Mapping[str, Addendum],
    ) -> dict[MemoryName, Mapping[str, str]]:
        """For each memory the digests of the artefacts that can be delivered to it."""
        tested = prepared_for(records, self._artifacts)
        names: set[MemoryName] = {name for wanted in expected.values() for name in wanted}
        found: dict[MemoryName, Mapping[str, str]] = {}
        for name in sorted(names):
            mine = {r.id: addenda[r.id] for r in records if name in expected[r.id] and r.id in addenda}
            found[name] = self._memories.keeper(name).stored(mine, tested)
        return found

    def _is_fresh(self, state: State, ids: Sequence[str], addenda: Mapping[str, Addendum]) -> bool:
        """Whether these changes were tested together, on the ground that holds now, and what was tested is there."""
        records = [state.record(i) for i in ids]
        verdicts = [r.verdict for r in records if r.verdict is not None and r.stage == "tested"]
        if len(verdicts) < len(ids) or len({verdict.report for verdict in verdicts}) != 1:
            return False
        since = tested_at(state, ids)
        if live_moved(state, since) or any(isinstance(e.body, _RULES) for e in self._ledger.events(after=since)):
            return False
        if len(addenda) < len(ids):
            return False
        found = routes(addenda.values(), state.registry)
        stored = self._stored(records, {i: route.memories for i, route in found.items()}, addenda)
        return all(i in stored[name] for i, route in found.items() for name in route.memories)


def _announce(
    session: Session,
    actor: Actor,
    ids: Sequence[str],
    found: Mapping[str, Route],
    replaced: Mapping[str, tuple[str, ...]],
) -> None:
    """Say which changes go to which memories, in the order given within each group."""
    groups: defaultdict[tuple[MemoryName, ...], list[str]] = defaultdict(list)
    for i in ids:
        groups[found[i].memories].append(i)
    bodies = [
        Activating(ids=tuple(group), memories=names, supersedes={i: replaced[i] for i in group})
        for names, group in groups.items()
    ]
    session.append(actor, bodies, "activation")
    send_back(session)
