"""Spreadsheets that are imported: what each row would do, and what keeps a row out, by cell."""

from __future__ import annotations

from typing import Literal

from addenda.knowledge_base import Import, KnowledgeBase, Proposing
from addenda.knowledge_base.importing import disbelieved
from addenda.surfaces.http.shapes.addenda import ProposalOutcome, became
from addenda.types import Frozen


class CellProblem(Frozen):
    """A cell that keeps its row out, or that somebody should look at."""

    severity: Literal["refused", "flagged"]
    cell: str
    what: str
    fix: str
    """What to do."""


class RowShown(Frozen):
    """A row that can be proposed, and what would become of it."""

    sheet: str
    """Empty in a csv file."""
    row: int
    """Counted from 1, as spreadsheet programs do."""
    cell: str
    """Address of the cell with its value."""
    outcome: ProposalOutcome


class Preview(Frozen):
    """What importing a file would do. Nothing is proposed by it."""

    file: str
    rows: tuple[RowShown, ...]
    problems: tuple[CellProblem, ...]
    warnings: tuple[str, ...]
    """Where the list's own old value is not what is live."""
    proposed: int
    duplicates: int
    superseding: int
    refused: int
    flagged: int


def preview(kb: KnowledgeBase, file: str, found: Import, outcomes: tuple[Proposing, ...]) -> Preview:
    """What importing a file would do, row by row."""
    rows = tuple(
        RowShown(sheet=row.sheet, row=row.number, cell=row.address, outcome=outcome)
        for row, outcome in zip(found.rows, became(kb, outcomes), strict=True)
    )
    return Preview(
        file=file,
        rows=rows,
        problems=tuple(
            CellProblem(severity=one.severity, cell=one.address, what=one.what, fix=one.fix) for one in found.problems
        ),
        warnings=tuple(disbelieved(kb.ledger, found, outcomes)),
        proposed=sum(one.outcome.id is not None for one in rows),
        duplicates=sum(one.outcome.id is None for one in rows),
        superseding=sum(bool(one.outcome.supersedes) for one in rows),
        refused=len(found.refused),
        flagged=len(found.flagged),
    )
