"""The report of the chapter of reflections: one self-contained HTML file, and the same score card for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from addenda.demo.pages import write_page
from addenda.demo.product_pages import KINDS, Kind
from addenda.demo.reflections_result import Asked, Directed, ReflectionsResult
from addenda.errors import MissingDependency
from addenda.memories.reflections.reflection import Stage

STAGES_MEAN: Mapping[Stage, str] = {
    "direct": "a fact, asked for",
    "indirect": "what follows from two facts of a page",
    "consolidated": "several facts of a page at once",
    "surfaced": "who or what has these values, without the name",
    "cross-document": "facts of two pages put together",
    "unanswerable": "what no page answers",
    "imported": "made elsewhere",
}
"""What each stage of the synthesis makes, in words."""

KINDS_MEAN: Mapping[Kind, str] = {
    "one step": "a fact of a page, asked in words that no model was taught",
    "another language": "the same in Japanese or Korean; the pages are in English",
    "from the value": "which product has a value, in words that were not taught",
    "two steps": "a fact of the page that a page leads to",
    "three steps": "a fact of the page that this one leads to",
    "unknown name": "about products whose pages were not given; right is to say so",
}
"""What each kind of question asks, in words."""

SEVERAL: tuple[Kind, ...] = ("two steps", "three steps")
"""The kinds that need more than one page."""

_SHOWN_ANSWERS = 2
"""Answers of each kind that the terminal and the page show."""
_EACH = 2
"""Questions over two and over three pages that are shown under each executive."""


def write_reflections_report(path: Path, result: ReflectionsResult) -> None:
    """Write the report to ``path``, with its plots inside. Raises MissingDependency without the ``plots`` extra."""
    try:
        from addenda.demo import plots
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the report needs the package {error.name!r}, which is not installed; run: pip install 'addenda[plots]'"
        ) from error
    shares = {one.executive: {kind: one.share(kind) for kind in SEVERAL} for one in result.directed}
    curve = result.trained.curve
    curves = {
        "right answers, other wordings" if result.trained.held_out else "right answers": [
            (point.step, point.exact) for point in curve
        ],
        "unknown names refused": [(point.step, point.refused) for point in curve],
        "known ones refused": [(point.step, point.wrongly_refused) for point in curve],
    }
    write_page(
        path,
        "report-reflections.html.jinja",
        result=result,
        executives=plots.shares_by_executive(shares),
        curve=plots.validation_curve(curves, result.trained.after.step),
        scores=scores(result),
        some_answers=some_answers(result),
        several=SEVERAL,
        examples=examples(result.directed),
        stages=STAGES_MEAN,
    )


def print_reflections_card(result: ReflectionsResult, console: Console) -> None:
    """Print what was made, the score card, one consultation, the executives, and what else was shown."""
    console.print(_reflections(result))
    console.print(_scores(result))
    console.print(_answers(result))
    console.print(_transcript(result))
    console.print(_executives(result))
    for title, text in _paragraphs(result).items():
        console.print(Text.assemble((title, "bold"), " ", text), highlight=False)


def scores(result: ReflectionsResult) -> tuple[tuple[str, str, str], ...]:
    """The rows of the score card: name, value, and what is counted."""
    rows = [
        (
            "before",
            f"{result.right_before} of {len(result.of('one step'))}",
            "the same as the next row, before anything was live",
        )
    ]
    rows += [(kind, _rate(result.of(kind) or result.directed[-1].of(kind)), KINDS_MEAN[kind]) for kind in KINDS]
    return tuple(rows)


def some_answers(result: ReflectionsResult) -> tuple[Asked, ...]:
    """A few answers of each kind."""
    kinds: tuple[Kind, ...] = ("one step", "another language", "from the value", "unknown name")
    return tuple(one for kind in kinds for one in result.of(kind)[:_SHOWN_ANSWERS])


def examples(directed: Sequence[Directed]) -> tuple[tuple[Asked, ...], ...]:
    """A few questions over several steps, each with what came back under each executive."""
    rows = list(zip(*(one.asked for one in directed), strict=True))
    # Those first that the executives answer differently.
    rows.sort(key=lambda row: len({one.right for one in row}), reverse=True)
    return tuple(row for kind in SEVERAL for row in [one for one in rows if one[0].question.kind == kind][:_EACH])


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _reflections(result: ReflectionsResult) -> Table:
    made = result.reflected
    table = _table(f"{made.pages} pages with {made.facts} facts became {made.reflections} reflections")
    table.add_column("stage")
    table.add_column("made", justify="right")
    for column in ("for example", "answer", "from the pages"):
        table.add_column(column)
    shown = {one.stage: one for one in made.shown}
    for stage, count in made.taken.items():
        one = shown[stage]
        table.add_row(stage, str(count), Text(one.question), Text(one.answer), Text(", ".join(one.pages), "dim"))
    return table


def _scores(result: ReflectionsResult) -> Table:
    trained = result.trained
    table = _table(f"A memory model after {trained.steps} steps, {trained.active} pages live")
    table.add_column("questions")
    table.add_column("right", justify="right", no_wrap=True)
    table.add_column("what is asked")
    for row in scores(result):
        table.add_row(*row)
    return table


def _answers(result: ReflectionsResult) -> Table:
    table = _table("Some answers, and the pages they are from")
    for column in ("question", "answer", "from the pages"):
        table.add_column(column)
    for one in some_answers(result):
        table.add_row(Text(one.question.text), _said(one), Text(", ".join(one.pages), "dim"))
    return table


def _transcript(result: ReflectionsResult) -> Table:
    told = result.transcript
    table = _table(f"One question, whole: {told.asked.question.text}")
    for column in ("the executive asks", "the memory model says", "wordings that agree", "from the pages"):
        table.add_column(column)
    for step in told.steps:
        table.add_row(Text(step.question), Text(step.answer), step.votes, Text(", ".join(step.pages), "dim"))
    table.add_section()
    table.add_row(Text("the answer", "bold"), _said(told.asked), "", Text(", ".join(told.asked.pages), "dim"))
    return table


def _executives(result: ReflectionsResult) -> Table:
    table = _table("The same memory model under different executives")
    table.add_column("executive")
    for kind in SEVERAL:
        table.add_column(kind, justify="right")
    table.add_column("wordings an answer", justify="right")
    table.add_column("who it is")
    for one in result.directed:
        rates = [_rate(one.of(kind)) for kind in SEVERAL]
        table.add_row(one.executive, *rates, f"{one.calls:.1f}", one.meaning)
    return table


def _paragraphs(result: ReflectionsResult) -> dict[str, str]:
    gone, why, again, trained = result.withdrawn, result.explained, result.without, result.trained
    said = {
        "Not before": f"somebody approved: {trained.refused_first}.",
        **({"Left behind": f"by the gate, for example {trained.gate_failed[0]}"} if trained.gate_failed else {}),
        "Explained": f"{why.question!r}: {why.text!r} rests on the page {why.source}; without it, the answer is "
        f"{why.without!r}.",
        "Withdrawn": f"the page {gone.page}: of {len(gone.before)} questions that need it, "
        f"{sum(one.right for one in gone.before)} were answered right before and {gone.still_said} after; "
        f"{gone.others_changed} of {gone.others_asked} other answers changed; the memory is "
        f"{'byte-equal to' if gone.byte_equal else 'NOT equal to'} one rebuilt from the ledger.",
    }
    if again is not None:
        said["Trained again"] = (
            f"without {gone.page}, which was erased: {again.pages} pages in {again.seconds:.0f} s; {again.still_said} "
            f"of {again.asked} questions about it are answered, and {_rate(again.others)} others are right."
        )
    said["Ledger"] = f"{'verified' if result.ledger_verified else 'BROKEN'}: {result.ledger_detail}"
    said["Time"] = f"{result.seconds:.0f} s in all, {result.cpu_seconds:.0f} s of a processor."
    return said


def _said(asked: Asked) -> Text:
    return Text(asked.text, "green" if asked.right else "red")


def _rate(asked: Sequence[Asked]) -> str:
    return f"{sum(one.right for one in asked)} of {len(asked)}"
