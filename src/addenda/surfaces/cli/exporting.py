"""``export``: addenda to a file that people, spreadsheet programs or other programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base.finding import Filter, check_statuses, with_status
from addenda.spreadsheets import write_addenda
from addenda.surfaces.cli.context import begin, replace_file
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, SourceOption, StatusOption, TagOption
from addenda.types import Addendum, Status

_SUFFIXES = (".xlsx", ".csv", ".json")


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ending in .xlsx, .csv or .json.")],
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    kb: KbOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write addenda to an xlsx, csv or json file.

    The file appears complete or not at all. Spreadsheets hold no formulas and read back exactly. Erased addenda have
    nothing to write and are left out.
    """
    call = begin(kb, as_json=as_json)
    check_statuses(status or [])
    if file.suffix.lower() not in _SUFFIXES:
        raise InvalidInput(f"cannot export to {str(file)!r}: give it the ending {', '.join(_SUFFIXES)}")
    if file.exists() and not force:
        raise InvalidInput(f"{str(file)!r} exists already; add --force to replace it, or name another file")
    wanted = Filter(statuses=status or [], tags=tag or [], source=source)
    now = datetime.now(UTC)
    with call.open() as opened:
        rows = with_status(opened.ledger, opened.state, wanted, now)
    if not dry_run:
        _write(file, rows)
    verb = "would be written" if dry_run else "written"
    document: dict[str, object] = {"dry_run": dry_run, "file": str(file), "addenda": len(rows)}
    call.out.result(document, f"{len(rows)} addenda {verb} to {file}")


def _write(file: Path, rows: Sequence[tuple[Addendum, Status]]) -> None:
    if file.suffix.lower() != ".json":
        write_addenda(file, rows)
        return
    items = [{"status": status, **addendum.model_dump(mode="json")} for addendum, status in rows]
    replace_file(file, json.dumps({"addenda": items}, ensure_ascii=False, indent=2) + "\n")
