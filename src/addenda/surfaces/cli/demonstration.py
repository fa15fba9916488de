"""``demo``: the whole story on the bundled model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from addenda.demo.catalogue import CHANGES
from addenda.demo.report import print_card
from addenda.demo.story import run_demo
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import JsonOption


def demo(
    directory: Annotated[Path, typer.Option("--directory", metavar="DIR", help="Where everything is written.")] = Path(
        "addenda-demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Draws the changes and the questions.")] = 0,
    changes: Annotated[
        int, typer.Option("--changes", min=1, max=CHANGES, help="How many changes; fewer are quicker.")
    ] = CHANGES,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder even if it is not that of an earlier demo.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the whole story on the bundled model and print a score card.

    A thousand changed specifications are read from a spreadsheet, proposed, approved, tested and made live; then
    questions are asked, one change is rolled back, one answer is explained, and the ledger is verified. With --json the
    score card is one JSON object.
    """
    call = begin(None, as_json=as_json)
    result = run_demo(
        directory, seed=seed, console=call.out.stderr, force=force, threads=call.settings.threads, changes=changes
    )
    if as_json:
        call.out.result(result.card())
    else:
        print_card(result, call.out.stdout)
