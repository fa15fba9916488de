"""Wishes: what a language model asks to be changed in the notebook, as typed deltas that name what they are about.

The model is shown the rules there are, each with its id and with counts that code made, and drafts of new ones. It
answers with deltas alone, so it cannot change what it does not name; what it asks for is not taken on its word
(:mod:`~.weighing`).

Source: the items and the operations on them follow Zhang et al. 2025, arXiv 2510.04618.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from pydantic import Field

from addenda.memories.notes.confidence import Evidence
from addenda.memories.notes.deltas import DeltaKind
from addenda.memories.notes.drafting import WORDS_LIMIT, Asking, Draft, check_fits, quoting, tokens_of
from addenda.memories.notes.templates import filled
from addenda.memories.notes.weighing import Entry, in_words
from addenda.models.chat import ChatModel
from addenda.models.structured import complete_json
from addenda.types import Frozen

PROMPT = "revise.1"
"""The version of the prompt in use."""

MOST_WISHES = 40
"""Deltas that are taken from one answer."""
_ID_LIMIT = 64


Remark: TypeAlias = tuple[str, str]
"""A note in free text: when it applies, and its rule."""


class Wish(Frozen):
    """A delta as a model asks for it."""

    kind: DeltaKind
    notes: tuple[str, ...] = Field(max_length=MOST_WISHES, description="ids of the notes that it is about")
    applies_when: str = Field(max_length=WORDS_LIMIT, description="of the note that it makes; else empty")
    rule: str = Field(max_length=WORDS_LIMIT, description="of the note that it makes; else empty")
    before: str = Field(max_length=_ID_LIMIT, description="with move: the id of the note to try after it; else empty")


class Wishes(Frozen):
    """The form in which a model asks for deltas."""

    deltas: tuple[Wish, ...] = Field(max_length=MOST_WISHES, description="what is to be changed; may be empty")


def wishes(
    model: ChatModel,
    counted: Sequence[tuple[Entry, Evidence]],
    remarks: Sequence[Remark],
    drafts: Sequence[Draft],
    asking: Asking,
) -> tuple[Wish, ...]:
    """What a model asks to be changed.

    Args:
        model: Who is asked.
        counted: The rules there are, in order, each with what speaks for and against it. Those that do not fit into
            the prompt any more are not shown, so nothing can be asked about them; the last go first.
        remarks: Notes in free text; the first are left out where not all fit.
        drafts: What the latest observations were taken to show.
        asking: What the model may be given, and may say.

    Raises InvalidInput when the drafts alone do not fit, or nothing in the form came back; ModelUnavailable.
    """
    task, told = filled(PROMPT, most=MOST_WISHES), [one.model_dump() for one in drafts]
    notes = [_shown(entry, evidence) for entry, evidence in counted]
    free = [{"applies_when": applies_when, "rule": rule} for applies_when, rule in remarks]

    while True:
        conversation = quoting(task, {"notes": notes, "remarks": free, "drafts": told})
        if tokens_of(conversation) <= asking.prompt_tokens or not (notes or free):
            break
        if free:
            free = free[(len(free) + 1) // 2 :]
        else:
            notes = notes[: -max(1, len(notes) // 8)]
    check_fits(conversation, asking, "accumulate fewer batches")
    return complete_json(
        model, conversation, Wishes, attempts=asking.attempts, max_new_tokens=asking.answer_tokens
    ).deltas


def _shown(entry: Entry, evidence: Evidence) -> dict[str, object]:
    """A rule as the model sees it."""
    applies_when, rule = in_words(entry)
    return {
        "id": entry.id,
        "applies_when": applies_when,
        "rule": rule,
        "for": evidence.supporting,
        "against": evidence.contradicting,
    }
