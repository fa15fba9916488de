"""The demo's report: one self-contained HTML file, and the same score card for a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from addenda.demo.pages import write_page
from addenda.demo.result import CHANGED, RETENTION_TARGET, TARGETS, DemoResult
from addenda.demo.scoring import Group
from addenda.errors import MissingDependency

DESCRIPTIONS: dict[Group, str] = {
    "reliability": "changed: same wording",
    "generalization_known": "changed: other wordings",
    "generalization_heldout": "changed: wordings new to the model",
    "generalization_blind": "changed: wordings kept blind",
    "locality": "unchanged: other products",
    "hard_negatives": "unchanged: same product",
}
"""What each score counts, in words."""


def write_report(path: Path, result: DemoResult) -> None:
    """Write the report to ``path``, with its plots inside. Raises MissingDependency without the ``plots`` extra."""
    try:
        from addenda.demo import plots
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the report needs the package {error.name!r}, which is not installed; run: pip install 'addenda[plots]'"
        ) from error
    unedited: dict[Group, float] = {
        group: result.floors[group][0] if group in CHANGED else 1.0 for group in result.scores
    }
    scores = {
        "bars": plots.score_bars(result.scores, unedited, TARGETS),
        "by_edits": plots.score_by_edits([(portion.live, portion.scores) for portion in result.portions]),
        "retention": plots.retention_by_age(result.right_by_tenth, result.proposed),
        "time": plots.seconds_per_edit([(p.live, p.seconds_per_edit) for p in result.portions]),
    }
    write_page(
        path,
        "report.html.jinja",
        result=result,
        plots=scores,
        targets=TARGETS,
        retention_target=RETENTION_TARGET,
        descriptions=DESCRIPTIONS,
        changed=CHANGED,
    )


def print_card(result: DemoResult, console: Console) -> None:
    """Print the score card and what else the demo showed."""
    console.print(_table(result))
    floors, back, why = result.floors, result.rolled_back, result.explained
    console.print(
        "Free generation, exact match. The unedited model knows its own values at "
        f"{floors['generalization_heldout'][1]:.3f} in wordings new to it, "
        f"and at {floors['generalization_blind'][1]:.3f} in those kept blind.",
        markup=False,
        highlight=False,
    )
    equal = "byte-equal to" if back.byte_equal else "NOT equal to"
    paragraphs = {
        "Rolled back": f"{back.what}: {back.wrong!r} became {back.restored!r} again (before the change: "
        f"{back.original!r}); {back.others_changed} of {back.others_asked} other answers changed; the memory is "
        f"{equal} a rebuild without it.",
        "Explained": f"{why.question!r}: {why.text!r} comes from {why.source} (overlap {why.score:.2f}, acts from "
        f"{why.threshold:.2f}); switched off, the answer is {why.without!r}.",
        "Ledger": f"{'verified' if result.ledger_verified else 'BROKEN'}: {result.ledger_detail}",
        "Rows": f"{result.rows_refused} refused, {result.rows_flagged} flagged, each with its cell; "
        f"{len(result.gate_failed)} changes stayed behind in the gate; {result.seconds:.0f} s in all.",
    }
    for title, text in paragraphs.items():
        console.print(Text.assemble((title, "bold"), " ", text), highlight=False)


def _table(result: DemoResult) -> Table:
    table = Table(title=f"{result.proposed} changed specifications, {result.active} live", title_justify="left")
    table.add_column("score")
    for column in ("edited", "unedited", "target"):
        table.add_column(column, justify="right")
    table.add_column("questions about what")
    for group, score in result.scores.items():
        floor = f"{result.floors[group][0]:.3f}" if group in CHANGED else "1.000"
        table.add_row(group, *_measured(score, floor, TARGETS.get(group)), DESCRIPTIONS[group])
    kept = _measured(result.retention, "", RETENTION_TARGET)
    table.add_row("retention_first_100", *kept, "first tenth: at the end / at first")
    return table


def _measured(score: float, floor: str, target: float | None) -> tuple[Text, str, str]:
    if target is None:
        return Text(f"{score:.3f}"), floor, ""
    return Text(f"{score:.3f}", "green" if score >= target else "red"), floor, f"{target:.3f}"
