"""From a spreadsheet's rows to addenda that can be proposed, refusing one by one what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from addenda.errors import InvalidInput
from addenda.knowledge_base.changes import Proposing
from addenda.knowledge_base.proposable import check
from addenda.ledger import Ledger, State
from addenda.spreadsheets import Problem, Row, read_rows
from addenda.types import Addendum


@dataclass(frozen=True, slots=True)
class Import:
    """What a file of changes comes to. Nothing is proposed yet."""

    rows: tuple[Row, ...]
    """The good rows, in the order of the file."""
    addenda: tuple[Addendum, ...]
    """One for each good row, in the same order."""
    problems: tuple[Problem, ...]
    """What was refused or flagged, by cell."""

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems that kept a row out."""
        return tuple(problem for problem in self.problems if problem.severity == "refused")

    @property
    def flagged(self) -> tuple[Problem, ...]:
        """The problems that somebody should look at; their rows were read."""
        return tuple(problem for problem in self.problems if problem.severity == "flagged")


def read_import(path: Path, state: State, *, author: str) -> Import:
    """Read a file of changes (xlsx or csv) against the relations of a knowledge base.

    Raises UnreadableFile when the file as a whole cannot be read.
    """
    many_valued = [spec.name for spec in state.relations.values() if spec.cardinality == "many"]
    sheet = read_rows(path, many_valued=many_valued)
    rows: list[Row] = []
    addenda: list[Addendum] = []
    problems = list(sheet.problems)
    for row in sheet.rows:
        addendum = row.to_addendum(author, path.name)
        try:
            check(addendum, state.registry)
        except InvalidInput as error:
            what, _, fix = str(error).partition("; ")
            problems.append(Problem("refused", row.address, what, fix, ((row.sheet, row.number),)))
        else:
            rows.append(row)
            addenda.append(addendum)
    return Import(tuple(rows), tuple(addenda), tuple(problems))


def disbelieved(ledger: Ledger, found: Import, outcomes: Sequence[Proposing]) -> list[str]:
    """Where the list's own old value is not what is live."""
    old = ledger.addenda({i for outcome in outcomes for i in outcome.supersedes})
    registry = ledger.state().registry
    doubts: list[str] = []
    for row, outcome in zip(found.rows, outcomes, strict=True):
        for replaced in outcome.supersedes:
            content = old[replaced].content if replaced in old else None
            if row.old_value is None or content is None or content.kind != "fact":
                continue
            if not registry.same_value(content.relation, row.old_value, content.object):
                doubts.append(
                    f"{row.address}: the list says that the old value is {row.old_value!r}, but {content.object!r} "
                    "is live; check that the list is up to date"
                )
    return doubts
