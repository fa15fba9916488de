"""What a conversation looks like on the wire of OpenAI's chat completions, in both directions.

Servers that call themselves compatible differ in what they leave out, so only what is needed is read, and it is read
strictly: a reply without a turn is an error, never an empty answer. Tolerated, because widespread servers do it: calls
without an id, arguments as an object instead of as text, streamed pieces of a call without a position, a stream that
repeats a call's name. Written against the types of the official SDK; nothing of it is needed at run time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from addenda.models.chat import AssistantMessage, Message, SystemMessage, TextDelta, Tool, ToolCall, UserMessage

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
    from openai.types.chat.completion_create_params import ResponseFormat

_ENDED = frozenset({"stop", "tool_calls"})
"""The reasons to finish that mean that the model ended by itself."""


def _encodable(text: str) -> str:
    """The text itself; raises a ValueError for half a character, which JSON can hold and nothing else can."""
    text.encode()
    return text


_Text: TypeAlias = Annotated[str, AfterValidator(_encodable)]


class _Read(BaseModel):
    """Base of what is read: other fields are passed over, and the SDK's own objects are read like JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class _Function(_Read):
    name: _Text | None = None
    arguments: _Text | dict[str, JsonValue] | None = None


class _Call(_Read):
    index: int | None = None
    id: _Text | None = None
    function: _Function | None = None


class _Part(_Read):
    content: _Text | None = None
    refusal: _Text | None = None
    tool_calls: tuple[_Call, ...] | None = None

    @property
    def text(self) -> str:
        return (self.content or "") + (self.refusal or "")


class _Choice(_Read):
    message: _Part
    finish_reason: str | None = None


class _Completion(_Read):
    choices: tuple[_Choice, ...] = Field(min_length=1)


class _Piece(_Read):
    delta: _Part | None = None
    finish_reason: str | None = None


class _Chunk(_Read):
    choices: tuple[_Piece, ...] = ()


def message_param(message: Message) -> ChatCompletionMessageParam:
    """A message as it is sent."""
    if isinstance(message, SystemMessage):
        return {"role": "system", "content": message.text}
    if isinstance(message, UserMessage):
        return {"role": "user", "content": message.text}
    if isinstance(message, AssistantMessage):
        if not message.calls:
            return {"role": "assistant", "content": message.text}
        return {
            "role": "assistant",
            "content": message.text or None,
            "tool_calls": [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.calls
            ],
        }
    return {"role": "tool", "tool_call_id": message.call.id, "content": message.text}


def tool_param(tool: Tool) -> ChatCompletionToolParam:
    """A tool as it is offered."""
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": {**tool.parameters}},
    }


def schema_param(schema: type[BaseModel], parameters: dict[str, object]) -> ResponseFormat:
    """A form that the answer is held to: the schema's name, and its JSON schema as the server wants it."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", schema.__name__)[:64]
    return {"type": "json_schema", "json_schema": {"name": name, "schema": parameters, "strict": True}}


def message_params(messages: Sequence[Message]) -> list[ChatCompletionMessageParam]:
    """A conversation as it is sent."""
    return [message_param(message) for message in messages]


def read_completion(body: bytes, turn: int) -> AssistantMessage:
    """The model's turn in the body of a reply; ``turn`` is its place in the conversation.

    Raises pydantic's ValidationError for a body that holds none.
    """
    choice = _Completion.model_validate_json(body).choices[0]
    assembly = Assembly(turn)
    assembly.take(choice.message, choice.finish_reason)
    return assembly.message()


@dataclass
class _OpenCall:
    """A call whose arguments may still be coming."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class Assembly:
    """Puts the streamed pieces of one turn together."""

    turn: int
    """The place of the turn in the conversation; ids that a server left out are made from it."""
    finish_reason: str | None = None
    """Why the model finished, once it was said."""
    _text: list[str] = field(default_factory=list[str])
    _calls: list[_OpenCall] = field(default_factory=list[_OpenCall])
    _at: dict[int, _OpenCall] = field(default_factory=dict[int, _OpenCall])

    def add(self, chunk: object) -> TextDelta | None:
        """Take the next chunk as the SDK gives it; the text in it, if any.

        Raises pydantic's ValidationError for something that is no chunk.
        """
        pieces = _Chunk.model_validate(chunk).choices
        return self.take(pieces[0].delta or _Part(), pieces[0].finish_reason) if pieces else None

    def take(self, part: _Part, finish_reason: str | None) -> TextDelta | None:
        """Take a piece of a turn, or a whole one; the text in it, if any."""
        self.finish_reason = finish_reason or self.finish_reason
        self._text.append(part.text)
        for piece in part.tool_calls or ():
            call, function = self._call_of(piece), piece.function or _Function()
            call.id = call.id or piece.id or ""
            call.name = call.name or function.name or ""
            given = function.arguments
            if given is not None:
                call.arguments += given if isinstance(given, str) else json.dumps(given)
        return TextDelta(text=part.text) if part.text else None

    def message(self) -> AssistantMessage:
        """The turn as far as it was taken."""
        calls = tuple(
            ToolCall(id=call.id or f"call_{self.turn}_{number}", name=call.name, arguments=call.arguments)
            for number, call in enumerate(self._calls)
        )
        return AssistantMessage(text="".join(self._text), calls=calls, finished=self.finish_reason in _ENDED)

    def _call_of(self, piece: _Call) -> _OpenCall:
        """The call that a piece belongs to: a new one where a new position, another id, or no hint begins one."""
        if piece.index is not None:
            known = self._at.get(piece.index)
        else:
            begins = piece.id or (piece.function and piece.function.name)
            known = self._calls[-1] if self._calls and not begins else None
        if known is None or (piece.id and known.id and piece.id != known.id):
            known = _OpenCall()
            self._calls.append(known)
        if piece.index is not None:
            self._at[piece.index] = known
        return known
