"""Which reflections a training is validated with.

Idea: whoever holds out the only reflection that teaches a fact has a model that does not know the fact. So a reflection
is held out only while another one from the same documents teaches the same answer; what is measured then is whether
knowledge is found through other words. Where no answer is taught twice nothing is held out, and a sample of what is
taught is asked instead: that measures recall, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from addenda.memories.reflections.reflection import Reflection
from addenda.text import normalised


@dataclass(frozen=True, slots=True)
class Split:
    """What is taught, what it is validated with, and whether the latter is apart from the former."""

    training: tuple[Reflection, ...]
    validation: tuple[Reflection, ...]
    held_out: bool


def hold_out(reflections: Sequence[Reflection], *, share: float, most: int, seed: int) -> Split:
    """Split reflections; ``share`` of them is held out, ``most`` at most, and at least one where that can be.

    One that comes several times is held out as often, and counts once.
    """
    each = tuple(dict.fromkeys(reflections))
    wanted = min(max(1, round(share * len(each))), most)
    taught = Counter(map(knowledge, each))
    order = list(range(len(each)))
    Random(f"{seed}-held-out").shuffle(order)
    chosen: set[int] = set()
    for index in order:
        if len(chosen) == wanted:
            break
        fact = knowledge(each[index])
        if taught[fact] > 1:
            taught[fact] -= 1
            chosen.add(index)
    asked = tuple(each[index] for index in sorted(chosen or order[:wanted]))
    if not chosen:
        return Split(tuple(reflections), asked, held_out=False)
    apart = frozenset(asked)
    return Split(tuple(one for one in reflections if one not in apart), asked, held_out=True)


def knowledge(reflection: Reflection) -> tuple[tuple[str, ...], str]:
    """What a reflection teaches, whatever its question: an answer, and the documents that it is from."""
    return tuple(sorted(reflection.documents)), normalised(reflection.answer)
