"""Generating with a memory at hand: a local model writes a read call, gets the names, and goes on.

The loop of the method (Modarressi et al. 2024, "MemLLM", arXiv 2404.11672, its decoding algorithm), for a batch of
questions side by side:

1. Generate until the model ends or finishes a read call.
2. Read. Names found are put behind the call, and generation goes on from there. The keys and values computed so far
   are kept: only the results are new to the model.
3. A call that finds nothing, is malformed, or asks again what was asked before is taken out, and the next token may
   not open a call.
4. At most one call is live: where a further call opens, the earlier one leaves the context before the new one is
   written, so that it is written as if the earlier had never stood there.

A question for which nothing could be read is left to the caller when ``alone`` is false, because another memory may
know the answer.
What this does not know: whether a name that was read is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from addenda.memories.base import ReadResult, TripleReader
from addenda.memories.triples.generation import Batch, Generator, Segment
from addenda.memories.triples.readpoints import merged_names
from addenda.memories.triples.syntax import (
    Problem,
    Query,
    find_read_call,
    parse_read,
    restore_names,
    results,
    strip_calls,
    too_broad,
)

if TYPE_CHECKING:
    from addenda.models.adapters import Adapter
    from addenda.models.local import LocalModel

DEFAULT_ANSWER_TOKENS = 96
"""Length limit of an answer with its calls, in tokens."""

NAMES_PER_CALL = 30
"""How many names a call may bring back (the published limit); more are too broad, whatever the single queries found."""

MAX_CALLS = 4
"""How many calls one answer may make; after that none may be opened."""

Outcome: TypeAlias = Literal["found", "nothing", "too broad", "malformed", "repeated"]
"""What came of a read call."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read call of the model and what it brought."""

    raw: str
    """The call as the model wrote it, up to its wait mark."""
    queries: tuple[Query, ...]
    results: tuple[ReadResult, ...]
    """One for each query, in order."""
    problems: tuple[Problem, ...]
    outcome: Outcome

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its queries, each once, best first: the first of each query, then the second."""
        return merged_names([result.names for result in self.results])


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What a model said with the memory at hand."""

    text: str
    """Without the calls."""
    finished: bool
    """True when the model ended by itself."""
    reads: tuple[Read, ...]

    @property
    def informed(self) -> bool:
        """Whether any call brought a name back."""
        return any(read.outcome == "found" for read in self.reads)

    @property
    def results(self) -> tuple[ReadResult, ...]:
        """What its calls brought back, in order."""
        return tuple(result for read in self.reads if read.outcome == "found" for result in read.results)


@dataclass(slots=True)
class _Row:
    """One question on its way to an answer."""

    prompt: list[int]
    reader: TripleReader
    said: list[int] = field(default_factory=list[int])
    """Tokens after the prompt as the model sees them: its text, and the live call with its results."""
    live: tuple[int, int] | None = None
    """Where in ``said`` the live call begins, and where its results end."""
    opened: int = 0
    """From where in ``said`` on the next call is looked for."""
    reads: list[Read] = field(default_factory=list[Read])
    asked: set[frozenset[str]] = field(default_factory=set[frozenset[str]])
    generated: int = 0
    barred: bool = False
    """Whether the next token may not open a call."""
    finished: bool = False
    done: bool = False


class ReadingModel:
    """A local model with the skill of reading from a memory of triples."""

    def __init__(
        self,
        model: LocalModel,
        adapter: Adapter,
        *,
        max_calls: int = MAX_CALLS,
        max_new_tokens: int = DEFAULT_ANSWER_TOKENS,
        keep_cache: bool = True,
    ) -> None:
        """Take the model and its adapter for ``read``.

        Args:
            model: The model.
            adapter: Its skill of reading, which is switched on while it answers.
            max_calls: How many calls an answer may make.
            max_new_tokens: Length limit of an answer, its calls included, results not.
            keep_cache: False computes everything anew after each call; the answers are the same.
        """
        self._model = model
        self._adapter = adapter
        self._max_calls = max_calls
        self._max_new_tokens = max_new_tokens
        self._keep_cache = keep_cache
        self._spaced = bool(adapter.card.settings.get("spaced", False))
        self._generator = Generator(model.network, model.tokenizer)

    def answer(
        self, questions: Sequence[str], readers: Sequence[TripleReader], *, alone: bool = True
    ) -> list[ReadAnswer]:
        """Answer each question, reading from the reader at its place.

        Args:
            questions: As a user asks them.
            readers: What each question may read from; its moment and audience are bound to it.
            alone: False stops at a first call that brings nothing back, with an empty text: then the caller answers.
        """
        tokenizer = self._model.tokenizer
        bare = tokenizer.chat_template is None
        rows = [
            _Row(tokenizer.encode(self._model.render(question), add_special_tokens=bare), reader)
            for question, reader in zip(questions, readers, strict=True)
        ]
        with self._adapter.active(), torch.inference_mode():
            waiting = [(rows, Batch.start([row.prompt for row in rows]))] if rows else []
            while waiting:
                group, batch = waiting.pop()
                waiting += self._go_on(group, batch, alone=alone)
        return [self._answer(row) for row in rows]

    def _go_on(self, group: list[_Row], batch: Batch, *, alone: bool) -> list[tuple[list[_Row], Batch]]:
        """Let a group generate until each row ends or stops at a call; serve the calls; what goes on, and with what."""
        segments = [
            Segment(
                seen=tuple(row.said[row.opened :]),
                stops_at_opening=row.live is not None,
                barred="always" if len(row.reads) >= self._max_calls else "once" if row.barred else "no",
            )
            for row in group
        ]
        room = self._max_new_tokens - min(row.generated for row in group)
        grown, continued = self._generator.run(batch, segments, room), list[tuple[int, list[int]]]()
        rewound: list[_Row] = []
        for place, (row, new) in enumerate(zip(group, grown.new, strict=True)):
            results_tokens = self._served(row, new, alone=alone)
            if row.done:
                continue
            if results_tokens and self._keep_cache:
                continued.append((place, results_tokens))
            else:
                rewound.append(row)
        going: list[tuple[list[_Row], Batch]] = []
        if rewound:
            going.append((rewound, Batch.start([[*row.prompt, *row.said] for row in rewound])))
        if continued:
            places = [place for place, _ in continued]
            going.append(([group[place] for place in places], grown.extended(places, [more for _, more in continued])))
        return going

    def _served(self, row: _Row, new: list[int], *, alone: bool) -> list[int]:
        """Take in what a row generated; the tokens of the results when it goes on behind them, else none."""
        row.generated += len(new)
        row.barred = False
        ended = self._generator.ends(new)
        row.said += new[:-1] if ended else new
        looked_at = row.said[row.opened :]
        if ended or row.generated >= self._max_new_tokens:
            row.finished, row.done = ended, True
            return []
        if row.live is not None:
            # A further call opens: the earlier one leaves before the new one is written.
            start, end = row.live
            opening = self._generator.opening(looked_at)
            row.opened = row.opened + opening - (end - start)
            row.said, row.live = [*row.said[:start], *row.said[end:]], None
            return []
        call = find_read_call(self._generator.text(looked_at))
        if call is None:
            row.done = True
            return []
        begins = row.opened + self._generator.token_at(looked_at, call.start)
        read = self._read(row, call.text)
        row.reads.append(read)
        if read.outcome in ("found", "too broad"):
            more = self._generator.tokens(self._shown(read))
            row.said += more
            row.live, row.opened = (begins, len(row.said)), len(row.said)
            return more
        del row.said[begins:]
        row.barred, row.opened = True, begins
        row.done = not alone and not any(earlier.outcome == "found" for earlier in row.reads)
        return []

    def _read(self, row: _Row, raw: str) -> Read:
        call = parse_read(raw)
        if not call.queries:
            return Read(raw, (), (), call.problems, "malformed")
        if call.key in row.asked:
            return Read(raw, call.queries, (), call.problems, "repeated")
        row.asked.add(call.key)
        found = tuple(row.reader.read(query) for query in call.queries)
        names = merged_names([result.names for result in found])
        outcome: Outcome = "nothing"
        if any(result.too_broad for result in found) or len(names) > NAMES_PER_CALL:
            outcome = "too broad"
        elif names:
            outcome = "found"
        return Read(raw, call.queries, found, call.problems, outcome)

    def _shown(self, read: Read) -> str:
        """The results of a call as the model reads them, the end mark included."""
        if read.outcome == "found":
            return results(read.names, spaced=self._spaced)
        return too_broad(max([result.too_broad or 0 for result in read.results] + [len(read.names)]))

    def _answer(self, row: _Row) -> ReadAnswer:
        said = list(row.said)
        if row.live is not None:
            del said[row.live[0] : row.live[1]]
        names = chain.from_iterable(read.names for read in row.reads)
        text = restore_names(strip_calls(self._generator.text(said)), names).strip()
        return ReadAnswer("" if row.done and row.barred else text, row.finished, tuple(row.reads))
