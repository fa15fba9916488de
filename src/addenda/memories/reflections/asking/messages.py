"""What an executive is shown and what it may say, stage by stage: nothing else passes between it and the protocol.

The executive fills one of four forms. It proposes; what becomes of a proposal (:mod:`~.inquiry`) is decided by code.
The forms are given to language models as JSON schemas, so their fields have descriptions.

Source: the stages and what is said in each follow "MeMo: Memory as a Model" (arXiv 2605.15156); the forms are ours.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from addenda.memories.reflections.asking.ranking import Candidate
from addenda.memories.reflections.asking.transcript import AskingStage, Entry
from addenda.types import Frozen

WORDS_LIMIT = 500
"""Characters of a question, an answer or a clue."""
NAME_LIMIT = 200
"""Characters of the name of an entity."""
_ID_LIMIT = 16
_LIST_LIMIT = 40

Verdict: TypeAlias = Literal["confirms", "new", "eliminates", "no signal"]
"""What an answer says about a candidate; ``new`` brings a candidate up, or brings it up once more."""


class Clue(Frozen):
    """One thing that the user's question says, on its own."""

    text: str = Field(min_length=1, max_length=WORDS_LIMIT, description="the clue, in words that stand alone")
    kind: Literal["narrowing", "answer"] = Field(
        description="narrowing: it says who or what is meant; answer: it says what is wanted of it"
    )
    weight: Literal["high", "low"] = Field(description="high: few entities fit it")


class SubQuestion(Frozen):
    """A question that the executive wants to be put to the memory model."""

    text: str = Field(min_length=1, max_length=WORDS_LIMIT, description="an open question that stands alone")
    paraphrases: tuple[str, ...] = Field(
        max_length=_LIST_LIMIT, description="the same question in other words; what is asked must not change"
    )
    about: str = Field(
        max_length=NAME_LIMIT, description="the entity that it asks about, spelled as in the question; else empty"
    )
    clues: tuple[int, ...] = Field(max_length=_LIST_LIMIT, description="numbers of the clues that it uses, from 0 on")


class Grounding(Frozen):
    """The form of the first stage."""

    clues: tuple[Clue, ...] = Field(max_length=_LIST_LIMIT, description="the clues of the user's question")
    named: tuple[str, ...] = Field(max_length=_LIST_LIMIT, description="entities that the user's question names")
    questions: tuple[SubQuestion, ...] = Field(max_length=_LIST_LIMIT, description="what to ask first; may be empty")


class Label(Frozen):
    """What an answer of the memory model says about a candidate."""

    entry: str = Field(max_length=_ID_LIMIT, description="id of the entry with the answer")
    candidate: str = Field(max_length=NAME_LIMIT, description="the candidate's name; empty with 'no signal'")
    verdict: Verdict


class Identification(Frozen):
    """The form of each turn of the second stage."""

    labels: tuple[Label, ...] = Field(max_length=_LIST_LIMIT, description="of answers that have none yet")
    confirmed: str = Field(max_length=NAME_LIMIT, description="the candidate that is meant, once sure; else empty")
    questions: tuple[SubQuestion, ...] = Field(max_length=_LIST_LIMIT, description="what to ask next; may be empty")


class Seeking(Frozen):
    """The form of each turn of the third stage."""

    labels: tuple[Label, ...] = Field(max_length=_LIST_LIMIT, description="of answers that have none yet")
    pivot: str = Field(max_length=NAME_LIMIT, description="another candidate to go on with; else empty")
    ready: bool = Field(description="true once the answers suffice for the user's question")
    questions: tuple[SubQuestion, ...] = Field(max_length=_LIST_LIMIT, description="what to ask next; may be empty")


class Synthesis(Frozen):
    """The form of the final answer."""

    answer: str = Field(max_length=4 * WORDS_LIMIT, description="the answer; empty when the entries give none")
    rests_on: tuple[str, ...] = Field(max_length=_LIST_LIMIT, description="ids of the entries that it follows from")
    justification: str = Field(max_length=4 * WORDS_LIMIT, description="how it follows from them, briefly")


class Situation(Frozen):
    """Everything that an executive is shown before it fills a form."""

    stage: AskingStage
    question: str
    """The user's."""
    clues: tuple[Clue, ...] = ()
    entries: tuple[Entry, ...] = ()
    """What was asked so far, with the answers; for the synthesis only what was answered."""
    candidates: tuple[Candidate, ...] = ()
    """Ranked, the eliminated ones last."""
    current: str = ""
    """The candidate that answers are sought about; empty while there is none."""
    facts: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    """Ids of the answered entries that are about each entity."""
    dead_ends: tuple[str, ...] = ()
    """Questions that are not put to the memory model again in any words."""
    refused: tuple[str, ...] = ()
    """What was not taken of the last message, and why."""
    turns_left: int = 1
    """Messages that may still be given in this stage, this one included."""
    questions_left: int = 0
    """Questions that may be asked with this message."""
    paraphrases: int = 0
    """Paraphrases of each question that are used."""
