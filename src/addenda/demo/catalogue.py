"""The changed specifications of the demo, and the workbook that a supplier would send with them.

Of the bundled world's 300 products, 175 get changed specifications: 1,000 in all, each another value of the same kind.
That leaves 400 specifications of those products, and 1,000 of the other 125, which must stay as they are. The workbook
holds them as a support team would receive them, with a dozen rows that are wrong in ways that spreadsheets go wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from addenda.models.bundled import World, WorldFact

CHANGES = 1000
"""Changed specifications."""

FEWEST_CHANGES = 20
"""Fewer make no story: a tenth of them becomes live first, and is asked about again at the end."""

LEAST_UNTOUCHED = 100
"""Specifications of untouched products that are asked about at least; the bad rows are drawn from them too."""

CHANGED_PRODUCTS = 175
"""Products that they are spread over."""

BAD_ROWS = 12
"""Rows (or pairs of rows) of the workbook that must be refused or flagged."""

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class ChangedFact:
    """One changed specification."""

    subject: str
    relation: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which specifications change, and which must not."""

    changes: tuple[ChangedFact, ...]
    neighbours: tuple[WorldFact, ...]
    """Unedited specifications of edited products."""
    untouched: tuple[WorldFact, ...]
    """Specifications of products that no change touches."""


def plan_changes(world: World, *, seed: int, count: int = CHANGES) -> Plan:
    """Draw ``count`` changes, spread over products as thickly as 1,000 over 175.

    What must not change are the other specifications of those products, and as many specifications of untouched ones as
    there are changes, but at least ``LEAST_UNTOUCHED``. Raises ValueError when the world does not have that many
    products.
    """
    random = Random(seed)
    products = -(-count * CHANGED_PRODUCTS // CHANGES)
    if not 0 < products < len(world.products):
        raise ValueError(f"{count} changes need {products} of {len(world.products)} products; give a smaller number")
    chosen = set(random.sample(world.products, products))
    candidates = [fact for fact in world.facts if fact.subject in chosen]
    random.shuffle(candidates)
    changes = tuple(
        ChangedFact(
            fact.subject,
            fact.relation,
            fact.object,
            random.choice([value for value in world.value_pool(fact.relation) if value != fact.object]),
        )
        for fact in candidates[:count]
    )
    others = [fact for fact in world.facts if fact.subject in world.products and fact.subject not in chosen]
    untouched = tuple(random.sample(others, min(len(others), max(count, LEAST_UNTOUCHED))))
    return Plan(changes, tuple(candidates[count:]), untouched)


def write_workbook(path: Path, plan: Plan) -> None:
    """Write the workbook with the planned changes and the bad rows among them.

    The bad rows are about specifications that are not changed, so that none of them can be mistaken for a change.
    """
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no worksheet")
    sheet.title = "Changes"
    sheet.append(["Catalogue update, week 47"])
    sheet.append([])
    sheet.append(["Product", "Attribute", "Old value", "New value", "Comment", "SAP approval"])
    for cell in (*sheet[1], *sheet[3]):
        cell.font = Font(bold=True)
    spare = [*plan.neighbours, *plan.untouched]
    bad = _bad_rows(spare, plan.changes)
    step = max(1, len(plan.changes) // (len(bad) + 1))
    wide = next(number for number, change in enumerate(plan.changes, start=1) if change.new[0].isdigit())
    for number, change in enumerate(plan.changes, start=1):
        new = change.new.translate(_FULL_WIDTH) if number == wide else change.new
        sheet.append([change.subject, change.relation, change.old, new, "", ""])
        if number % step == 0 and bad:
            _append(sheet, bad.pop(0))
    for width, column in ((26, "A"), (24, "B"), (18, "C"), (18, "D"), (22, "E"), (14, "F")):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A4"
    book.save(path)


_Cells = Sequence[str | float | bool | datetime]


@dataclass(frozen=True, slots=True)
class _BadRow:
    cells: tuple[_Cells, ...]
    merge: str = ""
    """Column whose cells are merged over the rows."""


def _bad_rows(spare: Sequence[WorldFact], changes: Sequence[ChangedFact]) -> list[_BadRow]:
    quantities = [fact for fact in spare if fact.object[0].isdigit()]
    facts = iter(quantities)

    def values(fact: WorldFact) -> list[str]:
        found = dict.fromkeys(o.object for o in quantities if o.relation == fact.relation and o.object != fact.object)
        return list(found)

    def row(value: str | float | bool | datetime, comment: str, subject: str | None = None) -> _BadRow:
        fact = next(facts)
        name = fact.subject if subject is None else subject
        return _BadRow(((name, fact.relation, fact.object, value, comment),))

    merged, twice, hidden = next(facts), next(facts), next(facts)
    other = next(fact for fact in quantities if fact.relation == merged.relation and fact.subject != merged.subject)
    first = changes[0]
    number, _, unit = values(hidden)[0].partition(" ")
    return [
        _BadRow(
            (
                (merged.subject, merged.relation, merged.object, values(merged)[0], "same for both"),
                (other.subject, other.relation, other.object, "", ""),
            ),
            merge="D",
        ),
        row("55 kg", "which product?", subject=""),
        _BadRow(
            (
                (twice.subject, twice.relation, twice.object, values(twice)[0], "phone call"),
                (twice.subject, twice.relation, twice.object, values(twice)[1], "e-mail"),
            )
        ),
        _BadRow(
            ((hidden.subject, hidden.relation, hidden.object, f"{number}\u200b {unit}", "copied from a web page"),)
        ),
        row(datetime(2026, 8, 2), "size 2-8"),  # noqa: DTZ001 - a spreadsheet's dates have no time zone
        row("=C7*1.05", "plus five per cent"),
        row("#N/A", "look-up failed"),
        row("", "value follows"),
        row("\u202e94\u202c", "right to left"),
        row(value=True, comment="ticked"),
        row("x" * 5000, "pasted a page"),
        _BadRow(((first.subject, first.relation, first.old, first.new, "sent twice"),)),
    ]


def _append(sheet: Worksheet, bad: _BadRow) -> None:
    start = sheet.max_row + 1
    for cells in bad.cells:
        sheet.append(list(cells))
    if bad.merge:
        sheet.merge_cells(f"{bad.merge}{start}:{bad.merge}{start + len(bad.cells) - 1}")
