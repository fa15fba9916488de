"""The chapter of notes on the bundled model, told once: everything it claims is so."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from addenda.demo.controls import most_often_right, voted
from addenda.demo.notes_chapter import NOTES_MARK, Course, run_notes_chapter
from addenda.demo.notes_report import learned, print_notes_card
from addenda.demo.notes_result import RECOVERED, NotesResult
from addenda.demo.support_desk import ACTIONS, open_desk, question_of
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase
from addenda.memories.notes.cases import Observation, case_of
from addenda.models.bundled import build_world

Told = tuple[NotesResult, Path]

COURSE = Course(held_out=40, first=5, corrected=1, changed=7)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_in(tmp_path_factory.mktemp("demo") / "demo")


def told_in(directory: Path) -> Told:
    quiet = Console(file=io.StringIO())
    return run_notes_chapter(directory, seed=1, console=quiet, threads=1, course=COURSE), directory


def test_questions_say_what_the_cases_are_and_the_rules_leave_no_action_out() -> None:
    desk = open_desk(build_world(), Random(5))
    cases = [desk.case(Random(seed)) for seed in range(200)]
    assert all(case_of(question_of(case)).values == case.values for case in cases)
    assert {desk.due(case, "before") for case in cases} == set(ACTIONS)
    assert sum(desk.due(case, "before") != desk.due(case, "after") for case in cases) > 20


def test_with_notes_most_is_right_at_the_end_and_more_than_under_any_other_condition(told: Told) -> None:
    result, _ = told
    for shares in (result.before_change().shares, result.end):
        assert shares["with notes"] > RECOVERED
        assert all(shares["with notes"] > share for name, share in shares.items() if name != "with notes")
    assert result.points[0].shares["with notes"] < 0.5
    assert result.named_by_model == 0


def test_the_wrong_note_costs_and_its_correction_wins_that_back(told: Told) -> None:
    corrected = told[0].corrected
    assert corrected.holds
    assert corrected.wrong.contradicting > corrected.wrong.supporting
    assert corrected.before != corrected.after


def test_the_notebook_follows_the_change_and_the_past_keeps_the_old_answers(told: Told) -> None:
    followed = told[0].followed
    assert followed.holds
    assert followed.before != followed.after
    assert followed.observations is not None
    assert 0 < followed.observations <= COURSE.changed * COURSE.batch
    assert followed.changed > 0


def test_the_note_that_decides_is_named_and_was_learned(told: Told) -> None:
    result, directory = told
    assert result.decided.changed
    assert result.decided.note.supporting > result.decided.note.contradicting
    with KnowledgeBase.open(directory / "knowledge-base") as kb:
        assert all(check.ok for check in kb.verify())
        record = kb.state.record(result.decided.note.id)
        assert {str(record.proposer)} != {str(approval.by) for approval in record.approvals}
        answer = kb.ask(result.decided.question)
        assert answer.text == result.followed.due


def test_what_was_learned_is_taken_back_exactly_and_learned_again(told: Told) -> None:
    result, _ = told
    assert result.taken_back.exact
    assert result.taken_back.notes > 0
    assert result.taken_back.share > RECOVERED
    assert result.ledger_verified


def test_the_report_has_every_line_and_every_moment_and_needs_no_other_file(told: Told) -> None:
    result, directory = told
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    for words in ("with notes", "all examples", "without notes", "empty notebook", "a wrong note", "corrected"):
        assert words in page
    assert "the hidden rules change" in page
    assert all(learned(point) in page for point in result.points)
    told_as_json = json.loads((directory / "result.json").read_text(encoding="utf-8"))
    assert told_as_json["card"]["ledger_verified"] is True
    assert len(told_as_json["batches"]) == len(result.points) == 14


def test_the_card_can_be_read_in_a_terminal_and_is_flat(told: Told) -> None:
    buffer = io.StringIO()
    print_notes_card(told[0], Console(file=buffer, width=400))
    assert all(note.words in buffer.getvalue() for note in told[0].notebook)
    assert "byte-equal" in buffer.getvalue()
    assert "Ben is a script" in buffer.getvalue()
    assert all(isinstance(value, bool | int | float) for value in told[0].card().values())


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="--force"):
        told_in(tmp_path)
    assert not (tmp_path / NOTES_MARK).exists()


def test_the_most_alike_vote_for_what_was_right_and_against_what_was_not() -> None:
    random = Random(0)
    seen = [
        Observation(attributes={"fault": "noise", "age": age}, answer=answer, right=right)
        for age, answer, right in ((1, "repair", True), (6, "quote", True), (5, "repair", False))
        for _ in range(8)
    ]
    assert voted(case_of("fault is noise and age is 0?"), seen, random) == "repair"
    assert voted(case_of("fault is noise and age is 6?"), seen, random) == "quote"
    assert most_often_right([*seen, seen[0]], random) == "repair"
