"""What one turn looks like to the client when it took several rounds with the model's server, because memory was read.

A round is one reply. Calls of our read tool are taken out of it and answered here; everything else goes on to the
client as it came, calls of its own tools piece by piece. A round in which only memory was read is followed by another
one, of which the client sees nothing but that the answer goes on: one id, one model, one role, one finish reason, and
the usage of all rounds together. Where a round has calls of both kinds, the client gets its own; ours is left out, and
the model can repeat it when the client comes back with the results.

Nothing here sends anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue, ValidationError

from addenda.models.chat import AssistantMessage, ToolCall
from addenda.models.wire import Assembly
from addenda.surfaces.openai.bodies import Json
from addenda.surfaces.openai.problems import UpstreamProblem
from addenda.surfaces.openai.upstream import broke_off, invalid

_SAME = ("id", "created", "model", "system_fingerprint")
"""Fields that stay what they were in the first round."""


@dataclass(slots=True)
class Turn:
    """One turn of the model as the client gets it, over all rounds."""

    tool: str | None
    """The name of our tool, where it is offered."""
    text: str = ""
    """What the client was given of the first choice."""
    finish_reason: str | None = None
    usage: Json = field(default_factory=dict[str, JsonValue])
    """How many tokens all rounds took, as far as the server says."""
    tells_usage: bool = False
    """Whether the client is told in a chunk of its own."""
    _same: Json = field(default_factory=dict[str, JsonValue])
    _round: _Round | None = None
    _theirs: int = 0
    """How many calls of the client's tools it was given."""
    _rounds: int = 0

    def begin(self) -> None:
        """A round begins."""
        self._rounds += 1
        self._round = _Round(Assembly(self._rounds))

    @property
    def finished(self) -> bool:
        """Whether the model ended by itself."""
        return self.finish_reason in ("stop", "tool_calls", "function_call")

    def take(self, chunk: Json) -> Json | None:
        """What of a chunk goes on to the client. Raises Problem for an error, or for what is no chunk."""
        _raise_error(chunk)
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            raise invalid(str(chunk))
        usage = chunk.get("usage")
        if isinstance(usage, dict) and self._round is not None:
            # Some servers tell it in every chunk, as it is by then.
            self._round.usage = usage
            if not choices:
                self.tells_usage = True
                return None
        chunk = self._with_same(chunk)
        kept = [kept for choice in choices if (kept := self._choice(_object(choice))) is not None]
        return {**chunk, "choices": cast("JsonValue", kept)} if kept or not choices else None

    def end(self) -> list[ToolCall]:
        """The calls of our tool that must be answered before the turn goes on; none when it is over.

        Raises Problem when the round broke off.
        """
        if self._round is None or self._round.finish_reason is None:
            raise broke_off()
        self.usage = _added(self.usage, self._round.usage)
        return [] if self.finish_reason is not None else self._round.ours

    @property
    def last_chunk(self) -> Json:
        """The chunk without a choice that says how many tokens there were."""
        return {**self._same, "object": "chat.completion.chunk", "choices": [], "usage": self.usage}

    @property
    def message(self) -> AssistantMessage:
        """What the model said in this round, to be sent back to it with what its calls brought."""
        found = self._round
        return AssistantMessage() if found is None else found.assembly.message()

    def whole(self, completion: Json) -> list[ToolCall]:
        """Take a reply that is not streamed; the calls that must be answered, as in :meth:`end`. Raises Problem."""
        _raise_error(completion)
        choices = completion.get("choices")
        if not isinstance(choices, list) or not choices:
            raise invalid(str(completion))
        usage = completion.get("usage")
        self.usage = _added(self.usage, usage if isinstance(usage, dict) else {})
        first = _object(choices[0])
        message, reason = _object(first.get("message")), first.get("finish_reason")
        calls = [_object(call) for call in _list(message.get("tool_calls"))]
        theirs = [call for call in calls if named(call) != self.tool]
        ours = _assembled(self._rounds, message).calls if len(theirs) < len(calls) else ()
        if ours and not theirs:
            return [call for call in ours if call.name == self.tool]
        if ours:
            message["tool_calls"] = cast("JsonValue", theirs)
        content = message.get("content")
        self.text = content if isinstance(content, str) else ""
        self.finish_reason = reason if isinstance(reason, str) else "stop"
        if self.usage:
            completion["usage"] = self.usage
        completion.update(self._with_same(completion))
        return []

    def _with_same(self, chunk: Json) -> Json:
        for name in _SAME:
            if chunk.get(name):
                self._same.setdefault(name, chunk[name])
        return {**chunk, **{name: value for name, value in self._same.items() if name in chunk}}

    def _choice(self, choice: Json) -> Json | None:
        """What of a choice goes on; None when nothing does."""
        if choice.get("index", 0) != 0:
            return choice
        delta, reason = _object(choice.get("delta")), choice.get("finish_reason")
        found = self._round or _Round(Assembly(0))
        try:
            found.assembly.add({"choices": [{"delta": delta, "finish_reason": reason}]})
        except ValidationError:
            raise invalid(str(choice)) from None
        if self._rounds > 1 and "role" in delta:
            del delta["role"]
        taken = self.tool is not None and "tool_calls" in delta and self._take_calls(found, delta)
        if isinstance(reason, str):
            found.finish_reason = reason
            found.ours = [call for call in found.assembly.message().calls if call.name == self.tool]
            if found.ours and not found.theirs:
                reason = None
                taken = True
            else:
                self.finish_reason = reason
        content = delta.get("content")
        self.text += content if isinstance(content, str) else ""
        if taken and not any(delta.values()) and reason is None:
            return None
        return {**choice, "delta": delta, "finish_reason": reason}

    def _take_calls(self, found: _Round, delta: Json) -> bool:
        """Take the pieces of our calls out of a delta and number the others; whether any was taken."""
        kept: list[JsonValue] = []
        pieces = [_object(piece) for piece in _list(delta["tool_calls"])]
        for piece in pieces:
            place = piece.get("index")
            place = place if isinstance(place, int) else found.place_without_index(named(piece))
            if place not in found.numbers:
                mine = named(piece) == self.tool
                found.numbers[place] = None if mine else self._theirs
                self._theirs += not mine
            number = found.numbers[place]
            if number is not None:
                kept.append({**piece, "index": number})
                found.theirs = True
        if kept:
            delta["tool_calls"] = kept
        else:
            del delta["tool_calls"]
        return len(kept) < len(pieces)


@dataclass(slots=True)
class _Round:
    """One streamed reply, as far as it came."""

    assembly: Assembly
    finish_reason: str | None = None
    usage: Json = field(default_factory=dict[str, JsonValue])
    ours: list[ToolCall] = field(default_factory=list[ToolCall])
    theirs: bool = False
    numbers: dict[int, int | None] = field(default_factory=dict[int, int | None])
    """By the place of a call: its number for the client; None for one of ours."""

    def place_without_index(self, name: str) -> int:
        """The place of a piece whose server numbers none: a name begins the next call."""
        last = max(self.numbers, default=-1)
        return last + 1 if name or last < 0 else last


def _assembled(number: int, message: Json) -> AssistantMessage:
    assembly = Assembly(number)
    try:
        assembly.add({"choices": [{"delta": message}]})
    except ValidationError:
        raise invalid(str(message)) from None
    return assembly.message()


def _raise_error(reply: Json) -> None:
    """Raise the problem that a server reports inside a reply that looked well."""
    error = reply.get("error")
    if error:
        message = _object(error).get("message") if isinstance(error, dict) else error
        raise UpstreamProblem(502, f"the model's server reported an error: {message}", code="upstream_error")


def named(call: JsonValue) -> str:
    """The name of the function that a call or a tool is about; empty when there is none."""
    function = call.get("function") if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""


def _object(value: JsonValue) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _added(total: Json, more: Json) -> Json:
    """Two usages together; what is no number is that of the last."""
    result: Json = {**total, **more}
    for name, value in more.items():
        before = total.get(name)
        if isinstance(value, dict):
            result[name] = _added(_object(before), value)
        elif isinstance(value, int) and isinstance(before, int):
            result[name] = before + value
    return result
