"""How the routes of the REST interface are declared: their path, the problems they can answer with, and no strangers.

A parameter that a route does not know is refused, as an unknown field of a body is: a misspelled filter would
otherwise be a filter that nobody chose.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from addenda.surfaces.http.access import CallerDep, refuse_agents
from addenda.surfaces.http.problems import MEDIA_TYPE, RequestProblem

PREFIX = "/api/v1"
"""Where the interface begins."""

KB = PREFIX + "/kb/{kb}"
"""Where the paths of one knowledge base begin."""

_DESCRIBED = {
    HTTPStatus.UNAUTHORIZED: "No token, or one that is good for nothing here",
    HTTPStatus.FORBIDDEN: "The person, or the policy, does not allow it",
    HTTPStatus.NOT_FOUND: "Not there, or not the caller's",
    HTTPStatus.CONFLICT: "The state does not allow it",
    HTTPStatus.PRECONDITION_FAILED: "What the caller had seen (`If-Match`) has changed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request cannot be used",
    HTTPStatus.PRECONDITION_REQUIRED: "`If-Match` is missing",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "The storage or the model cannot be used now",
}


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Responses for OpenAPI, all of one shape."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status.value: {"description": _DESCRIBED[status], "content": content} for status in statuses}


USUAL = problems(
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""Problems that every route about a knowledge base can answer with."""

CONDITIONAL = problems(HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)
"""Besides, those of a route that takes ``If-Match``."""


def refuse_unknown_parameters(request: Request, _caller: CallerDep) -> None:
    """Raise RequestProblem for a query parameter that the route does not have."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = set(_parameters(route.dependant))
    for name in request.query_params:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            there = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(sorted(known)) or 'none'}"
            detail = f"this path has no parameter {name!r}; {there}"
            raise RequestProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-parameter", detail)


DECIDING = (Depends(refuse_agents),)
"""Dependencies of routes that decide."""


def kb_router(tag: str) -> APIRouter:
    """A router for paths of one knowledge base."""
    return APIRouter(prefix=KB, tags=[tag], responses=USUAL, dependencies=[Depends(refuse_unknown_parameters)])


def _parameters(dependant: Dependant) -> Iterator[str]:
    for one in dependant.query_params:
        yield one.alias
    for other in dependant.dependencies:
        yield from _parameters(other)
