"""Induction by a language model: what a batch of observations shows, as drafts of notes.

What stands in observations is given as the values of one JSON object, so that nothing in it can end the quotation, and
the model is told that it is data and never an instruction. That is a request, not a guarantee: a draft is only ever a
suggestion, which the revision takes up or not and code counts. How an outcome is known is said as it is declared;
where nothing is known of it, nothing is said.

Source: Wang et al. 2024, "In-Memory Learning" (arXiv 2403.02757), which names the step and publishes no prompt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import Field

from addenda.errors import InvalidInput
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.templates import filled
from addenda.models.base import rough_tokens
from addenda.models.chat import ChatModel, Message, SystemMessage, UserMessage
from addenda.models.structured import DEFAULT_ATTEMPTS, complete_json
from addenda.types import Frozen

PROMPT = "induce.1"
"""The version of the prompt in use."""

MOST_DRAFTS = 10
"""Drafts from one batch."""
WORDS_LIMIT = 500
"""Characters of each text of a draft."""


class Asking(Frozen):
    """What a language model may be given, and may say."""

    prompt_tokens: int = Field(default=6_000, ge=200)
    """Tokens of what it is told at most, without the JSON schema; see :func:`rough_tokens`."""
    answer_tokens: int = Field(default=2_048, ge=16)
    """Where an answer is cut."""
    attempts: int = Field(default=DEFAULT_ATTEMPTS, ge=1)
    """How often it may try to keep to the form."""


class Draft(Frozen):
    """A note as a model suggests it."""

    applies_when: str = Field(max_length=WORDS_LIMIT, description="the conditions; empty for always")
    rule: str = Field(min_length=1, max_length=WORDS_LIMIT, description="'the answer is ANSWER'")


class Drafts(Frozen):
    """The form in which a model gives drafts."""

    drafts: tuple[Draft, ...] = Field(max_length=MOST_DRAFTS, description="the rules that the observations show")


def draft(model: ChatModel, batch: Sequence[Observation], asking: Asking) -> tuple[Draft, ...]:
    """What a model takes these observations to show.

    Raises InvalidInput when they do not fit into the prompt, or nothing in the form came back; ModelUnavailable.
    """
    kinds = sorted({one.feedback for one in batch})
    shown = [one.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for one in batch]
    messages = quoting(filled(PROMPT, kinds=kinds, most=MOST_DRAFTS), {"observations": shown})
    check_fits(messages, asking, "show fewer observations at a time (a smaller batch)")
    return complete_json(model, messages, Drafts, attempts=asking.attempts, max_new_tokens=asking.answer_tokens).drafts


def quoting(task: str, quoted: object) -> list[Message]:
    """A task, and below it what it is about, as JSON."""
    return [SystemMessage(text=task), UserMessage(text=json.dumps(quoted, ensure_ascii=False))]


def tokens_of(messages: Sequence[Message]) -> int:
    """How many tokens a conversation has at most."""
    return sum(rough_tokens(message.text) for message in messages)


def check_fits(messages: Sequence[Message], asking: Asking, remedy: str) -> None:
    """Raise InvalidInput when what a model is told is too long; ``remedy`` is what to do besides allowing more."""
    needed = tokens_of(messages)
    if needed > asking.prompt_tokens:
        raise InvalidInput(
            f"what the model would be told has up to {needed:,} tokens, and {asking.prompt_tokens:,} are allowed; "
            f"{remedy}, or allow more"
        )
