from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from addenda.models.bundled.names import any_word, fresh_name, plain_word, product_code, unique_words


@given(seed=st.integers())
def test_names_follow_from_the_generator(seed: int) -> None:
    assert fresh_name(Random(seed)) == fresh_name(Random(seed))
    assert any_word(Random(seed)) == any_word(Random(seed))


@given(seed=st.integers())
def test_a_plain_word_is_one_capitalised_word(seed: int) -> None:
    word = plain_word(Random(seed))
    assert word.isalpha()
    assert word == word.capitalize()


@given(seed=st.integers())
def test_a_code_has_letters_and_digits(seed: int) -> None:
    code = product_code(Random(seed))
    assert any(character.isdigit() for character in code)
    assert any(character.isalpha() for character in code)


@given(seed=st.integers(), count=st.integers(0, 60))
def test_unique_words_avoid_what_is_taken(seed: int, count: int) -> None:
    taken = {plain_word(Random(seed)).lower()}
    before = set(taken)
    words = unique_words(Random(seed), count, taken)
    assert len({word.lower() for word in words} - before) == count
    assert taken == before | {word.lower() for word in words}


def test_fresh_names_hardly_ever_repeat() -> None:
    random = Random(1)
    names = [fresh_name(random) for _ in range(3000)]
    assert len(set(names)) > 2950
