"""Asking a memory model directly, in a single turn: the user's question in several wordings, and no executive.

What it is good for: questions that the memory model was taught as they are asked, and the measure of what an executive
adds.
"""

from __future__ import annotations

from collections.abc import Sequence

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.budget import Budget, Meter
from addenda.memories.reflections.asking.consultation import Consultation
from addenda.memories.reflections.asking.inquiry import Admitted, Inquiry, Rules
from addenda.memories.reflections.asking.messages import SubQuestion
from addenda.memories.reflections.asking.polling import Poll
from addenda.memories.reflections.asking.protocol import checked_question
from addenda.memories.reflections.asking.synthesis import Outcome, consultation, nothing_heard
from addenda.memories.reflections.asking.transcript import AskingStage
from addenda.models.base import LanguageModel

_STAGE: AskingStage = "answer seeking"

NO_EXECUTIVE = "none"
"""What stands in place of an executive's name."""


def ask_directly(
    memory: LanguageModel,
    question: str,
    paraphrases: Sequence[str] = (),
    *,
    budget: Budget | None = None,
    rules: Rules | None = None,
) -> Consultation:
    """The answer with most votes, as the memory model said it.

    Args:
        memory: The memory model.
        question: The user's.
        paraphrases: The same in other words; as many are put as the budget has wordings for.
        budget: What it may cost.
        rules: By what rules the answer counts as agreed; one that does not is given all the same, with its votes.

    Raises InvalidInput for an empty or over-long question, or one with hidden characters. Errors of the memory model
    are told.
    """
    meter = Meter(Budget() if budget is None else budget)
    inquiry = Inquiry(checked_question(question), Rules() if rules is None else rules)
    asked = SubQuestion.model_construct(text=question, paraphrases=tuple(paraphrases), about="", clues=())
    admitted = inquiry.admit(asked, _STAGE, (), meter.budget.wordings)
    if not isinstance(admitted, Admitted):
        raise InvalidInput(f"the question cannot be put to the memory model: {admitted}")
    outcome = Outcome("tokens used up", why="the budget has no room for a single question; allow more tokens")
    if heard := Poll(memory, meter).put(admitted.wordings):
        entry = inquiry.answered(admitted, heard, _STAGE, 1)
        outcome = nothing_heard(inquiry) or Outcome("answered", entry.answer, rests_on=(entry,))
    return consultation(inquiry, outcome, memory, NO_EXECUTIVE, meter)
