"""Answers in a given form: a model is asked for JSON of a schema, and told what is wrong until it fits.

The schema stands in the question and is handed to the server as well, which may then hold the model to it. Neither is
relied upon: what comes back is validated strictly (a number in quotes is no number), and a model that answers with
something else is told what does not fit, a bounded number of times. The only thing forgiven is a fence of backquotes
around the whole answer, because many models cannot leave it out.

What this does not know: whether what the model filled in is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from addenda.errors import InvalidInput
from addenda.models.chat import (
    DEFAULT_REPLY_TOKENS,
    AssistantMessage,
    ChatModel,
    Message,
    UserMessage,
    faults,
    shortened,
)

DEFAULT_ATTEMPTS = 3
"""How often a model is asked before its answer counts as unusable."""

_FENCE = re.compile(r"```[A-Za-z]*\s*\n(.*)\n\s*```", re.DOTALL)

_Schema = TypeVar("_Schema", bound=BaseModel)


def complete_json(
    model: ChatModel,
    messages: Sequence[Message],
    schema: type[_Schema],
    *,
    attempts: int = DEFAULT_ATTEMPTS,
    max_new_tokens: int = DEFAULT_REPLY_TOKENS,
) -> _Schema:
    """The model's answer to the conversation, as an instance of ``schema``.

    Args:
        model: Who answers.
        messages: The conversation; what form the answer must have is added to it here.
        schema: The form. Give its fields descriptions, the model reads them.
        attempts: How often the model may try, at least once.
        max_new_tokens: Where each attempt is cut.

    Raises InvalidInput, naming what came back, when no attempt fits, and what the model raises.
    """
    if attempts < 1:
        raise InvalidInput(f"{attempts!r} attempts are not possible; allow at least 1")
    said = _instructed(messages, schema)
    fault = last = ""
    for _ in range(attempts):
        reply = model.reply(said, schema=schema, max_new_tokens=max_new_tokens)
        try:
            return schema.model_validate_json(_unfenced(reply.text), strict=True)
        except ValidationError as error:
            fault, last = faults(error), reply.text
        if not reply.finished:
            fault = f"the answer was cut off before its end (at most {max_new_tokens} tokens); {fault}"
        # Templates that want both sides to speak in turn fail on an empty turn.
        said.append(AssistantMessage(text=last or "(nothing)"))
        said.append(
            UserMessage(text=f"That does not fit: {fault}. Answer again, with the JSON object and nothing else.")
        )
    raise InvalidInput(
        f"{model.name!r} gave nothing that fits {schema.__name__!r} in {attempts} attempts: {fault}. It said "
        f"{shortened(last)!r} last. Ask for less at a time, allow more tokens, or use another model"
    )


def _instructed(messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """The conversation with the schema at the end of what the user says last, where every chat template allows it."""
    form = json.dumps(schema.model_json_schema(), ensure_ascii=False)
    wish = f"Answer with one JSON object that fits this JSON schema, and with nothing else:\n{form}"
    *before, last = messages or [UserMessage(text="")]
    if isinstance(last, UserMessage):
        return [*before, UserMessage(text=f"{last.text}\n\n{wish}".lstrip())]
    return [*before, last, UserMessage(text=wish)]


def _unfenced(text: str) -> str:
    fenced = _FENCE.fullmatch(text.strip())
    return fenced.group(1) if fenced else text
