"""Who learns notes: one protocol for the rule learner and for language models.

An inducer is given the notes there are and the observations, and asks for deltas. It proposes nothing by itself, and
what it asks for has been counted in the observations by code, whoever thought of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from addenda.memories.base import ProgressCallback
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.revision import Revision, RevisionSettings, revise

RULE_LEARNER = "rule learner"
"""The name of the learner that needs no language model."""


class Inducer(Protocol):
    """Learns notes from observations."""

    @property
    def name(self) -> str:
        """By which it is named as the author of what it asks for."""
        ...

    def revise(
        self,
        notes: Sequence[HeldNote],
        observations: Sequence[Observation],
        *,
        since: int = 0,
        progress: ProgressCallback | None = None,
    ) -> Revision:
        """The deltas that lead from these notes to what the observations show.

        Args:
            notes: Those that hold.
            observations: All there are, the oldest first.
            since: Observations before this place were set aside earlier.
            progress: Called while it goes on.

        Raises InvalidInput when nothing can be learned from the observations, and what a model or a missing library
        raises.
        """
        ...


class RuleLearner:
    """Learns by searching for the list of rules that explains the feedback; keeps the :class:`Inducer` protocol."""

    def __init__(self, settings: RevisionSettings | None = None) -> None:
        """Take how to revise."""
        self._settings = settings

    @property
    def name(self) -> str:
        """``rule learner``."""
        return RULE_LEARNER

    def revise(
        self,
        notes: Sequence[HeldNote],
        observations: Sequence[Observation],
        *,
        since: int = 0,
        progress: ProgressCallback | None = None,
    ) -> Revision:
        """See :func:`addenda.memories.notes.revision.revise`."""
        del progress
        return revise(notes, observations, self._settings, since=since)
