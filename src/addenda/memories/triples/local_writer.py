"""A local model that writes statements: its adapter for ``write``, greedy decoding with late stopping.

It writes no names but those in the passage (:mod:`addenda.memories.triples.copying`), unless it is told otherwise. The
prompt is that of :func:`addenda.memories.triples.prompts.write_prompt_tokens`, no chat, as in training. The end tokens
of late stopping are those with the call's end mark in them, and the model's own. Which of the two the published
code waits for is not known; behind the mark, which closes the call, there is nothing left to go on with. With a
tokenizer that spells the end mark with several tokens only the model's own counts.

Built on ``transformers``' ``generate``: the cache of keys and values is kept from token to token, and passages are
decoded side by side, padded on the left. The rule itself is in :mod:`addenda.memories.triples.late_stopping`.
What this does not know: whether what was written is well-formed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from addenda.errors import InvalidInput
from addenda.memories.triples.blanks import Spaced, spaced_passage
from addenda.memories.triples.copying import Copying, Pieces
from addenda.memories.triples.late_stopping import PATIENCE, LateStopping
from addenda.memories.triples.marks import CALL_END, written
from addenda.memories.triples.prompts import write_prompt_tokens
from addenda.memories.triples.syntax import parse_write
from addenda.memories.triples.writers import Passage, Written, fitting

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from addenda.models.adapters import Adapter
    from addenda.models.local import LocalModel

MAX_NEW_TOKENS = 256
"""Length limit of a write call, in tokens, as published."""
PROMPT_TOKENS = 512
"""Tokens of a prompt at most, as published; the context gives way."""
BATCH_SIZE = 16
"""Passages that are decoded side by side."""


class LocalWriter:
    """A local model with the skill of writing; keeps the :class:`Writer` protocol."""

    batch_size: int

    def __init__(
        self,
        model: LocalModel,
        adapter: Adapter,
        *,
        patience: int = PATIENCE,
        max_new_tokens: int = MAX_NEW_TOKENS,
        prompt_size: int = PROMPT_TOKENS,
        batch_size: int = BATCH_SIZE,
        copying: bool = True,
    ) -> None:
        """Take the model and its adapter for ``write``.

        Args:
            model: The model.
            adapter: Its skill of writing, which is switched on while it writes.
            patience: K of late stopping; 1 ends where the model first would.
            max_new_tokens: Length limit of a call.
            prompt_size: Tokens of a prompt; a context that does not fit is shortened from the left. It is less where
                the model's window is too small for it and the call.
            batch_size: Passages that are decoded side by side.
            copying: Whether only names that stand in the passage are written; the tokenizer must be of a known kind.

        Raises InvalidInput for a number below 1, or a window that leaves no room for a prompt.
        """
        window = cast("int | None", getattr(model.network.config, "max_position_embeddings", None))
        room = prompt_size if window is None else min(prompt_size, window - max_new_tokens)
        if min(room, patience, max_new_tokens, batch_size) < 1:
            raise InvalidInput(
                f"patience={patience!r}, max_new_tokens={max_new_tokens!r}, prompt_size={prompt_size!r} and "
                f"batch_size={batch_size!r} cannot be used: each is 1 or more, and {model.name!r} has a window of "
                f"{window!r} tokens for prompt and call together"
            )
        self.batch_size = batch_size
        self._model = model
        self._adapter = adapter
        self._spaced = bool(adapter.card.settings.get("spaced", False))
        self._patience = patience
        self._max_new_tokens = max_new_tokens
        self._room = room
        self._longest = room if window is None else window - max_new_tokens
        self._pieces = Pieces.of(model.tokenizer) if copying else None
        self._own_ends = _own_ends(model)
        self._ends = self._own_ends | _marked_ends(model.tokenizer)

    @property
    def identity(self) -> str:
        """The weights of model and adapter, and everything that decides how it decodes."""
        numbers = f"K={self._patience} new={self._max_new_tokens} prompt={self._room}"
        copying = "" if self._pieces is None else " copying"
        blanks = " blanks" if self._spaced else ""
        return f"local {self._model.fingerprint} {self._adapter.digest} {numbers}{copying}{blanks}"

    def write(self, passages: Sequence[Passage]) -> Iterator[Written]:
        """One answer for each passage; those of a batch come together."""
        for start in range(0, len(passages), self.batch_size):
            yield from self._written(passages[start : start + self.batch_size])

    def _written(self, given: Sequence[Passage]) -> list[Written]:
        passages = [spaced_passage(passage) for passage in given] if self._spaced else given
        prompts = [self._prompt(passage) for passage in passages]
        fits = [len(prompt) <= self._longest for prompt in prompts]
        short = [prompt for prompt, fit in zip(prompts, fits, strict=True) if fit]
        fence = self._fence([passage for passage, fit in zip(passages, fits, strict=True) if fit])
        with self._adapter.active(), torch.inference_mode():
            rows = iter(
                decode_late(
                    self._model,
                    short,
                    ends=self._ends,
                    patience=self._patience,
                    max_new_tokens=self._max_new_tokens,
                    fence=fence,
                )
            )
        return [
            self._answer(next(rows), passage) if fit else _too_long(len(prompt), self._longest)
            for passage, prompt, fit in zip(given, prompts, fits, strict=True)
        ]

    def _fence(self, passages: Sequence[Passage]) -> Fence | None:
        if self._pieces is None:
            return None
        texts = ["".join(passage.context) + passage.focus for passage in passages]
        return Fence(self._pieces, [Copying(self._pieces, text) for text in texts])

    def _prompt(self, passage: Passage) -> list[int]:
        tokenizer = self._model.tokenizer

        def fits(context: str) -> bool:
            return len(write_prompt_tokens(tokenizer, context, passage.focus)) <= self._room

        return write_prompt_tokens(tokenizer, fitting(passage.context, fits), passage.focus)

    def _answer(self, row: LateStopping, passage: Passage) -> Written:
        tokens = row.result()
        if tokens and tokens[-1] in self._own_ends:
            tokens.pop()
        call = cast("str", self._model.tokenizer.decode(tokens, skip_special_tokens=False))
        if self._spaced:
            call = _respelled(call, passage)
        return Written(call, ending=row.ending, continued=bool(row.cuts) and row.best is not row.cuts[0])


def decode_late(
    model: LocalModel,
    prompts: Sequence[Sequence[int]],
    *,
    ends: frozenset[int],
    patience: int,
    max_new_tokens: int,
    fence: Fence | None = None,
) -> list[LateStopping]:
    """Continue prompts side by side, greedily, each until late stopping ends it or the limit is reached.

    Args:
        model: The model, with whatever adapter is switched on.
        prompts: Token ids; none may be empty.
        ends: The tokens that end a sequence.
        patience: K.
        max_new_tokens: Length limit of each.
        fence: What each may write; None for anything.
    """
    rows = [LateStopping(len(prompt), patience) for prompt in prompts]
    if not rows:
        return rows
    ids, mask = _padded(prompts, model.network)
    model.network.generate(  # pyright: ignore[reportCallIssue]
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=model.tokenizer.pad_token_id,
        logits_processor=LogitsProcessorList([_NoEnd(rows, ends, fence)]),
        stopping_criteria=StoppingCriteriaList([_Stopped(rows)]),
        use_cache=True,
    )
    return rows


@dataclass(frozen=True)
class Fence:
    """What may be written in each row of a batch."""

    pieces: Pieces
    rows: Sequence[Copying]

    def kept(self, scores: torch.Tensor, written: Sequence[LateStopping]) -> torch.Tensor:
        """The scores of the next tokens, (rows x vocabulary), with those that may not come at minus infinity."""
        kept = scores
        for n, (row, copying) in enumerate(zip(written, self.rows, strict=True)):
            allowed = None if row.stopped else copying.allowed(self.pieces.text(row.tokens))
            if allowed is not None:
                if kept is scores:
                    kept = scores.clone()
                chosen = torch.tensor(sorted(allowed), device=scores.device)
                kept[n] = torch.full_like(scores[n], -torch.inf).scatter(0, chosen, scores[n, chosen])
        return kept


class _NoEnd(LogitsProcessor):
    """Notes where rows would end, keeps them from it, and tells them which token they get instead."""

    def __init__(self, rows: Sequence[LateStopping], ends: frozenset[int], fence: Fence | None) -> None:
        self._rows = rows
        self._ends = sorted(ends)
        self._fence = fence

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.FloatTensor:
        """The scores of the next token with those of the end tokens at minus infinity."""
        del input_ids
        chances = torch.log_softmax(scores, dim=-1)
        kept = scores if self._fence is None else self._fence.kept(scores, self._rows)
        going_on = kept.clone()
        going_on[:, self._ends] = -torch.inf
        wished, wish = _likeliest(kept, chances)
        taken, chance = _likeliest(going_on, chances)
        for n, row in enumerate(self._rows):
            if row.stopped:
                continue
            if wished[n] in self._ends:
                row.note_end(wished[n], wish[n])
            if not row.stopped:
                row.take(taken[n], chance[n])
        return cast("torch.FloatTensor", going_on)


class _Stopped(StoppingCriteria):
    """Ends the rows that late stopping has ended."""

    def __init__(self, rows: Sequence[LateStopping]) -> None:
        self._rows = rows

    def __call__(
        self, input_ids: torch.LongTensor, scores: tuple[torch.Tensor] | None, **kwargs: object
    ) -> torch.BoolTensor:
        """For each row whether it has ended."""
        del scores, kwargs
        return cast("torch.BoolTensor", torch.tensor([row.stopped for row in self._rows], device=input_ids.device))


def _likeliest(scores: torch.Tensor, chances: torch.Tensor) -> tuple[list[int], list[float]]:
    """The likeliest token of each row by its score, and its log-probability."""
    tokens = scores.argmax(dim=-1, keepdim=True)
    found = chances.gather(-1, tokens)
    return cast("list[int]", tokens[:, 0].tolist()), cast("list[float]", found[:, 0].tolist())


def _padded(prompts: Sequence[Sequence[int]], network: PreTrainedModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, padded on the left; what stands at padded places does not matter."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=network.device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=network.device)
    return ids, mask


def _respelled(call: str, passage: Passage) -> str:
    """The call with its names as the passage spells them, without the blanks that it was shown with."""
    text = Spaced.of("".join(passage.context) + passage.focus)
    names = {name for one in parse_write(call).statements for name in (one.subject, one.object)}
    for name in sorted(names, key=len, reverse=True):
        if (original := text.as_in_original(name)) != name:
            call = call.replace(written(name), written(original))
    return call


def _own_ends(model: LocalModel) -> frozenset[int]:
    configuration = model.network.generation_config
    own = cast("int | list[int] | None", configuration.eos_token_id if configuration else None)
    if own is None:
        own = cast("int", model.tokenizer.eos_token_id)
    return frozenset(own if isinstance(own, list) else [own])


def _marked_ends(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Tokens with the end mark in them; tokenizers may have joined it with a quote or bracket before it."""
    return frozenset(number for piece, number in tokenizer.get_vocab().items() if CALL_END in piece)


def _too_long(given: int, longest: int) -> Written:
    return Written(
        "", f"the sentence has {given} tokens and {longest} are allowed; nothing was written. Allow shorter sentences"
    )
