"""How long work stands, and what came of it, as the client reads it."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field, JsonValue

from addenda.client.replies import Told

FINAL = frozenset({"done", "failed", "cancelled", "interrupted"})
"""States in which nothing more happens."""


class TestResult(Told):
    """What the gate said."""

    __test__ = False  # its name makes pytest look for tests in it

    passed: tuple[str, ...]
    failed: tuple[str, ...]


class ActivateResult(Told):
    """What became live."""

    active: tuple[str, ...]
    superseded: tuple[str, ...]
    gate_failed: tuple[str, ...]
    needs_review: tuple[str, ...]


class ImportResult(Told):
    """What became of a spreadsheet's rows."""

    file: str
    proposed: tuple[str, ...]
    duplicates: tuple[str, ...]
    superseding: int
    refused: int
    flagged: int


class LearnedShown(Told):
    """One change of the notes that was asked for, and what became of it."""

    kind: str
    id: str
    became: str
    """``proposed`` (or it would be), or asked for by one that is ``waiting`` or was ``rejected``."""
    replaces: tuple[str, ...]
    trust: str
    evidence: tuple[str, ...]
    supporting: int | None
    contradicting: int | None
    countable: bool


class HeldBackShown(Told):
    """One that too few batches ask for so far."""

    kind: str
    replaces: tuple[str, ...]


class LearnResult(Told):
    """What the learner proposed."""

    dry_run: bool
    by: str
    observations: int
    notes: int
    proposed: tuple[str, ...]
    waiting: tuple[str, ...]
    held_back: int
    rejected: int
    unlearned: int
    since: str = ""
    learned: tuple[LearnedShown, ...] = ()
    held_back_of: tuple[HeldBackShown, ...] = ()


class ExtractResult(Told):
    """What a text came to."""

    dry_run: bool
    document: str | None
    """Id of the document, where it is there."""
    proposed: tuple[str, ...]
    duplicates: tuple[str, ...]
    left_out: int
    contradicting: int
    unanswered: int
    was_there: bool = False
    sentences: int = 0
    statements: int = 0
    doubtful: int = 0
    refused: int = 0
    problems: int = 0
    resumed: int = 0


class ReindexResult(Told):
    """The index that the names are in."""

    index: str


class GivenShown(Told):
    """A document that was given."""

    id: str
    was_there: bool
    replaces: str | None


class StageShown(Told):
    """What a stage of making reflections came to."""

    asked: int
    resumed: int
    taken: int
    rejected: int


class StageCost(Told):
    """What a stage would ask of the generator."""

    stage: str
    calls: int
    tokens_in: int
    tokens_out: int


class ReflectCost(Told):
    """What making reflections would cost if nothing of it was asked before."""

    documents: int
    passages: int
    groups: int
    calls: int
    tokens_in: int
    tokens_out: int
    stages: tuple[StageCost, ...]


class ReflectResult(Told):
    """What reflections were made."""

    documents: tuple[str, ...]
    corpus: int
    reflections: int
    conflicts: int
    given: tuple[GivenShown, ...] = ()
    stages: dict[str, StageShown] = Field(default_factory=dict[str, StageShown])


class TrainResult(Told):
    """The memory model that is in use now."""

    strategy: str
    documents: int
    reflections: int
    new: tuple[str, ...]
    gone: tuple[str, ...]
    steps: int
    exact: float
    refused: float


class AnyResult(Told):
    """What came of a job whose kind is not known beforehand: everything that the server tells is in ``model_extra``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = ""


class JobProblem(Told):
    """Why a job failed."""

    type: str
    detail: str


class JobShown(Told):
    """How a job stands."""

    id: str
    kind: str
    owner: str
    state: str
    """One of waiting, running and those in :data:`FINAL`."""
    cancelling: bool
    phase: str
    """What it is doing."""
    done: int
    total: int
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: dict[str, JsonValue] | None
    problem: JobProblem | None


class JobList(Told):
    """The jobs submitted last, newest first."""

    jobs: tuple[JobShown, ...]
