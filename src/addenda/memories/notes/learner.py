"""The learner: the decision list that explains the feedback in the fewest words, and how much of it is wrong.

Idea: what the share of wrong feedback is, is estimated from what a list leaves unexplained, and the search
(:mod:`~.search`) is repeated until that settles. It starts from nothing, from each answer as the default, and from
the list there is, and keeps the best, so that a good list changes little.

Needs numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from addenda.memories.notes.cases import Observation, answers_in
from addenda.memories.notes.induction import Induced, InducedRule, InductionSettings
from addenda.memories.notes.language import Condition
from addenda.memories.notes.lists import ListedRule, holds_of
from addenda.memories.notes.literals import literals_of
from addenda.memories.notes.search import Bools, Feedback, ListSearch, Rule, conjunctions
from addenda.text import normalised


class Learner:
    """Looks for the best list over one set of observations."""

    def __init__(
        self,
        observations: Sequence[Observation],
        start: Sequence[ListedRule],
        settings: InductionSettings,
        *,
        familiar: bool = False,
    ) -> None:
        """Take the observations, all with attributes and feedback, the list to start from, and what may be written."""
        self._observations, self._settings = observations, settings
        self._spelled = answers_in(observations)
        self._answers = answers = sorted(self._spelled)
        self._feedback = Feedback(
            np.array([[one.expected_if(answer) for answer in answers] for one in observations], np.bool_),
            np.array([one.label is not None for one in observations], np.bool_),
        )
        given = [(conditions, self._holding(conditions)) for conditions, _ in start]
        self._candidates = conjunctions(
            literals_of([one.values for one in observations]),
            [one for one in given if int(one[1].sum())],
            self._feedback,
            longest=settings.most_conditions,
            least=settings.least_covered,
        )
        self._always = self._candidates.always()
        self._searches: dict[float, ListSearch] = {}
        """By the share of wrong feedback; what one beginning found, others need not look for."""
        self._start = self._known(given, [normalised(answer) for _, answer in start])
        if familiar:
            self._candidates.cost[[candidate for candidate, _ in self._start]] = 0.0

    def learn(self, places: Sequence[int]) -> Induced:
        """The best list. ``places`` says where each observation stands among those that the caller counts."""
        tried = [self._settled(list(self._start), noise) for noise in self._settings.noises]
        rules, score, noise = max(tried, key=lambda found: found[1])
        return Induced(tuple(self._described(rules, places)), score, noise)

    def _holding(self, conditions: Sequence[Condition]) -> Bools:
        return np.array([holds_of(conditions, one) for one in self._observations], np.bool_)

    def _known(self, given: Sequence[tuple[tuple[Condition, ...], Bools]], answers: Sequence[str]) -> dict[Rule, int]:
        """The rules of the start that can be tried, each with its place there; those that reach nothing cannot."""
        found: dict[Rule, int] = {}
        for place, ((_, covered), answer) in enumerate(zip(given, answers, strict=True)):
            candidate = self._candidates.holding_of(covered)
            if candidate is not None and answer in self._answers:
                found.setdefault((candidate, self._answers.index(answer)), place)
        return found

    def _settled(self, start: list[Rule], noise: float) -> tuple[list[Rule], float, float]:
        best: tuple[list[Rule], float, float] = ([], -np.inf, noise)
        for _ in range(self._settings.rounds):
            search = self._searches.get(noise)
            if search is None:
                search = self._searches[noise] = ListSearch(self._candidates, self._feedback, noise)
            defaults = [[(self._always, answer)] for answer in range(len(self._answers))]
            rules, score = max((search.improve(one) for one in ([], start, *defaults)), key=lambda found: found[1])
            if score <= best[1]:
                break
            best = rules, score, noise
            noise, start = self._noise_under(rules), rules
        return best

    def _noise_under(self, rules: Sequence[Rule]) -> float:
        """The share of feedback that is not what a list lets expect, one wrong and one right taken for granted."""
        wrong, told = 1, 2
        for (_, answer), reached in zip(rules, self._reached(rules), strict=True):
            told += int(reached.sum())
            wrong += int((reached & ~self._feedback.expected[:, answer]).sum())
        return min(self._settings.most_noise, max(self._settings.least_noise, wrong / told))

    def _reached(self, rules: Sequence[Rule]) -> Iterator[Bools]:
        """For each rule which observations reach it."""
        left = np.ones(len(self._observations), np.bool_)
        for candidate, _ in rules:
            here = self._candidates.covers[candidate] & left
            yield here
            left &= ~here

    def _described(self, rules: Sequence[Rule], places: Sequence[int]) -> Iterator[InducedRule]:
        for (candidate, answer), reached in zip(rules, self._reached(rules), strict=True):
            conclusion = self._spelled[self._answers[answer]]
            said = {place: self._observations[place].says(conclusion) for place in np.flatnonzero(reached).tolist()}
            yield InducedRule(
                self._candidates.conditions[candidate],
                conclusion,
                start=self._start.get((candidate, answer)),
                supporting=tuple(places[place] for place, speaks in said.items() if speaks is True),
                contradicting=tuple(places[place] for place, speaks in said.items() if speaks is False),
            )
