"""A conversation on its way to a model behind an address, with what the memories give to its last question.

What is retrieved stands in the user's turn, before the question. The read tool is offered where it cannot get in the
way of what the client asked for: not beside a tool of the same name, a forced or forbidden call, several choices or a
given form of the answer, and no longer where the server refuses tools. The answer is kept with its trace before the
client is told that it is over; one that broke off is kept as far as it came, with the reason.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import TypeVar, cast

import aiohttp
import anyio
from anyio.to_thread import run_sync
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from addenda.errors import AddendaError
from addenda.knowledge_base import Augmentation, Upstream
from addenda.models.chat import ToolCall, ToolMessage
from addenda.models.wire import message_params, tool_param
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.openai.bodies import Chat, Json, with_text_before
from addenda.surfaces.openai.hearing import EventStream, unless_left
from addenda.surfaces.openai.passing import DONE, objects, opened
from addenda.surfaces.openai.problems import Problem, UpstreamProblem, of_error
from addenda.surfaces.openai.rounds import Turn, named
from addenda.surfaces.openai.upstream import UpstreamClient, object_in, read

PATH = "/chat/completions"

MAX_ROUNDS = 8
"""Rounds in which memory is read before the model must answer."""

LEFT = "the client hung up"
"""Why an answer broke off when nobody listened any more."""

_TOOLLESS_SECONDS = 600.0
_REFUSES_TOOLS = frozenset({400, 404, 422, 500, 501})
"""With what servers answer that cannot call tools; the request is then sent once more without ours."""


_Reply = TypeVar("_Reply")


@dataclass(frozen=True, slots=True)
class InTurn:
    """The memories of a knowledge base, asked one at a time, in a thread."""

    hosted: Hosted
    limiter: anyio.CapacityLimiter

    async def read(self, augmentation: Augmentation, call: ToolCall) -> ToolMessage:
        """What a call of the read tool brings."""

        def work() -> ToolMessage:
            with self.hosted.answering():
                return augmentation.read(call)

        return await run_sync(work, limiter=self.limiter)

    async def keep(self, augmentation: Augmentation, text: str, *, finished: bool, interrupted: str = "") -> None:
        """Keep what was answered; it is durable afterwards. Waits for no turn, because no memory is asked."""

        def work() -> None:
            self.hosted.kb.conversing.keep(augmentation.answer(text, finished=finished, interrupted=interrupted))

        await run_sync(work)


@dataclass(slots=True)
class Toolless:
    """Which servers refused our tool lately."""

    _until: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def __contains__(self, to: object) -> bool:
        """Whether this server did."""
        return isinstance(to, Upstream) and self._until.get((to.address, to.model), 0.0) > time.monotonic()

    def add(self, to: Upstream) -> None:
        """It did now."""
        self._until[(to.address, to.model)] = time.monotonic() + _TOOLLESS_SECONDS


@dataclass(slots=True)
class Relay:
    """One conversation on its way."""

    client: UpstreamClient
    to: Upstream
    chat: Chat
    augmentation: Augmentation
    memories: InTurn
    toolless: Toolless
    turn: Turn = field(init=False)
    _messages: list[JsonValue] = field(init=False)

    def __post_init__(self) -> None:
        """Put what the memories give beside the question."""
        self._messages = list[JsonValue](self.chat.messages)
        place, text = self.chat.asked, self.augmentation.text
        if place is not None and text:
            asked = self.chat.messages[place]
            self._messages[place] = {**asked, "content": with_text_before(asked.get("content"), text)}
        tool = self.augmentation.tool
        offered = tool is not None and self.to not in self.toolless and _may_offer(self.chat.body, tool.name)
        self.turn = Turn(tool.name if tool is not None and offered else None, tells_usage=self.chat.wants_usage)

    async def reply(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The answer as a whole. Raises Problem, ClientLeft, and what keeping the answer raises."""
        completion = await unless_left(request, self._whole())
        await self.memories.keep(self.augmentation, self.turn.text, finished=self.turn.finished)
        return Response(json.dumps(completion).encode(), media_type="application/json", headers=dict(headers))

    async def stream(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The answer as a stream. Raises Problem while nothing was sent, ClientLeft."""
        stack, response = await unless_left(request, self._first(self._opened))
        return EventStream(self._events(stack, response), headers)

    async def _whole(self) -> Json:
        completion = await self._first(self._asked)
        for number in range(1, MAX_ROUNDS + 1):
            calls = self.turn.whole(completion)
            if not calls:
                return completion
            said = cast("list[Json]", completion["choices"])[0]["message"]
            await self._answered(calls, said)
            completion = await self._asked(number < MAX_ROUNDS)
        if self.turn.whole(completion):
            raise _only_reads()
        return completion

    async def _first(self, send: Callable[[bool], Awaitable[_Reply]]) -> _Reply:
        """The first round, sent again without our tool where the server refuses tools."""
        try:
            return await send(True)
        except UpstreamProblem as problem:
            if self.turn.tool is None or self.chat.body.get("tools") or problem.status not in _REFUSES_TOOLS:
                raise
        self.turn.tool = None
        reply = await send(False)
        self.toolless.add(self.to)
        return reply

    async def _asked(self, may_read: bool) -> Json:
        async with self.client.sent(self.to, PATH, self._body(may_read)) as response:
            return object_in(await read(response))

    async def _opened(self, may_read: bool) -> tuple[AsyncExitStack, aiohttp.ClientResponse]:
        return await opened(self.client, self.to, PATH, self._body(may_read))

    def _body(self, may_read: bool) -> bytes:
        body: Json = {**self.chat.body, "messages": self._messages}
        tool = self.augmentation.tool
        if tool is not None and self.turn.tool is not None:
            theirs = body.get("tools")
            listed = theirs if isinstance(theirs, list) else []
            ours = cast("JsonValue", tool_param(tool))
            if may_read or not listed:
                body["tools"] = [*listed, ours]
            if not may_read and not listed:
                # Some servers want a tool named as long as the conversation has calls of it.
                body["tool_choice"] = "none"
        return json.dumps(body).encode()

    async def _answered(self, calls: Sequence[ToolCall], said: JsonValue) -> None:
        """Answer calls of our tool, and put them with the results into the conversation."""
        results = [await self.memories.read(self.augmentation, call) for call in calls]
        self._messages += [said, *cast("list[JsonValue]", message_params(results))]

    async def _events(self, stack: AsyncExitStack, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        over = False
        try:
            problem: Problem | None = None
            try:
                async with aclosing(self._chunks(stack, response)) as chunks:
                    async for chunk in chunks:
                        yield _event(chunk)
            except Problem as found:
                problem = found
            except AddendaError as error:
                problem = of_error(error)
            over = True
            problem = await self._ended(problem)
            if problem is None and self.turn.usage and self.turn.tells_usage:
                yield _event(self.turn.last_chunk)
            yield DONE if problem is None else problem.event
        finally:
            if not over:
                with anyio.CancelScope(shield=True):
                    await self.memories.keep(self.augmentation, self.turn.text, finished=False, interrupted=LEFT)

    async def _ended(self, problem: Problem | None) -> Problem | None:
        """Keep the answer as it ended; what is to be said to the client about it, if anything went wrong."""
        try:
            with anyio.CancelScope(shield=True):
                finished, why = (self.turn.finished, "") if problem is None else (False, problem.message)
                await self.memories.keep(self.augmentation, self.turn.text, finished=finished, interrupted=why)
        except AddendaError as error:
            return of_error(error)
        return problem

    async def _chunks(self, stack: AsyncExitStack, response: aiohttp.ClientResponse) -> AsyncGenerator[Json, None]:
        """What goes on to the client of all rounds."""
        for number in range(1, MAX_ROUNDS + 2):
            self.turn.begin()
            async with stack, aclosing(objects(response)) as chunks:
                async for chunk in chunks:
                    kept = self.turn.take(chunk)
                    if kept is not None:
                        yield kept
            calls = self.turn.end()
            if not calls:
                return
            (said,) = message_params([self.turn.message])
            await self._answered(calls, cast("JsonValue", said))
            stack, response = await self._opened(number < MAX_ROUNDS)
        raise _only_reads()


def _may_offer(body: Json, name: str) -> bool:
    """Whether our tool may be offered beside what the client asks for."""
    tools = body.get("tools")
    taken = any(named(tool) == name for tool in (tools if isinstance(tools, list) else ()))
    form = body.get("response_format")
    free = form is None or (isinstance(form, dict) and form.get("type") == "text")
    return (
        not taken
        and free
        and body.get("n") in (None, 1)
        and body.get("tool_choice") in (None, "auto")
        and not body.get("functions")
    )


def _event(chunk: Json) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _only_reads() -> Problem:
    return UpstreamProblem(
        502, f"the model gave no answer after reading the memory {MAX_ROUNDS} times; ask again", code="upstream_invalid"
    )
