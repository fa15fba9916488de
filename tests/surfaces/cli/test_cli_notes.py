"""From a file of observations to an answer that goes by a learned note, as somebody does it in a shell."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from openpyxl import Workbook

from addenda.memories.notes.cases import to_line
from addenda.surfaces.describing import says
from addenda.types import Note
from benchmarks.notes_minds import Flaw, Mind
from tests.chat_server import ChatServer, Turn
from tests.memories.notes.tables import NAMES, rule, watched
from tests.surfaces.cli.desk import Desk

HIDDEN = [rule("brosk is dar and quel is lom", "zim"), rule("trune is dar", "fep"), rule("", "gor")]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.made(tmp_path_factory.mktemp("noting"), Path("bundled"))


@pytest.fixture
def desk(bundled: Desk, tmp_path: Path) -> Desk:
    return bundled.copied(tmp_path / "desk")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(to_line, watched(HIDDEN, 120, random.Random(1)))))
    return path


def test_from_a_file_to_an_answer(desk: Desk, log: Path) -> None:
    assert desk.run("notes").out == "there are no live notes\n"
    (batch,) = desk.json("observe", str(log), by="Ana")["batches"]
    assert (batch["observations"], batch["with_feedback"]) == (120, 120)
    assert desk.json("observe", str(log), by="Ana")["batches"][0]["duplicate_of"] == batch["id"]
    assert desk.json("learn", "--dry-run", by="Ana")["learned"][0]["kind"] == "add"
    shown = desk.run("learn", by="Ana")
    assert "brosk is dar and quel is lom: the answer is zim" in shown.out
    assert "addenda approve --all --tag learned" in shown.err
    assert desk.json("learn", by="Ana")["learned"][0]["waited_already"]
    ids = desk.json("approve", "--all", "--tag", "learned", by="Ben")["approved"]
    assert desk.json("activate", "--all", by="Ben")["active"] == ids
    assert desk.run("ask", "brosk is dar and quel is lom?").out == "zim\n"
    (first, *_), listed = desk.json("notes")["notes"], desk.run("notes").out
    assert (first["applies_when"], first["rule"]) == ("brosk is dar and quel is lom", "the answer is zim")
    assert (first["contradicting"], first["author"]) == (0, "rule learner")
    assert first["observations_for"][0].startswith(batch["id"])
    assert f"{first['supporting']} of {first['supporting']} observations" in listed
    shown = desk.run("show", first["id"]).out
    assert "the answer is zim" in shown
    assert f"{batch['id']}/" in shown
    explained = desk.json("explain")
    assert [(one["addendum_id"], one["changed_answer"]) for one in explained["matches"] if one["injected"]] == [
        (first["id"], True)
    ]


def test_a_spreadsheet_of_observations(desk: Desk, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*NAMES, "answer", "right"])
    for one in watched(HIDDEN, 60, random.Random(2)):
        sheet.append([*one.attributes.values(), one.answer, one.right])
    path = tmp_path / "log.xlsx"
    book.save(path)
    (batch,) = desk.json("observe", str(path), by="Ana")["batches"]
    assert batch["observations"] == batch["with_feedback"] == 60
    assert desk.json("learn", "--dry-run", by="Ana")["learned"]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.jsonl", '{"answer": "x"}', "a.jsonl, line 1: a case needs attributes or a text"),
        ("a.jsonl", "", "a.jsonl has no observations"),
        ("a.csv", "fault,right\nheat,yes\n", "a.csv: row 1 of the table has no column `answer`"),
        ("a.csv", "fault,answer,right\nheat,replace,perhaps\n", "a.csv, C2: 'perhaps' says neither yes nor no"),
        ("a.csv", "fault,answer,right\nheat,replace,yes,more\n", "a.csv, D2: this column has no name"),
        ("a.csv", "fault,answer,right\nheat,=1+1,yes\n", "a.csv, B2"),
        ("a.csv", "fault,answer,right\nheat,,yes\n", "a.csv, A2: answer"),
    ],
)
def test_what_is_no_observation_is_refused_with_its_place(
    desk: Desk, tmp_path: Path, name: str, text: str, wanted: str
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / name
    good.write_text('{"text": "x", "answer": "y", "right": true}')
    bad.write_text(text)
    done = desk.run("observe", str(good), str(bad), "--json", by="Ana")
    assert done.code == 2
    assert wanted in done.error["message"]
    assert desk.json("list")["total"] == 0


def test_what_came_of_an_answer_is_said_by_its_id(desk: Desk) -> None:
    given = desk.json("ask", "fault is no heat?")
    (batch,) = desk.json("observe", "--answer", given["trace"]["id"][:9], "--wrong", "--tag", "shop", by="Ana")[
        "batches"
    ]
    assert (batch["observations"], batch["with_feedback"], batch["right"]) == (1, 1, 0)
    (again,) = desk.json("observe", "--answer", "latest", "--right", by="Ana")["batches"]
    assert again["right"] == 1
    shown = desk.run("show", batch["id"]).out
    assert '{"attributes":{"fault":"no heat"}' in shown
    assert '"right":false' in shown
    assert "observations, shop" in shown


@pytest.mark.parametrize(
    "arguments", [[], ["--answer", "latest"], ["--right"], ["a.jsonl", "--answer", "latest", "--right"]]
)
def test_files_or_an_answer(desk: Desk, arguments: list[str]) -> None:
    done = desk.run("observe", *arguments, "--json", by="Ana")
    assert (done.code, "give files, or --answer ID" in done.error["message"]) == (2, True)


def test_a_proposal_that_takes_a_rule_back_does_not_read_like_the_rule() -> None:
    note = Note(rule="the answer is replace", applies_when="fault is no heat")
    assert says(note) == "fault is no heat: the answer is replace"
    assert says(note.model_copy(update={"withdrawn": True})) == "no longer: fault is no heat: the answer is replace"


def test_nothing_to_learn_from_is_said(desk: Desk) -> None:
    done = desk.run("learn", "--json", by="Ana")
    assert (done.code, done.error["type"]) == (2, "InvalidInput")
    assert "none of 0 observations" in done.error["message"]


def test_learning_and_observing_need_somebody(desk: Desk, log: Path) -> None:
    assert desk.run("observe", str(log)).code == 1
    assert desk.run("learn").code == 1
    assert desk.run("observe", str(log), "--trust", "blind", by="Ana").code == 2


def test_notes_at_odds_are_shown_beside_each_other(desk: Desk) -> None:
    for answer in ("replace", "repair"):
        rule_words = f"the answer is {answer}"
        desk.json("propose", "--note", rule_words, "--applies-when", "fault is no heat", by="Ana")
    ids = desk.json("approve", "--all", by="Ben")["approved"]
    for made in ids:
        desk.json("activate", made, by="Ben")
    later, earlier = desk.json("notes")["notes"]
    # Of two notes in one place the later one is tried first.
    assert (later["id"], later["contradicts"]) == (ids[1], [ids[0]])
    assert (earlier["id"], earlier["contradicts"]) == (ids[0], [ids[1]])
    assert desk.run("ask", "fault is no heat?").out == "repair\n"


def test_a_person_is_told_what_a_note_contradicts_and_can_replace_it(desk: Desk) -> None:
    words = ("propose", "--note", "the answer is zim", "--applies-when", "brosk is dar")
    first = desk.json(*words, "--place", "3", by="Ana")["id"]
    desk.run("approve", first, by="Ben")
    desk.run("activate", first, by="Ben")
    other = ("propose", "--note", "the answer is fep", "--applies-when")
    (warning,) = desk.json(*other, "Brosk is dar", "--dry-run", by="Ana")["warnings"]
    assert warning.startswith(f"{first} says otherwise under the same conditions")
    (warning,) = desk.json(*other, "brosk is dar and quel is lom", "--dry-run", by="Ana")["warnings"]
    assert f"it comes before {first}" in warning
    (warning,) = desk.json(*other, "quel is lom", "--place", "4", "--dry-run", by="Ana")["warnings"]
    assert f"it comes after {first}" in warning
    made = desk.json(*other, "brosk is dar", "--replaces", first[:6], by="Ana")
    assert (made["warnings"], [old["id"] for old in made["supersedes"]]) == ([], [first])
    desk.run("approve", made["id"], by="Ben")
    desk.run("activate", made["id"], by="Ben")
    assert [note["id"] for note in desk.json("notes")["notes"]] == [made["id"]]
    assert "is superseded" in desk.run(*other, "x is y", "--replaces", first, by="Ana").err
    assert "--replaces is for --note" in desk.run("propose", "a", "b", "c", "--replaces", first, by="Ana").err


def mind(flaw: Flaw = "none") -> ChatServer:
    """A server with a model that learns notes, or spoils them."""
    thinking = Mind(flaw)
    return ChatServer(answering=lambda request: Turn(thinking.say(request.body["messages"][1]["content"])))


def test_a_language_model_learns_and_is_named(desk: Desk, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    desk.json("observe", str(log), by="Ana")
    with mind() as server:
        model = f"{server.url}#mind"
        arguments = ["learn", "--model", model, "--batch", "40", "--accumulate", "1", "--prompt-tokens", "9000"]
        assert desk.json(*arguments, "--dry-run", by="Ana")["learned"]
        shown = desk.run(*arguments, by="Ana")
    assert "brosk is dar and quel is lom: the answer is zim" in shown.out
    assert model in shown.out
    assert len(server.requests) == 12
    ids = desk.json("approve", "--all", "--tag", "learned", by="Ben")["approved"]
    desk.json("activate", "--all", by="Ben")
    assert desk.run("ask", "brosk is dar and quel is lom?").out == "zim\n"
    assert {one["author"] for one in desk.json("notes")["notes"]} == {model}
    with mind("starts anew") as server:
        arguments = ["learn", "--model", f"{server.url}#other", "--batch", "40", "--latest", "40"]
        spoilt = desk.json(*arguments, by="Ana")
        assert "not taken (about" in desk.run(*arguments, by="Ana").out
    assert spoilt["learned"] == []
    assert {one["kind"] for one in spoilt["rejected"]} >= {"retire"}
    with mind("malformed") as server:
        done = desk.run("learn", "--model", f"{server.url}#other", "--batch", "40", "--latest", "40", by="Ana")
    assert "came to nothing" in done.err
    assert "the notes fit" not in done.out
    assert len(desk.json("notes")["notes"]) == len(ids)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--batch", "4"], "give --model as well"),
        (["--prompt-tokens", "400"], "give --model as well"),
        (["--model", "bundled"], "'bundled' cannot learn notes"),
        (["--model", "http://127.0.0.1:9/v1"], "does not say which model"),
    ],
)
def test_how_a_model_is_asked_needs_one_that_can_be_asked(
    desk: Desk, log: Path, arguments: list[str], wanted: str
) -> None:
    desk.json("observe", str(log), by="Ana")
    done = desk.run("learn", *arguments, "--json", by="Ana")
    assert (done.code, wanted in done.error["message"]) == (2, True)
    assert desk.json("list", "--tag", "learned")["total"] == 0
