"""The protocol behind which every language model stands, and what it returns.

A model answers questions as a user would ask them; how a question is put to it (a chat template, a bare prompt) is the
model's own business. Models know no ledger and no memories; a memory that acts inside a model is attached to it from
outside (see :class:`addenda.memories.base.ModelPatch`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

DEFAULT_MAX_NEW_TOKENS = 48
"""Length limit of an answer, in tokens."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model said to one question."""

    text: str
    finished: bool
    """True when the model ended by itself, False when it was cut at the length limit."""
    sureness: float | None = field(default=None, compare=False)
    """The lowest probability that the model gave to a token of its answer, its end included; None where it is not
    known."""


class LanguageModel(Protocol):
    """A language model that answers questions by greedy free generation."""

    @property
    def name(self) -> str:
        """The name it was asked for by, for example ``bundled``."""
        ...

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of the weights and their configuration: equal exactly for the same model."""
        ...

    @property
    def batch_size(self) -> int:
        """How many questions it answers side by side at best."""
        ...

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> Sequence[Completion]:
        """Answer each question on its own, all in one batch, in the order given."""
        ...


def batches(questions: Sequence[str], size: int) -> Iterator[list[int]]:
    """Indices of ``questions`` in batches of at most ``size`` and of similar length, so that little is padded."""
    order = sorted(range(len(questions)), key=lambda index: len(questions[index]))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def rough_tokens(text: str) -> int:
    """How many tokens a text has at most for usual tokenizers: one for three bytes of it."""
    return -(-len(text.encode(errors="surrogatepass")) // 3)
