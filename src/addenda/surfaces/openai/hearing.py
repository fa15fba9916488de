"""Noticing that a client hung up, so that whatever was begun for it ends at once and leaves nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import TypeVar

import anyio
import anyio.lowlevel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_Result = TypeVar("_Result")

NO_STORE: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"})
"""Answers are not for caches on the way."""


class ClientLeft(Exception):
    """The client hung up before there was an answer."""


async def unless_left(request: Request, work: Coroutine[object, object, _Result]) -> _Result:
    """The result of some work, which is cancelled when the client hangs up; the body must have been read.

    Raises ClientLeft, and what the work raises.
    """
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(request.receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft
    finally:
        for task in (working, leaving):
            task.cancel()
        # Cancelled work closes what it opened before it ends.
        await asyncio.gather(working, leaving, return_exceptions=True)


class EventStream(Response):
    """A stream of server-sent events. The generator of them is closed whatever happens, also when nobody listens."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        """Take the events as they go out, and headers."""
        super().__init__(headers={**headers, **NO_STORE, "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope
        async with aclosing(self._events) as events, anyio.create_task_group() as group:
            group.start_soon(_cancelled_when_left, receive, group.cancel_scope)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in events:
                # Where the next piece is always there before it is waited for, nothing else lets the end in.
                await anyio.lowlevel.checkpoint_if_cancelled()
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()


async def _left(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled_when_left(receive: Receive, scope: anyio.CancelScope) -> None:
    await _left(receive)
    scope.cancel()
