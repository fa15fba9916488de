"""What a writer of statements is: it is shown a sentence with what stands before it, and answers with a write call.

The call is text, whoever wrote it (``({MEM_WRITE-->s>>r>>o})``, see :mod:`addenda.memories.triples.syntax`), so that
there is one form to parse, to keep and to show. How much of the context fits is for each writer to decide;
:func:`fitting` shortens it from the left, whole sentences first.

Not known here: which writers there are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

from addenda.memories.triples.late_stopping import Ending

WriterEnding: TypeAlias = Literal["given"] | Ending
"""How an answer ended: ``given`` as a whole, or as a local model's decoding says."""

WRITER_ENDINGS: frozenset[str] = frozenset(("given", *get_args(Ending)))
"""All of them."""

_NEXT_WORD = re.compile(r".{0,40}?\s+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a writer is shown."""

    context: tuple[str, ...]
    """Earlier sentences in order, each with the blank or line end that parts it from the next; joined as they are."""
    focus: str
    """The sentence that statements are to be taken from, in one line."""


@dataclass(frozen=True, slots=True)
class Written:
    """A writer's answer."""

    call: str
    """The write call as it was written; it may be anything."""
    fault: str = ""
    """Why there is no call, in one line; empty when there is one."""
    ending: WriterEnding = "given"
    continued: bool = False
    """Whether late stopping cut it at a later end than the first."""


class Writer(Protocol):
    """A model that writes statements from text."""

    @property
    def identity(self) -> str:
        """Differs for two writers that may answer differently: the model, its skill, its settings."""
        ...

    @property
    def batch_size(self) -> int:
        """How many passages it is best given at once."""
        ...

    def write(self, passages: Sequence[Passage]) -> Iterable[Written]:
        """One answer for each passage, in order; each as soon as it is there, if it can.

        Raises ModelUnavailable when the model gives no answer. An answer that is of no use is no error.
        """
        ...


def fitting(context: Sequence[str], fits: Callable[[str], bool]) -> str:
    """The longest end of a context that fits, joined.

    Earlier sentences are left out whole, the earliest first; when not even the last one fits, its end from a blank on.

    Args:
        context: As in :attr:`Passage.context`.
        fits: Whether this much of it fits; if it does, so does every shorter end of it.
    """
    kept = "".join(context[bisect_left(range(len(context)), True, key=lambda first: fits("".join(context[first:]))) :])
    if kept or not context:
        return kept
    last = context[-1]
    cut = bisect_left(range(len(last)), True, key=lambda first: fits(last[first:]))
    word = _NEXT_WORD.match(last, cut) if cut else None
    return last[word.end() if word else cut :]
