"""Batches of questions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from addenda.models.base import batches


@given(st.lists(st.text(max_size=20), max_size=40), st.integers(1, 9))
def test_every_question_is_in_one_batch_and_few_are_padded(questions: list[str], size: int) -> None:
    made = list(batches(questions, size))
    assert sorted(index for batch in made for index in batch) == list(range(len(questions)))
    assert all(len(batch) == size for batch in made[:-1])
    assert all(1 <= len(batch) <= size for batch in made)
    for one, other in pairwise(made):
        assert max(len(questions[i]) for i in one) <= min(len(questions[i]) for i in other)
