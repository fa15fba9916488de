"""Signing in with an account at an OpenID provider: a real one over HTTP, which the test runs."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

httpx2 = pytest.importorskip("httpx2")
pytest.importorskip("joserfc")

from joserfc import jwt  # noqa: E402
from joserfc.jwk import KeySet, OctKey, RSAKey  # noqa: E402
from pydantic import SecretStr  # noqa: E402

from addenda.errors import InvalidInput, PermissionDenied  # noqa: E402
from addenda.knowledge_base import KnowledgeBase  # noqa: E402
from addenda.surfaces.oidc import ATTEMPT_SECONDS, Identity, Provider, SignIn  # noqa: E402

SECRET = "s3cret: with/odd & signs"
HOME = "http://localhost:1/back"


class Identities(ThreadingHTTPServer):
    """An OpenID provider with one account, which checks the client and PKCE as it must."""

    daemon_threads = True

    def __init__(self, key: RSAKey) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.names_itself = self.issuer
        self.key = key
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def discovered(self) -> dict[str, object]:
        return {
            "issuer": self.names_itself,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "scopes_supported": ["openid"],
        }

    def exchanged(self, form: dict[str, str], authorization: str) -> dict[str, object] | None:
        user, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        client = dict(parse_qsl(f"id={user}&secret={secret}"))
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or client != {"id": "addenda kb", "secret": SECRET}
            or form["redirect_uri"] != asked["redirect_uri"]
            or asked["code_challenge"] != challenge.decode()
        ):
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "u-17", "aud": "addenda kb", "iat": now, "exp": now + 300}
        told = {**claims, "nonce": asked["nonce"], **self.claims}
        return {"id_token": self.sign({k: v for k, v in told.items() if v is not None}), "access_token": "x"}


class Handler(BaseHTTPRequestHandler):
    """The provider's addresses."""

    server: Identities

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Discovery, keys, and the page where somebody is signed in."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            code = f"code-{len(self.server.codes)}"
            self.server.codes[code] = asked
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            )
            self.end_headers()
        elif parts.path == "/keys":
            self.answer({"keys": [*KeySet([self.server.key]).as_dict(private=False)["keys"], {"kty": "odd"}]})
        else:
            self.answer(self.server.discovered())

    def do_POST(self) -> None:
        """The exchange of a code for an id token."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(self.server.exchanged(dict(parse_qsl(body)), self.headers.get("Authorization", "")))

    def answer(self, document: object) -> None:
        self.send_response(400 if document is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture
def identities(key: RSAKey) -> Iterator[Identities]:
    server = Identities(key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(identities: Identities, **fields: object) -> Provider:
    given = {"issuer": identities.issuer, "client_id": "addenda kb", "client_secret": SECRET, "redirect_uri": HOME}
    given |= fields
    return Provider(**{**given, "client_secret": SecretStr(str(given["client_secret"]))})  # type: ignore[arg-type]


def browsed(url: str) -> dict[str, str]:
    """What the provider sends the browser back with."""
    back = httpx2.get(url, follow_redirects=False).headers["Location"]
    assert back.startswith(HOME)
    return dict(parse_qsl(urlsplit(back).query))


def signed_in(sign_in: SignIn) -> Identity:
    begun = sign_in.begin()
    return sign_in.finish(cookie=begun.cookie, **browsed(begun.url))


def test_an_account_that_is_linked_acts_as_its_person(identities: Identities, tmp_path: Path) -> None:
    identity = signed_in(SignIn(at(identities)))
    assert identity == Identity(identities.issuer, "u-17")
    founded = KnowledgeBase.create(tmp_path / "kb", admin="Ana")
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        with pytest.raises(PermissionDenied, match="person link"):
            kb.authenticate_identity(identity.issuer, identity.subject)
        kb.governance.link_identity("Ana", identity.issuer, identity.subject, by=ana, roles=["editor"])
        person = kb.authenticate_identity(identity.issuer, identity.subject)
        assert (person.name, person.roles) == ("Ana", ("editor",))
        assert person.token is not None
        kb.governance.revoke_token("Ana", person.token.id, by=ana)
        with pytest.raises(PermissionDenied):
            kb.renew(person)


def test_the_address_asks_for_what_the_protocol_wants(identities: Identities) -> None:
    sign_in = SignIn(at(identities))
    one, other = (sign_in.begin() for _ in range(2))
    asked, again = (parse_qs(urlsplit(begun.url).query) for begun in (one, other))
    assert asked["tenant"] == ["1"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    assert one.cookie not in one.url


def test_only_the_browser_that_began_can_finish_once_and_in_time(identities: Identities) -> None:
    now = [time.time()]
    sign_in = SignIn(at(identities), clock=lambda: now[0])
    ours, theirs = sign_in.begin(), sign_in.begin()
    back = browsed(ours.url)
    for cookie in ("", theirs.cookie):
        with pytest.raises(PermissionDenied):
            sign_in.finish(cookie=cookie, **back)
    assert sign_in.finish(cookie=ours.cookie, **back).subject == "u-17"
    with pytest.raises(PermissionDenied, match="not begun in this browser"):
        sign_in.finish(cookie=ours.cookie, **back)
    late = sign_in.begin()
    back = browsed(late.url)
    now[0] += ATTEMPT_SECONDS
    with pytest.raises(PermissionDenied, match="too long ago"):
        sign_in.finish(cookie=late.cookie, **back)
    mixed = sign_in.begin()
    with pytest.raises(PermissionDenied, match="another provider"):
        sign_in.finish(cookie=mixed.cookie, **browsed(mixed.url), issuer="https://evil.example.org")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another"},
        {"aud": ["addenda kb", "another"]},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
    ids=str,
)
def test_an_id_token_that_does_not_say_what_it_must_is_refused(identities: Identities, claims: dict[str, Any]) -> None:
    identities.claims = claims
    with pytest.raises(PermissionDenied, match="could not be verified"):
        signed_in(SignIn(at(identities)))


def test_a_signature_of_anybody_else_is_refused(identities: Identities) -> None:
    sign_in = SignIn(at(identities))
    stranger = RSAKey.generate_key(2048, {"kid": "first"})
    public = json.dumps(identities.key.as_dict(private=False))
    forged: list[Callable[[dict[str, Any]], str]] = [
        lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, stranger),
        lambda claims: jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(public)),
        lambda claims: f"{_part({'alg': 'none'})}.{_part(claims)}.",
        lambda _: "no token",
    ]
    for sign in forged:
        identities.sign = sign
        with pytest.raises(PermissionDenied, match="id token is not valid"):
            signed_in(sign_in)
    identities.sign = identities.signed
    assert signed_in(sign_in).subject == "u-17"


def test_a_provider_may_change_its_key(identities: Identities) -> None:
    sign_in = SignIn(at(identities))
    signed_in(sign_in)
    identities.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert signed_in(sign_in).subject == "u-17"


def test_a_client_that_the_provider_does_not_know_is_refused_without_its_secret(identities: Identities) -> None:
    with pytest.raises(PermissionDenied, match="it answered 400") as caught:
        signed_in(SignIn(at(identities, client_secret="wrong-secret")))
    assert "wrong-secret" not in str(caught.value)
    assert "wrong-secret" not in repr(at(identities, client_secret="wrong-secret"))


def test_a_provider_that_is_another_or_not_there_is_refused(identities: Identities) -> None:
    identities.names_itself = "https://evil.example.org"
    with pytest.raises(PermissionDenied, match="evil"):
        SignIn(at(identities)).begin()
    with pytest.raises(PermissionDenied, match="cannot be reached"):
        SignIn(at(identities, issuer="http://127.0.0.1:9")).begin()


@pytest.mark.parametrize("address", ["http://login.example.org", "ftp://x", "", "https://", "http://[x"])
def test_an_address_that_others_can_read_is_refused(identities: Identities, address: str) -> None:
    with pytest.raises(InvalidInput, match="https"):
        SignIn(at(identities, issuer=address))
    with pytest.raises(InvalidInput, match="https"):
        SignIn(at(identities, redirect_uri=address))


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
