"""Keeping a line to the form: names are stretches of what was shown, relations are known or stand in the question.

A small model copies names that it has never seen with mistakes. So while it says a line, every next token is one with
which the line can still become one of the form of :mod:`~.lines`: the name is a stretch of whole words of the question
or of an answer, or the id of an entry; the relation one of the known ones or a stretch of the question. Works on the
tokens of what is shown, so it says nothing of names that have other tokens where they stand behind a bracket.

What this does not know: which of the stretches is the right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from addenda.memories.reflections.asking.lines import ANSWER, ITSELF, NOTHING, SEPARATOR

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_FIRST_WITHOUT_WORDS = 0x2E80
"""From here on scripts are written without blanks between words, and a name may begin and end anywhere."""


class Stretches:
    """The stretches of whole words of a text, as tokens."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, text: str) -> None:
        """Take a text as it is shown."""
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        self._tokens = cast("list[int]", encoded["input_ids"])
        places = cast("list[tuple[int, int]]", encoded["offset_mapping"])
        self._begins = [_begins(text, start, end) for start, end in places]
        self._ends = [_is_edge(text, end) for _, end in places]

    def after(self, said: Sequence[int]) -> Iterator[int]:
        """The tokens with which what was said goes on to be a stretch."""
        for start in self._places(said):
            if start + len(said) < len(self._tokens):
                yield self._tokens[start + len(said)]

    def whole(self, said: Sequence[int]) -> bool:
        """Whether what was said is a stretch already."""
        return len(said) > 0 and any(self._ends[start + len(said) - 1] for start in self._places(said))

    def _places(self, said: Sequence[int]) -> Iterator[int]:
        size = len(said)
        for start, begins in enumerate(self._begins):
            if begins and self._tokens[start : start + size] == list(said):
                yield start


class LineTokens:
    """Which tokens may come next in a line."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        question: str,
        answers: dict[str, str],
        relations: Iterable[str],
        ends: Sequence[int],
    ) -> None:
        """Take what is shown.

        Args:
            tokenizer: Of the model that says the line.
            question: The user's, as it is shown.
            answers: The answers that are shown, by the ids of their entries.
            relations: Those that are known.
            ends: The tokens that end a line.
        """

        def tokens(text: str) -> list[int]:
            return tokenizer.encode(text, add_special_tokens=False)

        self._ends = list(ends)
        self._separator = tokens(f"x{SEPARATOR}")[len(tokens("x")) :]
        self._question = Stretches(tokenizer, question)
        self._names = [self._question, *(Stretches(tokenizer, one) for one in answers.values())]
        self._ids = [tokens(one) for one in answers]
        self._alone = [tokens(one) for one in (ITSELF, NOTHING, *(f"{ANSWER} {one}" for one in answers))]
        self._relations = [tokens(one) for one in relations]

    def after(self, said: Sequence[int]) -> list[int]:
        """The tokens that may follow; the end where nothing else can."""
        done = _behind(said, self._separator)
        part = list(said[done:])
        found = [*self._following(part, self._relations, self._separator[:1]), *self._question.after(part)]
        if self._question.whole(part):
            found += self._separator[:1]
        for size in range(1, len(self._separator)):
            if part[-size:] == self._separator[:size]:
                found.append(self._separator[size])
        if done:
            found += self._following(part, self._ids, self._ends)
            for name in self._names:
                found += name.after(part)
                found += self._ends if name.whole(part) else ()
        else:
            found += self._following(part, self._alone, self._ends)
        return list(dict.fromkeys(found)) or self._ends

    @staticmethod
    def _following(said: Sequence[int], choices: Sequence[Sequence[int]], behind: Sequence[int]) -> Iterator[int]:
        for one in choices:
            if list(one[: len(said)]) == list(said):
                yield from one[len(said) : len(said) + 1] or behind


def _behind(said: Sequence[int], part: Sequence[int]) -> int:
    """Where what follows the last such part begins; 0 where there is none."""
    size = len(part)
    return next((n for n in range(len(said), size - 1, -1) if list(said[n - size : n]) == list(part)), 0)


def _begins(text: str, start: int, end: int) -> bool:
    """Whether a name may begin with the token that stands here, behind its blanks."""
    first = end - len(text[start:end].lstrip())
    return first < end and text[first].isalnum() and _is_edge(text, first)


def _is_edge(text: str, place: int) -> bool:
    """Whether a name may begin or end here."""
    if place in (0, len(text)):
        return True
    before, after = text[place - 1], text[place]
    if max(ord(before), ord(after)) >= _FIRST_WITHOUT_WORDS:
        return True
    return not ((before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit()))
