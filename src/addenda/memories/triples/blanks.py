r"""Blanks before names: a text is shown so that a name has the same tokens wherever it stands.

Purpose: most tokenizers count the blank before a word to the word. In a call of the ``spaced`` form every name follows
a blank; in a text many do not: those at the beginning of a line, behind a bracket or quotation mark, and names in Latin
letters and numbers in Japanese, Chinese and Korean. A small model would have to learn for each piece of a word that it
is the same piece without its blank. So a blank is put in where one is missing, and taken out of the names that the
model has copied with one inside.

Idea: a blank belongs before a letter or digit of a script with blanks that follows a line end, a character of a script
without, or an opening bracket or quotation mark that stands apart. Putting blanks in twice is putting them in once.
Not part of the published method. Does not know: tokens and calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from addenda.memories.triples.writers import Passage

_MISSING = re.compile(
    r"(?:(?<=[\n\u2e80-\U0010ffff])|(?<=(?<![^\W_])[(\[\"'“‘«„]))"  # what stands before
    r"(?=[^\W_])(?![\u2e80-\U0010ffff])"
)


@dataclass(frozen=True, slots=True)
class Spaced:
    """A text with the blanks that were missing."""

    text: str
    original: str
    inserted: tuple[int, ...]
    """Where in ``original`` a blank was put in, rising."""

    @classmethod
    def of(cls, original: str) -> Spaced:
        """The text with a blank wherever one is missing before a name."""
        inserted = tuple(found.start() for found in _MISSING.finditer(original))
        cuts = (0, *inserted, len(original))
        text = " ".join(original[start:end] for start, end in pairwise(cuts))
        return cls(text, original, inserted)

    def as_in_original(self, name: str) -> str:
        """How a stretch of the text with blanks is spelled without those that were put in.

        A name that is in neither text comes back as it is.
        """
        start = -1 if name in self.original else self.text.find(name)
        if start < 0:
            return name
        return self.original[self._place(start) : self._place(start + len(name))]

    def _place(self, place: int) -> int:
        """The place in the original of a place in the text with blanks."""
        before = sum(at + number < place for number, at in enumerate(self.inserted))
        return place - before


def spaced(text: str) -> str:
    """The text with a blank wherever one is missing before a name."""
    return Spaced.of(text).text


def spaced_passage(passage: Passage) -> Passage:
    """The passage with the blanks that are missing in it, those between its sentences included."""
    pieces = (*passage.context, passage.focus)
    shown: list[str] = []
    before = ""
    for piece in pieces:
        shown.append(spaced(before + piece).removeprefix(before))
        before = piece[-1:] or before
    return Passage(tuple(shown[:-1]), shown[-1])
