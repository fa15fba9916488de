"""Spreadsheets in and out: what each row would become is shown before anything is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from addenda.errors import InvalidInput
from addenda.jobs import Told
from addenda.knowledge_base import Import, KnowledgeBase, Proposing, read_import, require
from addenda.knowledge_base.finding import Filter, check_statuses
from addenda.spreadsheets import Problem
from addenda.surfaces.http.routes.files import as_file, exported, file_name, imported
from addenda.surfaces.http.shapes.addenda import ProposalOutcome, became
from addenda.surfaces.http.shapes.jobs import ImportResult
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.uploads import Upload
from addenda.surfaces.web.visiting import FormDep, Visit, VisitDep
from addenda.surfaces.web.working import submit

router = kb_pages()

SHOWN = 500
"""Rows that the preview shows; all good ones are proposed."""


class PreviewRow(NamedTuple):
    """One row of the file as the preview shows it."""

    address: str
    outcome: ProposalOutcome | None
    """What would become of it; None when it was refused."""
    problems: tuple[Problem, ...]
    old_value: str | None = None


@router.get("/import")
def ask_file(visit: VisitDep) -> Response:
    """Choose a file to import, or what to export."""
    return visit.page("import.html.jinja", area="import", state=visit.state)


@router.post("/import")
async def preview(visit: VisitDep, form: FormDep) -> Response:
    """What each row of a file would become."""
    require(visit.state, visit.person, "proposed")
    upload = form.file("file")
    name, body = file_name(upload.filename), await upload.read()
    return await run_in_threadpool(_preview, visit, name, body)


@router.post("/import/rows")
def propose_rows(visit: VisitDep, form: FormDep) -> Response:
    """Propose the good rows of a file that was looked at."""
    require(visit.state, visit.person, "proposed")
    upload = visit.web.uploads.take(form.text("upload"), _owner(visit))
    found, name, reason = _read(visit, upload.name, upload.body), upload.name, form.text("reason")
    if not found.addenda:
        raise InvalidInput(f"no row of {name!r} can be used, and nothing was proposed; correct the file")
    addenda, person = found.addenda, visit.person

    def work(kb: KnowledgeBase, told: Told) -> ImportResult:
        told("proposing", 0, len(addenda))
        outcomes = kb.changes.propose(addenda, by=person, reason=reason)
        told("proposing", len(addenda), len(addenda))
        return imported(name, found, outcomes)

    return submit(visit, "import", work)


@router.get("/export")
def export(
    visit: VisitDep, form: Annotated[Literal["xlsx", "csv"], Query(alias="format")] = "xlsx", status: str = ""
) -> Response:
    """Addenda as a file."""
    check_statuses([status] if status else [])
    return exported(visit.hosted, form, Filter([status] if status else ()))


def _preview(visit: Visit, name: str, body: bytes) -> Response:
    found = _read(visit, name, body)
    outcomes: tuple[Proposing, ...] = ()
    if found.addenda:
        outcomes = visit.kb.changes.propose(found.addenda, by=visit.person, dry_run=True)
    rows = _rows(visit, found, outcomes)
    good = sum(outcome.duplicate_of is None for outcome in outcomes)
    return visit.page(
        "import_preview.html.jinja",
        area="import",
        name=name,
        upload=visit.web.uploads.keep(Upload(_owner(visit), name, body)) if good else "",
        rows=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
        good=good,
        replacing=sum(bool(outcome.supersedes) for outcome in outcomes),
        duplicates=sum(outcome.duplicate_of is not None for outcome in outcomes),
        refused=len(found.refused),
        flagged=len(found.flagged),
        general=[problem for problem in found.problems if not problem.rows],
    )


def _read(visit: Visit, name: str, body: bytes) -> Import:
    return as_file(name, body, lambda path: read_import(path, visit.state, author=visit.person.name))


def _owner(visit: Visit) -> tuple[str, str]:
    return visit.hosted.name, visit.person.name


def _rows(visit: Visit, found: Import, outcomes: Sequence[Proposing]) -> list[PreviewRow]:
    """The rows in the order of the file, refused ones among them."""
    told = became(visit.kb, tuple(outcomes))
    by_row: dict[tuple[str, int], list[Problem]] = {}
    for problem in found.problems:
        for row in problem.rows:
            by_row.setdefault(row, []).append(problem)
    rows = {
        (row.sheet, row.number): PreviewRow(
            row.address, outcome, tuple(by_row.get((row.sheet, row.number), ())), row.old_value
        )
        for row, outcome in zip(found.rows, told, strict=True)
    }
    refused = {
        place: PreviewRow(problems[0].address, None, tuple(problems))
        for place, problems in by_row.items()
        if place not in rows
    }
    return [row for _, row in sorted({**rows, **refused}.items())]
