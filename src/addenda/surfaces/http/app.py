"""The application: one place where every way in over HTTP is put together.

``create_app`` makes it from the knowledge bases and the settings: the routes of the REST interface, which are in
``routes``, and the ways in for conversations (:mod:`addenda.surfaces.openai`) and agents (:mod:`addenda.surfaces.mcp`).
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from structlog.typing import FilteringBoundLogger

from addenda._version import __version__
from addenda.settings import Settings
from addenda.surfaces.accounts.limits import Limiter
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.http.guards import LOOPBACK, Guard, Limits, names_in
from addenda.surfaces.http.numbers import KnowledgeBaseNumbers
from addenda.surfaces.http.observing import Observer, RequestNumbers, json_logger
from addenda.surfaces.http.openapi import describe_with
from addenda.surfaces.http.problems import handle
from addenda.surfaces.http.providing import provided_in
from addenda.surfaces.http.routes import ROUTERS
from addenda.surfaces.http.routing import PREFIX
from addenda.surfaces.mcp.http import McpEndpoint
from addenda.surfaces.openai import router as openai_router

_BURST = 5
"""Seconds' worth of requests that somebody who asked nothing for a while may make at once."""


def create_app(
    hosting: Hosting,
    settings: Settings,
    *,
    log: FilteringBoundLogger | None = None,
) -> FastAPI:
    """The application that serves these knowledge bases.

    Args:
        hosting: The knowledge bases; they are not closed here.
        settings: Names it goes by, limits, what is logged, where people may sign in besides.
        log: Where requests are logged; None: as JSON lines on stderr.

    Raises what :func:`provided_in` raises.
    """
    names = names_in(settings.allowed_hosts)
    largest = settings.max_request_mb << 20
    agents = McpEndpoint(hosting, hosts=(*sorted(LOOPBACK), *names))
    app = FastAPI(
        title="Addenda",
        version=__version__,
        summary="Knowledge added after the fact: proposed, approved, tested, made live, explained, and taken back.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(hosting, agents),
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,
    )
    registry = CollectorRegistry()
    app.state.hosting, app.state.settings, app.state.registry = hosting, settings, registry
    registry.register(KnowledgeBaseNumbers(hosting))
    handle(app)
    for router in ROUTERS:
        app.include_router(router)
    # What is served beside the REST interface stands behind the same guard, log and numbers.
    app.include_router(openai_router(hosting, most_body_bytes=largest))
    app.router.routes.extend(agents.routes)
    from addenda.surfaces.web import add_pages  # here, because pages use what is beside this module

    add_pages(app, hosting, is_secure=settings.public, provided=provided_in(settings))
    app.openapi = describe_with(app)
    app.add_middleware(Guard, allowed_hosts=names, limits=Limits(largest, _requests(settings)))
    logger = json_logger(sys.stderr, settings.log_level) if log is None else log
    app.add_middleware(Observer, log=logger, numbers=RequestNumbers(registry))
    return app


def _requests(settings: Settings) -> Limiter | None:
    most = settings.requests_per_second
    return None if most is None else Limiter(most, max(1.0, most * _BURST))


def _lifespan(hosting: Hosting, agents: McpEndpoint) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        for name in hosting.names:
            await run_in_threadpool(hosting.get(name).kb.jobs.settle)
        async with agents.running():
            yield
        for name in hosting.names:
            await run_in_threadpool(hosting.get(name).kb.jobs.close)

    return lifespan
