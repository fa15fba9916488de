"""From how sure on an answer of a memory model counts: what it was taught it says with high probability, a guess not.

Refusals that are taught teach the model to refuse names and questions that are unlike those it knows, and to some
degree also questions that are only worded otherwise. How probable its answer was to the model tells a guess from what
it knows without that, and costs nothing when it is asked. From where on an answer counts is read off the examples that
it is validated with.
"""

from __future__ import annotations

from collections.abc import Sequence

from addenda.memories.reflections.questions import is_refusal
from addenda.memories.reflections.reflection import Reflection
from addenda.models.base import Completion
from addenda.text import normalised

ALIKE = 0.005
"""Scores that differ by less are taken for equal."""


def sure_from(
    with_answer: Sequence[tuple[Reflection, Completion]], without: Sequence[tuple[Reflection, Completion]]
) -> float:
    """The sureness from which on answers count: the lowest one that is nearly the best; 0 for none.

    The best has the largest product of three shares: exact, and not answered wrongly, of the questions with an answer,
    and refused of those without. The lowest, because questions in words that were never taught are answered less surely
    than those that are asked here.
    """
    heard = [
        (said.sureness or 0.0, normalised(said.text) == normalised(one.answer))
        for one, said in with_answer
        if not is_refusal(said.text)
    ]
    right, wrong = ([least for least, exact in heard if exact is wanted] for wanted in (True, False))
    guesses = [said.sureness or 0.0 for _, said in without if not is_refusal(said.text)]
    if not right or not (wrong or guesses):
        return 0.0

    def kept(given: Sequence[float], least: float) -> int:
        return sum(one >= least for one in given)

    def score(least: float) -> float:
        exact, wrongly = kept(right, least) / len(with_answer), kept(wrong, least) / len(with_answer)
        return exact * (1.0 - wrongly) * (1.0 - (kept(guesses, least) / len(without) if without else 0.0))

    steps = [step / 100 for step in range(100)]
    enough = max(map(score, steps)) - ALIKE
    return next(step for step in steps if score(step) >= enough)
