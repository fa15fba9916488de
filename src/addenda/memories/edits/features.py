"""The activations that fingerprints and fits are made of: the input of the edited projection.

Only the blocks up to the projection are run; the pass stops there. Rows are grouped by length, so that little is
padded, and a row that is asked for twice is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from addenda.memories.edits.masks import Floats

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.memories.edits.config import Fingerprint
    from addenda.memories.edits.families import Place

ROWS = 128
"""Rows per forward pass."""


class _ReachedError(Exception):
    """Ends a forward pass at the projection."""


def projection_inputs(
    network: PreTrainedModel,
    place: Place,
    rows: Sequence[tuple[int, ...]],
    starts: Sequence[int],
) -> list[Tensor]:
    """Inputs of the projection for each row of token ids, from token ``starts[i]`` on: (length - start, D) each.

    Rows that are equal share one tensor when their starts are equal too; results stay on the network's device.
    """
    unique = sorted({(len(row), row, start) for row, start in zip(rows, starts, strict=True)})
    found: dict[tuple[tuple[int, ...], int], Tensor] = {}
    for first in range(0, len(unique), ROWS):
        part = unique[first : first + ROWS]
        values = _forward(network, place, [row for _, row, _ in part])
        for index, (length, row, start) in enumerate(part):
            found[row, start] = values[index, start:length].clone()
    return [found[row, start] for row, start in zip(rows, starts, strict=True)]


def fingerprints(network: PreTrainedModel, place: Place, rows: Sequence[tuple[int, ...]], kind: Fingerprint) -> Floats:
    """One fingerprint per prompt, given as token ids: (N, D), not centred."""
    starts = [len(row) - 1 if kind == "last" else 0 for row in rows]
    values = projection_inputs(network, place, rows, starts)
    return np.stack([summarise(value, kind) for value in values]) if values else np.zeros((0, place.width), np.float32)


def summarise(values: Tensor, kind: Fingerprint) -> Floats:
    """The fingerprint (D,) of a prompt whose activations are ``values`` (tokens, D)."""
    chosen = values[-1] if kind == "last" else values.float().mean(dim=0)
    return chosen.detach().float().cpu().numpy().astype(np.float32)


def _forward(network: PreTrainedModel, place: Place, rows: Sequence[tuple[int, ...]]) -> Tensor:
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[index, : len(row)] = 1
    seen: list[Tensor] = []

    def stop(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0].detach())
        raise _ReachedError

    handle = place.projection.register_forward_pre_hook(stop)
    try:
        with torch.no_grad():
            network.base_model(
                input_ids=ids.to(network.device), attention_mask=mask.to(network.device), use_cache=False
            )
    except _ReachedError:
        pass
    finally:
        handle.remove()
    return seen[0]
