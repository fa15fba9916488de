"""Merging what two models learned: task vectors, which are differences from the base that both were trained from.

The methods are the libraries': task arithmetic (Ilharco et al. 2023), TIES (Yadav et al. 2023) and DARE (Yu et al.
2024) are PEFT's, spherical interpolation (Shoemake 1985) is SciPy's. Ours is only that the base is an argument of its
own and never one of the models. Each tensor is merged by itself, at its own precision but at least in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from peft.utils.merge_utils import dare_linear, dare_ties, task_arithmetic, ties
from scipy.spatial import geometric_slerp  # pyright: ignore[reportUnknownVariableType]

from addenda.errors import ModelMismatch
from addenda.memories.reflections.updating.settings import MergeSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def merge(
    *,
    base: Mapping[str, torch.Tensor],
    old: Mapping[str, torch.Tensor],
    new: Mapping[str, torch.Tensor],
    settings: MergeSettings,
    seed: int = 0,
) -> dict[str, torch.Tensor]:
    """The base's tensors plus the merged task vectors of two models that were trained from it.

    Args:
        base: What both were trained from.
        old: The one model's tensors.
        new: The other's.
        settings: By which method, and with which weights.
        seed: Decides what DARE drops.

    Raises ModelMismatch when the tensors have other names or shapes.
    """
    for which, tensors in (("current", old), ("new", new)):
        refuse_other_shape(which, base, tensors)
    merged: dict[str, torch.Tensor] = {}
    for name, start in base.items():
        precise = torch.promote_types(start.dtype, torch.float32)
        origin = start.detach().to(precise)
        vectors = [tensors[name].detach().to(origin) - origin for tensors in (old, new)]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(Random(f"{seed}-merge-{name}").getrandbits(63))
            found = _merged(vectors, settings)
        merged[name] = (origin + settings.scale * found).to(start.dtype)
    return merged


def weights_of(network: PreTrainedModel) -> dict[str, torch.Tensor]:
    """A model's tensors by name; tied ones once."""
    return {name: value.detach() for name, value in network.named_parameters()}


def restore(network: PreTrainedModel, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put tensors in the place of a model's own."""
    with torch.no_grad():
        for name, value in network.named_parameters():
            value.copy_(tensors[name])


def refuse_other_shape(which: str, base: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> None:
    """Raise ModelMismatch when a model is not of the base's architecture; ``which`` it is stands in the message."""
    different = sorted(set(base) ^ set(other)) or [name for name in base if base[name].shape != other[name].shape]
    if different:
        raise ModelMismatch(
            f"the {which} memory model has other layers than the base: {different[0]!r} is not the same in both; give "
            "the base that it was trained from, or use the strategy joint, which needs no weights but the base's"
        )


def refuse_other_tokenizer(base: PreTrainedTokenizerBase, current: PreTrainedTokenizerBase) -> None:
    """Raise ModelMismatch when two models do not read text as the same tokens, or are not asked in the same form."""
    same: dict[str, bool] = {
        "vocabulary": base.get_vocab() == current.get_vocab(),
        "chat template": cast("object", base.chat_template) == cast("object", current.chat_template),
        "end token": base.eos_token == current.eos_token,
    }
    differs = [what for what, alike in same.items() if not alike]
    if differs:
        raise ModelMismatch(
            f"the current memory model's tokenizer has another {' and '.join(differs)} than the base's, so their "
            "weights mean different things; give the base that it was trained from, or use the strategy joint"
        )


def _merged(vectors: list[torch.Tensor], settings: MergeSettings) -> torch.Tensor:
    """One task vector from those of the old and the new."""
    share = settings.new
    weights = torch.tensor([1 - share, share], dtype=vectors[0].dtype, device=vectors[0].device)
    # TIES takes the mean of the values that agree, with no weight (or each with 1); others add weighted values up.
    match settings.method:
        case "linear":
            return task_arithmetic(vectors, weights)
        case "slerp":
            return _slerp(vectors[0], vectors[1], share)
        case "ties":
            return ties(vectors, 2 * weights, settings.density)
        case "dare_linear":
            return dare_linear(vectors, weights, settings.density)
        case "dare_ties":
            return dare_ties(vectors, 2 * weights, settings.density)


def _slerp(old: torch.Tensor, new: torch.Tensor, share: float) -> torch.Tensor:
    """The direction between two vectors along the sphere, and the length between theirs along the line."""
    first, second = (one.double().cpu().numpy().ravel() for one in (old, new))
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if first.size < 2 or not min(lengths):
        return old + share * (new - old)  # no direction to turn
    unit = geometric_slerp(first / lengths[0], second / lengths[1], share)
    length = (1 - share) * lengths[0] + share * lengths[1]
    return torch.from_numpy(unit * length).reshape(old.shape).to(old)  # pyright: ignore[reportUnknownMemberType]
