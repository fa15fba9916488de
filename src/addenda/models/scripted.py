"""A model that says what it was told to say: for tests, examples and dry runs of a set-up without any weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion


class ScriptedModel:
    """Answers from a table; anything else gets ``default``. Keeps the :class:`LanguageModel` protocol."""

    def __init__(self, answers: Mapping[str, str], default: str = "I don't know.") -> None:
        """Take the table of answers by question, and what to say to any other question."""
        self._answers = dict(answers)
        self._default = default
        self.asked: list[str] = []
        """Every question that was asked, in order."""

    @property
    def name(self) -> str:
        """Always ``scripted``."""
        return "scripted"

    @property
    def fingerprint(self) -> str:
        """Digest of the table."""
        table = json.dumps([self._answers, self._default], sort_keys=True, ensure_ascii=False)
        return "sha256:" + hashlib.sha256(table.encode()).hexdigest()

    @property
    def batch_size(self) -> int:
        """A small number, so that several batches happen in tests too."""
        return 8

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Look each question up; an answer longer than ``max_new_tokens`` words is cut, as a real model's would be."""
        self.asked.extend(questions)
        completions: list[Completion] = []
        for question in questions:
            words = self._answers.get(question, self._default).split(" ")
            completions.append(Completion(" ".join(words[:max_new_tokens]), finished=len(words) <= max_new_tokens))
        return completions
