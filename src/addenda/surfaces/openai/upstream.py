"""The connections to the servers of models: one pool for all requests, bounded in time and size.

Where a request goes and with which key is the knowledge base's business and never stands in a request. Redirects are
not followed, because they would take the conversation wherever a server points.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from pydantic import SecretStr

from addenda.knowledge_base import Upstream
from addenda.models.chat import shortened
from addenda.surfaces.openai.bodies import Json
from addenda.surfaces.openai.problems import RETRY_AFTER, Problem, UpstreamProblem

CONNECT_SECONDS = 10.0
"""For making a connection; a server that is there answers that at once, however long its model thinks."""

SILENT_SECONDS = 600.0
"""Without a sign of life from the model's server, after which a request is given up; as the official client's."""

MOST_CONNECTIONS = 512
"""Connections to models' servers at the same time; whoever comes then waits, at most :data:`POOL_SECONDS`."""

POOL_SECONDS = 30.0

IDLE_SECONDS = 2.0
"""After which a connection is not used again: servers close theirs after 5, perhaps just as it is used."""

MOST_BYTES = 64 * 1024 * 1024
"""In a reply that is not streamed."""

_MOST_ERROR_BYTES = 64 * 1024
_PASSED_ON = ("retry-after", "retry-after-ms")


class UpstreamClient:
    """Sends requests to models' servers. Belongs to one event loop."""

    def __init__(self, *, connections: int = MOST_CONNECTIONS, pool_seconds: float = POOL_SECONDS) -> None:
        """Nothing is connected yet.

        Args:
            connections: To models' servers at the same time.
            pool_seconds: How long a request waits for one of them.
        """
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}
        self._free = asyncio.Semaphore(connections)
        self._pool_seconds = pool_seconds

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def sent(self, to: Upstream, path: str, body: bytes) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The reply to a request, whose body has not been read; it is closed when the block ends.

        Raises Problem for a server that cannot be reached or answers with another status than 200, and for what goes
        wrong with the connection inside the block.
        """
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if to.key is not None:
            headers["Authorization"] = f"Bearer {to.key.get_secret_value()}"
        await self._turn()
        try:
            async with self._connected().post(
                f"{to.address}{path}",
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=self._proxy(to.address),
            ) as response:
                if response.status != 200:
                    raise _refusal(response, await read(response, _MOST_ERROR_BYTES), to)
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _lost(error, to) from None
        finally:
            self._free.release()

    async def _turn(self) -> None:
        """Wait until there is a connection for one more request. Raises Problem when that takes too long."""
        try:
            async with asyncio.timeout(self._pool_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Problem(
                503,
                "too many requests are under way; ask later",
                code="overloaded",
                headers={"Retry-After": RETRY_AFTER},
            ) from None

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
                # What one person's request brought must not go along with another's.
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS),
            )
        return self._session

    def _proxy(self, address: str) -> str | None:
        """The proxy that the environment names for a server; looked up once, since some systems take long to tell."""
        if address not in self._proxies:
            parts = urlsplit(address)
            direct = parts.hostname is None or proxy_bypass(parts.hostname)
            proxies = getproxies()
            self._proxies[address] = None if direct else proxies.get(parts.scheme) or proxies.get("all")
        return self._proxies[address]


async def read(response: aiohttp.ClientResponse, most: int = MOST_BYTES) -> bytes:
    """The body of a reply. Raises Problem when it has more than ``most`` bytes."""
    pieces: list[bytes] = []
    length = 0
    async for piece in response.content.iter_any():
        length += len(piece)
        if length > most:
            raise UpstreamProblem(502, f"the model's server sent more than {most} bytes", code="upstream_invalid")
        pieces.append(piece)
    return b"".join(pieces)


def object_in(raw: bytes) -> Json:
    """The JSON object that a reply is. Raises Problem when it is none."""
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid(raw.decode(errors="replace"))
    return cast("Json", found)


def invalid(said: str) -> Problem:
    """The problem that a reply in no known form is."""
    return UpstreamProblem(
        502,
        f"what the model's server sent is no reply of an OpenAI-compatible interface: {shortened(said)!r}; ask whoever "
        "runs it, and check the address that the knowledge base was made with",
        code="upstream_invalid",
    )


def broke_off() -> Problem:
    """The problem that a stream without an end is."""
    return UpstreamProblem(
        502, "the model's server broke off in the middle of its answer; ask again", code="upstream_broke_off"
    )


def without_key(text: str, key: SecretStr | None) -> str:
    """What a server said, without our key in it."""
    return text if key is None else text.replace(key.get_secret_value(), "[key]")


def _lost(error: Exception, to: Upstream) -> Problem:
    """The problem that an error of the connection is; the address is for whoever runs this server, not for clients."""
    if isinstance(error, TimeoutError):
        return UpstreamProblem(504, "the model's server gave no sign of life; ask again later", code="upstream_timeout")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL):
        return UpstreamProblem(502, "the model's server cannot be reached; ask later", code="upstream_unreachable")
    # The text of this error has the address in it.
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    said = without_key(shortened(text), to.key)
    return UpstreamProblem(502, f"the connection to the model's server was lost ({said})", code="upstream_broke_off")


def _refusal(response: aiohttp.ClientResponse, raw: bytes, to: Upstream) -> Problem:
    """What a status other than 200 means for whoever asked."""
    status = response.status
    text = without_key(raw.decode(errors="replace"), to.key)
    if status in (401, 403) or not 400 <= status < 600:
        # The client's own token is good; only whoever runs this server can do something.
        return UpstreamProblem(
            502,
            f"the model's server answered with status {status}; whoever runs this server must check the model's "
            "address and key",
            code="upstream_refused",
        )
    problem = UpstreamProblem(
        status,
        f"the model's server answered with status {status}: {shortened(' '.join(text.split()))!r}",
        code="upstream_error",
        raw=text.encode() if _is_error(text) else None,
    )
    problem.headers = _passed_on(response.headers)
    return problem


def _is_error(text: str) -> bool:
    """Whether a body has the shape of OpenAI's errors."""
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return False
    error = cast("Json", body).get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and isinstance(error.get("message"), str)


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: headers[name] for name in _PASSED_ON if name in headers}
    return {name: value for name, value in found.items() if value.isascii() and value.isprintable()}
