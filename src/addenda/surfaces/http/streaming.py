"""What happens, as it happens: server-sent events from work that runs in another thread.

A stream says how a job stands whenever it moves on, or what a memory model is asked while an answer is made. It ends
with the outcome. While nothing happens a comment is sent now and then, so that what lies between does not close the
connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from addenda.errors import AddendaError
from addenda.surfaces.http.problems import kind_of, status_of
from addenda.surfaces.http.problems import response as problem_response

MEDIA_TYPE = "text/event-stream"
"""What a stream is sent as."""

QUIET = 15.0
"""Seconds without an event after which a comment is sent."""

Tell: TypeAlias = Callable[[str, BaseModel], None]
"""Sends an event of this name; may be called from any thread."""

Made = TypeVar("Made", bound=BaseModel)


def event(name: str, data: str) -> str:
    """One event as it is sent."""
    return f"event: {name}\ndata: {data}\n\n"


def followed(stream: AsyncGenerator[str]) -> StreamingResponse:
    """The response that sends a stream."""
    return StreamingResponse(stream, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


async def changes(
    watch: Callable[[Callable[[], object]], Callable[[], None]], look: Callable[[], tuple[Made, bool]], name: str
) -> AsyncGenerator[str]:
    """How something stands, whenever it moves on, until that is final.

    Args:
        watch: Has a function called, from any thread, whenever it moves on; returns what ends that.
        look: How it stands now, and whether that is final.
        name: Of the events.
    """
    loop, moved = asyncio.get_running_loop(), asyncio.Event()
    forget = watch(lambda: loop.call_soon_threadsafe(moved.set))
    try:
        while True:
            moved.clear()
            stands, final = await run_in_threadpool(look)
            yield event(name, stands.model_dump_json())
            if final:
                return
            while not await _within(moved.wait(), QUIET):
                yield ": \n\n"
    finally:
        forget()


async def outcome(request: Request, work: Callable[[Tell], Made], name: str) -> AsyncGenerator[str]:
    """What work tells while it is done in a thread, then what came of it, or the problem.

    The work is done to its end also when nobody listens any more.
    """
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str]()

    def tell(called: str, data: BaseModel) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event(called, data.model_dump_json()))

    working = asyncio.ensure_future(run_in_threadpool(work, tell))
    while not working.done() or not queue.empty():
        waiting = asyncio.ensure_future(queue.get())
        done, _ = await asyncio.wait({waiting, working}, timeout=QUIET, return_when=asyncio.FIRST_COMPLETED)
        if waiting in done:
            yield waiting.result()
            continue
        waiting.cancel()
        if not done:
            yield ": \n\n"
    try:
        made = working.result()
    except AddendaError as error:
        told = problem_response(request, status_of(error), kind_of(type(error).__name__), str(error))
        yield event("problem", bytes(told.body).decode())
    else:
        yield event(name, made.model_dump_json())


async def _within(waiting: Awaitable[object], seconds: float) -> bool:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return False
    return True
