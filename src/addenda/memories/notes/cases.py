"""Cases and observations: what was to be answered, what the system answered, and what came of it.

An observation says how its outcome is known, because that decides what can be learned from it, and results differ
strongly between the kinds: an ``outcome`` is the environment's word on whether the answer turned out right,
``self-judged`` is a model's word on it, a ``label`` names the right answer, ``none`` says nothing. Learning without
labels means that no label is looked at.

A file of observations has one JSON object in a line (:func:`read_observations`). Attributes are compared in normal
form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from addenda.errors import InvalidInput
from addenda.memories.notes.language import Condition, read_when, when
from addenda.text import normalised
from addenda.types import Frozen

Feedback: TypeAlias = Literal["outcome", "self-judged", "label", "none"]
"""How the outcome of an observation is known."""

FIELD_LIMIT = 4_000
"""Characters of a text, an answer or a value."""

ATTRIBUTE_LIMIT = 200
"""Attributes of a case."""

_NUMBER = re.compile(r"[+-]?\d{1,30}(?:[.,]\d{1,30})?")
_SHOWN = 80


def _as_text(value: object) -> object:
    """A value as it is written: numbers and truth values of JSON become the texts that stand for them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


Text: TypeAlias = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=FIELD_LIMIT)]


class Case(Frozen):
    """What is to be answered: values of attributes, a text, or both."""

    attributes: Mapping[Text, Text] = Field(default_factory=dict, max_length=ATTRIBUTE_LIMIT)
    text: str = Field(default="", max_length=FIELD_LIMIT)

    @model_validator(mode="after")
    def _says_something(self) -> Case:
        if not self.attributes and not self.text.strip():
            raise ValueError("a case needs attributes or a text, and this one has neither")
        if len(self.values) < len(self.attributes):
            raise ValueError("two attributes have names that are compared as the same; leave one out")
        return self

    @cached_property
    def values(self) -> Mapping[str, str]:
        """The attributes in normal form."""
        return {normalised(name): normalised(value) for name, value in self.attributes.items()}


class Observation(Case):
    """A case, what the system answered, and what came of it."""

    answer: Text
    """What the system said or did."""
    feedback: Feedback
    """How the outcome is known; where it is not given, it follows from ``right`` and ``label``."""
    right: bool | None = None
    """Whether the answer turned out right; with ``outcome`` and ``self-judged``."""
    label: Text | None = None
    """The right answer; with ``label``."""

    @model_validator(mode="before")
    @classmethod
    def _feedback_follows(cls, given: object) -> object:
        if not isinstance(given, Mapping) or "feedback" in given:
            return cast("object", given)
        fields = cast("Mapping[str, object]", given)
        told = fields.get("label") is not None
        kind = "label" if told else "outcome" if fields.get("right") is not None else "none"
        return {**fields, "feedback": kind}

    @model_validator(mode="after")
    def _feedback_fits(self) -> Observation:
        judged = self.feedback in ("outcome", "self-judged")
        if judged != (self.right is not None) or (self.feedback == "label") != (self.label is not None):
            raise ValueError(
                f"feedback {self.feedback!r} does not go with right={self.right!r} and label={self.label!r}; give "
                "`right` (true or false) with 'outcome' and 'self-judged', `label` with 'label', neither with 'none'"
            )
        return self

    def says(self, answer: str) -> bool | None:
        """Whether this observation speaks for an answer (True), against it (False), or is silent about it (None).

        That one answer was wrong says of no other that it is right.
        """
        expected = self.expected_if(answer)
        wrong_other = self.right is False and normalised(self.answer) != normalised(answer)
        return None if wrong_other else expected

    def expected_if(self, answer: str) -> bool | None:
        """Whether this feedback is the one to be expected if an answer is the right one; None where there is none."""
        if self.label is not None:
            return normalised(self.label) == normalised(answer)
        if self.right is None:
            return None
        return (normalised(self.answer) == normalised(answer)) == self.right


def case_of(question: str) -> Case:
    """The case that a question puts: attributes where its first line says them as a note would, a text in any event.

    ``fault is "no heat" and age is 7`` gives two attributes; a question mark or full stop at the end does not count.
    """
    first = question.strip().partition("\n")[0].rstrip("?. ")
    conditions = read_when(first) or ()
    told = {one.attribute: one.value for one in conditions}
    said = bool(told) and len(told) == len(conditions) and all(one.test == "is" for one in conditions)
    try:
        return Case(attributes=told if said else {}, text=question.strip())
    except ValidationError:  # names that are compared as the same, or more of them than a case may have
        return Case(text=question.strip()[:FIELD_LIMIT] or "?")


def meeting(conditions: Sequence[Condition]) -> str:
    """A question that puts a case which meets these conditions, and has no attributes but theirs.

    Where no value can meet them all, the case meets as many as it can.
    """
    told: dict[str, str] = {}
    for one in conditions:
        match one.test:
            case "is" | "is at least":
                told[one.attribute] = one.value
            case "is below":
                limit = number(normalised(one.value))
                told.setdefault(one.attribute, "0" if limit is None else f"{limit - 1:f}")
            case "is not":
                told.setdefault(one.attribute, f"other than {one.value}")
    return when(Condition(name, "is", value) for name, value in told.items()) or "a case like any other"


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether a condition holds of values in normal form; one about an attribute that is not there never does."""
    given = values.get(normalised(condition.attribute))
    if given is None:
        return False
    wanted = normalised(condition.value)
    match condition.test:
        case "is":
            return given == wanted
        case "is not":
            return given != wanted
        case "is at least" | "is below":
            one, other = number(given), number(wanted)
            return one is not None and other is not None and (one >= other) == (condition.test == "is at least")


def implies(one: Condition, other: Condition) -> bool:
    """Whether a condition cannot hold where another one does not; False where that cannot be told from the words."""
    if normalised(one.attribute) != normalised(other.attribute):
        return False
    if one.test == "is":
        return holds(other, {normalised(one.attribute): normalised(one.value)})
    if one.test != other.test:
        return False
    if normalised(one.value) == normalised(other.value):
        return True
    given, wanted = number(normalised(one.value)), number(normalised(other.value))
    if one.test == "is not" or given is None or wanted is None:
        return False
    return given >= wanted if one.test == "is at least" else given <= wanted


def number(text: str) -> Decimal | None:
    """The number that a text begins with, a comma taken for a point; None where there is none."""
    found = _NUMBER.match(text)
    return None if found is None else Decimal(found[0].replace(",", "."))


def read_observations(lines: Iterable[str], name: str) -> list[Observation]:
    """The observations of a file with one JSON object in a line; blank lines are passed over.

    Args:
        lines: The lines.
        name: The file's name, for messages.

    Raises InvalidInput naming the first line that is none, and why; nothing is read then.
    """
    found: list[Observation] = []
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(Observation.model_validate_json(line))
            except ValidationError as error:
                raise InvalidInput(
                    f"{name}, line {place}: {fault(error)}; the line begins {line.strip()[:_SHOWN]!r}"
                ) from error
    if not found:
        raise InvalidInput(f"{name} has no observations; give one JSON object in a line, for example {EXAMPLE}")
    return found


EXAMPLE = '{"attributes": {"fault": "no heat", "age": 7}, "answer": "replace", "right": true}'
"""An observation as a file has it."""


def to_line(observation: Observation) -> str:
    """The one spelling of an observation; ``Observation.model_validate_json`` reads it back."""
    return observation.model_dump_json(exclude_none=True, exclude_defaults=True)


def answers_in(observations: Sequence[Observation]) -> dict[str, str]:
    """Every answer that was given or named: its normal form, and how it was spelled first."""
    found: dict[str, str] = {}
    for one in observations:
        for said in (one.answer, one.label):
            if said is not None:
                found.setdefault(normalised(said), said)
    return found


def fault(error: ValidationError) -> str:
    """What is wrong first, and where, in words."""
    wrong = error.errors()[0]
    place = ".".join(map(str, wrong["loc"]))
    told = str(wrong["msg"]).removeprefix("Value error, ")
    return f"{place}: {told}" if place else told
