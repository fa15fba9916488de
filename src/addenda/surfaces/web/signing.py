"""Signing in with a token and out again, the language and the theme, and the files that pages load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import RedirectResponse, Response

from addenda.errors import PermissionDenied, UnknownId
from addenda.knowledge_base import KnowledgeBase, Person
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.http.providing import START
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
    Web,
    cookie_of,
)
from addenda.surfaces.web.words import LANGUAGES

Holders: TypeAlias = Sequence[tuple[Hosted, Person]]
"""The knowledge bases that somebody gets at, and who they are there."""

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
    return sign_in_page(visitor, HTTPStatus.OK, wanted)


@router.post("/sign-in")
def sign_in(visitor: GuestDep, form: OpenFormDep) -> Response:
    """Begin a session at every knowledge base that the token is good for."""
    wanted, web, address = form.text("next"), visitor.web, visitor.address
    if seconds := web.guesses.wait(address):
        return slowed(visitor, seconds, wanted)
    token = form.text("token")
    found = holders(web, lambda kb: kb.authenticate(token))
    if not found:
        web.guesses.take(address)
        return sign_in_page(visitor, HTTPStatus.FORBIDDEN, wanted, refused=visitor.words("sign_in.refused"))
    response = _to(after(wanted, found))
    open_sessions(visitor, found, response)
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
            # Lax, so that whoever comes back from a provider is answered in their language too.
            response.set_cookie(
                cookie, value, max_age=KEPT, httponly=True, samesite="lax", secure=_secure(visitor), path="/"
            )
    return response


@router.get("/static/{name}")
def static_file(visitor: GuestDep, name: str) -> Response:
    """One of the files that pages load."""
    found = visitor.web.static.get(name)
    if found is None:
        raise UnknownId(f"there is no file {name!r}; go back to the page that you came from")
    return Response(found.body, media_type=found.media_type, headers={"Cache-Control": _YEAR})


def holders(web: Web, authenticate: Callable[[KnowledgeBase], Person]) -> Holders:
    """Where somebody gets at, in the order of the knowledge bases; nowhere for an agent.

    Args:
        web: What all pages share.
        authenticate: Who they are in a knowledge base; raises PermissionDenied where they are nobody.
    """
    found: list[tuple[Hosted, Person]] = []
    for name in web.hosting.names:
        hosted = web.hosting.get(name)
        try:
            person = authenticate(hosted.kb)
        except PermissionDenied:
            continue
        if not person.agent:
            found.append((hosted, person))
    return found


def after(wanted: str, found: Holders) -> str:
    """Where somebody goes who has signed in: where they wanted to, if that is theirs."""
    names = [hosted.name for hosted, _ in found]
    there = wanted.split("/")[2:3] if wanted.startswith("/kb/") else []
    return wanted if there and there[0] in names else f"/kb/{names[0]}/inbox"


def open_sessions(visitor: Guest, found: Holders, response: Response, *, is_secure: bool = False) -> None:
    """Begin a session at each knowledge base, and give the browser its cookie.

    Args:
        visitor: Who has signed in.
        found: Where, and who they are there.
        response: What the browser is answered.
        is_secure: Whether cookies must not go without TLS, whatever this request came over.
    """
    secure = is_secure or _secure(visitor)
    for hosted, person in found:
        opened = visitor.web.sessions.open(hosted, person)
        response.set_cookie(
            cookie_of(hosted.name), opened.id, httponly=True, samesite="strict", secure=secure, path="/"
        )


def sign_in_page(
    visitor: Guest, status: HTTPStatus, wanted: str = "", *, refused: str = "", detail: str = ""
) -> Response:
    """The page for signing in.

    Args:
        visitor: Who is to sign in.
        status: Of the answer.
        wanted: The path to go to then.
        refused: Why they are not signed in, in their language.
        detail: What else is to be said about that, in English.
    """
    provided = visitor.web.provided
    # From the server's own address, because the attempt's cookie must be one of the host that the browser returns to.
    begin = provided and f"{provided.address}{START}?{urlencode({'next': wanted})}"
    host = provided and provided.host
    context = {"wanted": wanted, "refused": refused, "detail": detail, "begin": begin, "host": host, "here": "/sign-in"}
    return visitor.page("sign_in.html.jinja", status, **context)


def slowed(visitor: Guest, seconds: float, wanted: str = "") -> Response:
    """The page for signing in, for somebody who has to wait so many seconds."""
    refused = visitor.words("sign_in.slow", n=int(seconds) + 1)
    return sign_in_page(visitor, HTTPStatus.TOO_MANY_REQUESTS, wanted, refused=refused)


def _secure(visitor: Guest) -> bool:
    return visitor.web.is_secure or visitor.request.url.scheme == "https"


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER.value)
