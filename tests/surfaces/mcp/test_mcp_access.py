"""Who may call what, where: every tool × role or agent × knowledge base, and requests refused before that."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx2
import pytest

from addenda.surfaces.mcp.tools import TOOLS
from tests.knowledge_base.office import noise
from tests.surfaces.cli.desk import as_process
from tests.surfaces.mcp.agency import Agency, message, proposed


def _fresh(agency: Agency) -> str:
    found = agency.given("search_memories", {"query": "Matrix Device"})["hits"]
    if found:
        return str(found[0]["id"])
    made = proposed(agency, noise("20 dB", "Matrix Device"))
    agency.approve_and_activate(made)
    return made


def _head(agency: Agency) -> int:
    with agency.kb() as kb:
        return kb.state.position


CALLS: Mapping[str, Callable[[Agency, str], dict[str, object]]] = {
    "search_memories": lambda _agency, _name: {"query": "Velmor"},
    "get_memory": lambda agency, _name: {"id": agency.ids["noise"]},
    "get_memory_history": lambda agency, _name: {"id": agency.ids["noise"]},
    "query_triples": lambda _agency, _name: {"relation": "noise level", "subject": "Velmor Tasky"},
    "explain_answer": lambda agency, _name: {"answer_id": agency.ids["answer"]},
    "get_change_status": lambda agency, _name: {"id": agency.ids["waiting"]},
    "propose_memory": lambda _agency, name: {
        "content": {"kind": "note", "rule": f"{name} says so"}, "source": "a test",
    },
    "propose_update": lambda agency, name: {
        "id": _fresh(agency), "value": f"{len(name)}{ord(name[0])} dB", "based_on": _head(agency), "source": "a test",
    },
    "propose_delete": lambda agency, _name: {"id": _fresh(agency), "based_on": _head(agency), "source": "a test"},
}  # fmt: skip
"""How each tool is called. A new tool has to be entered here, and below if not everybody with a role may call it."""

READERS = {"Vic", "Eve", "Ben", "Ana", "Pat's agent", "Vic's agent"}
LOOKING = {"Vic", "Vic's agent"}
MAY = {tool: READERS - (LOOKING if tool.startswith("propose") else set()) for tool in CALLS}
"""One person of each role, agents with tokens of their own, and who of them may call a tool: viewers, and whoever acts
for them, propose nothing."""


def test_every_tool_is_covered() -> None:
    assert set(CALLS) == set(TOOLS)


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize("name", sorted(READERS))
def test_a_role_may_call_what_it_may(agency: Agency, tool: str, name: str) -> None:
    before = _head(agency)
    arguments = CALLS[tool](agency, name)
    before = _head(agency)
    result = agency.call(tool, arguments, by=name)
    assert result.is_error == (name not in MAY[tool]), message(result)
    if result.is_error:
        assert "takes the role" in message(result)
    if result.is_error or not tool.startswith("propose"):
        assert _head(agency) == before


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize(("name", "path"), [("Eve", "/theirs"), ("Theo", "/ours"), ("Nil", "")])
def test_a_token_is_good_for_its_own_knowledge_base_only(agency: Agency, tool: str, name: str, path: str) -> None:
    arguments = CALLS[tool](agency, name)
    before = _head(agency)
    answer = post(agency, agency.tokens[name], tool, arguments, path=path)
    assert answer.status_code == (403 if name == "Nil" else 401)
    assert _head(agency) == before


def test_a_viewer_reads_for_everyone_only(agency: Agency) -> None:
    asked = ("get_memory", {"id": agency.ids["staff"]})
    answer = post(agency, agency.tokens["Vic"], *asked, **{"X-Addenda-Audience": "staff"})
    assert answer.status_code == 403
    assert "leave the audience out" in answer.text
    assert not agency.call(*asked, by="Eve", X_Addenda_Audience="staff").is_error


@pytest.mark.parametrize("tool", ["get_memory", "get_memory_history", "get_change_status"])
def test_an_id_of_another_knowledge_base_is_not_there(agency: Agency, tool: str) -> None:
    assert "no addendum" in message(agency.call(tool, {"id": agency.ids["theirs"]}))
    assert not agency.call(tool, {"id": agency.ids["theirs"]}, by="Theo", path="/theirs").is_error


def test_the_header_names_the_knowledge_base_and_without_it_the_token_does(agency: Agency) -> None:
    asked = ("get_memory", {"id": agency.ids["theirs"]})
    assert not agency.call(*asked, by="Theo", X_Addenda_Knowledge_Base="theirs").is_error
    assert not agency.call(*asked, by="Theo").is_error  # the first for which the token is good


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}])
def test_a_request_without_a_token_is_told_how_to_send_one(agency: Agency, header: dict[str, str]) -> None:
    answer = httpx2.post(agency.url, json=request("search_memories", {"query": "a"}), headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="addenda"'


def test_an_unknown_token_and_an_unknown_knowledge_base_look_alike(agency: Agency) -> None:
    answers = [
        post(agency, "addenda_nonsense", "search_memories", {"query": "a"}),
        post(agency, agency.tokens["Eve"], "search_memories", {"query": "a"}, path="/nowhere"),
        post(agency, agency.tokens["Eve"], "search_memories", {"query": "a"}, path="/theirs"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="addenda", error="invalid_token"'


def test_a_revoked_token_is_refused_from_the_next_request_on(agency: Agency) -> None:
    with agency.kb() as kb:
        ana = kb.authenticate(agency.tokens["Ana"])
        token = str(kb.governance.add_person("Guest", ["viewer"], by=ana).token)
        assert post(agency, token, "search_memories", {"query": "Velmor"}).status_code == 200
        kb.governance.revoke_tokens("Guest", by=ana)
    assert post(agency, token, "search_memories", {"query": "Velmor"}).status_code == 401


@pytest.mark.parametrize(
    ("header", "status"), [({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403)]
)
def test_other_hosts_and_origins_are_refused(agency: Agency, header: dict[str, str], status: int) -> None:
    answer = post(agency, agency.tokens["Eve"], "search_memories", {"query": "a"}, **header)
    assert answer.status_code == status


def test_there_is_no_session_to_open_or_to_end(agency: Agency) -> None:
    headers = {"Authorization": f"Bearer {agency.tokens['Eve']}"}
    assert httpx2.get(agency.url, headers=headers).status_code == 405
    assert httpx2.delete(agency.url, headers=headers).status_code == 405
    assert "mcp-session-id" not in post(agency, agency.tokens["Eve"], "search_memories", {"query": "a"}).headers


def test_a_request_that_is_too_large_is_refused(agency: Agency) -> None:
    answer = post(agency, agency.tokens["Eve"], "search_memories", {"query": "a" * 2_000_000})
    assert answer.status_code == 413


def test_the_program_needs_a_token_that_is_valid(agency: Agency) -> None:
    for env, says in (({}, "for whom"), ({"ADDENDA_TOKEN": "addenda_nonsense"}, "unknown or was revoked")):
        outcome = as_process("mcp", "--kb", str(agency.ours), env=env)
        assert outcome.code == 1
        assert outcome.out == ""
        assert says in outcome.err


def request(tool: str, arguments: dict[str, object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def post(
    agency: Agency, token: str, tool: str, arguments: dict[str, object], *, path: str = "", **headers: str
) -> httpx2.Response:
    """One request as it goes over the wire."""
    sent = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream", **headers}
    sent["MCP-Protocol-Version"] = "2025-06-18"
    return httpx2.post(agency.url + path, json=request(tool, arguments), headers=sent)
