"""How near two names are: the quick computation against the definition."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from addenda.memories.triples.folding import Folded, fold
from addenda.memories.triples.similarity import MOST_ERRORS, errors_allowed, grams, needed, similarity

WORDS = st.text("abc", min_size=1, max_size=9)


def distance(one: str, other: str) -> int:
    """Optimal string alignment by its recurrence."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]


@given(one=WORDS, other=WORDS)
def test_it_is_what_its_definition_says(one: str, other: str) -> None:
    errors, longest = distance(one, other), max(len(one), len(other))
    alike = not errors or (errors <= MOST_ERRORS and len(grams(one) & grams(other)) >= needed(longest, errors))
    expected = 1 - errors / longest if alike else 0.0
    assert similarity(Folded(one, ""), Folded(other, "")) == pytest.approx(expected)
    assert similarity(Folded(other, ""), Folded(one, "")) == pytest.approx(expected)


@given(word=st.text("abcdefghijklmnop", min_size=5, max_size=30), place=st.integers(0, 28), how=st.integers(0, 3))
def test_one_error_in_a_name_without_repetitions_is_always_near(word: str, place: int, how: int) -> None:
    word = "".join(dict.fromkeys(word))
    place %= max(1, len(word) - 1)
    head, tail = word[:place], word[place:]
    wrong = [head + tail[1:], head + "z" + tail, head + "z" + tail[1:], head + tail[1:2] + tail[:1] + tail[2:]][how]
    assume(len(word) >= 5)
    assert similarity(Folded(word, ""), Folded(wrong, "")) == pytest.approx(1 - 1 / max(len(word), len(wrong)))


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Norda", "Nroda", 0.8, 0.8),
        ("noise level", "noise levels", 0.9, 0.95),
        ("메시지", "메세지", 0.8, 0.9),
        ("Anna Schmidt", "Hans Schmidt", 0.0, 0.75),
        ("Norda 12", "Norda 13", 0.0, 0.0),
        ("abcdefghijklmnopqrst", "abXdefXhijXlmnXpqrst", 0.0, 0.0),
    ],
)
def test_examples(one: str, other: str, least: float, most: float) -> None:
    assert least <= similarity(fold(one), fold(other)) <= most


@given(length=st.integers(1, 255), errors=st.integers(0, MOST_ERRORS))
def test_a_threshold_allows_exactly_the_errors_that_reach_it(length: int, errors: int) -> None:
    reached = 1 - errors / length
    if reached > 0:
        assert errors_allowed(length, reached) >= errors
        assert errors_allowed(length, reached + 0.001) < max(errors, 1)
