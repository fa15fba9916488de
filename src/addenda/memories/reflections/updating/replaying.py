"""Which of the old reflections are learned again when a memory model goes on with new ones.

Idea: what is not repeated is forgotten, and one wording of a fact brings the others back. So a sample spreads: every
fact (the same answer from the same documents) comes once before any comes twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from random import Random

from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.holding_out import knowledge


def replayed(old: Sequence[Reflection], share: float, *, seed: int) -> tuple[Reflection, ...]:
    """A share of the old reflections, one at least, in the order they were given in; ``seed`` decides the draw."""
    random = Random(f"{seed}-replayed")
    by_knowledge: dict[tuple[tuple[str, ...], str], list[Reflection]] = defaultdict(list)
    for one in random.sample(old, len(old)):
        by_knowledge[knowledge(one)].append(one)
    rounds = zip_longest(*by_knowledge.values())
    spread = [one for members in rounds for one in members if one is not None]
    chosen = set(spread[: max(1, round(share * len(old)))])
    return tuple(one for one in old if one in chosen)
