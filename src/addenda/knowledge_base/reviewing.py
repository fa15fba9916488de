"""What somebody would have to know before deciding about proposals: whether they may, and what else is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.errors import AddendaError, PermissionDenied
from addenda.ledger import Ledger, Person, Record, State, content_keys
from addenda.types import Addendum, Content, Status

Hindrance: TypeAlias = Literal["role", "own", "policy", "state"]
"""Why somebody cannot approve: they lack the role, it is their own, the policy lets nobody, or where it stands."""

OPEN: frozenset[Status] = frozenset({"proposed", "needs_review"})
"""What waits for a decision."""

_ON_THEIR_WAY: frozenset[Status] = frozenset({"proposed", "needs_review", "approved", "tested", "activating"})


@dataclass(frozen=True, slots=True)
class Hindered:
    """Why approving would be refused."""

    kind: Hindrance
    why: str
    """What the refusal would say."""


def hindrances(ledger: Ledger, ids: Sequence[str], by: Person) -> Mapping[str, Hindered]:
    """For those of these proposals that this person cannot approve now, why not.

    It is found out by trying, with the rules that approving itself has. What has moved since it was proposed is not
    among them: approving that sends it back to review.
    """
    found: dict[str, Hindered] = {}
    with ledger.trying() as session:
        start = session.state
        for addendum_id in ids:
            record = start.record(addendum_id)
            if record.stage == "proposed" and start.moved(record):
                continue
            try:
                session.approve(by.actor, [addendum_id])
            except AddendaError as error:
                found[addendum_id] = Hindered(_kind(start, record, by, error), str(error))
    return found


def rivals(ledger: Ledger, addenda: Mapping[str, Addendum]) -> Mapping[str, tuple[str, ...]]:
    """For each addendum the others about the same thing that are still on their way."""
    state = ledger.state()
    ids = list(addenda)
    keys = content_keys([addenda[i].content for i in ids])
    about = ledger.about({key for key in keys if key is not None})
    found: dict[str, tuple[str, ...]] = {}
    for addendum_id, key in zip(ids, keys, strict=True):
        others = () if key is None else about.get(key, ())
        on_their_way = tuple(i for i in others if i != addendum_id and state.record(i).stage in _ON_THEIR_WAY)
        if on_their_way and _takes_one(state, addenda[addendum_id].content):
            found[addendum_id] = on_their_way
    return found


def _kind(state: State, record: Record, by: Person, error: AddendaError) -> Hindrance:
    if not isinstance(error, PermissionDenied):
        return "state"
    if not by.has_any(frozenset({"approver"})):
        return "role"
    own = by.name in (record.author, record.proposer.name)
    derived = any(state.record(i).proposer.name == by.name for i in record.evidence)
    return "own" if own or derived else "policy"


def _takes_one(state: State, content: Content) -> bool:
    return content.kind != "fact" or state.registry.get(content.relation).cardinality == "one"
