"""What long work came to in detail: ids and counts, never content."""

from __future__ import annotations

from typing import Literal

from addenda.types import Frozen, Trust


class LearnedShown(Frozen):
    """One change of the notes that was asked for, and what became of it; the note itself is in the addendum."""

    kind: str
    id: str
    """Of the proposal: the new one, or the earlier one."""
    became: Literal["proposed", "waiting", "rejected"]
    """Proposed (or it would be), or asked for by one that waits, or by one that was rejected."""
    replaces: tuple[str, ...]
    trust: Trust
    evidence: tuple[str, ...]
    supporting: int | None
    """Observations that speak for it; None where nothing new is said."""
    contradicting: int | None
    countable: bool


class HeldBackShown(Frozen):
    """One that too few batches ask for so far."""

    kind: str
    replaces: tuple[str, ...]


class GivenShown(Frozen):
    """A document that was given."""

    id: str
    was_there: bool
    replaces: str | None
    """The live document of the same title that it is proposed in place of."""


class StageShown(Frozen):
    """What a stage of making reflections came to."""

    asked: int
    resumed: int
    taken: int
    rejected: int


class StageCost(Frozen):
    """What a stage would ask of the generator."""

    stage: str
    calls: int
    tokens_in: int
    tokens_out: int


class ReflectCost(Frozen):
    """What making reflections would cost if nothing of it was asked before."""

    documents: int
    passages: int
    groups: int
    calls: int
    tokens_in: int
    tokens_out: int
    stages: tuple[StageCost, ...]
