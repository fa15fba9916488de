"""When answers are lost, a server is busy, dies or is of another version: nothing happens twice, and it is said so."""

# ruff: noqa: ANN401 (one face for two clients)

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addenda.client import AsyncClient, Client
from addenda.client.steps import error_named
from addenda.errors import Conflict, InvalidInput, MissingDependency, ServerUnavailable
from addenda.types import Fact
from tests.client.between import Between, between
from tests.client.ways import client
from tests.surfaces.http.serving import Desk, serving


@pytest.fixture
def lossy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    monkeypatch.setattr("addenda.client.steps.FIRST_PAUSE", 0.01)
    with between(desk.address) as made:
        yield made


def of(lossy: Between, desk: Desk, way: str, who: str = "editor") -> Any:
    return client(way, lossy.address, token=desk.tokens[who], kb="ours")


def fact(name: str) -> Fact:
    return Fact(subject=name, relation="noise level", object="41 dB")


def test_a_proposal_whose_answer_was_lost_is_made_once(lossy: Between, desk: Desk, way: str) -> None:
    lossy.faults += ["lose", "refuse", "busy"]
    with of(lossy, desk, way) as editor:
        made = editor.propose(fact(f"Lost {way}"))
        assert made.duplicate_of is None
        assert len({key for _, _, key in lossy.seen}) == 1
        assert len(lossy.seen) == 4
        assert [one.id for one in editor.list(search=f"Lost {way}")] == [made.id]
        other = editor.propose(fact(f"Lost {way} too"))
        assert other.id != made.id
        assert lossy.seen[-1][2] != lossy.seen[0][2]


def test_a_decision_whose_answer_was_lost_is_not_sent_again(lossy: Between, desk: Desk, way: str) -> None:
    with of(lossy, desk, way) as editor, of(lossy, desk, way, "approver") as approver:
        seen = editor.show(editor.propose(fact(f"Decided {way}")).id)
        lossy.faults.append("lose")
        with pytest.raises(ServerUnavailable, match="not known whether it was carried out"):
            approver.approve(seen)
        assert sum(path.endswith("/approve") for _, path, _ in lossy.seen) == 1
        assert approver.show(seen.id).status == "approved"


def test_reading_is_tried_again_and_given_up(lossy: Between, desk: Desk, way: str) -> None:
    with of(lossy, desk, way, "viewer") as viewer:
        lossy.faults += ["refuse", "busy", "lose"]
        assert viewer.me().name == "the viewer"
        lossy.seen.clear()
        lossy.faults += ["refuse"] * 4
        with pytest.raises(ServerUnavailable, match="gave no answer"):
            viewer.me()
        assert len(lossy.seen) == 4


def test_a_job_is_followed_again_when_its_stream_breaks(lossy: Between, desk: Desk, way: str) -> None:
    with of(lossy, desk, way) as editor, of(lossy, desk, way, "approver") as approver:
        made = editor.propose(fact(f"Followed {way}")).id
        approver.approve(made)
        job = approver.activate([made])
        lossy.faults += ["refuse", "busy", "lose"]
        assert job.wait().active == (made,)
        assert sum(path.endswith("/events") for _, path, _ in lossy.seen) == 4


def test_where_events_do_not_come_through_a_job_is_looked_at(
    lossy: Between, desk: Desk, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addenda.client.working.POLL", 0.05)
    go = threading.Event()
    told: list[tuple[str, int, int]] = []

    def work(moved: Any) -> dict[str, object]:
        moved("waiting", 1, 2)
        go.wait(30)
        return {"kind": "test", "passed": [], "failed": ["x"]}

    def seen(phase: str, done: int, total: int) -> None:
        told.append((phase, done, total))
        go.set()

    begun = desk.hosting.get("ours").kb.jobs.submit("test", "the editor", work)  # type: ignore[arg-type]
    with of(lossy, desk, way) as editor:
        job = editor.job(begun.id)
        with pytest.raises(TimeoutError, match="it goes on"):
            job.wait(timeout=0.3)
        lossy.streams = False
        result = job.wait(progress=seen)
        assert result.model_extra == {"passed": [], "failed": ["x"]}
        assert told[0] == ("waiting", 1, 2)
        with pytest.raises(Conflict):
            job.cancel()


def test_a_server_that_dies_is_waited_for_and_then_named(tmp_path: Path, way: str) -> None:
    begun = threading.Event()

    def work(moved: Any) -> dict[str, object]:
        begun.set()
        while True:
            moved("waiting", 1, 2)

    with serving(tmp_path) as desk:
        made = desk.hosting.get("ours").kb.jobs.submit("test", "the editor", work)  # type: ignore[arg-type]
        assert begun.wait(30)
        asking = client(way, desk.address, token=desk.tokens["editor"], kb="ours")
        editor = asking.__enter__()
        job = editor.job(made.id)
        desk.hosting.get("ours").kb.jobs.cancel(made.id)
    # The server is gone.
    with pytest.raises(ServerUnavailable, match=r"127\.0\.0\.1:\d+ cannot be reached"):
        job.wait(patience=0.5)
    with pytest.raises(ServerUnavailable, match="check the address"):
        editor.me()
    asking.__exit__(None, None, None)


def test_a_server_of_another_version_is_understood_as_far_as_it_goes(lossy: Between, desk: Desk, way: str) -> None:
    def later(body: Any) -> Any:
        if isinstance(body, dict):
            body = {**body, "added_later": {"x": 1}}
            for one in body.get("addenda", []):
                one |= {"status": "quarantined", "content": {"kind": "picture", "bytes": 3}, "added_later": True}
        return body

    with of(lossy, desk, way) as editor:
        made = editor.propose(fact(f"Later {way}")).id
        lossy.alter = later
        [one] = editor.list(search=f"Later {way}")
        assert (one.id, one.status, one.content) == (made, "quarantined", {"kind": "picture", "bytes": 3})
        assert editor.me().name == "the editor"
        lossy.alter = lambda _: ["something else"]
        with pytest.raises(ServerUnavailable, match="no server of Addenda that this client understands"):
            editor.me()
    assert error_named("a-later-problem", 409) is Conflict
    assert error_named("addenda-error", 418) is InvalidInput
    assert error_named("unheard-of", 500) is ServerUnavailable


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_without_the_extra_it_says_what_to_install(
    kind: type[Client | AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(__import__("sys").modules, "addenda.client.wire", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "httpx2", None)
    with pytest.raises(MissingDependency, match=r"addenda\[remote\]"):
        kind("http://127.0.0.1:8331")
