"""Names of things: in the shapes that such things have, and with marks of calls in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from addenda.models.bundled.names import any_word, fresh_name, invented_word, plain_word, product_code

Kind = Literal["product", "part", "person", "site", "policy", "any"]

_MARKED = ("{a}; {b}", "{a};{b}", "{a} >> {b}", "{a}>>{b}", "{a}\\{b}", "{a} ({{{b}}})", "{a} --> {b}")
_ANY_SHAPE = 0.06
"""How often a name has a shape that such things seldom have."""


def marked(random: Random, name: str, share: float) -> str:
    """The name; in a share of cases longer, and with a mark in it that has to be written with an escape."""
    if random.random() >= share:
        return name
    return random.choice(_MARKED).format(a=name, b=any_word(random))


def name_of(random: Random, kind: Kind) -> str:
    """A fresh name; people mostly have two names, sites one, parts one or a code, as in the bundled model's world."""
    if kind in ("product", "any"):
        return f"{plain_word(random)} {plain_word(random)}" if random.random() < 0.4 else fresh_name(random)
    return fresh_name(random) if random.random() < _ANY_SHAPE else _SHAPES[kind](random)


def _person(random: Random) -> str:
    if random.random() < 0.1:
        return f"{any_word(random)} {random.choice('ABCDEFGHJKLMNPRSTW')}. {any_word(random)}"
    return f"{any_word(random)} {any_word(random)}"


def _site(random: Random) -> str:
    return f"{any_word(random)} {any_word(random)}" if random.random() < 0.15 else any_word(random)


def _part(random: Random) -> str:
    shape = random.random()
    if shape < 0.6:
        return plain_word(random) if random.random() < 0.6 else invented_word(random, random.choice((2, 3)))
    return product_code(random) if shape < 0.85 else f"{any_word(random)} {product_code(random)}"


def _policy(random: Random) -> str:
    word = any_word(random)
    return f"{word if random.random() < 0.6 else word.lower()} {random.choice(('policy', 'policy', 'rule', 'terms'))}"


_SHAPES: Mapping[str, Callable[[Random], str]] = {
    "person": _person,
    "site": _site,
    "part": _part,
    "policy": _policy,
}
