"""Questions, answers, why they are what they are, and what came of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from addenda.knowledge_base import KnowledgeBase
from addenda.knowledge_base.consulted_models import Consultation
from addenda.responder import MAX_QUESTION_LENGTH, Explanation
from addenda.surfaces.describing import says
from addenda.types import EVERYONE, Answer, Frozen, Match, MemoryName, Moment, Trust


class Ask(Frozen):
    """A question."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION_LENGTH, examples=["How loud is the Velmor Tasky?"])
    as_of: Moment | None = None
    """Answer from what held at this moment; now when it is not given."""
    audience: str = Field(default=EVERYONE, min_length=1, max_length=200)
    """Who is answered."""
    memories: tuple[MemoryName, ...] | None = None
    """Only these; all when it is not given, none when it is empty."""


class MatchShown(Frozen):
    """One addendum that a memory considered."""

    addendum_id: str
    says: str
    source: str | None
    memory: MemoryName
    score: float
    threshold: float
    injected: bool
    """Whether it acted on the answer."""
    cited: bool
    """Whether its value appears in the text."""
    changed_answer: bool | None
    """Whether the answer differs without it; known after explaining."""
    text_without: str | None = None
    """The answer without it; after explaining, where it was injected."""


class AnswerShown(Frozen):
    """An answer, and what had a part in it."""

    id: str
    question: str
    text: str
    finished: bool
    """False when the model was cut off at the length limit."""
    asked_at: datetime
    as_of: datetime
    audience: str
    model: str
    ledger_position: int
    memories: tuple[MemoryName, ...]
    matches: tuple[MatchShown, ...]
    consultation: Consultation | None
    """What an executive and a memory model said to each other."""


class Explained(AnswerShown):
    """An answer, and what changed it."""

    without_memories: str
    """What the model says with no memory at all."""


class Heard(Frozen):
    """Something that happened while a memory model was consulted."""

    says: str


class Feedback(Frozen):
    """What came of an answer."""

    right: bool
    """Whether it turned out right."""
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    reason: str = ""
    dry_run: bool = False


class FeedbackKept(Frozen):
    """The observation that was kept, as evidence that notes are learned from."""

    id: str | None
    """None in a dry run that found no other."""
    duplicate: bool
    """Whether it was known already."""
    source: str
    """What it is called as the source of what is learned."""


def answer_shown(kb: KnowledgeBase, answer: Answer) -> AnswerShown:
    """An answer with what had a part in it."""
    return AnswerShown.model_validate(_fields(kb, answer, {}))


def explained(kb: KnowledgeBase, found: Explanation) -> Explained:
    """An answer with what changed it."""
    without = {one.addendum_id: one.text for one in found.ablations}
    return Explained.model_validate({**_fields(kb, found.answer, without), "without_memories": found.without_memories})


def _fields(kb: KnowledgeBase, answer: Answer, without: dict[str, str]) -> dict[str, object]:
    trace = answer.trace
    return {
        "id": trace.id,
        "question": answer.question,
        "text": answer.text,
        "finished": answer.finished,
        "asked_at": trace.asked_at,
        "as_of": trace.as_of,
        "audience": trace.audience,
        "model": trace.model,
        "ledger_position": trace.ledger_position,
        "memories": trace.memories,
        "matches": _matches(kb, trace.matches, without),
        "consultation": None if trace.consultation is None else Consultation.model_validate(trace.consultation),
    }


def _matches(kb: KnowledgeBase, matches: tuple[Match, ...], without: dict[str, str]) -> tuple[MatchShown, ...]:
    ids = [match.addendum_id for match in matches]
    addenda = kb.ledger.addenda(ids) if ids else {}
    return tuple(
        MatchShown(
            **match.model_dump(),
            says=says(addenda[match.addendum_id].content if match.addendum_id in addenda else None),
            source=addenda[match.addendum_id].source if match.addendum_id in addenda else None,
            text_without=without.get(match.addendum_id),
        )
        for match in matches
    )
