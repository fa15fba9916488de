"""Questions, answers and why they are what they are; what the memories hold, and what came of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from addenda.client.replies import (
    AnswerShown,
    Explained,
    FeedbackKept,
    Notebook,
    Observed,
    TriplesFound,
)
from addenda.client.requests import compute, create, get, given, part
from addenda.client.steps import Steps
from addenda.types import EVERYONE, MemoryName, Trust


def ask(
    question: str,
    *,
    as_of: datetime | None = None,
    audience: str = EVERYONE,
    memories: Sequence[MemoryName] | None = None,
) -> Steps[AnswerShown]:
    """Ask a question; the answer comes with its trace, and is kept under its id.

    Args:
        question: As a user asks it.
        as_of: Answer from what held at this moment; now when None.
        audience: Who is answered.
        memories: Only these; all when None, none when empty.

    Raises InvalidInput, CannotLookBack, ModelUnavailable, ServerUnavailable.
    """
    body = given(question=question, as_of=as_of, audience=audience, memories=memories)
    return (yield from compute(AnswerShown, "/answers", body, patient=True))


def answer(answer_id: str) -> Steps[AnswerShown]:
    """An answer that was given, with its trace. Raises UnknownId."""
    return (yield from get(AnswerShown, f"/answers/{part(answer_id)}"))


def explain(answer: AnswerShown | str) -> Steps[Explained]:
    """What changed an answer, by asking again without each addendum that was injected. Raises UnknownId."""
    answer_id = answer if isinstance(answer, str) else answer.id
    return (yield from compute(Explained, f"/answers/{part(answer_id)}/explain", {}, patient=True))


def feedback(
    answer: AnswerShown | str,
    *,
    right: bool,
    trust: Trust = "normal",
    tags: Sequence[str] = (),
    reason: str = "",
    dry_run: bool = False,
    key: str | None = None,
) -> Steps[FeedbackKept]:
    """Say whether an answer turned out right; it is kept as an observation that notes are learned from.

    Args:
        answer: The answer, or its id.
        right: Whether it turned out right.
        trust: How far whoever says so is trusted.
        tags: Labels.
        reason: Why; it stays in the history.
        dry_run: Only tell what would become of it.
        key: Names this request; made anew when None.
    """
    answer_id = answer if isinstance(answer, str) else answer.id
    body = given(right=right, trust=trust, tags=tags, reason=reason, dry_run=dry_run)
    return (yield from create(FeedbackKept, f"/answers/{part(answer_id)}/feedback", body, key))


def read(
    relation: str,
    *,
    subject: str | None = None,
    object: str | None = None,  # noqa: A002 (what it is called everywhere)
    as_of: datetime | None = None,
    audience: str = EVERYONE,
) -> Steps[TriplesFound]:
    """What the memory of triples holds about a name; no model is asked. Give a subject, or an object."""
    body = given(relation=relation, subject=subject, object=object, as_of=as_of, audience=audience)
    return (yield from compute(TriplesFound, "/triples/query", body))


def notes() -> Steps[Notebook]:
    """The live notes in the order in which they are tried, and what the observations say of each."""
    return (yield from get(Notebook, "/notes"))


def observe(
    observations: Sequence[Mapping[str, JsonValue]],
    *,
    source: str = "api",
    trust: Trust = "normal",
    tags: Sequence[str] = (),
    reason: str = "",
    dry_run: bool = False,
    key: str | None = None,
) -> Steps[Observed]:
    """Hand in what came of answers, as evidence that notes are learned from.

    Args:
        observations: Each with ``attributes``, ``answer`` and ``right``.
        source: Where they come from.
        trust: How far the source is trusted.
        tags: Labels.
        reason: Why; it stays in the history.
        dry_run: Only tell what would become of them.
        key: Names this request; made anew when None.
    """
    body = given(observations=observations, source=source, trust=trust, tags=tags, reason=reason, dry_run=dry_run)
    return (yield from create(Observed, "/observations", body, key))
