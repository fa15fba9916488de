"""What each tool takes. Ids are whole ones, because finding what a beginning fits would tell what there is."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from addenda.knowledge_base import MOST_HITS, MOST_LETTERS
from addenda.types import Frozen, Moment, Status

_LONG = 100_000

Id: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{16}$", description="Id of a memory: 16 hexadecimal digits, as search_memories gives it."),
]
Reason: TypeAlias = Annotated[
    str, Field(max_length=2_000, description="Why, for the person who decides; it stays in the history.")
]
Origin: TypeAlias = Annotated[
    str,
    Field(
        min_length=1, max_length=300, description="Where this is from: who said it, or a document and a place in it."
    ),
]
From: TypeAlias = Annotated[
    Moment | None,
    Field(description="First moment at which it holds, as 2026-03-01T00:00:00Z; left out: from when it is live."),
]
Until: TypeAlias = Annotated[
    Moment | None, Field(description="First moment at which it no longer holds; left out: without end.")
]
AsOf: TypeAlias = Annotated[
    Moment | None, Field(description="Look at what held at this moment, as 2026-03-01T00:00:00Z; left out: now.")
]
BasedOn: TypeAlias = Annotated[
    int,
    Field(
        ge=1,
        description="The ledger position that came with the result in which you read this memory. If the memory "
        "changed after it, the call is refused, so that you read it again.",
    ),
]


class Search(Frozen):
    """Arguments of search_memories."""

    query: str = Field(
        min_length=1, max_length=MOST_LETTERS, description="Words to look for, in any language; most specific is best."
    )
    as_of: AsOf = None
    status: tuple[Status, ...] = Field(
        default=(),
        description="Instead of what is live, give what has one of these statuses now, for example proposed, "
        "needs_review or approved for what waits. Not together with as_of.",
    )
    kinds: tuple[Literal["fact", "edit", "note", "document"], ...] = Field(
        default=(), description="Only these kinds; left out: all."
    )
    limit: int = Field(default=10, ge=1, le=MOST_HITS, description="How many at most.")
    cursor: str | None = Field(
        default=None, max_length=200, description="The next_cursor of an earlier result, for what follows it."
    )


class OneMemory(Frozen):
    """Arguments of the tools that show one memory."""

    id: Id


class Triples(Frozen):
    """Arguments of query_triples."""

    relation: str = Field(min_length=1, max_length=500, description="The relation, for example price.")
    subject: str | None = Field(
        default=None, min_length=1, max_length=500, description="What it is about; leave it out to look for subjects."
    )
    object: str | None = Field(
        default=None, min_length=1, max_length=500, description="The value; give it instead of a subject."
    )
    as_of: AsOf = None


class Explain(Frozen):
    """Arguments of explain_answer."""

    answer_id: str = Field(
        pattern=r"^[0-9a-f]{16}$", description="Id of an answer that was given: its trace id, 16 hexadecimal digits."
    )


class FactGiven(Frozen):
    """A subject's value of a relation."""

    kind: Literal["fact"] = "fact"
    subject: str = Field(min_length=1, max_length=500, description="What it is about, for example a product's name.")
    relation: str = Field(min_length=1, max_length=500, description="Which property, for example price.")
    object: str = Field(min_length=1, max_length=500, description="The value.")


class EditGiven(Frozen):
    """A question and the answer it is to get."""

    kind: Literal["edit"] = "edit"
    prompt: str = Field(min_length=1, max_length=4_000, description="The question as users ask it.")
    target: str = Field(min_length=1, max_length=4_000, description="The answer it is to get.")
    rephrasings: tuple[str, ...] = Field(
        default=(), max_length=20, description="Other wordings of the question that must get the same answer."
    )


class NoteGiven(Frozen):
    """A rule in words."""

    kind: Literal["note"] = "note"
    rule: str = Field(min_length=1, max_length=4_000, description="The rule.")
    applies_when: str = Field(default="", max_length=4_000, description="When it applies; empty: always.")


class DocumentGiven(Frozen):
    """A text that knowledge is drawn from."""

    kind: Literal["document"] = "document"
    title: str = Field(min_length=1, max_length=500)
    text: str = Field(min_length=1, max_length=_LONG)


class ProposeMemory(Frozen):
    """Arguments of propose_memory."""

    content: FactGiven | EditGiven | NoteGiven | DocumentGiven = Field(
        discriminator="kind",
        description="One piece of knowledge. A fact is best for a value, an edit for one question's answer, a note "
        "for a rule, a document for a text.",
    )
    source: Origin
    valid_from: From = None
    valid_until: Until = None
    reason: Reason = ""


class ProposeUpdate(Frozen):
    """Arguments of propose_update."""

    id: Id
    value: str = Field(
        min_length=1,
        max_length=_LONG,
        description="What is to stand there instead: a fact's value, an edit's answer, a note's rule, a document's "
        "text. Everything else stays as it is.",
    )
    based_on: BasedOn
    source: Origin
    valid_from: From = None
    valid_until: Until = None
    reason: Reason = ""


class ProposeDelete(Frozen):
    """Arguments of propose_delete."""

    id: Id
    based_on: BasedOn
    source: Origin
    reason: Reason = ""
