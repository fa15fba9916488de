"""Listing, searching, showing, exporting, verifying, diagnosing: what reads and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

from addenda.spreadsheets import read_addenda
from tests.surfaces.cli.desk import Desk, in_process


def test_list_is_newest_first_with_a_limit(desk: Desk) -> None:
    ids = [desk.proposed(f"{40 + n} dB", f"Product {n}") for n in range(3)]
    found = desk.json("list", "--limit", "2")
    assert (found["total"], [one["id"] for one in found["addenda"]]) == (3, [ids[2], ids[1]])
    assert len(desk.json("list", "--limit", "0")["addenda"]) == 3
    shown = desk.run("list", "--limit", "2")
    assert "2 of 3" in shown.err
    assert "noise level of Product 2: 42 dB" in shown.out
    assert ids[2][:6] in shown.out


def test_list_filters_by_status_and_search_finds_words_in_any_script(desk: Desk) -> None:
    desk.proposed()
    desk.proposed("70 dB", "製品カタログ")
    desk.proposed("71 dB", "한국 세탁기")

    def said(*arguments: str) -> list[str]:
        return [one["content"]["subject"] for one in desk.json("list", *arguments)["addenda"]]

    assert said("--search", "velmor") == ["Velmor Tasky"]
    assert said("--search", "カタログ") == ["製品カタログ"]
    assert said("--search", "製品") == ["製品カタログ"]
    assert said("--search", "세탁") == ["한국 세탁기"]
    assert said("--search", "品製") == []
    assert said("--status", "active") == []
    assert len(said("--status", "active", "--status", "proposed")) == 3
    assert desk.run("list", "--search", "nothing like it").out == "nothing fits\n"


def test_show_writes_out_joiners_that_nobody_sees(desk: Desk) -> None:
    made = desk.proposed("41 dB", "می\u200cخواهم")
    assert "‹U+200C›" in desk.run("show", made).out
    assert desk.json("show", made)["content"]["subject"] == "می\u200cخواهم"


def test_markup_in_content_is_text(desk: Desk) -> None:
    desk.json("propose", "[bold]Velmor[/bold]", "colour", ":red_circle: [link=x]", by="Ana")
    assert "[bold]Velmor[/bold]: :red_circle: [link=x]" in desk.run("list").out


def test_export_round_trips_and_replaces_nothing_unasked(desk: Desk, tmp_path: Path) -> None:
    made = desk.approved()
    for name in ("all.xlsx", "all.csv"):
        file = tmp_path / name
        assert desk.json("export", str(file)) == {"dry_run": False, "file": str(file), "addenda": 1}
        ((addendum, status),) = read_addenda(file)
        assert (addendum.id, status) == (made, "approved")
    file = tmp_path / "all.json"
    assert desk.run("export", str(file), "--dry-run").code == 0
    assert not file.exists()
    desk.run("export", str(file))
    (one,) = json.loads(file.read_text())["addenda"]
    assert (one["id"], one["status"], one["content"]["object"]) == (made, "approved", "41 dB")
    before = file.read_bytes()
    assert desk.run("export", str(file)).code == 2
    assert file.read_bytes() == before
    assert desk.run("export", str(file), "--force", "--status", "active").code == 0
    assert json.loads(file.read_text())["addenda"] == []
    assert desk.run("export", str(tmp_path / "all.pdf")).code == 2
    assert desk.run("export", str(tmp_path / "missing" / "all.json")).code == 1


def test_an_exported_head_catches_a_ledger_that_was_cut_off(desk: Desk, tmp_path: Path) -> None:
    earlier = desk.copied(tmp_path / "earlier")
    desk.proposed()
    file = tmp_path / "head.txt"
    exported = desk.json("head", "--file", str(file))
    assert file.read_text() == exported["head"] + "\n"
    assert desk.run("head").out == exported["head"] + "\n"
    assert desk.json("verify", "--head", str(file))["against"] == exported["head"]
    cut = earlier.json("verify", "--head", str(file), code=1)
    assert cut["ok"] is False
    assert "cut off" in cut["checks"][0]["detail"]
    assert desk.run("head", "--file", str(file)).code == 2
    assert desk.run("verify", "--head", str(tmp_path / "none.txt")).code == 2
    file.write_text("addenda-head nonsense")
    assert desk.run("verify", "--head", str(file)).code == 2


def test_an_altered_artefact_is_found(living: tuple[Desk, str]) -> None:
    desk, live = living
    digest = desk.json("show", live)["artefacts"]["edits"]
    artefact = Path(desk.kb) / "artifacts" / digest[:2] / digest
    artefact.write_bytes(b"something else")
    found = desk.json("verify", code=1)
    assert [check["ok"] for check in found["checks"]] == [True, False]
    assert digest in found["checks"][1]["detail"]


def test_doctor_finds_nothing_broken_and_says_what_waits(desk: Desk) -> None:
    head = desk.head()
    desk.proposed()
    (Path(desk.kb) / "artifacts" / "incoming" / "left-behind").write_bytes(b"x")
    found = {one["what"]: one for one in desk.json("doctor")["findings"]}
    assert {name: found[name]["level"] for name in ("python", "torch", "model", "writing", "disk", "activations")} == {
        **dict.fromkeys(("python", "torch", "model", "writing", "activations"), "ok"),
        "disk": found["disk"]["level"],
    }
    assert found["approvals"]["level"] == found["leftovers"]["level"] == "warning"
    assert "--tidy" in found["leftovers"]["fix"]
    assert desk.run("doctor", "--tidy").code == 0
    assert head != desk.head()


def test_doctor_names_a_missing_knowledge_base_and_another_model(desk: Desk, tmp_path: Path) -> None:
    missing = in_process("doctor", "--kb", str(tmp_path / "nowhere"), "--json")
    assert missing.code == 1
    assert missing.json["findings"][-1]["level"] == "failed"
    moved = in_process("doctor", "--kb", desk.kb, "--json", env={"ADDENDA_MODEL": str(tmp_path / "gone")})
    assert moved.code == 1
    assert next(one for one in moved.json["findings"] if one["what"] == "model")["level"] == "failed"


def test_reading_needs_no_token(desk: Desk, tmp_path: Path) -> None:
    made = desk.proposed()
    head = desk.head()
    reading = [
        ["list"],
        ["show", made],
        ["history", made],
        ["export", str(tmp_path / "x.csv")],
        ["verify"],
        ["head"],
        ["doctor"],
        ["ask", "Who is it?"],
        ["explain"],
        *(["person", "list"], ["policy", "show"], ["setting", "list"], ["threshold", "show"]),
        *(["relation", "list"], ["relation", "show", "price"], ["suite", "list"]),
    ]
    assert [call for call in reading if desk.run(*call).code != 0] == []
    assert desk.head() == head


def test_ask_says_on_stderr_what_contributed_and_only_the_answer_on_stdout(living: tuple[Desk, str]) -> None:
    desk, live = living
    asked = desk.run("ask", "How loud is Velmor Tasky?")
    assert asked.out == "41 dB\n"
    assert live in asked.err
    assert "addenda explain" in asked.err
    assert desk.run("ask", "-", given="How loud is Velmor Tasky?\n").out == "41 dB\n"
    bare = desk.json("ask", "How loud is Velmor Tasky?", "--memories", "none")
    assert (bare["matches"], bare["trace"]["memories"]) == ([], [])
    assert desk.run("explain", asked.err.split("answer ")[-1][:16]).code == 0


def test_ask_refuses_what_it_cannot_answer(living: tuple[Desk, str]) -> None:
    desk, _ = living
    assert desk.run("ask", " ").code == 2
    assert desk.run("ask", "Who?", "--memories", "dreams").code == 2
    assert desk.run("ask", "Who?", "--as-of", "yesterday").code == 2
    past = desk.run("ask", "Who?", "--as-of", "2020-01-01", "--json")
    assert (past.code, past.error["type"]) == (1, "CannotLookBack")
    assert desk.run("explain", "ffff").code == 2
