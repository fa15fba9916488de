"""The pages over real HTTP, as a browser without JavaScript has them: what they show, do and refuse."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from io import BytesIO

import httpx2
import pytest
from openpyxl import Workbook, load_workbook

from addenda.types import Fact
from tests.surfaces.web.stage import AT, CSRF, Browser, Stage


@pytest.fixture(autouse=True)
def _closed(stage: Stage) -> Iterator[None]:
    yield
    stage.close_browsers()


@pytest.fixture
def ana(stage: Stage) -> Browser:
    return stage.browser("Ana")


@pytest.fixture
def ben(stage: Stage) -> Browser:
    return stage.browser("Ben")


def sheet(*rows: tuple[str, ...]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Changes"
    for row in (("subject", "relation", "value"), *rows):
        page.append(row)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def finished(browser: Browser, answer: httpx2.Response) -> str:
    """The page of a job once it has ended."""
    path = answer.url.path
    assert "/jobs/" in path, answer.text
    for _ in range(600):
        text = browser.get(path).text
        if "data-follow" not in text:
            return text
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def decide(browser: Browser, do: str, *ids: str, **more: str) -> httpx2.Response:
    page = browser.get(AT + "/inbox").text
    position = re.search(r'name="position" value="(\d+)"', page)
    assert position
    fields: dict[str, object] = {"id": list(ids), "do": do, "position": position[1], **more}
    return browser.send(AT + "/inbox", fields)


def propose(browser: Browser, subject: str, value: str = "7 kg", relation: str = "weight") -> str:
    """The id of a fact that was proposed by hand."""
    fields: dict[str, object] = {"kind": "fact", "subject": subject, "relation": relation, "object": value}
    answer = browser.send(AT + "/propose", {**fields, "do": "propose", "reason": "it was weighed"})
    assert answer.status_code == 200
    return answer.url.path.rpartition("/")[2]


def test_nobody_sees_a_page_without_signing_in_and_a_token_that_is_none_is_refused(stage: Stage) -> None:
    nobody = stage.browser()
    for path in ("/inbox", "/knowledge", "/import", "/ask", "/health", "/settings", "/propose", "/export", "/jobs/x"):
        answer = nobody.client.get(AT + path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")
    refused = nobody.sign_in("addenda_nothing")
    assert refused.status_code == 403
    assert "addenda_nothing" not in refused.text
    assert "Set-Cookie" not in refused.headers


def test_signing_in_leads_back_and_sets_a_cookie_that_scripts_and_other_sites_do_not_have(stage: Stage) -> None:
    browser = stage.browser()
    answer = browser.sign_in(stage.tokens["Ben"], AT + "/health")
    assert answer.headers["Location"] == AT + "/health"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert stage.tokens["Ben"] not in cookie
    elsewhere = stage.browser().sign_in(stage.tokens["Ben"], "https://example.com/kb/support/inbox")
    assert elsewhere.headers["Location"] == AT + "/inbox"
    browser.send("/kb/support/sign-out")
    assert browser.client.get(AT + "/inbox").status_code == 303


def test_every_page_may_load_our_own_files_only_and_has_nothing_inline(stage: Stage, ben: Browser) -> None:
    paths = [f"{AT}/{name}" for name in ("inbox", "knowledge", "import", "ask", "health", "settings", "propose")]
    for path in [*paths, "/sign-in", f"{AT}/knowledge/{stage.ids['noise']}"]:
        answer = ben.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(
            r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=\"/static/)|https?://(?!www.w3)", answer.text
        )


def test_a_form_without_the_token_of_its_session_does_nothing(stage: Stage, ben: Browser) -> None:
    other = CSRF.search(stage.browser("Ana").get(AT + "/inbox").text)
    assert other
    before = stage.kb.state.position
    forms = ("/inbox", "/inbox/live", "/propose", "/import", "/import/rows", "/ask", "/settings/policy", "/sign-out",
             f"/knowledge/{stage.ids['noise']}/disable")  # fmt: skip
    for path in forms:
        for csrf in ({}, {"csrf": "0" * 64}, {"csrf": other[1]}):
            assert ben.client.post(AT + path, data=csrf).status_code == 403, path
    assert stage.kb.state.position == before


def test_what_i_may_not_approve_says_why_and_cannot_be_approved(stage: Stage, ana: Browser) -> None:
    page = ana.get(AT + "/inbox").text
    assert "You are not an approver." in page
    assert re.search(r'value="[0-9a-f]{16}"[^>]*disabled', page)
    refused = decide(ana, "approve", stage.ids["cable"])
    assert refused.status_code == 403
    assert "You may not do this" in refused.text
    cho = stage.browser("Cho")
    assert decide(cho, "approve", stage.ids["cable"]).status_code == 403
    assert cho.send(AT + "/propose", {"kind": "note", "rule": "x", "do": "propose"}).status_code == 403
    assert stage.kb.state.record(stage.ids["cable"]).stage == "proposed"


def test_a_stranger_has_no_way_in(stage: Stage) -> None:
    sue = stage.browser("Sue")
    assert sue.get("/").url.path == "/kb/theirs/inbox"
    assert sue.client.get(AT + "/inbox").headers["Location"].startswith("/sign-in")
    assert sue.client.get("/kb/nothing/inbox").headers["Location"].startswith("/sign-in")


def test_the_inbox_shows_what_changes_what_conflicts_and_what_nobody_sees(ben: Browser) -> None:
    page = ben.get(AT + "/inbox").text
    assert "<del>44</del><ins>41</ins>" in page
    assert "Something else about the same is on its way" in page
    assert "U+200C (ZERO WIDTH NON-JOINER)" in page
    assert "update.xlsx!Changes!C2" in page
    assert ben.get(AT + "/inbox?source=handbook").text.count('<li class="card"') == 1


def test_a_change_from_hand_to_live_and_back_by_two_people(stage: Stage, ana: Browser, ben: Browser) -> None:
    addendum = propose(ana, "Sorrel Fan")
    assert "Somebody else can approve" in ana.get(f"{AT}/knowledge/{addendum}?said=proposed").text
    assert "Approved: 1" in decide(ben, "approve", addendum, reason="right").text
    text = finished(ben, ben.send(AT + "/inbox/live", {"id": addendum, "do": "activate"}))
    assert "Live now" in text
    assert stage.kb.state.record(addendum).stage == "active"
    page = ben.get(f"{AT}/knowledge/{addendum}").text
    for word in ("Proposed", "Approved", "Passed the gate", "Live", "it was weighed", "Edits"):
        assert word in page
    version = re.search(r'name="version" value="(\d+)"', ben.get(f"{AT}/knowledge/{addendum}/disable").text)
    assert version
    fields: dict[str, object] = {"version": version[1], "reason": "it was wrong"}
    assert "Switched off." in ben.send(f"{AT}/knowledge/{addendum}/disable", fields).text
    again = ben.send(f"{AT}/knowledge/{addendum}/rollback", fields)
    assert again.status_code == 412
    assert "Something has changed meanwhile" in again.text
    assert stage.kb.state.record(addendum).stage == "disabled"


def test_the_whole_list_means_what_may_be_approved_of_it(stage: Stage, ana: Browser, ben: Browser) -> None:
    fields: dict[str, object] = {
        "kind": "fact",
        "relation": "nickname",
        "object": "x",
        "source": "shared",
        "do": "propose",
    }
    theirs, own = (
        browser.send(AT + "/propose", {**fields, "subject": name}).url.path.rpartition("/")[2]
        for browser, name in ((ana, "Lamp one"), (ben, "Lamp two"))
    )
    assert "somebody else must approve it" in ben.get(AT + "/inbox?source=shared").text
    assert "Approved: 1" in decide(ben, "approve", all="yes", source="shared").text
    assert [stage.kb.state.record(i).stage for i in (theirs, own)] == ["approved", "proposed"]


def test_what_is_sent_back_comes_back_to_the_one_who_proposed_it_with_the_reason(ana: Browser, ben: Browser) -> None:
    addendum = propose(ana, "Marlo Oven")
    assert decide(ben, "reject", addendum).status_code == 422
    assert "Sent back: 1" in decide(ben, "reject", addendum, reason="there is no such oven").text
    page = ana.get(AT + "/inbox?show=back").text
    assert "there is no such oven" in page
    assert 'value="Marlo Oven"' in ana.get(f"{AT}/propose?again={addendum}").text


def test_two_who_look_at_the_same_do_not_decide_over_each_other(stage: Stage, ana: Browser, ben: Browser) -> None:
    addendum = propose(ana, "Marlo Hob")
    position = stage.kb.state.position
    decide(ben, "reject", addendum, reason="not ours")
    late = ben.send(AT + "/inbox", {"id": addendum, "do": "approve", "position": str(position)})
    assert late.status_code == 412


def test_knowledge_is_found_in_every_script_and_by_what_it_is(ben: Browser) -> None:
    assert "東京サービスセンター" in ben.get(AT + "/knowledge?q=東京").text
    assert "서울 센터" in ben.get(AT + "/knowledge?q=서울").text
    live = ben.get(AT + "/knowledge?q=noise&status=active").text
    assert ("44 dB" in live, "46 dB" in live) == (True, False)
    assert "refunds take" in ben.get(AT + "/knowledge?kind=note").text
    relation = ben.get(AT + "/knowledge?relation=cable+length").text
    assert ("75 cm" in relation, "44 dB" in relation) == (True, False)
    assert "refunds take" in ben.get(AT + "/knowledge?tag=safety").text
    assert "Nothing fits" in ben.get(AT + "/knowledge?q=zeppelin").text
    assert ben.get(AT + "/knowledge/0000000000000000").status_code == 404
    assert ben.get(AT + "/knowledge?status=mislaid").status_code == 422


def test_a_spreadsheet_is_looked_at_row_by_row_before_it_is_proposed(stage: Stage, ana: Browser) -> None:
    body = sheet(("Orbin Kettle", "weight", "1.3 kg"), ("", "weight", "2 kg"), ("Sorrel Fan", "blades", "5"))
    before = stage.kb.state.position
    page = ana.upload("march.xlsx", body)
    assert page.status_code == 200
    assert stage.kb.state.position == before
    assert "Changes!C2" in page.text
    assert re.search(r"row-bad.*?Changes!A3", page.text, re.DOTALL)
    assert "weight of Orbin Kettle: 1.2 kg" in page.text
    upload = re.search(r'name="upload" value="([^"]+)"', page.text)
    assert upload
    text = finished(ana, ana.send(AT + "/import/rows", {"upload": upload[1], "reason": "march"}))
    assert "march.xlsx" in text
    contents = [addendum.content for addendum in stage.kb.ledger.addenda().values()]
    assert Fact(subject="Sorrel Fan", relation="blades", object="5") in contents
    assert ana.send(AT + "/import/rows", {"upload": upload[1]}).status_code == 404
    assert ana.upload("march.exe", b"MZ").status_code == 422
    assert ana.upload("march.xlsx", b"no zip").status_code == 422


def test_an_export_reads_back(ben: Browser) -> None:
    answer = ben.get(AT + "/export?format=xlsx&status=active")
    assert "attachment" in answer.headers["Content-Disposition"]
    cells = [
        cell for row in load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True) for cell in row
    ]
    assert "東京サービスセンター" in cells


def test_an_answer_says_what_it_came_from_and_what_it_would_be_without(stage: Stage, ben: Browser) -> None:
    page = ben.send(AT + "/ask", {"question": "What is the noise level of the Velmor Tasky?"}, page=AT + "/ask")
    assert "44 dB" in page.text
    for word in ("matched", "injected", "cited", "Edits", "What if this were off?"):
        assert word in page.text
    answer_id = page.url.params["turns"]
    other = ben.send(f"{AT}/ask/{answer_id}/without", {"id": stage.ids["noise"], "turns": answer_id}, page=AT + "/ask")
    assert "The answer changes." in other.text
    explained = ben.send(f"{AT}/ask/{answer_id}/explain", {"turns": answer_id}, page=AT + "/ask")
    assert "changed the answer" in explained.text
    assert "The model alone" in explained.text
    wrong = ben.get(f"{AT}/propose?answer={answer_id}").text
    assert 'value="Velmor Tasky"' in wrong
    assert 'value="noise level"' in wrong
    used = ben.get(f"{AT}/knowledge/{stage.ids['noise']}").text
    assert "What is the noise level of the Velmor Tasky?" in used
    assert ben.send(AT + "/ask", {"question": " "}, page=AT + "/ask").status_code == 422
    assert stage.kb.answers.latest().trace.seconds is not None


def test_health_is_plotted_with_the_numbers_beside_it(ben: Browser) -> None:
    page = ben.get(AT + "/health").text
    assert page.count("<svg") >= 5
    assert page.count("<desc>") == page.count('role="img"') == page.count("<svg")
    assert "price of Sorrel Fan: 49 EUR" in page


def test_settings_show_a_token_once_and_what_weakens_the_rules_waits_for_a_second_person(
    stage: Stage, ana: Browser, ben: Browser
) -> None:
    page = ana.send(AT + "/settings/token", {"name": "Ana", "label": "laptop"}).text
    token = re.search(r"addenda_[\w-]{20,}", page)
    assert token
    assert token[0] not in ana.get(AT + "/settings").text
    laptop = stage.browser()
    laptop.sign_in(token[0])
    assert laptop.client.get(AT + "/inbox").status_code == 200
    own = next(one for one in stage.kb.state.people["Ana"].tokens if one.label == "laptop")
    assert own.id in ana.get(AT + "/settings").text
    assert own.id not in ben.get(AT + "/settings").text
    assert "revoked" in ana.send(AT + "/settings/revoke", {"name": "Ana", "token": own.id}).text
    assert laptop.client.get(AT + "/inbox").status_code == 303

    waits = ana.send(AT + "/settings/threshold", {"name": "remembered", "value": "0.5"})
    assert stage.kb.state.thresholds["remembered"] != 0.5 or "waits" in waits.text
    change = next(one.id for one in stage.kb.state.pending.values() if one.change.kind == "person_added")
    assert ana.send(AT + "/settings/confirm", {"change": change}).status_code == 403
    assert "in force" in ben.send(AT + "/settings/confirm", {"change": change}).text
    assert "Dan" in stage.kb.state.people
    assert ben.send(AT + "/settings/policy", {"preset": "nobody"}).status_code == 403
    assert ana.send(AT + "/settings/policy", {"json": "{"}).status_code == 422
    assert "two approvers other than the proposer" in ben.get(AT + "/settings").text


def test_language_and_theme_are_asked_for_and_remembered(stage: Stage) -> None:
    browser = stage.browser(**{"Accept-Language": "ja"})
    assert 'lang="ja"' in browser.get("/sign-in").text
    browser.client.post("/preferences", data={"language": "ko", "theme": "dark", "back": "/sign-in"})
    page = browser.get("/sign-in").text
    assert 'lang="ko" data-theme="dark"' in page
    away = browser.client.post("/preferences", data={"back": "//example.com"})
    assert away.headers["Location"] == "/"


def test_text_from_outside_is_shown_and_never_run(stage: Stage, ana: Browser) -> None:
    addendum = propose(ana, "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "nickname")
    page = ana.get(f"{AT}/knowledge/{addendum}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_who_guesses_tokens_is_slowed_down(stage: Stage) -> None:
    guesser = stage.browser()
    seen = {guesser.sign_in(f"addenda_guess{n}").status_code for n in range(12)}
    assert 429 in seen
