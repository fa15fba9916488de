"""The whole demo on the bundled model, with fewer changes: everything it claims is so."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from addenda.demo.report import print_card
from addenda.demo.result import DemoResult
from addenda.demo.story import run_demo
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase

CHANGES = 41


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoResult, Path]:
    directory = tmp_path_factory.mktemp("demo") / "demo"
    quiet = Console(file=io.StringIO())
    return run_demo(directory, seed=11, console=quiet, threads=1, changes=CHANGES), directory


def test_all_good_rows_are_proposed_and_judged(told: tuple[DemoResult, Path]) -> None:
    result, _ = told
    assert result.proposed == CHANGES
    assert result.active + len(result.gate_failed) == CHANGES
    assert result.rows_refused >= 10


def test_the_model_says_the_new_values(told: tuple[DemoResult, Path]) -> None:
    result, _ = told
    assert result.scores["reliability"] >= 0.9
    assert result.scores["generalization_known"] >= 0.85
    assert result.floors["reliability"][0] <= 0.1
    assert result.scores["locality"] >= 0.95


def test_rollback_and_explanation_hold(told: tuple[DemoResult, Path]) -> None:
    result, _ = told
    assert result.rolled_back.exact
    assert result.rolled_back.wrong != result.rolled_back.restored
    assert result.explained.changed
    assert result.ledger_verified


def test_the_card_is_flat_and_complete(told: tuple[DemoResult, Path]) -> None:
    card = told[0].card()
    wanted = {"reliability", "retention_first_100", "rollback_exact", "ledger_verified", "rows_refused", "seconds"}
    assert wanted <= set(card)
    assert all(isinstance(value, str | int | float | bool) for value in card.values())


def test_the_report_is_one_file_with_its_plots(told: tuple[DemoResult, Path]) -> None:
    page = (told[1] / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert not re.findall(r'(?:src|href)="(?!#)', page.replace('xlink:href="#', 'x="#'))


def test_the_card_can_be_read_in_a_terminal(told: tuple[DemoResult, Path]) -> None:
    buffer = io.StringIO()
    print_card(told[0], Console(file=buffer, width=140))
    assert "generalization_heldout" in buffer.getvalue()
    assert "byte-equal" in buffer.getvalue()


def test_what_the_demo_left_can_be_opened(told: tuple[DemoResult, Path]) -> None:
    with KnowledgeBase.open(told[1] / "knowledge-base") as kb:
        assert all(check.ok for check in kb.verify())
        assert len(kb.state.records) == CHANGES


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="--force"):
        run_demo(tmp_path, seed=1, console=Console(file=io.StringIO()))
    assert (tmp_path / "thesis.txt").read_text() == "mine"
