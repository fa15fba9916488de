"""What a memory model is not sure of, it does not know: from where on, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from addenda.memories.reflections.memory_model import MemoryModel
from addenda.memories.reflections.questions import REFUSAL, sure
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.reflections.training.sureness import sure_from
from addenda.models.base import Completion
from addenda.models.local import LocalModel


def heard(answer: str, said: Sequence[tuple[str, float]]) -> list[tuple[Reflection, Completion]]:
    one = Reflection(
        question="Where?", answer=answer, stage="direct", sources=(SourceSpan(document="d"),), generator="test.1"
    )
    return [(one, Completion(text, finished=True, sureness=least)) for text, least in said]


def test_the_boundary_lies_between_what_is_known_and_what_is_guessed_and_is_the_lowest_such() -> None:
    known = heard("Nord", [("Nord", 0.97), ("nord.", 0.9), ("Nord", 0.7), (REFUSAL, 0.99), ("Sud", 0.31)])
    unknown = heard(REFUSAL, [("Nord", 0.4), (REFUSAL, 0.3), ("Sud", 0.25)])
    assert sure_from(known, unknown) == pytest.approx(0.41)
    # One right answer is worth as much as one guess among as many questions: nothing is given up for it.
    assert sure_from(heard("Nord", [("Nord", 0.5)] * 4), heard(REFUSAL, [("Sud", 0.6), (REFUSAL, 0.9)] * 2)) == 0.0


def test_where_nothing_is_guessed_every_answer_counts() -> None:
    assert sure_from(heard("Nord", [("Nord", 0.2)]), heard(REFUSAL, [(REFUSAL, 0.2)])) == 0.0
    assert sure_from([], heard(REFUSAL, [("Nord", 0.2)])) == 0.0


def test_an_unsure_answer_is_a_refusal_and_an_unknown_probability_none() -> None:
    unsure = Completion("Nord", finished=True, sureness=0.4)
    assert sure(unsure, 0.5).text == REFUSAL
    assert sure(unsure, 0.4) is unsure
    assert sure(Completion("Nord", finished=True), 0.9).text == "Nord"


def test_a_model_in_the_process_says_how_sure_it_was() -> None:
    model = LocalModel.load(threads=1, device="cpu")
    questions = ["What is the weight of Xyq Zwonk?", "What is the return policy?"]
    every = model.answer(questions)
    assert all(one.sureness is not None and 0.0 < one.sureness <= 1.0 for one in every)
    assert model.answer(questions[:1])[0].sureness == pytest.approx(every[0].sureness, abs=1e-3)
    memory = MemoryModel(model, 1.0)
    assert {one.text for one in memory.answer(questions)} == {REFUSAL}
    assert (memory.name, memory.fingerprint, memory.batch_size) == (model.name, model.fingerprint, model.batch_size)
