"""Where all pages are put together."""

from __future__ import annotations

from fastapi import FastAPI

from addenda.surfaces.accounts import Limiter, Sessions
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.http.providing import Provided
from addenda.surfaces.web import (
    asking,
    changing,
    governing,
    health,
    importing,
    inbox,
    knowledge,
    signing,
    vouching,
    working,
)
from addenda.surfaces.web.rendering import environment, static_files
from addenda.surfaces.web.uploads import Uploads
from addenda.surfaces.web.visiting import Web
from addenda.surfaces.web.words import catalogues

ROUTERS = tuple(
    area.router
    for area in (signing, vouching, inbox, knowledge, changing, importing, asking, health, governing, working)
)
"""The pages, area by area."""

_GUESSES_A_SECOND = 0.1
_GUESSES_AT_ONCE = 10


def add_pages(app: FastAPI, hosting: Hosting, *, is_secure: bool, provided: Provided | None) -> None:
    """Serve the pages of these knowledge bases.

    Args:
        app: The application that they become a part of.
        hosting: The knowledge bases.
        is_secure: Whether browsers reach the server over TLS, so that cookies must not go without.
        provided: The provider with whose accounts visitors may sign in too.
    """
    static = static_files()
    app.state.web = Web(
        hosting=hosting,
        sessions=Sessions(),
        guesses=Limiter(_GUESSES_A_SECOND, _GUESSES_AT_ONCE),
        templates=environment(static),
        static=static,
        languages=catalogues(),
        uploads=Uploads(),
        is_secure=is_secure,
        provided=provided,
    )
    for router in ROUTERS:
        app.include_router(router)
