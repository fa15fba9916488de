"""What is refused: the exit code, the message, and that nothing was written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from addenda.knowledge_base import KnowledgeBase
from tests.surfaces.cli.desk import Desk, in_process
from tests.tiny import save_tiny


@pytest.fixture
def crowd(desk: Desk) -> Desk:
    """Seventeen proposals, so that at least two ids begin alike."""
    lines = [f"Product {n},noise level,{n + 1} dB" for n in range(17)]
    file = desk.directory / "crowd.csv"
    file.write_text("\n".join(["Product,Attribute,New value", *lines]))
    assert desk.json("import", str(file), by="Ana")["proposed"] == 17
    return desk


def test_a_prefix_that_fits_two_is_refused_and_names_them(crowd: Desk) -> None:
    ids = [one["id"] for one in crowd.json("list")["addenda"]]
    twice = next(first for first in {i[0] for i in ids} if sum(i.startswith(first) for i in ids) > 1)
    for call in (["show", twice], ["history", twice], ["approve", twice], ["rollback", twice]):
        done = crowd.run(*call, "--json", by=None if call[0] in {"show", "history"} else "Ben")
        assert (done.code, done.error["type"]) == (2, "UnknownId")
        assert "fits" in done.error["message"]


@pytest.mark.parametrize("wanted", ["ffffffffffffffffffff", "xyz", ""])
def test_an_unknown_id_is_a_usage_error(desk: Desk, wanted: str) -> None:
    desk.proposed()
    for call in (["show"], ["approve"], ["activate"], ["disable"], ["expire"], ["reject", "--reason", "x"]):
        assert desk.run(*call, wanted, by="Ben" if call != ["show"] else None).code == 2


def test_nobody_approves_their_own(desk: Desk) -> None:
    made = desk.json("propose", "Orbin", "price", "3 EUR", by="Ben")["id"]
    head = desk.head()
    for extra in ([], ["--dry-run"]):
        done = desk.run("approve", made, "--json", *extra, by="Ben")
        assert (done.code, done.error["type"]) == (1, "PermissionDenied")
    assert desk.head() == head


def test_roles_are_kept(living: tuple[Desk, str]) -> None:
    desk, live = living
    made = desk.proposed("3 EUR", "Orbin", "price")
    head = desk.head()
    calls = {
        "Ana": [["approve", made], ["approve", made, "--dry-run"]],
        "Ben": [
            ["erase", live, "--reason", "x"],
            ["erase", live, "--reason", "x", "--dry-run"],
            ["person", "add", "Dan", "--role", "editor"],
            ["policy", "set", "--nobody"],
        ],
    }
    for by, refused in calls.items():
        for call in refused:
            done = desk.run(*call, "--json", by=by)
            assert (done.code, done.error["type"]) == (1, "PermissionDenied"), call
    assert desk.head() == head


def test_the_state_must_allow_it(desk: Desk) -> None:
    made = desk.proposed()
    head = desk.head()
    for command in ("activate", "test", "disable", "enable", "rollback"):
        done = desk.run(command, made, "--json", by="Ben")
        assert (done.code, done.error["type"]) == (3, "Conflict"), command
        if command in {"disable", "enable", "rollback"}:
            assert desk.run(command, made, "--dry-run", by="Ben").code == 3
    assert desk.head() == head


@pytest.mark.parametrize(
    "call",
    [
        ["approve"],
        ["approve", "--all", "abc"],
        ["approve", "--tag", "x"],
        ["approve", "--all", "--status", "great"],
        ["list", "--status", "great"],
        ["list", "--limit", "-1"],
        ["propose", "Orbin", "price"],
        ["propose"],
        ["propose", "a", "b", "c", "--note", "d"],
        ["propose", "--prompt", "only half"],
        ["propose", "", "price", "3 EUR"],
        ["propose", "Orbin", "noise level", "loud"],
        ["propose", "Or\u200bbin", "price", "3 EUR"],
        ["propose", "Orbin", "price", "3 EUR", "--valid-from", "soon"],
        ["propose", "Orbin", "price", "3 EUR", "--valid-from", "2030-01-02", "--valid-until", "2029-01-01"],
        ["propose", "Orbin", "price", "3 EUR", "--trust", "blind"],
        ["reject", "abc"],
        ["reject", "abc", "--reason", " "],
        ["person", "add", "Dan"],
        ["person", "add", "Dan", "--role", "king"],
        ["person", "add", "!", "--role", "editor"],
        ["person", "roles", "Ben"],
        ["person", "roles", "Nobody Here", "--role", "editor"],
        ["person", "revoke", "Nobody Here"],
        ["policy", "set"],
        ["policy", "set", "--nobody", "--one-reviewer"],
        ["policy", "set", "--file", "/nonexistent.json"],
        ["setting", "confirm", "abc"],
        ["setting", "drop", ""],
        ["threshold", "set", "kindness", "1"],
        ["threshold", "set", "wordings", "2"],
        ["relation", "declare"],
        ["relation", "declare", "price", "--type", "vibes"],
        ["relation", "declare", "price", "--question", "no placeholder"],
        ["suite", "add", " "],
        ["suite", "remove", "none"],
    ],
)
def test_input_that_cannot_be_used_is_exit_code_2_and_writes_nothing(desk: Desk, call: list[str]) -> None:
    head = desk.head()
    done = desk.run(*call, "--json", by="Ana" if call[0] != "list" else None)
    assert done.code == 2, done
    assert done.error["message"]
    assert desk.head() == head


def test_writing_needs_a_token_and_an_unknown_one_is_refused(desk: Desk, tmp_path: Path) -> None:
    nobody = desk.run("propose", "Orbin", "price", "3 EUR", "--json")
    assert (nobody.code, nobody.error["type"]) == (1, "PermissionDenied")
    assert "ADDENDA_TOKEN_FILE" in nobody.error["message"]
    stranger = tmp_path / "stranger.token"
    stranger.write_text("addenda_not-a-token\n")
    stranger.chmod(0o600)
    unknown = in_process("propose", "a", "b", "c", "--kb", desk.kb, "--token-file", str(stranger))
    assert unknown.code == 1
    assert "addenda_not-a-token" not in unknown.err
    assert in_process("propose", "a", "b", "c", "--kb", desk.kb, "--token-file", str(tmp_path / "none")).code == 2


def test_the_token_also_comes_from_the_environment_and_an_open_file_is_warned_about(desk: Desk) -> None:
    file = Path(desk.token("Ana"))
    token = file.read_text().strip()
    call = ["propose", "Orbin", "price", "3 EUR", "--kb", desk.kb, "--dry-run"]
    assert in_process(*call, env={"ADDENDA_TOKEN": token}).code == 0
    quiet = in_process(*call, env={"ADDENDA_TOKEN_FILE": str(file)})
    assert (quiet.code, "chmod" in quiet.err) == (0, False)
    file.chmod(0o644)
    loud = in_process(*call, env={"ADDENDA_TOKEN_FILE": str(file)})
    assert (loud.code, "chmod 600" in loud.err) == (0, True)


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    made = desk.proposed()
    head = desk.head()
    for call in (["approve", made], ["reject", made, "--reason", "x"], ["propose", "Orbin", "price", "3 EUR"]):
        assert desk.json(*call, "--dry-run", by="Ben")["dry_run"] is True
    assert desk.head() == head


def test_a_dry_run_of_taking_back_and_governing_writes_nothing(living: tuple[Desk, str], tmp_path: Path) -> None:
    desk, live = living
    waiting = desk.approved("3 EUR", "Orbin", "price")
    head = desk.head()
    by_ben = [["disable", live], ["rollback", live], ["expire", live], ["test", waiting], ["activate", waiting]]
    by_ana = [
        ["erase", live, "--reason", "x"],
        ["person", "add", "Dan", "--role", "editor", "--new-token-file", str(tmp_path / "dan.token")],
        ["person", "roles", "Ben", "--none"],
        ["person", "token", "Ben"],
        ["person", "revoke", "Ben"],
        ["person", "revoke", "Ben", "--id", "abc"],
        ["person", "link", "Ben", "--issuer", "https://login.example.org", "--subject", "1"],
        ["policy", "set", "--nobody"],
        ["threshold", "set", "wordings", "1"],
        ["relation", "declare", "size"],
        ["suite", "add", "Who?"],
    ]
    for by, calls in (("Ben", by_ben), ("Ana", by_ana)):
        for call in calls:
            assert desk.json(*call, "--dry-run", by=by)["dry_run"] is True, call
    assert desk.head() == head
    assert not (tmp_path / "dan.token").exists()


def test_init_refuses_what_is_no_model_and_leaves_no_token_behind(tiny_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    (broken / "model.safetensors").unlink()
    token = tmp_path / "ana.token"
    kb = tmp_path / "kb"
    for model in (broken, tmp_path / "none", tiny_model / "config.json"):
        call = ["init", "--admin", "Ana", "--model", str(model), "--kb", str(kb), "--token-file", str(token), "--json"]
        done = in_process(*call)
        assert (done.code, done.error["type"]) == (1, "ModelUnavailable")
        assert not token.exists()
        assert in_process(*call, "--dry-run").code == 1
    assert "no weights" in in_process("init", "--admin", "A", "--model", str(broken), "--kb", str(kb)).err


def test_init_makes_a_knowledge_base_once(tiny_model: Path, tmp_path: Path) -> None:
    call = ["init", "--admin", "Ana", "--model", str(tiny_model), "--kb", str(tmp_path / "kb"), "--json"]
    planned = in_process(*call, "--dry-run")
    assert planned.json["dry_run"] is True
    assert not (tmp_path / "kb").exists()
    made = in_process(*call)
    assert made.json["token"].startswith("addenda_")
    again = in_process(*call)
    assert (again.code, again.error["type"]) == (2, "InvalidInput")
    file = tmp_path / "other.token"
    kept = in_process(*call[:-2], str(tmp_path / "kb2"), "--json", "--token-file", str(file))
    assert kept.json["token"] is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("addenda_")
    with KnowledgeBase.open(tmp_path / "kb2") as opened:
        assert opened.authenticate(file.read_text().strip()).name == "Ana"
    assert in_process(*call[:-2], str(tmp_path / "kb3"), "--token-file", str(file)).code == 2
    assert not (tmp_path / "kb3").exists()


def test_another_model_is_refused(living: tuple[Desk, str], tmp_path: Path) -> None:
    desk, _ = living
    other = save_tiny(tmp_path / "other", seed=1)
    for call in (["ask", "Who?"], ["verify", "--rebuild"], ["explain"]):
        done = desk.run(*call, "--model", str(other), "--json")
        assert done.code in {1, 2}, call
    assert desk.run("ask", "Who?", "--model", str(other), "--json").error["type"] == "ModelMismatch"
    waiting = desk.approved("3 EUR", "Orbin", "price")
    assert desk.run("test", waiting, "--model", str(other), by="Ben").code == 1
    assert desk.status(waiting) == "approved"


def test_no_knowledge_base_says_so(tmp_path: Path) -> None:
    done = in_process("list", "--kb", str(tmp_path), "--json")
    assert (done.code, done.error["type"]) == (2, "UnknownId")
    assert "init" in done.error["message"]


def test_a_damaged_database_is_no_fault_of_the_software(desk: Desk) -> None:
    for file in Path(desk.kb).glob("ledger.sqlite3*"):
        file.unlink()
    (Path(desk.kb) / "ledger.sqlite3").write_text("not a database at all, but long enough to look at")
    done = desk.run("list", "--json")
    assert (done.code, done.error["type"]) == (2, "UnreadableFile")


def test_usage_errors_are_json_too() -> None:
    for call in (["list", "--colour"], ["lisst"], ["show"], ["list", "--limit", "many"]):
        done = in_process(*call, "--json")
        assert (done.code, done.error["type"]) == (2, "UsageError")
    assert in_process("list", env={"ADDENDA_KBB": "x"}).code == 2


def test_a_policy_file_that_is_none_is_refused_by_its_field(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"rules": [{"name": "x", "approval": "sometimes"}]}))
    done = desk.run("policy", "set", "--file", str(file), by="Ana")
    assert done.code == 2
    assert "rules.0.approval" in done.err
