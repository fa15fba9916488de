"""Low-rank adapters: small matrices beside the layers of a frozen model, which learn in its place.

Source: Hu et al. 2021, "LoRA", section 4.1. Does not know: what they learn (:mod:`addenda.models.training`), and how
they are stored and switched on (:mod:`addenda.models.adapters`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as BY_FAMILY
from transformers.pytorch_utils import Conv1D

from addenda.errors import ModelMismatch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.models.local import LocalModel

USUAL_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The layers of Llama and its relatives that a low-rank adapter is put beside."""


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """The shape of a low-rank adapter; `targets` are the names of the linear layers it is put beside.

    `seed` decides its first weights, so that the same training gives the same adapter.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = USUAL_TARGETS
    seed: int = 0


def add_lora(model: PreTrainedModel, settings: LoraSettings | None = None) -> PeftModel:
    """Put a fresh low-rank adapter on `model`, in place; only the adapter's weights require gradients afterwards.

    Raises ModelMismatch when the model has no layer named in the settings.
    """
    shape = settings or LoraSettings()
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=shape.rank,
        lora_alpha=shape.alpha,
        lora_dropout=shape.dropout,
        target_modules=list(shape.targets),
    )
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            # peft asks transformers under a name that transformers has given a successor
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            # peft says of layers of GPT-2's kind that it turned their matrices round, as it should
            warnings.filterwarnings("ignore", message="fan_in_fan_out is set to False", category=UserWarning)
            torch.manual_seed(shape.seed)
            return cast("PeftModel", get_peft_model(model, config))
    except ValueError as error:
        raise ModelMismatch(
            f"no adapter can be put on {type(model).__name__}: none of its layers is named {shape.targets!r}; "
            "give LoraSettings(targets=...) that fit this model"
        ) from error


def lora_targets(
    model: LocalModel, wanted: Sequence[str] | None = None, usual: Sequence[str] = USUAL_TARGETS
) -> tuple[str, ...]:
    """The names of the layers that an adapter is put beside.

    Those that are wanted; else the ``usual`` ones where the model has them (without the output layer where that is the
    input embedding too, because an adapter there could not be merged); else those that PEFT knows for its family.
    Raises ModelMismatch when the model has none of a wanted name, or is of a family that is not known.
    """
    network = model.network
    there = _linear_layers(network)
    tied = bool(getattr(network.config, "tie_word_embeddings", False))
    common = tuple(name for name in usual if not (tied and name == "lm_head"))
    family = str(getattr(network.config, "model_type", ""))
    known = cast("object", BY_FAMILY.get(family))
    choices = [tuple(wanted)] if wanted else [common, tuple(map(str, known)) if isinstance(known, list) else ()]  # pyright: ignore[reportUnknownArgumentType]
    for choice in choices:
        if choice and set(choice) <= there:
            return choice
    missing = f"has no layers {sorted(set(wanted) - there)}" if wanted else f"is of the unknown family {family!r}"
    raise ModelMismatch(
        f"the model {model.name!r} {missing}; name the layers to train beside (--targets), separated by commas, out of "
        f"{', '.join(sorted(there))}"
    )


def _linear_layers(network: torch.nn.Module) -> set[str]:
    """The last parts of the names of all layers that a low-rank matrix can be put beside."""
    layers = cast("Iterable[tuple[str, torch.nn.Module]]", network.named_modules())
    return {name.rpartition(".")[2] for name, layer in layers if isinstance(layer, torch.nn.Linear | Conv1D)}
