"""The whole life of a change over HTTP: proposed, decided with If-Match, made live by jobs, taken back, erased."""

from __future__ import annotations

import csv
import io
import json
import threading
from pathlib import Path

import pytest

from addenda.knowledge_base.replies import ids_for
from tests.surfaces.http.serving import FACT, KB, Desk, ended, serving

SHEET = "Product,Attribute,New value\nVelmor Qint,noise level,44 dB\nVelmor Zool,noise level,#REF!\n"


def fact(subject: str, value: str = "41 dB") -> dict[str, object]:
    return {**FACT, "subject": subject, "object": value}


def test_a_change_from_proposal_to_erasure(desk: Desk) -> None:
    first, second = desk.propose(fact("Life One"), fact("Life Two"), tags=["spring"])
    with desk.client("approver") as approver, desk.client("admin") as admin:
        listed = approver.get(f"{KB}/addenda", params={"tag": "spring", "status": "proposed"})
        assert [one["id"] for one in listed.json()["addenda"]] == [second, first]
        approved = approver.post(
            f"{KB}/addenda/approve", json={"ids": [first, second]}, headers={"If-Match": listed.headers["ETag"]}
        )
        assert {one["status"] for one in approved.json()["addenda"]} == {"approved"}
        tested = ended(approver, approver.post(f"{KB}/jobs/test", json={"ids": [first, second]}))
        assert (tested["state"], set(tested["result"]["passed"])) == ("done", {first, second})
        live = ended(approver, approver.post(f"{KB}/jobs/activate", json={"all": True, "tags": ["spring"]}))
        assert set(live["result"]["active"]) == {first, second}
        shown = approver.get(f"{KB}/addenda/{first[:10]}")
        assert shown.json()["status"] == "active"
        assert [one["memory"] for one in shown.json()["deliveries"]] == ["triples"]
        assert all(one["digest"] for one in shown.json()["deliveries"])
        query = {"subject": "Life One", "relation": "noise level"}
        assert approver.post(f"{KB}/triples/query", json=query).json()["names"] == ["41 dB"]
        off = approver.post(f"{KB}/addenda/{first}/disable", json={}, headers={"If-Match": shown.headers["ETag"]})
        assert approver.post(f"{KB}/triples/query", json=query).json()["names"] == []
        on = approver.post(f"{KB}/addenda/{first}/enable", json={}, headers={"If-Match": off.headers["ETag"]})
        gone = admin.post(
            f"{KB}/addenda/{first}/erase", json={"reason": "asked for"}, headers={"If-Match": on.headers["ETag"]}
        )
        assert [one["memory"] for one in gone.json()["receipts"]] == ["triples"]
        assert approver.get(f"{KB}/addenda/{first}").json()["content"] is None
        kinds = [one["kind"] for one in approver.get(f"{KB}/addenda/{first}/history").json()["events"]]
        assert kinds == [
            "proposed",
            "approved",
            "gate_judged",
            "activating",
            "delivered",
            "disabled",
            "enabled",
            "erased",
        ]
        back = approver.post(
            f"{KB}/addenda/{second}/rollback",
            json={"reason": "wrong"},
            headers={"If-Match": approver.get(f"{KB}/addenda/{second}").headers["ETag"]},
        )
        assert back.json()["addenda"][0]["status"] == "retired"


def test_what_moved_is_not_decided_about(desk: Desk) -> None:
    [moved] = desk.propose(fact("Moving Thing"))
    with desk.client("approver") as approver:
        seen = approver.get(f"{KB}/addenda/{moved}").headers["ETag"]
        without = approver.post(f"{KB}/addenda/{moved}/approve", json={})
        assert (without.status_code, without.json()["type"]) == (428, "urn:addenda:problem:precondition-required")
        assert approver.post(
            f"{KB}/addenda/{moved}/review", json={"reason": "unclear"}, headers={"If-Match": seen}
        ).is_success
        for path, body in ((f"{moved}/approve", {}), ("approve", {"ids": [moved]})):
            stale = approver.post(f"{KB}/addenda/{path}", json=body, headers={"If-Match": seen})
            assert (stale.status_code, stale.json()["type"]) == (412, "urn:addenda:problem:moved")
        assert approver.get(f"{KB}/addenda/{moved}").json()["status"] == "needs_review"
    with desk.client("admin") as admin:
        stale = admin.put(f"{KB}/policy", json={"policy": {"rules": []}}, headers={"If-Match": seen})
        assert stale.status_code == 412
        assert admin.get(f"{KB}/policy").json()["policy"]["rules"] != []


def test_a_request_sent_again_is_carried_out_once(desk: Desk) -> None:
    body = {"addenda": [{"content": fact("Sent Twice")}]}
    with desk.client() as editor:
        answers = [editor.post(f"{KB}/addenda", json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert answers[1].headers["Idempotency-Replayed"] == "true"
        other = {"addenda": [{"content": fact("Something Else")}]}
        refused = editor.post(f"{KB}/addenda", json=other, headers={"Idempotency-Key": "one"})
        assert (refused.status_code, "new key" in refused.json()["detail"]) == (422, True)
        job = [editor.post(f"{KB}/jobs/test", json={"all": True}, headers={"Idempotency-Key": "job"}) for _ in range(2)]
        assert job[0].status_code == job[1].status_code
    with desk.client("admin") as admin:
        added = {"name": "Mia", "roles": ["viewer"]}
        given = [admin.post(f"{KB}/people", json=added, headers={"Idempotency-Key": "mia"}) for _ in range(2)]
        assert given[0].json()["token"].startswith("addenda_")
        assert given[1].json() == {**given[0].json(), "token": None}


def test_a_proposal_whose_answer_was_lost_in_a_crash_is_found_again(desk: Desk) -> None:
    body = {"addenda": [{"content": fact("Lost Answer")}], "reason": "", "dry_run": False}
    with desk.client() as editor:
        first = editor.post(f"{KB}/addenda", json=body, headers={"Idempotency-Key": "lost"})
        replies = desk.hosting.get("ours").kb.replies
        # As a process leaves it that was killed between the proposal and its answer.
        with replies._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE replies SET status = NULL, body = NULL, runner = 'dead' WHERE key = 'lost'"
            )
        again = editor.post(f"{KB}/addenda", json=body, headers={"Idempotency-Key": "lost"})
        assert (again.status_code, again.json()["outcomes"]) == (201, first.json()["outcomes"])
        found = editor.get(f"{KB}/addenda", params={"search": "Lost Answer"}).json()["addenda"]
        assert len(found) == 1
    assert len(ids_for("a", "b", "c", 3)) == len(set(ids_for("a", "b", "c", 3))) == 3


def test_a_proposer_withdraws_their_own_and_nobody_elses(desk: Desk) -> None:
    [own], [other] = desk.propose(fact("Mine")), desk.propose(fact("Theirs"), who="admin")
    with desk.client("editor") as editor:
        for made, status in ((other, 403), (own, 200)):
            tag = editor.get(f"{KB}/addenda/{made}").headers["ETag"]
            withdrawn = editor.post(f"{KB}/addenda/{made}/reject", json={"reason": "no"}, headers={"If-Match": tag})
            assert withdrawn.status_code == status
    with desk.client("approver") as approver:
        assert approver.put(f"{KB}/people/Ana/roles", json={"roles": []}).status_code == 403
    with desk.client("admin") as admin:
        weaker = admin.patch(f"{KB}/thresholds", json={"thresholds": {"says_it": 0.0}}).json()
        stricter = admin.patch(f"{KB}/thresholds", json={"thresholds": {"says_it": 0.5}}).json()
        assert (weaker["in_force"], stricter["in_force"]) == (True, True)
        waiting = admin.patch(f"{KB}/thresholds", json={"thresholds": {"says_it": 0.0}}).json()["waiting"]
        assert admin.post(f"{KB}/waiting/{waiting}/confirm", json={}).status_code == 403
    with desk.client("approver") as approver:
        assert [one["id"] for one in approver.get(f"{KB}/waiting").json()["waiting"]] == [waiting]
        assert approver.post(f"{KB}/waiting/{waiting}/confirm", json={"reason": "fine"}).status_code == 200
        assert approver.get(f"{KB}/thresholds").json()["thresholds"]["says_it"] == 0.0


def test_lists_are_read_page_by_page_while_others_write(desk: Desk) -> None:
    ids = desk.propose(*(fact(f"页 {n}") for n in range(5)), source="pages")
    with desk.client("viewer") as viewer:
        seen, cursor = [], None
        while True:
            params = {"source": "pages", "limit": "2", **({"cursor": cursor} if cursor else {})}
            page = viewer.get(f"{KB}/addenda", params=params).json()
            seen += [one["id"] for one in page["addenda"]]
            cursor = page["next"]
            desk.propose(fact(f"more {len(seen)}"), source="pages too")
            if cursor is None:
                break
        assert seen == ids[::-1]
        assert viewer.get(f"{KB}/addenda", params={"cursor": "%%"}).status_code == 422
        events = viewer.get(f"{KB}/events", params={"limit": "3"}).json()
        assert ([one["position"] for one in events["events"]], events["next"]) == ([1, 2, 3], 3)
        assert "token_hash" not in viewer.get(f"{KB}/events", params={"limit": "100"}).text


@pytest.mark.parametrize(("words", "count"), [("静かな運転", 1), ("운전", 1), ("静運", 0)])
def test_search_finds_words_of_every_script(desk: Desk, words: str, count: int) -> None:
    quiet = {"kind": "edit", "prompt": "音は?", "target": "静かな運転 운전"}
    with desk.client() as editor:
        editor.post(f"{KB}/addenda", json={"addenda": [{"content": quiet}]})
        assert len(editor.get(f"{KB}/addenda", params={"search": words}).json()["addenda"]) == count


def test_a_sheet_is_previewed_row_by_row_and_then_proposed(desk: Desk) -> None:
    file = {"file": ("changes.csv", SHEET.encode(), "text/csv")}
    with desk.client() as editor:
        before = editor.get(f"{KB}/head").json()["position"]
        seen = editor.post(f"{KB}/imports/preview", files=file).json()
        assert [row["cell"] for row in seen["rows"]] == ["C2"]
        assert [(one["severity"], one["cell"]) for one in seen["problems"] if one["severity"] == "refused"] == [
            ("refused", "C3")
        ]
        assert editor.get(f"{KB}/head").json()["position"] == before
        done = ended(editor, editor.post(f"{KB}/imports", files=file))
        assert (done["state"], len(done["result"]["proposed"])) == ("done", 1)
        strict = ended(editor, editor.post(f"{KB}/imports", files=file, data={"strict": "true"}))
        assert (strict["state"], strict["problem"]["type"]) == ("failed", "urn:addenda:problem:invalid-input")
        sheet = editor.get(f"{KB}/exports/csv", params={"source": "changes.csv"})
        rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
        assert "Velmor Qint" in rows[1]
        assert editor.get(f"{KB}/exports/xlsx").content[:2] == b"PK"
        assert editor.post(f"{KB}/imports", files={"file": ("x.exe", b"MZ", "text/csv")}).status_code == 422


def test_a_job_can_be_cancelled_and_is_remembered_after_a_restart(tmp_path: Path) -> None:
    begun = threading.Event()
    with serving(tmp_path) as desk:
        jobs = desk.hosting.get("ours").kb.jobs

        def work(told: object) -> dict[str, object]:
            begun.set()
            while True:
                told("waiting", 1, 2)  # type: ignore[operator]

        job = jobs.submit("test", "the editor", work)  # type: ignore[arg-type]
        assert begun.wait(30)
        with desk.client("viewer") as viewer:
            assert viewer.post(f"{KB}/jobs/{job.id}/cancel").status_code == 403
        with desk.client("editor") as editor:
            assert editor.get(f"{KB}/jobs/{job.id}").json()["state"] == "running"
            assert editor.post(f"{KB}/jobs/{job.id}/cancel").json()["cancelling"]
            with editor.stream("GET", f"{KB}/jobs/{job.id}/events") as stream:
                last = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")][-1]
            assert last["state"] == "cancelled"
            assert editor.post(f"{KB}/jobs/{job.id}/cancel").status_code == 409
        with jobs._database.write() as connection:  # as a killed server leaves one
            connection.exec_driver_sql("UPDATE jobs SET state = 'running', runner = 'dead', ended_at = NULL")
        tokens = desk.tokens
    with serving(tmp_path, fresh=False) as desk:
        desk.tokens = tokens
        with desk.client("viewer") as viewer:
            assert viewer.get(f"{KB}/jobs/{job.id}").json()["state"] == "interrupted"


def test_an_erasure_reaches_kept_replies_and_jobs(desk: Desk) -> None:
    body = {"addenda": [{"content": fact("Secret Recipe", "13 dB")}]}
    with desk.client() as editor, desk.client("admin") as admin:
        made = editor.post(f"{KB}/addenda", json=body, headers={"Idempotency-Key": "secret"})
        made = made.json()["outcomes"][0]["id"]
        tag = admin.get(f"{KB}/addenda/{made}").headers["ETag"]
        gone = admin.post(f"{KB}/addenda/{made}/erase", json={"reason": "asked for"}, headers={"If-Match": tag})
        assert gone.status_code == 200, gone.text
    with desk.hosting.get("ours").kb.replies._database.read() as connection:
        kept = connection.exec_driver_sql("SELECT body FROM replies").scalars().all()
    assert not any(made in (body or "") for body in kept)
