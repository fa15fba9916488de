"""The notebook: notes in the order in which they are tried, and the few of them that a model is shown.

Idea: of the notes that apply to a case, the first one that concludes something decides (:meth:`Notebook.decide`), as
in a decision list (Rivest 1987). A model is shown those that apply, and those whose words come near the question, in
the notebook's order and within a budget of tokens, each with its id, so that an answer can cite it
(:meth:`Notebook.choose`). Both look notes up by value and by term, so that ten thousand cost little more than ten.

Not known here: where notes come from, whether they are right, and when they hold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TypeAlias

from addenda.memories.notes.cases import Case, holds
from addenda.memories.notes.language import Condition, read_conclusion, read_when
from addenda.text import normalised, search_terms

CountTokens: TypeAlias = Callable[[str], int]
"""How many tokens a text has."""

ID_SHOWN = 8
"""Characters of a note's id that a model is shown; more where two notes begin alike."""

_RARE_ENOUGH = 0.05
"""A term that stands in more than this share of the notes tells none of them apart."""
_FEW = 50
"""In so few notes a term is looked up however large its share."""


@dataclass(frozen=True)
class HeldNote:
    """A note as the notebook has it."""

    addendum_id: str
    rule: str
    applies_when: str = ""
    place: int = 0
    """Notes are tried from the lowest place on."""
    sequence: int = 0
    """When it came, in ledger order: of two notes in one place the later one is tried first, as a correction of the
    earlier."""

    @cached_property
    def conditions(self) -> tuple[Condition, ...] | None:
        """What ``applies_when`` says, none for always; None where it is free text."""
        return read_when(self.applies_when)

    @cached_property
    def answer(self) -> str | None:
        """What the rule concludes; None where it is free text."""
        return read_conclusion(self.rule)

    @property
    def order(self) -> tuple[int, int, str]:
        """Where it stands in the notebook."""
        return self.place, -self.sequence, self.addendum_id

    def applies(self, case: Case) -> bool:
        """Whether its conditions hold of a case. One in free text never says so: that is for whoever reads words."""
        return self.conditions is not None and all(holds(one, case.values) for one in self.conditions)

    def __str__(self) -> str:
        """In words."""
        return f"when {self.applies_when}: {self.rule}" if self.applies_when.strip() else self.rule


@dataclass(frozen=True, slots=True)
class Chosen:
    """A note that a model is shown."""

    note: HeldNote
    line: str
    """The line that it sees, with the note's id."""
    score: float
    """How near it is to the question: 1 where its conditions hold, else the share of its words that the question has.
    """


class Notebook:
    """Notes in the order in which they are tried: by place, then the latest first. It never changes."""

    def __init__(self, notes: Iterable[HeldNote]) -> None:
        """Take the notes, in any order."""
        self.notes: tuple[HeldNote, ...] = tuple(sorted(notes, key=lambda note: note.order))
        self._by_value: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_term: defaultdict[str, list[int]] = defaultdict(list)
        self._unkeyed: list[int] = []
        """Those with conditions, none of them on one value; no value finds them."""
        self._terms: list[frozenset[str]] = []
        for number, note in enumerate(self.notes):
            terms = frozenset(search_terms(f"{note.applies_when} {note.rule}"))
            self._terms.append(terms)
            for term in terms:
                self._by_term[term].append(number)
            if note.conditions is not None:
                self._file(number, note.conditions)

    def _file(self, number: int, conditions: tuple[Condition, ...]) -> None:
        wanted = [(normalised(one.attribute), normalised(one.value)) for one in conditions if one.test == "is"]
        if wanted:
            self._by_value[wanted[0]].append(number)
        else:
            self._unkeyed.append(number)

    def applying(self, case: Case) -> list[HeldNote]:
        """The notes whose conditions hold of a case, in order."""
        return [self.notes[number] for number in self._applying(case)]

    def decide(self, case: Case) -> HeldNote | None:
        """The note that decides about a case: the first that applies and concludes something; None where none does."""
        return next((note for note in self.applying(case) if note.answer is not None), None)

    def choose(self, case: Case, *, budget: int, tokens: CountTokens, most: int = 12) -> list[Chosen]:
        """The notes that a model is shown about a case, in order.

        The one that decides comes before all others, then those that apply, then the nearest by their words; one that
        does not fit into what is left of the budget is passed over.

        Args:
            case: What is asked.
            budget: Tokens that the lines may have together.
            tokens: Counts them.
            most: Notes at most.
        """
        applying = self._applying(case)
        decides = next((number for number in applying if self.notes[number].answer is not None), None)
        scores: dict[int, float] = dict.fromkeys(applying, 1.0)
        for number, score in self._near(case):
            scores.setdefault(number, score)
        ranked = sorted(scores.items(), key=lambda item: (item[0] != decides, -item[1], item[0]))
        chosen: dict[int, Chosen] = {}
        left = budget
        for number, score in ranked:
            if len(chosen) == most:
                break
            line = self.line(self.notes[number])
            needed = tokens(line)
            if needed <= left:
                left -= needed
                chosen[number] = Chosen(self.notes[number], line, score)
        return [chosen[number] for number in sorted(chosen)]

    def line(self, note: HeldNote) -> str:
        """A note as a model is shown it: its id in brackets, and its words."""
        return f"[{self.label(note.addendum_id)}] {note}"

    def label(self, addendum_id: str) -> str:
        """The beginning of an id by which a note of this notebook is told from all others."""
        shown = addendum_id[:ID_SHOWN]
        return shown if self._beginnings[shown] <= 1 else addendum_id

    @cached_property
    def _beginnings(self) -> Counter[str]:
        return Counter(note.addendum_id[:ID_SHOWN] for note in self.notes)

    def _applying(self, case: Case) -> list[int]:
        numbers = set(self._unkeyed)
        for pair in case.values.items():
            numbers.update(self._by_value.get(pair, ()))
        return [number for number in sorted(numbers) if self.notes[number].applies(case)]

    def _near(self, case: Case) -> list[tuple[int, float]]:
        """Notes that have words of the case, and how near they are, from 0 to 1.

        Of a case with attributes they are those in free text: what conditions say about it is known.
        """
        told = " ".join([case.text, *(f"{name} {value}" for name, value in case.attributes.items())])
        common = max(_FEW, _RARE_ENOUGH * len(self.notes))
        weights: defaultdict[int, float] = defaultdict(float)
        for term in set(search_terms(told)):
            found = self._by_term.get(term, ())
            if len(found) <= common:
                for number in found:
                    weights[number] += self._weight(len(found))
        return [
            (number, weight / self._whole(number))
            for number, weight in weights.items()
            if self.notes[number].conditions is None or not case.values
        ]

    def _whole(self, number: int) -> float:
        """What all words of a note weigh together."""
        return sum(self._weight(len(self._by_term[term])) for term in self._terms[number])

    def _weight(self, found: int) -> float:
        """What a term weighs that so many notes have."""
        return log(1 + len(self.notes) / found)
