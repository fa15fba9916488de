"""Deltas: the smallest typed changes that lead from the notes there are to a list of rules that was learned.

A rule that came back unchanged is no delta. Of the others, each new rule is told as what it does to the notes that go:
the same conditions with another answer *contradict*; the same answer under more conditions *narrows*, under fewer
*generalises* (a threshold that moves does the one or the other), and *merges* where several go for it. What goes and
has no successor is *retired*. Notes that stay keep their places, as far as their order is the one that was learned; new
ones get places between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from addenda.memories.notes.induction import InducedRule
from addenda.memories.notes.language import conclusion, when
from addenda.memories.notes.lists import narrower, same
from addenda.memories.notes.notebook import HeldNote
from addenda.text import normalised
from addenda.types import Note

DeltaKind: TypeAlias = Literal["add", "narrow", "generalise", "merge", "contradict", "move", "retire"]
"""What a delta does: a new note; one with more conditions, or with fewer, in place of another; one for several; another
conclusion under the same conditions; another place; a note taken out."""

PLACE_STEP = 1_000
"""Distance between the places of neighbouring notes, so that others fit between them."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One change of the notebook, with what speaks for it."""

    kind: DeltaKind
    note: Note | None
    """The note that is new; None for ``retire``. Its evidence is filled in by whoever knows the observations' ids."""
    replaces: tuple[str, ...] = ()
    """Ids of the notes that go when it comes."""
    supporting: tuple[int, ...] = ()
    """Observations that the note decides and that speak for it, by their place; none for ``retire``."""
    contradicting: tuple[int, ...] = ()
    drafted_from: tuple[int, ...] = ()
    """Observations behind a note in free text, of which nobody can count what speaks for it; else none."""


def deltas_between(notes: Sequence[HeldNote], learned: Sequence[InducedRule]) -> list[Delta]:
    """The deltas that lead from notes to a list that was learned, in the list's order, retirements last.

    Args:
        notes: In order; ``InducedRule.start`` counts them.
        learned: The rules, in order.
    """
    kept = {rule.start for rule in learned if rule.start is not None}
    going = [note for place, note in enumerate(notes) if place not in kept]
    places = _places(notes, learned)
    found: list[Delta] = []
    for rule, place in zip(learned, places, strict=True):
        if rule.start is None:
            delta, replaced = _new(rule, place, going)
            going = [note for note in going if note not in replaced]
            found.append(delta)
        elif notes[rule.start].place != place:
            note = notes[rule.start]
            moved = Note(rule=note.rule, applies_when=note.applies_when, place=place)
            found.append(Delta("move", moved, (note.addendum_id,), rule.supporting, rule.contradicting))
    return [*found, *(Delta("retire", None, (note.addendum_id,)) for note in going)]


def _new(rule: InducedRule, place: int, going: Sequence[HeldNote]) -> tuple[Delta, list[HeldNote]]:
    """What a new rule is to the notes that go, and which of them go for it."""
    kind, replaced = _successor_of(rule, going)
    note = Note(rule=conclusion(rule.answer), applies_when=when(rule.conditions), place=place)
    ids = tuple(one.addendum_id for one in replaced)
    return Delta(kind, note, ids, rule.supporting, rule.contradicting), replaced


def _successor_of(rule: InducedRule, going: Sequence[HeldNote]) -> tuple[DeltaKind, list[HeldNote]]:
    contradicted = [note for note in going if same(note.conditions or (), rule.conditions)]
    if contradicted:
        return "contradict", contradicted[:1]
    alike = [note for note in going if normalised(note.answer or "") == normalised(rule.answer)]
    generalised = [note for note in alike if narrower(note.conditions or (), rule.conditions)]
    if generalised:
        return ("merge" if len(generalised) > 1 else "generalise"), generalised
    narrowed = [note for note in alike if narrower(rule.conditions, note.conditions or ())]
    return ("narrow", narrowed[:1]) if narrowed else ("add", [])


def _places(notes: Sequence[HeldNote], learned: Sequence[InducedRule]) -> list[int]:
    """A place for each rule: rising, and that of its note wherever its note can stay."""
    staying = _longest_rising([notes[rule.start].order if rule.start is not None else None for rule in learned])
    while True:
        fixed = {number: notes[start].place for number in staying if (start := learned[number].start) is not None}
        places = _between(fixed, len(learned), frozenset(note.place for note in notes))
        crowded = next((number for number in sorted(fixed) if not _rises(places, number)), None)
        if crowded is None:
            return places
        staying.remove(crowded)


def _between(fixed: dict[int, int], count: int, taken: frozenset[int]) -> list[int]:
    """Places for so many rules: the fixed ones as they are, others at even distances between them, none taken twice."""
    places: list[int] = []
    last, since = 0, -1
    for number in [*sorted(fixed), count]:
        waiting = number - since - 1
        end = fixed.get(number, last + PLACE_STEP * (waiting + 1))
        for one in range(1, waiting + 1):
            place = last + (end - last) * one // (waiting + 1)
            while place in taken:
                place += 1
            places.append(place)
        if number in fixed:
            places.append(end)
        last, since = end, number
    return places


def _rises(places: Sequence[int], number: int) -> bool:
    """Whether the places from the one before the last fixed rule up to this one rise."""
    return all(one < other for one, other in pairwise(places[: number + 1]))


def _longest_rising(orders: Sequence[tuple[int, int, str] | None]) -> list[int]:
    """The numbers of a longest rising subsequence; None is passed over."""
    best: list[list[int]] = []
    for number, order in enumerate(orders):
        if order is not None:
            before = max((run for run in best if _below(orders[run[-1]], order)), key=len, default=list[int]())
            best.append([*before, number])
    return max(best, key=len, default=list[int]())


def _below(one: tuple[int, int, str] | None, other: tuple[int, int, str]) -> bool:
    return one is not None and one < other
