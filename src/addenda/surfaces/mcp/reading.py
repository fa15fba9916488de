"""The tools that look. What the caller's audience may not see is answered like what does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from addenda.errors import InvalidInput, UnknownId
from addenda.knowledge_base import Hit, KnowledgeBase, Person, Record, admitted
from addenda.surfaces.describing import happened, says
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.mcp import arguments as given
from addenda.surfaces.mcp import results as told
from addenda.types import EVERYONE, Content, Document, Status

_MOST_TEXT = 20_000
"""Characters of a document's text that are given."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool, where, and for whom."""

    hosted: Hosted
    person: Person
    """Whose agent it is."""
    audience: str
    """Only what may be shown to it; set where the agent is connected, never by the agent."""

    @property
    def kb(self) -> KnowledgeBase:
        """The knowledge base, for what needs no memory and no model."""
        return self.hosted.kb


def search_memories(caller: Caller, asked: given.Search) -> told.FoundMemories:
    """Search."""
    found = caller.kb.searching.search(
        asked.query,
        statuses=asked.status,
        kinds=asked.kinds,
        as_of=asked.as_of,
        audience=caller.audience,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    now = datetime.now(UTC)
    return told.FoundMemories(
        hits=tuple(_found(hit, now) for hit in found.hits), next_cursor=found.next, position=found.position
    )


def get_memory(caller: Caller, asked: given.OneMemory) -> told.OneMemoryTold:
    """Show one."""
    state = caller.kb.state
    record = admitted(state, asked.id, caller.audience)
    content = _contents(caller.kb, [record.id]).get(record.id)
    shown, omitted = _shortened(content)
    return told.OneMemoryTold(
        id=record.id,
        status=record.status(datetime.now(UTC)),
        kind=record.kind,
        says=says(content),
        content=shown,
        omitted_characters=omitted,
        source=record.source,
        author=record.author,
        trust=record.trust,
        tags=record.tags,
        audience=record.audience,
        holds_from=record.starts,
        holds_until=record.ends,
        proposed_by=str(record.proposer),
        proposed_at=record.proposed_at,
        evidence=record.evidence,
        supersedes=record.supersedes,
        superseded_by=record.superseded_by,
        memories=record.memories,
        position=state.position,
    )


def get_memory_history(caller: Caller, asked: given.OneMemory) -> told.HistoryTold:
    """Show what happened to one."""
    state = caller.kb.state
    record = admitted(state, asked.id, caller.audience)
    events = tuple(
        told.Happened(
            position=event.position,
            at=event.at,
            by=str(event.actor),
            what=happened(event, record.id),
            reason=event.reason,
        )
        for event in caller.kb.history(record.id)
    )
    return told.HistoryTold(id=record.id, events=events, position=state.position)


def query_triples(caller: Caller, asked: given.Triples) -> told.TriplesTold:
    """Read the memory of triples."""
    if (asked.subject is None) == (asked.object is None):
        raise InvalidInput("give either a subject, to get values, or an object, to get subjects; one of the two")
    with caller.hosted.answering() as kb:
        found = kb.read(asked, as_of=asked.as_of, audience=caller.audience)
        position = kb.state.position
    triples = tuple(
        told.TripleFound(
            id=hit.addendum_id,
            subject=hit.subject,
            relation=hit.relation,
            object=hit.object,
            score=hit.score,
            source=hit.origin.source,
            author=hit.origin.author,
            trust=hit.origin.trust,
        )
        for hit in found.hits
    )
    return told.TriplesTold(triples=triples, exact=found.exact, too_broad=found.too_broad, position=position)


def explain_answer(caller: Caller, asked: given.Explain) -> told.ExplanationTold:
    """Say what changed an answer, by asking again without each memory that had a part in it."""
    with caller.hosted.answering() as kb:
        if kb.answer(asked.answer_id).trace.audience not in (EVERYONE, caller.audience):
            raise UnknownId(f"no answer's id starts with {asked.answer_id!r}; `ask` prints the id of each answer")
        explained = kb.explain(asked.answer_id)
    answer, trace = explained.answer, explained.answer.trace
    contents = _contents(caller.kb, [match.addendum_id for match in trace.matches])
    without = {ablation.addendum_id: ablation.text for ablation in explained.ablations}
    parts = tuple(
        told.Part(
            id=match.addendum_id,
            says=says(contents.get(match.addendum_id)),
            memory=match.memory,
            source=_source(caller.kb, match.addendum_id),
            score=match.score,
            threshold=match.threshold,
            injected=match.injected,
            cited=match.cited,
            changed_answer=match.changed_answer,
            text_without=without.get(match.addendum_id),
        )
        for match in trace.matches
    )
    return told.ExplanationTold(
        answer_id=trace.id,
        question=answer.question,
        text=answer.text,
        without_memories=explained.without_memories,
        parts=parts,
        model=trace.model,
        asked_at=trace.asked_at,
        as_of=trace.as_of,
        position=trace.ledger_position,
    )


def get_change_status(caller: Caller, asked: given.OneMemory) -> told.StatusTold:
    """Say where a change stands and what it waits for."""
    state = caller.kb.state
    record = admitted(state, asked.id, caller.audience)
    status = record.status(datetime.now(UTC))
    verdict = record.verdict
    return told.StatusTold(
        id=record.id,
        status=status,
        says=says(_contents(caller.kb, [record.id]).get(record.id)),
        approvals=tuple(told.ApprovedBy(by=str(approval.by), at=approval.at) for approval in record.approvals),
        gate_passed=None if verdict is None else verdict.passed,
        gate_reason=caller.kb.why_failed(record.id),
        last_reason=record.last_reason,
        waits_for=waits_for(record, status),
        position=state.position,
    )


def waits_for(record: Record, status: Status) -> str:
    """What has to happen to a change next, and who can do it."""
    if status in ("proposed", "needs_review"):
        return f"approval under the policy, by an approver other than {record.author}; agents cannot approve"
    return _NEXT.get(status, "nothing: it is at an end; to go on, propose it anew")


_NEXT: Mapping[Status, str] = MappingProxyType(
    {
        "approved": "the gate's test and activation, by an approver or admin",
        "tested": "activation, by an approver or admin",
        "gate_failed": "an approver, who can test it again, send it back or reject it; see gate_reason",
        "activating": "its delivery to the memories, which is going on",
        "active": "nothing: it is live",
        "disabled": "an approver or admin, who can enable it again",
    }
)


def _found(hit: Hit, now: datetime) -> told.Found:
    record = hit.record
    return told.Found(
        id=record.id,
        status=record.status(now),
        kind=record.kind,
        says=says(hit.addendum.content),
        score=hit.score,
        source=record.source,
        author=record.author,
        trust=record.trust,
        tags=record.tags,
        holds_from=record.starts,
        holds_until=record.ends,
    )


def _contents(kb: KnowledgeBase, ids: Sequence[str]) -> dict[str, Content]:
    return {i: addendum.content for i, addendum in kb.ledger.addenda(ids).items()} if ids else {}


def _source(kb: KnowledgeBase, addendum_id: str) -> str:
    record = kb.state.records.find(addendum_id)
    return "" if record is None else record.source


def _shortened(content: Content | None) -> tuple[Content | None, int]:
    """The content with the end of a long text left out, and how much that was."""
    if not isinstance(content, Document) or len(content.text) <= _MOST_TEXT:
        return content, 0
    return content.model_copy(update={"text": content.text[:_MOST_TEXT]}), len(content.text) - _MOST_TEXT
