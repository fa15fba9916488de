"""Tables of truth for tests: hidden lists of rules over attributes with invented names, and systems that learn them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import product

from addenda.memories.notes.cases import Case, Observation
from addenda.memories.notes.deltas import Delta
from addenda.memories.notes.language import read_when
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.memories.notes.notebook import HeldNote, Notebook

NAMES = ("brosk", "quel", "trune", "vasp", "yorl", "mib")
CASES = tuple(
    Case(attributes=dict(zip(NAMES, values, strict=True))) for values in product(("dar", "lom"), repeat=len(NAMES))
)


def rule(words: str, answer: str) -> ListedRule:
    """A rule whose conditions are written as in a note."""
    conditions = read_when(words)
    assert conditions is not None
    return conditions, answer


def due(rules: Sequence[ListedRule], case: Case) -> str | None:
    """What a list answers."""
    return next((answer for conditions, answer in rules if holds_of(conditions, case)), None)


def agreement(notebook: Notebook, rules: Sequence[ListedRule]) -> float:
    """The share of all cases that a notebook decides as a list does."""
    notes = [notebook.decide(case) for case in CASES]
    return sum(
        note is not None and note.answer == due(rules, case) for note, case in zip(notes, CASES, strict=True)
    ) / len(CASES)


def watched(
    rules: Sequence[ListedRule],
    count: int,
    rng: random.Random,
    answer: Callable[[Case], str | None] = lambda _case: None,
    noise: float = 0.0,
) -> list[Observation]:
    """Observations of a system that answers by ``answer``, and guesses where that says nothing."""
    answers = sorted({due for _, due in rules})
    found: list[Observation] = []
    for case in rng.choices(CASES, k=count):
        said = answer(case) or rng.choice(answers)
        right = (said == due(rules, case)) != (rng.random() < noise)
        found.append(Observation(attributes=case.attributes, answer=said, right=right, feedback="outcome"))
    return found


def applied(notes: Sequence[HeldNote], deltas: Sequence[Delta], generation: int) -> list[HeldNote]:
    """The notes after these deltas."""
    gone = {one for delta in deltas for one in delta.replaces}
    new = [
        HeldNote(f"{generation:08x}{number:08x}", delta.note.rule, delta.note.applies_when, delta.note.place)
        for number, delta in enumerate(deltas)
        if delta.note is not None
    ]
    return [*(note for note in notes if note.addendum_id not in gone), *new]
