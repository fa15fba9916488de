"""Plain fine-tuning of the same matrix: the baseline that every editing method is held against.

Each edit trains the change of the edited projection's own weight with Adam until its loss is low; nothing gates it,
so it acts on every prompt. Sequential edits overwrite each other and unrelated answers; that is what the comparison
shows.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from addenda.memories.edits.dense import Descent, dense_batch, descend, writing
from addenda.memories.edits.prompts import Prompt, encode_prompt, encode_target
from addenda.memories.edits.replay import Sample
from addenda.memories.edits.solver import Bench

DEFAULT = Descent(method="adam", rate=5e-4, steps=25, clip=1.0, decay=0.0, stop_loss=0.02, stop_change=1.0)


@dataclass(slots=True)
class FineTuned:
    """A dense change of the edited projection, trained edit after edit."""

    bench: Bench
    descent: Descent = DEFAULT
    matrix: Tensor = field(init=False)
    """The change of the weight, (H, D) float32."""

    def __post_init__(self) -> None:
        place = self.bench.place
        self.matrix = torch.zeros(place.height, place.width, device=self.bench.network.device)

    def edit(self, prompt: Prompt, target: str) -> list[float]:
        """Train on one edit, on top of all earlier ones; returns the losses, in nats."""
        tokenizer = self.bench.tokenizer
        sample = Sample(encode_prompt(tokenizer, prompt), encode_target(tokenizer, prompt, target))
        batch = dense_batch([sample], self.bench.network.device)
        return descend(self.bench.network, self.bench.place, self.matrix, None, batch, self.descent)

    def attached(self) -> AbstractContextManager[None]:
        """Switch the change on inside the ``with`` block."""
        return writing(self.bench.place, self.matrix.detach())
