"""What can be proposed at all: names and values that fit, and a target that holds."""

from __future__ import annotations

from collections.abc import Sequence

from addenda.errors import Conflict, InvalidInput
from addenda.ledger import Registry, State, check_value, utc_now
from addenda.memories.triples.calls import NAME_LIMIT
from addenda.types import Addendum, Edit, Fact, Note


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


def check_replaced(state: State, addendum: Addendum, ids: Sequence[str], registry: Registry) -> None:
    """Raise Conflict unless the addendum can replace all of these, UnknownId for ids that do not exist.

    Content says by itself what a fact with one value, or an answer, replaces. A note, a document and one of a
    relation's many values name what they replace, which is of their own kind; a note that withdraws can name anything.
    """
    now, content = utc_now(), addendum.content
    for record in map(state.record, ids):
        status = record.status(now)
        if status != "active":
            raise Conflict(f"{record.id!r} is {status}; only what holds can be replaced or withdrawn")
        if isinstance(content, Note) and content.withdrawn:
            continue
        if isinstance(content, Fact) and registry.get(content.relation).cardinality == "one":
            raise Conflict(
                f"{content.relation!r} takes one value, so a fact of it replaces the one there is; name none"
            )
        if record.kind != content.kind or isinstance(content, Edit):
            raise Conflict(
                f"{record.id!r} is a {record.kind}, which a {content.kind} cannot replace; withdraw it instead"
            )
