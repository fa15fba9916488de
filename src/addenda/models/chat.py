"""A conversation with a language model, as values: who said what, which tools were offered, which were called.

The idea is to keep the conversation apart from the way it is sent: :class:`ChatModel` is what a model has to do to take
part, and everything else here is frozen data that can go into a trace as it is. The roles are those that the chat APIs
share (OpenAI's chat completions, and the chat templates of open-weight models). Only text is spoken: no pictures, no
sound. Nothing here needs an optional library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import BaseModel, Field, JsonValue, ValidationError

from addenda.errors import InvalidInput
from addenda.types import Frozen

DEFAULT_REPLY_TOKENS = 1024
"""Length limit of one turn of a conversation, in tokens."""

SHOWN = 300
"""How many characters of what a model or a server said are repeated in a message."""

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

CallStatus: TypeAlias = Literal["executed", "repeated", "refused"]
"""What became of a tool call: it ran; an identical one had run and its result was given again; it could not run."""


class SystemMessage(Frozen):
    """Instructions that stand above the conversation."""

    role: Literal["system"] = "system"
    text: str


class UserMessage(Frozen):
    """What the user says."""

    role: Literal["user"] = "user"
    text: str


class ToolCall(Frozen):
    """A model's wish that a tool be called."""

    id: str
    """Names the call within the conversation, so that its result can be given back."""
    name: str
    """The tool's name as the model wrote it; there may be no such tool."""
    arguments: str
    """The arguments as the model wrote them; they should be a JSON object and may be anything."""


class AssistantMessage(Frozen):
    """One turn of the model: text, tool calls, or both."""

    role: Literal["assistant"] = "assistant"
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finished: bool = True
    """False when the turn was cut at the length limit or by a filter instead of ended by the model."""


class ToolMessage(Frozen):
    """What a tool call resulted in."""

    role: Literal["tool"] = "tool"
    call: ToolCall
    text: str
    """The result, or why there is none."""
    status: CallStatus


Message: TypeAlias = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")
]
"""Anything that is said in a conversation."""


class TextDelta(Frozen):
    """The next piece of the text of a turn that is still being spoken."""

    text: str


class Transcript(Frozen):
    """A conversation with tools from beginning to end."""

    messages: tuple[Message, ...]
    """Everything that was said, beginning with what the model was given."""
    answered: bool
    """True when the model ended with an answer, False when it still called tools after its last round."""

    @property
    def text(self) -> str:
        """What the model said last."""
        spoken = [message.text for message in self.messages if isinstance(message, AssistantMessage)]
        return spoken[-1] if spoken else ""

    @property
    def finished(self) -> bool:
        """Whether the model answered and ended its answer by itself."""
        spoken = [message.finished for message in self.messages if isinstance(message, AssistantMessage)]
        return self.answered and spoken[-1:] == [True]

    @property
    def results(self) -> tuple[ToolMessage, ...]:
        """Every tool call with its result, in the order in which they were made."""
        return tuple(message for message in self.messages if isinstance(message, ToolMessage))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may call. What its arguments must be is a pydantic model, whose JSON schema is offered."""

    name: str
    """1 to 64 letters, digits, underscores and hyphens, which is what all servers accept."""
    description: str
    """What the tool does and when to use it, in words for the model."""
    arguments: type[BaseModel]

    def __post_init__(self) -> None:
        """Raise InvalidInput for a name that some servers would refuse."""
        if not _TOOL_NAME.fullmatch(self.name):
            raise InvalidInput(
                f"{self.name!r} cannot be the name of a tool: use 1 to 64 letters, digits, underscores and hyphens"
            )

    @property
    def parameters(self) -> dict[str, JsonValue]:
        """The JSON schema of the arguments."""
        return json.loads(_schema(self.arguments))


@lru_cache(maxsize=64)
def _schema(arguments: type[BaseModel]) -> str:
    """Making a schema takes milliseconds, and a tool is offered with every request; as text it cannot be changed."""
    return json.dumps(arguments.model_json_schema())


class ChatModel(Protocol):
    """A language model that can hold a conversation."""

    @property
    def name(self) -> str:
        """The name by which messages about it call it."""
        ...

    def reply(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        schema: type[BaseModel] | None = None,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> AssistantMessage:
        """The model's next turn.

        Args:
            messages: The conversation so far.
            tools: What the model may call.
            may_call: False when the tools are named only because the conversation already holds calls of them.
            schema: What the text is to be JSON of; a request to the model, which may not keep to it.
            max_new_tokens: Where the turn is cut.

        Raises ModelUnavailable when the model gives no turn, InvalidInput when it cannot take what was given.
        """
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> Generator[TextDelta | AssistantMessage, None, None]:
        """The model's next turn, piece by piece as it is spoken, and then as a whole. Arguments as in :meth:`reply`."""
        ...


def faults(error: ValidationError) -> str:
    """What does not fit, in words for the model that wrote it: the first five places, without the input itself."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    named = [f"{'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}" for fault in found[:5]]
    more = f" (and {len(found) - 5} more)" if len(found) > 5 else ""
    return shortened("; ".join(named)) + more


def shortened(text: str) -> str:
    """The text, cut to what a message can hold, with its full length when it was cut."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
