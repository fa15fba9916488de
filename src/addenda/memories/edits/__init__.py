"""MEMOIR: edits inside one MLP projection, switched on only for prompts that match.

``ResidualMemory`` works alone on any Hugging Face causal language model; ``EditsMemory`` puts it behind the protocol
of the memories. Importing this package imports no torch; its names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from addenda.memories.edits.basis import Basis
    from addenda.memories.edits.config import PAPER, EditsConfig
    from addenda.memories.edits.memory import EditsMemory
    from addenda.memories.edits.prompts import Prompt, Rendered
    from addenda.memories.edits.records import EditRequest, SolvedEdit
    from addenda.memories.edits.residual import ResidualMemory

__all__ = [
    "PAPER",
    "Basis",
    "EditRequest",
    "EditsConfig",
    "EditsMemory",
    "Prompt",
    "Rendered",
    "ResidualMemory",
    "SolvedEdit",
]

_HOMES = {
    "PAPER": "config",
    "Basis": "basis",
    "EditRequest": "records",
    "EditsConfig": "config",
    "EditsMemory": "memory",
    "Prompt": "prompts",
    "Rendered": "prompts",
    "ResidualMemory": "residual",
    "SolvedEdit": "records",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
