"""One face for both clients, so that one battery of tests asks both."""

# ruff: noqa: ANN401 (one face for two clients)

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from addenda.client import AsyncClient, AsyncJob, Client


class Awaited:
    """An AsyncClient (or its job) whose every call is awaited to its end."""

    def __init__(self, inner: AsyncClient | AsyncJob[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._inner, self._loop = inner, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._call(found) if callable(found) else found

    def __repr__(self) -> str:
        return repr(self._inner)

    def _call(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            made = method(*args, **kwargs)
            if inspect.isasyncgen(made):
                return iter(self._loop.run_until_complete(_all(made)))
            done = self._loop.run_until_complete(made)
            return Awaited(done, self._loop) if isinstance(done, AsyncJob) else done

        return call


@contextmanager
def client(way: str, url: str, **options: Any) -> Generator[Any]:
    """A client that blocks, or one that awaits, with the same face."""
    if way == "blocking":
        with Client(url, **options) as made:
            yield made
        return
    loop = asyncio.new_event_loop()
    made = AsyncClient(url, **options)
    try:
        yield Awaited(made, loop)
    finally:
        loop.run_until_complete(made.close())
        loop.close()


async def _all(found: Any) -> list[Any]:
    return [one async for one in found]
