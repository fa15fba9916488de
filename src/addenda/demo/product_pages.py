"""The corpus of the chapter of reflections: pages about products that nobody knows, and questions that they answer.

A page tells the facts about one product, part, person or site, and is closed under what it leads to: the page of a
product names its spare part, which has a page of its own with the bay where it lies. The pages come from a world of the
same kind as the bundled model's, with other names, so every question has one right answer that is known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

from addenda.models.bundled import World, WorldFact, build_world
from addenda.models.bundled.pages import pages

WORLD = 901
"""The seed of the world that the pages are from; the bundled model knows another one."""
FEWEST_PRODUCTS, MOST_PRODUCTS = 2, 30
"""So few that there is one to withdraw and one that stays, and so many that a laptop learns them in a quarter hour."""
CONTENTS = "contents.txt"
"""The file that names the pages, in order."""

Kind: TypeAlias = Literal["one step", "another language", "from the value", "two steps", "three steps", "unknown name"]
KINDS: tuple[Kind, ...] = (
    "one step", "another language", "from the value", "two steps", "three steps", "unknown name"
)  # fmt: skip

_FROM_VALUE = (
    "Which of the products has the {relation} {value}?",
    "What is the product with the {relation} {value} called?",
    "The {relation} is {value}. Give the product.",
)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Relations to be followed one after another, with questions in other words than chains are taught in."""

    kind: Kind
    relations: tuple[str, ...]
    wordings: tuple[str, ...]


_CHAINS = (
    _Chain(
        "two steps",
        ("spare part", "stock bay"),
        ("In which bay do I find the spare part of {subject}?", "What is the stock bay of {subject}'s spare part?"),
    ),
    _Chain(
        "two steps",
        ("responsible engineer", "extension"),
        (
            "On which extension do I reach the responsible engineer of {subject}?",
            "What is the phone number of the responsible engineer of {subject}?",
        ),
    ),
    _Chain(
        "two steps",
        ("manufacturing site", "manager"),
        ("Who manages the manufacturing site of {subject}?", "Who manages {subject}'s manufacturing site?"),
    ),
    _Chain(
        "three steps",
        ("manufacturing site", "manager", "extension"),
        (
            "On which extension do I reach the manager of the manufacturing site of {subject}?",
            "What is the phone number of the manager of the manufacturing site of {subject}?",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer, and the pages that have to be put together for it."""

    kind: Kind
    text: str
    due: str
    pages: tuple[str, ...]
    """Titles of the pages, in the order of the steps; empty for an unknown name."""


class ProductPages:
    """The pages of some products and of everything that they lead to."""

    def __init__(self, world: World, products: Sequence[str]) -> None:
        """The pages of these products of a world, and of what they lead to."""
        self.products = tuple(products)
        self._world = world
        self._values = {(fact.subject, fact.relation): fact.object for fact in world.facts}
        every = pages(world)
        self.texts: Mapping[str, str] = {title: every[title] for title in _closed(world, products, every)}
        """The pages by title."""

    @property
    def facts(self) -> tuple[WorldFact, ...]:
        """Everything that the pages state."""
        return tuple(fact for title in self.texts for fact in self._world.facts_of(title))

    def write(self, directory: Path) -> list[Path]:
        """Write the pages as UTF-8 text files into a new folder ``pages``, and their names beside it; their paths."""
        folder = directory / "pages"
        folder.mkdir()
        paths = [folder / f"{title}.txt" for title in self.texts]
        for path, text in zip(paths, self.texts.values(), strict=True):
            path.write_text(text, encoding="utf-8", newline="\n")
        contents = "".join(f"{path.relative_to(directory).as_posix()}\n" for path in paths)
        (directory / CONTENTS).write_text(contents, encoding="utf-8", newline="\n")
        return paths

    def one_step(self, random: Random) -> list[Question]:
        """One question about each fact, in English wordings that neither the bundled nor a memory model was taught."""
        return [_one_step("one step", fact, fact.object, self._world, random) for fact in self.facts]

    def another_language(self, random: Random) -> list[Question]:
        """The same in Japanese and Korean wordings; the pages are in English."""
        return [_one_step("another language", fact, fact.object, self._world, random) for fact in self.facts]

    def from_value(self, random: Random) -> list[Question]:
        """For each value that one product alone has, which product it is."""
        owners: dict[tuple[str, str], list[str]] = {}
        for fact in self.facts:
            if fact.subject in self.products:
                owners.setdefault((fact.relation, fact.object), []).append(fact.subject)
        return [
            Question("from the value", random.choice(_FROM_VALUE).format(relation=relation, value=value), one, (one,))
            for (relation, value), (one, *others) in owners.items()
            if not others
        ]

    def chains(self, random: Random) -> list[Question]:
        """For each product, what its parts, people and sites lead to."""
        return [self._chained(product, chain, random) for product in self.products for chain in _CHAINS]

    def unknown(self, random: Random, count: int) -> list[Question]:
        """Questions about products of the same world whose pages are not among these."""
        others = [fact for fact in self._world.facts if fact.subject in self._strangers()]
        return [
            _one_step("unknown name", fact, "", self._world, random)
            for fact in random.sample(others, min(count, len(others)))
        ]

    def _strangers(self) -> frozenset[str]:
        return frozenset(self._world.products).difference(self.products)

    def _chained(self, product: str, chain: _Chain, random: Random) -> Question:
        titles: list[str] = []
        value = product
        for relation in chain.relations:
            titles.append(value)
            value = self._values[value, relation]
        text = random.choice(chain.wordings).format(subject=product)
        return Question(chain.kind, text, value, tuple(titles))


def new_product_pages(random: Random, products: int) -> ProductPages:
    """The pages of so many products, drawn."""
    world = build_world(WORLD)
    return ProductPages(world, random.sample(world.products, products))


def _one_step(kind: Kind, fact: WorldFact, due: str, world: World, random: Random) -> Question:
    english = kind != "another language"
    wording = random.choice([one for one in world.relations[fact.relation].held_out if one.isascii() is english])
    return Question(kind, wording.format(subject=fact.subject), due, (fact.subject,) if due else ())


def _closed(world: World, products: Sequence[str], every: Mapping[str, str]) -> Iterator[str]:
    """The titles of these products' pages, and of all pages that they lead to, each once."""
    seen: set[str] = set()
    waiting = list(products)
    while waiting:
        title = waiting.pop(0)
        if title not in seen:
            seen.add(title)
            yield title
            waiting += [fact.object for fact in world.facts_of(title) if fact.object in every]
