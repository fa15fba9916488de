"""The tools that propose. Nothing that they do is live before people have approved and activated it."""

from __future__ import annotations

from datetime import UTC, datetime

from addenda.knowledge_base import Proposing
from addenda.surfaces.describing import says
from addenda.surfaces.mcp import arguments as given
from addenda.surfaces.mcp import results as told
from addenda.surfaces.mcp.reading import Caller, waits_for
from addenda.types import Content, Document, Edit, Fact, Note


def propose_memory(caller: Caller, asked: given.ProposeMemory) -> told.ProposalMade:
    """Propose something new."""
    outcome = caller.kb.agents.propose(
        _content(asked),
        on_behalf_of=caller.person,
        source=asked.source,
        audience=caller.audience,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        reason=asked.reason,
    )
    return _made(caller, outcome)


def propose_update(caller: Caller, asked: given.ProposeUpdate) -> told.ProposalMade:
    """Propose something else in the place of what holds."""
    outcome = caller.kb.agents.update(
        asked.id,
        asked.value,
        based_on=asked.based_on,
        on_behalf_of=caller.person,
        source=asked.source,
        audience=caller.audience,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        reason=asked.reason,
    )
    return _made(caller, outcome)


def propose_delete(caller: Caller, asked: given.ProposeDelete) -> told.ProposalMade:
    """Propose that something holds no longer."""
    outcome = caller.kb.agents.withdraw(
        asked.id,
        based_on=asked.based_on,
        on_behalf_of=caller.person,
        source=asked.source,
        audience=caller.audience,
        reason=asked.reason,
    )
    return _made(caller, outcome)


def _content(asked: given.ProposeMemory) -> Content:
    match asked.content:
        case given.FactGiven() as fact:
            return Fact(subject=fact.subject, relation=fact.relation, object=fact.object)
        case given.EditGiven() as edit:
            return Edit(prompt=edit.prompt, target=edit.target, rephrasings=edit.rephrasings)
        case given.NoteGiven() as note:
            return Note(rule=note.rule, applies_when=note.applies_when)
        case document:
            return Document(title=document.title, text=document.text)


def _made(caller: Caller, outcome: Proposing) -> told.ProposalMade:
    state = caller.kb.state
    replaced = caller.kb.ledger.addenda(outcome.supersedes) if outcome.supersedes else {}
    record = None if outcome.duplicate_of else state.record(outcome.addendum.id)
    status = None if record is None else record.status(datetime.now(UTC))
    return told.ProposalMade(
        id=None if record is None else record.id,
        status=status,
        says=says(outcome.addendum.content),
        replaces=tuple(
            told.Named(id=i, says=says(replaced[i].content if i in replaced else None)) for i in outcome.supersedes
        ),
        duplicate_of=outcome.duplicate_of,
        warnings=outcome.warnings,
        waits_for="nothing: it is said already" if record is None or status is None else waits_for(record, status),
        position=state.position,
    )
