"""What a memory model is measured with: the loss on its validation examples, and free answers to its exam.

Does not know: how it came by its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from addenda.memories.reflections.questions import is_refusal, memory_prompt, sure
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.lessons import Lessons, exam
from addenda.memories.reflections.training.settings import MemoryModelSettings
from addenda.memories.reflections.training.state import Point
from addenda.memories.reflections.training.sureness import sure_from
from addenda.models.base import Completion
from addenda.models.training_folder import PhaseProgress
from addenda.text import normalised

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from addenda.models.local import LocalModel


class Examiner:
    """Measures one model on the same questions each time."""

    def __init__(self, model: LocalModel, lessons: Lessons, settings: MemoryModelSettings, tell: PhaseProgress) -> None:
        self._model = model
        self._lessons = lessons
        self._settings = settings
        self._tell = tell
        self.with_answer, self.without = exam(lessons.asked, settings)

    def sure_from(self, trained: PreTrainedModel | PeftModel) -> float:
        """From which sureness on the answers of these weights count."""
        trained.eval()
        heard = [list(zip(asked, self._answers(asked), strict=True)) for asked in (self.with_answer, self.without)]
        return sure_from(heard[0], heard[1])

    def point(self, step: int, trained: PreTrainedModel | PeftModel, pack: int | None, least: float = 0.0) -> Point:
        """Evaluate the weights as they are, with what the model is less sure of than ``least`` as refusals."""
        from addenda.models.training import held_out_loss

        self._tell("evaluating", 0, 3)
        loss = held_out_loss(
            trained,
            self._lessons.validation,
            batch_size=self._settings.micro_batch,
            bf16=self._settings.bf16,
            pack=pack,
        )
        training = trained.training
        trained.eval()
        self._tell("evaluating", 1, 3)
        said = [sure(one, least).text for one in self._answers(self.with_answer)]
        self._tell("evaluating", 2, 3)
        refused = [sure(one, least).text for one in self._answers(self.without)]
        self._tell("evaluating", 3, 3)
        trained.train(training)
        right = sum(
            normalised(text) == normalised(one.answer) for text, one in zip(said, self.with_answer, strict=True)
        )
        return Point(
            step=step,
            loss=loss,
            exact=right / len(said) if said else 1.0,
            refused=sum(map(is_refusal, refused)) / len(refused) if refused else 1.0,
            wrongly_refused=sum(map(is_refusal, said)) / len(said) if said else 0.0,
        )

    def _answers(self, asked: Sequence[Reflection]) -> list[Completion]:
        if not asked:
            return []
        longest = max(len(self._model.tokenizer.encode(one.answer, add_special_tokens=False)) for one in asked) + 8
        found: list[Completion] = []
        for start in range(0, len(asked), self._model.batch_size):
            part = [memory_prompt(one.question) for one in asked[start : start + self._model.batch_size]]
            found += self._model.answer(part, max_new_tokens=longest)
        return found
