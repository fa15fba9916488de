"""Long work that a page begins: its own page, which follows it, with and without JavaScript."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TypeAlias

from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from addenda.errors import UnknownId
from addenda.jobs import FINAL, Job, Told
from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import FormDep, Visit, VisitDep

router = kb_pages()

Task: TypeAlias = Callable[[KnowledgeBase, Told], Mapping[str, JsonValue]]
"""What a job does with the knowledge base that is for work."""

_HEARTBEAT = 15.0
"""Seconds after which a stream that has nothing to say shows that it is there."""


def submit(visit: Visit, kind: str, task: Task) -> Response:
    """Have work done in the name of the visitor, and go to its page."""

    def work(told: Told) -> Mapping[str, JsonValue]:
        with visit.hosted.working() as kb:
            return task(kb, told)

    job = visit.kb.jobs.submit(kind, visit.person.name, work)
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
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_events(visit, job_id), media_type="text/event-stream", headers=headers)


async def _events(visit: Visit, job_id: str) -> AsyncGenerator[str]:
    loop, moved = asyncio.get_running_loop(), asyncio.Event()
    forget = visit.kb.jobs.watch(job_id, lambda: loop.call_soon_threadsafe(moved.set))
    try:
        while True:
            moved.clear()
            job = await run_in_threadpool(visit.kb.jobs.get, job_id)
            progress = {"state": job.state, "phase": job.phase, "done": job.done, "total": job.total}
            yield f"event: progress\ndata: {json.dumps(progress)}\n\n"
            if job.state in FINAL:
                return
            try:
                await asyncio.wait_for(moved.wait(), _HEARTBEAT)
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        forget()


def _own(visit: Visit, job_id: str) -> Job:
    """A job of the visitor; those of others are shown to admins only."""
    job = visit.kb.jobs.get(job_id)
    if job.owner != visit.person.name and "admin" not in visit.person.roles:
        raise UnknownId(f"there is no job {job_id!r} of yours")
    return job
