"""Puts measured scores into the card of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from addenda.models.adapters import CARD, read_card


def put_scores(directory: Path, scores: Mapping[str, float]) -> None:
    """Replace the scores in the card of the adapter in `directory`; nothing else in it changes."""
    card = read_card(directory).model_copy(update={"scores": dict(scores)})
    (directory / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
