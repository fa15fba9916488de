"""How far counted evidence carries: the share of observations that speak for something, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from addenda.intervals import wilson


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many observations speak for something and against it."""

    supporting: int
    contradicting: int

    @property
    def share(self) -> float:
        """The share that speaks for it; one half while nothing speaks at all."""
        counted = self.supporting + self.contradicting
        return self.supporting / counted if counted else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of that share; from 0 to 1 while nothing speaks at all."""
        return wilson(self.supporting, self.supporting + self.contradicting)

    def __str__(self) -> str:
        """In words, for the line that a model or a person sees."""
        low, high = self.interval
        counted = self.supporting + self.contradicting
        return f"{self.supporting} of {counted} observations, {low:.2f} to {high:.2f}" if counted else "no observations"
