"""Masks: size, overlap, permutation, packing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from addenda.errors import InvalidInput
from addenda.memories.edits.masks import Floats, by_word, make_permutation, overlaps, pack, top_columns, unpack

WIDTH = 70
FLOATS = st.floats(-4, 4, width=32)
FEATURES = arrays(np.float32, (3, WIDTH), elements=FLOATS)


@given(FEATURES, st.integers(1, WIDTH), st.integers(0, 5))
def test_a_mask_marks_exactly_the_k_largest_magnitudes(features: Floats, k: int, seed: int) -> None:
    permutation = make_permutation(WIDTH, seed)
    columns = top_columns(features, k, permutation)
    for row, chosen in zip(features, columns, strict=True):
        order = sorted(range(WIDTH), key=lambda i: (-abs(row[i]), i))[:k]
        assert sorted(permutation[order]) == chosen.tolist()


@given(FEATURES, st.integers(1, WIDTH))
def test_packing_loses_nothing_and_overlap_is_the_shared_share(features: Floats, k: int) -> None:
    columns = top_columns(features, k, make_permutation(WIDTH, 0))
    bits = pack(columns, WIDTH)
    dense = unpack(bits, WIDTH)
    assert [np.flatnonzero(row).tolist() for row in dense] == columns.tolist()
    for i, query in enumerate(bits):
        expected = (dense & dense[i]).sum(axis=1) / k
        assert np.allclose(overlaps(query, by_word(bits), k), expected)
        assert overlaps(query, by_word(bits), k)[i] == 1.0


@given(FEATURES, st.integers(1, WIDTH), st.integers(0, 9))
def test_the_permutation_changes_no_overlap(features: Floats, k: int, seed: int) -> None:
    plain = pack(top_columns(features, k, make_permutation(WIDTH, 0, permute=False)), WIDTH)
    mixed = pack(top_columns(features, k, make_permutation(WIDTH, seed)), WIDTH)
    assert overlaps(plain[0], by_word(plain), k).tolist() == overlaps(mixed[0], by_word(mixed), k).tolist()


def test_a_permutation_is_drawn_from_its_seed_alone() -> None:
    assert make_permutation(50, 3).tolist() == make_permutation(50, 3).tolist()
    assert make_permutation(50, 3).tolist() != make_permutation(50, 4).tolist()
    assert sorted(make_permutation(50, 3)) == list(range(50))


def test_features_that_are_not_finite_are_refused() -> None:
    features = np.zeros((1, WIDTH), np.float32)
    features[0, 4] = np.nan
    with pytest.raises(InvalidInput, match="NaN"):
        top_columns(features, 3, make_permutation(WIDTH, 0))


@pytest.mark.parametrize("k", [0, WIDTH + 1])
def test_a_mask_size_the_layer_does_not_have_is_refused(k: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 70 columns"):
        top_columns(np.zeros((1, WIDTH), np.float32), k, make_permutation(WIDTH, 0))
