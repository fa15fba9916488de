"""Every number of the training of a memory model, with the published default and its source.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156) and its published code, which finetunes models of 1 to 14 billion
parameters: rate, epochs, batch, length, warm-up, weight decay, and the adapter's shape are theirs. They train on no
refusals, hold nothing out, and do not pack; those numbers are ours. So are the ones for the bundled model, the best
of a few runs (``docs/memories/reflections-measured.md``); those of its adapter were hardly tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError

from addenda.errors import InvalidInput
from addenda.models.files import BUNDLED
from addenda.types import Frozen

Method: TypeAlias = Literal["full", "lora"]
"""Which weights learn: all of the model's, or a low-rank adapter's beside them."""

FREE_TO_CHANGE = frozenset({"micro_batch", "pack"})
"""Settings that may differ when a training goes on: but for rounding, they change nothing about its result."""

_LORA: Mapping[str, object] = MappingProxyType({"rate": 2e-4})
_BUNDLED: Mapping[str, object] = MappingProxyType(
    {
        "rate": 5e-4,
        "epochs": 9.0,
        "least_steps": 150,
        "batch": 32,
        "micro_batch": 64,
        "pack": 128,
        "decay": 0.33,
        "weight_decay": 0.0,
        "refusals": 0.1,
        "made_up": 0.05,
        "evaluations": 4,
    }
)
_BUNDLED_LORA: Mapping[str, object] = MappingProxyType({"rate": 3e-3, "dropout": 0.0, "alpha": 32})


class MemoryModelSettings(Frozen):
    """How a memory model is trained; made by :func:`memory_model_settings`."""

    method: Method = "full"
    rate: float = Field(default=2e-5, gt=0.0, le=1.0)
    """The learning rate at its peak."""
    epochs: float = Field(default=3.0, gt=0.0)
    """How often every reflection is learned from."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of gradient descent, in place of ``epochs``."""
    least_steps: int = Field(default=1, ge=1)
    """Steps that are done at least, where ``steps`` does not say how many: few documents make few steps an epoch."""
    batch: int = Field(default=256, ge=1)
    """Examples of a step."""
    micro_batch: int = Field(default=8, ge=1)
    """Examples of a batch that are computed side by side: what fits into the memory of the machine."""
    pack: int | None = Field(default=2048, ge=1)
    """Tokens of a row of several examples; None pads each example. Models that cannot keep them apart are padded."""
    cutoff: int = Field(default=8096, ge=16)
    """Tokens of an example at most; fewer where the model's window is smaller. Longer ones are left out, and named."""
    warm_up: float = Field(default=0.05, ge=0.0, lt=1.0)
    """Share of the steps in which the rate rises."""
    decay: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the steps, the last, in which it falls to zero."""
    weight_decay: float = Field(default=0.01, ge=0.0)
    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    """An adapter's output is scaled by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0.0, lt=1.0)
    """Of an adapter."""
    targets: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Names of the layers that get matrices; None for what fits the model."""
    refusals: float = Field(default=0.15, ge=0.0, le=1.0)
    """Questions that nothing answers, as a share of the reflections that answer; see ``refusals``."""
    made_up: float = Field(default=0.5, ge=0.0, le=1.0)
    """Of these the share that asks about made-up names; the others ask what is not said of names that are known.

    Made-up names are what the memory of reflections withholds by itself; a memory model that is asked alone has to
    learn to refuse them."""
    validation_share: float = Field(default=0.05, gt=0.0, lt=1.0)
    """Share of the reflections that is held out: only such whose answer another one teaches."""
    validation_most: int = Field(default=500, ge=1)
    """At most so many are held out."""
    scored: int = Field(default=100, ge=1)
    """Questions that the model answers freely at each evaluation: so many with an answer, and so many without."""
    evaluations: int = Field(default=8, ge=1)
    """How often it is evaluated while it learns."""
    patience: int | None = Field(default=3, ge=1)
    """Stop after so many evaluations without a better one; None never does."""
    enough: float = Field(default=0.99, ge=0.0, le=1.0)
    """Stop when this share of the questions with an answer, and of those without, is answered as it should be."""
    bf16: bool = True
    """Whether to compute in bfloat16 on devices that have instructions for it; others compute in float32."""
    seed: int = 0
    """Decides every draw: refusals, what is held out, the order of examples, first weights, dropout."""
    checkpoint_every: int = Field(default=200, ge=1)
    """Steps between two checkpoints; there is one at each evaluation, too."""


def memory_model_settings(base: str, given: Mapping[str, object] | None = None) -> MemoryModelSettings:
    """The settings for a base model, with others in the place of some: measured for the bundled one, else published.

    Raises InvalidInput for an unknown setting or a value that is not allowed; the message names each.
    """
    changed = dict(given or {})
    lora = changed.get("method") == "lora"
    usual: dict[str, object] = {**(_LORA if lora else {}), **(_BUNDLED if base == BUNDLED else {})}
    if lora and base == BUNDLED:
        usual |= _BUNDLED_LORA
    try:
        return MemoryModelSettings.model_validate({**usual, **changed})
    except ValidationError as error:
        raise refused_settings(error) from error


def refused_settings(error: ValidationError) -> InvalidInput:
    """The error for settings that are not allowed, which names each."""
    faults = "; ".join(
        f"{'.'.join(map(str, fault['loc']))} is {fault['input']!r}, which is not allowed: {fault['msg']}"
        for fault in error.errors(include_url=False)
    )
    return InvalidInput(f"{faults}; correct it, or leave it out for the usual value")
