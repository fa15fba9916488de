"""The demo's plan and workbook: the right facts change, and every bad row is told from the good ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from addenda.demo.catalogue import BAD_ROWS, CHANGED_PRODUCTS, CHANGES, FEWEST_CHANGES, plan_changes, write_workbook
from addenda.models.bundled import build_world
from addenda.spreadsheets import read_rows

WORLD = build_world()


def test_a_plan_leaves_neighbours_and_untouched_products() -> None:
    plan = plan_changes(WORLD, seed=3)
    edited = {change.subject for change in plan.changes}
    assert len(plan.changes) == CHANGES
    assert len(edited | {fact.subject for fact in plan.neighbours}) == CHANGED_PRODUCTS
    assert len(plan.neighbours) >= 400
    assert len(plan.untouched) == 1000
    assert not edited & {fact.subject for fact in plan.untouched}


def test_every_change_is_another_value_of_the_same_specification() -> None:
    known = {(fact.subject, fact.relation): fact.object for fact in WORLD.facts}
    plan = plan_changes(WORLD, seed=4)
    for change in plan.changes:
        assert change.old == known[change.subject, change.relation]
        assert change.new != change.old
        assert change.new in WORLD.value_pool(change.relation)
    assert max(Counter((c.subject, c.relation) for c in plan.changes).values()) == 1


def test_plans_repeat_and_differ_by_seed() -> None:
    assert plan_changes(WORLD, seed=1) == plan_changes(WORLD, seed=1)
    assert plan_changes(WORLD, seed=1) != plan_changes(WORLD, seed=2)


@pytest.mark.parametrize("seed", range(8))
def test_a_workbook_with_few_changes_has_all_the_bad_rows_too(tmp_path: Path, seed: int) -> None:
    plan = plan_changes(WORLD, seed=seed, count=FEWEST_CHANGES)
    write_workbook(tmp_path / "update.xlsx", plan)
    assert len(plan.changes) == FEWEST_CHANGES
    assert len(read_rows(tmp_path / "update.xlsx").problems) >= BAD_ROWS


@pytest.mark.parametrize("count", [0, -1, 100_000])
def test_a_plan_that_does_not_fit_the_world_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="products"):
        plan_changes(WORLD, seed=1, count=count)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_workbook_loses_no_good_row_and_names_every_bad_one(tmp_path: Path, seed: int) -> None:
    plan = plan_changes(WORLD, seed=seed)
    path = tmp_path / "update.xlsx"
    write_workbook(path, plan)
    sheet = read_rows(path)
    read = {(row.subject, row.relation): row.value for row in sheet.rows}
    for change in plan.changes:
        assert read[change.subject, change.relation] == change.new
    # A ticked box reads as the word TRUE; whether that is a value of the relation is for the knowledge base to say.
    extra = [row for row in sheet.rows if row.value == "TRUE"]
    assert len(read) == CHANGES + len(extra)
    assert len(extra) == 1
    assert len(sheet.problems) >= BAD_ROWS
    assert all(problem.address.startswith("Changes!") for problem in sheet.problems)
    assert all(problem.fix for problem in sheet.problems)
