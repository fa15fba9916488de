"""The report of the chapter of triples: one self-contained HTML file, and the same score card for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from addenda.demo.pages import write_page
from addenda.demo.triples_result import Asked, Extracted, ReadTriple, Statement, TriplesResult
from addenda.types import Fact

Verdict: TypeAlias = Literal["right", "wrong", "left out", "already there"]

_SHOWN_ANSWERS = 2
"""Answers about each document that the terminal shows."""
_SENTENCE_WIDTH = 40
"""Columns of a sentence there."""
_STYLES = {"right": "green", "wrong": "red", "left out": "yellow", "already there": "dim"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document's text, and what the model wrote about it."""

    text: str
    statements: tuple[Statement, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The worst of its statements; None where nothing was written."""
        found = {verdict(one) for one in self.statements}
        return next((one for one in ("wrong", "left out", "already there", "right") if one in found), None)


def verdict(statement: Statement) -> Verdict:
    """What became of a statement, in a word or two."""
    if statement.right:
        return "right"
    if statement.wrong:
        return "wrong"
    return "already there" if statement.fate == "duplicate" else "left out"


def written(fact: Fact) -> str:
    """A triple as it is shown."""
    return f"{fact.subject} | {fact.relation} | {fact.object}"


def pieces(extracted: Extracted) -> Iterator[Piece]:
    """The text of a document in order, cut where sentences with statements begin and end."""
    places = sorted({(one.first - 1, one.last) for one in extracted.statements})
    at = 0
    for start, end in places:
        yield Piece(extracted.text[at:start])
        own = tuple(one for one in extracted.statements if (one.first - 1, one.last) == (start, end))
        yield Piece(extracted.text[start:end], own)
        at = end
    yield Piece(extracted.text[at:])


def write_triples_report(path: Path, result: TriplesResult) -> None:
    """Write the report to ``path``."""
    documents = (*result.extracted, result.corrected.extracted)
    write_page(
        path,
        "report-triples.html.jinja",
        result=result,
        documents=[(one, tuple(pieces(one))) for one in documents],
        scores=scores(result),
        some_answers=some_answers(result),
        verdict=verdict,
        written=written,
    )


def print_triples_card(result: TriplesResult, console: Console) -> None:
    """Print what was proposed, the score card, some answers with what was read for them, and what else was shown."""
    console.print(_proposals(result))
    console.print(_scores(result))
    console.print(_answers(result))
    for title, text in _paragraphs(result).items():
        console.print(Text.assemble((title, "bold"), " ", text), highlight=False)


def scores(result: TriplesResult) -> tuple[tuple[str, str, str], ...]:
    """The rows of the score card: name, value, and what is counted."""
    return (
        ("facts right", f"{result.right} of {result.stated}", "proposed by the model as the documents state them"),
        ("facts missed", str(result.missed), "stated, and not proposed by the model; a person proposed them by hand"),
        ("facts wrong", str(result.wrong), "proposed by the model, and not stated; the approver rejected them"),
        ("left out", str(result.left_out), "written by the model, and kept back because something looked wrong"),
        ("left behind", str(len(result.gate_failed)), "approved, and not live, because the model failed the gate"),
        ("answers before", _rate(result.asked, before=True), "right before anything was live"),
        ("known wordings", _rate(result.of("known")), "right answers, asked as the model was taught"),
        ("new wordings", _rate(result.of("new")), "right answers, asked in words that the model never saw"),
    )


def some_answers(result: TriplesResult) -> tuple[Asked, ...]:
    """A few answers about each document, in new wordings."""
    asked = result.of("new")
    return tuple(
        one
        for document in result.extracted
        for one in [one for one in asked if one.fact in document.stated][:_SHOWN_ANSWERS]
    )


def _paragraphs(result: TriplesResult) -> dict[str, str]:
    corrected, back, why = result.corrected, result.rolled_back, result.explained
    equal = "byte-equal to" if back.byte_equal else "NOT equal to"
    return {
        **({"Left behind": f"for example {result.gate_failed[0]}"} if result.gate_failed else {}),
        "Corrected": f"{corrected.question!r}: {corrected.before!r} became {corrected.after!r}; asked about yesterday "
        f"it is {corrected.yesterday!r}, about last week {corrected.last_week!r}; {corrected.others_changed} of "
        f"{corrected.others_asked} other answers changed.",
        "Explained": f"{why.question!r}: {why.text!r} was read from {why.source}; without it, the answer is "
        f"{why.without!r}.",
        "Rolled back": f"{back.what}; asked {back.question!r}, {back.wrong!r} became {back.restored!r} (without "
        f"any memory: {back.original!r}); {back.others_changed} of {back.others_asked} other answers changed; the "
        f"memory is {equal} a rebuild without it.",
        "Ledger": f"{'verified' if result.ledger_verified else 'BROKEN'}: {result.ledger_detail}",
        "Time": f"{result.seconds:.0f} s in all.",
    }


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _proposals(result: TriplesResult) -> Table:
    table = _table("What the model wrote about the documents (the page has whole sentences)")
    table.add_column("line", justify="right")
    table.add_column("sentence", no_wrap=True, overflow="ellipsis", max_width=_SENTENCE_WIDTH)
    table.add_column("subject | relation | object")
    table.add_column("")
    for document in (*result.extracted, result.corrected.extracted):
        table.add_row("", Text(document.file, "bold"))
        for one in document.statements:
            said = verdict(one)
            words = Text(said + (f": {one.why}" if said == "left out" else ""), _STYLES[said])
            table.add_row(str(one.line), Text(one.sentence), Text(written(one.fact)), words)
        for fact in document.missed:
            table.add_row("", "", Text(written(fact)), Text("missed; added by hand", "yellow"))
        table.add_section()
    return table


def _scores(result: TriplesResult) -> Table:
    table = _table(f"{len(result.extracted)} documents, {result.stated} facts, {result.active} live")
    table.add_column("score")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("what is counted")
    for row in scores(result):
        table.add_row(*row)
    return table


def _rate(asked: tuple[Asked, ...], *, before: bool = False) -> str:
    return f"{sum(one.right_before if before else one.right for one in asked)} of {len(asked)}"


def _answers(result: TriplesResult) -> Table:
    table = _table("Some answers, and the triples they were made from")
    for column in ("question", "before", "now", "read"):
        table.add_column(column)
    for one in some_answers(result):
        now = Text(one.after, "green" if one.right else "red")
        table.add_row(Text(one.question), Text(one.before), now, _read(one.triples))
    return table


def _read(triples: tuple[ReadTriple, ...]) -> Text:
    lines = [
        line
        for one in triples
        for line in (Text(written(one.fact)), Text(f"{one.source.partition(' (')[0]}, {one.id[:6]}", "dim"))
    ]
    return Text("\n").join(lines) if lines else Text("nothing", "dim")
