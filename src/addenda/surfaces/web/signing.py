"""Signing in with a token and out again, the language and the theme, and the files that pages load."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from starlette.responses import RedirectResponse, Response

from addenda.errors import PermissionDenied, UnknownId
from addenda.knowledge_base import Person
from addenda.surfaces.accounts import address_key
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.web.routing import open_pages
from addenda.surfaces.web.visiting import (
    KEPT,
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    FormDep,
    Guest,
    GuestDep,
    OpenFormDep,
    VisitDep,
    cookie_of,
)
from addenda.surfaces.web.words import LANGUAGES

router = open_pages()

_YEAR = "public, max-age=31536000, immutable"


@router.get("/")
def begin(visitor: GuestDep) -> Response:
    """Go where the visitor is signed in, or to the page for signing in."""
    request, web = visitor.request, visitor.web
    known = [name for name in web.hosting.names if cookie_of(name) in request.cookies]
    return _to(f"/kb/{known[0]}/inbox" if known else "/sign-in")


@router.get("/sign-in")
def ask_token(visitor: GuestDep, wanted: Annotated[str, Query(alias="next")] = "") -> Response:
    """The page for signing in."""
    return visitor.page("sign_in.html.jinja", wanted=wanted, refused="")


@router.post("/sign-in")
def sign_in(visitor: GuestDep, form: OpenFormDep) -> Response:
    """Begin a session at every knowledge base that the token is good for."""
    wanted, web, client = form.text("next"), visitor.web, visitor.request.client
    address = address_key(client.host if client else "")
    if seconds := web.guesses.wait(address):
        refused = visitor.words("sign_in.slow", n=int(seconds) + 1)
        return visitor.page("sign_in.html.jinja", HTTPStatus.TOO_MANY_REQUESTS, wanted=wanted, refused=refused)
    holders = _holders(visitor, form.text("token"))
    if not holders:
        web.guesses.take(address)
        refused = visitor.words("sign_in.refused")
        return visitor.page("sign_in.html.jinja", HTTPStatus.FORBIDDEN, wanted=wanted, refused=refused)
    names = [hosted.name for hosted, _ in holders]
    there = wanted.split("/")[2:3] if wanted.startswith("/kb/") else []
    response = _to(wanted if there and there[0] in names else f"/kb/{names[0]}/inbox")
    for hosted, person in holders:
        opened = web.sessions.open(hosted, person)
        response.set_cookie(
            cookie_of(hosted.name), opened.id, httponly=True, samesite="strict", secure=_secure(visitor), path="/"
        )
    return response


@router.post("/kb/{kb}/sign-out")
def sign_out(visit: VisitDep, _form: FormDep) -> Response:
    """End the visitor's sessions everywhere."""
    response = _to("/sign-in")
    for name in visit.web.hosting.names:
        if session := visit.request.cookies.get(cookie_of(name)):
            visit.web.sessions.close(session)
            response.delete_cookie(cookie_of(name), path="/")
    return response


@router.post("/preferences")
def prefer(visitor: GuestDep, form: OpenFormDep) -> Response:
    """Remember the language and the theme in the browser."""
    back = form.text("back")
    response = _to(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    chosen = ((LANGUAGE_COOKIE, form.text("language"), LANGUAGES), (THEME_COOKIE, form.text("theme"), THEMES))
    for cookie, value, allowed in chosen:
        if value in allowed:
            response.set_cookie(
                cookie, value, max_age=KEPT, httponly=True, samesite="strict", secure=_secure(visitor), path="/"
            )
    return response


@router.get("/static/{name}")
def static_file(visitor: GuestDep, name: str) -> Response:
    """One of the files that pages load."""
    found = visitor.web.static.get(name)
    if found is None:
        raise UnknownId(f"there is no file {name!r}; go back to the page that you came from")
    return Response(found.body, media_type=found.media_type, headers={"Cache-Control": _YEAR})


def _holders(visitor: Guest, token: str) -> list[tuple[Hosted, Person]]:
    found: list[tuple[Hosted, Person]] = []
    for name in visitor.web.hosting.names:
        hosted = visitor.web.hosting.get(name)
        try:
            person = hosted.kb.authenticate(token)
        except PermissionDenied:
            continue
        if not person.agent:
            found.append((hosted, person))
    return found


def _secure(visitor: Guest) -> bool:
    return visitor.web.is_secure or visitor.request.url.scheme == "https"


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER.value)
