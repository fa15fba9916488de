"""Long work: asked for, watched, cancelled; each kind is begun by a path of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import Path, Query, Response
from pydantic import BaseModel, JsonValue
from starlette.responses import StreamingResponse

from addenda.errors import InvalidInput, PermissionDenied
from addenda.jobs import FINAL, Told
from addenda.knowledge_base import KnowledgeBase, require
from addenda.knowledge_base.extracting import SourceDocument, Terms
from addenda.knowledge_base.finding import Filter
from addenda.knowledge_base.reflecting import SYNTHESIS, GatheringSettings, Stage, SynthesisSettings
from addenda.surfaces.describing_work import describe_cost
from addenda.surfaces.http.access import Caller, CallerDep
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routing import DECIDING, PREFIX, kb_router
from addenda.surfaces.http.shapes.jobs import (
    Extract,
    JobList,
    JobShown,
    Learn,
    Reflect,
    Reindex,
    ReindexResult,
    TestResult,
    Text,
    Train,
    WorkOn,
    activated,
    extracted,
    job_shown,
    learned,
    reflected,
    trained,
)
from addenda.surfaces.http.shapes.work import ReflectCost
from addenda.surfaces.http.streaming import MEDIA_TYPE, changes, followed
from addenda.types import Status

router = kb_router("jobs")

JobId: TypeAlias = Annotated[str, Path(description="The job's id.", pattern="^[0-9a-f]{16}$")]
Work: TypeAlias = Callable[[KnowledgeBase, Told], BaseModel]
"""What a job does with the knowledge base that works, while nobody else has it."""

BEGUN = "The job was taken on; `Location` says where it is told how it stands."
"""What a 202 means."""


def begin(caller: Caller, kind: str, work: Work) -> JobShown:
    """Have a job done for somebody."""
    hosted = caller.hosted

    def carry_out(told: Told) -> dict[str, JsonValue]:
        with hosted.working() as kb:
            return work(kb, told).model_dump(mode="json")

    return job_shown(hosted.kb.jobs.submit(kind, caller.person.name, carry_out))


def location(caller: Caller) -> str:
    """Where a job of this knowledge base is told about, with ``{id}`` in it."""
    return f"{PREFIX}/kb/{caller.hosted.name}/jobs/{{id}}"


@router.post("/jobs/test", status_code=202, operation_id="test", response_model=JobShown, response_description=BEGUN)
def test(caller: CallerDep, body: WorkOn, key: KeyDep) -> Response:
    """Run the gate on approved changes, as one batch; the verdicts are recorded, and nothing becomes live."""
    require(caller.state, caller.person, "gate_judged")
    ids = _chosen(caller, body, ("approved",))

    def work(kb: KnowledgeBase, told: Told) -> TestResult:
        report = kb.activation.test(ids, by=caller.person, progress=told)
        return TestResult(passed=report.passed, failed=report.failed)

    return key.once(caller, body, lambda: begin(caller, "test", work), 202, location(caller))


@router.post(
    "/jobs/activate", status_code=202, operation_id="activate", response_model=JobShown, response_description=BEGUN
)
def activate(caller: CallerDep, body: WorkOn, key: KeyDep) -> Response:
    """Make approved changes live; what was not tested yet is tested first. What fails the gate stays behind."""
    require(caller.state, caller.person, "activating")
    ids = _chosen(caller, body, ("approved", "tested"))

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        return activated(kb.activation.activate(ids, by=caller.person, progress=told))

    return key.once(caller, body, lambda: begin(caller, "activate", work), 202, location(caller))


@router.post("/jobs/learn", status_code=202, operation_id="learn", response_model=JobShown, response_description=BEGUN)
def learn(caller: CallerDep, body: Learn, key: KeyDep) -> Response:
    """Learn notes from the observations there are, as proposals."""
    require(caller.state, caller.person, "proposed")

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        lesson = kb.learning.run(by=caller.person, reason=body.reason, progress=told, dry_run=body.dry_run)
        return learned(lesson, dry_run=body.dry_run)

    return key.once(caller, body, lambda: begin(caller, "learn", work), 202, location(caller))


@router.post(
    "/jobs/reflect", status_code=202, operation_id="reflect", response_model=JobShown, response_description=BEGUN
)
def reflect(caller: CallerDep, body: Reflect, key: KeyDep) -> Response:
    """Propose documents, and make question-answer reflections of them, from which a memory model learns them."""
    require(caller.state, caller.person, "proposed")
    documents = [_document(one) for one in body.documents]
    terms = Terms(
        trust=body.trust,
        tags=body.tags,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        audience=body.audience,
    )
    settings = _synthesis(body)

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        found = kb.reflecting.run(
            documents, by=caller.person, terms=terms, settings=settings, reason=body.reason, progress=told
        )
        return reflected(found)

    return key.once(caller, body, lambda: begin(caller, "reflect", work), 202, location(caller))


@router.post("/reflections/cost", operation_id="estimate_reflections")
def estimate_reflections(caller: CallerDep, body: Reflect) -> ReflectCost:
    """Say what making reflections would cost, in requests and tokens; nothing is proposed, and no model is asked."""
    require(caller.state, caller.person, "proposed")
    cost = caller.hosted.kb.reflecting.estimate([_document(one) for one in body.documents], _synthesis(body))
    return ReflectCost.model_validate(describe_cost(cost))


@router.post("/jobs/train", status_code=202, operation_id="train", response_model=JobShown, response_description=BEGUN)
def train(caller: CallerDep, body: Train, key: KeyDep) -> Response:
    """Teach a model the documents that were approved by heart, test it, and take it into use. Only an admin may."""
    require(caller.state, caller.person, "memory_configured")
    names = {"method", "epochs", "steps", "batch", "rate", "refusals", "seed"}
    given = body.model_dump(include=names, exclude_none=True)

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        found = kb.remembering.train(
            by=caller.person, base=body.base, given=given, strategy=body.update, reason=body.reason, progress=told
        )
        return trained(found)

    return key.once(caller, body, lambda: begin(caller, "train", work), 202, location(caller))


@router.post(
    "/jobs/extract", status_code=202, operation_id="extract", response_model=JobShown, response_description=BEGUN
)
def extract(caller: CallerDep, body: Extract, key: KeyDep) -> Response:
    """Let the model propose the facts that a text states, each with its sentence as evidence."""
    require(caller.state, caller.person, "proposed")
    names = {"trust", "tags", "valid_from", "valid_until", "audience", "doubtful"}
    terms = Terms.model_validate(body.model_dump(include=names))

    def work(kb: KnowledgeBase, told: Told) -> BaseModel:
        found = kb.extracting.run(
            _document(body.document),
            by=caller.person,
            terms=terms,
            reason=body.reason,
            progress=told,
            dry_run=body.dry_run,
        )
        return extracted(found, dry_run=body.dry_run)

    return key.once(caller, body, lambda: begin(caller, "extract", work), 202, location(caller))


@router.post(
    "/jobs/reindex", status_code=202, operation_id="reindex", response_model=JobShown, response_description=BEGUN
)
def reindex(caller: CallerDep, body: Reindex, key: KeyDep) -> Response:
    """Enter the names of the memory of triples into another index of near names. Only an admin may."""
    require(caller.state, caller.person, "memory_configured")

    def work(kb: KnowledgeBase, _told: Told) -> BaseModel:
        thresholds = {str(name): value for name, value in body.thresholds.items()}
        name = kb.reindex(body.encoder, by=caller.person, thresholds=thresholds, reason=body.reason)
        return ReindexResult(index=name)

    return key.once(caller, body, lambda: begin(caller, "reindex", work), 202, location(caller))


@router.get("/jobs", operation_id="list_jobs")
def list_jobs(
    caller: CallerDep, limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50
) -> JobList:
    """List the jobs submitted last, newest first."""
    return JobList(jobs=tuple(job_shown(job) for job in caller.hosted.kb.jobs.latest(limit)))


@router.get("/jobs/{job_id}", operation_id="get_job")
def get_job(caller: CallerDep, job_id: JobId) -> JobShown:
    """Say how a job stands, and what came of it."""
    return job_shown(caller.hosted.kb.jobs.get(job_id))


@router.get(
    "/jobs/{job_id}/events",
    operation_id="follow_job",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
def follow_job(caller: CallerDep, job_id: JobId) -> StreamingResponse:
    """Follow a job: an event `job` whenever it moves on, the last with what came of it (server-sent events)."""
    jobs = caller.hosted.kb.jobs
    jobs.get(job_id)

    def look() -> tuple[JobShown, bool]:
        job = jobs.get(job_id)
        return job_shown(job), job.state in FINAL

    return followed(changes(lambda told: jobs.watch(job_id, told), look, "job"))


@router.post("/jobs/{job_id}/cancel", operation_id="cancel_job", dependencies=DECIDING)
def cancel_job(caller: CallerDep, job_id: JobId) -> JobShown:
    """Cancel a job where it next reports progress. Whoever asked for it may, and an admin."""
    jobs = caller.hosted.kb.jobs
    job = jobs.get(job_id)
    if job.owner != caller.person.name and "admin" not in caller.person.roles:
        raise PermissionDenied(f"{job.owner!r} asked for this job; they or an admin can cancel it")
    return job_shown(jobs.cancel(job_id))


def _document(given: Text) -> SourceDocument:
    return SourceDocument(given.title, given.source or given.title, given.text)


def _synthesis(body: Reflect) -> SynthesisSettings:
    stages: tuple[Stage, ...] = tuple(one for one in SYNTHESIS if not body.stages or one in body.stages)
    return SynthesisSettings(stages=stages, gathering=GatheringSettings(most_calls=body.most_calls))


def _chosen(caller: Caller, wanted: WorkOn, statuses: tuple[Status, ...]) -> tuple[str, ...]:
    """The full ids that are meant. Raises InvalidInput when none was named, or both ids and all."""
    state = caller.state
    if wanted.all == bool(wanted.ids):
        raise InvalidInput("give `ids`, or `all` with true; `all` takes those that wait for this")
    if not wanted.all and (wanted.tags or wanted.source is not None):
        raise InvalidInput("`tags` and `source` choose among all; give `all` with true, or leave them out")
    if not wanted.all:
        return tuple(dict.fromkeys(state.resolve(one) for one in wanted.ids))
    now, learned_ids = datetime.now(UTC), caller.hosted.kb.remembering.learned()
    fits = Filter(statuses, (), wanted.tags, wanted.source).fits
    chosen = tuple(
        r.id for r in state.records.values() if fits(r, now) and (r.kind != "document" or r.id in learned_ids)
    )
    if not chosen:
        raise InvalidInput(f"nothing that fits is {' or '.join(statuses)}; the list of addenda shows what there is")
    return chosen
