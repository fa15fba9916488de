"""What the memories hold, and observations."""

from __future__ import annotations

from fastapi import Response

from addenda.knowledge_base import check_audience, require
from addenda.knowledge_base.observing import Batch
from addenda.surfaces.http.access import CallerDep
from addenda.surfaces.http.conditions import tag
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routing import kb_router
from addenda.surfaces.http.shapes.holding import (
    MemoriesShown,
    MemoryShown,
    Notebook,
    Observe,
    Observed,
    TriplesFound,
    TripleShown,
    TriplesQuery,
    note_shown,
)

router = kb_router("reading")


@router.post("/triples/query", operation_id="query_triples")
def query_triples(caller: CallerDep, body: TriplesQuery) -> TriplesFound:
    """Say what the memory of triples holds about a name; no model is asked."""
    check_audience(caller.person, body.audience)
    with caller.hosted.answering() as kb:
        found = kb.read(body, as_of=body.as_of, audience=body.audience)
    return TriplesFound(
        triples=tuple(
            TripleShown(
                subject=hit.subject,
                relation=hit.relation,
                object=hit.object,
                score=hit.score,
                addendum_id=hit.addendum_id,
                source=hit.origin.source,
                author=hit.origin.author,
                trust=hit.origin.trust,
            )
            for hit in found.hits
        ),
        names=found.names,
        exact=found.exact,
        too_broad=found.too_broad,
    )


@router.get("/notes", operation_id="get_notes")
def get_notes(caller: CallerDep) -> Notebook:
    """Show the notebook: the live notes in the order in which they are tried, and what the observations say of each."""
    with caller.hosted.answering() as kb:
        return Notebook(notes=tuple(note_shown(one) for one in kb.notebook.listed()))


@router.get("/memories", operation_id="get_memories")
def get_memories(caller: CallerDep, response: Response) -> MemoriesShown:
    """Show the memories in use, how much each holds, and its digest."""
    with caller.hosted.answering() as kb:
        digests, state = kb.memory_digests(), kb.state
    tag(response, state.position)
    return MemoriesShown(
        memories=tuple(
            MemoryShown(name=name, live=len(state.held(name)), digest=digest) for name, digest in digests.items()
        ),
        position=state.position,
    )


@router.post("/observations", status_code=201, operation_id="observe", response_model=Observed)
def observe(caller: CallerDep, body: Observe, key: KeyDep) -> Response:
    """Take in what came of answers, as evidence that notes are learned from."""

    require(caller.state, caller.person, "proposed")

    def carry_out() -> Observed:
        batch = Batch(body.observations, body.source)
        [made] = caller.hosted.kb.observing.record(
            [batch], by=caller.person, trust=body.trust, tags=body.tags, reason=body.reason, dry_run=body.dry_run
        )
        return Observed(
            id=made.duplicate_of or (None if body.dry_run else made.addendum.id),
            duplicate=made.duplicate_of is not None,
            observations=len(body.observations),
        )

    return key.once(caller, body, carry_out)
