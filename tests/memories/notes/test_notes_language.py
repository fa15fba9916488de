from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addenda.memories.notes.language import Condition, conclusion, read_conclusion, read_when, when

TRICKY = [
    "is", "and", "a and b", "is not x", "at least 5", "below", "not", "x is y", " a", "a ", ".", " ", "a.", "é\n",
]  # fmt: skip
TEXTS = (
    st.text(st.sampled_from('ab is"\\and no.tlesw5 '), min_size=1, max_size=14)
    | st.text(min_size=1, max_size=6)
    | st.sampled_from(TRICKY)
)
CONDITIONS = st.builds(Condition, TEXTS, st.sampled_from(["is", "is not", "is at least", "is below"]), TEXTS)


@settings(max_examples=500)
@given(st.lists(CONDITIONS, max_size=4))
def test_what_is_written_is_read_back(conditions: list[Condition]) -> None:
    assert read_when(when(conditions)) == tuple(conditions)


@settings(max_examples=500)
@given(TEXTS)
def test_a_conclusion_is_read_back(answer: str) -> None:
    assert read_conclusion(conclusion(answer)) == answer


@given(st.text())
def test_reading_never_fails(text: str) -> None:
    read_when(text)
    read_conclusion(text)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("", ()),
        (
            'fault is "no heat" and age is at least 5',
            (Condition("fault", "is", "no heat"), Condition("age", "is at least", "5")),
        ),
        ("fault is no heat", (Condition("fault", "is", "no heat"),)),
        ("color is not black", (Condition("color", "is not", "black"),)),
        (
            "症状 is 異音 and 使用年数 is below 3",
            (Condition("症状", "is", "異音"), Condition("使用年数", "is below", "3")),
        ),
        ("the customer sounds angry", None),
        ("fault is", None),
        ('fault is "open', None),
    ],
)
def test_people_write_it_too(words: str, meaning: tuple[Condition, ...] | None) -> None:
    assert read_when(words) == meaning


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("the answer is replace", "replace"),
        ("the answer is replace.", "replace"),
        ('the answer is "send it to the workshop."', "send it to the workshop."),
        ("always be polite", None),
        ("the answer is ", None),
    ],
)
def test_what_a_rule_concludes(words: str, answer: str | None) -> None:
    assert read_conclusion(words) == answer


def test_it_reads_as_a_sentence() -> None:
    conditions = [Condition("fault", "is", "no heat"), Condition("age", "is at least", "5")]
    assert when(conditions) == "fault is no heat and age is at least 5"
    assert when([Condition("ends with", "is", "and more")]) == 'ends with is "and more"'
