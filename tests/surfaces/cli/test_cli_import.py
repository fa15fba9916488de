"""Importing lists of changes: good rows are proposed, bad ones named, whole files refused with what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.surfaces.cli.desk import Desk

ROWS = [
    ["Product", "Attribute", "Old value", "New value"],
    ["Velmor Tasky", "noise level", "41 dB", "39 dB"],
    ["Orbin Kettle", "noise level", None, "quiet"],
    ["Orbin Kettle", "price", None, "29 EUR"],
    [None, "price", None, "1 EUR"],
    ["Orbin Kettle", "noise levl", None, "7 dB"],
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Changes"
    for row in ROWS:
        sheet.append(row)
    made.save(tmp_path / "update.xlsx")
    return tmp_path / "update.xlsx"


def test_good_rows_are_proposed_and_bad_ones_named_by_cell(living: tuple[Desk, str], workbook: Path) -> None:
    desk, old = living
    done = desk.json("import", str(workbook), "--reason", "week 47", by="Ana")
    assert {name: done[name] for name in ("proposed", "superseding", "duplicates", "refused")} == {
        "proposed": 3,
        "superseding": 1,
        "duplicates": 0,
        "refused": 2,
    }
    assert {problem["cell"] for problem in done["problems"]} == {"Changes!D3", "Changes!A5"}
    assert all(problem["fix"] for problem in done["problems"])
    assert done["rows"][0]["supersedes"][0]["id"] == old
    assert done["rows"][0]["source"] == "update.xlsx!Changes!D2"
    assert "did you mean 'noise level'" in done["rows"][2]["warnings"][0]
    assert desk.json("show", done["rows"][0]["id"])["last_reason"] == "week 47"
    again = desk.json("import", str(workbook), by="Ana")
    assert (again["proposed"], again["duplicates"]) == (0, 3)


def test_people_see_cells_and_what_is_replaced(living: tuple[Desk, str], workbook: Path) -> None:
    desk, _ = living
    done = desk.run("import", str(workbook), by="Ana")
    assert "Changes!D3" in done.err
    assert "noise level of Velmor Tasky: 39 dB" in done.out
    assert "noise level of Velmor Tasky: 41 dB" in done.out
    assert "approve --all --source 'update.xlsx'" in done.err


def test_a_dry_run_writes_nothing_and_needs_nobody(living: tuple[Desk, str], workbook: Path) -> None:
    desk, _ = living
    head = desk.head()
    done = desk.json("import", str(workbook), "--dry-run")
    assert (done["dry_run"], done["proposed"], done["refused"]) == (True, 3, 2)
    assert desk.head() == head


def test_an_outdated_old_value_is_doubted(living: tuple[Desk, str], tmp_path: Path) -> None:
    desk, _ = living
    file = tmp_path / "list.csv"
    file.write_text("Product,Attribute,Old value,New value\nVelmor Tasky,noise level,55 dB,39 dB\n")
    (doubt,) = desk.json("import", str(file), "--dry-run")["warnings"]
    assert "55 dB" in doubt
    assert "41 dB" in doubt


def test_strict_proposes_nothing_when_a_row_is_refused(desk: Desk, workbook: Path) -> None:
    head = desk.head()
    done = desk.run("import", str(workbook), "--strict", by="Ana")
    assert done.code == 2
    assert "Changes!D3" in done.err
    assert desk.head() == head


def test_a_list_without_a_usable_row_fails(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Product,Attribute,New value\nOrbin,noise level,quiet\n")
    done = desk.run("import", str(file), "--json", by="Ana")
    assert done.code == 2
    assert "C2" in done.error["message"]
    file.write_text("hello\n")
    assert desk.run("import", str(file), by="Ana").code == 2


def corrupt(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 4)


def no_xlsx(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            block = bytes(1 << 20)
            for _ in range(200):
                sheet.write(block)


def missing(path: Path) -> None:
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("make", [corrupt, no_xlsx, zip_bomb, missing])
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(desk: Desk, tmp_path: Path, make: object) -> None:
    file = tmp_path / "update.xlsx"
    assert callable(make)
    make(file)
    head = desk.head()
    done = desk.run("import", str(file), "--json", by="Ana")
    assert (done.code, done.error["type"]) == (2, "UnreadableFile")
    assert "update.xlsx" in done.error["message"]
    assert desk.head() == head
