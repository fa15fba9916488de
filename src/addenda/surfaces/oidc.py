"""Signing in with an account at an OpenID provider: OpenID Connect, authorization code flow with PKCE.

Idea: a provider says *who* somebody is, never what they may do. What comes out of here is an :class:`Identity`, the
provider's issuer and its subject, after the provider's signature on both was verified. Which person of a knowledge base
that is, an admin has said before (``addenda person link``); an account that nobody linked gets nowhere.

Sources: OpenID Connect Core 1.0 (sections 3.1.2 and 3.1.3.7), OpenID Connect Discovery 1.0, RFC 7636 (PKCE), RFC 9207.
Signatures are verified by ``joserfc``, the JOSE library of the Authlib project. Only asymmetric ones are accepted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from addenda.errors import InvalidInput, PermissionDenied

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures that a provider may use."""

ATTEMPT_SECONDS = 600.0
"""How long somebody has to sign in at the provider."""

MOST_ATTEMPTS = 1_000
"""Attempts that are kept; with one more, the oldest is forgotten."""

LONGEST_SUBJECT = 255
"""Characters of a subject; a provider may use no more (OpenID Connect Core, section 2)."""

_TIMEOUT_SECONDS = 10.0
_LEEWAY_SECONDS = 60
_MOST_BYTES = 1_000_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ERROR = re.compile("[a-z_]{1,64}")
_FAILED = "the sign-in at {issuer!r} could not be verified: {why}; try again, or sign in with your token"


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and what it knows this server as."""

    issuer: str
    """Exactly as the provider names itself."""
    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    """Where the provider sends the browser back to."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The beginning of a sign-in."""

    url: str
    """Where the browser goes."""
    cookie: str
    """For a cookie that scripts cannot read: nobody else can finish what this browser began."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom a provider vouches for."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a sign-in."""

    identity: Identity
    wanted: str
    """What was given when it began."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    state: str
    nonce: str
    verifier: str
    wanted: str
    at: float


class _Discovered(BaseModel):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(BaseModel):
    id_token: str


class _Keys(BaseModel):
    keys: list[dict[str, JsonValue]]


_Read = TypeVar("_Read", bound=BaseModel)


class SignIn:
    """Signing in at one provider. Threads may share it."""

    def __init__(self, provider: Provider, *, clock: Callable[[], float] = time.time) -> None:
        """Take the provider, which is not asked anything yet, and what tells the time in seconds since 1970.

        Raises InvalidInput for addresses that are neither ``https`` nor on this machine.
        """
        for address in (provider.issuer, provider.redirect_uri):
            if not _is_safe(address):
                raise InvalidInput(f"{address!r} is no address for signing in; it must begin with https://")
        self._provider = provider
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts: OrderedDict[bytes, _Attempt] = OrderedDict()  # the oldest first
        self._discovered: _Discovered | None = None
        self._keys: KeySet | None = None

    def begin(self, wanted: str = "") -> Begun:
        """Begin a sign-in.

        Args:
            wanted: Where somebody wanted to go; it is kept, and given back at the end.

        Raises PermissionDenied when the provider cannot be reached or is not who it should be.
        """
        found = self._discover()
        cookie, now = secrets.token_urlsafe(32), self._clock()
        state, nonce, verifier = (secrets.token_urlsafe(length) for length in (32, 32, 48))
        attempt = _Attempt(state, nonce, verifier, wanted, now)
        with self._lock:
            while self._attempts and (
                len(self._attempts) >= MOST_ATTEMPTS or _is_late(next(iter(self._attempts.values())), now)
            ):
                self._attempts.popitem(last=False)
            self._attempts[_digest(cookie)] = attempt
        challenge = base64.urlsafe_b64encode(_digest(attempt.verifier)).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.redirect_uri,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joined = "&" if urlsplit(found.authorization_endpoint).query else "?"
        return Begun(f"{found.authorization_endpoint}{joined}{urlencode(asked)}", cookie)

    def finish(
        self, *, cookie: str, state: str, code: str = "", issuer: str | None = None, error: str = ""
    ) -> Finished:
        """Who came back from the provider.

        Args:
            cookie: What the browser got when it began; each is good for one attempt, whatever comes of it.
            state: From the address to which the provider sent it back.
            code: From there too.
            issuer: From there too (``iss``), where the provider sends it.
            error: From there too, where it sends no code: what it says went wrong, as RFC 6749 names it.

        Raises PermissionDenied when anything of it does not fit, when somebody was not signed in there, or the provider
        cannot be reached.
        """
        with self._lock:
            attempt = self._attempts.pop(_digest(cookie), None)
        if attempt is None or _is_late(attempt, self._clock()):
            raise self._failed("it was not begun in this browser, or too long ago")
        if not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "surrogatepass")):
            raise self._failed("the provider's answer belongs to another attempt")
        if issuer is not None and issuer != self._provider.issuer:
            raise self._failed("another provider answered")
        if error or not code:
            # Whatever does not look like the name of an error is not repeated.
            named = repr(error) if _ERROR.fullmatch(error) else "no code and no error that has a name"
            raise self._failed(f"the provider signed nobody in and answered {named}")
        found = self._discover()
        id_token = self._exchange(found, code, attempt.verifier)
        subject = self._verified(found, id_token, attempt.nonce)
        return Finished(Identity(self._provider.issuer, subject), attempt.wanted)

    def _exchange(self, found: _Discovered, code: str, verifier: str) -> str:
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.redirect_uri,
            "code_verifier": verifier,
        }
        # RFC 6749, section 2.3.1: both are encoded as in a form before they are joined.
        user, secret = self._provider.client_id, self._provider.client_secret.get_secret_value()
        return self._ask("POST", found.token_endpoint, _Tokens, given, (quote(user, ""), quote(secret, ""))).id_token

    def _verified(self, found: _Discovered, id_token: str, nonce: str) -> str:
        """The subject of an id token that says what it must."""
        keys = self._keys or self._fetch_keys(found)
        try:
            try:
                token = jwt.decode(id_token, keys, ALGORITHMS)
            except (JoseError, ValueError):
                # Providers change their keys; a token that the new ones do not sign either is wrong.
                token = jwt.decode(id_token, self._fetch_keys(found), ALGORITHMS)
            claims: dict[str, object] = dict(token.claims)
            jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock()),
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self._provider.issuer},
                aud={"essential": True, "value": self._provider.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (JoseError, ValueError) as error:
            raise self._failed(f"its id token is not valid ({type(error).__name__})") from error
        audience = claims["aud"]
        shared = isinstance(audience, list) and len(cast("Sequence[object]", audience)) > 1
        if claims.get("azp", None if shared else self._provider.client_id) != self._provider.client_id:
            raise self._failed("its id token was made for another client")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
            raise self._failed("its id token names nobody")
        return subject

    def _discover(self) -> _Discovered:
        if self._discovered is None:
            address = self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = self._ask("GET", address, _Discovered)
            if found.issuer != self._provider.issuer:
                raise self._failed(f"at its address there is {found.issuer!r}")
            for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                if not _is_safe(endpoint):
                    raise self._failed(f"it names the address {endpoint!r}, which is not https")
            self._discovered = found
        return self._discovered

    def _fetch_keys(self, found: _Discovered) -> KeySet:
        known = self._ask("GET", found.jwks_uri, _Keys)
        signing = [key for key in known.keys if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
        try:
            self._keys = KeySet.import_key_set(cast("KeySetSerialization", {"keys": signing}))
        except (JoseError, ValueError) as error:
            raise self._failed(f"its keys cannot be read ({type(error).__name__})") from error
        return self._keys

    def _ask(
        self,
        method: str,
        address: str,
        wanted: type[_Read],
        form: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> _Read:
        try:
            with httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
                answer = client.request(method, address, data=form, auth=auth, headers={"Accept": "application/json"})
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._failed(f"it cannot be reached ({type(error).__name__})") from error
        if not answer.is_success or len(answer.content) > _MOST_BYTES:
            raise self._failed(f"it answered {answer.status_code}")
        try:
            return wanted.model_validate_json(answer.content)
        except ValidationError:
            # What it sent may hold secrets, which belong in no message.
            raise self._failed("its answer lacks what the protocol asks for") from None

    def _failed(self, why: str) -> PermissionDenied:
        return PermissionDenied(_FAILED.format(issuer=self._provider.issuer, why=why))


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _is_late(attempt: _Attempt, now: float) -> bool:
    return now - attempt.at >= ATTEMPT_SECONDS


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
