"""``demo``: the whole story on the bundled model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from addenda.demo.catalogue import CHANGES, FEWEST_CHANGES
from addenda.demo.notes_chapter import run_notes_chapter
from addenda.demo.notes_report import print_notes_card
from addenda.demo.product_pages import FEWEST_PRODUCTS, MOST_PRODUCTS
from addenda.demo.reflections_chapter import PRODUCTS, run_reflections_chapter
from addenda.demo.reflections_report import print_reflections_card
from addenda.demo.report import print_card
from addenda.demo.story import run_demo
from addenda.demo.triples_chapter import run_triples_chapter
from addenda.demo.triples_report import print_triples_card
from addenda.errors import InvalidInput
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import JsonOption


class Chapter(StrEnum):
    """A part of the story."""

    EDITS = "edits"
    TRIPLES = "triples"
    NOTES = "notes"
    REFLECTIONS = "reflections"


_DIRECTORIES: Mapping[Chapter, str] = {
    Chapter.EDITS: "addenda-demo",
    Chapter.TRIPLES: "addenda-demo-triples",
    Chapter.NOTES: "addenda-demo-notes",
    Chapter.REFLECTIONS: "addenda-demo-reflections",
}


def demo(
    chapter: Annotated[
        Chapter,
        typer.Option(
            "--chapter", help="What is told: changed specifications, new documents, hidden rules, or a memory model."
        ),
    ] = Chapter.EDITS,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--directory",
            metavar="DIR",
            help="Where everything is written.",
            show_default=", ".join(_DIRECTORIES.values()),
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws the changes and the questions.")] = 0,
    changes: Annotated[
        int | None,
        typer.Option(
            "--changes",
            min=FEWEST_CHANGES,
            max=CHANGES,
            help="How many changes, for the chapter edits; fewer are quicker.",
            show_default=str(CHANGES),
        ),
    ] = None,
    products: Annotated[
        int | None,
        typer.Option(
            "--products",
            min=FEWEST_PRODUCTS,
            max=MOST_PRODUCTS,
            help="How many products are new, for the chapter reflections; fewer are quicker.",
            show_default=str(PRODUCTS),
        ),
    ] = None,
    train_again: Annotated[
        bool,
        typer.Option(
            "--train-again",
            help="For the chapter reflections: erase the withdrawn page, and train once more without it.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder even if it is not that of an earlier demo.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the whole story on the bundled model and print a score card.

    Chapter edits: a thousand changed specifications are read from a spreadsheet, proposed, approved, tested and made
    live; then questions are asked, one change is rolled back, one answer is explained, and the ledger is verified.
    Chapter triples: the model takes facts from documents about new products and reads them when it is asked; one fact
    is corrected, and asked about as of yesterday. Chapter notes: rules are learned from which answers to support cases
    turned out right; a person corrects a wrong note, and the notebook follows when the hidden rules change. Chapter
    reflections: a memory model learns new pages, and an executive asks it questions over several of them; a better
    executive is put in its place, and a page is withdrawn. With --json the score card is one JSON object.
    """
    call = begin(None, as_json=as_json)
    where = directory or Path(_DIRECTORIES[chapter])
    for option, given, own in (
        ("--changes", changes is not None, Chapter.EDITS),
        ("--products", products is not None, Chapter.REFLECTIONS),
        ("--train-again", train_again, Chapter.REFLECTIONS),
    ):
        if given and chapter is not own:
            raise InvalidInput(f"{option} is for the chapter {own}; leave it out, or give --chapter {own}")
    match chapter:
        case Chapter.EDITS:
            _tell_edits(call, where, seed, CHANGES if changes is None else changes, force=force)
        case Chapter.REFLECTIONS:
            new = PRODUCTS if products is None else products
            _tell_reflections(call, where, seed, new, force=force, train_again=train_again)
        case Chapter.TRIPLES:
            _tell_triples(call, where, seed, force=force)
        case Chapter.NOTES:
            _tell_notes(call, where, seed, force=force)


def _tell_edits(call: Call, where: Path, seed: int, changes: int, *, force: bool) -> None:
    threads = call.settings.threads
    result = run_demo(where, seed=seed, console=call.out.stderr, force=force, threads=threads, changes=changes)
    if call.out.as_json:
        call.out.result(result.card())
    else:
        print_card(result, call.out.stdout)


def _tell_triples(call: Call, where: Path, seed: int, *, force: bool) -> None:
    result = run_triples_chapter(where, seed=seed, console=call.out.stderr, force=force, threads=call.settings.threads)
    if call.out.as_json:
        call.out.result(result.card())
    else:
        print_triples_card(result, call.out.stdout)
        call.out.note(f"the page with everything: {where / 'report.html'}")


def _tell_notes(call: Call, where: Path, seed: int, *, force: bool) -> None:
    result = run_notes_chapter(where, seed=seed, console=call.out.stderr, force=force, threads=call.settings.threads)
    if call.out.as_json:
        call.out.result(result.card())
    else:
        print_notes_card(result, call.out.stdout)
        call.out.note(f"the page with the plot: {where / 'report.html'}")


def _tell_reflections(call: Call, where: Path, seed: int, products: int, *, force: bool, train_again: bool) -> None:
    result = run_reflections_chapter(
        where,
        seed=seed,
        console=call.out.stderr,
        force=force,
        threads=call.settings.threads,
        products=products,
        train_again=train_again,
    )
    if call.out.as_json:
        call.out.result(result.card())
    else:
        print_reflections_card(result, call.out.stdout)
        call.out.note(f"the page with the plots: {where / 'report.html'}")
