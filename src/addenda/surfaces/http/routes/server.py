"""How the server does: whether it lives, whether it can write, and its numbers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, PlainTextResponse

from addenda.errors import AddendaError, PermissionDenied
from addenda.settings import Settings
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.http.access import BEARER, callers, hosting_of, token_of
from addenda.surfaces.http.guards import LOOPBACK
from addenda.surfaces.http.routing import problems
from addenda.types import Frozen

router = APIRouter(tags=["server"])


class Live(Frozen):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Health(Frozen):
    """Whether the server can do its work."""

    status: Literal["ok", "failing"]
    """``failing`` when what is acknowledged could not be kept."""
    writable: int
    """Knowledge bases whose database and artefacts were just written to."""
    failing: int


@router.get("/health/live", operation_id="live")
def live() -> Live:
    """Whether the server answers at all; for what restarts it when it does not."""
    return Live()


@router.get(
    "/health",
    operation_id="health",
    response_model=Health,
    responses={503: {"model": Health, "description": "A write failed; nothing that is sent now would be kept"}},
)
def health(request: Request) -> JSONResponse:
    """Whether writes succeed: each knowledge base's database and artefacts are written to."""
    hosting = hosting_of(request)
    able = [_can_write(hosting.get(name)) for name in hosting.names]
    found = Health(status="ok" if all(able) else "failing", writable=sum(able), failing=len(able) - sum(able))
    status = HTTPStatus.OK if all(able) else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(found.model_dump(), status.value)


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=PlainTextResponse,
    responses=problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
def metrics(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> PlainTextResponse:
    """The server's numbers, for Prometheus: an admin of a knowledge base may see them, and this machine itself."""
    settings = cast("Settings", request.app.state.settings)
    client = "" if request.client is None else request.client.host
    # What stands in front of a public server is on this machine too, and asks for everybody.
    if settings.public or client not in LOOPBACK or credentials is not None:
        holders = callers(hosting_of(request), token_of(credentials))
        if not any("admin" in one.person.roles for one in holders):
            raise PermissionDenied("only an admin of a knowledge base of this server may see its numbers")
    registry = cast("CollectorRegistry", request.app.state.registry)
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _can_write(hosted: Hosted) -> bool:
    try:
        hosted.kb.probe()
    except AddendaError:
        return False
    return True
