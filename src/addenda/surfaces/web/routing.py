"""How pages are declared: what they raise becomes a page too, in the visitor's language, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from addenda.errors import AddendaError
from addenda.surfaces.http.problems import request_id_of, status_of
from addenda.surfaces.web.visiting import Guest, SignInNeeded, Visit, guest

_NAMED = {403, 404, 409, 412, 422, 503}


class PageRoute(APIRoute):
    """A route that answers errors with pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors turned into pages."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeeded as error:
                return RedirectResponse("/sign-in?" + urlencode({"next": error.wanted}), HTTPStatus.SEE_OTHER.value)
            except AddendaError as error:
                return _page(request, status_of(error), str(error))
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['msg']}; correct it")
            except HTTPException as error:
                return _page(request, HTTPStatus(error.status_code), str(error.detail))

        return handled


def kb_pages() -> APIRouter:
    """A router for pages of one knowledge base."""
    return APIRouter(prefix="/kb/{kb}", route_class=PageRoute, include_in_schema=False)


def open_pages() -> APIRouter:
    """A router for pages that need no session."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def _page(request: Request, status: HTTPStatus, detail: str) -> Response:
    visit: Guest | None = getattr(request.state, "visit", None)
    who = guest(request) if visit is None else visit
    kind = str(status.value) if status.value in _NAMED else "other"
    back = who.path("inbox") if isinstance(who, Visit) else "/"
    return who.page("error.html.jinja", status, kind=kind, detail=detail, back=back, request_id=request_id_of(request))
