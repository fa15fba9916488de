"""How the server does: whether it lives, whether it can write, and its numbers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from addenda.errors import AddendaError
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.http.access import hosting_of
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


def _can_write(hosted: Hosted) -> bool:
    try:
        hosted.kb.probe()
    except AddendaError:
        return False
    return True
