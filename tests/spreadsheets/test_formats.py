"""Number formats and cell addresses, apart from any file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.spreadsheets.delimited import denature, neutralise
from addenda.spreadsheets.formats import exceeds_kept_digits, show_date, show_number
from addenda.spreadsheets.tables import address, column_letters, column_number

short = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10)


@given(short)
def test_a_number_without_a_format_keeps_its_value(number: Decimal) -> None:
    shown = show_number(number, "General")
    assert Decimal(shown.text) == number
    assert "E" not in shown.text
    assert shown.note == ""


@given(short)
def test_a_fixed_format_keeps_its_decimals_and_says_when_it_rounds(number: Decimal) -> None:
    shown = show_number(number, "0.00")
    assert len(shown.text.partition(".")[2]) == 2
    assert abs(Decimal(shown.text) - number) <= Decimal("0.005")
    assert (shown.note == "") == (Decimal(shown.text) == number)


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        ("0", "0", "0"),
        ("0", "#", "0"),
        ("0", '0;-0;"none"0', "none0"),
        ("7", "00000", "00007"),
        ("-7", "000", "-007"),
        ("1234567", "#,##0", "1234567"),
        ("5", '"No. "0', "No. 5"),
        ("5", "0\\ \\k\\g", "5 kg"),
        ("5", "[Red]0.0_-", "5.0"),
        ("0.005", "0.00", "0.01"),
        ("-0.001", "0.0", "0.0"),
        ("2.5", "0.0?", "2.5"),
    ],
)
def test_formats_decorate_as_a_spreadsheet_does(number: str, code: str, text: str) -> None:
    assert show_number(Decimal(number), code).text == text


@pytest.mark.parametrize("code", ["0.00E+00", "# ?/?", "[>100]0", "0,,", '"only text"', "0 0"])
def test_a_format_that_computes_gives_the_stored_number_and_a_note(code: str) -> None:
    shown = show_number(Decimal("1.5"), code)
    assert shown.text == "1.5"
    assert repr(code) in shown.note


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("d-mmm", "2-Aug"),
        ("mm-dd-yy", "08-02-26"),
        ("dd.mm.yyyy", "02.08.2026"),
        ('yyyy"年"m"月"d"日"', "2026年8月2日"),
        ("[$-409]mmmm d, yyyy;@", "August 2, 2026"),
        ("h:mm", "9:05"),
        ("yyyy-mm-dd hh:mm:ss", "2026-08-02 09:05:07"),
    ],
)
def test_dates_are_shown_as_a_spreadsheet_shows_them(code: str, text: str) -> None:
    assert show_date(datetime(2026, 8, 2, 9, 5, 7), code) == text


@pytest.mark.parametrize(
    ("number", "lost"), [("0", False), ("999999999999999", False), ("1e15", True), ("1e-13", True)]
)
def test_numbers_with_more_digits_than_are_kept_are_known(number: str, lost: bool) -> None:
    assert exceeds_kept_digits(Decimal(number)) is lost


@given(st.integers(1, 20_000))
def test_column_names_count_like_a_spreadsheet(number: int) -> None:
    assert column_number(column_letters(number)) == number


def test_addresses_are_written_like_a_spreadsheet_writes_them() -> None:
    assert (column_letters(1), column_letters(26), column_letters(27), column_letters(703)) == ("A", "Z", "AA", "AAA")
    assert address("Changes", 17, 3) == "Changes!C17"
    assert address("", 17, 3) == "C17"
    assert address("It's mine", 1, 1) == "'It''s mine'!A1"
    assert address("変更", 1, 1) == "変更!A1"
    assert address("2026", 1, 1) == "'2026'!A1"


@given(st.text(alphabet="'=+-@\t\ra", max_size=6))
def test_neutralising_can_be_undone_and_leaves_nothing_to_run(text: str) -> None:
    written = neutralise(text)
    assert denature(written) == text
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
