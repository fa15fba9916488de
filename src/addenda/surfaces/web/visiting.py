"""Who looks at a page, and how they want to see it.

A visitor is known by a session in a cookie that scripts cannot read and other sites cannot send; there is one for each
knowledge base. Every form carries a token of the session, without which nothing is done. Language and theme are kept
in cookies of their own, which say nothing about anybody.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeAlias, cast
from urllib.parse import urlencode

from fastapi import Depends, Request
from jinja2 import Environment
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from addenda.errors import InvalidInput, PermissionDenied
from addenda.knowledge_base import KnowledgeBase, Person, State
from addenda.surfaces.accounts import Limiter, Sessions, address_key
from addenda.surfaces.hosting import Hosted, Hosting
from addenda.surfaces.http.access import KbName
from addenda.surfaces.http.providing import Provided
from addenda.surfaces.web.rendering import CONTENT_POLICY, StaticFile
from addenda.surfaces.web.uploads import Uploads
from addenda.surfaces.web.words import DEFAULT, LANGUAGES, Words, preferred

LANGUAGE_COOKIE = "addenda_language"
THEME_COOKIE = "addenda_theme"
THEMES = ("auto", "light", "dark")
KEPT = 365 * 24 * 3600
"""Seconds for which a browser remembers language and theme."""


class SignInNeeded(Exception):
    """Raised for a visitor without a session; :attr:`wanted` is where they wanted to go."""

    def __init__(self, wanted: str) -> None:
        """Take the path."""
        super().__init__(wanted)
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Web:
    """What all pages share."""

    hosting: Hosting
    sessions: Sessions
    guesses: Limiter
    """Slows down who presents tokens that are none, or comes back from a provider without an account."""
    templates: Environment
    static: Mapping[str, StaticFile]
    languages: Mapping[str, Words]
    uploads: Uploads
    is_secure: bool
    """Whether TLS is in front of the server, so that cookies must not go without."""
    provided: Provided | None
    """The provider with whose accounts visitors may sign in too."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who looks at a page, signed in or not."""

    request: Request
    web: Web
    words: Words
    theme: str

    @property
    def address(self) -> str:
        """Whose attempts to sign in are counted together: those from one address."""
        client = self.request.client
        return address_key(client.host if client else "")

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, /, **context: object) -> HTMLResponse:
        """A rendered page."""
        return self.rendered(template, status, {"visit": None, "csrf": "", **context})

    def rendered(self, template: str, status: HTTPStatus, context: Mapping[str, object]) -> HTMLResponse:
        """A template with what every page has."""
        said = self.request.query_params.get("said", "")
        key = f"said.{said}"
        values = {"n": self.request.query_params.get("n", "")}
        shared = {
            "t": self.words,
            "theme": self.theme,
            "themes": THEMES,
            "languages": LANGUAGES,
            "here": self.request.url.path,
            "said": self.words(key, **values) if said and self.words.has(key) else "",
        }
        text = self.web.templates.get_template(template).render({**shared, **context})
        # Without a referrer at all, browsers would not say of a form either where it comes from.
        headers = {"Content-Security-Policy": CONTENT_POLICY, "Referrer-Policy": "same-origin"}
        return HTMLResponse(text, status.value, headers)


@dataclass(frozen=True, slots=True)
class Visit(Guest):
    """Somebody who is signed in at a knowledge base."""

    hosted: Hosted
    person: Person
    session: str

    @property
    def kb(self) -> KnowledgeBase:
        """The knowledge base, for reading."""
        return self.hosted.kb

    @property
    def state(self) -> State:
        """What holds now."""
        return self.hosted.kb.state

    def path(self, *parts: str) -> str:
        """The path of one of this knowledge base's pages."""
        return "/".join(("/kb", self.hosted.name, *parts))

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, /, **context: object) -> HTMLResponse:
        """A rendered page of this knowledge base."""
        csrf = self.web.sessions.csrf(self.session)
        return self.rendered(template, status, {"visit": self, "csrf": csrf, **context})

    def to(self, path: str, said: str = "", **values: object) -> RedirectResponse:
        """Send the browser to another page, which tells what was done."""
        query = urlencode({"said": said, **values}) if said else ""
        joined = "&" if "?" in path else "?"
        return RedirectResponse(path + (joined + query if query else ""), HTTPStatus.SEE_OTHER.value)


class Form:
    """What was sent with a form."""

    def __init__(self, data: FormData) -> None:
        """Take the fields."""
        self._data = data

    def text(self, name: str) -> str:
        """A field, without spaces around it; empty when it was not sent."""
        found = self._data.get(name)
        return found.strip() if isinstance(found, str) else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        """Whether a field was sent."""
        return name in self._data

    def file(self, name: str) -> UploadFile:
        """A file. Raises InvalidInput without one."""
        found = self._data.get(name)
        if not isinstance(found, UploadFile) or not found.filename:
            raise InvalidInput("no file was chosen; choose an .xlsx or .csv file")
        return found


def web_of(request: Request) -> Web:
    """What all pages share."""
    return cast("Web", request.app.state.web)


def guest(request: Request) -> Guest:
    """Whoever asks for a page, before it is known who they are."""
    return Guest(request, web_of(request), *_preferences(request))


def visitor(request: Request, kb: KbName) -> Visit:
    """Whoever is signed in at this knowledge base. Raises SignInNeeded, PermissionDenied without a role."""
    web = web_of(request)
    wanted = request.url.path if request.method == "GET" else ""
    if kb not in web.hosting.names:
        raise SignInNeeded("")
    hosted = web.hosting.get(kb)
    session = request.cookies.get(cookie_of(kb), "")
    try:
        person = web.sessions.resume(hosted, session)
    except PermissionDenied:
        raise SignInNeeded(wanted) from None
    request.state.kb, request.state.person = kb, person.name
    visit = Visit(request, web, *_preferences(request), hosted, person, session)
    request.state.visit = visit
    if not person.roles:
        raise PermissionDenied(f"{person.name!r} has no role in this knowledge base; an admin can give one")
    return visit


VisitDep: TypeAlias = Annotated[Visit, Depends(visitor)]
"""The visitor, for a page."""

GuestDep: TypeAlias = Annotated[Guest, Depends(guest)]
"""Whoever asks, for a page that needs no session."""


async def posted(request: Request, visit: VisitDep) -> AsyncGenerator[Form]:
    """The form that was sent. Raises PermissionDenied when it does not come from a page of this session."""
    async with request.form() as data:
        visit.web.sessions.check_csrf(visit.session, str(data.get("csrf", "")))
        yield Form(data)


async def sent(request: Request) -> AsyncGenerator[Form]:
    """The form that was sent by whoever it was."""
    async with request.form() as data:
        yield Form(data)


FormDep: TypeAlias = Annotated[Form, Depends(posted)]
"""A form of a visitor."""

OpenFormDep: TypeAlias = Annotated[Form, Depends(sent)]
"""A form that needs no session."""


def cookie_of(kb: str) -> str:
    """The name of the cookie with the session at a knowledge base."""
    return f"addenda_session_{kb}"


def _preferences(request: Request) -> tuple[Words, str]:
    web = web_of(request)
    language = request.cookies.get(LANGUAGE_COOKIE) or preferred(request.headers.get("accept-language", ""))
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return web.languages.get(language, web.languages[DEFAULT]), theme if theme in THEMES else "auto"
