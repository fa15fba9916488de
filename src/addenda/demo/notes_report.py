"""The report of the chapter of notes: one self-contained HTML file, its numbers as JSON, and a card for a terminal."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from addenda.demo.notes_result import CONDITIONS, RECOVERED, Condition, NotesResult, Point
from addenda.demo.pages import write_page
from addenda.errors import MissingDependency

MEANINGS: dict[Condition, str] = {
    "with notes": "the knowledge base is asked, and the note that decides is the answer; where no note decides, the "
    "desk tries an action at random",
    "all examples": "no notes: the 15 observations most like the case vote for what turned out right and against what "
    "did not. It stands for a reader with every example in view; the bundled model cannot read that many",
    "without notes": "the bundled model alone, without any memory; where what it says is no action, the action that "
    "was right most often so far",
    "empty notebook": "the same as with notes, as it was before the first note: nothing decides, and the desk tries "
    "an action at random",
}
"""How the held-out cases are answered under each condition."""

REVIEWER = (
    "Ben is a script that approves every proposal of the learner, and Ana's two notes, so that nothing but the learner "
    "and the gate is seen; the desk, its customers and Ana are scripts, too"
)

_DONE = {
    "add": "new",
    "narrow": "narrower",
    "generalise": "wider",
    "merge": "merged",
    "contradict": "answers otherwise",
    "move": "moved",
    "retire": "retired",
}
"""What each kind of delta is called in a list of counts."""


def write_notes_report(directory: Path, result: NotesResult) -> None:
    """Write ``report.html`` and ``result.json``. Raises MissingDependency without the ``plots`` extra."""
    try:
        from addenda.demo import plots
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the report needs the package {error.name!r}, which is not installed; run: pip install 'addenda[plots]'"
        ) from error
    curves = {name: [*(point.shares[name] for point in result.points), result.end[name]] for name in CONDITIONS}
    write_page(
        directory / "report.html",
        "report-notes.html.jinja",
        result=result,
        plot=plots.share_by_batch(curves, events(result), RECOVERED),
        events=events(result),
        conditions=MEANINGS,
        reviewer=REVIEWER,
        learned=learned,
        recovered=RECOVERED,
    )
    told = {"card": result.card(), "batches": [asdict(point) for point in result.points], "end": dict(result.end)}
    (directory / "result.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def events(result: NotesResult) -> dict[int, str]:
    """What happened just before a batch came in, by the number of the batch."""
    return {
        result.corrected.batch: "a wrong note",
        result.corrected.batch + 1: "corrected",
        result.followed.batch: "the hidden rules change",
    }


def learned(point: Point) -> str:
    """What became of the notebook after a batch, in words."""
    counted = [f"{count} {_DONE[kind]}" for kind, count in Counter(point.learned).items()]
    held_back = [f"{point.held_back} held back"] if point.held_back else []
    return ", ".join([*counted, *held_back])


def print_notes_card(result: NotesResult, console: Console) -> None:
    """Print the shares batch by batch, the notebook at the end, and what else was shown."""
    console.print(_shares(result))
    console.print(_notebook(result))
    for title, text in _paragraphs(result).items():
        console.print(Text.assemble((title, "bold"), " ", text), highlight=False)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _shares(result: NotesResult) -> Table:
    table = _table(
        f"Right answers to {result.held_out} held-out cases as each batch of {result.batch} comes in, and what is "
        "learned from it"
    )
    table.add_column("batch", justify="right")
    for name in CONDITIONS:
        table.add_column(name, justify="right")
    table.add_column("notes", justify="right")
    table.add_column("learned")
    happened = events(result)
    for point in result.points:
        if point.number in happened:
            table.add_row(*[""] * (len(CONDITIONS) + 2), Text(happened[point.number], "bold"))
        shares = [_share(point.shares[name], name) for name in CONDITIONS]
        table.add_row(str(point.number), *shares, str(point.notes), Text(learned(point)))
    table.add_row("end", *[_share(result.end[name], name) for name in CONDITIONS], str(len(result.notebook)), "")
    return table


def _share(share: float, condition: Condition) -> Text:
    good = condition == "with notes" and share > RECOVERED
    return Text(f"{share:.2f}", "green" if good else "")


def _notebook(result: NotesResult) -> Table:
    table = _table("The notebook at the end, in the order in which it is tried")
    for column in ("note", "says who", "observations"):
        table.add_column(column)
    for note in result.notebook:
        table.add_row(Text(note.words), note.author, note.evidence)
    return table


def _paragraphs(result: NotesResult) -> dict[str, str]:
    wrong, moved, why, back = result.corrected, result.followed, result.decided, result.taken_back
    took = f"{moved.observations} observations" if moved.observations is not None else "not"
    equal = "byte-equal to" if back.byte_equal else "NOT equal to"
    return {
        "Hidden rules": f"{'; '.join(result.hidden['before'])}. Changed: {'; '.join(_new_rules(result))}.",
        "Corrected": f"Ana wrote {wrong.wrong.words!r}; the notebook showed {wrong.wrong.evidence}; she replaced it by "
        f"{wrong.right!r}. Right answers: {wrong.share_without:.2f} before, {wrong.share_wrong:.2f} with it, "
        f"{wrong.share_right:.2f} corrected. {wrong.question!r}: {wrong.before!r} became {wrong.after!r}.",
        "Followed": f"{moved.changed} of {result.held_out} held-out cases have another right answer since the change; "
        f"back above {RECOVERED} after {took}. {moved.question!r}: {moved.before!r} became {moved.after!r} (right: "
        f"{moved.due!r}); asked as of before the change it is {moved.as_of_before!r}, and all held-out cases are "
        f"answered {'as they were' if moved.others_as_before else 'OTHERWISE THAN'} then.",
        "Explained": f"{why.text!r} comes from note {why.note.id} of the {why.note.author} ({why.note.words!r}; "
        f"{why.note.evidence}); without it, the answer is {why.without!r}.",
        "Rolled back": f"the {back.notes} notes learned since the change: {back.others_changed} of {back.asked} "
        f"answers differ from those before it; the memory is {equal} a rebuild without them. Learned once more from "
        f"the same observations: {back.relearned} notes, {back.share:.2f} right.",
        **({"Left behind": f"by the gate, for example {result.gate_failed[0]}"} if result.gate_failed else {}),
        "Model alone": f"names an action in {result.named_by_model} of {result.held_out} cases; it says, for example, "
        f"{result.model_says[0][1]!r}.",
        "Columns": "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items()) + ".",
        "People": f"{REVIEWER}.",
        "Ledger": f"{'verified' if result.ledger_verified else 'BROKEN'}: {result.ledger_detail}",
        "Time": f"{result.seconds:.0f} s in all.",
    }


def _new_rules(result: NotesResult) -> list[str]:
    return [rule for rule in result.hidden["after"] if rule not in result.hidden["before"]]
