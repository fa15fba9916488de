"""TopHash: which columns of the projection a prompt uses most, as packed bits.

A fingerprint is a vector of D activations, minus a background mean; its mask marks the k entries of largest
magnitude, mapped through one fixed permutation of the columns (MEMOIR, section 3: TopHash). Two prompts are as near
as their masks overlap. The permutation changes no overlap; it decides which columns of a shared matrix get written.
Masks are kept as packed bits (D/8 bytes each) and compared by counting bits, so fifteen thousand masks of a
14,336-wide layer take 27 MB and a few milliseconds. Pure numpy: this module knows no model.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from addenda.errors import InvalidInput

Bits: TypeAlias = npt.NDArray[np.uint64]
"""Packed masks, shape (..., ceil(D / 64)); bit i of word j is column 64 j + i."""

Floats: TypeAlias = npt.NDArray[np.float32]
Columns: TypeAlias = npt.NDArray[np.int64]

WORD = 64


def make_permutation(width: int, seed: int, permute: bool = True) -> Columns:
    """A permutation of ``width`` columns drawn from ``seed``, or the identity when ``permute`` is false."""
    if not permute:
        return np.arange(width, dtype=np.int64)
    return np.random.default_rng(seed).permutation(width).astype(np.int64)


def top_columns(features: Floats, k: int, permutation: Columns) -> Columns:
    """The columns of each row's mask, ascending; ``features`` is (N, D) and centred, the result (N, k).

    Of equal magnitudes the lower column wins. Raises InvalidInput when k exceeds D or a feature is not finite.
    """
    width = features.shape[-1]
    if not 1 <= k <= width:
        raise InvalidInput(f"k {k!r} is out of range: a mask of this layer has 1 to {width} columns")
    if not np.isfinite(features).all():
        raise InvalidInput(
            "a fingerprint holds NaN or infinity: the model's activations are not finite; check its weights"
        )
    magnitude = np.abs(features)
    kth = np.partition(magnitude, width - k, axis=-1)[..., width - k, None]
    above, equal = magnitude > kth, magnitude == kth
    missing = k - above.sum(axis=-1, keepdims=True)
    chosen = above | (equal & (np.cumsum(equal, axis=-1) <= missing))
    rows = np.nonzero(chosen)[1].reshape(-1, k)
    return np.sort(permutation[rows], axis=-1)


def pack(columns: Columns, width: int) -> Bits:
    """Packed bits of masks given as columns (N, k) of a layer that is ``width`` wide."""
    words = -(-width // WORD)
    dense = np.zeros((columns.shape[0], words * WORD), dtype=np.uint8)
    np.put_along_axis(dense, columns, 1, axis=-1)
    return np.packbits(dense, axis=-1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack(bits: Bits, width: int) -> npt.NDArray[np.bool_]:
    """Masks as booleans, (N, D), from packed bits."""
    raw = np.ascontiguousarray(bits.astype("<u8", copy=False)).view(np.uint8)
    return np.unpackbits(raw, axis=-1, bitorder="little")[..., :width].astype(np.bool_)


def by_word(masks: Bits) -> Bits:
    """Masks (N, words) turned into (words, N), in which one word of all masks lies together in memory."""
    return np.ascontiguousarray(masks.T)


def overlaps(query: Bits, stored: Bits, k: int) -> npt.NDArray[np.float32]:
    """Share of the k columns that one query mask (words,) has in common with M masks given as :func:`by_word`: (M,)."""
    counts = np.zeros(stored.shape[1], dtype=np.uint16 if k < 2**16 else np.uint32)
    for word, column in zip(stored, query, strict=True):
        # Where the query has no bit in this word, nobody shares one with it.
        if column:
            counts += np.bitwise_count(word & column)
    return (counts / np.float32(k)).astype(np.float32)
