"""The support desk of the chapter of notes: cases about products of the bundled world, and the rules behind them.

The products and their warranties are those of the world's catalogue; faults, ages and customers are drawn. What is
right is said by a hidden list of rules, which is changed once. Nobody in the story sees it: the desk is only told
whether an action that it took turned out right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.language import Condition, when
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.models.bundled import World

ACTIONS = ("repair", "replace", "refund", "quote")
"""What the desk can do: mend it, send another one, give the money back, or say what a repair would cost."""

FAULTS = ("leaking", "no heat", "burning smell", "noise")
CUSTOMERS = ("private", "business")
REGIONS = ("north", "south")
OLDEST = 6
"""Years."""
PRODUCTS = 4
SHORTEST_WARRANTY, LONGEST_WARRANTY = 24, 48
"""Months; with these, cases in warranty and out of it are about as many."""

Era: TypeAlias = Literal["before", "after"]
"""Whether the hidden rules were changed yet."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue."""

    name: str
    warranty: int
    """Months."""


@dataclass(frozen=True, slots=True)
class SupportDesk:
    """What is true of one run."""

    products: tuple[Product, ...]
    recalled: str
    """The product that is recalled: the money is given back whatever the fault."""
    mistaken: str
    """The product that somebody will take for it."""

    def rules(self, era: Era) -> tuple[ListedRule, ...]:
        """The hidden list: tried in order, the first whose conditions hold says what is right."""
        burnt, out_of_warranty = ("replace", "quote") if era == "before" else ("refund", "replace")
        return (
            ((Condition("product", "is", self.recalled),), "refund"),
            ((Condition("fault", "is", "burning smell"),), burnt),
            ((Condition("covered", "is", "no"), Condition("customer", "is", "private")), out_of_warranty),
            ((), "repair"),
        )

    def due(self, case: Case, era: Era) -> str:
        """The right action."""
        return next(action for conditions, action in self.rules(era) if holds_of(conditions, case))

    def case(self, random: Random) -> Case:
        """A case drawn at random."""
        product = random.choice(self.products)
        age = random.randint(0, OLDEST)
        return Case(
            attributes={
                "product": product.name,
                "fault": random.choice(FAULTS),
                "age": str(age),
                "covered": "yes" if 12 * age < product.warranty else "no",
                "customer": random.choice(CUSTOMERS),
                "region": random.choice(REGIONS),
            }
        )

    def observed(self, case: Case, action: str, era: Era) -> Observation:
        """What came of an action: whether it turned out right, and no word on what would have been."""
        right = action == self.due(case, era)
        return Observation(attributes=case.attributes, answer=action, feedback="outcome", right=right)


def open_desk(world: World, random: Random) -> SupportDesk:
    """A desk for some products of the world."""
    warranties = {fact.subject: fact.object for fact in world.facts if fact.relation == "warranty"}
    months = {name: int(warranties[name].partition(" ")[0]) for name in world.products}
    fitting = [name for name in world.products if SHORTEST_WARRANTY <= months[name] <= LONGEST_WARRANTY]
    products = tuple(Product(name, months[name]) for name in random.sample(fitting, PRODUCTS))
    return SupportDesk(products, recalled=products[0].name, mistaken=products[1].name)


def question_of(case: Case) -> str:
    """The question that puts a case, as somebody at the desk would type it."""
    return f"{when(Condition(name, 'is', value) for name, value in case.attributes.items())}?"


def rule_in_words(rule: ListedRule) -> str:
    """A hidden rule as people read it."""
    conditions, action = rule
    return f"{when(conditions) or 'otherwise'}: {action}"


def rules_in_words(rules: Sequence[ListedRule]) -> tuple[str, ...]:
    """A hidden list as people read it."""
    return tuple(map(rule_in_words, rules))
