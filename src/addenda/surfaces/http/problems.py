"""One shape for every error: RFC 9457's problem details, with the request's id.

Which status an error of :mod:`addenda.errors` has stands in :data:`TABLE` and nowhere else. What the error says is
handed on as it is, because it names the fix; an error that nobody raised on purpose says nothing about itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from addenda import errors
from addenda.types import Frozen

MEDIA_TYPE = "application/problem+json"
"""What a problem is sent as."""

RETRY_AFTER = 5
"""Seconds after which it is worth asking again, where that helps."""

TABLE: Mapping[type[errors.AddendaError], HTTPStatus] = {
    errors.UnknownId: HTTPStatus.NOT_FOUND,
    errors.UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PermissionDenied: HTTPStatus.FORBIDDEN,
    errors.Moved: HTTPStatus.PRECONDITION_FAILED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.GateFailed: HTTPStatus.CONFLICT,
    errors.LedgerBroken: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelMismatch: HTTPStatus.CONFLICT,
    errors.ModelBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ServerUnavailable: HTTPStatus.BAD_GATEWAY,
    errors.CannotLookBack: HTTPStatus.CONFLICT,
    errors.MissingDependency: HTTPStatus.NOT_IMPLEMENTED,
}
"""The status of each error; one that is not named has that of its base."""

_REPEATABLE = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
_SHOWN_FAULTS = 50


class Fault(Frozen):
    """One part of a request that cannot be used."""

    location: tuple[str | int, ...]
    """Where: ``body``, ``query``, ``path`` or ``header``, then the names that lead to it."""
    message: str


class Problem(Frozen):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(examples=["urn:addenda:problem:conflict"])
    """Kind of problem, for programs."""
    title: str = Field(examples=["Conflict"])
    """The same for people."""
    status: int = Field(examples=[409])
    detail: str = Field(examples=["cannot approve 'd4c1': it is active; from there it is possible to disable, expire"])
    """What was given, what is allowed, what to do."""
    instance: str = Field(examples=["/api/v1/kb/default/addenda/approve"])
    """The path that was asked for."""
    request_id: str
    """Under which the server's log has the request."""
    errors: tuple[Fault, ...] = ()
    """Every part that cannot be used, where the request was not understood."""


class RequestProblem(Exception):
    """What is wrong with a request as such, before any knowledge base is asked."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Take the status, the kind (the last part of the problem's type), and what to do."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})


def status_of(error: errors.AddendaError) -> HTTPStatus:
    """The status of an error."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def kind_of(name: str) -> str:
    """The last part of a problem's type, for the name of an error's class: ``UnknownId`` is ``unknown-id``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def request_id_of(request: Request) -> str:
    """The id of a request; empty when it never got one."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def response(
    request: Request,
    status: HTTPStatus,
    kind: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
) -> JSONResponse:
    """A problem as it is sent."""
    problem = Problem(
        type=f"urn:addenda:problem:{kind}",
        title=status.phrase,
        status=status.value,
        detail=detail,
        instance=request.url.path,
        request_id=request_id_of(request),
        errors=tuple(faults),
    )
    repeat = {"Retry-After": str(RETRY_AFTER)} if status in _REPEATABLE else {}
    body: object = json.loads(problem.model_dump_json(exclude_defaults=not faults))
    return JSONResponse(body, status.value, {**repeat, **(headers or {})}, MEDIA_TYPE)


def handle(app: FastAPI) -> None:
    """Have an application answer every error like this; what is a fault of the software passes."""
    app.add_exception_handler(errors.AddendaError, _of_ours)
    app.add_exception_handler(RequestProblem, _of_request)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


def _of_ours(request: Request, error: Exception) -> JSONResponse:
    error = cast("errors.AddendaError", error)
    return response(request, status_of(error), kind_of(type(error).__name__), str(error))


def _of_request(request: Request, error: Exception) -> JSONResponse:
    error = cast("RequestProblem", error)
    return response(request, error.status, error.kind, error.detail, headers=error.headers)


def _of_validation(request: Request, error: Exception) -> JSONResponse:
    found = cast("RequestValidationError", error).errors()
    faults = [Fault(location=tuple(one["loc"]), message=str(one["msg"])) for one in found[:_SHOWN_FAULTS]]
    first = f"{'.'.join(map(str, faults[0].location))}: {faults[0].message}" if faults else "it is not understood"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = f"the request cannot be used: {first}{more}; correct it, see /api/v1/openapi.json"
    return response(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, faults=faults)


def _of_http(request: Request, error: Exception) -> JSONResponse:
    error = cast("HTTPException", error)
    status = HTTPStatus(error.status_code)
    said = {
        HTTPStatus.NOT_FOUND: "there is nothing at this path; /api/v1/openapi.json names those there are",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here; see the header Allow",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is larger than this server takes; send less at a time",
    }.get(status, str(error.detail))
    return response(request, status, kind_of(status.phrase.title().replace(" ", "")), said, headers=error.headers)
