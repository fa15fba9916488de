"""What stands before every route: which hosts and origins are let in, and how often.

A page from elsewhere must not reach a server on somebody's own machine. It can point a name of its own at 127.0.0.1,
so the header ``Host`` must be a name that was allowed; and its requests carry ``Origin``, which must be the server
itself. No other origin is ever allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from http import HTTPStatus
from math import ceil
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from addenda.surfaces.http.problems import response

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine, as only its own programs can mean it."""


class Limiter(Protocol):
    """Says how often somebody may ask."""

    def wait(self, principal: str) -> float:
        """Seconds that this one has to wait before the next request; 0 when it may be made, which is then counted."""
        ...


class Guard:
    """ASGI middleware: lets in what may come in."""

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str], limiter: Limiter | None, largest: int) -> None:
        """Take what comes after it, the server's names, how often somebody may ask, and how many bytes they send."""
        self._largest = largest
        self._app = app
        self._allowed = LOOPBACK | {host.lower() for host in allowed_hosts}
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers) or self._slowed(scope, headers)
        if refusal is None:
            await self._app(scope, self._bounded(receive), send)
            return
        status, kind, detail, more = refusal
        await response(Request(scope), status, kind, detail, headers=more)(scope, receive, send)

    def _bounded(self, receive: Receive) -> Receive:
        """The same, refusing a body that turns out to be too large although its length was not said."""
        count = 0

        async def bounded() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._largest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value)
            return message

        return bounded

    def _refusal(self, headers: Headers) -> tuple[HTTPStatus, str, str, dict[str, str]] | None:
        host = host_of(headers.get("host", ""))
        if host not in self._allowed:
            detail = (
                f"this server does not go by the name {host!r}; ask it by a name that it has, or have its "
                "administrator add this one to ADDENDA_ALLOWED_HOSTS"
            )
            return HTTPStatus.MISDIRECTED_REQUEST, "unknown-host", detail, {}
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            return HTTPStatus.FORBIDDEN, "foreign-origin", "pages of other sites may not call this server", {}
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._largest:
            detail = f"the request has {length} bytes, and this server takes {self._largest}; send less at a time"
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request-entity-too-large", detail, {}
        return None

    def _slowed(self, scope: Scope, headers: Headers) -> tuple[HTTPStatus, str, str, dict[str, str]] | None:
        if self._limiter is None:
            return None
        seconds = ceil(self._limiter.wait(principal_of(scope, headers)))
        if not seconds:
            return None
        detail = f"that were too many requests; ask again in {seconds} seconds"
        return HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, {"Retry-After": str(seconds)}


def principal_of(scope: Scope, headers: Headers) -> str:
    """Whose requests are counted together: those with one token, else those from one address."""
    sent = headers.get("authorization")
    if sent is not None:
        return "token:" + hashlib.sha256(sent.encode()).hexdigest()
    client = scope.get("client")
    return f"address:{client[0] if client else ''}"


def host_of(header: str) -> str:
    """The name in a ``Host`` header, without its port; empty for what is no host."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""
