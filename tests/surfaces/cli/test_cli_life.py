"""The life of a change on the command line: every command that moves an addendum, and what it says."""

from __future__ import annotations

from tests.surfaces.cli.desk import Desk

QUESTION = "How loud is Velmor Tasky?"


def test_a_change_is_proposed_approved_tested_and_live_and_an_answer_can_be_explained(desk: Desk) -> None:
    made = desk.proposed()
    assert desk.status(made) == "proposed"
    assert desk.json("approve", made[:8], by="Ben") == {
        "dry_run": False,
        "approved": [made],
        "waiting": [],
        "needs_review": [],
    }
    tested = desk.json("test", "--all", by="Ben")
    assert (tested["passed"], tested["failed"]) == ([made], [])
    assert tested["report"]["results"][0]["addendum_id"] == made
    assert desk.status(made) == "tested"
    activated = desk.json("activate", "--all", by="Ben")
    assert (activated["active"], activated["superseded"], activated["report"]) == ([made], [], None)

    answer = desk.json("ask", QUESTION)
    assert answer["text"] == "41 dB"
    assert [(m["addendum_id"], m["injected"], m["cited"]) for m in answer["matches"]] == [(made, True, True)]
    explained = desk.json("explain", answer["id"][:8])
    assert explained["matches"][0]["changed_answer"] is True
    assert explained["matches"][0]["text_without"] == explained["without_memories"] != "41 dB"
    assert explained["matches"][0]["source"] == "cli"

    kinds = [event["kind"] for event in desk.json("history", made)["events"]]
    assert kinds == ["proposed", "approved", "gate_judged", "activating", "delivered"]


def test_a_superseding_change_replaces_and_its_rollback_brings_the_old_value_back(living: tuple[Desk, str]) -> None:
    desk, old = living
    proposal = desk.json("propose", "Velmor Tasky", "noise level", "39 dB", by="Ana")
    assert proposal["supersedes"] == [{"id": old, "says": "noise level of Velmor Tasky: 41 dB"}]
    desk.run("approve", "--all", by="Ben")
    assert desk.json("activate", "--all", by="Ben")["superseded"] == [old]
    assert desk.status(old) == "superseded"
    assert desk.json("ask", QUESTION)["text"] == "39 dB"
    assert desk.json("rollback", proposal["id"], by="Ben") == {"dry_run": False, "rolled_back": [proposal["id"]]}
    assert desk.status(proposal["id"]) == "retired"
    assert desk.json("ask", QUESTION)["text"] == "41 dB"
    rebuilt = desk.json("verify", "--rebuild")
    assert rebuilt["ok"]
    assert [check["name"] for check in rebuilt["checks"]] == ["ledger", "artefacts", "rebuild"]


def test_disable_and_enable(living: tuple[Desk, str]) -> None:
    desk, live = living
    assert desk.json("disable", live, "--reason", "in doubt", by="Ben")["disabled"] == [live]
    assert desk.json("show", live)["last_reason"] == "in doubt"
    assert desk.json("ask", QUESTION)["matches"] == []
    assert desk.json("enable", live, by="Ben")["enabled"] == [live]
    assert desk.json("ask", QUESTION)["text"] == "41 dB"


def test_expire_now_and_later(living: tuple[Desk, str]) -> None:
    desk, live = living
    later = desk.json("expire", live, "--at", "2999-01-01", by="Ben")
    assert later == {"dry_run": False, "expired": [live], "until": "2999-01-01T00:00:00Z"}
    assert desk.json("show", live)["holds_until"] == "2999-01-01T00:00:00Z"
    assert desk.status(live) == "active"
    desk.json("expire", live, by="Ben")
    assert desk.status(live) == "expired"
    assert desk.json("ask", QUESTION)["matches"] == []


def test_erase_leaves_who_and_when(living: tuple[Desk, str]) -> None:
    desk, live = living
    erased = desk.json("erase", live, "--reason", "a person asked for it", "--yes", by="Ana")
    assert erased["erased"] == [live]
    assert [(r["memory"], len(r["destroyed"])) for r in erased["receipts"]] == [("edits", 1)]
    shown = desk.json("show", live)
    assert (shown["status"], shown["content"], shown["says"]) == ("erased", None, "(erased)")
    assert shown["author"] == "Ana"
    assert desk.json("list")["addenda"][0]["says"] == "(erased)"
    assert "a person asked for it" in desk.run("history", live).out


def test_reject_tells_why(desk: Desk) -> None:
    made = desk.proposed()
    assert desk.json("reject", made, "--reason", "no source", by="Cho")["rejected"] == [made]
    assert desk.json("show", made)["last_reason"] == "no source"
    assert desk.status(made) == "rejected"


def test_what_fails_the_gate_stays_behind_with_its_reason(desk: Desk) -> None:
    desk.json("suite", "add", "What is it?", "--expect", "never said by this model", by="Ana")
    good = desk.approved()
    desk.json("threshold", "set", "wordings", "1.0", by="Ana")
    done = desk.run("activate", good, by="Ben")
    assert done.code == 4
    assert "0 live" in done.out
    assert "in other wordings it is right 0 of 1 times" in done.err
    assert "never said by this model" in done.err
    shown = desk.json("show", good)
    assert shown["status"] == "gate_failed"
    assert shown["gate"]["passed"] is False
    tested = desk.json("test", good, by="Ben", code=4)
    assert tested["failed"] == [good]


def test_what_moved_goes_back_to_review(living: tuple[Desk, str]) -> None:
    desk, old = living
    made = desk.proposed("38 dB")
    desk.run("disable", old, by="Ben")
    desk.run("enable", old, by="Ben")
    sent_back = desk.json("approve", made, by="Ben", code=3)
    assert sent_back["needs_review"] == [made]
    assert desk.json("approve", made, by="Ben")["approved"] == [made]


def test_all_leaves_out_ones_own_and_those_approved_already(desk: Desk) -> None:
    desk.run("propose", "Velmor Tasky", "noise level", "41 dB", "--tag", "delicate", by="Ana")
    desk.run("propose", "Orbin", "noise level", "40 dB", by="Ben")
    first = desk.json("approve", "--all", by="Ben")
    assert (len(first["waiting"]), first["approved"]) == (1, [])
    assert desk.json("approve", "--all", by="Ben")["waiting"] == []
    second = desk.json("approve", "--all", by="Cho")
    assert len(second["approved"]) == 2


def test_all_can_be_narrowed_and_ids_read_from_stdin(desk: Desk) -> None:
    tagged = desk.json("propose", "Orbin", "price", "31 EUR", "--tag", "spring", "--source", "a.csv", by="Ana")["id"]
    other = desk.proposed()
    assert desk.json("approve", "--all", "--tag", "spring", "--dry-run", by="Ben")["ids"] == [tagged]
    assert desk.json("approve", "--all", "--source", "a.", "--dry-run", by="Ben")["ids"] == [tagged]
    assert desk.json("approve", "--all", "--status", "needs_review", "--dry-run", by="Ben")["ids"] == []
    assert desk.json("approve", "-", by="Ben", given=f"{tagged}\n{other[:9]}\n")["approved"] == [tagged, other]


def test_prompts_notes_and_documents_can_be_proposed(desk: Desk) -> None:
    text = desk.directory / "handbook.txt"
    text.write_text("Doors open at nine.")
    desk.json("propose", "--prompt", "When?", "--answer", "At nine.", "--rephrasing", "What time?", by="Ana")
    desk.json("propose", "--note", "Be brief.", "--applies-when", "on the phone", "--audience", "staff", by="Ana")
    desk.json("propose", "--document", str(text), "--valid-until", "2030-12-31", "--trust", "low", by="Ana")
    document, note, edit = desk.json("list")["addenda"]
    assert edit["content"]["rephrasings"] == ["What time?"]
    assert (note["says"], note["audience"]) == ("on the phone: Be brief.", ["staff"])
    assert (document["says"], document["valid_until"]) == ("document: handbook.txt", "2031-01-01T00:00:00Z")
    assert "Doors open at nine." in desk.run("show", document["id"]).out


def test_the_same_is_not_proposed_twice(desk: Desk) -> None:
    first = desk.proposed()
    head = desk.head()
    again = desk.json("propose", "velmor tasky", "noise level", "41.0 dB", by="Ana")
    assert (again["id"], again["duplicate_of"]) == (None, first)
    assert desk.head() == head
