"""Run the lower part of a model once and the upper part as often as the solver needs.

While an edit is solved, everything below the edited projection is constant: its input x, the residual stream, and
what the upper blocks attend to on earlier tokens. :func:`capture` runs a batch once without gradient and keeps these;
:meth:`Captured.logits` then runs only the blocks above, the last norm and the head, on the captured tokens, with an
offset added to the projection's output. The upper blocks are called with the very arguments the model itself used, so
masks, positions and sliding windows are right in every family; a comparison of replayed logits with the model's
own refuses an architecture for which this does not hold. Fails to be exact only with dropout on or a lower layer that
changes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from addenda.errors import InvalidInput, ModelUnavailable

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.memories.edits.families import Place

IGNORED = -100
"""Label of a token that does not count in the loss."""

CallValue: TypeAlias = object
"""What a block was called with: tensors, tuples of tensors, flags, a cache."""

TOLERANCE = 1e-3
"""Largest difference between replayed and original logits, relative to their largest magnitude (bf16:

100 times that).
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to be captured: a prompt and the answer that is to follow it, as token ids."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]


class FrozenPrefix:
    """A stand-in for the cache of a finished prefix: new keys and values are seen by their own call only."""

    def __init__(self, layers: dict[int, tuple[Tensor, Tensor]]) -> None:
        self._layers = layers

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Keys and values of prefix and call, (B, heads, prefix + new, d); nothing is stored."""
        keys, values = self._layers[layer_idx]
        return torch.cat([keys, key_states], dim=-2), torch.cat([values, value_states], dim=-2)

    def select(self, rows: Tensor) -> FrozenPrefix:
        """The same for some rows of the batch."""
        return FrozenPrefix({index: (keys[rows], values[rows]) for index, (keys, values) in self._layers.items()})


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments with which the model called one block, without the hidden states."""

    args: tuple[CallValue, ...]
    kwargs: dict[str, CallValue]

    def select(self, rows: Tensor, batch: int) -> Call:
        """The same for some rows of the batch."""
        return Call(
            tuple(_select(value, rows, batch) for value in self.args),
            {name: _select(value, rows, batch) for name, value in self.kwargs.items()},
        )


@dataclass(frozen=True, slots=True)
class Captured:
    """A batch as the edited projection and everything above it see it. B rows, q captured tokens each."""

    place: Place
    inputs: Tensor
    """Input x of the projection, (B, q, D)."""
    base: Tensor
    """Its output W0 x (+ bias), (B, q, H)."""
    residual: Tensor
    """The block's output without the projection's share, (B, q, H)."""
    valid: Tensor
    """Which tokens are real, (B, q), bool."""
    labels: Tensor
    """Next tokens, (B, q); IGNORED where there is none to learn."""
    calls: tuple[Call, ...]

    def select(self, rows: Tensor) -> Captured:
        """Some rows of the batch, by index."""
        batch = self.inputs.shape[0]
        return replace(
            self,
            inputs=self.inputs[rows],
            base=self.base[rows],
            residual=self.residual[rows],
            valid=self.valid[rows],
            labels=self.labels[rows],
            calls=tuple(call.select(rows, batch) for call in self.calls),
        )

    def logits(self, offset: Tensor | None = None) -> Tensor:
        """Logits (B, q, vocabulary) with ``offset`` (B, q, H) added to the projection's output."""
        written = self.base if offset is None else self.base + offset.to(self.base.dtype)
        if self.place.after is not None:
            written = self.place.after(written)
        hidden = self.residual + written
        for block, call in zip(self.place.upper, self.calls, strict=True):
            result = block(hidden, *call.args, **call.kwargs)
            hidden = cast("Tensor", result[0] if isinstance(result, tuple) else result)
        scores = cast("Tensor", self.place.head(self.place.norm(hidden)))
        cap = self.place.softcap
        return scores if cap is None else cap * torch.tanh(scores / cap)


def row_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each row over its labelled tokens, in nats: (B,). Every row needs a label."""
    counted = labels != IGNORED
    losses = nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return (losses.view_as(labels) * counted).sum(-1) / counted.sum(-1)


def capture(network: PreTrainedModel, place: Place, samples: Sequence[Sample], *, whole: bool = False) -> Captured:
    """Run ``samples`` once and keep what the solver needs.

    The captured tokens are the last prompt token and the target, or with ``whole`` every token; rows are padded on the
    right. Raises InvalidInput for an empty prompt or target.
    """
    for sample in samples:
        if not sample.prompt or not sample.target:
            raise InvalidInput(f"a sample needs prompt and target tokens, got {sample!r}")
    device = network.device
    prefixes = [() if whole else sample.prompt[:-1] for sample in samples]
    starts = [sample.prompt if whole else sample.prompt[-1:] for sample in samples]
    labels = [(IGNORED,) * (len(s) - 1) + sample.target for s, sample in zip(starts, samples, strict=True)]
    rows = [s + sample.target[:-1] for s, sample in zip(starts, samples, strict=True)]
    ids, valid = _pad(rows, 0, device, left=False)
    targets, _ = _pad(labels, IGNORED, device, left=False)
    with torch.no_grad():
        cache, before = _prefill(network, prefixes) if any(prefixes) else (None, valid.new_zeros(len(samples), 0))
        attention = torch.cat([before, valid], dim=1)
        positions = (attention.long().cumsum(-1) - 1).clamp(min=0)[:, before.shape[1] :]
        frozen = None if cache is None else _freeze(cache)
        with _recording(place) as record:
            network(
                input_ids=ids,
                attention_mask=attention.long(),
                position_ids=positions,
                past_key_values=cache,
                use_cache=cache is not None,
            )
    return record.captured(place, valid, targets, cache, frozen)


def require_replay(network: PreTrainedModel, place: Place, sample: Sample) -> None:
    """Refuse a model whose upper part cannot be replayed: compare with the model itself under the same random offset.

    Raises ModelUnavailable when the logits differ, InvalidInput when they are not finite.
    """
    captured = capture(network, place, [sample])
    noise = torch.Generator().manual_seed(0)
    offset = torch.randn(captured.base.shape, generator=noise).to(captured.base) * captured.base.float().std()
    start = len(sample.prompt) - 1
    ids = torch.tensor([sample.prompt + sample.target[:-1]], device=network.device)

    def add(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return torch.cat([output[:, :start], output[:, start:] + offset], dim=1)

    handle = place.projection.register_forward_hook(add)
    try:
        with torch.no_grad():
            theirs = cast("Tensor", network(input_ids=ids, use_cache=False).logits)[:, start:].float()
            mine = captured.logits(offset).float()
    finally:
        handle.remove()
    if not bool(torch.isfinite(theirs).all()):
        raise InvalidInput("the model's logits are not finite for these prompts; check its weights and number format")
    loose = 1.0 if network.dtype in (torch.float32, torch.float64) else 100.0
    if float((mine - theirs).abs().max()) > TOLERANCE * loose * float(theirs.abs().max().clamp(min=1e-6)):
        raise ModelUnavailable(
            f"{type(network).__name__}: running only the blocks above {place.path!r} does not give the model's own "
            "logits; this architecture is not supported"
        )


class _Record:
    """Tensors and calls noted by the hooks of one forward pass."""

    def __init__(self) -> None:
        self.inputs: Tensor | None = None
        self.base: Tensor | None = None
        self.output: Tensor | None = None
        self.calls: list[Call] = []

    def captured(
        self, place: Place, valid: Tensor, labels: Tensor, cache: DynamicCache | None, frozen: FrozenPrefix | None
    ) -> Captured:
        if self.inputs is None or self.base is None or self.output is None:
            raise ModelUnavailable(f"the forward pass never reached {place.path!r}; this architecture is not supported")
        written = self.base if place.after is None else cast("Tensor", place.after(self.base))
        calls = tuple(
            Call(
                tuple(_swap(value, cache, frozen) for value in call.args),
                {name: _swap(value, cache, frozen) for name, value in call.kwargs.items()},
            )
            for call in self.calls
        )
        return Captured(place, self.inputs, self.base, self.output - written, valid, labels, calls)


@contextmanager
def _recording(place: Place) -> Generator[_Record]:
    record = _Record()

    def on_projection(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
        record.inputs, record.base = args[0].detach(), output.detach()

    def on_block(_: nn.Module, __: tuple[object, ...], output: Tensor | tuple[Tensor, ...]) -> None:
        record.output = (output[0] if isinstance(output, tuple) else output).detach()

    def on_upper(_: nn.Module, args: tuple[CallValue, ...], kwargs: dict[str, CallValue]) -> None:
        record.calls.append(Call(args[1:], dict(kwargs)))

    with ExitStack() as stack:
        handles = [place.projection.register_forward_hook(on_projection), place.block.register_forward_hook(on_block)]
        handles += [block.register_forward_pre_hook(on_upper, with_kwargs=True) for block in place.upper]
        for handle in handles:
            stack.callback(handle.remove)
        yield record


def _prefill(network: PreTrainedModel, prefixes: Sequence[Sequence[int]]) -> tuple[DynamicCache, Tensor]:
    """Run the prefixes, padded on the left, and return their cache and mask."""
    ids, mask = _pad(prefixes, 0, network.device, left=True)
    cache = DynamicCache(config=network.config)
    network.base_model(
        input_ids=ids,
        attention_mask=mask.long(),
        position_ids=(mask.long().cumsum(-1) - 1).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
    )
    return cache, mask


def _freeze(cache: DynamicCache) -> FrozenPrefix:
    layers: dict[int, tuple[Tensor, Tensor]] = {}
    for index, layer in enumerate(cache.layers):
        keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
        if isinstance(keys, Tensor) and isinstance(values, Tensor):
            layers[index] = (keys, values)
    return FrozenPrefix(layers)


def _pad(rows: Sequence[Sequence[int]], fill: int, device: torch.device, *, left: bool) -> tuple[Tensor, Tensor]:
    """Rows of token ids as one tensor (B, longest), and which entries are real."""
    longest = max(1, *(len(row) for row in rows)) if rows else 1
    ids = torch.full((len(rows), longest), fill, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, row in enumerate(rows):
        span = slice(longest - len(row), longest) if left else slice(0, len(row))
        ids[index, span] = torch.tensor(list(row), dtype=torch.long)
        mask[index, span] = True
    return ids.to(device), mask.to(device)


def _swap(value: CallValue, cache: DynamicCache | None, frozen: FrozenPrefix | None) -> CallValue:
    return frozen if cache is not None and value is cache else value


def _select(value: CallValue, rows: Tensor, batch: int) -> CallValue:
    if isinstance(value, FrozenPrefix):
        return value.select(rows)
    if isinstance(value, Tensor):
        return value[rows] if value.ndim > 1 and value.shape[0] == batch else value
    if isinstance(value, tuple):
        return tuple(_select(part, rows, batch) for part in cast("tuple[CallValue, ...]", value))
    return value
