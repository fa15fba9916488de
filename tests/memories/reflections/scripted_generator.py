"""A generator that answers as a test says, and can be interrupted anywhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from addenda.errors import ModelUnavailable
from addenda.memories.reflections.synthesis.generator import Generator
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
from addenda.types import Frozen


@dataclass
class Interrupted:
    """Another generator that stops after so many answers, and remembers what it was asked."""

    inner: Generator
    left: int = 1_000_000
    at_once: int = 1
    asked: list[Frozen] = field(default_factory=list)
    error: Callable[[], Exception] = lambda: ModelUnavailable("the server went away")
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def identity(self) -> str:
        return self.inner.identity

    def _count(self, request: Frozen) -> None:
        with self.lock:
            if not self.left:
                raise self.error()
            self.left -= 1
            self.asked.append(request)

    def facts(self, request: FactsRequest) -> MadePairs:
        self._count(request)
        return self.inner.facts(request)

    def consolidate(self, request: ConsolidateRequest) -> MergedPairs:
        self._count(request)
        return self.inner.consolidate(request)

    def check(self, request: CheckRequest) -> Verdicts:
        self._count(request)
        return self.inner.check(request)

    def rewrite(self, request: RewriteRequest) -> Rewritten:
        self._count(request)
        return self.inner.rewrite(request)

    def surface(self, request: SurfaceRequest) -> SurfacedPairs:
        self._count(request)
        return self.inner.surface(request)

    def cross(self, request: CrossRequest) -> CrossedPairs:
        self._count(request)
        return self.inner.cross(request)

    def known(self, request: KnownRequest) -> Known:
        self._count(request)
        return self.inner.known(request)


@dataclass
class Scripted:
    """Says what it was told for each step, and nothing where it was told nothing."""

    made: tuple[tuple[str, str], ...] = ()
    """Direct facts of every passage."""
    merged: MergedPairs = field(default_factory=lambda: MergedPairs(pairs=()))
    checked: Callable[[CheckRequest], Verdicts] = lambda _: Verdicts(faulty=())
    rewritten: Callable[[RewriteRequest], Rewritten] = lambda one: Rewritten(
        question=one.pair.question, answer=one.pair.answer
    )
    surfaced: SurfacedPairs = field(default_factory=lambda: SurfacedPairs(pairs=()))
    crossed: CrossedPairs = field(default_factory=lambda: CrossedPairs(pairs=()))
    known_: bool = False
    name: str = "scripted"
    identity: str = "scripted 1"
    at_once: int = 1

    def facts(self, request: FactsRequest) -> MadePairs:
        pairs = [{"question": q, "answer": a, "quote": ""} for q, a in self.made if request.kind == "direct"]
        return MadePairs.model_validate({"pairs": pairs})

    def consolidate(self, request: ConsolidateRequest) -> MergedPairs:
        return self.merged

    def check(self, request: CheckRequest) -> Verdicts:
        return self.checked(request)

    def rewrite(self, request: RewriteRequest) -> Rewritten:
        return self.rewritten(request)

    def surface(self, request: SurfaceRequest) -> SurfacedPairs:
        return self.surfaced

    def cross(self, request: CrossRequest) -> CrossedPairs:
        return self.crossed

    def known(self, request: KnownRequest) -> Known:
        return Known(known=self.known_)
