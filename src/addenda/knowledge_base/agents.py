"""What an agent proposes in a person's name. An agent is a model: it can only propose, and is trusted little.

The ledger has the agent as the proposer and the person as the author, so neither can approve what comes of it: a model
approves nothing, and nobody approves what carries their own name. What an agent says must not choose the rule by which
it is judged. Its source therefore always begins with :data:`SOURCE`, its trust is at most :data:`HIGHEST_TRUST`, and
of the tags, one is always :data:`TAG` and the others are those of what it changes.

Whoever wants a fact, an answer or a document gone proposes a note that withdraws it: a note that never applies, and in
whose place it takes. It is approved by the rules for what it withdraws, if those ask for more than those for notes, and
rolling it back brings back what it withdrew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base.changes import Changes, Proposing
from addenda.knowledge_base.extracting import HIGHEST_TRUST
from addenda.ledger import Actor, Ledger, Person, Record, Role, State, require, utc_now
from addenda.types import EVERYONE, Addendum, Content, Document, Edit, Fact, Note

SOURCE: Final = "agent: "
"""How the source of everything begins that an agent proposes."""
TAG: Final = "agent"
"""Tag of everything that an agent proposes, so that a policy can tell it."""

_SEES_ALL: frozenset[Role] = frozenset({"editor", "approver", "admin"})


class Agents:
    """Proposes for agents."""

    def __init__(self, ledger: Ledger, changes: Changes) -> None:
        """Take the ledger, and who proposes."""
        self._ledger = ledger
        self._changes = changes

    def propose(
        self,
        content: Content,
        *,
        on_behalf_of: Person,
        source: str,
        audience: str = EVERYONE,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        reason: str = "",
    ) -> Proposing:
        """Propose one piece of knowledge.

        Args:
            content: What is proposed.
            on_behalf_of: Whose agent proposes.
            source: Where the agent has it from, in its words.
            audience: Who may be answered from it.
            valid_from: First moment at which it holds.
            valid_until: First moment at which it no longer holds.
            reason: Why.

        Raises PermissionDenied when the person may not propose, InvalidInput for what cannot be proposed.
        """
        made = Addendum(
            content=content,
            source=SOURCE + source,
            author=on_behalf_of.name,
            valid_from=valid_from,
            valid_until=valid_until,
            audience=(audience,),
            trust=HIGHEST_TRUST,
            tags=(TAG,),
        )
        return self._handed_in(made, on_behalf_of, reason)

    def update(
        self,
        addendum_id: str,
        value: str,
        *,
        based_on: int,
        on_behalf_of: Person,
        source: str,
        audience: str = EVERYONE,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        reason: str = "",
    ) -> Proposing:
        """Propose what is to stand in the place of something that holds, with everything else about it as it is.

        Args:
            addendum_id: What is replaced.
            value: Of a fact the value, of an edit the answer, of a note the rule, of a document the text.
            based_on: Ledger position at which the agent read it.
            on_behalf_of: Whose agent proposes.
            source: Where the agent has it from, in its words.
            audience: Who the agent may read for.
            valid_from: First moment at which it holds.
            valid_until: First moment at which it no longer holds.
            reason: Why.

        Raises UnknownId, Conflict when it does not hold or changed since, and what :meth:`propose` raises.
        """
        old = self._read(addendum_id, based_on, audience)
        content = _with_value(old.content, value)
        state = self._ledger.state()
        made = old.model_copy(
            update={
                "id": Addendum(content=content, source="-", author="-").id,
                "content": content,
                "source": SOURCE + source,
                "author": on_behalf_of.name,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "evidence": (),
                "trust": HIGHEST_TRUST,
                "tags": tuple(dict.fromkeys((*old.tags, TAG))),
            }
        )
        named = () if _is_said_by_content(content, state) else (old.id,)
        return self._handed_in(made, on_behalf_of, reason, named, based_on)

    def withdraw(
        self,
        addendum_id: str,
        *,
        based_on: int,
        on_behalf_of: Person,
        source: str,
        audience: str = EVERYONE,
        reason: str = "",
    ) -> Proposing:
        """Propose that something holds no longer, from when that is live.

        The note that says so names what it withdraws by its id and does not repeat it, so that nothing is left of the
        words when they are erased. Arguments and errors are those of :meth:`update`.
        """
        old = self._read(addendum_id, based_on, audience)
        made = Addendum(
            content=Note(rule=f"the {old.content.kind} {old.id}", withdrawn=True),
            source=SOURCE + source,
            author=on_behalf_of.name,
            audience=old.audience,
            trust=HIGHEST_TRUST,
            tags=tuple(dict.fromkeys((*old.tags, TAG))),
        )
        return self._handed_in(made, on_behalf_of, reason, (old.id,), based_on)

    def _read(self, addendum_id: str, based_on: int, audience: str) -> Addendum:
        """What is to be replaced. Raises UnknownId; Conflict when it is not what was read any more."""
        state = self._ledger.state()
        record = admitted(state, addendum_id, audience)
        if not 1 <= based_on <= state.position:
            raise InvalidInput(
                f"the ledger has no position {based_on}; it goes from 1 to {state.position}, so give the position that "
                "came with what you read"
            )
        status = record.status(utc_now())
        if status != "active":
            raise Conflict(f"{record.id!r} is {status}; only what holds can be replaced or withdrawn")
        if record.history[-1] > based_on:
            raise Conflict(
                f"{record.id!r} changed at ledger position {record.history[-1]}, after position {based_on} at which "
                "you read it; read it again, and propose with the position that comes with it"
            )
        return self._ledger.addendum(record.id)

    def _handed_in(
        self,
        addendum: Addendum,
        person: Person,
        reason: str,
        replaces: Sequence[str] = (),
        based_on: int | None = None,
    ) -> Proposing:
        require(self._ledger.state(), person, "proposed")
        named = {addendum.id: tuple(replaces)} if replaces else {}
        actor = agent_of(person)
        return self._changes.propose([addendum], by=actor, reason=reason, replaces=named, based_on=based_on)[0]


def agent_of(person: Person) -> Actor:
    """The actor that a person's agent is: the one of its token, where it has a token of its own."""
    return person.actor if person.agent else Actor(kind="model", name=f"mcp (agent of {person.name})")


def check_decides(person: Person) -> None:
    """Raise PermissionDenied for an agent, which decides nothing: asked first, it learns nothing of what is there."""
    if person.agent:
        raise PermissionDenied(f"{person.actor} is a model, and a model can only propose; a person must do this")


def check_audience(person: Person, audience: str) -> None:
    """Raise PermissionDenied where a person, or their agent, may not read or be answered as this audience.

    The ledger does not say who belongs to which group. So a person who works with all addenda may read for any group,
    and everybody else for everyone.
    """
    if not person.roles:
        raise PermissionDenied(f"{person.name!r} has no role in this knowledge base; an admin can give one")
    if audience != EVERYONE and not person.has_any(_SEES_ALL):
        raise PermissionDenied(
            f"{person.name!r} may not read for {audience!r}: that takes the role editor, approver or admin; leave the "
            f"audience out, which means {EVERYONE!r}"
        )


def admitted(state: State, addendum_id: str, audience: str) -> Record:
    """The record of a full id, if this audience may see it. Raises UnknownId, the same for what it may not see."""
    record = state.records.find(addendum_id)
    if record is None or not record.admits(audience):
        raise UnknownId(f"there is no addendum {addendum_id!r} for the audience {audience!r}; search gives the ids")
    return record


def _is_said_by_content(content: Content, state: State) -> bool:
    """Whether what it replaces follows from what it says."""
    if isinstance(content, Fact):
        return state.registry.get(content.relation).cardinality == "one"
    return isinstance(content, Edit)


def _with_value(content: Content, value: str) -> Content:
    if not value.strip():
        raise InvalidInput(f"the new value {value!r} is blank; give what is to be said instead, or propose a deletion")
    match content:
        case Fact():
            return content.model_copy(update={"object": value})
        case Edit():
            return content.model_copy(update={"target": value})
        case Document():
            return content.model_copy(update={"text": value})
        case _:
            return content.model_copy(update={"rule": value, "supported_by": (), "contradicted_by": ()})
