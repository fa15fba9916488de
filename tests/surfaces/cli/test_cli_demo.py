"""The demo from the command line: its chapters, and what does not fit them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.surfaces.cli.desk import in_process

# The model has both skills here, and the library of adapters warns about the second one beside the first.


def test_the_chapter_of_triples_gives_its_card_as_json(tmp_path: Path) -> None:
    done = in_process("demo", "--chapter", "triples", "--directory", str(tmp_path / "demo"), "--json")
    assert done.code == 0, done
    card = done.json
    assert card["documents"] == 4
    assert card["facts_right"] + card["facts_missed"] == card["facts_stated"]
    assert card["right_before"] == 0
    assert card["correction_holds"]
    assert card["rollback_exact"]
    assert card["ledger_verified"]
    assert (tmp_path / "demo" / "report.html").is_file()


def test_the_chapter_of_notes_gives_its_card_as_json(tmp_path: Path) -> None:
    done = in_process("demo", "--chapter", "notes", "--directory", str(tmp_path / "demo"), "--json")
    assert done.code == 0, done
    card = done.json
    assert card["end_with_notes"] > 0.9
    assert card["end_with_notes"] > card["end_all_examples"]
    assert all(card[what] for what in ("corrected", "followed", "rollback_exact", "ledger_verified"))
    assert (tmp_path / "demo" / "report.html").is_file()


def test_the_chapter_of_edits_is_told_without_asking_for_one(tmp_path: Path) -> None:
    done = in_process("demo", "--directory", str(tmp_path / "demo"), "--changes", "21", "--json")
    assert done.code == 0, done
    assert {"reliability", "rollback_exact", "rows_refused"} <= set(done.json)


def test_too_few_changes_are_refused(tmp_path: Path) -> None:
    done = in_process("demo", "--directory", str(tmp_path / "demo"), "--changes", "3")
    assert done.code == 2
    assert "20" in done.err
    assert not (tmp_path / "demo").exists()


def test_an_unknown_chapter_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = in_process("demo", "--chapter", "recollections", "--directory", str(tmp_path / "demo"))
    assert done.code == 2
    assert all(f"'{chapter}'" in done.err for chapter in ("edits", "triples", "notes", "reflections"))
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    ("chapter", "option", "own"),
    [
        ("triples", ("--changes", "50"), "edits"),
        ("notes", ("--changes", "50"), "edits"),
        ("reflections", ("--changes", "50"), "edits"),
        ("edits", ("--products", "4"), "reflections"),
        ("triples", ("--train-again",), "reflections"),
    ],
)
def test_an_option_of_another_chapter_is_refused(
    chapter: str, option: tuple[str, ...], own: str, tmp_path: Path
) -> None:
    done = in_process("demo", "--chapter", chapter, *option, "--directory", str(tmp_path / "demo"))
    assert done.code == 2
    assert f"{option[0]} is for the chapter {own}" in done.err
    assert not (tmp_path / "demo").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = in_process("demo", "--chapter", "triples", "--directory", str(tmp_path), "--json")
    assert done.code == 2
    assert "--force" in done.error["message"]
    assert (tmp_path / "thesis.txt").read_text() == "mine"
