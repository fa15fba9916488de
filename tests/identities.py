"""An OpenID provider over HTTP, which a test runs: discovery, keys, the page where somebody is signed in, tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "addenda kb"
SECRET = "s3cret: with/odd & signs"
SUBJECT = "u-17"
PAGE = (
    """<!doctype html><title>Who are you?</title><link rel="icon" href="data:,"><a id="yes" href="{}">I am u-17</a>"""
)


class Identities(ThreadingHTTPServer):
    """An OpenID provider with one account, which checks the client and PKCE as it must."""

    daemon_threads = True

    def __init__(self, key: RSAKey, host: str = "127.0.0.1") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://{host}:{self.server_address[1]}"
        self.names_itself = self.issuer
        self.key = key
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.error = ""
        """What it sends the browser back with in place of a code."""
        self.asks = False
        """Whether it asks on a page of its own before it sends the browser back."""
        self.requests = 0

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

    def sent_back(self, asked: dict[str, str]) -> str:
        """Where the browser goes after it was here."""
        code = secrets.token_hex(8)
        self.codes[code] = asked
        told = {"error": self.error} if self.error else {"code": code}
        return f"{asked['redirect_uri']}?{urlencode({**told, 'state': asked['state']})}"

    def exchanged(self, form: dict[str, str], authorization: str) -> dict[str, object] | None:
        user, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        client = dict(parse_qsl(f"id={user}&secret={secret}"))
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or client != {"id": CLIENT, "secret": SECRET}
            or form["redirect_uri"] != asked["redirect_uri"]
            or asked["code_challenge"] != challenge.decode()
        ):
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 300}
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
        self.server.requests += 1
        if parts.path == "/authorize":
            back = self.server.sent_back(asked)
            self.send_response(200 if self.server.asks else 302)
            self.send_header(*(("Content-Type", "text/html") if self.server.asks else ("Location", back)))
            self.end_headers()
            self.wfile.write(PAGE.format(escape(back)).encode() if self.server.asks else b"")
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


@contextmanager
def identifying(key: RSAKey, host: str = "127.0.0.1") -> Generator[Identities]:
    """A provider on a free port, which goes by this name of this machine."""
    server = Identities(key, host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
