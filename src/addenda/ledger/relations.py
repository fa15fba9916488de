"""The relation registry: what is known about each relation, and when two facts are about the same thing.

A :class:`RelationSpec` says how many values a relation may have at a time, what kind of value it takes, how it is asked
about, and which memories carry it. Two facts are in conflict exactly when they have the same :func:`key` and the
relation takes one value: never by similarity, which cannot tell a correction from a neighbour. Values are compared in
a normal form that ignores digit width, spacing, case and, for quantities, the way a number is written.

This module does not know which addenda exist; the conversion between different units (kg and g) is not attempted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from addenda.errors import InvalidInput
from addenda.text import normalised
from addenda.types import Content, Edit, Fact, Frozen, MemoryName

Cardinality: TypeAlias = Literal["one", "many"]
"""How many values one subject may have at a time."""

ValueType: TypeAlias = Literal["text", "name", "quantity", "integer", "date"]
"""How values are read for comparison."""

Key: TypeAlias = tuple[str, str]
"""(normalised subject, normalised relation): facts with equal keys are about the same thing."""

ANY_RELATION = "*"
"""The name of the declaration that stands for every relation that nobody declared; in its questions it stands for the
relation's name."""

SUBJECT = "{subject}"
"""The placeholder for the subject in a question template; the only one there is."""

_PLACEHOLDERS = re.compile(r"\{[^{}]*\}")
_QUANTITY = re.compile(r"^([+-]?\d[\d,_' ]*(?:\.\d+)?)\s*(.*)$")
_CJK_DATE = re.compile(r"^(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})\s*[日일.]?$")


def _template(text: str) -> str:
    if SUBJECT not in text:
        raise ValueError(f"question template {text!r} must contain {SUBJECT}")
    if strange := [found for found in _PLACEHOLDERS.findall(text) if found != SUBJECT]:
        raise ValueError(f"question template {text!r} contains {strange[0]}; the only placeholder is {SUBJECT}")
    return text


Template: TypeAlias = Annotated[str, AfterValidator(_template)]
"""A question with ``{subject}`` in it."""


class RelationSpec(Frozen):
    """What the knowledge base knows about one relation."""

    name: str = Field(min_length=1)
    cardinality: Cardinality = "one"
    value_type: ValueType = "text"
    unit: str = ""
    """Unit of a quantity, used when a value is given without one."""
    subject_kind: str = ""
    """What kind of thing it is about, for example ``product``; relations about one kind are asked about together."""
    templates: tuple[Template, ...] = Field(min_length=1)
    """Questions that edits are made from, the canonical one first."""
    gate_templates: tuple[Template, ...] = Field(min_length=1)
    """Other wordings, which the gate asks and edits are never made from."""
    memories: tuple[MemoryName, ...] = ("edits",)
    """The memories that carry facts of this relation."""
    declared: bool = True
    """False for the default of a relation that nobody declared, so that callers can warn."""

    def questions(self, subject: str) -> tuple[str, ...]:
        """The questions that an edit about ``subject`` is made from."""
        return tuple(template.replace(SUBJECT, subject) for template in self.templates)

    def gate_questions(self, subject: str) -> tuple[str, ...]:
        """The questions that the gate asks about ``subject``."""
        return tuple(template.replace(SUBJECT, subject) for template in self.gate_templates)


def default_spec(name: str, any_relation: RelationSpec | None = None) -> RelationSpec:
    """The specification assumed for a relation that nobody declared.

    Args:
        name: The relation.
        any_relation: The declaration of :data:`ANY_RELATION`; without one, plain text is assumed, one value at a time,
            carried by edits.
    """
    wording = name.replace("{", "(").replace("}", ")")
    spec = any_relation or _ASSUMED
    return spec.model_copy(
        update={
            "name": name,
            "templates": tuple(template.replace(ANY_RELATION, wording) for template in spec.templates),
            "gate_templates": tuple(template.replace(ANY_RELATION, wording) for template in spec.gate_templates),
            "declared": False,
        }
    )


_ASSUMED = RelationSpec(
    name=ANY_RELATION,
    templates=(f"What is the {ANY_RELATION} of {SUBJECT}?",),
    gate_templates=(f"Tell me the {ANY_RELATION} of {SUBJECT}.",),
)


class Registry:
    """The relations that were declared, found by name whatever its case, width or spacing.

    Args:
        specs: The declared relations by normalised name, as :class:`~addenda.ledger.State` keeps them.
    """

    def __init__(self, specs: Mapping[str, RelationSpec] = MappingProxyType({})) -> None:
        self._specs = specs
        self._found: dict[str, RelationSpec] = {}

    def get(self, name: str) -> RelationSpec:
        """The declared specification, or a default one with ``declared=False``."""
        found = self._found.get(name)
        if found is None:
            declared = self._specs.get(normalised(name))
            found = self._found[name] = declared or default_spec(name, self._specs.get(ANY_RELATION))
        return found

    def names(self) -> tuple[str, ...]:
        """The declared names, sorted, without :data:`ANY_RELATION`."""
        return tuple(sorted(spec.name for key, spec in self._specs.items() if key != ANY_RELATION))

    def same_value(self, relation: str, one: str, other: str) -> bool:
        """Whether two values of a relation say the same."""
        spec = self.get(relation)
        return normalised_value(one, spec) == normalised_value(other, spec)


def key(fact: Fact) -> Key:
    """What a fact is about: facts with equal keys compete when the relation takes one value."""
    return normalised(fact.subject), normalised(fact.relation)


def content_key(content: Content) -> str | None:
    """The key of a fact, or of an edit's prompt, as one string for an index; None for notes and documents."""
    return content_keys([content])[0]


def content_keys(contents: Iterable[Content]) -> list[str | None]:
    """:func:`content_key` of many contents, which often have subjects and relations in common."""

    @cache
    def quoted(text: str) -> str:
        return encode_basestring(normalised(text))

    keys: list[str | None] = []
    for content in contents:
        match content:
            case Fact():
                keys.append(f'["fact", {quoted(content.subject)}, {quoted(content.relation)}]')
            case Edit():
                keys.append(f'["edit", {quoted(content.prompt)}]')
            case _:
                keys.append(None)
    return keys


def normalised_value(value: str, spec: RelationSpec) -> str:
    """The form in which two values of this relation are compared. A value that does not parse is compared as text."""
    text = normalised(value)
    match spec.value_type:
        case "quantity" | "integer":
            return _quantity(text, normalised(spec.unit)) or text
        case "date":
            return _date(text) or text
        case "text" | "name":
            return text


def check_value(value: str, spec: RelationSpec) -> None:
    """Raise InvalidInput when a value does not fit the relation's value type."""
    if not _fits(value, spec.value_type):
        unit = f" in {spec.unit}" if spec.unit else ""
        raise InvalidInput(
            f"{value!r} is no value of relation {spec.name!r}, which takes a value of type {spec.value_type}{unit}; "
            "correct the value, or declare the relation with another value type"
        )


def _fits(value: str, value_type: ValueType) -> bool:
    match value_type:
        case "quantity":
            return _quantity(normalised(value), "") is not None
        case "integer":
            return (_quantity(normalised(value), "") or "?").partition(" ")[0].lstrip("-").isdigit()
        case "date":
            return _date(normalised(value)) is not None
        case "text" | "name":
            return True


def _quantity(text: str, unit: str) -> str | None:
    """Number and unit in one spelling; thousands separators, trailing zeros and the space before the unit vanish."""
    found = _QUANTITY.match(text)
    if found is None:
        return None
    try:
        number = Decimal(re.sub(r"[,_' ]", "", found[1]))
    except InvalidOperation:
        return None
    return f"{number.normalize():f} {found[2].strip() or unit}".strip()


def _date(text: str) -> str | None:
    found = _CJK_DATE.match(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None
