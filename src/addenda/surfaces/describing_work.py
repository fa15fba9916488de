"""What long work came to, as ids and counts: never content, which an erasure would not reach where this is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from addenda.knowledge_base.learning import Learned, Lesson
from addenda.knowledge_base.reflecting import Estimate, Reflected


def describe_lesson(lesson: Lesson, *, dry_run: bool) -> dict[str, object]:
    """What a run of the learner came to."""
    return {
        "dry_run": dry_run,
        "by": lesson.by,
        "observations": lesson.observations,
        "notes": lesson.notes,
        "proposed": tuple(one.addendum.id for one in lesson.learned if one.is_new),
        "waiting": tuple(one.duplicate_of for one in lesson.learned if one.duplicate_of is not None),
        "held_back": len(lesson.held_back),
        "rejected": len(lesson.rejected),
        "unlearned": len(lesson.unlearned),
        "since": lesson.since,
        "learned": tuple(map(_learned, lesson.learned)),
        "held_back_of": tuple({"kind": one.kind, "replaces": one.replaces} for one in lesson.held_back),
    }


def describe_given(found: Reflected) -> Sequence[dict[str, object]]:
    """What became of each document that reflections are made of."""
    return [{"id": one.addendum_id, "was_there": one.reused, "replaces": one.replaces} for one in found.documents]


def describe_stages(found: Reflected) -> Mapping[str, dict[str, int]]:
    """What each stage of making reflections came to."""
    return {
        stage: {"asked": one.asked, "resumed": one.resumed, "taken": one.taken, "rejected": one.rejected}
        for stage, one in found.synthesis.counts.items()
    }


def describe_cost(cost: Estimate) -> dict[str, object]:
    """What making reflections would cost."""
    return {
        "documents": cost.documents,
        "passages": cost.passages,
        "groups": cost.groups,
        "calls": cost.calls,
        "tokens_in": cost.tokens_in,
        "tokens_out": cost.tokens_out,
        "stages": [
            {"stage": one.what, "calls": one.calls, "tokens_in": one.tokens_in, "tokens_out": one.tokens_out}
            for one in cost.stages
        ],
    }


def _learned(one: Learned) -> dict[str, object]:
    delta = one.delta
    return {
        "kind": delta.kind,
        "id": one.duplicate_of or one.rejected_as or one.addendum.id,
        "became": "waiting" if one.duplicate_of else "rejected" if one.rejected_as else "proposed",
        "replaces": delta.replaces,
        "trust": one.addendum.trust,
        "evidence": one.addendum.evidence,
        "supporting": len(delta.supporting) if delta.note else None,
        "contradicting": len(delta.contradicting) if delta.note else None,
        "countable": not delta.drafted_from,
    }
