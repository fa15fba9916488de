"""Many clients over streamable HTTP. No request leaves anything behind, so several processes can serve side by side.

Every request carries a token, as ``Authorization: Bearer``, and is for the knowledge base that the path names, or the
header :data:`KNOWLEDGE_BASE`, or else the first. A knowledge base that is not there is answered like a token that is
not valid there. Which audience an agent reads for is said by the header :data:`AUDIENCE`, where its connection is set
up, and by no argument that a model could write.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from addenda.errors import PermissionDenied, UnknownId
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.mcp.reading import Caller
from addenda.surfaces.mcp.server import Context, build_server
from addenda.types import EVERYONE

KNOWLEDGE_BASE: Final = "Addenda-Knowledge-Base"
"""Header that names the knowledge base, where the path does not."""
AUDIENCE: Final = "Addenda-Audience"
"""Header that names the audience; ``everyone`` without it."""
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
"""The hosts that are answered where no others are named."""

_LARGEST = 1024 * 1024
"""Bytes of a request."""
_CALLER = "addenda.caller"


class McpEndpoint:
    """The endpoint as an ASGI application. Add :attr:`routes` to an application that is open while :meth:`running`."""

    def __init__(self, hosting: Hosting, *, hosts: Sequence[str] = LOOPBACK, origins: Sequence[str] = ()) -> None:
        """Take what is served.

        Args:
            hosting: The knowledge bases.
            hosts: Names and addresses by which the server may be called, at any port.
            origins: Web pages, as ``https://example.com``, that may call it, besides those of the hosts themselves.
        """
        self._hosting = hosting
        own = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
        self._manager = StreamableHTTPSessionManager(
            build_server(_caller_of),
            json_response=True,
            stateless=True,
            max_request_body_size=_LARGEST,
            security_settings=TransportSecuritySettings(
                allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts)],
                allowed_origins=[*origins, *own, *(f"{origin}:*" for origin in own)],
            ),
        )

    @property
    def routes(self) -> list[Route]:
        """``/mcp`` and ``/mcp/NAME``. Without sessions there is nothing to GET or DELETE."""
        return [Route(path, self, methods=["POST"]) for path in ("/mcp", "/mcp/{knowledge_base}")]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Requests are answered inside the block; it can be entered once."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        named = request.path_params.get("knowledge_base") or request.headers.get(KNOWLEDGE_BASE)
        audience = request.headers.get(AUDIENCE) or EVERYONE
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            await _refused(None)(scope, receive, send)
            return
        try:
            caller = await anyio.to_thread.run_sync(self._caller, named, token, audience)
        except (PermissionDenied, UnknownId):
            await _refused("invalid_token")(scope, receive, send)
            return
        scope[_CALLER] = caller
        await self._manager.handle_request(scope, receive, send)

    def _caller(self, named: str | None, token: str, audience: str) -> Caller:
        hosted = self._hosting.get(named)
        person = hosted.kb.authenticate(token)
        if not person.roles:
            raise PermissionDenied(f"{person.name!r} has no role in this knowledge base; an admin can give one")
        return Caller(hosted, person, audience)


def mcp_app(hosting: Hosting, *, hosts: Sequence[str] = LOOPBACK, origins: Sequence[str] = ()) -> Starlette:
    """An application of its own with the endpoint in it; the arguments are those of :class:`McpEndpoint`."""
    endpoint = McpEndpoint(hosting, hosts=hosts, origins=origins)
    return Starlette(routes=endpoint.routes, lifespan=lambda _app: endpoint.running())


async def _caller_of(context: Context) -> Caller:
    """Who made the request that carries this call."""
    caller: object = context.request.scope.get(_CALLER) if isinstance(context.request, Request) else None
    if not isinstance(caller, Caller):
        raise PermissionDenied("this request came without a token; send it as Authorization: Bearer")
    return caller


def _refused(error: str | None) -> JSONResponse:
    """401, and how to do better. An error code is given only where a token was presented (RFC 6750)."""
    message = (
        "send your token as `Authorization: Bearer addenda_...`; an admin of the knowledge base can issue one"
        if error is None
        else "this token is not valid for this knowledge base; check its name, or ask an admin for another token"
    )
    challenge = 'Bearer realm="addenda"' + (f', error="{error}"' if error else "")
    return JSONResponse({"error": message}, status_code=401, headers={"WWW-Authenticate": challenge})
