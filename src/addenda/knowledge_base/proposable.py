"""What can be proposed at all: names and values that fit, and a target that holds."""

from __future__ import annotations

from collections.abc import Sequence

from addenda.errors import Conflict, InvalidInput
from addenda.ledger import Registry, State, check_value, utc_now
from addenda.memories.triples.calls import NAME_LIMIT
from addenda.types import Addendum, Fact


def check(addendum: Addendum, registry: Registry) -> None:
    """Raise InvalidInput when a fact's value is none of its relation's type, or one of its names is blank."""
    if isinstance(fact := addendum.content, Fact):
        if not (fact.subject.strip() and fact.relation.strip() and fact.object.strip()):
            name, text = next((n, v) for n, v in fact if n != "kind" and not v.strip())
            raise InvalidInput(f"the {name} of a fact is blank ({text!r}); give a name or a value")
        if max(len(fact.subject), len(fact.relation), len(fact.object)) > NAME_LIMIT:
            name, text = next((n, v) for n, v in fact if n != "kind" and len(v) > NAME_LIMIT)
            raise InvalidInput(
                f"the {name} of a fact has {len(text)} characters ({text[:40]!r}...); at most {NAME_LIMIT} are "
                "allowed; give a shorter name, or propose the text as a document"
            )
        check_value(fact.object, registry.get(fact.relation))


def check_replaced(state: State, ids: Sequence[str]) -> None:
    """Raise Conflict unless these are notes or documents that hold, UnknownId for ids that do not exist."""
    now = utc_now()
    for record in map(state.record, ids):
        if record.kind not in ("note", "document") or record.status(now) != "active":
            raise Conflict(
                f"{record.id!r} is {record.status(now)} and a {record.kind}; only a note or a document that holds can "
                "be replaced so"
            )
