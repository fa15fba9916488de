"""Spreadsheets in and out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Annotated, Literal, TypeAlias, TypeVar

from fastapi import File, Form, Path, Query, Response, UploadFile

from addenda.errors import InvalidInput
from addenda.jobs import Told
from addenda.knowledge_base import ContentKind, Import, KnowledgeBase, Proposing, read_import, require
from addenda.knowledge_base.finding import Filter, with_status
from addenda.spreadsheets import write_addenda
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.http.access import Caller, CallerDep
from addenda.surfaces.http.conditions import tag as tag_with
from addenda.surfaces.http.idempotency import KeyDep
from addenda.surfaces.http.routes.jobs import BEGUN, begin, location
from addenda.surfaces.http.routing import kb_router
from addenda.surfaces.http.shapes.files import Preview, preview
from addenda.surfaces.http.shapes.jobs import ImportResult, JobShown
from addenda.types import Frozen, Status

router = kb_router("files")

_LONGEST_NAME = 120
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_BINARY = {"type": "string", "format": "binary"}
_UPLOAD = "An .xlsx or .csv file."

Upload: TypeAlias = Annotated[UploadFile, File(description=_UPLOAD)]
Made = TypeVar("Made")


class _Import(Frozen):
    """What makes two imports the same."""

    name: str
    digest: str
    """SHA-256 of the file."""
    reason: str
    strict: bool


@router.post("/imports/preview", operation_id="preview_import")
def preview_import(caller: CallerDep, file: Upload) -> Preview:
    """Say what importing a spreadsheet would do, row by row with cell addresses. Nothing is proposed."""
    require(caller.state, caller.person, "proposed")
    kb, name = caller.hosted.kb, file_name(file.filename)

    def look(path: FilePath) -> Preview:
        found = read_import(path, kb.state, author=caller.person.name)
        outcomes = kb.changes.propose(found.addenda, by=caller.person, dry_run=True) if found.addenda else ()
        return preview(kb, name, found, outcomes)

    return as_file(name, file.file.read(), look)


@router.post(
    "/imports", status_code=202, operation_id="import_file", response_model=JobShown, response_description=BEGUN
)
def import_file(
    caller: CallerDep,
    file: Upload,
    key: KeyDep,
    reason: Annotated[str, Form(description="Why; it stays in the history.", max_length=4000)] = "",
    strict: Annotated[bool, Form(description="Propose nothing when any row is refused.")] = False,
) -> Response:
    """Propose the rows of a spreadsheet. A row that cannot be believed is left out and costs no good row."""
    require(caller.state, caller.person, "proposed")
    data = file.file.read()
    asked = _Import(
        name=file_name(file.filename), digest=hashlib.sha256(data).hexdigest(), reason=reason, strict=strict
    )

    def work(kb: KnowledgeBase, told: Told) -> ImportResult:
        return as_file(asked.name, data, lambda path: _proposed(caller, kb, path, asked, told))

    return key.once(caller, asked, lambda: begin(caller, "import", work), 202, location(caller))


@router.get(
    "/exports/{form}",
    operation_id="export_file",
    response_class=Response,
    responses={200: {"content": {kind: {"schema": _BINARY} for kind in _TYPES.values()}}},
)
def export_file(
    caller: CallerDep,
    form: Annotated[Literal["xlsx", "csv"], Path(description="What kind of file.")],
    status: Annotated[list[Status] | None, Query(description="Only with this status; may be repeated.")] = None,
    kind: Annotated[list[ContentKind] | None, Query(description="Only of this kind; may be repeated.")] = None,
    source: Annotated[str | None, Query(description="Only from sources that begin like this.")] = None,
    tag: Annotated[list[str] | None, Query(description="Only with this label; may be repeated.")] = None,
) -> Response:
    """Download addenda as a spreadsheet, which holds no formulas and reads back exactly."""
    response = exported(caller.hosted, form, Filter(status or (), kind or (), tag or (), source))
    tag_with(response, caller.state.position)
    return response


def exported(hosted: Hosted, form: Literal["xlsx", "csv"], wanted: Filter) -> Response:
    """Addenda as a file that a browser saves."""
    kb, now = hosted.kb, datetime.now(UTC)
    rows = with_status(kb.ledger, kb.state, wanted, now)
    with TemporaryDirectory(prefix="addenda-export-") as folder:
        path = FilePath(folder, f"addenda.{form}")
        write_addenda(path, rows)
        data = path.read_bytes()
    name = f"{hosted.name}-{now:%Y-%m-%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=_TYPES[form], headers=headers)


def _proposed(caller: Caller, kb: KnowledgeBase, path: FilePath, asked: _Import, told: Told) -> ImportResult:
    told("reading", 0, 1)
    found = read_import(path, kb.state, author=caller.person.name)
    told("reading", 1, 1)
    _refuse_unusable(asked, found)
    outcomes = kb.changes.propose(found.addenda, by=caller.person, reason=asked.reason)
    return imported(asked.name, found, outcomes)


def imported(name: str, found: Import, outcomes: Sequence[Proposing]) -> ImportResult:
    """What became of a file."""
    return ImportResult(
        file=name,
        proposed=tuple(one.addendum.id for one in outcomes if one.duplicate_of is None),
        duplicates=tuple(one.duplicate_of for one in outcomes if one.duplicate_of is not None),
        superseding=sum(bool(one.supersedes) for one in outcomes if one.duplicate_of is None),
        refused=len(found.refused),
        flagged=len(found.flagged),
    )


def _refuse_unusable(asked: _Import, found: Import) -> None:
    refused = "; ".join(str(problem) for problem in found.refused[:3]) or "there are no rows"
    if not found.addenda:
        raise InvalidInput(f"no row of {asked.name!r} can be used, and nothing was proposed: {refused}")
    if asked.strict and found.refused:
        raise InvalidInput(
            f"{len(found.refused)} problems in {asked.name!r}, and `strict` was given; nothing was proposed: {refused}"
        )


def file_name(given: str | None) -> str:
    """The file's own name, without any folder. Raises InvalidInput for one that cannot be used."""
    name = (given or "").replace("\\", "/").rpartition("/")[2].strip()
    if FilePath(name).suffix.lower() not in (".xlsx", ".csv") or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise InvalidInput(
            f"the file is called {name[:_LONGEST_NAME]!r}; give an .xlsx or .csv file whose name has at most "
            f"{_LONGEST_NAME} characters"
        )
    return name


def as_file(name: str, data: bytes, use: Callable[[FilePath], Made]) -> Made:
    """Call something with a file that holds these bytes, and is gone afterwards."""
    with TemporaryDirectory(prefix="addenda-import-") as folder:
        path = FilePath(folder, name)
        try:
            path.write_bytes(data)
        except (OSError, ValueError) as error:
            raise InvalidInput(f"the file name {name!r} cannot be used; rename the file") from error
        return use(path)
