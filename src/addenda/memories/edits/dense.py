"""Training a matrix beside the edited projection the ordinary way: whole forward passes and automatic differentiation.

The baselines (``paper``, ``finetune``) are built on this. It is deliberately what the published code does, so that our
solvers are measured against the method as it is run, not against a strawman.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import torch
from torch import Tensor, nn

from addenda.memories.edits.replay import IGNORED, Sample, row_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.memories.edits.families import Place

Method: TypeAlias = Literal["sgd", "adam"]


@dataclass(frozen=True, slots=True)
class Descent:
    """How a dense matrix is trained on one edit."""

    method: Method
    rate: float
    steps: int
    clip: float
    decay: float
    """Weight decay of the whole matrix, applied at every step."""
    stop_loss: float
    """Stop when the loss is at most this and changed by at most ``stop_change``."""
    stop_change: float


@dataclass(frozen=True, slots=True)
class DenseBatch:
    """Rows padded on the right: token ids, which are real, and next-token labels, each (B, L)."""

    ids: Tensor
    attention: Tensor
    labels: Tensor


def dense_batch(samples: Sequence[Sample], device: torch.device) -> DenseBatch:
    """Prompts and targets as whole rows; labels on the target tokens only."""
    rows = [sample.prompt + sample.target[:-1] for sample in samples]
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), IGNORED)
    for index, (row, sample) in enumerate(zip(rows, samples, strict=True)):
        ids[index, : len(row)] = torch.tensor(row)
        attention[index, : len(row)] = 1
        labels[index, len(sample.prompt) - 1 : len(row)] = torch.tensor(sample.target)
    return DenseBatch(ids.to(device), attention.to(device), labels.to(device))


@contextmanager
def writing(place: Place, matrix: Tensor, mask: Tensor | None = None) -> Generator[None]:
    """Add ``matrix`` (H, D) times the projection's input, masked by ``mask`` (D,), to its output on every token."""

    def add(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = args[0].to(matrix.dtype)
        return output + nn.functional.linear(x if mask is None else x * mask, matrix).to(output.dtype)

    handle = place.projection.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def descend(
    network: PreTrainedModel, place: Place, matrix: Tensor, mask: Tensor | None, batch: DenseBatch, how: Descent
) -> list[float]:
    """Train ``matrix`` (H, D) in place on one batch; returns the loss before each step, and after the last."""
    weight = nn.Parameter(matrix)
    optimiser = _optimiser(weight, how)
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    _set_trainable(trainable, to=False)
    losses: list[float] = []
    try:
        with writing(place, weight, mask):
            for step in range(how.steps + 1):
                output = network(input_ids=batch.ids, attention_mask=batch.attention, use_cache=False)
                loss = row_losses(cast("Tensor", output.logits), batch.labels).mean()
                losses.append(float(loss.detach()))
                if step == how.steps or _settled(losses, how):
                    break
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([weight], how.clip)
                optimiser.step()
    finally:
        _set_trainable(trainable, to=True)
    return losses


def _optimiser(weight: nn.Parameter, how: Descent) -> torch.optim.Optimizer:
    if how.method == "adam":
        return torch.optim.Adam([weight], lr=how.rate, weight_decay=how.decay)
    return torch.optim.SGD([weight], lr=how.rate, weight_decay=how.decay)


def _set_trainable(parameters: Sequence[nn.Parameter], *, to: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad = to


def _settled(losses: Sequence[float], how: Descent) -> bool:
    return losses[-1] <= how.stop_loss and len(losses) > 1 and abs(losses[-1] - losses[-2]) <= how.stop_change
