"""Late stopping: a writer that would end too early is made to go on, and is cut where ending was likeliest.

The rule (Modarressi et al. 2024, "MemLLM", arXiv 2404.11672, decoding of memory writes): the sequence is greedy, but
where an end token is the likeliest, that place is noted as a cut point with its score, ending is forbidden there, and
the likeliest other token is taken. It stops once there are at least K cut points and the K - 1 newest are all worse
than the best one, and the sequence is cut at the best; of equal ones at the first.

The score of a cut point is the log-probability of what was generated up to it, its end token included, divided by the
length of the whole sequence: prompt, what was generated, and the end token. Probabilities are the model's own, also
for a token that was taken because ending was forbidden. Whether the published code counts the end token is not known;
it makes a difference of one in the length.

This is the rule for one sequence and knows no model; :mod:`addenda.memories.triples.local_writer` applies it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from addenda.errors import InvalidInput

PATIENCE = 5
"""K, as published."""

Ending: TypeAlias = Literal["late", "limit", "unfinished"]
"""How a sequence ended: by the rule; at the length limit, cut at its best cut point; at the limit without any."""


@dataclass(frozen=True, slots=True)
class CutPoint:
    """A place where the model would have ended."""

    position: int
    """How many tokens were generated before it."""
    token: int
    """The end token that was likeliest there."""
    score: float


@dataclass(slots=True)
class LateStopping:
    """One sequence while it is generated. Raises InvalidInput for a patience below 1 or a negative prompt length."""

    prompt_length: int
    """Tokens of the prompt."""
    patience: int = PATIENCE
    """K; with 1 the first end token ends the sequence, as in plain greedy decoding."""
    tokens: list[int] = field(default_factory=list[int])
    """What was generated, without end tokens."""
    cuts: list[CutPoint] = field(default_factory=list[CutPoint])
    log_probability: float = 0.0
    """Of ``tokens``."""

    def __post_init__(self) -> None:
        if self.patience < 1 or self.prompt_length < 0:
            raise InvalidInput(
                f"patience={self.patience!r} and prompt_length={self.prompt_length!r} cannot be used; the patience is "
                "1 or more, the length is not negative"
            )

    def note_end(self, token: int, log_probability: float) -> None:
        """An end token is the likeliest next one; note the place."""
        position = len(self.tokens)
        length = self.prompt_length + position + 1
        self.cuts.append(CutPoint(position, token, (self.log_probability + log_probability) / length))

    def take(self, token: int, log_probability: float) -> None:
        """The sequence goes on with this token."""
        self.tokens.append(token)
        self.log_probability += log_probability

    @property
    def best(self) -> CutPoint | None:
        """The best cut point so far, the first of equal ones."""
        return max(self.cuts, key=lambda cut: cut.score, default=None)

    @property
    def stopped(self) -> bool:
        """Whether the rule ends the sequence."""
        best = self.best
        if best is None or len(self.cuts) < self.patience:
            return False
        newest = self.cuts[len(self.cuts) - self.patience + 1 :]
        return all(cut.score < best.score for cut in newest)

    @property
    def ending(self) -> Ending:
        """How it ended, once nothing more is taken."""
        if self.stopped:
            return "late"
        return "limit" if self.cuts else "unfinished"

    def result(self) -> list[int]:
        """The tokens up to the best cut point and its end token; all tokens when there is no cut point."""
        best = self.best
        return list(self.tokens) if best is None else [*self.tokens[: best.position], best.token]
