"""Asking, why an answer is what it is, and what came of it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path, Request, Response
from starlette.responses import StreamingResponse

from addenda.knowledge_base import check_audience, require
from addenda.surfaces.describing import event_in_words
from addenda.surfaces.http.access import Caller, CallerDep
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routing import kb_router
from addenda.surfaces.http.shapes.answers import (
    AnswerShown,
    Ask,
    Explained,
    Feedback,
    FeedbackKept,
    Heard,
    answer_shown,
    explained,
)
from addenda.surfaces.http.streaming import MEDIA_TYPE, Tell, followed, outcome

router = kb_router("answers")

AnswerId: TypeAlias = Annotated[
    str,
    Path(
        description="The answer's id, or a unique beginning of it.", min_length=1, max_length=16, pattern="^[0-9a-f]+$"
    ),
]


@router.post("/answers", operation_id="ask")
def ask(caller: CallerDep, body: Ask) -> AnswerShown:
    """Ask a question. The answer is kept with its trace, so that it can be explained later."""
    return _asked(caller, body, None)


@router.post(
    "/answers/stream",
    operation_id="ask_streaming",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
def ask_streaming(caller: CallerDep, body: Ask, request: Request) -> StreamingResponse:
    """Ask a question and follow what a memory model is asked: events `heard`, then `answer` or `problem`."""
    return followed(outcome(request, lambda tell: _asked(caller, body, tell), "answer"))


@router.get("/answers/{answer_id}", operation_id="get_answer")
def get_answer(caller: CallerDep, answer_id: AnswerId) -> AnswerShown:
    """Show an answer that was given, with its trace."""
    return answer_shown(caller.hosted.kb, caller.hosted.kb.answer(answer_id))


@router.post("/answers/{answer_id}/explain", operation_id="explain")
def explain(caller: CallerDep, answer_id: AnswerId) -> Explained:
    """Say what changed an answer, by asking again without each addendum that was injected."""
    with caller.hosted.answering() as kb:
        return explained(kb, kb.explain(answer_id))


@router.post("/answers/{answer_id}/feedback", status_code=201, operation_id="feedback", response_model=FeedbackKept)
def feedback(caller: CallerDep, answer_id: AnswerId, body: Feedback, key: KeyDep) -> Response:
    """Say whether an answer turned out right; it is kept as an observation that notes are learned from."""

    require(caller.state, caller.person, "proposed")

    def carry_out() -> FeedbackKept:
        kb = caller.hosted.kb
        batch = kb.observing.of_answer(answer_id, right=body.right)
        [made] = kb.observing.record(
            [batch], by=caller.person, trust=body.trust, tags=body.tags, reason=body.reason, dry_run=body.dry_run
        )
        return FeedbackKept(
            id=made.duplicate_of or (None if body.dry_run else made.addendum.id),
            duplicate=made.duplicate_of is not None,
            source=batch.source,
        )

    return key.once(caller, body, carry_out)


def _asked(caller: Caller, body: Ask, tell: Tell | None) -> AnswerShown:
    check_audience(caller.person, body.audience)

    def heard(event: object) -> None:
        words = event_in_words(event)
        if tell is not None and words:
            tell("heard", Heard(says=words.strip()))

    with caller.hosted.answering() as kb:
        answer = kb.ask(
            body.question,
            as_of=body.as_of,
            audience=body.audience,
            memories=body.memories,
            listener=None if tell is None else heard,
        )
    return answer_shown(caller.hosted.kb, answer)
