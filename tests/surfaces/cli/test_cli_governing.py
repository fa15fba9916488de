"""People, policy, settings that wait, thresholds, relations, the suite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.surfaces.cli.desk import Desk


def test_a_person_gets_a_token_in_a_file_and_can_act(desk: Desk) -> None:
    file = Path(desk.token("Dan"))
    added = desk.json("person", "add", "Dan", "--role", "editor", "--new-token-file", str(file), by="Ana")
    assert (added["in_force"], added["token"], added["token_file"]) == (True, None, str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert desk.run("propose", "Orbin", "price", "3 EUR", by="Dan").code == 0
    people = {person["name"]: person for person in desk.json("person", "list")["people"]}
    assert (people["Dan"]["roles"], people["Dan"]["tokens"]) == (["editor"], 1)
    assert desk.json("person", "revoke", "Dan", by="Dan")["revoked"] == 1
    assert desk.run("propose", "Orbin", "price", "4 EUR", by="Dan").code == 1


def test_a_token_is_printed_once_where_no_file_is_named(desk: Desk) -> None:
    done = desk.run("person", "token", "Ana", by="Ana")
    assert "addenda_" in done.out
    assert "shown this once" in done.err
    assert desk.json("person", "list")["people"][0]["tokens"] == 2


def test_a_failed_addition_leaves_no_token_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "x.token"
    assert desk.run("person", "add", "Ana", "--role", "editor", "--new-token-file", str(file), by="Ana").code != 0
    assert not file.exists()


def test_weakening_waits_for_a_second_person(desk: Desk) -> None:
    done = desk.run("person", "roles", "Ana", "--role", "admin", "--role", "approver", by="Ana")
    assert done.code == 0
    assert "NOT YET in force" in done.out
    (waiting,) = desk.json("setting", "list")["waiting"]
    assert waiting["id"] in done.err
    assert waiting["by"] == "Ana"
    assert "waits" not in desk.run("policy", "show").out
    own = desk.run("setting", "confirm", waiting["id"], by="Ana")
    assert own.code == 1
    assert desk.json("setting", "confirm", waiting["id"][:4], by="Ben")["position"] > 0
    assert "approver" in desk.json("person", "list")["people"][0]["roles"]


def test_a_waiting_change_never_shows_a_token_hash_and_can_be_dropped(desk: Desk) -> None:
    desk.run("person", "add", "Eve", "--role", "approver", by="Ana")
    listed = desk.run("setting", "list")
    assert "Eve" in listed.out
    assert "sha256" not in listed.out + json.dumps(desk.json("setting", "list"))
    waiting = desk.json("setting", "list")["waiting"][0]["id"]
    assert desk.json("setting", "drop", waiting, by="Cho")["dropped"] == waiting
    assert desk.json("setting", "list")["waiting"] == []
    assert "Eve" not in desk.run("person", "list").out


def test_policies_in_words_and_round_trip(desk: Desk, tmp_path: Path) -> None:
    shown = desk.json("policy", "show")
    assert shown["in_words"] == [
        "tagged delicate: two approvers other than the proposer",
        "everything: one approver other than the proposer",
    ]
    assert desk.json("policy", "set", "--nobody", by="Ana")["in_force"] is True
    assert desk.json("policy", "show")["in_words"] == ["anything else: nobody may approve it"]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(shown["policy"]))
    waiting = desk.json("policy", "set", "--file", str(file), by="Ana")["waiting"]
    assert "two approvers" in desk.run("setting", "list").out
    desk.run("setting", "confirm", waiting, by="Ben")
    assert desk.json("policy", "show") == shown


def test_thresholds(desk: Desk) -> None:
    assert desk.json("threshold", "show")["thresholds"] == {
        "says_it": 1.0,
        "wordings": 0.0,
        "unchanged": 1.0,
        "remembered": 0.8,
    }
    assert desk.json("threshold", "set", "wordings", "0.5", by="Ana")["in_force"] is True
    assert desk.json("threshold", "set", "wordings", "0.1", by="Ana")["in_force"] is False
    assert "0.500" in desk.run("threshold", "show").out


def test_relations_are_declared_and_changed(desk: Desk, tmp_path: Path) -> None:
    given = ["--question", "How wide is {subject}?", "--gate-question", "Width of {subject}?"]
    desk.json("relation", "declare", "width", *given, "--type", "quantity", "--unit", "cm", "--about", "box", by="Ana")
    shown = desk.json("relation", "show", "Width")
    assert (shown["templates"], shown["unit"], shown["declared"]) == (["How wide is {subject}?"], "cm", True)
    desk.json("relation", "declare", "width", "--unit", "mm", by="Ana")
    assert desk.json("relation", "show", "width") == {**shown, "unit": "mm"}
    file = tmp_path / "relation.json"
    file.write_text(json.dumps({**shown, "name": "depth"}))
    desk.json("relation", "declare", "--file", str(file), by="Ana")
    assert {"width", "depth"} <= {one["name"] for one in desk.json("relation", "list")["relations"]}
    assert "no; this is what is assumed" in desk.run("relation", "show", "smell").out
    assert desk.json("relation", "declare", "width", "--values", "many", by="Ana")["in_force"] is False
    file.write_text("[1]")
    assert desk.run("relation", "declare", "--file", str(file), by="Ana").code == 2
    file.write_text("{")
    assert desk.run("relation", "declare", "--file", str(file), by="Ana").code == 2


def test_the_suite(desk: Desk) -> None:
    desk.json("suite", "add", "Who are you?", "--id", "who", "--expect", "Nobody.", by="Ana")
    desk.json("suite", "add", "What is new?", by="Ana")
    first, second = desk.json("suite", "list")["questions"]
    assert (first["id"], first["expected"]) == ("who", "Nobody.")
    assert second["expected"] is None
    removal = desk.json("suite", "remove", "who", by="Ana")
    assert removal["in_force"] is False
    desk.run("setting", "confirm", removal["waiting"], by="Ben")
    assert [one["id"] for one in desk.json("suite", "list")["questions"]] == [second["id"]]


def test_a_rule_comes_to_approve_notes_by_itself(desk: Desk, tmp_path: Path) -> None:
    waiting = desk.json("policy", "set", "--one-reviewer", "--autopilot", by="Ana")["waiting"]
    desk.run("setting", "confirm", waiting, by="Ben")
    policy = desk.json("policy", "show")["policy"]
    assert "by itself where at least 90% of a source's notes" in desk.run("policy", "show").out
    policy["rules"][0]["autopilot"] = {"bound": 0.5, "window": 10, "audit": 0.001}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    waiting = desk.json("policy", "set", "--file", str(tmp_path / "policy.json"), by="Ana")["waiting"]
    desk.run("setting", "confirm", waiting, by="Ben")
    assert desk.json("policy", "show")["trusted_sources"] == []

    def note(number: int) -> str:
        words = ("the answer is zim", "--applies-when", f"brosk is {number}")
        return str(desk.json("propose", "--note", *words, "--source", "s", "--tag", "learned", by="Ana")["id"])

    for number in range(4):
        desk.run("approve", note(number), by="Ben")
    (source,) = desk.json("policy", "show")["trusted_sources"]
    assert (source["source"], source["accepted"], source["decisions"]) == ("Ana", 4, 4)
    assert source["by_itself_since"]
    made = note(5)
    assert desk.json("policy", "show")["trusted_sources"][0]["went_by_itself"] == [made]
    assert "approved with no person looking, under rule 'learned notes'" in desk.run("history", made).out
    desk.run("reject", made, "--reason", "wrong", by="Ben")
    (source,) = desk.json("policy", "show")["trusted_sources"]
    assert (source["by_itself_since"], source["dropped_back"]["because_of"]) == (None, made)
    shown = desk.run("policy", "show").out
    assert "no: Ben did not accept" in " ".join(shown.split())


def test_an_autopilot_needs_reviewers(desk: Desk) -> None:
    done = desk.run("policy", "set", "--nobody", "--autopilot", by="Ana")
    assert done.code != 0
    assert "goes with --one-reviewer" in done.err


def test_a_token_is_narrowed_listed_by_its_id_and_revoked_alone(desk: Desk) -> None:
    file = Path(desk.token("nightly"))
    said = desk.run(
        *["person", "token", "Ana", "--label", "nightly import", "--role", "editor", "--expires", "90d"],
        *["--new-token-file", str(file)],
        by="Ana",
    )
    assert "Ana has one more token, only as editor, until " in said.out
    first, narrow = desk.json("person", "tokens", "Ana")["tokens"]
    assert (first["narrowed"], first["expires_at"], first["roles"]) == (False, None, ["admin", "editor"])
    assert (narrow["label"], narrow["roles"], narrow["expired"]) == ("nightly import", ["editor"], False)
    assert "sha256" not in json.dumps([first, narrow])
    listed = desk.run("person", "tokens").out
    assert narrow["id"] in listed
    assert file.read_text().strip() not in listed
    assert desk.run("propose", "Orbin", "price", "3 EUR", by="nightly").code == 0
    assert desk.run("person", "add", "Eve", "--role", "viewer", by="nightly").code == 1
    assert desk.run("person", "token", "Ana", by="nightly").code == 1
    assert desk.run("person", "revoke", "Ana", by="nightly").code == 1
    assert desk.json("person", "revoke", "Ana", "--id", narrow["id"], by="Ana")["id"] == narrow["id"]
    assert desk.run("propose", "Orbin", "price", "4 EUR", by="nightly").code == 1
    assert len(desk.json("person", "tokens", "Ana")["tokens"]) == 1


def test_an_agent_comes_in_by_the_command_line_and_only_proposes(desk: Desk) -> None:
    file = desk.token("bot")
    assert desk.run("person", "token", "Ana", "--agent", "desk bot", "--new-token-file", file, by="Ana").code == 0
    made = desk.json("propose", "Orbin", "price", "3 EUR", by="bot")["id"]
    assert "on behalf of Ana" in desk.run("history", made).out
    assert "model:desk bot (agent of Ana)" in desk.run("history", made).out
    for call in (["approve", made], ["reject", made, "--reason", "x"], ["person", "token", "Ana", "--role", "editor"]):
        refused = desk.run(*call, by="bot")
        assert (refused.code, "a model can only propose" in refused.err) == (1, True), refused
    assert desk.json("approve", made, by="Ben")["approved"] == [made]


@pytest.mark.parametrize("expires", ["", "90", "0d", "soon", "2020-01-01", "-1d"])
def test_a_time_that_is_none_or_past_is_refused(desk: Desk, expires: str) -> None:
    refused = desk.run("person", "token", "Ana", "--expires", expires, by="Ana")
    assert refused.code == 2
    assert len(desk.json("person", "tokens", "Ana")["tokens"]) == 1


def test_a_day_counts_to_its_end(desk: Desk) -> None:
    desk.run("person", "token", "Ana", "--expires", "2199-12-31", by="Ana")
    assert desk.json("person", "tokens", "Ana")["tokens"][1]["expires_at"] == "2200-01-01T00:00:00Z"
    assert desk.run("person", "tokens", "Nobody").code == 2


def test_an_account_is_linked_listed_and_revoked(desk: Desk) -> None:
    account = ["--issuer", "https://login.example.org", "--subject", "8f2c41"]
    assert desk.run("person", "link", "Ana", *account, by="Ben").code == 1
    linked = desk.json("person", "link", "Ana", *account, "--role", "editor", by="Ana")
    assert (linked["in_force"], linked["token"]) == (True, None)
    assert desk.run("person", "link", "Cho", *account, by="Ana").code == 3
    kept = desk.json("person", "tokens", "Ana")["tokens"][1]
    assert (kept["issuer"], kept["label"], kept["roles"]) == (account[1], "account 8f2c41", ["editor"])
    assert "account 8f2c41 at https://login.example.org" in desk.run("person", "tokens").out
    assert desk.json("person", "revoke", "Ana", "--id", kept["id"], by="Ana")["revoked"] == 1
