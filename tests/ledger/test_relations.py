"""When two facts are about the same thing, and when two values say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from addenda.errors import InvalidInput
from addenda.ledger import Registry, RelationSpec, check_value, content_key, default_spec, key, normalised_value
from addenda.text import normalised
from addenda.types import Document, Edit, Fact, Note


def spec(value_type: str = "text", unit: str = "", name: str = "noise level") -> RelationSpec:
    return RelationSpec.model_validate(
        {
            "name": name,
            "value_type": value_type,
            "unit": unit,
            "templates": ("How loud is {subject}?",),
            "gate_templates": ("{subject}: how loud?",),
        }
    )


SAME = [
    ("quantity", "dB", "41 dB", "４１ｄB"),
    ("quantity", "dB", "41", "41 dB."),
    ("quantity", "kg", "12.40 kg", "12.4kg"),
    ("quantity", "euros", "1,349 euros", "1349 euros"),
    ("quantity", "euros", "1 349 euros", "1349"),
    ("quantity", "°C", "-5 °C", "-5.0 °c"),
    ("integer", "", "1,000", "1000"),
    ("date", "", "2026-03-01", "2026/3/1"),
    ("date", "", "2026年3月1日", "2026-03-01"),
    ("date", "", "2026년 3월 1일", "2026.3.1."),
    ("name", "", "Ada  LOVELACE", "ada lovelace"),
    ("text", "", "Yes.", "yes"),
]
DIFFERENT = [
    ("quantity", "kg", "12.4 kg", "124 kg"),
    ("quantity", "kg", "12 kg", "12 g"),
    ("quantity", "", "2-8", "28"),
    ("text", "", "007", "7"),
    ("date", "", "2026-03-01", "2026-01-03"),
    ("date", "", "2026-02-30", "2026-03-02"),
]


@pytest.mark.parametrize(("value_type", "unit", "one", "other"), SAME)
def test_values_that_say_the_same(value_type: str, unit: str, one: str, other: str) -> None:
    relation = spec(value_type, unit)
    assert normalised_value(one, relation) == normalised_value(other, relation)


@pytest.mark.parametrize(("value_type", "unit", "one", "other"), DIFFERENT)
def test_values_that_say_something_else(value_type: str, unit: str, one: str, other: str) -> None:
    relation = spec(value_type, unit)
    assert normalised_value(one, relation) != normalised_value(other, relation)


@given(st.sampled_from(["text", "name", "quantity", "integer", "date"]), st.text(min_size=1))
def test_comparison_never_fails_and_is_stable(value_type: str, value: str) -> None:
    relation = spec(value_type, "kg")
    assert normalised_value(value, relation) == normalised_value(value, relation)


@pytest.mark.parametrize(
    ("value_type", "value"),
    [("quantity", "loud"), ("integer", "1.5"), ("integer", "x"), ("date", "soon"), ("date", "2026-13-01")],
)
def test_values_of_another_type_are_refused(value_type: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"type {value_type}"):
        check_value(value, spec(value_type))


@pytest.mark.parametrize(
    ("value_type", "value"),
    [("quantity", "41 dB"), ("integer", "-1,000"), ("date", "2026-03-01"), ("text", "?"), ("name", "x")],
)
def test_values_of_the_type_pass(value_type: str, value: str) -> None:
    check_value(value, spec(value_type))


def test_keys_ignore_spelling() -> None:
    one = Fact(subject="Velmor Tasky", relation="noise level", object="41 dB")
    other = Fact(subject=" ＶＥＬＭＯＲ  tasky", relation="Noise Level.", object="43 dB")
    assert key(one) == key(other)
    assert content_key(one) == content_key(other)


def test_keys_of_different_kinds_never_meet() -> None:
    contents = [
        Fact(subject="a", relation="b", object="c"),
        Fact(subject='a","b', relation="c", object="d"),
        Fact(subject="a", relation='b","c', object="d"),
        Edit(prompt="a", target="b"),
        Edit(prompt="fact", target="b"),
    ]
    assert len({content_key(content) for content in contents}) == len(contents)
    assert content_key(Note(rule="r")) is None
    assert content_key(Document(title="t", text="x")) is None


def test_a_declared_relation_is_found_whatever_its_spelling() -> None:
    declared = spec(name="Noise level")
    registry = Registry({normalised("Noise level"): declared})
    assert registry.get("ＮＯＩＳＥ  LEVEL") == declared
    assert registry.names() == ("Noise level",)
    assert registry.get("noise level").declared


def test_an_undeclared_relation_has_a_default_that_says_so() -> None:
    default = Registry().get("spare {part}")
    assert default == default_spec("spare {part}")
    assert not default.declared
    assert default.questions("V") == ("What is the spare (part) of V?",)
    assert default.gate_questions("V") == ("Tell me the spare (part) of V.",)
    assert not set(default.templates) & set(default.gate_templates)


def test_subjects_are_put_in_as_they_are() -> None:
    assert spec().questions("{subject} {0}") == ("How loud is {subject} {0}?",)


@pytest.mark.parametrize("template", ["How loud?", "{subject} {other}", "{subject} {}"])
def test_templates_have_one_placeholder(template: str) -> None:
    with pytest.raises(ValidationError):
        RelationSpec(name="n", templates=(template,), gate_templates=("{subject}",))


def test_same_value_uses_the_relations_type() -> None:
    registry = Registry({"weight": spec("quantity", "kg", "weight")})
    assert registry.same_value("Weight", "12.40", "12.4 kg")
    assert not registry.same_value("colour", "12.40", "12.4 kg")
