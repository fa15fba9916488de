"""MEMOIR as published: the baseline that our solver and our storage mode are measured against.

One shared matrix, zero at first; per edit one mask from the mean activation of the bare prompt; rows with the prompt
behind ten short prefixes that the model generated; plain gradient descent (rate 1, norm clipped to 1) through the
whole network, with the weight decay of the published code on the whole matrix; the mask acts on every token of every
row. At inference the nearest stored mask acts when it reaches tau. Source: arXiv 2506.07899 and its code, as far as
``references`` describe them.

What differs, in the baseline's favour or neutral: the row of irrelevant text that the published code computes and
drops from the loss is left out (its only use is another fingerprint mode); the loss is the correct mean over target
tokens; prefixes are generated greedily, so that a run repeats; the gate is ours for generating (decided once, then
frozen), because the published code has none. Rate and number of steps are settings: a small model may need other ones
than an 8B.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from addenda.memories.edits.attach import Attachment, GateSettings
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.config import EditsConfig
from addenda.memories.edits.dense import DenseBatch, Descent, dense_batch, descend
from addenda.memories.edits.families import Place
from addenda.memories.edits.features import fingerprints
from addenda.memories.edits.held import Entry, Held
from addenda.memories.edits.prompts import Prompt, encode_prompt, encode_target, encode_text
from addenda.memories.edits.records import SolvedEdit
from addenda.memories.edits.replay import Sample
from addenda.memories.edits.solver import Bench, neighbour_bits

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Compose: TypeAlias = Callable[[str, str], Prompt]
"""Makes the prompt of a question behind a prefix, which may be empty."""

STARTERS = ("I", "You", "Because", "Yes", "Q: ")
LENGTHS = (5, 10)
PUBLISHED = Descent(method="sgd", rate=1.0, steps=30, clip=1.0, decay=1e-5, stop_loss=0.02, stop_change=1e-4)
"""Optimisation of the published code for LLaMA-3-8B."""


def plain_compose(prefix: str, question: str) -> Prompt:
    """Prefix, full stop, question, as plain text."""
    return f"{prefix}. {question}" if prefix else question


def make_prefixes(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Ten short texts: what the model says after each starter, 5 and 10 tokens long, greedily."""
    texts: list[str] = []
    for length in LENGTHS:
        for starter in STARTERS:
            ids = torch.tensor([encode_text(tokenizer, starter, special=True)], device=network.device)
            with torch.no_grad():
                out = cast(
                    "Tensor",
                    network.generate(  # pyright: ignore[reportCallIssue]
                        input_ids=ids,
                        attention_mask=torch.ones_like(ids),
                        max_new_tokens=length,
                        do_sample=False,
                        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0,
                    ),
                )
            texts.append(cast("str", tokenizer.decode(out[0], skip_special_tokens=True)).strip())
    return tuple(texts)


@dataclass(slots=True)
class PaperMemory:
    """Published MEMOIR on one model. Make the bench's basis with the settings ``config.PAPER`` (and k, layer)."""

    bench: Bench
    prefixes: tuple[str, ...]
    compose: Compose = plain_compose
    descent: Descent = PUBLISHED
    matrix: Tensor = field(init=False)
    """W_m, (H, D) float32."""
    _entries: list[Entry] = field(init=False, default_factory=list[Entry])

    def __post_init__(self) -> None:
        place = self.bench.place
        self.matrix = torch.zeros(place.height, place.width, device=self.bench.network.device)

    def edit(self, identifier: str, question: str, target: str) -> list[float]:
        """Make one edit on top of all earlier ones; returns the losses, in nats."""
        basis, network = self.bench.basis, self.bench.network
        bare = encode_prompt(self.bench.tokenizer, self.compose("", question))
        features = fingerprints(network, self.bench.place, [bare], basis.fingerprint)
        columns = basis.columns(features)[0]
        mask = torch.zeros(basis.width, device=network.device)
        mask[torch.from_numpy(columns)] = 1.0
        losses = descend(network, self.bench.place, self.matrix, mask, self._rows(question, target), self.descent)
        edit = SolvedEdit(
            basis=basis.digest,
            keys=basis.bits(features),
            neighbours=neighbour_bits(basis, np.zeros((0, basis.width), dtype=np.float32)),
            columns=columns,
            left=torch.zeros(basis.height, 0),
            right=torch.zeros(0, basis.k),
            loss=losses[-1],
            exact=losses[-1] <= self.descent.stop_loss,
            steps=len(losses) - 1,
        )
        self._entries.append(Entry(identifier, edit, len(self._entries) + 1, edit.digest()))
        return losses

    @property
    def held(self) -> Held:
        """The masks, with the trained matrix in the place of a sum of deltas."""
        return Held(self.bench.basis, tuple(self._entries), (self.matrix.detach().cpu().clone(), len(self._entries)))

    def attachment(self, tau: float | None = None) -> Attachment:
        """The memory as something that acts inside the model; ``tau`` overrides the setting."""
        config: EditsConfig = self.bench.config
        settings = GateSettings(config.tau if tau is None else tau, 0.0)
        return Attachment(self.bench.network, self.bench.place, self.held, settings)

    def attached(self) -> AbstractContextManager[None]:
        """Switch the edits on inside the ``with`` block."""
        return self.attachment().attached()

    def _rows(self, question: str, target: str) -> DenseBatch:
        tokenizer = self.bench.tokenizer
        samples: list[Sample] = []
        for prefix in ("", *self.prefixes):
            prompt = self.compose(prefix, question)
            samples.append(Sample(encode_prompt(tokenizer, prompt), encode_target(tokenizer, prompt, target)))
        return dense_batch(samples, self.bench.network.device)


def paper_bench(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    place: Place,
    config: EditsConfig,
    background: Sequence[Prompt],
) -> Bench:
    """A bench in the published setting (``config`` should derive from ``config.PAPER``), for a baseline run."""
    basis = Basis.create(
        network,
        tokenizer,
        place,
        config,
        model_fingerprint="baseline",
        tokenizer_fingerprint="baseline",
        background=background,
    )
    return Bench(network, tokenizer, place, basis, config)
