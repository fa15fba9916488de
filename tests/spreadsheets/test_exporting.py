"""Exports: what is written reads back to the same addenda, and nothing in it can run."""

from __future__ import annotations

import csv
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from addenda.errors import InvalidInput, StorageUnavailable, UnreadableFile
from addenda.spreadsheets import read_addenda, read_rows, write_addenda
from addenda.spreadsheets.rows import join_list, split_list
from addenda.types import Addendum, Content, Document, Edit, Fact, Note, Status, Trust

SUFFIXES = (".xlsx", ".csv")
AWKWARD = [
    "=1+1",
    "+5",
    "-5 °C",
    "@cmd",
    "\tx",
    "\rx",
    "'=x",
    "''-1",
    "_x0041_",
    "_x005F_",
    "#N/A",
    "007",
    "2-8",
    '"',
    ";",
]

texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12),
)
moments = st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))
contents: st.SearchStrategy[Content] = st.one_of(
    st.builds(Fact, subject=texts, relation=texts, object=texts),
    st.builds(Edit, prompt=texts, target=texts, rephrasings=st.lists(texts, max_size=3).map(tuple)),
    st.builds(
        Note,
        rule=texts,
        applies_when=texts | st.just(""),
        place=st.integers(-5, 10**12),
        supported_by=st.lists(texts, max_size=3).map(tuple),
        contradicted_by=st.lists(texts, max_size=3).map(tuple),
        withdrawn=st.booleans(),
    ),
    st.builds(Document, title=texts, text=texts),
)
lists = st.lists(texts | st.just(""), max_size=3).map(tuple)
addenda = st.builds(
    Addendum,
    content=contents,
    source=texts,
    author=texts,
    valid_from=moments,
    valid_until=moments,
    audience=lists,
    evidence=lists,
    tags=lists,
    trust=st.sampled_from(get_args(Trust)),
)
exports = st.lists(st.tuples(addenda, st.sampled_from(get_args(Status))), max_size=4)


def fact(value: str, **more: object) -> Addendum:
    """A fact with this value."""
    return Addendum.model_validate(
        {"content": Fact(subject="A", relation="weight", object=value), "source": "cli", "author": "mika", **more}
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60)
@given(rows=exports)
def test_what_was_exported_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[tuple[Addendum, Status]]
) -> None:
    path = tmp_path_factory.mktemp("export") / f"export{suffix}"
    assert write_addenda(path, rows) == len(rows)
    assert read_addenda(path) == rows


@given(st.lists(texts | st.just("")))
def test_lists_in_a_cell_read_back_the_same(items: list[str]) -> None:
    assert split_list(join_list(items)) == tuple(items)


@pytest.mark.parametrize(
    ("typed", "items"),
    [
        ("a, b;c", ("a", "b", "c")),
        (" a ;; b ", ("a", "b")),
        ("", ()),
        (" ; ", ()),
        ('"a, b", c', ("a, b", "c")),
        ("東、西", ("東", "西")),
    ],
)
def test_lists_that_people_type_are_understood(typed: str, items: tuple[str, ...]) -> None:
    assert split_list(typed) == items


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_export_can_be_edited_and_read_as_a_list_of_changes(tmp_path: Path, suffix: str) -> None:
    until = datetime(2026, 4, 1, tzinfo=UTC)
    first = fact("-5 °C", valid_until=until, tags=("spring", "a, b"), audience=("staff",))
    path = tmp_path / f"export{suffix}"
    write_addenda(path, [(first, "active")])
    sheet = read_rows(path)
    assert sheet.problems == ()
    again = sheet.rows[0].to_addendum("kim", "export")
    assert (again.content, again.valid_until, again.tags, again.audience) == (
        first.content,
        until,
        first.tags,
        first.audience,
    )


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_an_export_can_run(tmp_path: Path, value: str) -> None:
    addendum = fact(value, source=value, tags=(value,))
    write_addenda(tmp_path / "a.csv", [(addendum, "active")])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert any(value in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]

    write_addenda(tmp_path / "a.xlsx", [(addendum, "active")])
    sheet = load_workbook(tmp_path / "a.xlsx")["Addenda"]
    written = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert all(cell.number_format == "@" for cell in written)
    assert sum(bool(cell.style and cell.quotePrefix) for cell in written) >= 2
    assert b"<f>" not in (tmp_path / "a.xlsx").read_bytes()


def test_numbers_stay_text_in_a_spreadsheet_program(tmp_path: Path) -> None:
    write_addenda(tmp_path / "a.xlsx", [(fact("007"), "active"), (fact("2-8"), "active")])
    sheet = load_workbook(tmp_path / "a.xlsx")["Addenda"]
    assert [cell.value for cell in sheet["E"]] == ["Value", "007", "2-8"]


def test_columns_of_kinds_that_do_not_occur_are_left_out(tmp_path: Path) -> None:
    write_addenda(tmp_path / "a.csv", [(fact("1 kg"), "active")])
    header = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert (
        header == "Id,Status,Subject,Relation,Value,Source,Author,Valid from,Valid until,Audience,Tags,Trust,Evidence"
    )


def test_a_text_too_long_for_a_cell_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    long = Addendum(content=Document(title="Manual", text="x" * 40_000), source="cli", author="mika")
    with pytest.raises(InvalidInput, match=rf"{long.id}.*40,000 characters.*\.csv"):
        write_addenda(tmp_path / "a.xlsx", [(long, "active")])
    assert list(tmp_path.iterdir()) == []
    write_addenda(tmp_path / "a.csv", [(long, "active")])
    assert read_addenda(tmp_path / "a.csv") == [(long, "active")]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"\.xlsx or \.csv"):
        write_addenda(tmp_path / "a.pdf", [])


def test_a_folder_that_is_not_there_is_named_and_an_old_export_survives(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="check that the folder exists"):
        write_addenda(tmp_path / "absent" / "a.csv", [])
    write_addenda(tmp_path / "a.csv", [(fact("1 kg"), "active")])
    before = (tmp_path / "a.csv").read_bytes()
    long = Addendum(content=Document(title="Manual", text="x" * 140_000), source="cli", author="mika")
    with pytest.raises(InvalidInput):
        write_addenda(tmp_path / "a.csv", [(fact("2 kg"), "active"), (long, "active")])
    assert (tmp_path / "a.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) & stat.S_IRUSR


def test_a_list_that_is_no_export_is_refused_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Product,Attribute,New value\nA,weight,1 kg\n")
    with pytest.raises(UnreadableFile, match="it lacks the columns"):
        read_addenda(path)


@pytest.mark.parametrize(
    ("old", "new"), [("active", "asleep"), ("1 kg", ""), ("normal", "much"), ("2026-04-01T", "April ")]
)
def test_an_export_that_was_changed_by_hand_names_its_row(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "a.csv"
    write_addenda(path, [(fact("1 kg", valid_from=datetime(2026, 4, 1, tzinfo=UTC)), "active")])
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match="row A2 is not as it was exported"):
        read_addenda(path)
