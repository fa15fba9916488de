"""Every number the edits memory depends on, with its default, its unit and where it comes from.

Two groups. *Fixed* settings (place, mode, mask size, fingerprint, span, permutation) define the space in which
fingerprints and deltas live; they go into the basis and can never change for a memory that holds something. *Solver
and gate* settings may differ from edit to edit. The published values are in ``PAPER``; the others were measured on
the bundled model. This module knows no model: what depends on one (``layer``, ``k``) may be left open here and is
filled in by ``families``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from addenda.types import Frozen

Mode: TypeAlias = Literal["isolated", "shared"]
"""``isolated``:

a matched prompt gets its edit's own delta only. ``shared``: all deltas live in one matrix, as published.
"""

Fingerprint: TypeAlias = Literal["last", "mean"]
"""Which activations of a prompt its mask is taken from:

the last token's, or the mean over its tokens (as published).
"""

Span: TypeAlias = Literal["answer", "all"]
"""Where a delta acts: from the last prompt token on, or on every token of the gated call (as published)."""

StorageType: TypeAlias = Literal["float32", "bfloat16"]
"""Number format in which a delta is stored; it acts exactly as it is stored."""


class EditsConfig(Frozen):
    """Settings of an edits memory. Raises pydantic's ValidationError when a value is out of range."""

    mode: Mode = "isolated"
    layer: int | None = Field(default=None, ge=0)
    """Index of the edited block; None means about 80 % of the depth, never the last block."""
    module_path: str | None = None
    """Dotted path of the edited projection, for a family that is not in the table."""
    k: int | None = Field(default=None, ge=1)
    """Columns per mask; None means a quarter of the projection's input width."""
    fingerprint: Fingerprint = "last"
    span: Span = "answer"
    permute: bool = True
    """Whether masks go through a fixed random permutation, which spreads shared deltas over all columns."""
    seed: int = Field(default=0, ge=0)
    """Seed of the permutation."""
    background: tuple[str, ...] = ()
    """Questions of the kind that will be asked, on whose mean activations are centred; empty means general ones."""

    tau: float = Field(default=0.6, ge=0.0, le=1.0)
    """Least overlap of masks, as a share of k, at which an edit acts."""
    margin: float = Field(default=0.05, ge=0.0, le=1.0)
    """By how much an edit's own wordings must be nearer than its neighbours' questions."""

    rank: int = Field(default=16, ge=1)
    """Largest rank of a stored delta."""
    storage: StorageType = "bfloat16"
    steps: int = Field(default=60, ge=1)
    """Most optimisation steps per edit."""
    rate: float = Field(default=0.3, gt=0.0)
    """Step size; isolated mode: in units of the residual stream's root mean square; shared mode: plain."""
    stop_loss: float = Field(default=0.005, ge=0.0)
    """Mean token cross-entropy, in nats, at which an edit is done."""
    clip: float = Field(default=1.0, gt=0.0)
    """Gradient-norm bound of shared mode's plain gradient descent."""
    ridge: float = Field(default=1e-2, gt=0.0)
    """Ridge of the fit from activations to offsets, relative to the mean squared activation."""
    optimised_wordings: int = Field(default=1, ge=1)
    """How many of an edit's wordings the offsets are optimised on; they are fitted over all of them."""
    batch: int = Field(default=64, ge=1)
    """Independent edits solved at a time (isolated mode)."""

    @model_validator(mode="after")
    def _check(self) -> EditsConfig:
        if self.mode == "isolated" and self.span == "all":
            raise ValueError(
                "mode 'isolated' with span 'all' is not supported: isolated deltas are solved from the last prompt "
                "token on; use span='answer', or mode='shared'"
            )
        return self

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all settings."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


PAPER = EditsConfig(
    mode="shared",
    fingerprint="mean",
    span="all",
    tau=0.4,
    margin=0.0,
    rate=1.0,
    clip=1.0,
    steps=30,
    stop_loss=0.02,
    storage="float32",
)
"""The published settings (MEMOIR, arXiv 2506.07899, for LLaMA-3-8B on zsRE), as far as these settings express them."""
