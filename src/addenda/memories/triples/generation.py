"""Generating a batch of sequences that stop each for its own reason and go on later where they were.

Built on ``transformers``' ``generate``: a stopping criterion of our own for each row, and a cache of keys and values
that is handed to the next call, in which only what is new is computed. A row that stopped before the others has
padding behind it; padding is masked, and positions count what is not masked, so that a row computes the same as it
would alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from addenda.memories.triples.syntax import CALL_START, find_read_call

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase
    from transformers.generation.utils import GenerateDecoderOnlyOutput

Barred: TypeAlias = Literal["no", "once", "always"]
"""Whether a row may open a call: always, not with its next token, or never again."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What a row has to know while it generates."""

    seen: tuple[int, ...]
    """Tokens before the new ones in which a call may have begun."""
    stops_at_opening: bool
    """Whether it stops where a call opens, instead of where it is finished."""
    barred: Barred


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids and their mask, (rows x length), and the cache of the first columns."""

    ids: torch.Tensor
    mask: torch.Tensor
    cache: DynamicCache | None

    @classmethod
    def start(cls, rows: Sequence[Sequence[int]]) -> Batch:
        """A batch without a cache, padded on the left."""
        return cls(*_padded(rows), None)


@dataclass(frozen=True, slots=True)
class Grown:
    """A batch after generating: what each row said, and what is needed to go on."""

    new: tuple[list[int], ...]
    """For each row the tokens up to where it stopped, the end token included."""
    ids: torch.Tensor
    mask: torch.Tensor
    cache: DynamicCache

    def extended(self, places: Sequence[int], more: Sequence[Sequence[int]]) -> Batch:
        """The rows at these places with more tokens behind what they said; the cache is theirs from now on."""
        chosen = torch.tensor(list(places), device=self.ids.device)
        ids, mask = _padded(more)
        self.cache.batch_select_indices(chosen)
        return Batch(
            torch.cat([self.ids[chosen], ids.to(self.ids.device)], dim=1),
            torch.cat([self.mask[chosen], mask.to(self.ids.device)], dim=1),
            self.cache,
        )


class Generator:
    """Greedy generation with one model."""

    def __init__(self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take the network and its tokenizer."""
        self._network = network
        self._tokenizer = tokenizer
        configuration = network.generation_config
        ends = cast("int | list[int] | None", configuration.eos_token_id if configuration else None)
        if ends is None:
            ends = cast("int", tokenizer.eos_token_id)
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._openings = {self.tokens(CALL_START)[0], self.tokens(f" {CALL_START}")[0]}

    def text(self, tokens: Sequence[int]) -> str:
        """The tokens as text, marks included."""
        return cast("str", self._tokenizer.decode(list(tokens), skip_special_tokens=False))

    def tokens(self, text: str) -> list[int]:
        """The tokens of a text that stands inside a longer one."""
        return self._tokenizer.encode(text, add_special_tokens=False)

    def ends(self, new: Sequence[int]) -> bool:
        """Whether a row ended by itself."""
        return bool(new) and new[-1] in self._ends

    def token_at(self, tokens: Sequence[int], place: int) -> int:
        """The index of the token that holds the character at ``place`` of their text."""
        count = next((n for n in range(1, len(tokens) + 1) if len(self.text(tokens[:n])) > place), len(tokens))
        return max(count - 1, 0)

    def opening(self, tokens: Sequence[int]) -> int:
        """The index of the token in which the first call opens; the number of tokens when none does."""
        place = self.text(tokens).find(CALL_START)
        return len(tokens) if place < 0 else self.token_at(tokens, place)

    def run(self, batch: Batch, segments: Sequence[Segment], room: int) -> Grown:
        """Let every row generate until it ends, stops as its segment says, or has said ``room`` tokens."""
        network = self._network
        ids, mask = batch.ids.to(network.device), batch.mask.to(network.device)
        width = ids.shape[1]
        stop = _Stop(self, segments, width)
        out = cast(
            "GenerateDecoderOnlyOutput",
            network.generate(  # pyright: ignore[reportCallIssue]
                input_ids=ids,
                attention_mask=mask,
                past_key_values=batch.cache,
                max_new_tokens=room,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
                stopping_criteria=StoppingCriteriaList([stop]),
                logits_processor=LogitsProcessorList([_Bar(self._openings, segments, width)]),
                return_dict_in_generate=True,
                use_cache=True,
            ),
        )
        sequences = cast("torch.Tensor", out.sequences)
        rows = cast("list[list[int]]", sequences[:, width:].tolist())
        said = [self._until_stop(row, at) for row, at in zip(rows, stop.at, strict=True)]
        grown = torch.zeros_like(sequences)
        grown[:, :width] = mask
        for n, new in enumerate(said):
            grown[n, width : width + len(new)] = 1
        return Grown(tuple(said), sequences, grown, cast("DynamicCache", out.past_key_values))

    def _until_stop(self, row: list[int], stopped: int | None) -> list[int]:
        ended = next((n + 1 for n, token in enumerate(row) if token in self._ends), len(row))
        return row[: ended if stopped is None else min(ended, stopped)]

    def stops(self, segment: Segment, new: Sequence[int]) -> bool:
        """Whether a row that has said ``new`` stops there."""
        text = self.text([*segment.seen, *new])
        return CALL_START in text if segment.stops_at_opening else find_read_call(text) is not None


class _Stop(StoppingCriteria):
    """Stops each row where its segment says, and keeps where that was."""

    def __init__(self, generator: Generator, segments: Sequence[Segment], width: int) -> None:
        self._generator = generator
        self._segments = segments
        self._width = width
        self.at: list[int | None] = [None] * len(segments)
        """For each row how many new tokens it had when it stopped; None while it has not."""

    def __call__(
        self, input_ids: torch.LongTensor, scores: tuple[torch.Tensor] | None, **kwargs: object
    ) -> torch.BoolTensor:
        """For each row whether it has stopped."""
        del scores, kwargs
        for n, segment in enumerate(self._segments):
            if self.at[n] is None:
                new = cast("list[int]", input_ids[n, self._width :].tolist())
                if self._generator.stops(segment, new):
                    self.at[n] = len(new)
        stopped = [at is not None for at in self.at]
        return cast("torch.BoolTensor", torch.tensor(stopped, device=input_ids.device))


class _Bar(LogitsProcessor):
    """Keeps rows from opening a call."""

    def __init__(self, openings: set[int], segments: Sequence[Segment], width: int) -> None:
        self._openings = sorted(openings)
        self._segments = segments
        self._width = width

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.FloatTensor:
        """The scores of the next token with the barred ones at minus infinity."""
        first = input_ids.shape[1] == self._width
        rows = [n for n, s in enumerate(self._segments) if s.barred == "always" or (s.barred == "once" and first)]
        if not rows:
            return cast("torch.FloatTensor", scores)
        barred = scores.clone()
        barred[torch.tensor(rows)[:, None], torch.tensor(self._openings)] = -torch.inf
        return cast("torch.FloatTensor", barred)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, padded on the left; what stands at padded places does not matter."""
    width = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for n, row in enumerate(rows):
        if row:
            ids[n, width - len(row) :] = torch.tensor(list(row))
            mask[n, width - len(row) :] = 1
    return ids, mask
