"""The gradient of a batch: computed as a whole, in parts one after the other, or in shares on several cores at once.

Idea: dividing the layers of a small model among cores gains little, while a batch divides well
(`benchmarks/reflections_throughput.py` has both). Every core computes the loss of a share of the examples on a copy of
the network that has the same weights, in the same memory, and gradients of its own, which are added up in the order of
the shares. So the sum does not depend on who is done first, and but for rounding not on the number of cores.

Does not know: what is done with the gradient.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

import torch

from addenda.models.answer_loss import Example, answer_loss, learned

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

_SMALL = 50_000_000
"""Parameters up to which a batch is shared among cores. Measured at 9 million only; every share needs gradients of its
own, which a large model has no room for."""
_MOST = 8
"""Shares at most, so that there are some examples in each and memory stays bounded on machines with many cores."""


class Gradients:
    """Adds the gradients of batches to a network's parameters.

    A small network that is on a CPU and draws nothing (no dropout) has as many cores at work as PyTorch may use
    threads, eight at most, each on a share of the batch. A context manager, which lets the threads go at its end.
    """

    def __init__(
        self, model: PreTrainedModel | PeftModel, *, micro_batch: int | None, pack: int | None, bf16: bool
    ) -> None:
        """Take the network, how many examples are computed at once, and how (see `answer_loss`)."""
        self._model, self._micro_batch, self._pack, self._bf16 = model, micro_batch, pack, bf16
        self.cores = min(torch.get_num_threads(), _MOST) if _divides(model) else 1
        """How many shares of a batch are computed at once."""
        self._others = [_sharing_weights(model) for _ in range(self.cores - 1)]
        self._pool = ThreadPoolExecutor(max(1, len(self._others)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del kind, error, traceback
        self._pool.shutdown()

    def add(self, batch: Sequence[Example]) -> float:
        """Add the gradient of the mean cross-entropy per learned token, which is returned."""
        total = sum(map(learned, batch))
        size = (self._micro_batch or len(batch)) // self.cores or 1
        if self.cores > 1 or size < len(batch):
            batch = sorted(batch, key=lambda example: len(example.tokens))  # so that parts hold little padding
        own, *shares = [batch[core :: self.cores] for core in range(self.cores)]
        with _one_thread_each() if shares else nullcontext():
            working = [
                self._pool.submit(self._share, other, share, size, total)
                for other, share in zip(self._others, shares, strict=True)
            ]
            mean = self._share(self._model, own, size, total) + sum(one.result() for one in working)
        for other in self._others:
            _move_gradients(other, self._model)
        return mean

    def _share(self, model: PreTrainedModel | PeftModel, share: Sequence[Example], size: int, total: int) -> float:
        mean = 0.0
        for start in range(0, len(share), size):
            part = share[start : start + size]
            if counted := sum(map(learned, part)):
                # Weighted by its learned tokens, each part adds what it would in the mean over the whole batch.
                loss = answer_loss(model, part, bf16=self._bf16, pack=self._pack) * (counted / total)
                loss.backward()
                mean += float(loss.detach())
        return mean


@contextmanager
def _one_thread_each() -> Generator[None]:
    """PyTorch divides no layer inside the ``with`` block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _divides(model: PreTrainedModel | PeftModel) -> bool:
    """Whether several cores may compute shares of a batch; the draws of dropout would come in any order."""
    parameters = list(model.parameters())
    return (
        all(one.device.type == "cpu" for one in parameters)
        and sum(one.numel() for one in parameters) <= _SMALL
        and not _draws(model)
    )


def _draws(model: PreTrainedModel | PeftModel) -> bool:
    layers = (one.p for one in model.modules() if isinstance(one, torch.nn.Dropout))
    # Attention drops out by a function, which is no layer.
    shares = (value for name, value in model.config.to_dict().items() if "drop" in name)
    return any(isinstance(share, int | float) and share > 0 for share in (*layers, *shares))


def _sharing_weights(model: PreTrainedModel | PeftModel) -> PreTrainedModel | PeftModel:
    other = copy.deepcopy(model)
    for own, shared in zip(other.parameters(), model.parameters(), strict=True):
        own.data = shared.data
    return other


def _move_gradients(source: PreTrainedModel | PeftModel, target: PreTrainedModel | PeftModel) -> None:
    for own, other in zip(target.parameters(), source.parameters(), strict=True):
        if other.grad is None:
            continue
        own.grad = other.grad if own.grad is None else own.grad.add_(other.grad)
        other.grad = None
