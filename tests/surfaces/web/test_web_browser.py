"""The pages in a real browser: three languages, both themes, two people; nothing for axe to complain about, no error in
the console, and a whole approval by keyboard alone.

With ADDENDA_TEST_SCREENSHOTS=1 the pictures of the documentation are taken on the way.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest

from tests.surfaces.web.stage import AT, Stage

IN_CI = os.environ.get("CI") == "true"
if IN_CI:  # where everything must be there, and what is missing is an error
    playwright = importlib.import_module("playwright.sync_api")
    importlib.import_module("axe_playwright_python")
    importlib.import_module("joserfc")
else:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path(os.environ.get("ADDENDA_TEST_CHROMIUM", "/usr/bin/chromium"))
IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
LARGEST = 150_000
QUESTION = "What is the noise level of the Velmor Tasky?"
SETTINGS = {"en-GB": "light", "ja-JP": "dark", "ko-KR": "light"}
"""Each language in one of the themes; the narrow width is tried beside."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        if IN_CI:
            pytest.fail(f"there is no Chromium at {CHROMIUM}, and CI must have one")
        pytest.skip(f"there is no Chromium at {CHROMIUM}; install it, or name it with ADDENDA_TEST_CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def visiting(
    browser: playwright.Browser, stage: Stage, who: str, locale: str = "en-GB", theme: str = "light", width: int = 1280
) -> Iterator[playwright.Page]:
    """Somebody's window, signed in; whatever stands in its console in the end is a failure."""
    context = browser.new_context(locale=locale, color_scheme=theme, viewport={"width": width, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(stage.address + "/")
    page.fill("#token", stage.tokens[who])
    page.press("#token", "Enter")
    arrived(page, "**/inbox")
    try:
        yield page
        assert not faults
    finally:
        context.close()


def arrived(page: playwright.Page, url: str | re.Pattern[str]) -> None:
    """Wait until a page is there and painted: Chromium may drop keys that are pressed before that."""
    page.wait_for_url(url)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def paths(stage: Stage) -> dict[str, str]:
    noise = stage.ids["noise"]
    return {
        "inbox": "/inbox",
        "live": "/inbox?show=live",
        "back": "/inbox?show=back",
        "knowledge": "/knowledge",
        "addendum": f"/knowledge/{noise}",
        "erase": f"/knowledge/{noise}/erase",
        "propose": "/propose",
        "import": "/import",
        "ask": "/ask",
        "health": "/health",
        "settings": "/settings",
    }


def complaints(page: playwright.Page, axe: str) -> list[str]:
    """What axe finds that is serious or critical."""
    page.evaluate(axe)
    found = json.loads(page.evaluate("axe.run(document).then(found => JSON.stringify(found.violations))"))
    return [
        f"{page.url} {one['id']}: {[node['target'] for node in one['nodes']][:4]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def picture(page: playwright.Page, name: str) -> None:
    """The window as a small picture for the documentation, where that was asked for."""
    if os.environ.get("ADDENDA_TEST_SCREENSHOTS") != "1":
        return
    from PIL import Image

    IMAGES.mkdir(parents=True, exist_ok=True)
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(128)
    path = IMAGES / f"web-{name}.png"
    taken.save(path, optimize=True)
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("locale", SETTINGS)
def test_every_page_in_every_language_is_accessible(
    stage: Stage, chromium: playwright.Browser, axe: str, locale: str
) -> None:
    found: list[str] = []
    for who, width in (("Ana", 1280), ("Ben", 390)):
        with visiting(chromium, stage, who, locale, SETTINGS[locale], width) as page:
            for path in paths(stage).values():
                answer = page.goto(stage.address + AT + path)
                assert answer is not None
                assert answer.status == 200, path
                assert page.get_attribute("html", "lang") == locale[:2]
                page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
                found += complaints(page, axe)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{path} is {wide} wide in a window of {width}"
    assert not found


def test_proposing_and_approving_by_keyboard_alone(stage: Stage, chromium: playwright.Browser, axe: str) -> None:
    with visiting(chromium, stage, "Ana") as page:
        page.keyboard.press("/")
        arrived(page, "**/knowledge")
        page.goto(stage.address + AT + "/propose")
        arrived(page, "**/propose")
        for text in ("Marlo Lamp", "cable length", "2 m"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.type("measured")
        page.keyboard.press("Enter")
        arrived(page, re.compile("/knowledge/[0-9a-f]{16}"))
        addendum = page.url.partition("?")[0].rpartition("/")[2]
    with visiting(chromium, stage, "Ben") as page:
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        assert not complaints(page, axe)
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("x")
        assert page.locator(".tick:checked").count() == 1
        page.keyboard.press("a")
        arrived(page, "**said=approved*")
        assert stage.kb.state.record(addendum).stage == "approved"
        for key in ("g", "k"):
            page.keyboard.press(key)
        arrived(page, "**/knowledge")
        page.keyboard.press("/")
        page.keyboard.type("Marlo")
        page.keyboard.press("Enter")
        arrived(page, "**q=Marlo*")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        arrived(page, f"**/knowledge/{addendum}")


def test_work_is_followed_to_its_end_without_reloading_by_hand(stage: Stage, chromium: playwright.Browser) -> None:
    with visiting(chromium, stage, "Ben") as page:
        page.goto(stage.address + AT + "/inbox?show=live")
        page.check("[data-all]")
        page.click("button[value=activate]")
        page.wait_for_url("**/jobs/*")
        page.wait_for_selector(".numbers", timeout=120_000)
        assert stage.kb.state.record(stage.ids["later"]).stage == "active"


def test_a_file_can_be_dropped_and_its_rows_looked_at(stage: Stage, chromium: playwright.Browser, axe: str) -> None:
    rows = "subject,relation,value\nOrbin Kettle,weight,1.3 kg\n,weight,2 kg\nSorrel Fan,weight,heavy\n"
    with visiting(chromium, stage, "Ana") as page:
        page.goto(stage.address + AT + "/import")
        page.evaluate(
            """(text) => {
                const carried = new DataTransfer();
                carried.items.add(new File([text], "march.csv", {type: "text/csv"}));
                const zone = document.querySelector("[data-drop]");
                zone.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
            }""",
            rows,
        )
        page.wait_for_selector("table")
        assert page.locator("tr.row-bad").count() == 2
        assert not complaints(page, axe)
        picture(page, "import")


def test_the_trace_stands_beside_the_answer(stage: Stage, chromium: playwright.Browser, axe: str) -> None:
    with visiting(chromium, stage, "Ben") as page:
        page.goto(stage.address + AT + "/ask")
        page.fill("#question", QUESTION)
        page.press("#question", "Enter")
        page.wait_for_selector(".answered")
        page.click(".traces button")
        page.wait_for_selector(".compare")
        assert "44 dB" in page.inner_text(".compare")
        assert not complaints(page, axe)
        picture(page, "ask")
        for name in ("inbox", "knowledge", "health", "settings"):
            page.goto(stage.address + AT + paths(stage)[name])
            picture(page, name)
    with visiting(chromium, stage, "Ben", "ja-JP", "dark") as page:
        page.goto(stage.address + AT + paths(stage)["addendum"])
        picture(page, "addendum-dark")


def test_an_account_at_a_provider_on_another_site_signs_in(
    tmp_path: Path, chromium: playwright.Browser, axe: str
) -> None:
    pytest.importorskip("joserfc", reason="joserfc is not installed")
    from joserfc.jwk import RSAKey

    from tests.identities import SUBJECT, identifying
    from tests.surfaces.web.vouched import as_somebody, founded, host_of, vouched

    # To a browser, localhost and 127.0.0.1 are two sites, so that cookies go along as they would between real ones.
    with (
        identifying(RSAKey.generate_key(2048, {"kid": "first"}), "localhost") as identities,
        vouched(founded(tmp_path), identities.issuer) as desk,
    ):
        identities.asks = True
        context = chromium.new_context(locale="en-GB")
        context.set_default_timeout(20_000)
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)

        def sign_in() -> None:
            page.goto(desk.address + "/kb/ours/health")
            page.click("#account")
            page.wait_for_url(identities.issuer + "/authorize*")
            page.click("#yes")

        page.goto(desk.address + "/sign-in")
        assert page.inner_text("#account") == f"Sign in with {host_of(identities.issuer)}"
        assert not complaints(page, axe)
        page.select_option("select[name=language]", "ko")
        page.click(".prefer button")
        page.wait_for_url("**/sign-in")
        desk.link("ours", identities.issuer, SUBJECT)
        sign_in()
        page.wait_for_url(desk.address + "/kb/ours/health")
        assert page.inner_text(".who .person") == "the editor"
        assert not faults
        page.click(".who button")
        page.wait_for_url("**/sign-in")
        as_somebody(identities, "somebody else")
        sign_in()
        page.wait_for_selector(".facts")
        assert page.get_attribute("html", "lang") == "ko"
        assert "--subject 'somebody else'" in page.inner_text(".facts")
        assert not complaints(page, axe)
        [refused] = faults
        assert "403" in refused
        context.close()
