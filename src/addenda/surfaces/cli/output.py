"""Where a command's words go: results to stdout, everything else to stderr.

Text that people or models wrote is never read as markup, and characters that could move a terminal's cursor are shown
instead of sent. A pipe gets no colours and no line breaks that are not in the text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from addenda.text import visible

_PIPE_WIDTH = 10_000
"""Columns of a table that goes to no terminal: wide enough that nothing is cut off."""

_STATUS_STYLES: Mapping[str, str] = {
    "active": "green",
    "gate_failed": "red",
    "rejected": "red",
    "needs_review": "yellow",
    "proposed": "cyan",
    "refused": "red",
    "flagged": "yellow",
    "failed": "red",
    "warning": "yellow",
    "ok": "green",
}


class Output:
    """The streams of one call.

    Args:
        as_json: Whether the result is one JSON object instead of text.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.stdout = _console(stderr=False)
        """For results that are no JSON; see :meth:`result`."""
        self.stderr = _console(stderr=True)
        """For progress and diagnostics."""

    def result(self, document: Mapping[str, object], *parts: RenderableType) -> None:
        """Give the result: ``document`` as one line of JSON, or ``parts`` one below the other."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        for part in parts:
            self.stdout.print(plain(part) if isinstance(part, str) else part, soft_wrap=isinstance(part, str))

    def note(self, text: str) -> None:
        """Say something beside the result."""
        self.stderr.print(plain(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Say something that deserves attention."""
        self.stderr.print(Text.assemble(("warning: ", "yellow"), plain(text)), soft_wrap=True)

    def show(self, part: RenderableType) -> None:
        """Print something that people look at beside the result; not with JSON, where the result holds it."""
        if not self.as_json:
            self.stderr.print(part)

    @contextmanager
    def progress(self) -> Generator[Callable[[str, int, int], None]]:
        """A bar for each phase, on stderr; called with (phase, done, total). Nothing is shown without a terminal."""
        columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        tasks: dict[str, TaskID] = {}
        with Progress(*columns, console=self.stderr, disable=not self.stderr.is_terminal, transient=True) as bars:

            def advance(phase: str, done: int, total: int) -> None:
                if phase not in tasks:
                    tasks[phase] = bars.add_task(phase, total=total)
                bars.update(tasks[phase], completed=done, total=total)

            yield advance

    def confirmed(self, question: str, *, yes: bool) -> bool:
        """Ask before something dangerous, where somebody can answer: True without asking when nobody can."""
        if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        return typer.confirm(question, err=True)


def plain(text: str) -> Text:
    """Text with hidden and control characters written out, never read as markup."""
    return Text(visible(text))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> Table:
    """A table of plain texts; a cell that is a status gets its colour."""
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, highlight=False)
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(visible(cell), style=_STATUS_STYLES.get(cell, "")) for cell in row))
    return made


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values, without a header; empty values are left out."""
    made = Table(box=None, show_header=False, pad_edge=False, highlight=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value:
            made.add_row(name, Text(visible(value), style=_STATUS_STYLES.get(value, "")))
    return made


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console
