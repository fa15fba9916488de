"""What identifies a model and a tokenizer that are already in memory.

Models that the package loads itself are identified by their files; these functions serve a network that somebody else
loaded.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, cast

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def weights_fingerprint(network: PreTrainedModel) -> str:
    """``weights:`` and the SHA-256 over the names, types, shapes and bytes of all weights."""
    total = hashlib.sha256(str(network.config.model_type).encode())
    for name, tensor in sorted(network.state_dict().items()):
        total.update(f"\x1e{name}\x1f{tensor.dtype}\x1f{tuple(tensor.shape)}".encode())
        total.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return "weights:" + total.hexdigest()


def tokenizer_fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """``tokens:`` and the SHA-256 over the tokenizer's class, vocabulary, special tokens and chat template."""
    special = cast("dict[str, object]", tokenizer.special_tokens_map)
    parts: dict[str, object] = {
        "class": type(tokenizer).__name__,
        "vocabulary": tokenizer.get_vocab(),
        "special": {name: str(token) for name, token in special.items()},
        "template": str(cast("object", tokenizer.chat_template)),
    }
    return "tokens:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
