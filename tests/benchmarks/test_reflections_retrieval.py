"""What stands in the memory model's place in the part retrieval: the nearest sentences, read by the bundled model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from addenda.models.local import LocalModel
from benchmarks.reflections_retrieval import SENTENCES, Retrieving, by_vectors

NAMES = ("Berdo", "Gushu", "Vodul", "Rezol", "Madron", "Hurplel")
PRICES = [f"The {name} costs {number}0 euros." for number, name in enumerate(NAMES, 11)]


class _Names:
    """Vectors that say which of the names a text has."""

    name = "names"

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([[name in text for name in NAMES] for text in texts], dtype=np.float32)


def test_the_nearest_sentences_by_their_vectors_come_first() -> None:
    nearest = by_vectors(PRICES, _Names())
    for name, sentence in zip(NAMES, PRICES, strict=True):
        found = nearest(f"What is the price of the {name}?")
        assert (found[0], len(found)) == (sentence, SENTENCES)


def test_what_was_found_is_read() -> None:
    reader = LocalModel.load(threads=1, device="cpu")
    questions = [f"What does the {name} cost?" for name in NAMES]
    read = Retrieving(reader, "vectors", by_vectors(PRICES, _Names())).answer(questions)
    unread = Retrieving(reader, "nothing", lambda _: []).answer(questions)

    def right(said: Sequence[str]) -> int:
        return sum(f"{number}0 euros" in one for number, one in enumerate(said, 11))

    assert right([one.text for one in read]) > right([one.text for one in unread]) == 0
