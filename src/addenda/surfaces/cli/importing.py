"""``import``: the rows of a spreadsheet become proposals; what cannot is named by its cell, with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table

from addenda.errors import InvalidInput
from addenda.knowledge_base import Import, Proposing, read_import
from addenda.knowledge_base.importing import disbelieved
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.cli.proposing import describe_outcome

_SHOWN = 20


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An .xlsx or .csv file.")],
    strict: Annotated[bool, typer.Option("--strict", help="Propose nothing when any row is refused.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help=f"Show all rows of every table, not the first {_SHOWN}.")
    ] = False,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Propose the rows of a spreadsheet (xlsx or csv).

    A row that cannot be believed is refused with its cell and what to do, and costs no good row. With --dry-run it is
    shown what would be proposed and what that would replace.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    with call.open() as opened:
        person = call.person_if_any(opened) if dry_run else call.person(opened)
        author = person.name if person else "dry run"
        found = read_import(file, opened.state, author=author)
        _show_problems(call.out, found, full=full)
        _refuse_unusable(file, found, strict=strict)
        by = person or next(iter(opened.state.people.values()))  # in a dry run nobody acts, so anybody will do
        outcomes = opened.changes.propose(found.addenda, by=by, reason=reason, dry_run=dry_run)
        described = [describe_outcome(opened, outcome) for outcome in outcomes]
        doubts = disbelieved(opened.ledger, found, outcomes)
    for doubt in doubts:
        call.out.warn(doubt)
    proposed = [one for one in described if one["id"] is not None]
    document: dict[str, object] = {
        "dry_run": dry_run,
        "file": file.name,
        "proposed": len(proposed),
        "duplicates": len(described) - len(proposed),
        "superseding": sum(bool(one["supersedes"]) for one in proposed),
        "refused": len(found.refused),
        "flagged": len(found.flagged),
        "problems": problems_json(found),
        "warnings": doubts,
        "rows": described,
    }
    replacing = _replacing(described, full=full)
    call.out.result(document, *([replacing] if replacing else []), pairs(_summary(document, dry_run=dry_run)))
    _say_warnings(call.out, outcomes)
    if proposed and not dry_run:
        call.out.note("next, somebody else: `addenda approve --all --source " + repr(file.name) + "`")


def problems_json(found: Import) -> list[dict[str, str]]:
    """The problems of a file, for JSON."""
    return [{"severity": p.severity, "cell": p.address, "what": p.what, "fix": p.fix} for p in found.problems]


def _show_problems(out: Output, found: Import, *, full: bool) -> None:
    if not found.problems:
        return
    shown = found.problems if full else found.problems[:_SHOWN]
    rows = [(p.address, p.severity, p.what, p.fix) for p in shown]
    out.show(table(("cell", "", "what", "what to do"), rows))
    if len(shown) < len(found.problems):
        out.note(f"and {len(found.problems) - len(shown)} more; --full or --json shows all")


def _refuse_unusable(file: Path, found: Import, *, strict: bool) -> None:
    refused = "; ".join(str(problem) for problem in found.refused[:3]) or "there are no rows"
    if not found.addenda:
        raise InvalidInput(f"no row of {file.name!r} can be used, and nothing was proposed: {refused}")
    if strict and found.refused:
        raise InvalidInput(
            f"{len(found.refused)} problems in {file.name!r}, and --strict was given; nothing was proposed: {refused}"
        )


def _replacing(described: Sequence[dict[str, object]], *, full: bool) -> Table | None:
    rows = [
        (str(one["says"]), f"{old['says']} ({old['id'][:8]})")
        for one in described
        for old in cast("list[dict[str, str]]", one["supersedes"])
    ]
    if not rows:
        return None
    title = f"replace what is live: {len(rows)}"
    return table(("new", "supersedes"), rows if full else rows[:_SHOWN], title=title)


def _summary(document: dict[str, object], *, dry_run: bool) -> list[tuple[str, str]]:
    names = ("proposed", "superseding", "duplicates", "refused", "flagged")
    labels = {"proposed": "would be proposed" if dry_run else "proposed", "superseding": "of these replace something"}
    labels |= {"duplicates": "already there", "refused": "problems, refused", "flagged": "problems, flagged"}
    return [(labels[name], str(document[name])) for name in names]


def _say_warnings(out: Output, outcomes: Sequence[Proposing]) -> None:
    """Each warning once; an undeclared relation would otherwise be named on every row."""
    counted = Counter(warning for outcome in outcomes for warning in outcome.warnings)
    for warning, times in list(counted.items())[:_SHOWN]:
        out.warn(warning + (f" ({times} rows)" if times > 1 else ""))
    if len(counted) > _SHOWN:
        out.warn(f"and {len(counted) - _SHOWN} more warnings; --json shows all")
