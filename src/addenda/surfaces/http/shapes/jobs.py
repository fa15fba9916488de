"""Long work: what can be asked for, how a job stands, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from addenda.jobs import Job, JobState
from addenda.knowledge_base import Activated
from addenda.knowledge_base.extracting import Extraction
from addenda.knowledge_base.learning import Lesson
from addenda.knowledge_base.reflecting import Reflected, Stage
from addenda.knowledge_base.remembering import Adopted, Strategy
from addenda.surfaces.describing_work import describe_given, describe_lesson, describe_stages
from addenda.surfaces.http.problems import kind_of
from addenda.surfaces.http.shapes.work import GivenShown, HeldBackShown, LearnedShown, StageShown
from addenda.types import EVERYONE, Frozen, Moment, Trust

IndexThreshold: TypeAlias = Literal["entity_threshold", "relation_threshold", "mean_threshold"]
"""How near names must be; an encoder's similarities are on a scale of their own."""


class WorkOn(Frozen):
    """Which changes: those that are named, or all that fit."""

    ids: tuple[str, ...] = Field(default=(), max_length=10_000)
    """Ids, or unique beginnings of them."""
    all: bool = False
    """All that wait for this, that a memory can take, and that fit what follows."""
    tags: tuple[str, ...] = ()
    source: str | None = None
    """How the source begins."""


class Learn(Frozen):
    """What the learner is to do with the observations there are."""

    reason: str = ""
    dry_run: bool = False


class Text(Frozen):
    """A text that facts are taken from, or that reflections are made of."""

    title: str = Field(min_length=1, max_length=500)
    text: str = Field(min_length=1)
    source: str | None = Field(default=None, min_length=1, max_length=500)
    """Where it comes from, for example a file's name; its title when it is not given."""


class Reflect(Frozen):
    """Documents that are proposed, and that question-answer reflections are made of."""

    documents: tuple[Text, ...] = ()
    """None: go on with those that were given before."""
    stages: tuple[Stage, ...] = ()
    """None: all."""
    most_calls: int | None = Field(default=None, ge=1)
    """Stop after so many requests to the generator."""
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    audience: tuple[str, ...] = (EVERYONE,)
    reason: str = ""


class Extract(Frozen):
    """A text that the model takes facts from, as proposals."""

    document: Text
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    audience: tuple[str, ...] = (EVERYONE,)
    doubtful: bool = False
    """Whether statements about which something looks wrong are proposed too."""
    reason: str = ""
    dry_run: bool = False


class Reindex(Frozen):
    """How near names of the memory of triples are found."""

    encoder: str | None = None
    """A sentence-transformers model, by name or by folder on the server; letter by letter when it is not given."""
    thresholds: dict[IndexThreshold, float] = Field(default_factory=dict[IndexThreshold, float])
    reason: str = ""


class Train(Frozen):
    """How a memory model is taught the documents that were approved."""

    base: str = "bundled"
    """The model that learns: `bundled`, a model's folder on the server, or a name in its local cache."""
    method: Literal["full", "lora"] | None = None
    update: Strategy | None = None
    """How: replay where documents were only added, else joint, everything anew."""
    epochs: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    batch: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, gt=0)
    refusals: float | None = Field(default=None, ge=0)
    seed: int = 0
    reason: str = ""


class TestResult(Frozen):
    """What the gate said."""

    __test__ = False  # its name makes pytest look for tests in it

    kind: Literal["test"] = "test"
    passed: tuple[str, ...]
    failed: tuple[str, ...]


class ActivateResult(Frozen):
    """What became live."""

    kind: Literal["activate"] = "activate"
    active: tuple[str, ...]
    superseded: tuple[str, ...]
    gate_failed: tuple[str, ...]
    needs_review: tuple[str, ...]


class ImportResult(Frozen):
    """What became of a spreadsheet's rows."""

    kind: Literal["import"] = "import"
    file: str
    proposed: tuple[str, ...]
    duplicates: tuple[str, ...]
    """Ids of what was there already."""
    superseding: int
    refused: int
    flagged: int


class LearnResult(Frozen):
    """What the learner proposed."""

    kind: Literal["learn"] = "learn"
    dry_run: bool
    by: str
    observations: int
    notes: int
    """Live when it ran."""
    proposed: tuple[str, ...]
    waiting: tuple[str, ...]
    """Open proposals that ask for the same."""
    held_back: int
    """Deltas that too few batches ask for so far."""
    rejected: int
    unlearned: int
    since: str = ""
    """The first observation that counted."""
    learned: tuple[LearnedShown, ...] = ()
    held_back_of: tuple[HeldBackShown, ...] = ()


class ExtractResult(Frozen):
    """What a text came to."""

    kind: Literal["extract"] = "extract"
    dry_run: bool
    document: str | None
    """Id of the document, where it is there."""
    proposed: tuple[str, ...]
    duplicates: tuple[str, ...]
    """Ids of what says the same already."""
    left_out: int
    """Statements that are neither."""
    contradicting: int
    unanswered: int
    """Sentences that got no answer; asked again, it goes on with them."""
    was_there: bool = False
    """Whether the document was."""
    sentences: int = 0
    statements: int = 0
    doubtful: int = 0
    """Statements about which something looks wrong, left out."""
    refused: int = 0
    problems: int = 0
    """Answers of the model that were not understood."""
    resumed: int = 0
    """Sentences that an earlier run had asked about."""


class ReindexResult(Frozen):
    """The index that the names are in."""

    kind: Literal["reindex"] = "reindex"
    index: str


class ReflectResult(Frozen):
    """What reflections were made."""

    kind: Literal["reflect"] = "reflect"
    documents: tuple[str, ...]
    """Ids of those that were given."""
    corpus: int
    reflections: int
    conflicts: int
    given: tuple[GivenShown, ...] = ()
    """In the order in which they were given."""
    stages: dict[str, StageShown] = Field(default_factory=dict[str, StageShown])


class TrainResult(Frozen):
    """The memory model that is in use now."""

    kind: Literal["train"] = "train"
    strategy: Strategy
    documents: int
    reflections: int
    new: tuple[str, ...]
    gone: tuple[str, ...]
    steps: int
    exact: float
    """Share of questions answered exactly after training."""
    refused: float
    """Share of questions without an answer that it refuses."""


Result: TypeAlias = Annotated[
    TestResult
    | ActivateResult
    | ImportResult
    | LearnResult
    | ExtractResult
    | ReflectResult
    | ReindexResult
    | TrainResult,
    Field(discriminator="kind"),
]
"""What came of a job; ids and counts, never content, so that an erasure reaches all of it."""

_RESULTS: TypeAdapter[Result] = TypeAdapter(Result)


class JobProblem(Frozen):
    """Why a job failed."""

    type: str
    detail: str


class JobShown(Frozen):
    """How a job stands."""

    id: str
    kind: str
    owner: str
    state: JobState
    cancelling: bool
    phase: str
    """What it is doing."""
    done: int
    total: int
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: Result | None
    problem: JobProblem | None


class JobList(Frozen):
    """The jobs submitted last, newest first."""

    jobs: tuple[JobShown, ...]


def job_shown(job: Job) -> JobShown:
    """A job as it is told."""
    failure = job.failure
    return JobShown(
        id=job.id,
        kind=job.kind,
        owner=job.owner,
        state=job.state,
        cancelling=job.cancelling,
        phase=job.phase,
        done=job.done,
        total=job.total,
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        result=None if job.result is None else _RESULTS.validate_python(dict(job.result)),
        problem=None
        if failure is None
        else JobProblem(type=f"urn:addenda:problem:{kind_of(failure.kind)}", detail=failure.message),
    )


def activated(done: Activated) -> ActivateResult:
    """What an activation did."""
    return ActivateResult(
        active=done.active, superseded=done.superseded, gate_failed=done.gate_failed, needs_review=done.needs_review
    )


def learned(lesson: Lesson, *, dry_run: bool) -> LearnResult:
    """What the learner came to."""
    return LearnResult.model_validate(describe_lesson(lesson, dry_run=dry_run))


def extracted(found: Extraction, *, dry_run: bool) -> ExtractResult:
    """What a text came to."""
    proposed = tuple(one.addendum.id for one in found.taken if one.fate == "proposed")
    duplicates = tuple(one.duplicate_of for one in found.taken if one.duplicate_of is not None)
    return ExtractResult(
        dry_run=dry_run,
        document=found.document_id,
        proposed=proposed,
        duplicates=duplicates,
        left_out=len(found.taken) - len(proposed) - len(duplicates),
        contradicting=found.contradicting,
        unanswered=found.unanswered,
        was_there=found.reused,
        sentences=found.sentences,
        statements=len(found.taken),
        doubtful=found.count("doubtful"),
        refused=found.count("refused"),
        problems=len(found.problems),
        resumed=found.resumed,
    )


def reflected(found: Reflected) -> ReflectResult:
    """What reflections were made."""
    return ReflectResult(
        documents=tuple(one.addendum_id for one in found.documents),
        corpus=found.corpus,
        reflections=len(found.synthesis.reflections),
        conflicts=len(found.synthesis.conflicts),
        given=tuple(GivenShown.model_validate(one) for one in describe_given(found)),
        stages={name: StageShown.model_validate(one) for name, one in describe_stages(found).items()},
    )


def trained(found: Adopted) -> TrainResult:
    """The memory model that is in use."""
    return TrainResult(
        strategy=found.strategy,
        documents=found.documents,
        reflections=found.reflections,
        new=found.new,
        gone=found.gone,
        steps=found.training.steps,
        exact=found.training.after.exact,
        refused=found.training.after.refused,
    )
