"""The command line against a server: the same words and exit codes as in a folder, and what cannot be asked there."""

from __future__ import annotations

import json
from pathlib import Path

from tests.surfaces.cli.desk import as_process, in_process
from tests.surfaces.cli.there_and_here import Both

SHEET = "Product,Attribute,New value\n{name},noise level,44 dB\n{name},height,#REF!\n"


def test_a_change_lives_on_a_server_as_in_a_folder(both: Both) -> None:
    made = both.proposed("Life There")
    assert both.there("propose", "Life There", "noise level", "41 dB", by="editor").out.startswith("already there as")
    assert both.there("approve", made, by="editor").code == 1
    assert both.json("approve", made[:8], "--dry-run", by="approver") == {"dry_run": True, "ids": [made]}
    assert both.json("approve", "--all", by="approver")["approved"] == [made]
    assert both.there("approve", "--all", by="approver").out == "nothing waits for your approval\n"
    assert both.json("test", made, by="approver")["passed"] == [made]
    assert both.json("activate", "--all", by="approver")["active"] == [made]
    assert both.json("read", "Life There", "noise level")["names"] == ["41 dB"]
    assert both.json("disable", made, by="approver") == {"dry_run": False, "disabled": [made]}
    refused = both.there("disable", made, by="approver")
    assert (refused.code, "it is disabled" in refused.err) == (3, True)
    assert refused.err == both.here("disable", made, by="approver").err
    assert both.json("enable", made, by="approver")["enabled"] == [made]
    later = both.json("expire", made, "--at", "2999-01-01", by="approver")
    assert later == {"dry_run": False, "expired": [made], "until": "2999-01-01T00:00:00Z"}
    gone = both.json("erase", made, "--reason", "asked for", "--yes", by="admin")
    assert [one["memory"] for one in gone["receipts"]] == ["triples"]


def test_both_ways_say_the_same(both: Both) -> None:
    first, second = both.proposed("Same One"), both.proposed("Same Two", "39 dB")
    both.json("approve", first, by="approver")
    both.json("activate", first, by="approver")
    both.json("reject", second, "--reason", "no", by="approver")
    for arguments in (
        ("list", "--source", "cli"),
        ("list", "--status", "active", "--limit", "1"),
        ("list", "--search", "静か"),
        ("show", first),
        ("history", first[:10]),
        ("read", "Same One", "noise level"),
        ("read", "Nobody", "noise level"),
        ("show", "ffff"),
        ("list", "--status", "liv"),
        ("disable", second),
        ("disable", first, "--dry-run"),
        ("erase", first, "--reason", "x", "--dry-run"),
    ):
        for form in ((), ("--json",)):
            who = "approver" if arguments[0] in {"disable", "erase"} else "viewer"
            there, here = both.there(*arguments, *form, by=who), both.here(*arguments, *form, by=who)
            assert there == here, arguments


def test_an_answer_is_asked_for_and_explained(both: Both) -> None:
    asked = both.json("ask", "How loud is Velmor Tasky?", "--memories", "none")
    local = both.here("ask", "How loud is Velmor Tasky?", "--memories", "none", "--json").json
    assert asked.keys() == local.keys()
    assert asked["trace"].keys() == local["trace"].keys()
    assert (asked["text"], asked["matches"]) == (local["text"], local["matches"])
    explained = both.json("explain", asked["id"])
    assert explained.keys() == both.here("explain", local["id"], "--json").json.keys()
    assert both.there("explain").code == 2
    refused = both.there("ask", "How loud?", "--executive", "scripted")
    assert (refused.code, "--executive is for a folder" in refused.err) == (2, True)


def test_files_go_in_and_out(both: Both, tmp_path: Path) -> None:
    sheets = {}
    for name in ("there", "here"):
        sheets[name] = tmp_path / f"{name}.csv"
        sheets[name].write_text(SHEET.format(name=f"Sheet {name}"))
    seen = both.there("import", str(sheets["there"]), "--dry-run", "--json", by="editor").json
    assert (seen["dry_run"], seen["proposed"]) == (True, 1)
    there = both.there("import", str(sheets["there"]), "--json", by="editor").json
    here = both.here("import", str(sheets["here"]), "--json", by="editor").json
    assert there.keys() == here.keys()
    counts = ("proposed", "duplicates", "superseding", "refused", "flagged", "problems")
    assert [there[name] for name in counts] == [here[name] for name in counts]
    assert both.json("show", there["rows"][0]["id"])["says"] == "noise level of Sheet there: 44 dB"
    strict = both.there("import", str(sheets["there"]), "--strict", by="editor")
    assert (strict.code, "--strict was given" in strict.err) == (2, True)
    for suffix in ("csv", "json"):
        for way, run in (("a", both.there), ("b", both.here)):
            written = run("export", str(tmp_path / f"{way}.{suffix}"), "--source", "there.csv")
            assert (written.code, written.out[:17]) == (0, "1 addenda written")
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    assert both.json("export", str(tmp_path / "c.xlsx"), "--dry-run")["addenda"] >= 1
    assert not (tmp_path / "c.xlsx").exists()


def test_what_is_refused_says_what_to_do(both: Both) -> None:
    two = in_process("list", "--url", both.url, "--kb", both.kb)
    assert (two.code, "give one of them" in two.err) == (2, True)
    env = {"ADDENDA_URL": both.url, "ADDENDA_TOKEN_FILE": both.token("viewer")}
    assert in_process("list", "--json", env=env).json == both.json("list")
    assert in_process("list", "--kb", both.kb, "--json", env=env).json["total"] == both.json("list")["total"]
    twice = in_process("list", env={**env, "ADDENDA_KB": both.kb})
    assert (twice.code, "unset one" in twice.err) == (2, True)
    nobody = in_process("list", "--url", both.url)
    assert (nobody.code, "nobody without a token" in nobody.err) == (1, True)
    for command in (["init", "--admin", "Ana"], ["mcp"]):
        folder = in_process(*command, env=env)
        assert (folder.code, "name the folder, with --kb DIR" in folder.err) == (2, True), folder
    option = in_process("train", "read", "--url", both.url)
    assert (option.code, "learns from files on this machine" in option.err) == (2, True)
    away = in_process("list", "--url", "http://127.0.0.1:9", "--token-file", both.token("viewer"), "--json")
    assert (away.code, away.error["type"]) == (1, "ServerUnavailable")
    clear = in_process("list", "--url", "http://addenda.example.com", "--token-file", both.token("viewer"))
    assert (clear.code, "in the clear" in clear.err) == (2, True)


def test_a_process_works_on_a_server(both: Both) -> None:
    env = {"ADDENDA_URL": both.url, "ADDENDA_TOKEN_FILE": both.token("editor")}
    made = as_process("propose", "Process", "noise level", "40 dB", "--json", env=env)
    assert made.code == 0, made
    shown = as_process("show", made.json["id"], "--json", env=env)
    assert json.loads(shown.out)["says"] == "noise level of Process: 40 dB"
