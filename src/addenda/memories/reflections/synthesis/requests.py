"""What a generator is asked, and the forms in which it answers: one typed request and one typed reply for each step.

Requests say everything that an answer depends on, so an answer can be kept under a digest of its request. Replies name
what they were made from by number, so that code can check it. The descriptions of fields are read by models.

Not known here: who answers, and whether the answer is any good.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from addenda.types import Frozen

LONGEST_QUESTION = 600
"""Characters of a question at most."""
LONGEST_ANSWER = 2_000
"""Characters of an answer at most."""
MOST_PAIRS = 200
"""Pairs in one reply at most."""

_SOME = StringConstraints(strip_whitespace=True, min_length=1)
Question: TypeAlias = Annotated[str, _SOME, Field(max_length=LONGEST_QUESTION)]
AnswerText: TypeAlias = Annotated[str, _SOME, Field(max_length=LONGEST_ANSWER)]

Violation: TypeAlias = Literal[
    "pronoun", "relative time", "document reference", "vague reference", "missing context", "incomplete answer"
]
"""Why a pair cannot be understood by itself."""

FactKind: TypeAlias = Literal["direct", "indirect"]
"""What is asked of a passage: what it says, or what follows from two or more of its statements."""

Crossing: TypeAlias = Literal["converging", "parallel", "chain"]
"""How facts of several documents come together: clues that lead to one entity; several entities that share a property;
a relation that leads on from what another one names."""


class Pair(Frozen):
    """A question and its answer, as requests show them."""

    question: str
    answer: str


class FactsRequest(Frozen):
    """Asks for the facts of a passage as pairs."""

    kind: FactKind
    title: str
    date: str
    """Of the document; empty where it has none."""
    text: str


class ConsolidateRequest(Frozen):
    """Asks for pairs that merge several of these."""

    pairs: tuple[Pair, ...]


class CheckRequest(Frozen):
    """Asks which of these pairs cannot be understood by themselves."""

    pairs: tuple[Pair, ...]


class RewriteRequest(Frozen):
    """Asks for a pair that can be understood by itself."""

    pair: Pair
    violations: tuple[Violation, ...]
    title: str
    date: str
    text: str
    """The passage that it comes from."""


class SurfaceRequest(Frozen):
    """Asks for questions that describe the entities of these pairs without naming them."""

    pairs: tuple[Pair, ...]


class CrossPair(Frozen):
    """A pair with the number of its document within a request."""

    document: int
    question: str
    answer: str


class CrossRequest(Frozen):
    """Asks for pairs that need two or more of these documents."""

    pairs: tuple[CrossPair, ...]
    shared: tuple[str, ...]
    """The names that all of them have; none where they are only alike."""
    complete: bool
    """Whether no other document has any of these names, so that an enumeration can be complete."""


class KnownRequest(Frozen):
    """Asks whether a question is answered by these pairs."""

    question: str
    pairs: tuple[Pair, ...]


class MadePair(Frozen):
    """A pair as a generator makes it from a passage."""

    question: Question
    answer: AnswerText
    quote: str = Field(
        max_length=LONGEST_ANSWER, description="the words of the text that state it, letter by letter; empty if several"
    )


class MadePairs(Frozen):
    """The facts of a passage."""

    pairs: tuple[MadePair, ...] = Field(max_length=MOST_PAIRS, description="one for each fact; may be empty")


class Merged(Frozen):
    """A pair that merges others."""

    question: Question
    answer: AnswerText
    combined_from: tuple[int, ...] = Field(max_length=MOST_PAIRS, description="numbers of the pairs it merges")


class MergedPairs(Frozen):
    """What came of consolidating."""

    pairs: tuple[Merged, ...] = Field(max_length=MOST_PAIRS, description="the merged pairs; may be empty")


class Faulty(Frozen):
    """A pair that cannot be understood by itself."""

    number: int
    violations: tuple[Violation, ...] = Field(min_length=1, max_length=6)


class Verdicts(Frozen):
    """What came of a check."""

    faulty: tuple[Faulty, ...] = Field(max_length=MOST_PAIRS, description="only the pairs that are faulty")


class Rewritten(Frozen):
    """A pair put right."""

    question: Question
    answer: AnswerText


class Surfaced(Frozen):
    """A question that describes an entity without naming it."""

    entity: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    question: Question
    answer: AnswerText
    facts_used: tuple[int, ...] = Field(max_length=MOST_PAIRS, description="numbers of the pairs that it is made from")


class SurfacedPairs(Frozen):
    """What came of surfacing."""

    pairs: tuple[Surfaced, ...] = Field(max_length=MOST_PAIRS, description="the questions; may be empty")


class Crossed(Frozen):
    """A pair that needs several documents."""

    kind: Crossing
    entity: str = Field(max_length=200, description="with converging: the entity asked for; else empty")
    question: Question
    answer: AnswerText
    facts_used: tuple[int, ...] = Field(max_length=MOST_PAIRS, description="numbers of the pairs that it is made from")


class CrossedPairs(Frozen):
    """What came of comparing documents."""

    pairs: tuple[Crossed, ...] = Field(max_length=MOST_PAIRS, description="the pairs; may be empty")


class Known(Frozen):
    """Whether a question is answered."""

    known: bool = Field(description="true when the pairs answer the question, or when it makes no sense")
