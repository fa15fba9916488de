"""What stands before every route: which hosts and origins are let in, and how often.

A page from elsewhere must not reach a server on somebody's own machine. It can point a name of its own at 127.0.0.1,
so the header ``Host`` must be a name that was allowed; and its requests carry ``Origin``, which must be the server
itself. No other origin is ever allowed.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from addenda.surfaces.accounts.limits import Limiter, address_key
from addenda.surfaces.http.problems import response

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine, as only its own programs can mean it."""


FAILURES_A_SECOND, FAILURES_AT_ONCE = 1 / 6, 10
"""How often one address may come with a token that is not valid before it has to wait."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much somebody may ask for."""

    largest: int
    """Bytes of a request."""
    requests: Limiter | None = None
    """How often each token, and each address without one, may ask; None: as often as they like."""
    failures: Limiter = field(default_factory=lambda: Limiter(FAILURES_A_SECOND, FAILURES_AT_ONCE))
    """How often each address may fail to say who it is. This machine's own is not counted: behind a proxy it is
    everybody's, and one who guesses would lock out all others."""


class Guard:
    """ASGI middleware: lets in what may come in."""

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str], limits: Limits) -> None:
        """Take what comes after it, the server's names, and how much somebody may ask for."""
        self._app = app
        self._allowed = LOOPBACK | {host.lower() for host in allowed_hosts}
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers) or self._slowed(scope, headers)
        if refusal is None:
            await self._app(scope, self._bounded(receive), self._noting_failures(scope, send))
            return
        status, kind, detail, more = refusal
        await response(Request(scope), status, kind, detail, headers=more)(scope, receive, send)

    def _noting_failures(self, scope: Scope, send: Send) -> Send:
        """The same, counting answers that say that the caller is not known."""
        address = _counted_address(scope)
        if address is None:
            return send

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.UNAUTHORIZED:
                self._limits.failures.take(address)
            await send(message)

        return noting

    def _bounded(self, receive: Receive) -> Receive:
        """The same, refusing a body that turns out to be too large although its length was not said."""
        count = 0

        async def bounded() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._limits.largest:
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
        if length.isdecimal() and int(length) > self._limits.largest:
            detail = (
                f"the request has {length} bytes, and this server takes {self._limits.largest}; send less at a time"
            )
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request-entity-too-large", detail, {}
        return None

    def _slowed(self, scope: Scope, headers: Headers) -> tuple[HTTPStatus, str, str, dict[str, str]] | None:
        limits, address = self._limits, _counted_address(scope)
        wait = 0.0 if address is None else limits.failures.wait(address)
        if not wait and limits.requests is not None:
            wait = limits.requests.take(principal_of(scope, headers))
        if not wait:
            return None
        seconds = ceil(wait)
        detail = f"that were too many requests; ask again in {seconds} seconds"
        return HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, {"Retry-After": str(seconds)}


def principal_of(scope: Scope, headers: Headers) -> str:
    """Whose requests are counted together: those with one token, else those from one address."""
    sent = headers.get("authorization")
    if sent is not None:
        return "token:" + hashlib.sha256(sent.encode()).hexdigest()
    return f"address:{address_key(_address(scope))}"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _counted_address(scope: Scope) -> str | None:
    address = _address(scope)
    return None if not address or is_loopback(address) else address_key(address)


def is_loopback(host: str) -> bool:
    """Whether only this machine's own programs reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def names_in(listed: str) -> tuple[str, ...]:
    """The names in a list that is parted by commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def host_of(header: str) -> str:
    """The name in a ``Host`` header, without its port; empty for what is no host."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""
