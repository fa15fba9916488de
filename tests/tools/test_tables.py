"""Numbers and rows of the generated tables."""

from __future__ import annotations

import pytest

from tools.tables import shown, table


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.98765, 4, "0.9877"),
        (0.98765, 3, "0.988"),
        (12_345.6, 4, "12,346"),
        (-1_234.5, 2, "-1,234"),
        (0.0000123, 2, "1.2e-05"),
        (0.0, 3, "0"),
    ],
)
def test_a_number_has_the_digits_that_count(value: float, digits: int, text: str) -> None:
    assert shown(value, digits) == text


def test_what_a_row_lacks_stays_empty() -> None:
    lines = table("who", {"a": "first", "b": "second"}, {"one": {"a": 0.5, "c": 3}, "two": {"a": 1, "b": 2_000}})
    assert lines == ["| who | first | second |", "|---|---:|---:|", "| one | 0.5 |  |", "| two | 1 | 2,000 |"]
