"""Which edit, if any, a prompt is about.

An edit holds the masks of its own wordings and those of neighbouring questions (the same subject's other attributes).
A prompt's score for an edit is its largest overlap with the edit's wordings; the edit with the best score acts when
that score reaches ``tau`` and, by ``margin``, beats the prompt's overlap with the edit's neighbours. MEMOIR has the
first condition only; the second is ours: it lets one low ``tau`` serve wordings that were never seen, because what
keeps a question about another attribute out is that it is nearer to itself than to the edit. Of equal scores the
later edit wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from addenda.memories.edits.masks import Bits, by_word, overlaps

if TYPE_CHECKING:
    from addenda.memories.edits.records import SolvedEdit

SHOWN = 5
"""How many candidates are kept for each prompt."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How near one edit is to a prompt."""

    index: int
    """The edit's place in the list the gate was built from."""
    score: float
    threshold: float
    """What the score had to reach: ``tau``, or above it the nearest neighbour question's overlap plus ``margin``."""

    @property
    def passes(self) -> bool:
        """Whether the edit may act."""
        return self.score >= self.threshold


class Gate:
    """Masks of many edits, ready to be compared with a prompt's."""

    def __init__(self, edits: Sequence[SolvedEdit], k: int) -> None:
        """Stack the masks of ``edits``, in order; ``k`` is the number of columns per mask."""
        self._k = k
        self._count = len(edits)
        self._neighbours = [edit.neighbours for edit in edits]
        counts = np.array([len(edit.keys) for edit in edits], dtype=np.int64)
        self._starts = np.cumsum(counts) - counts
        self._keys = by_word(np.concatenate([edit.keys for edit in edits])) if edits else None

    def scores(self, query: Bits) -> npt.NDArray[np.float32]:
        """For one query mask (words,): each edit's best overlap with its own wordings, (edits,)."""
        if self._keys is None:
            return np.zeros(0, dtype=np.float32)
        return np.maximum.reduceat(overlaps(query, self._keys, self._k), self._starts)

    def nearest_neighbour(self, query: Bits, index: int) -> float:
        """The query's largest overlap with the neighbouring questions of one edit; 0 when it has none."""
        masks = self._neighbours[index]
        return float(overlaps(query, by_word(masks), self._k).max()) if len(masks) else 0.0

    def verdicts(
        self, query: Bits, tau: float, margin: float, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Verdict, ...]:
        """The nearest edits for one query mask (words,), best first; the first one acts when it passes.

        ``allowed`` (edits,) leaves edits out as if they were not there.
        """
        own = self.scores(query)
        candidates = np.arange(self._count) if allowed is None else np.flatnonzero(allowed)
        # Later edits first, then a stable sort by falling score: of equal scores the later edit wins.
        candidates = candidates[::-1]
        best = candidates[np.argsort(-own[candidates], kind="stable")[:SHOWN]]
        return tuple(self._verdict(query, int(index), float(own[index]), tau, margin) for index in best)

    def _verdict(self, query: Bits, index: int, score: float, tau: float, margin: float) -> Verdict:
        # Neighbours can only raise the threshold, so below tau there is nothing to ask them.
        nearest = self.nearest_neighbour(query, index) if score >= tau else 0.0
        return Verdict(index, score, _threshold(tau, margin, nearest))


def _threshold(tau: float, margin: float, nearest: float) -> float:
    return tau if nearest == 0.0 else max(tau, min(1.0, nearest + margin))
