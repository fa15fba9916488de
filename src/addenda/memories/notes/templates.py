"""The prompts of this memory, see :mod:`addenda.models.prompts`."""

from __future__ import annotations

from addenda.models import prompts


def filled(name: str, **values: object) -> str:
    """A prompt, for example ``in_context.1``, with these values."""
    return prompts.filled("addenda.memories.notes", name, **values)
