"""The chapter of reflections on the bundled model, told once about two products and trained while the test runs."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from addenda.demo.product_pages import new_product_pages
from addenda.demo.reflections_chapter import EXECUTIVES, run_reflections_chapter
from addenda.demo.reflections_report import print_reflections_card
from addenda.demo.reflections_result import ReflectionsResult
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.models.bundled import build_world

LEARNING = {"epochs": 5.0, "batch": 8}
"""More and smaller steps than the chapter's own, because of two products there is little to learn."""
Told = tuple[ReflectionsResult, Path]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    directory = tmp_path_factory.mktemp("demo") / "demo"
    quiet = Console(file=io.StringIO())
    result = run_reflections_chapter(directory, seed=0, console=quiet, threads=1, products=2, learning=LEARNING)
    return result, directory


def test_the_pages_are_new_to_the_model_and_lead_to_nothing_that_is_missing() -> None:
    known = {name for fact in build_world().facts for name in (fact.subject, fact.object)}
    pages = new_product_pages(Random(1), 8)
    assert not known.intersection(pages.texts)
    assert len(pages.products) == 8
    chains = pages.chains(Random(1))
    assert all(set(one.pages) <= set(pages.texts) for one in chains)
    for one in chains:
        assert one.due in pages.texts[one.pages[-1]]
        assert one.pages[0] in one.text
        assert not any(title in one.text for title in one.pages[1:])


def test_a_question_from_the_value_has_one_answer_and_an_unknown_name_has_none() -> None:
    pages = new_product_pages(Random(1), 8)
    for one in pages.from_value(Random(1)):
        having = [fact for fact in pages.facts if fact.relation in one.text and f" {fact.object}" in one.text]
        assert one.due in {fact.subject for fact in having}
    assert not any(title in one.text for one in pages.unknown(Random(1), 20) for title in pages.products)


def test_the_pages_lie_there_as_they_were_given(told: Told) -> None:
    result, directory = told
    named = (directory / "contents.txt").read_text(encoding="utf-8").splitlines()
    assert len(named) == result.reflected.pages
    assert (directory / named[0]).read_text(encoding="utf-8").strip() == result.reflected.example


def test_reflections_are_of_every_page_and_shown_with_where_they_are_from(told: Told) -> None:
    made = told[0].reflected
    assert {"direct", "surfaced", "cross-document"} <= set(made.taken)
    assert {one.stage for one in made.shown} == set(made.taken)
    crossed = next(one for one in made.shown if one.stage == "cross-document")
    assert len(crossed.pages) > 1


def test_nothing_is_learned_before_somebody_approves(told: Told) -> None:
    result, directory = told
    assert str(result.reflected.pages) in result.trained.refused_first
    with KnowledgeBase.open(directory / "knowledge-base") as kb:
        documents = [record for record in kb.state.records.values() if record.kind == "document"]
        assert len(documents) == result.reflected.pages
        for record in documents:
            assert {str(record.proposer)} != {str(approval.by) for approval in record.approvals}


def test_the_memory_model_knows_what_the_bundled_model_did_not(told: Told) -> None:
    result, _ = told
    assert result.right_before == 0
    assert result.trained.active + len(result.trained.gate_failed) == result.reflected.pages
    one_step = result.of("one step")
    assert sum(one.right for one in one_step) >= 0.7 * len(one_step)
    strangers = result.of("unknown name")
    assert sum(one.right for one in strangers) >= 0.7 * len(strangers)
    assert not any(one.pages for one in strangers if one.right)


def test_an_answer_names_the_pages_that_it_is_from(told: Told) -> None:
    right = [one for one in told[0].of("one step") if one.right]
    assert all(set(one.question.pages) & set(one.pages) for one in right)


def test_a_better_executive_gets_more_out_of_the_same_memory(told: Told) -> None:
    directed = told[0].directed
    assert [one.executive for one in directed] == list(EXECUTIVES)
    right = [sum(asked.right for asked in one.asked) for one in directed]
    assert all(one > right[0] for one in right[1:])
    assert [one.question for one in directed[0].asked] == [one.question for one in directed[-1].asked]


def test_the_transcript_leads_from_page_to_page(told: Told) -> None:
    transcript = told[0].transcript
    assert transcript.asked.right
    assert transcript.asked.question.pages[-1] in transcript.asked.pages
    assert len(transcript.steps) >= len(transcript.asked.question.pages)
    assert transcript.steps[-1].answer.rstrip(".") == transcript.asked.text.rstrip(".")


def test_a_withdrawn_page_is_silent_at_once_and_nothing_else_moves(told: Told) -> None:
    result, directory = told
    gone = result.withdrawn
    assert gone.exact
    assert sum(one.right for one in gone.before) >= 0.6 * len(gone.before)
    assert {one.question.kind for one in gone.before} >= {"one step", "from the value", "two steps", "three steps"}
    assert result.explained.changed
    assert result.ledger_verified
    choice = ModelChoice(executive="scripted", threads=1)
    with KnowledgeBase.open(directory / "knowledge-base", choice=choice) as kb:
        assert all(check.ok for check in kb.verify())
        asked = gone.before[0].question
        assert not any(match.injected for match in kb.ask(asked.text).trace.matches)
        assert len(kb.state.live(datetime.now(UTC))) == result.trained.active - 1


def test_the_report_needs_no_other_file_and_tells_the_story(told: Told) -> None:
    result, directory = told
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert page.count("<svg") == 2
    assert result.withdrawn.page in page
    for step in result.transcript.steps:
        assert step.answer in page


def test_the_card_can_be_read_in_a_terminal_and_is_flat(told: Told) -> None:
    result, _ = told
    buffer = io.StringIO()
    print_reflections_card(result, Console(file=buffer, width=400))
    said = buffer.getvalue()
    assert result.transcript.asked.question.text in said
    assert all(name in said for name in EXECUTIVES)
    assert "byte-equal" in said
    assert all(isinstance(value, bool | int | float) for value in result.card().values())


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="--force"):
        run_reflections_chapter(tmp_path, seed=0, console=Console(file=io.StringIO()))
    assert (tmp_path / "thesis.txt").read_text() == "mine"
