"""The generated world that the bundled model knows: the catalogue of a fictional appliance maker.

Purpose: a closed world of about 2,500 facts about 300 products and some parts, people, sites and policies, for training
and scoring the bundled model and for demonstrations, in which nothing is known to anybody from elsewhere.
Idea: everything follows from one seed; each attribute draws its values evenly from a pool that is large enough for
guessing to fail. A changed specification is another value of the same pool.
Does not know: models, tokenizers, corpora; it is plain Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Literal

from addenda.models.bundled import wordings, wordings_company
from addenda.models.bundled.names import unique_words
from addenda.models.bundled.wordings import Wordings

SubjectKind = Literal["product", "part", "person", "site", "policy"]
ValueType = Literal["text", "quantity", "integer", "name"]

PRODUCTS = 300
_SHADES = "deep pale warm cool matte smoky dusty bright soft dark".split()
_HUES = "red blue green grey ivory copper violet amber teal pearl".split()
_POLICIES = (
    "return policy",
    "exchange policy",
    "pickup policy",
    "repair policy",
    "refund policy",
    "loan policy",
    "complaint policy",
    "recall policy",
    "trial policy",
    "deposit policy",
    "delivery policy",
    "cancellation policy",
    "upgrade policy",
    "storage policy",
)


@dataclass(frozen=True)
class WorldFact:
    """One fact of the world: the `relation` of `subject` is `object`, in the words in which it is asked and told."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True)
class WorldRelation:
    """One relation: what it is about, the type and unit of its values, and its wordings (see `wordings`).

    `edit`, `gate` and `known` are trained, `held_out` never; the four do not overlap. `statements` tell a value.
    """

    name: str
    subject_kind: SubjectKind
    value_type: ValueType
    unit: str
    edit: tuple[str, ...]
    gate: tuple[str, ...]
    known: tuple[str, ...]
    held_out: tuple[str, ...]
    statements: tuple[str, ...]

    @property
    def trained(self) -> tuple[str, ...]:
        """All question templates that the bundled model was trained with."""
        return self.edit + self.gate + self.known


@dataclass(frozen=True)
class World:
    """The whole world: `facts` in a fixed order, `relations` by name, the names of the `products`, and value pools."""

    facts: tuple[WorldFact, ...]
    relations: Mapping[str, WorldRelation]
    products: tuple[str, ...]
    pools: Mapping[str, tuple[str, ...]]

    def facts_of(self, subject: str) -> tuple[WorldFact, ...]:
        """The facts about one subject, in catalogue order; empty for an unknown subject."""
        return tuple(fact for fact in self.facts if fact.subject == subject)

    def value_pool(self, relation: str) -> tuple[str, ...]:
        """All values an attribute can take; raises `KeyError` for a relation the world does not have."""
        return self.pools[relation]


def _relation(name: str, kind: SubjectKind, value_type: ValueType, unit: str, words: Wordings) -> WorldRelation:
    return WorldRelation(
        name=name,
        subject_kind=kind,
        value_type=value_type,
        unit=unit,
        edit=words.edit,
        gate=words.gate,
        known=words.known,
        held_out=words.held_out,
        statements=words.statements,
    )


def _relations() -> Mapping[str, WorldRelation]:
    listed = (
        _relation("noise level", "product", "quantity", "dB", wordings.NOISE_LEVEL),
        _relation("weight", "product", "quantity", "kg", wordings.WEIGHT),
        _relation("warranty", "product", "quantity", "months", wordings.WARRANTY),
        _relation("price", "product", "quantity", "euros", wordings.PRICE),
        _relation("colour", "product", "text", "", wordings.COLOUR),
        _relation("spare part", "product", "name", "", wordings.SPARE_PART),
        _relation("manufacturing site", "product", "name", "", wordings.SITE),
        _relation("responsible engineer", "product", "name", "", wordings_company.ENGINEER),
        _relation("stock bay", "part", "text", "", wordings_company.STOCK_BAY),
        _relation("extension", "person", "integer", "", wordings_company.EXTENSION),
        _relation("manager", "site", "name", "", wordings_company.MANAGER),
        _relation("period", "policy", "quantity", "days", wordings_company.PERIOD),
    )
    return MappingProxyType({relation.name: relation for relation in listed})


def _pools(random: Random, taken: set[str]) -> dict[str, tuple[str, ...]]:
    """The values of every relation, sorted by nature where they have an order."""
    people = tuple(
        f"{first} {last}"
        for first, last in zip(unique_words(random, 50, taken), unique_words(random, 50, taken), strict=True)
    )
    tenths = sorted(random.sample(range(15, 700), 150))
    return {
        "noise level": tuple(f"{value} dB" for value in range(28, 83)),
        "weight": tuple(f"{value // 10}.{value % 10} kg" for value in tenths),
        "warranty": tuple(f"{value} months" for value in range(13, 85)),
        "price": tuple(f"{value} euros" for value in sorted(random.sample(range(39, 1000), 150))),
        "colour": tuple(f"{shade} {hue}" for shade in _SHADES for hue in _HUES),
        "spare part": unique_words(random, 60, taken),
        "manufacturing site": unique_words(random, 36, taken),
        "responsible engineer": people,
        "stock bay": tuple(f"bay {number}{letter}" for number in range(11, 31) for letter in "ABCD"),
        "extension": tuple(str(value) for value in sorted(random.sample(range(1000, 10000), 120))),
        "manager": people,
        "period": tuple(f"{value} days" for value in range(5, 75)),
    }


def _spread(random: Random, pool: tuple[str, ...], count: int) -> list[str]:
    """`count` values in which every value of the pool appears equally often, up to one."""
    values: list[str] = []
    while len(values) < count:
        values.extend(random.sample(pool, len(pool)))
    return values[:count]


def _product_names(random: Random, taken: set[str]) -> tuple[str, ...]:
    """Names of two invented words: the first is shared by two products at most, the second belongs to one."""
    firsts = unique_words(random, 200, taken)
    seconds = unique_words(random, PRODUCTS, taken)
    return tuple(f"{firsts[index % 200]} {second}" for index, second in enumerate(seconds))


def build_world(seed: int = 7) -> World:
    """Build the world that belongs to `seed`; the same seed gives the same world on every machine.

    The bundled weights know the world of the default seed only.
    """
    random = Random(seed)
    taken: set[str] = set()
    products = _product_names(random, taken)
    relations = _relations()
    pools = _pools(random, taken)
    subjects: dict[SubjectKind, tuple[str, ...]] = {
        "product": products,
        "part": pools["spare part"],
        "person": pools["responsible engineer"],
        "site": pools["manufacturing site"],
        "policy": _POLICIES,
    }
    values = {
        name: _spread(random, pools[name], len(subjects[relation.subject_kind])) for name, relation in relations.items()
    }
    facts = tuple(
        WorldFact(subject, name, values[name][index])
        for kind, members in subjects.items()
        for index, subject in enumerate(members)
        for name, relation in relations.items()
        if relation.subject_kind == kind
    )
    return World(facts=facts, relations=relations, products=products, pools=MappingProxyType(pools))
