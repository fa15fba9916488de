from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from addenda.errors import InvalidInput
from addenda.memories.notes.cases import (
    EXAMPLE,
    Case,
    Observation,
    answers_in,
    case_of,
    holds,
    number,
    read_observations,
    to_line,
)
from addenda.memories.notes.language import Condition


def observed(**given: object) -> Observation:
    return Observation.model_validate({"attributes": {"fault": "no heat"}, "answer": "replace", **given})


def test_feedback_follows_from_what_is_given() -> None:
    assert observed().feedback == "none"
    assert observed(right=True).feedback == "outcome"
    assert observed(label="repair").feedback == "label"
    assert observed(right=False, feedback="self-judged").feedback == "self-judged"


@pytest.mark.parametrize(
    "given",
    [
        {"feedback": "outcome"},
        {"feedback": "label", "right": True},
        {"feedback": "none", "right": False},
        {"right": True, "label": "repair"},
        {"answer": ""},
        {"attributes": {}, "text": " "},
        {"attributes": {"Fault": "a", "fault": "b"}},
        {"attributes": {"fault": {"is": "nested"}}},
        {"right": "perhaps"},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        observed(**given)


def test_numbers_and_truth_values_are_texts() -> None:
    one = observed(attributes={"age": 7, "size": 1.5, "gas": True, "name": "Ａ"})
    assert one.values == {"age": "7", "size": "1.5", "gas": "yes", "name": "a"}


@pytest.mark.parametrize(
    ("given", "asked", "says", "expected"),
    [
        ({"right": True}, "Replace", True, True),
        ({"right": True}, "repair", False, False),
        ({"right": False}, "replace", False, False),
        # That replacing was wrong fits with repairing being right, and does not say that it is.
        ({"right": False}, "repair", None, True),
        ({"label": "repair"}, "repair", True, True),
        ({"label": "repair"}, "replace", False, False),
        ({}, "replace", None, None),
    ],
)
def test_what_an_observation_says_about_an_answer(
    given: dict[str, object], asked: str, says: bool | None, expected: bool | None
) -> None:
    assert observed(**given).says(asked) is says
    assert observed(**given).expected_if(asked) is expected


@pytest.mark.parametrize(
    ("condition", "values", "true"),
    [
        (Condition("Fault", "is", "No Heat"), {"fault": "no heat"}, True),
        (Condition("fault", "is not", "noise"), {"fault": "no heat"}, True),
        (Condition("fault", "is not", "no heat"), {"fault": "no heat"}, False),
        (Condition("fault", "is not", "noise"), {}, False),
        (Condition("age", "is at least", "5"), {"age": "5 years"}, True),
        (Condition("age", "is at least", "5"), {"age": "4,9"}, False),
        (Condition("age", "is below", "5"), {"age": "-3"}, True),
        (Condition("age", "is below", "5"), {"age": "old"}, False),
        (Condition("age", "is below", "many"), {"age": "3"}, False),
    ],
)
def test_whether_a_condition_holds(condition: Condition, values: dict[str, str], true: bool) -> None:
    assert holds(condition, values) is true


@given(st.text())
def test_any_text_has_a_number_or_none(text: str) -> None:
    number(text)


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=3), st.text(min_size=1, max_size=4), max_size=3),
    st.text(max_size=5),
    st.booleans() | st.none(),
)
def test_a_line_is_read_back(attributes: dict[str, str], text: str, right: bool | None) -> None:
    try:
        one = Observation(attributes=attributes, text=text, answer="x", right=right)  # type: ignore[call-arg]
    except ValidationError:
        return
    assert Observation.model_validate_json(to_line(one)) == one


def test_a_file_is_read_as_a_whole_or_not_at_all() -> None:
    assert [one.right for one in read_observations([EXAMPLE, "", EXAMPLE], "a.jsonl")] == [True, True]
    with pytest.raises(InvalidInput, match=r"a\.jsonl, line 2: .*begins '\{\"answer"):
        read_observations([EXAMPLE, '{"answer": "x"}'], "a.jsonl")
    with pytest.raises(InvalidInput, match=r"a\.jsonl, line 1: Invalid JSON"):
        read_observations(["nonsense"], "a.jsonl")
    with pytest.raises(InvalidInput, match="has no observations"):
        read_observations(["", " "], "a.jsonl")


def test_the_example_is_one() -> None:
    assert Observation.model_validate(json.loads(EXAMPLE)).values == {"fault": "no heat", "age": "7"}


def test_answers_are_those_given_and_those_named() -> None:
    given = [observed(), observed(label="Repair"), observed(answer="REPLACE", right=False)]
    assert answers_in(given) == {"replace": "replace", "repair": "Repair"}


@pytest.mark.parametrize(
    ("question", "attributes"),
    [
        ('fault is "no heat" and age is 7?', {"fault": "no heat", "age": "7"}),
        ("fault is no heat.\nWhat is to be done?", {"fault": "no heat"}),
        ("age is at least 7", {}),
        ("fault is a and Fault is b", {}),
        ("My dryer does not heat", {}),
    ],
)
def test_a_question_can_put_a_case(question: str, attributes: dict[str, str]) -> None:
    case = case_of(question)
    assert (case.attributes, case.text) == (attributes, question)


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_every_question_is_a_case(question: str) -> None:
    assert isinstance(case_of(question), Case)
