"""One client on stdin and stdout, as desktop programs start their servers. Stdout belongs to the protocol."""

from __future__ import annotations

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from addenda.surfaces.hosting import Hosted
from addenda.surfaces.mcp.reading import Caller
from addenda.surfaces.mcp.server import Context, build_server
from addenda.types import EVERYONE


def serve_stdio(hosted: Hosted, token: str, *, audience: str = EVERYONE) -> None:
    """Serve until the client hangs up.

    Args:
        hosted: The knowledge base.
        token: Of whom the client acts for; it is looked at again before each call.
        audience: Only what may be shown to it.

    Raises PermissionDenied when the token is not valid.
    """
    hosted.kb.authenticate(token)

    async def caller_of(_context: Context) -> Caller:
        return Caller(hosted, await anyio.to_thread.run_sync(hosted.kb.authenticate, token), audience)

    async def run() -> None:
        server = build_server(caller_of)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)
