"""Long work that a page begins: its own page, which follows it, with and without JavaScript."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from addenda.errors import UnknownId
from addenda.jobs import FINAL, Job
from addenda.surfaces.http.access import Caller
from addenda.surfaces.http.routes.jobs import Work, begin
from addenda.surfaces.http.shapes.jobs import JobShown, job_shown
from addenda.surfaces.http.streaming import changes, followed
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import FormDep, Visit, VisitDep

router = kb_pages()


def submit(visit: Visit, kind: str, work: Work) -> Response:
    """Have work done in the name of the visitor, and go to its page."""
    job = begin(Caller(visit.hosted, visit.person), kind, work)
    return visit.to(visit.path("jobs", job.id))


@router.get("/jobs/{job_id}")
def show_job(visit: VisitDep, job_id: str) -> Response:
    """How far work is, and what came of it."""
    job = _own(visit, job_id)
    return visit.page("job.html.jinja", job=job, final=job.state in FINAL, area="inbox")


@router.post("/jobs/{job_id}/cancel")
def cancel_job(visit: VisitDep, _form: FormDep, job_id: str) -> Response:
    """End work where it next reports progress."""
    job = _own(visit, job_id)
    visit.kb.jobs.cancel(job.id)
    return visit.to(visit.path("jobs", job.id))


@router.get("/jobs/{job_id}/events")
async def follow_job(visit: VisitDep, job_id: str) -> StreamingResponse:
    """How far work is, as it moves on: server-sent events."""
    await run_in_threadpool(_own, visit, job_id)
    jobs = visit.kb.jobs

    def look() -> tuple[JobShown, bool]:
        job = jobs.get(job_id)
        return job_shown(job), job.state in FINAL

    return followed(changes(lambda told: jobs.watch(job_id, told), look, "progress"))


def _own(visit: Visit, job_id: str) -> Job:
    """A job of the visitor; those of others are shown to admins only."""
    job = visit.kb.jobs.get(job_id)
    if job.owner != visit.person.name and "admin" not in visit.person.roles:
        raise UnknownId(f"there is no job {job_id!r} of yours")
    return job
