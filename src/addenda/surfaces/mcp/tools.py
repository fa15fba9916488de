"""The table of the tools: what agents are told about each, and what is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from addenda.surfaces.mcp import arguments as given
from addenda.surfaces.mcp import proposing, reading
from addenda.surfaces.mcp import results as told
from addenda.surfaces.mcp.reading import Caller
from addenda.types import Frozen

_Arguments = TypeVar("_Arguments", bound=Frozen)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    title: str
    description: str
    takes: type[Frozen]
    gives: type[Frozen]
    call: Callable[[Caller, Mapping[str, object]], Frozen]
    """Called with who calls and the arguments as they came. Raises pydantic's ValidationError for those that it does
    not take, and an AddendaError."""
    reads_only: bool


def _tool(
    run: Callable[[Caller, _Arguments], Frozen],
    takes: type[_Arguments],
    gives: type[Frozen],
    title: str,
    description: str,
) -> Tool:
    def call(caller: Caller, arguments: Mapping[str, object]) -> Frozen:
        return run(caller, takes.model_validate(arguments))

    reads_only = run.__module__ == reading.__name__
    return Tool(run.__name__, title, description, takes, gives, call, reads_only)


_NOT_LIVE = "The proposal waits for people: nothing is live before somebody else has approved, tested and activated it."

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        _tool(
            reading.search_memories,
            given.Search,
            told.FoundMemories,
            "Search memories",
            "Find approved knowledge (facts, answers, rules, documents) by words, in any language. Gives what is live "
            "now, or was at a moment; with a status, what waits. Start here, before you answer or propose.",
        ),
        _tool(
            reading.get_memory,
            given.OneMemory,
            told.OneMemoryTold,
            "Get a memory",
            "Show all that is known of one memory: its content, source, author, validity and what it replaces.",
        ),
        _tool(
            reading.get_memory_history,
            given.OneMemory,
            told.HistoryTold,
            "Get a memory's history",
            "Show what happened to one memory, event by event: who proposed, approved, tested, activated or took it "
            "back, when and why.",
        ),
        _tool(
            reading.query_triples,
            given.Triples,
            told.TriplesTold,
            "Query triples",
            "Look up a relation of a subject, or the subjects that have a value, in the memory of triples. Exact, and "
            "no model is asked.",
        ),
        _tool(
            proposing.propose_memory,
            given.ProposeMemory,
            told.ProposalMade,
            "Propose a memory",
            f"Propose one new piece of knowledge. {_NOT_LIVE} What is said already is not proposed again.",
        ),
        _tool(
            proposing.propose_update,
            given.ProposeUpdate,
            told.ProposalMade,
            "Propose an update",
            "Propose another value, answer, rule or text in the place of a memory that holds. Read the memory first, "
            f"and give the position that came with it. {_NOT_LIVE}",
        ),
        _tool(
            proposing.propose_delete,
            given.ProposeDelete,
            told.ProposalMade,
            "Propose a deletion",
            "Propose that a memory holds no longer. It deletes nothing: a note that withdraws the memory is proposed, "
            f"which can be rolled back, and the history stays. {_NOT_LIVE}",
        ),
        _tool(
            reading.explain_answer,
            given.Explain,
            told.ExplanationTold,
            "Explain an answer",
            "Say which memories changed an answer that was given, by asking again without each of them. It takes as "
            "long as several answers.",
        ),
        _tool(
            reading.get_change_status,
            given.OneMemory,
            told.StatusTold,
            "Get a change's status",
            "Say where a proposal stands, who approved it, what the gate said and what it waits for.",
        ),
    )
}
"""Every tool by name. There are none that approve, activate, roll back or erase: that is for people."""
