"""What a consultation may cost, and the meter that keeps it within.

Nothing is begun that could exceed the budget at its longest: before a call its whole length limit is set aside, and
what was not used is given back afterwards. A quarter of the tokens is kept for the synthesis. Tokens are estimated
(:func:`addenda.models.base.rough_tokens`), because models behind an interface have tokenizers of their own.
"""

from __future__ import annotations

from pydantic import Field

from addenda.errors import AddendaError
from addenda.models.base import rough_tokens
from addenda.models.structured import DEFAULT_ATTEMPTS
from addenda.types import Frozen

_KEPT_FOR_SYNTHESIS = 4
"""One part in so many of the tokens."""


class OutOfTokens(AddendaError):
    """The next call could exceed the budget of tokens, so it was not made. Allow more tokens, or shorter answers."""


class Budget(Frozen):
    """What a consultation may cost at most."""

    identification_turns: int = Field(default=7, ge=0)
    """Messages of the executive that may go into finding the entity."""
    seeking_turns: int = Field(default=8, ge=0)
    """Messages of the executive that may go into finding the answer."""
    wasted_turns: int = Field(default=3, ge=1)
    """Wasted messages after which a stage ends."""
    questions: int = Field(default=8, ge=1)
    """Questions of one message that are taken."""
    wordings: int = Field(default=3, ge=1)
    """In how many wordings a question is put to the memory model at a time."""
    memory_calls: int = Field(default=120, ge=1)
    """Wordings that are put to the memory model."""
    failures: int = Field(default=6, ge=1)
    """Errors of the memory model after which it is not asked any more."""
    tokens: int = Field(default=200_000, ge=1)
    """Estimated tokens of everything that both models read and write."""
    executive_tokens: int = Field(default=2_048, ge=16)
    """Where an answer of the executive is cut."""
    memory_tokens: int = Field(default=128, ge=1)
    """Where an answer of the memory model is cut."""
    attempts: int = Field(default=DEFAULT_ATTEMPTS, ge=1)
    """How often the executive may try to keep to a form."""


class Spent(Frozen):
    """What a consultation cost."""

    executive_turns: int = 0
    """Messages that the executive was to give."""
    executive_calls: int = 0
    """Calls of its model; more than turns where a form did not fit."""
    memory_calls: int = 0
    """Wordings that were put to the memory model, those that failed included."""
    failures: int = 0
    """Errors of the memory model."""
    tokens: int = 0


class Meter:
    """What one consultation has cost so far."""

    def __init__(self, budget: Budget) -> None:
        """Nothing is spent."""
        self.budget = budget
        self._limit = budget.tokens - budget.tokens // _KEPT_FOR_SYNTHESIS
        self._turns = self._executive = self._memory = self._failures = self._tokens = 0

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        return Spent(
            executive_turns=self._turns,
            executive_calls=self._executive,
            memory_calls=self._memory,
            failures=self._failures,
            tokens=self._tokens,
        )

    @property
    def memory_calls_left(self) -> int:
        """Wordings that may still be put to the memory model; none after too many errors."""
        return 0 if self.memory_failed else self.budget.memory_calls - self._memory

    @property
    def memory_failed(self) -> bool:
        """Whether the memory model erred too often to be asked again."""
        return self._failures >= self.budget.failures

    def synthesise(self) -> None:
        """Set free the tokens that were kept for the synthesis."""
        self._limit = self.budget.tokens

    def turn(self) -> None:
        """The executive is to give a message."""
        self._turns += 1

    def executive_begins(self, prompt_tokens: int) -> None:
        """A call of the executive's model begins. Raises OutOfTokens when it could cost too much."""
        self._reserve(prompt_tokens + self.budget.executive_tokens)
        self._executive += 1

    def executive_said(self, text: str) -> None:
        """It ended."""
        self._give_back(self.budget.executive_tokens, text)

    def memory_begins(self, prompt: str) -> bool:
        """Whether a wording may be put to the memory model; if so, it begins."""
        if self.memory_calls_left < 1:
            return False
        try:
            self._reserve(rough_tokens(prompt) + self.budget.memory_tokens)
        except OutOfTokens:
            return False
        self._memory += 1
        return True

    def memory_said(self, text: str) -> None:
        """It ended; with an empty text when it failed."""
        self._give_back(self.budget.memory_tokens, text)

    def memory_undone(self, prompt: str) -> None:
        """It began, and was not put to the memory model after all."""
        self._memory -= 1
        self._tokens -= rough_tokens(prompt) + self.budget.memory_tokens

    def memory_erred(self) -> None:
        """A call of the memory model ended in an error."""
        self._failures += 1

    def _reserve(self, tokens: int) -> None:
        if self._tokens + tokens > self._limit:
            raise OutOfTokens(
                f"the next call may cost {tokens:,} tokens, and {self._limit - self._tokens:,} of "
                f"{self.budget.tokens:,} are left for it; allow more tokens, or shorter answers"
            )
        self._tokens += tokens

    def _give_back(self, reserved: int, text: str) -> None:
        self._tokens -= reserved - min(reserved, rough_tokens(text))
