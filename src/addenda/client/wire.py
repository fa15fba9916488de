"""The two transports: each does the steps of a verb over httpx2, one blocking, one awaiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict, TypeVar

import httpx2

from addenda._version import __version__
from addenda.client.address import Address
from addenda.client.steps import Came, Follow, Lost, NextLine, Pause, Reply, Request, Send, Step, Steps

_IDLE = 2.0
"""Seconds after which an idle connection is not used again: servers close theirs after 5, perhaps as it is used."""

Result = TypeVar("Result")


class _Arguments(TypedDict, total=False):
    """What a request is made of, as httpx2 takes it."""

    params: dict[str, str | Sequence[str]]
    json: Any
    files: dict[str, tuple[str, bytes]]
    data: dict[str, str]
    headers: dict[str, str]
    timeout: httpx2.Timeout


class _Wire:
    """What both have in common: how long they wait, and what a request is on the wire."""

    def __init__(self, address: Address, timeout: float, answer_timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._answer_timeout = answer_timeout

    def _settings(self) -> dict[str, Any]:
        headers = {"User-Agent": f"addenda-client/{__version__}", "Accept": "application/json"}
        if self._address.token is not None:
            headers["Authorization"] = f"Bearer {self._address.token}"
        return {
            "headers": headers,
            # This machine is never asked through a proxy.
            "trust_env": not self._address.loopback,
            "follow_redirects": False,
            "limits": httpx2.Limits(keepalive_expiry=_IDLE),
        }

    def _arguments(self, request: Request) -> _Arguments:
        usual = self._answer_timeout if request.patient else self._timeout
        read = usual if request.read_timeout is None else request.read_timeout
        made = _Arguments(
            headers=dict(request.headers), timeout=httpx2.Timeout(self._timeout, connect=min(10, read), read=read)
        )
        if request.params:
            made["params"] = dict(request.params)
        if request.upload is not None:
            made["files"] = {"file": (request.upload.name, request.upload.data)}
            made["data"] = dict(request.form)
        elif request.body is not None:
            made["json"] = request.body
        return made

    def _build(self, client: httpx2.Client | httpx2.AsyncClient, request: Request) -> httpx2.Request:
        return client.build_request(request.method, self._address.base + request.path, **self._arguments(request))

    @contextmanager
    def _told(self) -> Generator[None]:
        """Have what breaks a connection raised as Lost, without anything that was sent."""
        try:
            yield
        except httpx2.HTTPError as error:
            unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            what = "cannot be reached" if unsent else "gave no answer"
            late = isinstance(error, httpx2.TimeoutException)
            raise Lost(
                f"the server at {self._address.origin} {what} ({type(error).__name__})", sent=not unsent, late=late
            ) from None


class BlockingWire(_Wire):
    """Does steps one after the other."""

    def __init__(self, address: Address, timeout: float, answer_timeout: float) -> None:
        """Take where to, how long to wait for an answer, and how long where a model is asked."""
        super().__init__(address, timeout, answer_timeout)
        self._client = httpx2.Client(**self._settings())

    def run(self, steps: Steps[Result]) -> Result:
        """Do what a verb says. Raises what it raises."""
        came: Came = None
        lost: Lost | None = None
        stream = _Stream()
        try:
            while True:
                try:
                    step = steps.send(came) if lost is None else steps.throw(lost)
                except StopIteration as end:
                    return end.value
                lost = None
                try:
                    came = self._do(step, stream)
                except Lost as error:
                    came, lost = None, error
        finally:
            stream.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _do(self, step: Step, stream: _Stream) -> Came:
        with self._told():
            if isinstance(step, NextLine):
                return stream.line()
            stream.close()
            match step:
                case Send(request):
                    found = self._client.send(self._build(self._client, request))
                    return _reply(found, found.content)
                case Follow(request):
                    found = self._client.send(self._build(self._client, request), stream=True)
                    stream.hold(found)
                    return _reply(found, b"" if found.is_success else found.read())
                case Pause(seconds):
                    time.sleep(seconds)
                    return None


class AwaitingWire(_Wire):
    """Does steps one after the other, and lets others work meanwhile."""

    def __init__(self, address: Address, timeout: float, answer_timeout: float) -> None:
        """Take the same as :class:`BlockingWire`."""
        super().__init__(address, timeout, answer_timeout)
        self._client = httpx2.AsyncClient(**self._settings())

    async def run(self, steps: Steps[Result]) -> Result:
        """Do what a verb says. Raises what it raises."""
        came: Came = None
        lost: Lost | None = None
        stream = _AsyncStream()
        try:
            while True:
                try:
                    step = steps.send(came) if lost is None else steps.throw(lost)
                except StopIteration as end:
                    return end.value
                lost = None
                try:
                    came = await self._do(step, stream)
                except Lost as error:
                    came, lost = None, error
        finally:
            await stream.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _do(self, step: Step, stream: _AsyncStream) -> Came:
        with self._told():
            if isinstance(step, NextLine):
                return await stream.line()
            await stream.close()
            match step:
                case Send(request):
                    found = await self._client.send(self._build(self._client, request))
                    return _reply(found, found.content)
                case Follow(request):
                    found = await self._client.send(self._build(self._client, request), stream=True)
                    stream.hold(found)
                    return _reply(found, b"" if found.is_success else await found.aread())
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                    return None


class _Stream:
    """The response that is open, if any, and its lines."""

    def __init__(self) -> None:
        self._response: httpx2.Response | None = None
        self._lines: Iterator[str] = iter(())

    def hold(self, response: httpx2.Response) -> None:
        self._response = response
        self._lines = response.iter_lines()

    def line(self) -> str | None:
        return next(self._lines, None)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


class _AsyncStream:
    """The same, awaiting."""

    def __init__(self) -> None:
        self._response: httpx2.Response | None = None
        self._lines: AsyncIterator[str] | None = None

    def hold(self, response: httpx2.Response) -> None:
        self._response = response
        self._lines = response.aiter_lines()

    async def line(self) -> str | None:
        return None if self._lines is None else await anext(self._lines, None)

    async def close(self) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response = None


def _reply(found: httpx2.Response, body: bytes) -> Reply:
    return Reply(found.status_code, {name.lower(): value for name, value in found.headers.items()}, body)
