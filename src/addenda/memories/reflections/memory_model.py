"""A trained memory model as it is to be asked alone: what it is not sure of, it does not know.

From where on it is sure its card says (``training.sureness``). Behind the memory of reflections, which withholds what
no reflection says, it is asked as any other model, and every answer is heard; so is one behind a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from addenda.memories.reflections.questions import sure
from addenda.memories.reflections.training.state import read_memory_card
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion, LanguageModel


class MemoryModel:
    """A language model whose unsure answers are refusals; keeps the protocol ``LanguageModel``."""

    def __init__(self, model: LanguageModel, sure_from: float) -> None:
        """Take the model, and the sureness from which on its answers count."""
        self.model = model
        """As it is, whose every answer counts."""
        self.sure_from = sure_from

    @classmethod
    def load(cls, directory: Path, *, device: str | None = None, threads: int | None = None) -> MemoryModel:
        """Load a memory model with all weights of its own from the folder of its training.

        Raises UnreadableFile when it has no card, ModelUnavailable when its weights cannot be read.
        """
        from addenda.models.local import LocalModel

        card = read_memory_card(directory)
        return cls(LocalModel.load(str(directory), device=device, threads=threads), card.sure_from)

    @property
    def name(self) -> str:
        """That of the model."""
        return self.model.name

    @property
    def fingerprint(self) -> str:
        """That of the model."""
        return self.model.fingerprint

    @property
    def batch_size(self) -> int:
        """That of the model."""
        return self.model.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """See ``LanguageModel.answer``."""
        said = self.model.answer(questions, max_new_tokens=max_new_tokens)
        return [sure(one, self.sure_from) for one in said]
