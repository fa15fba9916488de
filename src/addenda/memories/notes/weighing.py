"""Weighing: whether the observations bear out a delta that somebody asks for, and the list of rules after it.

Whoever asks says what is to change; everything else is found out here, from the observations alone. A rule is taken
only if the observations that it would decide speak for it, and a change only if it makes more of them answered better
than worse, both by more than one standard error. A merge, which leaves less to read, need only make nothing worse. So
nothing goes that observations still bear out, whatever was asked for. Where a rule is to stand in the list, is
chosen by the same count.

An observation counts as answered better when what speaks against the rule that decides it becomes silence or support,
or silence becomes support.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from typing import Literal, TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.confidence import Evidence
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.lists import ListedRule, decided, holds_of, narrower, same
from addenda.text import normalised

Change: TypeAlias = Literal["add", "narrow", "generalise", "merge", "contradict"]
"""The kinds of deltas that bring a new rule."""

_RANK = {False: -1, None: 0, True: 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule of a list that is being revised."""

    id: str
    conditions: tuple[Condition, ...]
    answer: str
    start: int | None = None
    """Its place among the notes there were; None for one that is new."""
    fresh: bool = False
    """Whether it is new, and stands for none that there was."""

    @property
    def rule(self) -> ListedRule:
        """What it says."""
        return self.conditions, self.answer


class Weighing:
    """A list of rules that deltas are applied to one by one, each as far as the observations bear it out."""

    def __init__(self, entries: Sequence[Entry], observations: Sequence[Observation]) -> None:
        """Take the list as it is, in order, and the observations that count."""
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._observations = observations

    def evidence(self) -> list[Evidence]:
        """For each rule how many of the observations that it decides speak for it and against it."""
        return [Evidence(said.count(True), said.count(False)) for said in self._said(self.entries)]

    def make(
        self, kind: Change, conditions: tuple[Condition, ...], answer: str, ids: Sequence[str], new_id: str
    ) -> None:
        """Put a new rule where the observations bear it out most, in place of those it names.

        Args:
            kind: What it is to those.
            conditions: When it applies.
            answer: What it concludes.
            ids: The rules that go for it.
            new_id: How it is to be called.

        Raises InvalidInput saying why not; nothing changes then.
        """
        old = self._named(ids)
        self._check_kind(kind, conditions, answer, old)
        entry = Entry(new_id, conditions, answer, fresh=all(one.fresh for one in old))
        rest = [one for one in self.entries if one not in old]
        usual = next((place for place, one in enumerate(self.entries) if one in old), len(rest))
        place = usual if kind == "contradict" else self._best_place(entry, rest, usual)
        after = [*rest[:place], entry, *rest[place:]]
        self._check_support(entry, after)
        self._check_gain(after, strictly=kind != "merge")
        self.entries = tuple(after)

    def retire(self, id_: str) -> None:
        """Take a rule out. Raises InvalidInput where the observations do not ask for it; nothing changes then."""
        old = self._named([id_])
        after = [one for one in self.entries if one not in old]
        self._check_gain(after)
        self.entries = tuple(after)

    def move(self, id_: str, before: str) -> None:
        """Put a rule before another one, or last. Raises InvalidInput as :meth:`retire`."""
        (moved,) = self._named([id_])
        rest = [one for one in self.entries if one is not moved]
        place = rest.index(self._named([before])[0]) if before and before != id_ else len(rest)
        after = [*rest[:place], moved, *rest[place:]]
        self._check_gain(after)
        self.entries = tuple(after)

    def without_idle(self) -> list[Entry]:
        """Take out the new rules that others have made superfluous since they came; those that went."""
        gone: list[Entry] = []
        for one in self.entries:
            after = [other for other in self.entries if other is not one]
            if one.fresh and (counted := self._change(after))[0] >= counted[1]:
                self.entries = tuple(after)
                gone.append(one)
        return gone

    def warranted(self, entries: Sequence[Entry]) -> bool:
        """Whether the observations ask for this list instead."""
        better, worse = self._change(entries)
        return _beyond_chance(better, worse)

    def _named(self, ids: Sequence[str]) -> list[Entry]:
        found = {one.id: one for one in self.entries}
        unknown = next((one for one in ids if one not in found), None)
        if unknown is not None:
            raise InvalidInput(f"there is no note {unknown!r} among those that were shown")
        return [found[one] for one in dict.fromkeys(ids)]

    def _check_kind(self, kind: Change, conditions: Sequence[Condition], answer: str, old: Sequence[Entry]) -> None:
        """Raise InvalidInput when a rule is to those that go for it something else than was said."""
        alike = all(normalised(one.answer) == normalised(answer) for one in old)
        match kind:
            case "add":
                fits, form = not old, "adds a note and names none"
                self._check_new(conditions, answer)
            case "narrow":
                fits = len(old) == 1 and alike and narrower(conditions, old[0].conditions)
                form = "names one note, keeps its answer, and holds of less"
            case "generalise":
                fits = len(old) == 1 and alike and narrower(old[0].conditions, conditions)
                form = "names one note, keeps its answer, and holds of more"
            case "merge":
                fits = len(old) > 1 and alike and all(narrower(o.conditions, conditions, strictly=False) for o in old)
                form = "names several notes with one answer, keeps it, and holds wherever one of them did"
            case "contradict":
                fits = len(old) == 1 and not alike and same(old[0].conditions, conditions)
                form = "names one note, keeps its conditions, and changes its answer"
        if not fits:
            raise InvalidInput(f"this does not do what it says: {kind} {form}")

    def _check_new(self, conditions: Sequence[Condition], answer: str) -> None:
        """Raise InvalidInput when there is a rule under these conditions."""
        there = next((one for one in self.entries if same(one.conditions, conditions)), None)
        if there is not None and normalised(there.answer) == normalised(answer):
            raise InvalidInput(f"the note {there.id!r} says that already")
        if there is not None:
            raise InvalidInput(f"the note {there.id!r} has these conditions; to answer otherwise is to contradict it")

    def _check_support(self, entry: Entry, after: Sequence[Entry]) -> None:
        said = self._said(after)[after.index(entry)]
        found = Evidence(said.count(True), said.count(False))
        if not any(holds_of(entry.conditions, one) for one in self._observations):
            raise InvalidInput(f"its conditions hold of none of {len(self._observations)} observations")
        if found.contradicting > found.supporting:
            raise InvalidInput(f"{found.supporting} observations speak for it and {found.contradicting} against it")

    def _check_gain(self, after: Sequence[Entry], *, strictly: bool = True) -> None:
        better, worse = self._change(after)
        if not (_beyond_chance(better, worse) if strictly else better >= worse):
            raise InvalidInput(
                f"with it {better} observations would be answered better and {worse} worse, which "
                + ("may be chance" if better > worse else "is no gain")
            )

    def _change(self, after: Sequence[Entry]) -> tuple[int, int]:
        """How many observations another list answers better, and how many worse."""
        pairs = list(zip(self._ranks(self.entries), self._ranks(after), strict=True))
        return sum(new > old for old, new in pairs), sum(new < old for old, new in pairs)

    def _best_place(self, entry: Entry, rest: Sequence[Entry], usual: int) -> int:
        """Where in a list a rule makes most observations answered better; of equals the usual place, else the last.

        It decides what its conditions hold of and no rule before it applies to, so each observation that they hold of
        changes the count of all places up to that of the rule that decides it now.
        """
        reached = _deciders(rest, self._observations)
        gains = [0] * (len(rest) + 1)
        for one, here in zip(self._observations, reached, strict=True):
            if holds_of(entry.conditions, one):
                now = one.says(rest[here].answer) if here < len(rest) else None
                gains[here] += _RANK[one.says(entry.answer)] - _RANK[now]
        totals = list(accumulate(reversed(gains)))[::-1]
        return max(range(len(totals)), key=lambda place: (totals[place], place == usual, place))

    def _ranks(self, entries: Sequence[Entry]) -> list[int]:
        """For each observation whether it speaks against the rule that decides it (-1), is silent (0), or for it."""
        return [
            _RANK[one.says(entries[here].answer)] if here < len(entries) else 0
            for one, here in zip(self._observations, _deciders(entries, self._observations), strict=True)
        ]

    def _said(self, entries: Sequence[Entry]) -> list[list[bool | None]]:
        """For each rule what the observations that it decides say of it."""
        places = decided([one.rule for one in entries], self._observations)
        return [
            [self._observations[place].says(one.answer) for place in here]
            for one, here in zip(entries, places, strict=True)
        ]


def _beyond_chance(one: int, other: int) -> bool:
    """Whether one count is above another by more than one standard error of their difference."""
    return one - other > sqrt(one + other)


def _deciders(entries: Sequence[Entry], observations: Sequence[Observation]) -> list[int]:
    """For each observation the place of the rule that decides it; behind the last where none does."""
    found = [len(entries)] * len(observations)
    for number, places in enumerate(decided([one.rule for one in entries], observations)):
        for place in places:
            found[place] = number
    return found


def in_words(entry: Entry) -> tuple[str, str]:
    """When a rule applies and what it concludes, as a note says it."""
    return when(entry.conditions), conclusion(entry.answer)
