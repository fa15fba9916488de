"""The small model that ships with the package, and the generated world it knows.

Purpose: something that works offline at once. The weights are a Llama-architecture causal language model trained by
`recipes/bundled_model` on the world of `build_world()`; it knows that world, can read names and values from a context,
and knows nothing else. Its card with measured scores lies beside the weights.
Importing this package reads no weights and imports no machine-learning library.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from addenda.models.bundled.world import World, WorldFact, WorldRelation, build_world

UNKNOWN_ANSWER = "I don't know."
"""What the bundled model says when it was never told."""


def weights_directory() -> Path:
    """The directory with the bundled weights, tokenizer, chat template and model card, for `from_pretrained`."""
    return Path(str(files(__name__) / "weights"))


def adapter_directory(skill: str) -> Path:
    """Where the bundled model's adapter for a skill lies, such as ``read``; see :mod:`addenda.models.adapters`."""
    return Path(str(files(__name__) / "adapters" / skill))


__all__ = [
    "UNKNOWN_ANSWER",
    "World",
    "WorldFact",
    "WorldRelation",
    "adapter_directory",
    "build_world",
    "weights_directory",
]
