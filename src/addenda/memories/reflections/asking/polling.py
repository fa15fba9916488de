"""Putting wordings of questions to the memory model, within the budget, and telling errors from refusals.

Wordings go in batches, as the model likes them. When a batch fails, each of its wordings is tried alone, so that one
that the model cannot take does not cost the others their answers; after too many errors nothing is asked any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from addenda.errors import InvalidInput, ModelUnavailable
from addenda.memories.reflections.asking.budget import Meter
from addenda.memories.reflections.asking.transcript import Wording, heard
from addenda.memories.reflections.questions import memory_prompt
from addenda.models.base import LanguageModel, batches


class Poll:
    """A memory model that is asked on a meter."""

    def __init__(self, memory: LanguageModel, meter: Meter) -> None:
        """Nothing is asked yet."""
        self._memory = memory
        self._meter = meter

    def put(self, wordings: Sequence[str]) -> list[Wording]:
        """What came back to each wording, in order; those at the end that the budget has no room for are left out."""
        begun: list[str] = []
        for wording in wordings:
            if not self._meter.memory_begins(memory_prompt(wording)):
                break
            begun.append(wording)
        found: dict[int, Wording] = {}
        for batch in batches(begun, self._memory.batch_size):
            asked = self._batch([begun[index] for index in batch])
            found.update(zip(batch, asked, strict=True))
        return [found[index] for index in range(len(begun))]

    def _batch(self, wordings: list[str]) -> list[Wording]:
        """What came back to wordings that have begun."""
        if self._meter.memory_failed:
            return [self._not_asked(one) for one in wordings]
        try:
            return self._answers(wordings)
        except (ModelUnavailable, InvalidInput) as error:
            self._meter.memory_erred()
            failed = [Wording(text=one, heard="failed", error=str(error)) for one in wordings]
        for _ in failed:
            self._meter.memory_said("")
        if len(wordings) == 1:
            return failed
        # Calls that begin anew are calls too, and the budget may have no room for them.
        return [
            self._batch([one.text])[0] if self._meter.memory_begins(memory_prompt(one.text)) else one for one in failed
        ]

    def _answers(self, wordings: list[str]) -> list[Wording]:
        prompts = [memory_prompt(one) for one in wordings]
        completions = self._memory.answer(prompts, max_new_tokens=self._meter.budget.memory_tokens)
        answers: list[Wording] = []
        for wording, said in zip(wordings, completions, strict=True):
            self._meter.memory_said(said.text)
            text = said.text.strip()
            answers.append(Wording(text=wording, heard=heard(text), answer=text, finished=said.finished))
        return answers

    def _not_asked(self, wording: str) -> Wording:
        self._meter.memory_undone(memory_prompt(wording))
        return Wording(text=wording, heard="failed", error="not asked, because the memory model failed too often")
