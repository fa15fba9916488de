"""The application: one place where every way in over HTTP is put together.

``create_app`` makes it from the knowledge bases and the settings. The routes of the REST interface are in ``routes``;
other ways in are added in :func:`_other_ways_in`.
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
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.http.guards import Guard, Limiter
from addenda.surfaces.http.numbers import KnowledgeBaseNumbers
from addenda.surfaces.http.observing import Observer, RequestNumbers, json_logger
from addenda.surfaces.http.openapi import describe_with
from addenda.surfaces.http.problems import handle
from addenda.surfaces.http.routes import ROUTERS
from addenda.surfaces.http.routing import PREFIX


def create_app(
    hosting: Hosting,
    settings: Settings,
    *,
    limiter: Limiter | None = None,
    log: FilteringBoundLogger | None = None,
) -> FastAPI:
    """The application that serves these knowledge bases.

    Args:
        hosting: The knowledge bases; they are not closed here.
        settings: Names it goes by, limits, what is logged.
        limiter: How often somebody may ask; None: as often as they like.
        log: Where requests are logged; None: as JSON lines on stderr.
    """
    app = FastAPI(
        title="Addenda",
        version=__version__,
        summary="Knowledge added after the fact: proposed, approved, tested, made live, explained, and taken back.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(hosting),
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,
    )
    registry = CollectorRegistry()
    app.state.hosting, app.state.settings, app.state.registry = hosting, settings, registry
    registry.register(KnowledgeBaseNumbers(hosting))
    handle(app)
    for router in ROUTERS:
        app.include_router(router)
    _other_ways_in(app, hosting, settings)
    app.openapi = describe_with(app)
    largest = settings.max_request_mb << 20
    app.add_middleware(Guard, allowed_hosts=names_in(settings.allowed_hosts), limiter=limiter, largest=largest)
    logger = json_logger(sys.stderr, settings.log_level) if log is None else log
    app.add_middleware(Observer, log=logger, numbers=RequestNumbers(registry))
    return app


def names_in(listed: str) -> tuple[str, ...]:
    """The names in a list that is parted by commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def _other_ways_in(app: FastAPI, hosting: Hosting, settings: Settings) -> None:
    """Mount what else is served beside the REST interface: it stands behind the same guard, log and numbers."""
    from addenda.surfaces.web import add_pages  # here, because pages use what is beside this module

    add_pages(app, hosting, is_secure=settings.public)


def _lifespan(hosting: Hosting) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        for name in hosting.names:
            await run_in_threadpool(hosting.get(name).kb.jobs.settle)
        yield
        for name in hosting.names:
            await run_in_threadpool(hosting.get(name).kb.jobs.close)

    return lifespan
