"""What ``ask`` needs for consulting a memory model: its options, and how a consultation is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import typer
from pydantic import ValidationError
from rich.table import Table

from addenda.errors import InvalidInput
from addenda.knowledge_base import Budget
from addenda.knowledge_base.consulted_models import Consultation
from addenda.surfaces.cli.output import Output, table
from addenda.surfaces.describing import event_in_words

ExecutiveOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--executive",
        help="Who directs the memory model: bundled, scripted, none, or URL#NAME.",
        show_default="ADDENDA_EXECUTIVE, or what fits the model",
    ),
]
BudgetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        metavar="NAME=NUMBER",
        help=f"What a consultation may cost; may be repeated: {', '.join(Budget.model_fields)}.",
    ),
]
FollowOption: TypeAlias = Annotated[
    bool, typer.Option("--follow", help="Show on stderr what a memory model is asked, while it happens.")
]


def parse_budget(given: Sequence[str] | None) -> Budget | None:
    """The budget that options name; None without any. Raises InvalidInput."""
    if not given:
        return None
    parts = [one.partition("=") for one in given]
    if wrong := [one for one, (_, sign, number) in zip(given, parts, strict=True) if not sign or not number.isdigit()]:
        raise InvalidInput(f"--budget {wrong[0]!r} cannot be used; give NAME=NUMBER, for example memory_calls=40")
    try:
        return Budget.model_validate({name.strip(): int(number) for name, _, number in parts})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise InvalidInput(
            f"--budget {fault['loc'][0]}: {fault['msg']}; the names are {', '.join(Budget.model_fields)}"
        ) from error


class Following:
    """Tells on stderr what happens in a consultation."""

    def __init__(self, out: Output) -> None:
        """Take where to tell it."""
        self._out = out

    def heard(self, event: object) -> None:
        """Tell one event."""
        told = event_in_words(event)
        if told:
            self._out.note(told)


def transcript(consultation: Mapping[str, object]) -> Table:
    """The questions of a consultation with what came back, those that the answer rests on marked."""
    found = Consultation.model_validate(consultation)
    rests_on = frozenset(found.rests_on)
    rows = [
        (
            one.id,
            one.question,
            one.answer if one.known else "I don't know.",
            f"{one.votes[0].votes} of {one.replies}" if one.known else "",
            "yes" if one.id in rests_on else "",
        )
        for one in found.entries
    ]
    return table(("", f"asked by {found.executive}", "said", "wordings", "rests on it"), rows)
