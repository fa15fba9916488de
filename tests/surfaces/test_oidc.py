"""Signing in with an account at an OpenID provider: a real one over HTTP, which the test runs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

httpx2 = pytest.importorskip("httpx2")
pytest.importorskip("joserfc")

from joserfc import jwt  # noqa: E402
from joserfc.jwk import OctKey, RSAKey  # noqa: E402
from pydantic import SecretStr  # noqa: E402

from addenda.errors import InvalidInput, PermissionDenied  # noqa: E402
from addenda.knowledge_base import KnowledgeBase  # noqa: E402
from addenda.surfaces.oidc import ATTEMPT_SECONDS, LONGEST_SUBJECT, Identity, Provider, SignIn  # noqa: E402
from tests.identities import CLIENT, SECRET, SUBJECT, Identities, identifying  # noqa: E402

HOME = "http://localhost:1/back"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture
def identities(key: RSAKey) -> Iterator[Identities]:
    with identifying(key) as server:
        yield server


def at(identities: Identities, **fields: object) -> Provider:
    given = {"issuer": identities.issuer, "client_id": CLIENT, "client_secret": SECRET, "redirect_uri": HOME}
    given |= fields
    return Provider(**{**given, "client_secret": SecretStr(str(given["client_secret"]))})  # type: ignore[arg-type]


def browsed(url: str) -> dict[str, str]:
    """What the provider sends the browser back with."""
    back = httpx2.get(url, follow_redirects=False).headers["Location"]
    assert back.startswith(HOME)
    return dict(parse_qsl(urlsplit(back).query))


def signed_in(sign_in: SignIn) -> Identity:
    begun = sign_in.begin()
    return sign_in.finish(cookie=begun.cookie, **browsed(begun.url)).identity


def test_an_account_that_is_linked_acts_as_its_person(identities: Identities, tmp_path: Path) -> None:
    identity = signed_in(SignIn(at(identities)))
    assert identity == Identity(identities.issuer, SUBJECT)
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


def test_the_longest_subject_that_a_provider_may_use_can_be_linked(identities: Identities, tmp_path: Path) -> None:
    identities.claims = {"sub": "x" * LONGEST_SUBJECT}
    identity = signed_in(SignIn(at(identities)))
    founded = KnowledgeBase.create(tmp_path / "kb", admin="Ana")
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        kb.governance.link_identity("Ana", identity.issuer, identity.subject, by=ana, roles=["editor"])
        assert kb.authenticate_identity(identity.issuer, identity.subject).name == "Ana"
        with pytest.raises(PermissionDenied):
            kb.authenticate_identity(identity.issuer, identity.subject[:-1])


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
    assert sign_in.finish(cookie=ours.cookie, **back).identity.subject == SUBJECT
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


def test_where_somebody_wanted_to_go_comes_back_with_who_they_are(identities: Identities) -> None:
    sign_in = SignIn(at(identities))
    begun = sign_in.begin("/kb/support/health")
    assert "health" not in begun.url
    finished = sign_in.finish(cookie=begun.cookie, **browsed(begun.url))
    assert (finished.identity.subject, finished.wanted) == (SUBJECT, "/kb/support/health")


@pytest.mark.parametrize(
    ("error", "named"), [("access_denied", "'access_denied'"), ('<b>"Call 555!"</b>', "no error that has a name")]
)
def test_a_provider_that_signs_nobody_in_is_quoted_if_it_names_an_error(
    identities: Identities, error: str, named: str
) -> None:
    identities.error = error
    sign_in = SignIn(at(identities))
    begun = sign_in.begin()
    back = browsed(begun.url)
    with pytest.raises(PermissionDenied, match=named) as caught:
        sign_in.finish(cookie=begun.cookie, **back)
    assert "555" not in str(caught.value)
    with pytest.raises(PermissionDenied, match="not begun in this browser"):
        sign_in.finish(cookie=begun.cookie, **back)
    stranger = sign_in.begin()
    with pytest.raises(PermissionDenied, match="another attempt") as caught:
        sign_in.finish(cookie=stranger.cookie, state="forged", error=error)
    assert error not in str(caught.value)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * (LONGEST_SUBJECT + 1)},
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
    assert signed_in(sign_in).subject == SUBJECT


def test_a_provider_may_change_its_key(identities: Identities) -> None:
    sign_in = SignIn(at(identities))
    signed_in(sign_in)
    identities.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert signed_in(sign_in).subject == SUBJECT


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
