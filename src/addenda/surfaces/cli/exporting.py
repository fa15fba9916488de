"""``export``: addenda to a file that people, spreadsheet programs or other programs read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from addenda.client.replies import AddendumDetail
from addenda.errors import InvalidInput
from addenda.knowledge_base.finding import Filter, check_statuses, with_status
from addenda.spreadsheets import write_addenda
from addenda.surfaces.cli.context import Call, begin, replace_bytes, replace_file
from addenda.surfaces.cli.options import (
    DryRunOption,
    JsonOption,
    KbOption,
    SourceOption,
    StatusOption,
    TagOption,
    TokenOption,
    UrlOption,
)
from addenda.surfaces.cli.remote import described_detail, found
from addenda.types import Addendum, Status

_SUFFIXES = (".xlsx", ".csv", ".json")


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ending in .xlsx, .csv or .json.")],
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write addenda to an xlsx, csv or json file.

    The file appears complete or not at all. Spreadsheets hold no formulas and read back exactly. Erased addenda have
    nothing to write and are left out.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    check_statuses(status or [])
    if file.suffix.lower() not in _SUFFIXES:
        raise InvalidInput(f"cannot export to {str(file)!r}: give it the ending {', '.join(_SUFFIXES)}")
    if file.exists() and not force:
        raise InvalidInput(f"{str(file)!r} exists already; add --force to replace it, or name another file")
    wanted = Filter(statuses=status or [], tags=tag or [], source=source)
    now = datetime.now(UTC)
    if call.is_remote:
        count = _fetch(call, file, wanted, dry_run=dry_run)
    else:
        with call.open() as opened:
            rows = with_status(opened.ledger, opened.state, wanted, now)
        count = len(rows)
        if not dry_run:
            _write(file, rows)
    verb = "would be written" if dry_run else "written"
    document: dict[str, object] = {"dry_run": dry_run, "file": str(file), "addenda": count}
    call.out.result(document, f"{count} addenda {verb} to {file}")


def _write(file: Path, rows: Sequence[tuple[Addendum, Status]]) -> None:
    if file.suffix.lower() != ".json":
        write_addenda(file, rows)
        return
    _write_json(file, [{"status": status, **addendum.model_dump(mode="json")} for addendum, status in rows])


def _write_json(file: Path, items: Sequence[Mapping[str, object]]) -> None:
    replace_file(file, json.dumps({"addenda": items}, ensure_ascii=False, indent=2) + "\n")


def _fetch(call: Call, file: Path, wanted: Filter, *, dry_run: bool) -> int:
    """Write the addenda of a server; how many they are."""
    suffix = file.suffix.lower()
    with call.client() as client:
        # A list is newest first, a file in order of proposal; the erased have nothing to write.
        listed = [one for one in reversed(found(client, wanted)) if one.content is not None]
        if dry_run:
            return len(listed)
        if suffix == ".json":
            _write_json(file, [_item(client.show(one.id)) for one in listed])
            return len(listed)
        data = client.export(
            "xlsx" if suffix == ".xlsx" else "csv",
            status=cast("Sequence[Status]", wanted.statuses),
            tag=list(wanted.tags),
            source=wanted.source,
        )
    replace_bytes(file, data)
    return len(listed)


def _item(one: AddendumDetail) -> dict[str, object]:
    """One addendum as a json file has it."""
    said = described_detail(one)
    return {name: said[name] for name in ("status", *Addendum.model_fields)}
