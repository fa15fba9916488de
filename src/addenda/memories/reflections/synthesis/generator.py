"""What a generator of reflections is: one typed request and one typed reply for each step of the synthesis.

A generator proposes; which of its pairs are taken is for code to decide (:mod:`~.checks`).
Answers are kept under the generator's identity and a digest of the request, so a run that was killed asks for nothing
twice, and a generator that answers the same to the same request makes the same reflections however often a run was
interrupted.
"""

from __future__ import annotations

from typing import Protocol

from addenda.memories.reflections.synthesis.requests import (
    CheckRequest,
    ConsolidateRequest,
    CrossedPairs,
    CrossRequest,
    FactsRequest,
    Known,
    KnownRequest,
    MadePairs,
    MergedPairs,
    RewriteRequest,
    Rewritten,
    SurfacedPairs,
    SurfaceRequest,
    Verdicts,
)


class Generator(Protocol):
    """Makes pairs. Every step raises InvalidInput for an answer of no use, ModelUnavailable when there is none.

    An answer of no use costs what was asked about, and the others are gone on with; without a model the run ends, with
    everything that was answered kept. Where ``at_once`` is more than 1, threads share it.
    """

    @property
    def name(self) -> str:
        """How the lineage of a reflection names it: the model, and the version of its prompts or grammar."""
        ...

    @property
    def identity(self) -> str:
        """Differs for two generators that may answer differently: the model, its prompts, its settings."""
        ...

    @property
    def at_once(self) -> int:
        """How many requests may be under way at the same time."""
        ...

    def facts(self, request: FactsRequest) -> MadePairs:
        """The facts of a passage, one pair for each."""
        ...

    def consolidate(self, request: ConsolidateRequest) -> MergedPairs:
        """Pairs that merge two or more of those given."""
        ...

    def check(self, request: CheckRequest) -> Verdicts:
        """Which pairs cannot be understood by themselves."""
        ...

    def rewrite(self, request: RewriteRequest) -> Rewritten:
        """The pair so that it can be understood by itself, its fact as it was."""
        ...

    def surface(self, request: SurfaceRequest) -> SurfacedPairs:
        """Questions that describe the entities without naming them."""
        ...

    def cross(self, request: CrossRequest) -> CrossedPairs:
        """Pairs that need two or more documents."""
        ...

    def known(self, request: KnownRequest) -> Known:
        """Whether the pairs answer the question."""
        ...
