"""Every route, asked by everybody: whoever has no token, no role, a role, an agent's token, or another knowledge base.

A new route fails here until somebody says in :data:`MAY` who may use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from fastapi.routing import APIRoute

from addenda.surfaces.http.routes import ROUTERS
from addenda.surfaces.http.routing import KB as KB_PATH
from tests.surfaces.http.serving import FACT, KB, ROLES, Desk

ANYBODY = ("viewer", "editor", "approver", "admin")
WRITERS = ("editor", "approver", "admin")
DECIDERS = ("approver", "admin")
APPROVERS = ("approver",)
ADMINS = ("admin",)

MAY: Mapping[str, tuple[str, ...]] = {
    # Everybody with a role reads and asks.
    **dict.fromkeys(
        "list_addenda get_addendum get_history list_jobs get_job follow_job export_file ask ask_streaming get_answer "
        "explain query_triples get_notes get_memories get_me list_people list_tokens get_policy get_thresholds "
        "list_relations get_relation get_suite list_waiting list_events get_head verify".split(),
        ANYBODY,
    ),
    **dict.fromkeys(
        "propose preview_import import_file feedback observe test learn extract reflect review review_several "
        "estimate_reflections".split(),
        WRITERS,
    ),
    **dict.fromkeys("approve approve_several reject reject_several".split(), APPROVERS),
    **dict.fromkeys(
        "activate disable disable_several enable enable_several rollback rollback_several expire expire_several "
        "confirm_waiting drop_waiting".split(),
        DECIDERS,
    ),
    **dict.fromkeys(
        "erase erase_several train reindex add_person change_roles issue_token link_identity revoke_token "
        "revoke_tokens set_policy set_thresholds declare_relation change_suite cancel_job".split(),
        ADMINS,
    ),
}
"""For each route the roles that may use it; a job may also be cancelled by whoever asked for it."""

DECIDING = {"test", "review", "review_several", "cancel_job"}
"""Routes for writers, or for whoever asked for a job, that decide all the same, which no agent may."""

AGENT = {name for name, roles in MAY.items() if "editor" in roles} - DECIDING
"""What an admin's agent may use: it reads and proposes, whatever roles its person has."""

OPEN = {"live", "health", "metrics"}
"""Routes that are about no knowledge base; what they tell to whom is tested where they are."""

BY_OWNERSHIP = {"reject", "reject_several", "cancel_job", "confirm_waiting", "drop_waiting"}
"""Routes that depend on whose it is, which is tested beside them: nobody's here, so that nobody is told more."""

BODIES: Mapping[str, object] = {
    "propose": {"addenda": [{"content": FACT}], "dry_run": False},
    "ask": {"question": "How loud is it?"},
    "ask_streaming": {"question": "How loud is it?"},
    "feedback": {"right": True},
    "query_triples": {"subject": "Velmor", "relation": "noise level"},
    "observe": {"observations": [{"attributes": {"age": 7}, "answer": "replace", "right": True}]},
    "test": {"all": True, "source": "nowhere"},
    "activate": {"all": True, "source": "nowhere"},
    "reflect": {"documents": []},
    "extract": {"document": {"title": "news", "text": "The Velmor Tasky is quiet."}, "dry_run": True},
    "reindex": {"thresholds": {"mean_threshold": 7}},
    "train": {"base": "no such model"},
    "add_person": {"name": "Pat", "roles": ["viewer"]},
    "change_roles": {"roles": ["viewer"]},
    "link_identity": {"issuer": "https://login.example.org", "subject": "8f2c41"},
    "set_policy": {"policy": {"rules": [{"name": "all", "approval": "one reviewer"}]}},
    "set_thresholds": {"thresholds": {"says_it": 0.0}},
    "change_suite": {"add": [{"id": "q", "question": "How loud is it?"}]},
    "declare_relation": {
        "relation": {
            "name": "noise level",
            "memories": ["triples"],
            "templates": ["How loud is {subject}?"],
            "gate_templates": ["Tell me how loud {subject} is."],
        }
    },
}


def routes() -> Iterator[APIRoute]:
    """Every route of the interface."""
    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


ROUTES = {str(route.operation_id): route for route in routes()}


@pytest.fixture(scope="module")
def target(desk: Desk) -> str:
    """A proposal that nobody in the matrix made."""
    with desk.hosting.get("ours").working() as kb:
        [made] = desk.propose({**FACT, "subject": "Target"}, who="admin")
        assert made in kb.state.records
    return made


def asked(desk: Desk, name: str, target: str, who: str | None, kb: str = "ours") -> int:
    """The status that somebody gets from a route."""
    route = ROUTES[name]
    path = route.path.replace(KB_PATH, KB).replace("/kb/ours/", f"/kb/{kb}/")
    values = {
        "addendum_id": target,
        "job_id": "0" * 16,
        "answer_id": "0" * 16,
        "form": "csv",
        "name:path": "noise level",
    }
    values |= {"name": "spare", "name:path": "noise level", "change_id": "none", "token_id": "ffff"}
    path = re.sub(r"\{([^}]+)\}", lambda found: values[found[1]], path)
    files = {"file": ("a.csv", b"Product,Attribute,New value\n", "text/csv")} if "import" in name else None
    body = None
    if files is None and route.methods != {"GET"}:
        several = {"ids": [target]} if name.endswith("_several") else {}
        because = {"reason": "why"} if re.match("reject|review|erase", name) else {}
        body = {**several, **because, **(BODIES.get(name) or {})}  # type: ignore[dict-item]
    # A version that nothing has: who may decide learns that it moved, and nothing is decided.
    headers = (
        {"If-Match": '"1"'} if re.match("approve|reject|review|dis|en|roll|exp|era", name) and name != "explain" else {}
    )
    with desk.client(who) as client:
        method = next(iter(route.methods))
        return client.request(method, path, json=body, files=files, headers=headers).status_code


def test_every_route_says_who_may_use_it() -> None:
    assert set(ROUTES) == set(MAY) | OPEN


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_route_is_for_those_who_may(desk: Desk, target: str, name: str) -> None:
    assert asked(desk, name, target, None) == 401
    assert asked(desk, name, target, "none") == 403
    assert asked(desk, name, target, "stranger") == 404
    assert asked(desk, name, target, "admin", "theirs") == 404
    found = {role: asked(desk, name, target, role) for role in ROLES}
    refused = {role for role, status in found.items() if status == 403}
    assert all(status < 500 and status != 401 for status in found.values()), found
    agent = asked(desk, name, target, "agent")
    assert agent < 500
    assert (agent == 403) == (name not in AGENT), agent
    if name not in BY_OWNERSHIP:
        assert refused == set(ROLES) - set(MAY[name]), found
