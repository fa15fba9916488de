"""A server whose visitors may sign in with an account at a provider, with two knowledge bases, and browsers for it."""

from __future__ import annotations

import io
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from addenda.ledger import Role
from addenda.settings import Settings
from addenda.surfaces.hosting import Hosting, Place
from addenda.surfaces.http import create_app
from addenda.surfaces.http.observing import json_logger
from addenda.surfaces.http.serving import address_of, listening
from tests.identities import CLIENT, SECRET, Identities
from tests.surfaces.http.serving import found, running

NAMES = ("ours", "theirs")
_REFRESH = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
_BUTTON = re.compile(r'id="account" href="([^"]+)"')


@dataclass
class Founded:
    """Where the knowledge bases are, and everybody's tokens."""

    folder: Path
    tokens: dict[str, dict[str, str]]


@dataclass
class Vouched:
    """A running server."""

    address: str
    tokens: dict[str, dict[str, str]]
    hosting: Hosting
    log: io.StringIO
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, **headers: str) -> Browser:
        """A browser in which nobody is signed in."""
        client = httpx2.Client(base_url=self.address, headers=headers, trust_env=False, verify=False, timeout=60)
        self.browsers.append(Browser(client))
        return self.browsers[-1]

    def link(
        self, kb: str, issuer: str, subject: str, name: str = "the editor", roles: list[Role] | None = None
    ) -> str:
        """Have an admin link an account; the id by which the link is revoked."""
        with self.hosting.get(kb).working() as opened:
            admin = opened.authenticate(self.tokens[kb]["admin"])
            opened.governance.link_identity(name, issuer, subject, by=admin, roles=roles)
            token = opened.authenticate_identity(issuer, subject).token
            assert token
            return token.id

    def revoke(self, kb: str, link: str, name: str = "the editor") -> None:
        """Have an admin revoke a link."""
        with self.hosting.get(kb).working() as opened:
            opened.governance.revoke_token(name, link, by=opened.authenticate(self.tokens[kb]["admin"]))


@dataclass
class Browser:
    """Follows links as a browser without JavaScript does, and remembers every page and every header that it saw."""

    client: httpx2.Client
    seen: list[str] = field(default_factory=list)

    def get(self, address: str) -> httpx2.Response:
        """A page, of the server or of the provider."""
        answer = self.client.get(address)
        self.seen.append(f"{answer.status_code} {answer.url} {answer.headers} {answer.text}")
        return answer

    def begun(self, wanted: str = "") -> httpx2.Response:
        """The answer to a click on the button of the page for signing in."""
        button = _BUTTON.search(self.client.get("/sign-in", params={"next": wanted}).text)
        assert button
        return self.get(unescape(button[1]))

    def returned(self, begun: httpx2.Response) -> str:
        """The address to which the provider sends the browser back."""
        assert begun.status_code == 303, begun.text
        return self.get(begun.headers["Location"]).headers["Location"]

    def signed_in(self, wanted: str = "") -> httpx2.Response:
        """The page at the end of signing in."""
        return self.get(self.returned(self.begun(wanted)))

    @property
    def cookies(self) -> set[str]:
        """The names of the cookies that it has."""
        return {cookie.name for cookie in self.client.cookies.jar}


def leads_to(page: httpx2.Response) -> str:
    """Where a page leads on by itself."""
    refresh = _REFRESH.search(page.text)
    assert refresh, page.text
    return unescape(refresh[1])


def host_of(issuer: str) -> str:
    """What the button calls a provider."""
    return urlsplit(issuer).netloc


def founded(folder: Path) -> Founded:
    """Make the knowledge bases."""
    return Founded(folder, {name: found(folder / name, admin=f"Ana of {name}") for name in NAMES})


@contextmanager
def vouched(made: Founded, issuer: str, *, address: str = "", hosts: str = "") -> Generator[Vouched]:
    """Serve them.

    Args:
        made: The knowledge bases.
        issuer: The provider.
        address: Where browsers think they are, where that is not the server itself.
        hosts: The names that the server goes by then.
    """
    log = io.StringIO()
    places = {name: Place(made.folder / name) for name in NAMES}
    with Hosting(places) as hosting, listening(Settings(port=0)) as listener:
        own = address_of(listener)
        settings = Settings(
            oidc_issuer=issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SecretStr(SECRET),
            oidc_address=address or own,
            allowed_hosts=hosts,
        )
        with running(create_app(hosting, settings, log=json_logger(log, "debug")), listener):
            serving = Vouched(own, made.tokens, hosting, log)
            yield serving
            for browser in serving.browsers:
                browser.client.close()


def as_somebody(identities: Identities, subject: str) -> str:
    """Have the provider vouch for this account from now on."""
    identities.claims = {"sub": subject}
    return subject
