"""The settings of a synthesis: which stages run, how much a generator is shown, and what is enough."""

from __future__ import annotations

from pydantic import Field

from addenda.memories.reflections.reflection import Stage
from addenda.memories.reflections.synthesis.gathering import GatheringSettings
from addenda.memories.reflections.synthesis.grouping import GroupingSettings
from addenda.memories.reflections.synthesis.passages import PassageSettings
from addenda.types import Frozen

SYNTHESIS: tuple[Stage, ...] = ("direct", "indirect", "consolidated", "surfaced", "cross-document", "unanswerable")
"""The stages of a synthesis in order."""


class SynthesisSettings(Frozen):
    """How reflections are made. Raises pydantic's ValidationError for a value out of range."""

    stages: tuple[Stage, ...] = SYNTHESIS
    """Those that run; later ones are made from what earlier ones brought."""
    passages: PassageSettings = PassageSettings()
    grouping: GroupingSettings = GroupingSettings()
    gathering: GatheringSettings = GatheringSettings()
    verify: bool = True
    """Whether a generator checks that each fact can be understood by itself, and rewrites those that cannot."""
    checked_at_once: int = Field(default=20, ge=1, le=100)
    """Pairs in one check."""
    repairs: int = Field(default=2, ge=0, le=10)
    """How often a pair is rewritten before it is given up."""
    consolidate_from: int = Field(default=3, ge=2)
    """Facts of a passage from which on they are consolidated."""
    consolidated_words: int = Field(default=150, ge=10)
    """Words of a consolidated answer at most, as published."""
    pairs_at_once: int = Field(default=40, ge=2, le=200)
    """Facts that are shown together for consolidating and surfacing."""
    surfaced_wordings: int = Field(default=1, ge=1, le=10)
    """Questions that may describe something by the same facts."""
    crossed_pairs: int = Field(default=20, ge=2, le=200)
    """Facts of a group that are shown together."""
    unanswerable_share: float = Field(default=0.1, ge=0.0, le=1.0)
    """Questions without an answer, as a share of the direct facts."""
