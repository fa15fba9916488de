"""Signing in with an account at an OpenID provider, where the server has one.

The browser is sent to the provider by a link and comes back with a code; whom the provider vouches for then opens the
same sessions as a token would, at every knowledge base in which an admin linked the account. An attempt has a cookie of
its own, which goes to the one path that ends it. The session's cookie does not go along with what another site leads
to, so the end of a sign-in is a page of ours, which leads on.
"""

from __future__ import annotations

import shlex
from functools import partial
from http import HTTPStatus
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Query
from starlette.responses import RedirectResponse, Response

from addenda.errors import PermissionDenied, UnknownId
from addenda.surfaces.http.providing import BACK, START, Provided
from addenda.surfaces.web.routing import open_pages
from addenda.surfaces.web.signing import after, holders, open_sessions, sign_in_page, slowed
from addenda.surfaces.web.visiting import Guest, GuestDep

router = open_pages()

ATTEMPT_COOKIE = "addenda_attempt"
"""The name of the cookie with which a sign-in that was begun is finished."""

_LONGEST_PATH = 2_000
_LONGEST_DETAIL = 1_000


@router.get(START)
async def begin_at_provider(
    visitor: GuestDep, wanted: Annotated[str, Query(alias="next", max_length=_LONGEST_PATH)] = ""
) -> Response:
    """Send the browser to the provider."""
    provided = _provided(visitor)
    return await run_sync(partial(_begun, visitor, provided, wanted), limiter=provided.turns)


@router.get(BACK)
async def return_from_provider(
    visitor: GuestDep, code: str = "", state: str = "", iss: str | None = None, error: str = ""
) -> Response:
    """Begin a session at every knowledge base to which the account is linked."""
    provided = _provided(visitor)
    work = partial(_finished, visitor, provided, code=code, state=state, issuer=iss, error=error)
    return await run_sync(work, limiter=provided.turns)


def _provided(visitor: Guest) -> Provided:
    if visitor.web.provided is None:
        raise UnknownId("this server takes no accounts of a provider; sign in with your token")
    return visitor.web.provided


def _begun(visitor: Guest, provided: Provided, wanted: str) -> Response:
    address = visitor.address
    if seconds := visitor.web.guesses.wait(address) or provided.starts.take(address):
        return slowed(visitor, seconds, wanted)
    try:
        begun = provided.sign_in.begin(wanted)
    except PermissionDenied as error:
        return _failed(visitor, provided, error, HTTPStatus.BAD_GATEWAY, wanted)
    response = RedirectResponse(begun.url, HTTPStatus.SEE_OTHER.value)
    # Lax, because it is the provider's page that leads back here.
    response.set_cookie(
        ATTEMPT_COOKIE, begun.cookie, httponly=True, samesite="lax", secure=provided.is_secure, path=BACK
    )
    return response


def _finished(visitor: Guest, provided: Provided, *, code: str, state: str, issuer: str | None, error: str) -> Response:
    guesses, address = visitor.web.guesses, visitor.address
    if seconds := guesses.wait(address):
        return slowed(visitor, seconds)
    cookie = visitor.request.cookies.get(ATTEMPT_COOKIE, "")
    try:
        finished = provided.sign_in.finish(cookie=cookie, state=state, code=code, issuer=issuer, error=error)
    except PermissionDenied as refused:
        guesses.take(address)
        return _ended(_failed(visitor, provided, refused, HTTPStatus.FORBIDDEN), provided)
    who = finished.identity
    found = holders(visitor.web, lambda kb: kb.authenticate_identity(who.issuer, who.subject))
    if not found:
        guesses.take(address)
        # Quoted, because an admin pastes it into a shell, and the subject is whatever the provider says.
        command = shlex.join(["addenda", "person", "link", "NAME", "--issuer", who.issuer, "--subject", who.subject])
        values = {"host": provided.host, "who": who, "command": command, "here": "/sign-in"}
        return _ended(visitor.page("unlinked.html.jinja", HTTPStatus.FORBIDDEN, **values), provided)
    response = visitor.page("signed_in.html.jinja", there=after(finished.wanted, found), here="/sign-in")
    open_sessions(visitor, found, response, is_secure=provided.is_secure)
    return _ended(response, provided)


def _failed(
    visitor: Guest, provided: Provided, error: PermissionDenied, status: HTTPStatus, wanted: str = ""
) -> Response:
    refused = visitor.words("sign_in.account.failed", host=provided.host)
    return sign_in_page(visitor, status, wanted, refused=refused, detail=str(error)[:_LONGEST_DETAIL])


def _ended(response: Response, provided: Provided) -> Response:
    """The same, taking the attempt's cookie away."""
    response.delete_cookie(ATTEMPT_COOKIE, path=BACK, httponly=True, samesite="lax", secure=provided.is_secure)
    return response
