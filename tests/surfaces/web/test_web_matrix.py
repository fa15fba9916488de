"""Every route of the pages, asked by nobody, by a stranger, and by somebody without the proof that forms carry.

A new route fails here until it is a page of a knowledge base, or somebody says in :data:`OPEN` what anybody gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from fastapi.routing import APIRoute

from addenda.surfaces.web.pages import ROUTERS
from tests.surfaces.web.stage import AT, Browser, Stage

OPEN: Mapping[str, int] = {
    "GET /": 303,
    "GET /sign-in": 200,
    "POST /sign-in": 403,
    "GET /sign-in/account": 404,
    "GET /sign-in/account/back": 404,
    "POST /preferences": 303,
    "GET /static/{name}": 404,
}
"""Routes that need no session, and what somebody gets who gives nothing; the stage has no provider."""

ROUTES = {
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
}


def asked(browser: Browser, route: str) -> tuple[int, str]:
    """The status of the answer, and where it leads."""
    method, _, path = route.partition(" ")
    answer = browser.client.request(method, re.sub(r"\{[^}]+\}", "x", path.replace("/kb/{kb}", AT)))
    return answer.status_code, answer.headers.get("Location", "").partition("?")[0]


def test_every_route_is_a_page_of_a_knowledge_base_or_open_to_all() -> None:
    assert {route for route in ROUTES if not route.partition(" ")[2].startswith("/kb/{kb}/")} == set(OPEN)
    assert len(ROUTES) > 30


@pytest.mark.parametrize("route", sorted(OPEN))
def test_an_open_route_gives_nothing_to_who_gives_nothing(stage: Stage, route: str) -> None:
    browser = stage.browser()
    assert asked(browser, route)[0] == OPEN[route]
    assert not [cookie for cookie in browser.client.cookies.jar if "session" in cookie.name]


@pytest.mark.parametrize("route", sorted(ROUTES - set(OPEN)))
def test_a_page_is_for_whoever_is_signed_in_there_and_a_form_for_who_saw_the_page(stage: Stage, route: str) -> None:
    try:
        assert asked(stage.browser(), route) == (303, "/sign-in")
        assert asked(stage.browser("Sue"), route) == (303, "/sign-in")
        status, _ = asked(stage.browser("Cho"), route)
        assert status < 500
        if route.startswith("POST"):
            assert status == 403
    finally:
        stage.close_browsers()
