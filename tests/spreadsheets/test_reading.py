"""Reading lists of changes: every bad cell is named, and no good row is lost because of a bad one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from addenda.errors import UnreadableFile
from addenda.spreadsheets import Limits, read_rows
from addenda.types import Document, Edit, Fact, Note
from tests.spreadsheets.making import (
    HEADER,
    facts,
    make_csv,
    make_xlsx,
    only_problem,
    read_one,
    rewrite,
    with_shared_strings,
)

GOOD = ("Good", "weight", "1 kg")


def test_a_plain_list_is_read_with_addresses(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [("Velmor Tasky", "noise level", "41 dB")]))
    assert sheet.problems == ()
    assert sheet.tables == ("Changes",)
    (row,) = sheet.rows
    assert (row.sheet, row.number, row.address) == ("Changes", 2, "Changes!C2")
    assert row.cells == {"subject": "Changes!A2", "relation": "Changes!B2", "value": "Changes!C2"}
    assert row.content == Fact(subject="Velmor Tasky", relation="noise level", object="41 dB")


def test_a_row_becomes_an_addendum_with_its_source(tmp_path: Path) -> None:
    header = (*HEADER, "Valid from", "Valid until", "Tags", "Audience", "Old value", "Comment")
    values = (
        "A",
        "price",
        "9 euros",
        datetime(2026, 3, 1),
        "2026-03-31",
        "prices, spring",
        "staff; partners",
        "8",
        "so",
    )
    (row,) = read_rows(make_xlsx(tmp_path, [values], header=header)).rows
    addendum = row.to_addendum("mika", "update.xlsx")
    assert addendum.source == "update.xlsx!Changes!C2"
    assert addendum.author == "mika"
    assert addendum.valid_from == datetime(2026, 3, 1, tzinfo=UTC)
    assert addendum.valid_until == datetime(2026, 4, 1, tzinfo=UTC)
    assert addendum.tags == ("prices", "spring")
    assert addendum.audience == ("staff", "partners")
    assert (row.old_value, row.comment) == ("8", "so")


@pytest.mark.parametrize(
    "header",
    [
        ("Product", "Attribute", "New value"),
        ("ITEM", "Specification", "Value"),
        ("subject", "relation", "object"),
        ("Product name (as sold)", "Attribute_Name", "New Value *"),
        ("製品名", "項目", "新しい値"),
        ("제품명", "속성", "새 값"),
        ("Ｐｒｏｄｕｃｔ", "Property", "Changed to"),
    ],
)
def test_column_names_are_matched_loosely(tmp_path: Path, header: tuple[str, ...]) -> None:
    assert facts(read_rows(make_xlsx(tmp_path, [GOOD], header=header))) == [GOOD]


def test_the_header_may_stand_below_a_title(tmp_path: Path) -> None:
    rows = [("Catalogue update, week 12",), (), HEADER, GOOD]
    sheet = read_rows(make_xlsx(tmp_path, rows, lambda s: s.merge_cells("A1:C1"), header=None))
    assert facts(sheet) == [GOOD]
    assert sheet.problems == ()


def test_a_header_below_the_tenth_row_is_not_found(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [*[("note",)] * 10, HEADER, GOOD], header=None))
    assert sheet.rows == ()
    problem = only_problem(sheet)
    assert (problem.severity, problem.address) == ("refused", "update.xlsx")
    assert "first 10 rows" in problem.what
    assert "Product, Attribute and New value" in problem.fix


def test_an_unknown_column_is_flagged_and_not_fatal(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [(*GOOD, "x")], header=(*HEADER, "Colour of the box")))
    problem = only_problem(sheet)
    assert (problem.severity, problem.address) == ("flagged", "Changes!D1")
    assert "'Colour of the box'" in problem.what
    assert facts(sheet) == [GOOD]


def test_two_columns_for_the_subject_use_the_more_usual_name(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [("77-1", *GOOD)], header=("SKU", *HEADER)))
    assert facts(sheet) == [GOOD]
    assert "column B was used" in only_problem(sheet).what


def test_two_columns_for_the_value_are_refused(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [(*GOOD, "2 kg")], header=(*HEADER, "Value")))
    assert sheet.rows == ()
    problem = only_problem(sheet)
    assert (problem.severity, problem.address) == ("refused", "Changes!C1") or problem.address == "Changes!D1"
    assert "both look like the value" in problem.what


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (7, "000", "007"),
        (12.4, "0.00", "12.40"),
        (12.4, None, "12.4"),
        (0.1 + 0.2, None, "0.3"),
        (1234.5, "#,##0.00", "1234.50"),
        (0.125, "0.0%", "12.5%"),
        (-3, '0 "°C"', "-3 °C"),
        (9.5, "#,##0.00 [$€-407]", "9.50 €"),
        (9.5, "$#,##0.00_);($#,##0.00)", "$9.50"),
        (-9.5, "$#,##0.00_);($#,##0.00)", "($9.50)"),
        (0.5, "#.##", ".5"),
        (100000000000, None, "100000000000"),
        ("007", None, "007"),
        ("2-8", None, "2-8"),
        ("=5", "@", None),
    ],
)
def test_numbers_are_taken_as_they_are_shown(
    tmp_path: Path, value: object, number_format: str | None, text: str | None
) -> None:
    sheet = read_one(tmp_path, value, number_format)
    if text is None:
        assert "a formula" in only_problem(sheet).what
        return
    assert sheet.problems == ()
    assert sheet.rows[1].value == text


def test_a_number_that_shows_less_than_it_holds_is_flagged(tmp_path: Path) -> None:
    sheet = read_one(tmp_path, 12.449, "0.0")
    assert sheet.rows[1].value == "12.4"
    assert "shows 12.4 and holds 12.449" in only_problem(sheet).what
    assert sheet.rows[1].warnings


def test_a_format_that_computes_is_flagged(tmp_path: Path) -> None:
    sheet = read_one(tmp_path, 0.5, "# ?/?")
    assert sheet.rows[1].value == "0.5"
    assert "is not interpreted" in only_problem(sheet).what


REFUSED = [
    (datetime(2026, 8, 2), "d-mmm", "Changes!C3", "shows '2-Aug' and holds 2026-08-02", "as Text"),
    (datetime(2026, 8, 2), "yyyy-mm-dd", "Changes!C3", "shows '2026-08-02'", "as Text"),
    ("=B2*2", None, "Changes!C3", "a formula (=B2*2)", "paste it as a value"),
    (ArrayFormula("C3", "=SUM(A1:A2)"), None, "Changes!C3", "a formula", "paste it as a value"),
    ("#N/A", None, "Changes!C3", "the error value #N/A", "type the value"),
    ("41\u200b dB", None, "Changes!C3", "U+200B", "delete it"),
    ("41\u202e dB", None, "Changes!C3", "U+202E", "delete it"),
    (1234567890123456, None, "Changes!C3", "15 digits", "as Text"),
    ("x" * 2001, None, "Changes!C3", "2,001 characters", "shorten"),
    (None, None, "Changes!C3", "the value is empty", "fill it in"),
    ("   ", None, "Changes!C3", "the value is empty", "fill it in"),
]


@pytest.mark.parametrize(("value", "number_format", "where", "what", "fix"), REFUSED)
def test_a_bad_value_is_refused_by_its_cell_and_the_other_row_stays(
    tmp_path: Path, value: object, number_format: str | None, where: str, what: str, fix: str
) -> None:
    sheet = read_one(tmp_path, value, number_format)
    assert facts(sheet) == [GOOD]
    problem = only_problem(sheet)
    assert problem.severity == "refused"
    assert problem.address == where
    assert what in problem.what
    assert fix in problem.fix
    assert sheet.rows_refused == 1


def test_an_empty_key_is_refused_by_its_cell(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [GOOD, (None, "weight", "2 kg"), ("A", None, "2 kg")]))
    assert [problem.address for problem in sheet.refused] == ["Changes!A3", "Changes!B4"]
    assert facts(sheet) == [GOOD]


def test_full_width_digits_are_flagged_and_keep_their_meaning(tmp_path: Path) -> None:
    sheet = read_one(tmp_path, "４１．５ dB")
    assert sheet.rows[1].value == "41.5 dB"
    problem = only_problem(sheet)
    assert (problem.severity, problem.address) == ("flagged", "Changes!C3")


def test_a_truth_value_is_flagged(tmp_path: Path) -> None:
    sheet = read_one(tmp_path, True)
    assert sheet.rows[1].value == "TRUE"
    assert only_problem(sheet).severity == "flagged"


def test_untidy_spaces_are_tidied_and_flagged(tmp_path: Path) -> None:
    sheet = read_one(tmp_path, "  41\u00a0dB\nquiet ")
    assert sheet.rows[1].value == "41 dB quiet"
    assert {problem.address for problem in sheet.flagged} == {"Changes!C3"}
    assert len(sheet.flagged) == 2


def test_merged_cells_refuse_their_rows_and_name_the_range(tmp_path: Path) -> None:
    rows = [GOOD, ("A", "weight", "2 kg"), ("B", "height", "3 cm"), ("C", "width", "4 cm")]
    sheet = read_rows(make_xlsx(tmp_path, rows, lambda s: s.merge_cells("A3:A4")))
    assert facts(sheet) == [GOOD, ("C", "width", "4 cm")]
    assert [problem.address for problem in sheet.refused] == ["Changes!A3", "Changes!A4"]
    assert all("A3:A4" in problem.what for problem in sheet.refused)
    assert sheet.rows_refused == 2


def test_a_merged_range_beside_the_list_does_not_matter(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [GOOD], lambda s: s.merge_cells("F1:H9")))
    assert facts(sheet) == [GOOD]
    assert sheet.problems == ()


def test_contradicting_rows_are_both_named_and_neither_is_taken(tmp_path: Path) -> None:
    rows = [GOOD, ("A", "weight", "2 kg"), (" a", "Weight", "3 kg")]
    sheet = read_rows(make_xlsx(tmp_path, rows))
    assert facts(sheet) == [GOOD]
    first, second = sheet.refused
    assert (first.address, second.address) == ("Changes!C3", "Changes!C4")
    assert "Changes!C4" in first.what
    assert "Changes!C3" in second.what
    assert sheet.rows_refused == 2


def test_a_repeated_row_is_dropped_and_flagged(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [GOOD, GOOD]))
    assert facts(sheet) == [GOOD]
    problem = only_problem(sheet)
    assert (problem.severity, problem.address) == ("flagged", "Changes!C3")
    assert "Changes!C2" in problem.what


def test_contradictions_are_found_across_sheets(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        workbook = sheet.parent
        assert isinstance(workbook, Workbook)
        other = workbook.create_sheet("More changes")
        other.append(list(HEADER))
        other.append(["Good", "weight", "2 kg"])
        other.append(["B", "weight", "2 kg"])

    sheet = read_rows(make_xlsx(tmp_path, [GOOD], change))
    assert sheet.tables == ("Changes", "More changes")
    assert facts(sheet) == [("B", "weight", "2 kg")]
    assert [problem.address for problem in sheet.refused] == ["Changes!C2", "'More changes'!C2"]


def test_rows_for_different_times_or_people_do_not_contradict(tmp_path: Path) -> None:
    header = (*HEADER, "Valid from", "Valid until", "Audience")
    rows = [
        ("A", "price", "9", None, "2026-03-31", None),
        ("A", "price", "10", "2026-04-01", None, None),
        ("B", "price", "7", None, None, "staff"),
        ("B", "price", "8", None, None, "partners"),
    ]
    assert len(read_rows(make_xlsx(tmp_path, rows, header=header)).rows) == 4
    overlapping = [("A", "price", "9", None, "2026-04-02", None), rows[1]]
    assert read_rows(make_xlsx(tmp_path, overlapping, header=header)).rows == ()


def test_a_relation_with_many_values_does_not_contradict_itself(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [("A", "colour", "red"), ("A", "colour", "blue")])
    assert read_rows(path).rows == ()
    assert len(read_rows(path, many_valued=["Colour"]).rows) == 2


def test_very_many_contradicting_rows_are_refused_together(tmp_path: Path) -> None:
    rows = [("A", "weight", f"{index} kg") for index in range(3_000)]
    sheet = read_rows(make_xlsx(tmp_path, [GOOD, *rows]))
    assert facts(sheet) == [GOOD]
    assert sheet.rows_refused == 3_000


def test_hidden_rows_and_columns_are_read_and_flagged_hidden_sheets_are_not_read(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True
        workbook = sheet.parent
        assert isinstance(workbook, Workbook)
        other = workbook.create_sheet("Old")
        other.append(list(HEADER))
        other.append(["Z", "weight", "9 kg"])
        other.sheet_state = "hidden"

    rows = [GOOD, ("A", "weight", "2 kg")]
    sheet = read_rows(make_xlsx(tmp_path, rows, change))
    assert facts(sheet) == rows
    assert [problem.address for problem in sheet.flagged] == ["Changes!B1", "Changes!A3", "Old!A1"]
    assert sheet.refused == ()


def test_a_sheet_without_a_header_beside_a_list_is_flagged(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        workbook = sheet.parent
        assert isinstance(workbook, Workbook)
        workbook.create_sheet("Read me").append(["How to fill this in"])

    sheet = read_rows(make_xlsx(tmp_path, [GOOD], change))
    assert only_problem(sheet).address == "'Read me'!A1"
    assert facts(sheet) == [GOOD]


def test_prompts_and_answers_become_edits(tmp_path: Path) -> None:
    header = ("Question", "Answer", "Other wordings")
    sheet = read_rows(make_xlsx(tmp_path, [("How loud is it?", "41 dB", "Is it loud?; What noise?")], header=header))
    assert sheet.rows[0].content == Edit(
        prompt="How loud is it?", target="41 dB", rephrasings=("Is it loud?", "What noise?")
    )
    assert sheet.rows[0].address == "Changes!B2"


def test_notes_and_documents_can_be_listed(tmp_path: Path) -> None:
    header = ("Rule", "Applies when", "Title", "Text")
    rows = [("Be brief", "on the phone", None, None), (None, None, "Manual", "Line one\nLine two")]
    sheet = read_rows(make_xlsx(tmp_path, rows, header=header))
    assert [row.content for row in sheet.rows] == [
        Note(rule="Be brief", applies_when="on the phone"),
        Document(title="Manual", text="Line one\nLine two"),
    ]


def test_a_row_with_both_a_fact_and_an_edit_is_refused(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [(*GOOD, "How heavy?", "1 kg")], header=(*HEADER, "Prompt", "Answer")))
    assert "both" in only_problem(sheet).what
    assert sheet.rows == ()


def test_a_wide_list_gives_one_change_per_filled_cell(tmp_path: Path) -> None:
    header = ("Product", "noise level", "weight")
    rows = [("A", "41 dB", "2 kg"), ("B", None, "=1+1"), ("C", "43 dB", None)]
    sheet = read_rows(make_xlsx(tmp_path, rows, header=header))
    assert facts(sheet) == [("A", "noise level", "41 dB"), ("A", "weight", "2 kg"), ("C", "noise level", "43 dB")]
    assert [row.address for row in sheet.rows] == ["Changes!B2", "Changes!C2", "Changes!B4"]
    assert [problem.address for problem in sheet.refused] == ["Changes!C3"]
    assert "one column per attribute" in sheet.flagged[0].what


@pytest.mark.parametrize("text", ["2026-03-31", "2026/3/31", "2026年3月31日", "2026. 3. 31."])
def test_an_end_date_includes_its_whole_day(tmp_path: Path, text: str) -> None:
    zone = timezone(timedelta(hours=9))
    path = make_xlsx(tmp_path, [(*GOOD, text)], header=(*HEADER, "Valid until"))
    assert read_rows(path).rows[0].valid_until == datetime(2026, 4, 1, tzinfo=UTC)
    assert read_rows(path, zone=zone).rows[0].valid_until == datetime(2026, 4, 1, tzinfo=zone)


def test_a_time_of_day_is_exact(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [(*GOOD, "2026-03-31T18:00:00+09:00")], header=(*HEADER, "Valid until"))
    assert read_rows(path).rows[0].valid_until == datetime(2026, 3, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["03/04/2026", "next week", "2026-02-30", 46000, True, "=TODAY()"])
def test_an_unclear_date_is_refused(tmp_path: Path, value: object) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [(*GOOD, value), ("B", "w", "1")], header=(*HEADER, "Valid from")))
    assert facts(sheet) == [("B", "w", "1")]
    assert only_problem(sheet).address == "Changes!D2"


def test_a_window_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    header = (*HEADER, "Valid from", "Valid until")
    sheet = read_rows(make_xlsx(tmp_path, [(*GOOD, "2026-03-01", "2026-02-01")], header=header))
    assert only_problem(sheet).address == "Changes!E2"


def test_rows_beyond_the_limit_refuse_the_file(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [(f"P{index}", "weight", "1 kg") for index in range(20)])
    with pytest.raises(UnreadableFile, match="more than 10 rows"):
        read_rows(path, Limits(rows=10))


def test_content_far_to_the_right_is_flagged(tmp_path: Path) -> None:
    sheet = read_rows(make_xlsx(tmp_path, [GOOD], lambda s: s.cell(2, 300, "far")))
    assert facts(sheet) == [GOOD]
    assert "KN2" in only_problem(sheet).what


def test_shared_strings_are_read_without_furigana_and_escapes(tmp_path: Path) -> None:
    texts = ["Product", "Attribute", "New value", "weight"]
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    items += "<si><r><t>東</t></r><r><t>京</t></r><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>"
    items += "<si><t>1_x0020_kg</t></si>"
    rows = [(0, 1, 2), (4, 3, 5)]
    cells = "".join("<row>" + "".join(f"<c t='s'><v>{index}</v></c>" for index in row) + "</row>" for row in rows)
    path = with_shared_strings(make_xlsx(tmp_path, []), items, cells)
    assert facts(read_rows(path)) == [("東京", "weight", "1 kg")]


def test_a_sheet_with_prefixed_xml_names_is_read(tmp_path: Path) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = "".join(
        "<x:row>" + "".join(f"<x:c t='inlineStr'><x:is><x:t>{text}</x:t></x:is></x:c>" for text in row) + "</x:row>"
        for row in (HEADER, GOOD)
    )
    xml = f"<x:worksheet xmlns:x='{main}'><x:sheetData>{rows}</x:sheetData></x:worksheet>"
    path = rewrite(make_xlsx(tmp_path, []), "xl/worksheets/sheet1.xml", lambda _: xml.encode())
    assert facts(read_rows(path)) == [GOOD]


def test_dates_of_old_macintosh_workbooks_are_counted_from_1904(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [(*GOOD, datetime(2026, 3, 1))], header=(*HEADER, "Valid from"))
    rewrite(path, "xl/workbook.xml", lambda data: data.replace(b"<workbookPr ", b"<workbookPr date1904='1' "))
    (row,) = read_rows(path).rows
    assert row.valid_from == datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=1462)


BAD_ROWS = st.sampled_from(
    [
        (None, "weight", "1 kg"),
        ("X\u200b", "weight", "1 kg"),
        ("X", "weight", "=1+1"),
        ("X", "weight", "#REF!"),
        ("X", None, "1 kg"),
        ("X", "weight", datetime(2026, 8, 2)),
        ("Twice", "weight", "1 kg"),
        ("Twice", "weight", "2 kg"),
    ]
)


@given(st.lists(st.one_of(BAD_ROWS, st.integers(0, 10_000)), max_size=12))
def test_no_good_row_is_lost_because_of_a_bad_one(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[object, ...] | int]
) -> None:
    rows = [
        (f"P{item} {index}", "weight", f"{item} kg") if isinstance(item, int) else item
        for index, item in enumerate(plan)
    ]
    good = [row for row, item in zip(rows, plan, strict=True) if isinstance(item, int)]
    twice = {row[2] for row in rows if row[0] == "Twice"}
    kept = good if len(twice) != 1 else [row for row in dict.fromkeys(rows) if row in good or row[0] == "Twice"]
    sheet = read_rows(make_xlsx(tmp_path_factory.mktemp("sheet"), rows))
    assert facts(sheet) == kept
    bad = [row for row in rows if row not in good]

    assert len(sheet.refused) + len([p for p in sheet.flagged if "repeats" in p.what]) == len(bad) - (len(twice) == 1)
    assert all(problem.address.startswith("Changes!") and problem.fix for problem in sheet.problems)


def test_a_csv_is_read_like_a_workbook(tmp_path: Path) -> None:
    sheet = read_rows(make_csv(tmp_path, "Product,Attribute,New value\nGood,weight,1 kg\nA,weight,=1+1\nB,w,#N/A\n"))
    assert facts(sheet) == [GOOD]
    assert [problem.address for problem in sheet.refused] == ["C3", "C4"]
    assert sheet.rows[0].to_addendum("mika", "update.csv").source == "update.csv!C2"
