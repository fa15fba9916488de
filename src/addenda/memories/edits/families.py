"""Where the edited projection is in each supported family of causal language models.

MEMOIR edits the linear map that writes a block's MLP result back into the residual stream. The families name it
differently, one stores it transposed (GPT-2), some put a norm after it (Gemma 2 and 3). This table is all the package
knows about architectures; a model outside it is refused by name, with the way to pass the path by hand.
Mixture-of-experts models have no single such projection and are not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from torch import nn

from addenda.errors import InvalidInput, ModelUnavailable

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.memories.edits.config import EditsConfig

DEPTH = 0.85
"""Share of the depth at which the published layers lie (LLaMA-3-8B: block 27 of 32)."""

FINAL_NORMS = ("norm", "final_layernorm", "final_layer_norm", "ln_f", "norm_f")
"""Names of the last norm, looked for beside the blocks of a model that is not in the table."""


@dataclass(frozen=True, slots=True)
class Family:
    """Paths inside a model:

    the list of blocks, the projection inside a block, the last norm, a norm after the projection.
    """

    blocks: str
    projection: str
    norm: str
    after: str | None = None


_LLAMA = Family("model.layers", "mlp.down_proj", "model.norm")
_GEMMA_LATER = Family("model.layers", "mlp.down_proj", "model.norm", "post_feedforward_layernorm")

FAMILIES: dict[str, Family] = {
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "gemma": _LLAMA,
    "gemma2": _GEMMA_LATER,
    "gemma3_text": _GEMMA_LATER,
    "phi3": _LLAMA,
    "phi": Family("model.layers", "mlp.fc2", "model.final_layernorm"),
    "gpt2": Family("transformer.h", "mlp.c_proj", "transformer.ln_f"),
    "gptj": Family("transformer.h", "mlp.fc_out", "transformer.ln_f"),
    "gpt_neox": Family("gpt_neox.layers", "mlp.dense_4h_to_h", "gpt_neox.final_layer_norm"),
}
"""Supported families, by the ``model_type`` of their configuration."""


@dataclass(frozen=True, slots=True)
class Place:
    """The edited projection of one model, and what runs after it."""

    path: str
    """Dotted path of the projection."""
    projection: nn.Module
    block: nn.Module
    """The block that contains the projection."""
    upper: tuple[nn.Module, ...]
    """The blocks above it, lowest first."""
    norm: nn.Module
    head: nn.Module
    after: nn.Module | None
    """A norm between the projection and the residual stream, where the family has one."""
    softcap: float | None
    """Bound of a tanh on the logits, where the family has one."""
    width: int
    """Input width D of the projection."""
    height: int
    """Output width H of the projection."""


def default_layer(count: int) -> int:
    """The block edited by default among ``count`` blocks: at about 85 % of the depth, and below the last one."""
    return max(0, min(int(DEPTH * count), count - 2))


def locate(network: PreTrainedModel, config: EditsConfig) -> Place:
    """Find the edited projection of ``network``.

    Raises ModelUnavailable for a family that is not in the table (when no ``module_path`` is given) or a model without
    an output head, InvalidInput for a layer or path that the model does not have.
    """
    path, family = _path(network, config)
    prefix, index, rest = _split(path)
    blocks = _get(network, prefix, path)
    if not isinstance(blocks, nn.ModuleList):
        raise InvalidInput(
            f"module_path {path!r}: {prefix!r} is not a list of blocks; pass a path like 'model.layers.4.mlp.down_proj'"
        )
    if index >= len(blocks):
        raise InvalidInput(
            f"layer {index} does not exist: {prefix!r} has {len(blocks)} blocks (0 to {len(blocks) - 1})"
        )
    block = blocks[index]
    projection = _get(block, rest, path)
    width, height = _shape(projection, path)
    head = cast("nn.Module | None", network.get_output_embeddings())
    if head is None:
        raise ModelUnavailable(
            f"{type(network).__name__} has no output head; pass a causal language model (AutoModelForCausalLM)"
        )
    after = _get(block, family.after, path) if family.after else None
    softcap = getattr(network.config, "final_logit_softcapping", None)
    return Place(
        path=path,
        projection=projection,
        block=block,
        upper=tuple(blocks[index + 1 :]),
        norm=_get(network, family.norm, path),
        head=head,
        after=after,
        softcap=float(softcap) if softcap else None,
        width=width,
        height=height,
    )


def _path(network: PreTrainedModel, config: EditsConfig) -> tuple[str, Family]:
    kind = str(network.config.model_type)
    known = FAMILIES.get(kind)
    if config.module_path is not None:
        return config.module_path, known or _guess(network, config.module_path)
    if known is None:
        raise ModelUnavailable(
            f"model family {kind!r} is not in the table of supported families ({', '.join(sorted(FAMILIES))}); "
            "pass EditsConfig(module_path='path.to.blocks.N.path.to.projection'), a late MLP's output projection"
        )
    blocks = _get(network, known.blocks, known.blocks)
    count = len(blocks) if isinstance(blocks, nn.ModuleList) else 0
    layer = default_layer(count) if config.layer is None else config.layer
    return f"{known.blocks}.{layer}.{known.projection}", known


def _guess(network: PreTrainedModel, path: str) -> Family:
    prefix, _, rest = _split(path)
    outer = prefix.rpartition(".")[0]
    parent = network.get_submodule(outer) if outer else network
    for name in FINAL_NORMS:
        if isinstance(getattr(parent, name, None), nn.Module):
            return Family(prefix, rest, f"{outer}.{name}" if outer else name)
    raise ModelUnavailable(
        f"no last norm found beside {prefix!r} of {type(network).__name__}; looked for {', '.join(FINAL_NORMS)}: "
        "this architecture is not supported"
    )


def _split(path: str) -> tuple[str, int, str]:
    parts = path.split(".")
    numbers = [i for i, part in enumerate(parts) if part.isdigit()]
    if not numbers or numbers[0] == 0 or numbers[0] == len(parts) - 1:
        raise InvalidInput(f"module_path {path!r} names no block; pass a path like 'model.layers.4.mlp.down_proj'")
    at = numbers[0]
    return ".".join(parts[:at]), int(parts[at]), ".".join(parts[at + 1 :])


def _get(root: nn.Module, path: str, given: str) -> nn.Module:
    try:
        module = root.get_submodule(path)
        # A loaded adapter wraps the layers it is put beside; edits belong to what it wraps.
        return cast("nn.Module", getattr(module, "base_layer", module))
    except AttributeError as error:
        raise InvalidInput(f"{given!r}: {type(root).__name__} has no module {path!r} ({error})") from error


def _shape(projection: nn.Module, path: str) -> tuple[int, int]:
    """Input and output width; GPT-2's Conv1D keeps (in, out) where Linear keeps (out, in)."""
    if isinstance(projection, nn.Linear):
        return projection.in_features, projection.out_features
    weight = getattr(projection, "weight", None)
    if type(projection).__name__ == "Conv1D" and isinstance(weight, nn.Parameter):
        return int(weight.shape[0]), int(weight.shape[1])
    raise InvalidInput(
        f"module_path {path!r} is a {type(projection).__name__}; the edited module must be a linear projection"
    )
