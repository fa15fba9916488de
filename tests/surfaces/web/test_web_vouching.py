"""Signing in with an account at a provider, through the real server: what it opens, what it refuses, what it tells."""

from __future__ import annotations

import base64
import io
import itertools
import logging
from collections.abc import Iterator
from html import escape, unescape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

pytest.importorskip("joserfc")

from joserfc.jwk import RSAKey

from tests.identities import CLIENT, SECRET, Identities, identifying
from tests.surfaces.web.vouched import (
    Founded,
    Vouched,
    as_somebody,
    founded,
    host_of,
    leads_to,
    vouched,
)

BACK = "/sign-in/account/back"
MANY = 2_000
OURS, THEIRS = "addenda_session_ours", "addenda_session_theirs"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return founded(tmp_path_factory.mktemp("vouched"))


@pytest.fixture
def identities(key: RSAKey) -> Iterator[Identities]:
    with identifying(key) as server:
        yield server


@pytest.fixture
def desk(made: Founded, identities: Identities) -> Iterator[Vouched]:
    with vouched(made, identities.issuer) as serving:
        yield serving


def test_a_linked_account_opens_the_session_that_a_token_would(desk: Vouched, identities: Identities) -> None:
    desk.link("ours", identities.issuer, as_somebody(identities, "linked"))
    browser = desk.browser()
    page = browser.signed_in("/kb/ours/health?show=all")
    assert page.status_code == 200
    assert leads_to(page) == "/kb/ours/health?show=all"
    [cookie] = [one for one in page.headers.get_list("set-cookie") if one.startswith(OURS)]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    inbox = browser.get("/kb/ours/inbox")
    assert "the editor" in inbox.text
    session = browser.client.cookies[OURS]
    browser.signed_in()
    assert browser.client.cookies[OURS] != session
    assert browser.client.post("/kb/ours/sign-out").status_code == 403
    csrf = inbox.text.partition('name="csrf" value="')[2][:64]
    assert browser.client.post("/kb/ours/sign-out", data={"csrf": csrf}).status_code == 403, "of the session before"


def test_the_provider_is_asked_nothing_before_somebody_clicks_in_their_language(
    desk: Vouched, identities: Identities
) -> None:
    said = {"en": "Sign in with {}", "ja": "{} でサインイン", "ko": "{}(으)로 로그인"}
    for language, sentence in said.items():
        page = desk.browser(**{"Accept-Language": language}).get("/sign-in")
        assert sentence.format(host_of(identities.issuer)) in page.text
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert identities.requests == 0


def test_the_cookie_of_an_attempt_goes_to_one_path_and_away_at_the_end(desk: Vouched, identities: Identities) -> None:
    browser = desk.browser()
    begun = browser.begun()
    assert urlsplit(begun.headers["Location"]).netloc == host_of(identities.issuer)
    asked = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
    assert asked["redirect_uri"] == desk.address + BACK
    cookie = begun.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=lax", f"Path={BACK}"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert browser.cookies == {"addenda_attempt"}
    browser.get(browser.returned(begun))
    assert browser.cookies == set()


def test_behind_tls_no_cookie_goes_without(made: Founded, identities: Identities) -> None:
    name = "addenda.example.com"
    with vouched(made, identities.issuer, address=f"https://{name}/", hosts=f"kb.example.com, {name}") as desk:
        desk.link("ours", identities.issuer, as_somebody(identities, "behind tls"))
        browser = desk.browser(Host=name)
        assert f'href="https://{name}/sign-in/account?next="' in browser.get("/sign-in").text
        begun = browser.get("/sign-in/account")
        cookie = begun.headers["Set-Cookie"]
        assert "Secure" in cookie
        back = browser.returned(begun)
        assert back.startswith(f"https://{name}{BACK}?")
        attempt = cookie.partition(";")[0]
        answer = browser.client.get(f"{BACK}?{urlsplit(back).query}", headers={"Cookie": attempt})
        assert answer.status_code == 200
        assert all("Secure" in one for one in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(("language", "title"), [("en", "linked to nobody"), ("ja", "誰にも"), ("ko", "아무에게도")])
def test_an_account_that_nobody_linked_learns_what_an_admin_must_do(
    desk: Vouched, identities: Identities, language: str, title: str
) -> None:
    subject = as_somebody(identities, "<b>x'; rm -rf ~</b>\u200b")
    browser = desk.browser(**{"Accept-Language": "de"})
    browser.client.post("/preferences", data={"language": language})
    page = browser.signed_in("/kb/ours/inbox")
    assert page.status_code == 403
    assert title in page.text
    assert subject not in page.text
    assert f"<code>{escape(identities.issuer)}</code>" in page.text
    text = unescape(page.text.replace('<span class="unseen">', "").replace("</span>", ""))
    hidden = "U+200B"
    assert f"<b>x'; rm -rf ~</b>{hidden}" in text
    # As a shell reads it, what is quoted is one word, and nothing in it is a command.
    quoted = "'<b>x'\"'\"'; rm -rf ~</b>" + hidden + "'"
    assert f"addenda person link NAME --issuer {identities.issuer} --subject {quoted}" in text
    assert not {OURS, THEIRS} & browser.cookies
    assert desk.browser().get("/kb/ours/inbox").status_code == 303


def test_a_provider_that_refuses_leads_to_a_page_and_the_attempt_is_over(desk: Vouched, identities: Identities) -> None:
    desk.link("ours", identities.issuer, as_somebody(identities, "refused"))
    identities.error = "access_denied"
    browser = desk.browser()
    begun = browser.begun()
    attempt = browser.client.cookies["addenda_attempt"]
    back = browser.returned(begun)
    page = browser.get(back)
    assert page.status_code == 403
    assert "You are not signed in" in page.text
    assert "&#39;access_denied&#39;" in page.text
    assert 'id="account"' in page.text
    state = dict(parse_qsl(urlsplit(back).query))["state"]
    late = browser.client.get(
        BACK, params={"state": state, "code": "x"}, headers={"Cookie": f"addenda_attempt={attempt}"}
    )
    assert late.status_code == 403
    assert "not begun in this browser" in late.text
    identities.error = ""
    assert browser.signed_in().status_code == 200


def test_what_does_not_belong_to_the_attempt_opens_nothing(desk: Vouched, identities: Identities) -> None:
    desk.link("ours", identities.issuer, as_somebody(identities, "careful"))
    victim, attacker = desk.browser(), desk.browser()
    good = victim.returned(victim.begun())
    assert attacker.get(good).status_code == 403, "another browser"
    attacker.begun()
    assert attacker.get(good).status_code == 403, "another attempt"
    tampered = desk.browser()
    back = tampered.returned(tampered.begun())
    assert tampered.get(back.replace("state=", "state=x")).status_code == 403
    assert tampered.get(back).status_code == 403, "each attempt is good once"
    assert desk.browser().get(BACK).status_code == 403
    assert not {OURS, THEIRS} & (attacker.cookies | tampered.cookies)
    assert victim.get(good).status_code == 200
    assert victim.get(good).status_code == 403, "and so is each code"
    code = dict(parse_qsl(urlsplit(good).query))["code"]
    again = desk.browser()
    state = dict(parse_qsl(urlsplit(again.returned(again.begun())).query))["state"]
    replayed = again.get(f"{BACK}?{urlencode({'code': code, 'state': state})}")
    assert replayed.status_code == 403
    assert "it answered 400" in replayed.text
    assert OURS not in again.cookies


def test_a_revoked_link_ends_the_session_and_is_linked_to_nobody_again(desk: Vouched, identities: Identities) -> None:
    link = desk.link("ours", identities.issuer, as_somebody(identities, "leaving"))
    browser = desk.browser()
    browser.signed_in()
    assert browser.get("/kb/ours/inbox").status_code == 200
    desk.revoke("ours", link)
    assert browser.get("/kb/ours/inbox").headers["Location"].startswith("/sign-in")
    assert browser.signed_in().status_code == 403


def test_a_link_that_was_narrowed_brings_no_more(desk: Vouched, identities: Identities) -> None:
    subject = as_somebody(identities, "narrow")
    desk.link("ours", identities.issuer, subject, name="Ana of ours", roles=["editor"])
    browser = desk.browser()
    browser.signed_in()
    page = browser.get("/kb/ours/settings")
    assert "Ana of ours" in page.text
    csrf = page.text.partition('name="csrf" value="')[2][:64]
    refused = browser.client.post("/kb/ours/settings/person", data={"csrf": csrf, "name": "Eve", "role": "viewer"})
    assert refused.status_code == 403
    assert "Eve" not in desk.hosting.get("ours").kb.state.people


def test_an_account_gets_at_those_knowledge_bases_in_which_it_is_linked(desk: Vouched, identities: Identities) -> None:
    subject = as_somebody(identities, "here and there")
    desk.link("theirs", identities.issuer, subject)
    browser = desk.browser()
    assert leads_to(browser.signed_in("/kb/ours/health")) == "/kb/theirs/inbox"
    assert browser.cookies == {THEIRS}
    assert browser.get("/kb/ours/inbox").status_code == 303
    desk.link("ours", identities.issuer, subject)
    assert leads_to(browser.signed_in("https://example.com/kb/ours/inbox")) == "/kb/ours/inbox"
    assert browser.cookies == {OURS, THEIRS}
    assert browser.get("/kb/ours/inbox").status_code == 200


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the libraries in the server log, down to the last detail; what the test's own client logs is left out."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(stream), root.level
    handler.addFilter(lambda record: record.threadName != "MainThread")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


def test_no_secret_is_in_a_log_or_on_a_page(
    logged: io.StringIO, desk: Vouched, identities: Identities, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = desk.browser()
    as_somebody(identities, "unlinked and told so")
    browser.signed_in()
    desk.link("ours", identities.issuer, as_somebody(identities, "discreet"))
    begun = browser.begun()
    attempt = browser.client.cookies["addenda_attempt"]
    back = browser.returned(begun)
    browser.get(back)
    session = browser.client.cookies[OURS]
    identities.sign = lambda _: "no token"
    browser.signed_in()
    pages = "".join(browser.seen)
    pair = f"{quote(CLIENT, '')}:{quote(SECRET, '')}"
    secrets = [SECRET, quote(SECRET), quote(SECRET, ""), base64.b64encode(pair.encode()).decode(), escape(SECRET)]
    assert not [secret for secret in secrets if secret in pages]
    streams = capfd.readouterr()
    told = "\n".join([desk.log.getvalue(), logged.getvalue(), streams.out, streams.err])
    assert f'"route": "{BACK}"' in told
    assert f"{identities.issuer}/token" in told
    given = dict(parse_qsl(urlsplit(back).query))
    assert not [one for one in (*secrets, attempt, session, given["code"], given["state"], "discreet") if one in told]


def test_who_keeps_coming_back_without_an_account_is_slowed_down(desk: Vouched, identities: Identities) -> None:
    desk.link("ours", identities.issuer, as_somebody(identities, "hasty"))
    patient = desk.browser()
    back = patient.returned(patient.begun())
    stranger = desk.browser()

    def slowed() -> int:
        """How many of the stranger's attempts were refused before they had to wait, which they then have to."""
        for count in range(MANY):
            answer = stranger.get(BACK)
            if answer.status_code == 429:
                assert "too many attempts" in answer.text
                return count
            assert answer.status_code == 403
        raise AssertionError("nobody has to wait")

    assert slowed() >= 10
    assert patient.get(back).status_code == 429
    slowed()
    assert patient.begun().status_code == 429
    slowed()
    token = {"token": desk.tokens["ours"]["editor"]}
    assert patient.client.post("/sign-in", data=token).status_code == 429, "they are counted together"


def test_one_address_cannot_begin_so_often_that_the_attempts_of_others_are_forgotten(desk: Vouched) -> None:
    eager = desk.browser()
    asked = (eager.client.get("/sign-in/account").status_code for _ in range(MANY))
    statuses = list(itertools.takewhile(lambda status: status != 429, asked))
    assert 100 <= len(statuses) < MANY
    assert set(statuses) == {303}


def test_a_provider_that_is_not_there_leads_to_a_page_and_tokens_are_good_as_ever(made: Founded) -> None:
    with vouched(made, "http://127.0.0.1:9") as desk:
        browser = desk.browser()
        page = browser.begun("/kb/ours/health")
        assert page.status_code == 502
        assert "cannot be reached" in page.text
        assert 'value="/kb/ours/health"' in page.text
        signed = browser.client.post("/sign-in", data={"token": desk.tokens["ours"]["editor"]})
        assert signed.status_code == 303
