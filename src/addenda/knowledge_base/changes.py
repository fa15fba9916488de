"""Proposing, deciding about, and taking back: every change of what is known, up to where a model is needed.

Nothing here calls a model, so every step is one short transaction: what is decided is decided on the state at the head,
under the write lock. Two facts conflict exactly when they have the same subject and relation and the relation takes one
value; similarity never decides. A proposal says what it supersedes, and when that has moved since, approving sends it
back to review instead of applying it blindly.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from addenda.artifacts import ArtifactStore
from addenda.errors import Conflict, InvalidInput
from addenda.knowledge_base.autopilot import approve_by_themselves
from addenda.knowledge_base.autopilot import send_back as send_back_undecided
from addenda.knowledge_base.clashes import note_warnings
from addenda.knowledge_base.proposable import check, check_replaced
from addenda.knowledge_base.seeing import NOTHING_SEEN, Seen, check_unmoved
from addenda.knowledge_base.tested import artefacts_of, stored_for
from addenda.ledger import (
    Actor,
    Body,
    Disabled,
    Draft,
    Enabled,
    Erased,
    GateJudged,
    Ledger,
    Person,
    Record,
    Registry,
    Rejected,
    Retired,
    ReviewNeeded,
    State,
    WindowClosed,
    clean_all,
    content_keys,
    normalised_value,
    require,
)
from addenda.text import normalised
from addenda.types import EVERYONE, Addendum, Content, Edit, Fact, MemoryName, Status

_OPEN: frozenset[Status] = frozenset({"proposed", "needs_review", "approved", "gate_failed", "tested", "activating"})
_CLOSE_ENOUGH = 0.75


class Proposing(NamedTuple):
    """What became, or in a dry run would become, of one addendum that was handed in."""

    addendum: Addendum
    supersedes: tuple[str, ...] = ()
    """Ids of live addenda that it will replace."""
    warnings: tuple[str, ...] = ()
    duplicate_of: str | None = None
    """Id of a live or open addendum that already says the same, whenever and to whomever the new one would; the new one
    is then not proposed."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What an approval did."""

    approved: tuple[str, ...]
    """Now approved."""
    waiting: tuple[str, ...]
    """Approved by this person, and waiting for another one."""
    needs_review: tuple[str, ...]
    """Sent back, because what they replace has changed since they were proposed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one memory had stored for erased addenda, and holds no longer."""

    memory: MemoryName
    digests: tuple[str, ...]
    """Of what was destroyed, sorted; what another addendum shares is kept and not among them."""
    remains: str = ""
    """What of it is still there, and what keeps it from answers; empty when nothing is."""


class Changes:
    """Propose, approve, reject, disable, enable, roll back, expire, erase.

    Whoever decides can say what they had seen; when it has changed since, Moved is raised and nothing is decided.
    """

    def __init__(
        self,
        ledger: Ledger,
        artifacts: ArtifactStore,
        withdrawn: Callable[[], None],
        forget: Callable[[Collection[str], Collection[str]], None],
    ) -> None:
        """Take the ledger, the artefacts, and two that are called.

        Args:
            ledger: Where everything is appended.
            artifacts: Of which those of erased addenda are destroyed.
            withdrawn: Called when live knowledge may have changed.
            forget: Called with the ids of erased addenda, and of the documents among them, to destroy what else was
                made of them: kept answers first of all.
        """
        self._forget = forget
        self._ledger = ledger
        self._artifacts = artifacts
        self._withdrawn = withdrawn

    def propose(
        self,
        addenda: Sequence[Addendum],
        *,
        by: Person | Actor,
        reason: str = "",
        replaces: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        based_on: int | None = None,
        dry_run: bool = False,
    ) -> tuple[Proposing, ...]:
        """Propose a batch; durable when the call returns. What is already said is left out and named.

        Args:
            addenda: The batch.
            by: Who proposes.
            reason: Why.
            replaces: For addenda by id the live ones that they replace, where content does not say it: for notes.
            based_on: Ledger position that the proposer saw; the head when None.
            dry_run: Only tell what would become of them.

        Raises InvalidInput (hidden characters, an empty batch), PermissionDenied; nothing is proposed then.
        """
        if not addenda:
            raise InvalidInput("nothing to propose: the batch is empty")
        cleaned = clean_all(addenda)
        state = self._ledger.state()
        registry = state.registry
        for addendum in cleaned:
            check(addendum, registry)
            check_replaced(state, addendum, replaces.get(addendum.id, ()), registry)
        keys = content_keys([addendum.content for addendum in cleaned])
        wanted = {key for key in keys if key is not None}
        if dry_run:
            known = self._ledger.about(wanted)
            outcomes = _outcomes(state, cleaned, keys, known, self._contents(_ids(known)))
            return _completed(outcomes, replaces, note_warnings(cleaned, replaces, state, self._contents))
        actor = by.actor if isinstance(by, Person) else by
        with self._ledger.writing() as session:
            if isinstance(by, Person):  # what is said already is not appended, so that nothing else would ask
                require(session.state, by, "proposed")
            known = session.about(wanted)
            outcomes = _outcomes(session.state, cleaned, keys, known, session.contents(_ids(known)))
            drafts = [
                Draft(o.addendum, replaces.get(o.addendum.id, o.supersedes)) for o in outcomes if o.duplicate_of is None
            ]
            if drafts:
                session.propose(actor, drafts, reason, based_on)
                approve_by_themselves(session, [draft.addendum.id for draft in drafts])
            warnings = note_warnings(cleaned, replaces, state, session.contents)
        return _completed(outcomes, replaces, warnings)

    def approve(self, ids: Sequence[str], *, by: Person, reason: str = "", seen: Seen = NOTHING_SEEN) -> Deciding:
        """Approve under the policy in force.

        A proposal whose ground has moved becomes ``needs_review`` instead; approving it again accepts the ledger as it
        is then. Raises PermissionDenied (nobody may, or not this person, or their own), Conflict for a status that
        admits no approval. All of ``ids`` are decided, or none.
        """
        with self._ledger.writing() as session:
            state = session.state
            check_unmoved(state, seen)
            stale = [r.id for r in map(state.record, ids) if r.stage == "proposed" and state.moved(r)]
            moved = set(stale)
            sound = [i for i in ids if i not in moved]
            if sound:
                session.approve(by.actor, sound, reason)
            if stale:
                body = ReviewNeeded(ids=tuple(stale))
                session.append(by.actor, [body], "what it replaces has changed since it was proposed")
            after = session.state
        approved = [i for i in sound if after.record(i).stage == "approved"]
        done = set(approved)
        waiting = [i for i in sound if i not in done]
        return Deciding(approved=tuple(approved), waiting=tuple(waiting), needs_review=tuple(stale))

    def reject(self, ids: Sequence[str], *, by: Person, reason: str, seen: Seen = NOTHING_SEEN) -> None:
        """Reject open proposals, for a reason. Raises Conflict when one of them is already live or ended."""
        if not reason.strip():
            raise InvalidInput("a rejection needs a reason, so that the proposer learns from it")
        self._append(by, Rejected(ids=tuple(ids)), reason, seen)

    def send_back(self, ids: Sequence[str], *, by: Person, reason: str, seen: Seen = NOTHING_SEEN) -> None:
        """Send proposals back to review, for a reason: earlier approvals and tests no longer count."""
        if not reason.strip():
            raise InvalidInput("sending back needs a reason, so that the proposer knows what to do")
        self._append(by, ReviewNeeded(ids=tuple(ids)), reason, seen)

    def disable(self, ids: Sequence[str], *, by: Person, reason: str = "", seen: Seen = NOTHING_SEEN) -> None:
        """Switch live addenda off, for questions about the past too, until they are enabled."""
        self._append(by, Disabled(ids=tuple(ids)), reason, seen)

    def enable(self, ids: Sequence[str], *, by: Person, reason: str = "", seen: Seen = NOTHING_SEEN) -> None:
        """Switch disabled addenda on again. Raises Conflict when something else has taken their place meanwhile."""
        state = self._ledger.state()
        for i in ids:
            if taken := self._replaced_since_disabled(state.record(i)):
                raise Conflict(
                    f"cannot enable {i!r}: {', '.join(taken)} took its place meanwhile; take that back first, "
                    "or propose this knowledge anew"
                )
        self._append(by, Enabled(ids=tuple(ids)), reason, seen)

    def rollback(self, ids: Sequence[str], *, by: Person, reason: str = "", seen: Seen = NOTHING_SEEN) -> None:
        """Take addenda back for good; what they had superseded holds again."""
        self._append(by, Retired(ids=tuple(ids)), reason, seen)

    def expire(
        self,
        ids: Sequence[str],
        *,
        by: Person,
        until: datetime | None = None,
        reason: str = "",
        seen: Seen = NOTHING_SEEN,
    ) -> None:
        """End the validity of addenda at ``until`` (now when None); before that moment they remain valid."""
        moment = datetime.now(UTC) if until is None else until
        self._append(by, WindowClosed(ids=tuple(ids), until=moment), reason, seen)

    def erase(self, ids: Sequence[str], *, by: Person, reason: str, seen: Seen = NOTHING_SEEN) -> tuple[Receipt, ...]:
        """Destroy the content of addenda and what the memories stored for them; who and when remain.

        With it go the gate's reports that quote it, and the kept answers that it was considered for. Returns a receipt
        for each memory that had stored something. Exported files and backups are not reached from here.
        """
        if not reason.strip():
            raise InvalidInput("an erasure needs a reason; it stays in the history in place of the content")
        state = self._ledger.state()
        stored = stored_for([state.record(i) for i in ids], self._artifacts)
        self._append(by, Erased(ids=tuple(ids)), reason, seen)
        self.finish_erasures()
        receipts = [
            Receipt(name, tuple(digest for digest in sorted(digests) if digest not in self._artifacts))
            for name, digests in stored.items()
        ]
        return tuple(receipt for receipt in receipts if receipt.digests)

    def finish_erasures(self) -> None:
        """Destroy the artefacts of erased addenda that nothing else needs; also after an interruption."""
        records = self._ledger.state().records.values()
        erased = [record for record in records if record.stage == "erased"]
        if not erased:
            return
        kept = [record for record in records if record.stage != "erased"]
        gone = artefacts_of(erased, self._artifacts) - artefacts_of(kept, self._artifacts)
        for digest in sorted(gone):
            self._artifacts.discard(digest)
        for report in self._reports(erased):
            self._artifacts.discard(report)
        documents = [record.id for record in erased if record.kind == "document"]
        self._forget([record.id for record in erased], documents)

    def _contents(self, ids: Collection[str]) -> dict[str, Content]:
        return {i: addendum.content for i, addendum in self._ledger.addenda(ids).items()}

    def _reports(self, records: Sequence[Record]) -> set[str]:
        """Digests of every report of the gate about these records."""
        bodies = [event.body for record in records for event in self._ledger.history(record.id)]
        return {body.report for body in bodies if isinstance(body, GateJudged) and body.report is not None}

    def _replaced_since_disabled(self, record: Record) -> tuple[str, ...]:
        if record.stage != "disabled" or not record.closings:
            return ()
        # Its history also has the disabling of others that had replaced it.
        disabled = max(
            event.at
            for event in self._ledger.history(record.id)
            if isinstance(event.body, Disabled) and record.id in event.body.ids
        )
        return tuple(closing.by for closing in record.closings if closing.at >= disabled)

    def _append(self, by: Person, body: Body, reason: str, seen: Seen) -> None:
        with self._ledger.writing() as session:
            check_unmoved(session.state, seen)
            session.append(by.actor, [body], reason)
            send_back_undecided(session)
        self._withdrawn()


def _ids(known: Mapping[str, Sequence[str]]) -> set[str]:
    return {identifier for ids in known.values() for identifier in ids}


@dataclass(slots=True)
class _Weighing:
    """Weighs one addendum after another against what is there, those before it in the batch included."""

    state: State
    registry: Registry
    now: datetime
    known: dict[str, list[str]]
    contents: dict[str, Content]
    batch: dict[str, Addendum]

    def weigh(self, addendum: Addendum, key: str | None) -> Proposing:
        warnings = self._relation_warnings(addendum.content)
        if key is None:
            return Proposing(addendum, warnings=tuple(warnings))
        supersedes: list[str] = []
        for rival in self.known.get(key, ()):
            record = self.state.records.find(rival)
            status = "proposed" if record is None else record.status(self.now)
            if rival not in self.contents or (status != "active" and status not in _OPEN):
                continue
            said = self.contents[rival]
            if self._same(said, addendum.content) and self._covers(rival, addendum):
                return Proposing(addendum, warnings=tuple(warnings), duplicate_of=rival)
            if not self._exclusive(addendum.content):
                continue
            if status == "active":
                supersedes.append(rival)
            else:
                warnings.append(f"{rival} is {status} too and says {_value(said)!r}; approving both lets the later win")
        self.known.setdefault(key, []).append(addendum.id)
        self.contents[addendum.id] = addendum.content
        self.batch[addendum.id] = addendum
        return Proposing(addendum, tuple(supersedes), tuple(warnings))

    def _covers(self, rival: str, addendum: Addendum) -> bool:
        """Whether the rival holds at every moment, and for everybody, that the addendum is meant for."""
        record = self.state.records.find(rival)
        if record is not None:
            starts, ends, audience = record.starts, record.ends, record.audience
        elif rival in self.batch:
            other = self.batch[rival]
            starts, ends, audience = other.valid_from, other.valid_until, other.audience
        else:  # proposed by somebody else after the state of this dry run was read
            return True
        early = starts is None or starts <= (addendum.valid_from or self.now)
        late = ends is None or (addendum.valid_until is not None and addendum.valid_until <= ends)
        return early and late and (EVERYONE in audience or set(addendum.audience) <= set(audience))

    def _exclusive(self, content: Content) -> bool:
        return not isinstance(content, Fact) or self.registry.get(content.relation).cardinality == "one"

    def _same(self, one: Content, other: Content) -> bool:
        if isinstance(one, Fact) and isinstance(other, Fact):
            spec = self.registry.get(other.relation)
            return normalised_value(one.object, spec) == normalised_value(other.object, spec)
        return normalised(_value(one)) == normalised(_value(other))

    def _relation_warnings(self, content: Content) -> list[str]:
        if not isinstance(content, Fact) or (spec := self.registry.get(content.relation)).declared:
            return []
        relations = self.state.relations
        close = difflib.get_close_matches(normalised(content.relation), relations, n=1, cutoff=_CLOSE_ENOUGH)
        hint = f"; did you mean {relations[close[0]].name!r}?" if close else ""
        values = "one value" if spec.cardinality == "one" else "many values"
        return [f"relation {content.relation!r} is not declared and gets default questions and {values}{hint}"]


def _outcomes(
    state: State,
    addenda: Sequence[Addendum],
    keys: Sequence[str | None],
    known: Mapping[str, Sequence[str]],
    contents: Mapping[str, Content],
) -> tuple[Proposing, ...]:
    rivals = {key: list(ids) for key, ids in known.items()}
    weighing = _Weighing(state, state.registry, datetime.now(UTC), rivals, dict(contents), {})
    return tuple(map(weighing.weigh, addenda, keys))


def _completed(
    outcomes: Sequence[Proposing], replaces: Mapping[str, tuple[str, ...]], warnings: Mapping[str, tuple[str, ...]]
) -> tuple[Proposing, ...]:
    """The outcomes with what was asked of them, and what is to be said of their notes."""
    return tuple(
        one._replace(
            supersedes=replaces.get(one.addendum.id, one.supersedes),
            warnings=(*one.warnings, *warnings.get(one.addendum.id, ())),
        )
        for one in outcomes
    )


def _value(content: Content) -> str:
    match content:
        case Fact():
            return content.object
        case Edit():
            return content.target
        case _:
            return ""
