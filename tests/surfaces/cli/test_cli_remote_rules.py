"""People, tokens, rules, evidence and the audit of a server, with the words and exit codes of a folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.client.between import between
from tests.surfaces.cli.desk import in_process
from tests.surfaces.cli.there_and_here import Both

ACCOUNT = ("--issuer", "https://login.example.org", "--subject", "account WAY")
CASES = '{"attributes": {"fault": "no heat", "way": "WAY"}, "answer": "replace", "right": true}\n'


def test_people_and_their_tokens(both: Both) -> None:
    both.agree("person", "add", "Mia WAY", "--role", "viewer", "--role", "editor", "--dry-run")
    both.agree("person", "add", "Mia WAY", "--role", "viewer", "--role", "editor")
    both.agree("person", "roles", "Mia WAY", "--role", "editor", "--reason", "moved")
    both.agree("person", "token", "Mia WAY", "--label", "nightly", "--role", "editor", "--expires", "2199-12-31")
    both.agree("person", "token", "Mia WAY", "--agent", "bot")
    both.agree("person", "token", "Mia WAY", "--expires", "90d", "--dry-run")
    both.agree("person", "link", "Mia WAY", *ACCOUNT, "--role", "editor")
    both.agree("person", "link", "Mia WAY", *ACCOUNT, code=3)
    both.agree("person", "list")
    both.agree("person", "tokens")
    listed = both.agree("person", "tokens", "Mia WAY")
    assert listed.out.count('"agent": "bot"') == 1
    assert listed.out.count('"issuer": "https://login.example.org"') == 1
    both.agree("person", "revoke", "Mia WAY", "--dry-run")
    both.agree("person", "revoke", "Mia WAY", "--id", "ffff", code=2)
    for way, run in (("wayfar", both.there), ("waynear", both.here)):
        ids = [one["id"] for one in both.json("person", "tokens", f"Mia {way}", by="admin")["tokens"]]
        gone = run("person", "revoke", f"Mia {way}", "--id", ids[-1][:6], "--json", by="admin").json
        assert (gone["revoked"], gone["id"]) == (1, ids[-1])
        assert run("person", "revoke", f"Mia {way}", by="admin").out == f"{len(ids) - 1} tokens of Mia {way} revoked\n"


def test_a_token_made_on_a_server_is_kept_in_a_file_and_good_there(both: Both, tmp_path: Path) -> None:
    file = tmp_path / "new.token"
    added = both.json("person", "add", "Filed", "--role", "viewer", "--new-token-file", str(file), by="admin")
    assert (added["token"], added["token_file"], file.stat().st_mode & 0o777) == (None, str(file), 0o600)
    mine = in_process("person", "tokens", "--url", both.url, "--token-file", str(file), "--json").json
    assert [one["name"] for one in mine["tokens"]] == ["Filed"]
    failed = tmp_path / "failed.token"
    again = both.there("person", "add", "Filed", "--role", "viewer", "--new-token-file", str(failed), by="admin")
    assert again.code != 0
    assert not failed.exists()
    tried = both.there("person", "token", "Filed", "--dry-run", "--new-token-file", str(failed), by="admin")
    assert (tried.code, failed.exists()) == (0, False)


def test_a_token_whose_answer_was_lost_is_not_taken_for_one(both: Both, tmp_path: Path) -> None:
    file = tmp_path / "lost.token"
    with between(both.desk.address) as lossy:
        lossy.faults.append("lose")
        where = ["--url", f"{lossy.address}#ours", "--token-file", both.token("admin")]
        lost = in_process("person", "token", "spare", "--new-token-file", str(file), *where, "--json")
    assert (lost.code, lost.error["type"]) == (1, "ServerUnavailable")
    assert "revoke the lost one" in lost.error["message"]
    assert not file.exists()


def test_the_rules(both: Both, tmp_path: Path) -> None:
    both.agree("policy", "show")
    both.agree("policy", "set", "--one-reviewer", "--dry-run")
    both.agree("policy", "set", "--one-reviewer")
    both.agree("threshold", "show")
    both.agree("threshold", "set", "wordings", "0.25")
    both.agree("threshold", "set", "wordings", "0.25", "--dry-run")
    both.agree("threshold", "set", "loudness", "0.5", code=2)
    questions = ("--question", "How wide is {subject}?", "--gate-question", "Width of {subject}?")
    both.agree("relation", "declare", "width WAY", *questions, "--type", "quantity", "--unit", "cm", "--dry-run")
    both.agree("relation", "declare", "width WAY", *questions, "--type", "quantity", "--unit", "cm")
    both.agree("relation", "declare", "width WAY", "--unit", "mm")
    both.agree("relation", "show", "width WAY")
    both.agree("relation", "show", "smell/taste")
    both.agree("relation", "list")
    both.agree("relation", "declare", "width", "--type", "colour", code=2)
    file = tmp_path / "relation.json"
    file.write_text(json.dumps({**both.json("relation", "show", "width wayfar"), "name": "depth"}))
    both.agree("relation", "declare", "--file", str(file))
    both.agree("suite", "add", "How loud is WAY?", "--id", "q-WAY", "--expect", "Silent.")
    both.agree("suite", "list")
    both.agree("suite", "remove", "q-WAY", "--dry-run")
    both.agree("suite", "remove", "nothing", code=2)


def test_what_weakens_the_rules_waits_there_too(both: Both) -> None:
    both.agree("suite", "add", "Is WAY there?", "--id", "w-WAY")
    both.agree("suite", "remove", "w-WAY")
    both.agree("setting", "list")
    waiting = [one["id"] for one in both.json("setting", "list")["waiting"]]
    assert len(waiting) == 4
    own = both.there("setting", "confirm", waiting[0], by="admin")
    assert (own.code, own) == (1, both.here("setting", "confirm", waiting[0], by="admin"))
    assert both.there("policy", "show").err == both.here("policy", "show").err != ""
    assert (
        both.there("setting", "confirm", waiting[0], "--dry-run", by="approver").out == f"would confirm {waiting[0]}\n"
    )
    assert both.json("setting", "confirm", waiting[0][:9], by="approver")["confirmed"] == waiting[0][:9]
    assert both.there("setting", "drop", waiting[1], by="approver").out == f"{waiting[1]} is dropped\n"
    both.agree("setting", "drop", "none", by="approver", code=2)
    for one in waiting[2:]:
        assert both.here("setting", "drop", one, by="approver").code == 0


def test_the_chain_is_checked(both: Both, tmp_path: Path) -> None:
    both.agree("head")
    both.agree("verify")
    file = tmp_path / "head"
    assert both.there("head", "--file", str(file)).code == 0
    assert both.json("verify", "--head", str(file))["against"] == file.read_text().strip()
    both.agree("verify", "--head", str(file), "--rebuild")
    both.agree("verify", "--head", str(tmp_path / "none"), code=2)
    position = file.read_text().split()[1]
    file.write_text(f"addenda-head {position} sha256:{'0' * 64}\n")
    both.agree("verify", "--head", str(file), code=1)


def test_what_came_of_answers(both: Both, tmp_path: Path) -> None:
    for name in ("wayfar", "wayfarj", "waynear", "waynearj"):
        (tmp_path / f"{name}.jsonl").write_text(CASES.replace("WAY", name) * 2)
    file = str(tmp_path / "WAY.jsonl")
    both.agree("observe", file, "--trust", "low", "--tag", "service", "--dry-run", by="editor")
    made = both.agree("observe", file, "--trust", "low", "--tag", "service", by="editor")
    both.agree("observe", file, by="editor")
    assert '"observations": 2' in made.out
    both.agree("observe", file, by="viewer", code=1)
    both.agree("observe", file, "--trust", "blind", by="editor", code=2)
    asked = both.json("ask", "fault is no heat", "--memories", "none")["id"]
    both.agree("observe", "--answer", asked, "--wrong", "--dry-run", by="editor")
    first = both.json("observe", "--answer", asked[:10], "--wrong", "--tag", "service", by="editor")["batches"][0]
    assert both.json("show", first["id"])["tags"] == ["observations", "service"]
    assert (first["source"], first["right"]) == (f"answer {asked}", 0)
    again = both.agree("observe", "--answer", asked, "--wrong", by="editor")
    assert '"duplicate_of": "ID"' in again.out
    latest = both.there("observe", "--answer", "latest", "--wrong", by="editor")
    assert (latest.code, "answers of everybody" in latest.err) == (2, True)
    assert both.here("observe", "--answer", "latest", "--wrong", "--dry-run", by="editor").code == 0


def test_the_notebook(both: Both) -> None:
    for rule in ("the answer is replace", "the answer is repair"):
        made = both.json("propose", "--note", rule, "--applies-when", "fault is no heat", by="editor")["id"]
        both.json("approve", made, by="approver")
        both.json("activate", made, by="approver")
    both.agree("notes")
    listed = both.json("notes")["notes"]
    assert [len(one["contradicts"]) for one in listed] == [1, 1]
    assert "no observations" in both.there("notes").out or "of" in both.there("notes").out


def test_names_are_entered_into_an_index(both: Both) -> None:
    both.agree("reindex", "--dry-run")
    both.agree("reindex", "--entity-threshold", "0.5", "--reason", "names differ more")
    both.agree("reindex", "--entity-threshold", "7", code=2)
    both.agree("reindex", by="editor", code=1)


@pytest.mark.parametrize("by", ["viewer", "editor", "agent"])
def test_who_may_not_rule_is_refused_in_the_same_words(both: Both, by: str) -> None:
    for arguments in (
        ("person", "add", "Eve", "--role", "viewer"),
        ("person", "roles", "spare", "--role", "editor"),
        ("person", "token", "spare"),
        ("person", "link", "spare", *ACCOUNT),
        ("person", "revoke", "spare"),
        ("person", "revoke", "spare", "--id", "ffff"),
        ("policy", "set", "--nobody"),
        ("threshold", "set", "wordings", "0.5"),
        ("relation", "declare", "depth of WAY", "--unit", "cm"),
        ("suite", "add", "Who?", "--id", "who"),
    ):
        both.agree(*arguments, by=by, code=1)
    refused = both.there("person", "tokens", "spare", by=by)
    assert (refused.code, "may not see the tokens of 'spare'" in refused.err) == (1, True)
    own = both.json("person", "tokens", by=by)["tokens"]
    assert len(own) == 1


def test_bad_input_is_refused_before_a_server_is_asked(both: Both) -> None:
    nowhere = ("--url", "http://127.0.0.1:9", "--token-file", both.token("admin"))
    for arguments in (
        ("person", "add", "Eve"),
        ("person", "add", "Eve", "--role", "king"),
        ("person", "roles", "Eve"),
        ("person", "token", "Eve", "--expires", "soon"),
        ("policy", "set"),
        ("suite", "add", " "),
        ("relation", "declare"),
        ("observe",),
    ):
        refused = in_process(*arguments, *nowhere)
        assert (refused.code, refused.out) == (2, ""), refused
        assert "127.0.0.1" not in refused.err
    both.agree("person", "roles", "Nobody", "--role", "editor", code=2)
    both.agree("person", "tokens", "Nobody", code=2)
    model = both.there("verify", "--model", "bundled")
    assert (model.code, "--model is for a folder" in model.err) == (2, True)
    away = in_process("person", "list", *nowhere, "--json")
    assert (away.code, away.error["type"]) == (1, "ServerUnavailable")


def test_a_token_that_expired_or_is_unknown_is_refused(both: Both, tmp_path: Path) -> None:
    kb = both.desk.hosting.get("ours").kb
    admin = kb.authenticate(both.desk.tokens["admin"])
    until = datetime.now(UTC) + timedelta(milliseconds=300)
    brief = str(kb.governance.issue_token("Ana", by=admin, expires_at=until).token)
    while datetime.now(UTC) < until:
        pass
    for text in (brief, "addenda_nonsense"):
        file = tmp_path / "old.token"
        file.touch(0o600)
        file.write_text(text)
        refused = in_process("person", "list", "--url", both.url, "--token-file", str(file))
        assert (refused.code, "has expired or was revoked" in refused.err) == (1, True), refused
        assert text not in refused.err
    nobody = in_process("person", "list", "--url", both.url)
    assert (nobody.code, "nobody without a token" in nobody.err) == (1, True)


def test_a_server_of_another_version(both: Both) -> None:
    with between(both.desk.address) as other:
        where = ("--url", f"{other.address}#ours", "--token-file", both.token("admin"))

        def older(body: dict[str, object]) -> dict[str, object]:
            return {name: value for name, value in body.items() if name != "trusted_sources"}

        def later(body: dict[str, object]) -> dict[str, object]:
            return {**body, "policy": {"rules": [], "quorum": 3}, "colour": "blue"}

        other.alter = older
        assert in_process("policy", "show", *where, "--json").json == both.json("policy", "show")
        other.alter = lambda body: {**body, "added_later": 1}
        assert in_process("person", "list", *where, "--json").json == both.json("person", "list")
        other.alter = later
        for command in (("policy", "show"), ("relation", "show", "noise level")):
            refused = in_process(*command, *where)
            assert (refused.code, "bring this client up to date" in refused.err) == (2, True), refused
