"""Tables of truth for the notes benchmark: hidden decision lists over attributes with invented names.

Ten attributes with two values each give 1,024 cases; a hidden list of three rules, of one to three conditions each,
and a default decides between four answers. Every name is invented, so nothing can be known beforehand. Feedback is
whether the answer that was given turned out right, and wrong with a given probability.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from addenda.memories.notes.cases import Case, Feedback, Observation
from addenda.memories.notes.language import Condition
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.memories.notes.notebook import Notebook

ATTRIBUTES = 10
ANSWERS = 4
RULES = 3
"""Besides the default."""
LEAST_SHARE = 1 / 16
"""Share of the cases that each rule decides at least."""
MOST_SHARE = 0.5
"""Share of the cases that have the same answer at most."""
_SYLLABLES = "bra qui tru vas yor mib zel dop fen gur hak lim nos pex rud sim tov wul jen kas".split()


@dataclass(frozen=True)
class Table:
    """One table of truth."""

    names: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    cases: tuple[Case, ...]
    rules: tuple[ListedRule, ...]
    due: tuple[str, ...]
    """The right answer of each case."""

    @property
    def majority(self) -> float:
        """Share of the most frequent answer."""
        return max(Counter(self.due).values()) / len(self.cases)

    def accuracy(self, notebook: Notebook) -> float:
        """Share of the cases that a notebook decides rightly."""
        notes = [notebook.decide(case) for case in self.cases]
        return sum(n is not None and n.answer == d for n, d in zip(notes, self.due, strict=True)) / len(self.cases)

    def regions(self, rules: Sequence[ListedRule]) -> list[tuple[frozenset[int], str]]:
        """For each rule of a list which cases it decides, and its answer: what it means, however it is written."""
        left = set(range(len(self.cases)))
        found: list[tuple[frozenset[int], str]] = []
        for conditions, answer in rules:
            here = frozenset(number for number in left if holds_of(conditions, self.cases[number]))
            found.append((here, answer))
            left -= here
        return found


def make_table(rng: random.Random) -> Table:
    """A table with names and a hidden list of its own."""
    invented = iter(rng.sample([a + b for a, b in product(_SYLLABLES, repeat=2) if a != b], 3 * ATTRIBUTES + ANSWERS))
    names = tuple(next(invented) for _ in range(ATTRIBUTES))
    values = tuple((next(invented), next(invented)) for _ in range(ATTRIBUTES))
    answers = tuple(next(invented) for _ in range(ANSWERS))
    cases = tuple(Case(attributes=dict(zip(names, chosen, strict=True))) for chosen in product(*values))
    return with_list(Table(names, values, answers, cases, (), ()), rng)


def with_list(table: Table, rng: random.Random) -> Table:
    """The same attributes and answers under another hidden list."""
    while True:
        found = _with(table, _drawn(table, rng))
        if _is_sound(found):
            return found


def make_lookalike(rng: random.Random) -> Table:
    """A table in which the first two rules differ in one condition, and answer otherwise."""
    table = make_table(rng)
    while True:
        rules = list(_drawn(table, rng))
        conditions = list(rules[0][0])
        others = [place for place, name in enumerate(table.names) if name not in {one.attribute for one in conditions}]
        other = rng.choice(others)
        conditions[rng.randrange(len(conditions))] = Condition(
            table.names[other], "is", rng.choice(table.values[other])
        )
        rules[1] = tuple(sorted(conditions)), rng.choice([one for one in table.answers if one != rules[0][1]])
        found = _with(table, tuple(rules))
        if len(conditions) > 1 and _is_sound(found):
            return found


def with_one_rule_changed(table: Table, rng: random.Random) -> Table:
    """The same list, but one of its rules answers otherwise, so that at least a tenth of the cases change."""
    while True:
        rules = list(table.rules)
        place = rng.randrange(len(rules))
        conditions, answer = rules[place]
        rules[place] = (conditions, rng.choice([other for other in table.answers if other != answer]))
        found = _with(table, tuple(rules))
        if sum(one != other for one, other in zip(found.due, table.due, strict=True)) >= len(table.cases) / 10:
            return found


def observed(
    table: Table, number: int, answer: str, rng: random.Random, noise: float, feedback: Feedback = "outcome"
) -> Observation:
    """What came of an answer to a case; wrong with the probability ``noise``."""
    right, attributes = table.due[number], table.cases[number].attributes
    misled = rng.random() < noise
    if feedback == "label":
        label = rng.choice([other for other in table.answers if other != right]) if misled else right
        return Observation(attributes=attributes, answer=answer, feedback="label", label=label)
    return Observation(attributes=attributes, answer=answer, feedback=feedback, right=(answer == right) != misled)


def _drawn(table: Table, rng: random.Random) -> tuple[ListedRule, ...]:
    rules: list[ListedRule] = []
    for _ in range(RULES):
        attributes = sorted(rng.sample(range(ATTRIBUTES), rng.randint(1, 3)))
        conditions = tuple(Condition(table.names[a], "is", rng.choice(table.values[a])) for a in attributes)
        rules.append((conditions, rng.choice(table.answers)))
    return (*rules, ((), rng.choice(table.answers)))


def _with(table: Table, rules: tuple[ListedRule, ...]) -> Table:
    due = tuple(next(answer for conditions, answer in rules if holds_of(conditions, case)) for case in table.cases)
    return Table(table.names, table.values, table.answers, table.cases, rules, due)


def _is_sound(table: Table) -> bool:
    """Whether all answers occur, neighbouring rules differ, and no rule or answer is too rare or too frequent."""
    said = [answer for _, answer in table.rules]
    shares = [len(region) / len(table.cases) for region, _ in table.regions(table.rules)]
    differ = all(one != other for one, other in pairwise(said))
    return set(said) == set(table.answers) and differ and min(shares) >= LEAST_SHARE and table.majority <= MOST_SHARE
