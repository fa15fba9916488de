"""Letting a conversation through where no memory is in use: bytes in, bytes out, and nothing is kept.

What is looked at is whether the reply has the right form, and whether a stream came to its end: one that broke off must
not look like a short answer.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack

import aiohttp
from starlette.requests import Request
from starlette.responses import Response

from addenda.knowledge_base import Upstream
from addenda.surfaces.openai.bodies import Json
from addenda.surfaces.openai.hearing import EventStream, unless_left
from addenda.surfaces.openai.problems import Problem
from addenda.surfaces.openai.upstream import MOST_BYTES, UpstreamClient, broke_off, invalid, object_in, read

DONE = b"data: [DONE]\n\n"

_ENDED = re.compile(rb"data: ?\[DONE\]\s*\Z")
_FINISHED = re.compile(rb'"finish_reason" ?: ?"')
_TAIL = 4096


async def passed(
    request: Request,
    client: UpstreamClient,
    to: Upstream,
    path: str,
    raw: bytes,
    headers: Mapping[str, str],
    *,
    field: str = "choices",
) -> Response:
    """The reply of the model's server as it is; ``field`` is what it must have. Raises Problem, ClientLeft."""

    async def reply() -> bytes:
        async with client.sent(to, path, raw) as response:
            return await read(response)

    body = await unless_left(request, reply())
    if field not in object_in(body):
        raise invalid(body.decode(errors="replace"))
    return Response(body, media_type="application/json", headers=dict(headers))


async def passed_stream(
    request: Request, client: UpstreamClient, to: Upstream, path: str, raw: bytes, headers: Mapping[str, str]
) -> Response:
    """The stream of the model's server as it is. Raises Problem while nothing was sent, ClientLeft."""
    stack, response = await unless_left(request, opened(client, to, path, raw))
    return EventStream(_bytes(stack, response), headers)


async def opened(
    client: UpstreamClient, to: Upstream, path: str, raw: bytes
) -> tuple[AsyncExitStack, aiohttp.ClientResponse]:
    """A stream that has begun, and what closes it. Raises Problem when the reply is none."""
    async with AsyncExitStack() as stack:
        response = await stack.enter_async_context(client.sent(to, path, raw))
        if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            raise invalid((await read(response)).decode(errors="replace"))
        return stack.pop_all(), response


async def _bytes(stack: AsyncExitStack, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    tail = b""
    try:
        async with stack:
            async for piece in response.content.iter_any():
                tail = (tail + piece)[-_TAIL:]
                yield piece
            if not _ENDED.search(tail):
                if not _FINISHED.search(tail):
                    raise broke_off()
                yield DONE
    except Problem as problem:
        yield problem.event


async def objects(response: aiohttp.ClientResponse) -> AsyncGenerator[Json, None]:
    """The JSON objects of a stream, one for each event. Raises Problem for an event that is none."""
    rest, data = b"", list[bytes]()
    async for piece in response.content.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[5:].strip())
            elif not line.strip() and data:
                if (event := b"\n".join(data)) != b"[DONE]":
                    yield object_in(event)
                data = []
        if len(rest) > MOST_BYTES:
            raise invalid(rest[:_TAIL].decode(errors="replace"))
