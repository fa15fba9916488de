"""Other names of the names in a lookup, followed through alias triples.

From a name we first go up, to what it is an alias of, and to what that is an alias of, and then down, to all aliases of
what was found. So an alias that two things share leads to both, but asking for one of them never leads to the other.
Cycles end because a name is visited again only when it can be given a higher score; hops and names are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeAlias

from addenda.memories.triples.config import TriplesConfig
from addenda.memories.triples.rows import Side

Neighbours: TypeAlias = Callable[[Side, Collection[bytes]], Iterable[tuple[bytes, bytes]]]
"""For the names with these keys on one side of alias triples: their keys, each with the key on the other side."""


def add_aliases(groups: Sequence[dict[bytes, float]], neighbours: Neighbours, config: TriplesConfig) -> None:
    """Give the names that others stand for the score of those others.

    Args:
        groups: Scores by key of a name, which are added to; several, so that one question serves all.
        neighbours: Asks for one step.
        config: How far to go, and how many names to add to a group at most; the nearest are added first.
    """
    room = [len(group) + config.alias_names for group in groups]
    for side in _WAYS:
        reached = {key for group in groups for key in group}
        for _ in range(config.alias_hops):
            pairs = sorted(neighbours(side, reached)) if reached else []
            reached = {
                other
                for known, other in pairs
                for group, most in zip(groups, room, strict=True)
                if _pass_on(group, known, other, most)
            }


_WAYS: tuple[Side, Side] = ("object", "subject")


def _pass_on(group: dict[bytes, float], known: bytes, other: bytes, most: int) -> bool:
    """Give ``other`` the score of ``known`` if that is higher; whether it was."""
    score = group.get(known, 0.0)
    if score <= group.get(other, 0.0) or (other not in group and len(group) >= most):
        return False
    group[other] = score
    return True
