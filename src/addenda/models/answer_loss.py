"""What finetuning lowers: the mean cross-entropy of the tokens of answers, over padded or packed examples.

Packed, several examples stand one behind the other in a row, so that little is padded. Positions start anew with each,
and transformers derives from them a mask in which no example sees another; :func:`packs` measures on the model itself
that this holds, because not every architecture heeds it. Loss and gradients are those of the padded form but for
rounding. Scores over the vocabulary are a good part of a small model's work, so they are computed for the places alone
where something is learned.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

IGNORED = -100
"""The label of tokens that do not count in the loss, as PyTorch's cross-entropy defines it."""
_ALIKE = 0.02
_BF16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16")
"""What processors call theirs; the last is ARM's."""
_TRIES = 8
"""Widths that are tried, to find rows of about the same length."""
_SHORT_ROW = 256
"""Tokens of a row up to which plain products are the faster attention on a CPU."""


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids of a prompt with its answer, and for each token whether the model is to learn to say it."""

    tokens: tuple[int, ...]
    learn: tuple[bool, ...]


def learned(example: Example) -> int:
    """How many tokens count in the loss; the first token never does, because nothing stands before it."""
    return sum(example.learn[1:])


def answer_loss(
    model: PreTrainedModel | PeftModel, batch: Sequence[Example], *, bf16: bool, pack: int | None = None
) -> torch.Tensor:
    """The mean cross-entropy per learned token.

    ``bf16`` computes in bfloat16 where the device has instructions for it (see :func:`computes_bf16`), in float32 else.
    ``pack`` is how many tokens a row of several examples has at most (an example that is longer has a row of its own);
    None pads each example to the longest.
    """
    device = next(model.parameters()).device
    tokens, labels, inputs = _padded(batch) if pack is None else _packed(packed_rows(batch, pack))
    wanted = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED).to(device)
    places = wanted != IGNORED
    inputs = {name: value.to(device) for name, value in inputs.items()}
    with _precision(device, bf16=bf16), _head_at(model, places):
        output = model(input_ids=tokens.to(device), use_cache=False, **inputs)
    logits = cast("torch.Tensor", output.logits)
    # A model whose output layer is not called as a module has scored every place.
    kept = logits[places] if logits.shape[:2] == places.shape else logits[0]
    return torch.nn.functional.cross_entropy(kept.float(), wanted[places])


def attend_to_rows_of(model: PreTrainedModel, tokens: int) -> None:
    """Choose how attention is computed for rows of at most so many tokens.

    PyTorch's fused attention is made for long rows; on a CPU its backward pass takes longer than plain products on
    short ones. Elsewhere nothing is changed.
    """
    if model.device.type == "cpu" and tokens <= _SHORT_ROW:
        model.set_attn_implementation("eager")


def packed_rows(batch: Sequence[Example], width: int) -> list[list[Example]]:
    """Examples in rows of at most ``width`` tokens, and an example that is longer in one of its own.

    As few as filling one row after the other takes, and about as long as each other: all are padded to the longest.
    """
    rows = _filled_rows(batch, width)
    sizes = [len(example.tokens) for example in batch]
    even = max(*sizes, math.ceil(sum(sizes) / len(rows)))
    for narrower in range(even, width, max(1, (width - even) // _TRIES)):
        if len(found := _filled_rows(batch, narrower)) <= len(rows):
            return found
    return rows


def _filled_rows(batch: Sequence[Example], width: int) -> list[list[Example]]:
    """The longest examples first, each in the first row that has room."""
    rows: list[tuple[list[Example], int]] = []
    for example in sorted(batch, key=lambda one: -len(one.tokens)):
        size = len(example.tokens)
        place = next((index for index, (_, used) in enumerate(rows) if used + size <= width), None)
        if place is None:
            rows.append(([example], size))
        else:
            row, used = rows[place]
            row.append(example)
            rows[place] = (row, used + size)
    return [row for row, _ in rows]


def packs(model: PreTrainedModel | PeftModel, examples: Sequence[Example]) -> bool:
    """Whether this model keeps packed examples apart: one has the loss behind another that it has alone.

    And exactly the same loss behind another text of the same length: what is masked counts nothing, not even a little.
    Measured on two of the examples, without dropout.
    """
    by_length = sorted((one for one in examples if learned(one)), key=lambda one: len(one.tokens))
    if len(by_length) < 2:
        return True
    last, first = by_length[0], by_length[-1]
    silent = [Example(tokens, (False,) * len(tokens)) for tokens in (first.tokens, first.tokens[::-1])]
    width = len(first.tokens) + len(last.tokens)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            alone = float(answer_loss(model, [last], bf16=False))
            behind = [float(answer_loss(model, [one, last], bf16=False, pack=width)) for one in silent]
    except (TypeError, ValueError):
        return False  # positions are none of its arguments
    finally:
        model.train(was_training)
    return behind[0] == behind[1] and abs(alone - behind[0]) <= _ALIKE * max(1.0, alone)


def _padded(batch: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Token ids, labels, and what else the model is given; each (examples x longest), padded on the right."""
    tokens, labels = _empty([[example] for example in batch])
    mask = torch.zeros_like(tokens)
    for row, example in enumerate(batch):
        _place(example, tokens[row], labels[row], 0)
        mask[row, : len(example.tokens)] = 1
    return tokens, labels, {"attention_mask": mask}


def _packed(rows: Sequence[Sequence[Example]]) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """The same for rows of several examples, with positions in place of a mask: padding stands at position 0."""
    tokens, labels = _empty(rows)
    positions = torch.zeros_like(tokens)
    for row, together in enumerate(rows):
        start = 0
        for example in together:
            _place(example, tokens[row], labels[row], start)
            size = len(example.tokens)
            positions[row, start : start + size] = torch.arange(size)
            start += size
    return tokens, labels, {"position_ids": positions}


def _empty(rows: Sequence[Sequence[Example]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(sum(len(example.tokens) for example in row) for row in rows)
    tokens = torch.zeros((len(rows), longest), dtype=torch.int64)
    return tokens, torch.full_like(tokens, IGNORED)


def _place(example: Example, tokens: torch.Tensor, labels: torch.Tensor, start: int) -> None:
    ids, end = torch.tensor(example.tokens), start + len(example.tokens)
    tokens[start:end] = ids
    # The first token of an example has nothing before it to be said from, least of all another example's end.
    labels[start + 1 : end] = torch.where(torch.tensor(example.learn[1:]), ids[1:], IGNORED)


@contextmanager
def _head_at(model: PreTrainedModel | PeftModel, places: torch.Tensor) -> Generator[None]:
    """The output layer sees the states at these places only, as one row, inside the ``with`` block."""

    def narrowed(layer: torch.nn.Module, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
        del layer
        return (states[0][places][None],) if states and states[0].shape[:2] == places.shape else None

    head = cast("torch.nn.Module | None", model.get_output_embeddings())
    if head is None:
        yield
        return
    hook = head.register_forward_pre_hook(narrowed)
    try:
        yield
    finally:
        hook.remove()


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; without them it takes many times as long as float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return True
    has = torch.cpu.get_capabilities()
    return any(bool(has.get(name)) for name in _BF16_INSTRUCTIONS)


def _precision(device: torch.device, *, bf16: bool) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16) if bf16 and computes_bf16(device) else nullcontext()
