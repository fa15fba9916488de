"""Candidates for the entity that a question is about: brought up, confirmed, ranked, eliminated by counted rules.

A candidate has two points for every answer that confirms it, one for every further sign (an answer that brought it up,
or an uncertain one that confirms it), and loses two when several questions about it in a row get only refusals. More
of them eliminate it; so does an agreed answer that speaks against it. An answer that confirms it begins the count of
refusals anew, and errors of the memory model never count.

Source: the rules follow "MeMo: Memory as a Model" (arXiv 2605.15156), where a rank is lowered by two places; points are
ours, because places depend on who else is there.
"""

from __future__ import annotations

from pydantic import Field

from addenda.text import normalised
from addenda.types import Frozen

_CONFIRMED, _SIGN, _DEMOTED = 2, 1, -2


class RankingRules(Frozen):
    """When refusals count against a candidate."""

    demote_after: int = Field(default=2, ge=1)
    """Questions about it in a row that are refused, after which it loses points."""
    eliminate_after: int = Field(default=3, ge=1)
    """The same, after which it is out."""


class Candidate(Frozen):
    """An entity that may be meant."""

    name: str
    given: bool = False
    """Whether the user's question names it."""
    confirmed_by: tuple[str, ...] = ()
    """Ids of agreed answers that confirm it."""
    signs: tuple[str, ...] = ()
    """Ids of answers that brought it up, or are uncertain and confirm it."""
    streak: int = 0
    """Questions about it in a row that were refused."""
    demotions: int = 0
    eliminated: str = ""
    """Why it is out; empty while it is not."""

    @property
    def points(self) -> int:
        """What it is ranked by."""
        return _CONFIRMED * len(self.confirmed_by) + _SIGN * len(self.signs) + _DEMOTED * self.demotions

    @property
    def sure(self) -> bool:
        """Whether it may be taken for the entity that is meant: the user names it, or an agreed answer confirms it."""
        return not self.eliminated and (self.given or bool(self.confirmed_by))


class Ranking:
    """The candidates of one consultation. A name that differs only in case, width or spaces is the same."""

    def __init__(self, rules: RankingRules) -> None:
        """No candidates yet."""
        self._rules = rules
        self._found: dict[str, Candidate] = {}

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All candidates: the eliminated ones last, more points first, then the one that was brought up first."""
        return tuple(sorted(self._found.values(), key=lambda one: (bool(one.eliminated), -one.points)))

    @property
    def best(self) -> Candidate | None:
        """The first that is not eliminated."""
        return next((one for one in self.candidates if not one.eliminated), None)

    def get(self, name: str) -> Candidate | None:
        """The candidate of this name."""
        return self._found.get(normalised(name))

    def give(self, name: str) -> None:
        """The user's question names this entity."""
        self._found.setdefault(normalised(name), Candidate(name=name, given=True))

    def suggest(self, name: str, entry: str) -> None:
        """An answer brings this entity up."""
        one = self.get(name) or Candidate(name=name)
        self._set(one.model_copy(update={"signs": _with(one.signs, entry)}))

    def confirm(self, name: str, entry: str, *, agreed: bool) -> None:
        """An answer confirms this candidate, which is a mere sign unless it is agreed."""
        if not agreed:
            self.suggest(name, entry)
            return
        one = self.get(name) or Candidate(name=name)
        self._set(one.model_copy(update={"confirmed_by": _with(one.confirmed_by, entry), "streak": 0}))

    def eliminate(self, name: str, why: str) -> None:
        """Take a candidate out; it stays out."""
        if (one := self.get(name)) is not None and not one.eliminated:
            self._set(one.model_copy(update={"eliminated": why}))

    def refused(self, name: str) -> None:
        """A question about this candidate was refused; nothing happens when there is no such candidate."""
        one = self.get(name)
        if one is None:
            return
        streak = one.streak + 1
        demotions = one.demotions + (streak == self._rules.demote_after)
        self._set(one.model_copy(update={"streak": streak, "demotions": demotions}))
        if streak >= self._rules.eliminate_after:
            self.eliminate(name, f"{streak} questions about it in a row were refused")

    def _set(self, one: Candidate) -> None:
        self._found[normalised(one.name)] = one


def _with(ids: tuple[str, ...], entry: str) -> tuple[str, ...]:
    return ids if entry in ids else (*ids, entry)
