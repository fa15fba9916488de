"""What holds for every request: who is let in, one shape for problems, headers, limits, health, numbers, the log."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from addenda.errors import InvalidInput, StorageUnavailable
from addenda.settings import Settings
from addenda.surfaces.http.serving import check_listening, listening
from tests.surfaces.http.serving import FACT, KB, Desk, serving


class Two:
    """Lets everybody ask twice."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def wait(self, principal: str) -> float:
        self._counts[principal] = self._counts.get(principal, 0) + 1
        return 7.5 if self._counts[principal] > 2 else 0


def test_every_problem_has_one_shape(desk: Desk) -> None:
    with desk.client() as editor, desk.client(None) as nobody:
        answers = [
            (nobody.get(f"{KB}/addenda"), 401, "unauthorized"),
            (nobody.get(f"{KB}/addenda", headers={"Authorization": "Bearer nonsense"}), 401, "unauthorized"),
            (nobody.get(f"{KB}/addenda", headers={"Authorization": "Basic YTpi"}), 401, "unauthorized"),
            (editor.get(f"{KB}/addenda/ffff"), 404, "unknown-id"),
            (editor.get("/api/v1/nothing"), 404, "not-found"),
            (editor.delete(f"{KB}/addenda"), 405, "method-not-allowed"),
            (editor.post(f"{KB}/addenda", content=b"{"), 422, "invalid-request"),
            (editor.put(f"{KB}/policy", json={"policy": {"rules": []}}), 403, "permission-denied"),
            (editor.get(f"{KB}/addenda", params={"statuss": "active"}), 422, "unknown-parameter"),
        ]
    for answer, status, kind in answers:
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status)
        assert problem["type"] == f"urn:addenda:problem:{kind}"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        assert problem["title"]
        assert problem["detail"]


def test_an_unknown_field_is_named(desk: Desk) -> None:
    with desk.client() as editor:
        draft = {"content": {**FACT, "objekt": "41 dB"}, "tagz": []}
        refused = editor.post(f"{KB}/addenda", json={"addenda": [draft], "dryrun": True}).json()
    assert {one["location"][-1] for one in refused["errors"]} >= {"objekt", "tagz", "dryrun"}


def test_a_foreign_knowledge_base_looks_like_a_missing_one(desk: Desk) -> None:
    with desk.client("editor") as editor:
        foreign = editor.get("/api/v1/kb/theirs/addenda").json()
        missing = editor.get("/api/v1/kb/thairs/addenda").json()
    for problem in (foreign, missing):
        assert (problem["status"], problem["type"]) == (404, "urn:addenda:problem:unknown-id")
    assert foreign["detail"].replace("theirs", "") == missing["detail"].replace("thairs", "")


def test_only_names_and_origins_of_the_server_are_let_in(desk: Desk) -> None:
    port = desk.address.rpartition(":")[2]
    with desk.client() as editor:
        rebound = editor.get("/health", headers={"Host": f"evil.example:{port}"})
        assert (rebound.status_code, rebound.json()["type"]) == (421, "urn:addenda:problem:unknown-host")
        for origin in ("https://evil.example", "null", f"http://localhost:{port}"):
            assert editor.get(f"{KB}/addenda", headers={"Origin": origin}).status_code == 403
        own = editor.get(f"{KB}/addenda", headers={"Origin": desk.address})
        assert own.status_code == 200
        assert not [name for name in own.headers if name.startswith("access-control")]
        assert own.headers["X-Content-Type-Options"] == "nosniff"
        assert own.headers["Cache-Control"] == "no-store"
        assert "server" not in own.headers
        given = editor.get("/health", headers={"X-Request-Id": "mine-1"})
        forged = editor.get("/health", headers={"X-Request-Id": "a b"})
    assert given.headers["X-Request-Id"] == "mine-1"
    assert forged.headers["X-Request-Id"] != "a b"


def test_the_log_names_who_and_where_and_holds_no_secret(desk: Desk) -> None:
    question = "What is the password of the safe?"
    with desk.client("viewer", Cookie="session=crumbs") as viewer:
        viewer.post(f"{KB}/triples/query", json={"relation": "password", "subject": question})
        viewer.get(f"{KB}/addenda", params={"search": question})
        viewer.get(f"{KB}/people/{question}/tokens")
        asked = viewer.post(f"{KB}/answers", json={"question": question, "memories": []})
        assert asked.status_code == 200
    text = desk.log.getvalue()
    told = [json.loads(line) for line in text.splitlines()]
    last = told[-1]
    assert (last["route"], last["status"], last["kb"]) == ("/api/v1/kb/{kb}/answers", 200, "ours")
    assert (last["person"], last["request_id"]) == ("the viewer", asked.headers["X-Request-Id"])
    assert last["position"] > 0
    for secret in (*desk.tokens.values(), "crumbs", "password", "Bearer"):
        assert secret not in text


def test_too_large_and_too_many(tmp_path: Path) -> None:
    with serving(tmp_path, settings=Settings(port=0, max_request_mb=1), limiter=Two()) as desk:
        with desk.client() as editor:
            large = editor.post(f"{KB}/imports/preview", files={"file": ("a.csv", b"x" * (2 << 20), "text/csv")})
            assert (large.status_code, large.headers["Content-Type"]) == (413, "application/problem+json")
            unsaid = editor.post(f"{KB}/addenda", content=(b" " * 65536 for _ in range(32)))
            assert (unsaid.status_code, unsaid.json()["type"]) == (413, large.json()["type"])
            editor.get(f"{KB}/me")
            slowed = editor.get(f"{KB}/me")
            assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "8")
        with desk.client("viewer") as viewer:
            assert viewer.get(f"{KB}/me").status_code == 200


def test_numbers_are_for_this_machine_and_for_admins(desk: Desk) -> None:
    desk.propose({**FACT, "subject": "Counted"})
    with desk.client(None) as local, desk.client("viewer") as viewer, desk.client("admin") as admin:
        local.get("/health")
        text = local.get("/metrics").text
        assert viewer.get("/metrics").status_code == 403
        assert admin.get("/metrics").status_code == 200
    assert 'addenda_http_requests_total{method="GET",route="/health",status="200"}' in text
    assert 'addenda_addenda{kb="ours",status="proposed"}' in text
    assert 'addenda_ledger_position{kb="ours"}' in text
    assert "Velmor" not in text


def test_health_fails_when_writes_fail(tmp_path: Path) -> None:
    with serving(tmp_path) as desk, desk.client(None) as nobody:
        assert nobody.get("/health").json() == {"status": "ok", "writable": 2, "failing": 0}
        artifacts = tmp_path / "ours" / "artifacts"
        for path in sorted(artifacts.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if artifacts.exists():
            artifacts.rmdir()
        artifacts.write_text("a file stands where the folder was")  # for root no folder is read-only
        failing = nobody.get("/health")
        assert (failing.status_code, failing.json()) == (503, {"status": "failing", "writable": 1, "failing": 1})
        assert nobody.get("/health/live").status_code == 200
        artifacts.unlink()
        assert nobody.get("/health").status_code == 200


def test_where_it_may_listen() -> None:
    check_listening(Settings(host="127.0.0.2"))
    check_listening(Settings(host="::1"))
    for host in ("0.0.0.0", "::", "192.168.1.5", "addenda.example.com"):
        with pytest.raises(InvalidInput, match="ADDENDA_PUBLIC"):
            check_listening(Settings(host=host))
        with pytest.raises(InvalidInput, match="ADDENDA_ALLOWED_HOSTS"):
            check_listening(Settings(host=host, public=True))
    check_listening(Settings(host="0.0.0.0", public=True, allowed_hosts="addenda.example.com"))


def test_a_port_in_use_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StorageUnavailable, match=f"port {port} of 127.0.0.1 is in use"):
            listening(Settings(port=port))


def test_an_answer_is_kept_explained_and_judged(desk: Desk) -> None:
    with desk.client("editor") as editor:
        with editor.stream("POST", f"{KB}/answers/stream", json={"question": "How loud is it?"}) as stream:
            told = list(stream.iter_lines())
        assert told[-3] == "event: answer"
        answer = json.loads(told[-2].removeprefix("data: "))
        assert editor.get(f"{KB}/answers/{answer['id'][:8]}").json() == answer
        found = editor.post(f"{KB}/answers/{answer['id']}/explain").json()
        assert found["without_memories"]
        kept = editor.post(f"{KB}/answers/{answer['id']}/feedback", json={"right": False})
        assert kept.status_code == 201
        past = {"question": "How loud is it?", "as_of": "2020-01-01T00:00:00"}
        assert editor.post(f"{KB}/answers", json=past).status_code == 422
