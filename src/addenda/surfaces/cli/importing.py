"""``import``: the rows of a spreadsheet become proposals; what cannot is named by its cell, with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias, cast

import typer
from rich.table import Table

from addenda.errors import Conflict, InvalidInput
from addenda.knowledge_base import Import, read_import
from addenda.knowledge_base.importing import disbelieved
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
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
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Propose the rows of a spreadsheet (xlsx or csv).

    A row that cannot be believed is refused with its cell and what to do, and costs no good row. With --dry-run it is
    shown what would be proposed and what that would replace.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    asked = _Asked(file, strict=strict, full=full, reason=reason, dry_run=dry_run)
    described, problems, doubts = (_import_there if call.is_remote else _import_here)(call, asked)
    for doubt in doubts:
        call.out.warn(doubt)
    proposed = [one for one in described if one["id"] is not None]
    document: dict[str, object] = {
        "dry_run": dry_run,
        "file": file.name,
        "proposed": len(proposed),
        "duplicates": len(described) - len(proposed),
        "superseding": sum(bool(one["supersedes"]) for one in proposed),
        "refused": sum(one["severity"] == "refused" for one in problems),
        "flagged": sum(one["severity"] == "flagged" for one in problems),
        "problems": problems,
        "warnings": doubts,
        "rows": described,
    }
    replacing = _replacing(described, full=full)
    call.out.result(document, *([replacing] if replacing else []), pairs(_summary(document, dry_run=dry_run)))
    _say_warnings(call.out, [warning for one in described for warning in cast("list[str]", one["warnings"])])
    if proposed and not dry_run:
        call.out.note("next, somebody else: `addenda approve --all --source " + repr(file.name) + "`")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be imported, and how."""

    file: Path
    strict: bool
    full: bool
    reason: str
    dry_run: bool


_Imported: TypeAlias = tuple[list[dict[str, object]], list[dict[str, str]], list[str]]
"""What became of each row, the problems, and where the list's own old value is not what is live."""


def _import_here(call: Call, asked: _Asked) -> _Imported:
    """Import into the folder."""
    with call.open() as opened:
        person = call.person_if_any(opened) if asked.dry_run else call.person(opened)
        author = person.name if person else "dry run"
        found = read_import(asked.file, opened.state, author=author)
        problems = problems_json(found)
        _show_problems(call.out, problems, full=asked.full)
        _refuse_unusable(asked, problems, len(found.addenda))
        by = person or next(iter(opened.state.people.values()))  # in a dry run nobody acts, so anybody will do
        outcomes = opened.changes.propose(found.addenda, by=by, reason=asked.reason, dry_run=asked.dry_run)
        described = [describe_outcome(opened, outcome) for outcome in outcomes]
        return described, problems, disbelieved(opened.ledger, found, outcomes)


def _import_there(call: Call, asked: _Asked) -> _Imported:
    """Import into a server: first it says what would become of each row, then the rows are proposed."""
    with call.client() as client:
        seen = client.preview_import(asked.file)
        problems = [problem.model_dump(mode="json") for problem in seen.problems]
        _show_problems(call.out, problems, full=asked.full)
        _refuse_unusable(asked, problems, len(seen.rows))
        described = [row.outcome.model_dump(mode="json") for row in seen.rows]
        if asked.dry_run:
            return described, problems, list(seen.warnings)
        with call.out.progress() as progress:
            done = client.import_(asked.file, strict=asked.strict, reason=asked.reason).wait(progress=progress)
    fresh = [one for one in described if one["id"] is not None]
    if len(fresh) != len(done.proposed):
        raise Conflict(
            f"others changed the knowledge base meanwhile: {len(done.proposed)} rows were proposed instead of "
            f"{len(fresh)}; `addenda list --source {asked.file.name!r}` shows them"
        )
    for one, addendum_id in zip(fresh, done.proposed, strict=True):
        one["id"] = addendum_id
    return described, problems, list(seen.warnings)


def problems_json(found: Import) -> list[dict[str, str]]:
    """The problems of a file, for JSON."""
    return [{"severity": p.severity, "cell": p.address, "what": p.what, "fix": p.fix} for p in found.problems]


def _show_problems(out: Output, problems: Sequence[Mapping[str, str]], *, full: bool) -> None:
    if not problems:
        return
    shown = problems if full else problems[:_SHOWN]
    rows = [(p["cell"], p["severity"], p["what"], p["fix"]) for p in shown]
    out.show(table(("cell", "", "what", "what to do"), rows))
    if len(shown) < len(problems):
        out.note(f"and {len(problems) - len(shown)} more; --full or --json shows all")


def _refuse_unusable(asked: _Asked, problems: Sequence[Mapping[str, str]], usable: int) -> None:
    file, found = asked.file, [one for one in problems if one["severity"] == "refused"]
    refused = "; ".join(f"{one['cell']}: {one['what']}; {one['fix']}" for one in found[:3]) or "there are no rows"
    if not usable:
        raise InvalidInput(f"no row of {file.name!r} can be used, and nothing was proposed: {refused}")
    if asked.strict and found:
        raise InvalidInput(
            f"{len(found)} problems in {file.name!r}, and --strict was given; nothing was proposed: {refused}"
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


def _say_warnings(out: Output, warnings: Sequence[str]) -> None:
    """Each warning once; an undeclared relation would otherwise be named on every row."""
    counted = Counter(warnings)
    for warning, times in list(counted.items())[:_SHOWN]:
        out.warn(warning + (f" ({times} rows)" if times > 1 else ""))
    if len(counted) > _SHOWN:
        out.warn(f"and {len(counted) - _SHOWN} more warnings; --json shows all")
