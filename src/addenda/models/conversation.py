"""A conversation in which the model may call tools: ask, run what it calls, give the results back, until it answers.

Nothing that a model writes can make this fail. A tool that does not exist, arguments that are no JSON or do not fit,
and input that the tool itself refuses all become results that say what is wrong, so that the model can mend its call.
A call that was made before gets the earlier result and is not run again. The number of rounds is bounded; after the
last one the model is asked once more without being allowed to call, so that it answers from what it has.

What this does not know: whether a result is still true when it is repeated, and whether an answer follows from the
results.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TypeAlias

from pydantic import BaseModel, ValidationError

from addenda.errors import InvalidInput
from addenda.models.chat import (
    DEFAULT_REPLY_TOKENS,
    AssistantMessage,
    CallStatus,
    ChatModel,
    Message,
    TextDelta,
    Tool,
    ToolCall,
    ToolMessage,
    Transcript,
    faults,
    shortened,
)

DEFAULT_MAX_ROUNDS = 8
"""How many rounds of tool calls a conversation may have."""

RunTool: TypeAlias = Callable[[str, BaseModel], str]
"""Runs the tool of this name with these checked arguments (an instance of :attr:`Tool.arguments`) and gives its result.

Whatever it raises ends the conversation, but for InvalidInput, which is told to the model.
"""

Event: TypeAlias = TextDelta | AssistantMessage | ToolMessage | Transcript
"""What a streamed conversation consists of; the transcript comes last."""

_Turn: TypeAlias = Callable[[Sequence[Message], bool], Generator[TextDelta | AssistantMessage, None, None]]


def converse(
    model: ChatModel,
    messages: Sequence[Message],
    tools: Sequence[Tool],
    run: RunTool,
    *,
    max_rounds: int = DEFAULT_MAX_ROUNDS,
    max_new_tokens: int = DEFAULT_REPLY_TOKENS,
) -> Transcript:
    """Hold the conversation to its end.

    Args:
        model: Who answers.
        messages: What the model is given to begin with.
        tools: What it may call; several calls in one turn are run in their order.
        run: Runs a call that was checked.
        max_rounds: How many turns with tool calls are followed; 0 means that nothing may be called.
        max_new_tokens: Where each single turn is cut.

    Raises InvalidInput for a negative ``max_rounds`` or two tools of one name, and what the model and ``run`` raise.
    """

    def turn(said: Sequence[Message], may_call: bool) -> Generator[AssistantMessage, None, None]:
        yield model.reply(said, tools=tools, may_call=may_call, max_new_tokens=max_new_tokens)

    events = _events(turn, messages, Toolbox(tools, run), _rounds(max_rounds))
    return next(event for event in events if isinstance(event, Transcript))


def converse_streaming(
    model: ChatModel,
    messages: Sequence[Message],
    tools: Sequence[Tool],
    run: RunTool,
    *,
    max_rounds: int = DEFAULT_MAX_ROUNDS,
    max_new_tokens: int = DEFAULT_REPLY_TOKENS,
) -> Generator[Event, None, None]:
    """The same conversation as :func:`converse` holds, event by event while it happens.

    Each turn comes as its pieces of text and then as a whole, each tool call with its result once it has run, and at
    the end the transcript. Closing the generator ends the conversation and the connection.
    """

    def turn(said: Sequence[Message], may_call: bool) -> Generator[TextDelta | AssistantMessage, None, None]:
        return model.stream(said, tools=tools, may_call=may_call, max_new_tokens=max_new_tokens)

    return _events(turn, messages, Toolbox(tools, run), _rounds(max_rounds))


def _rounds(max_rounds: int) -> int:
    if max_rounds < 0:
        raise InvalidInput(f"{max_rounds!r} rounds of tool calls are not possible; allow 0 or more")
    return max_rounds


def _events(
    turn: _Turn, messages: Sequence[Message], toolbox: Toolbox, max_rounds: int
) -> Generator[Event, None, None]:
    said = list(messages)
    reply = AssistantMessage()
    for number in range(max_rounds + 1):
        may_call = number < max_rounds
        with closing(turn(tuple(said), may_call)) as pieces:
            for piece in pieces:
                yield piece
                if isinstance(piece, AssistantMessage):
                    reply = piece
        said.append(reply)
        for call in reply.calls:
            result = (
                toolbox.answer(call) if may_call else toolbox.refuse(call, "no more calls are possible; answer now")
            )
            said.append(result)
            yield result
        if not reply.calls:
            break
    yield Transcript(messages=tuple(said), answered=not reply.calls)


class Toolbox:
    """The tools of one conversation, and the results that they gave so far."""

    def __init__(self, tools: Sequence[Tool], run: RunTool) -> None:
        """Take the tools and who runs them; raises InvalidInput for two of one name."""
        self._tools = {tool.name: tool for tool in tools}
        self._run = run
        self._results: dict[tuple[str, str], ToolMessage] = {}
        if len(self._tools) != len(tools):
            names = [tool.name for tool in tools]
            raise InvalidInput(f"two of the tools {names!r} have the same name; give each its own")

    def answer(self, call: ToolCall) -> ToolMessage:
        """The result of a call: run, repeated, or refused with the reason."""
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return self.refuse(call, f"there is no tool {shortened(call.name)!r}; the tools are: {known}")
        try:
            # Some servers send nothing at all for a call without arguments.
            arguments = tool.arguments.model_validate_json(call.arguments.strip() or "{}", strict=True)
        except ValidationError as error:
            return self.refuse(call, f"the arguments of {tool.name} do not fit: {faults(error)}")
        key = (tool.name, arguments.model_dump_json())
        if key in self._results:
            earlier = self._results[key]
            return _result(call, earlier.text, "refused" if earlier.status == "refused" else "repeated")
        try:
            result = _result(call, self._run(tool.name, arguments), "executed")
        except InvalidInput as error:
            result = self.refuse(call, str(error))
        self._results[key] = result
        return result

    @staticmethod
    def refuse(call: ToolCall, reason: str) -> ToolMessage:
        """A result that says why the call was not run."""
        return _result(call, f"error: {reason}", "refused")


def _result(call: ToolCall, text: str, status: CallStatus) -> ToolMessage:
    return ToolMessage(call=call, text=text, status=status)
