"""The chapter of triples on the bundled model, told once: everything it claims is so, whatever the model made of it."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from addenda.demo.announcements import ANNOUNCEMENTS, CORRECTION
from addenda.demo.triples_chapter import run_triples_chapter
from addenda.demo.triples_report import pieces, print_triples_card, written
from addenda.demo.triples_result import TriplesResult
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase
from addenda.models.bundled import build_world
from addenda.types import Fact

DOCUMENTS = (*ANNOUNCEMENTS, CORRECTION)
Told = tuple[TriplesResult, Path]

# The model has both skills here, and the library of adapters warns about the second one beside the first.


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_in(tmp_path_factory.mktemp("demo") / "demo")


def told_in(directory: Path) -> Told:
    quiet = Console(file=io.StringIO())
    return run_triples_chapter(directory, seed=3, console=quiet, threads=1), directory


def test_what_documents_state_stands_in_them_and_is_new_to_the_model() -> None:
    world = build_world()
    known = {fact.subject for fact in world.facts} | {fact.object for fact in world.facts}
    for announcement in DOCUMENTS:
        text = " ".join(announcement.text.split())
        for fact in announcement.stated:
            assert fact.subject in text
            assert fact.object in text
            assert fact.relation in world.relations
            assert fact.subject not in known


def test_the_documents_lie_there_as_they_were_read(told: Told) -> None:
    for announcement in DOCUMENTS:
        assert (told[1] / announcement.file).read_text(encoding="utf-8") == announcement.text


def test_every_stated_fact_is_right_or_missed(told: Told) -> None:
    result, _ = told
    assert result.stated == sum(len(one.stated) for one in ANNOUNCEMENTS)
    assert result.right + result.missed == result.stated
    for extracted in (*result.extracted, result.corrected.extracted):
        right = [one.fact for one in extracted.statements if one.right]
        assert sorted([*right, *extracted.missed], key=written) == sorted(extracted.stated, key=written)


def test_the_model_finds_most_of_the_facts_and_states_little_else(told: Told) -> None:
    result, _ = told
    assert result.right >= 0.6 * result.stated
    assert result.wrong <= 0.3 * result.stated


def test_people_repair_what_the_model_did_not_manage(told: Told) -> None:
    result, directory = told
    documents = (*result.extracted, result.corrected.extracted)
    assert result.rejected == sum(one.wrong for one in documents)
    assert result.by_hand == sum(len(one.missed) for one in documents)
    assert result.active + len(result.gate_failed) >= result.stated
    with KnowledgeBase.open(directory / "knowledge-base") as kb:
        now = datetime.now(UTC)
        facts = [record for record in kb.state.records.values() if record.kind == "fact"]
        assert sum(record.status(now) == "rejected" for record in facts) == result.rejected
        for record in facts:
            assert {str(record.proposer)} != {str(approval.by) for approval in record.approvals}
            assert record.evidence


def test_the_model_knew_nothing_and_says_what_is_live(told: Told) -> None:
    result, _ = told
    assert sum(one.right_before for one in result.asked) == 0
    live = [one for one in result.asked if one.triples]
    assert len(live) >= 0.7 * len(result.asked)
    assert sum(one.right for one in live) >= 0.9 * len(live)
    assert all(one.triples[0].id and one.triples[0].source for one in live)


def test_the_correction_replaces_one_value_and_the_past_keeps_the_other(told: Told) -> None:
    result, _ = told
    assert result.corrected.holds
    assert result.corrected.old != result.corrected.new
    assert result.corrected.last_week not in {result.corrected.old, result.corrected.new}


def test_rollback_and_explanation_hold(told: Told) -> None:
    result, _ = told
    assert result.rolled_back.exact
    assert result.rolled_back.wrong != result.rolled_back.restored
    assert result.explained.changed
    assert result.ledger_verified


def test_the_report_marks_the_sentences_and_needs_no_other_file(told: Told) -> None:
    result, directory = told
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="', page)
    marked = _Marked()
    marked.feed(page)
    for extracted in (*result.extracted, result.corrected.extracted):
        for one in extracted.statements:
            assert one.sentence in marked.found
    assert all(one.question in _text(page) for one in result.asked)


def test_a_document_is_whole_when_it_is_cut_into_pieces(told: Told) -> None:
    for extracted in told[0].extracted:
        cut = list(pieces(extracted))
        assert "".join(piece.text for piece in cut) == extracted.text
        assert [one for piece in cut for one in piece.statements] == list(extracted.statements)


def test_the_card_can_be_read_in_a_terminal(told: Told) -> None:
    buffer = io.StringIO()
    print_triples_card(told[0], Console(file=buffer, width=400))
    card = buffer.getvalue()
    assert f"{told[0].right} of {told[0].stated}" in card
    assert all(written(one.fact) in card for document in told[0].extracted for one in document.statements)
    assert "byte-equal" in card


def test_the_card_is_flat(told: Told) -> None:
    assert all(isinstance(value, bool | int | float) for value in told[0].card().values())


def test_what_the_chapter_left_can_be_opened(told: Told) -> None:
    result, directory = told
    question = result.corrected.question
    with KnowledgeBase.open(directory / "knowledge-base") as kb:
        assert all(check.ok for check in kb.verify())
        assert kb.ask(question).text == result.corrected.after
        yesterday = kb.ask(question, as_of=datetime.now(UTC) - timedelta(days=1))
        assert yesterday.text == result.corrected.yesterday
        content = kb.addendum(yesterday.trace.matches[0].addendum_id).content
        assert isinstance(content, Fact)
        assert content.object == result.corrected.old


def test_told_again_it_replaces_itself_and_comes_to_the_same_numbers(told: Told) -> None:
    again, _ = told_in(told[1])
    assert {**again.card(), "seconds": 0} == {**told[0].card(), "seconds": 0}
    said = [[(one.question, one.before, one.after) for one in result.asked] for result in (again, told[0])]
    assert said[0] == said[1]


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="--force"):
        told_in(tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        told_in(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


class _Marked(HTMLParser):
    """The sentences that a page marks, each on one line."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found.append(" ".join(data.split()))


def _text(page: str) -> str:
    """What a page says."""
    said: list[str] = []
    parser = HTMLParser()
    parser.handle_data = said.append  # type: ignore[method-assign]
    parser.feed(page)
    return "".join(said)
