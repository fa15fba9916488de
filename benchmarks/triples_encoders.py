"""Encoders to measure the embedding index with, where no sentence encoder can be had: static vectors, and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt


class StaticEncoder:
    """The mean of one stored vector for each word piece, as WordLlama and Model2Vec publish them."""

    def __init__(self, table: Path, tokenizer: Path) -> None:
        """Take a safetensors file with one table of two dimensions, and the file of its tokenizer."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._table = next(one for one in load_file(table).values() if one.ndim == 2).astype(np.float32)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._name = table.stem

    @property
    def name(self) -> str:
        """The name of the table's file."""
        return self._name

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return np.stack([self._table[one.ids or [0]].mean(axis=0) for one in encoded])


class RandomEncoder:
    """Vectors that mean nothing, the same for the same text: for timing only."""

    name = "random"

    def __init__(self, size: int, near: Mapping[str, str] | None = None, cosine: float = 0.97) -> None:
        """Take the length of a vector, and texts that lie near others, at about that cosine."""
        self._size = size
        self._near = near or {}
        self._slack = float(np.sqrt(1 / cosine**2 - 1))

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        own = self._noise_of(text)
        return self._noise_of(self._near[text]) + np.float32(self._slack) * own if text in self._near else own

    def _noise_of(self, text: str) -> npt.NDArray[np.float32]:
        return np.random.default_rng(crc32(text.encode())).standard_normal(self._size, dtype=np.float32)
