"""One client on stdin and stdout, as desktop programs start their servers. Stdout belongs to the protocol."""

from __future__ import annotations

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from addenda.knowledge_base import check_audience
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

    Raises PermissionDenied when the token is not valid, or its person may not read for the audience.
    """

    def caller() -> Caller:
        person = hosted.kb.authenticate(token)
        check_audience(person, audience)
        return Caller(hosted, person, audience)

    async def caller_of(_context: Context) -> Caller:
        return await anyio.to_thread.run_sync(caller)

    async def run() -> None:
        server = build_server(caller_of)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    caller()
    anyio.run(run)
