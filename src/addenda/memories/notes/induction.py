"""Induction without a language model: rules from observations, as notes with what speaks for and against them.

What is learned is a decision list: rules tried in order. The learner is in :mod:`~.learner`, which needs numpy; this
module says what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.errors import InvalidInput, MissingDependency
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.language import Condition
from addenda.memories.notes.lists import ListedRule
from addenda.types import Frozen


class InductionSettings(Frozen):
    """What the learner may write."""

    most_conditions: int = 3
    """Conditions of a rule at most."""
    least_covered: int = 2
    """Observations that a rule must hold of at least."""
    least_noise: float = 0.05
    """The share of feedback that is taken to be wrong at least; a learner that trusts everything learns accidents."""
    most_noise: float = 0.3
    noises: tuple[float, ...] = (0.05, 0.1, 0.2)
    """Shares that the search begins with; the list that explains most of all counts."""
    rounds: int = 4
    """How often the share is estimated anew from what a list leaves unexplained."""


@dataclass(frozen=True, slots=True)
class InducedRule:
    """A rule of a list, and what the observations that reach it say."""

    conditions: tuple[Condition, ...]
    answer: str
    start: int | None
    """Its place in the list that the search began with; None for one that is new."""
    supporting: tuple[int, ...]
    """Observations that reach it and speak for its answer, by their place in what was learned from."""
    contradicting: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Induced:
    """The list that was found."""

    rules: tuple[InducedRule, ...]
    """In the order in which they are tried."""
    score: float
    """Log-likelihood of the feedback less what it takes to write the list down, in nats."""
    noise: float
    """The share of feedback that the list takes to be wrong."""


def induce(
    observations: Sequence[Observation],
    start: Sequence[ListedRule] = (),
    settings: InductionSettings | None = None,
    *,
    familiar: bool = False,
) -> Induced:
    """The decision list that explains these observations in the fewest words.

    Args:
        observations: With attributes; those without are passed over.
        start: Conditions and answers of the rules there are, in order; the search begins there too.
        settings: What may be written.
        familiar: Whether the conditions of the rules there are cost nothing to write down again.

    Raises InvalidInput when nothing can be learned, because no observation has attributes and feedback, and
    MissingDependency where numpy is not installed.
    """
    chosen = InductionSettings() if settings is None else settings
    usable = [place for place, one in enumerate(observations) if one.values and one.feedback != "none"]
    if not usable:
        raise InvalidInput(
            f"none of {len(observations)} observations has both attributes and feedback, so no rule can be learned; "
            'give "attributes", and "right" or "label"'
        )
    try:
        from addenda.memories.notes.learner import Learner  # numpy is an extra
    except ImportError as error:
        raise MissingDependency(
            "learning from observations needs numpy; install it with: pip install 'addenda[notes]'"
        ) from error
    return Learner([observations[place] for place in usable], start, chosen, familiar=familiar).learn(usable)
