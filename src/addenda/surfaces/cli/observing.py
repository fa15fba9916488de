"""``observe``: what came of answers, as evidence that notes are learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypedDict, cast, get_args

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base.observation_files import read_observation_file
from addenda.knowledge_base.observing import Batch, Observation
from addenda.surfaces.cli.asking import ALL_ANSWERS
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import table
from addenda.types import Trust


def observe(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="JSON lines, csv or xlsx.")] = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="ID", help="An answer that was given, or `latest`; not with files."),
    ] = None,
    right: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Whether that answer turned out right.", show_default=False)
    ] = None,
    trust: Annotated[str, typer.Option("--trust", help="Trust in them: untrusted, low, normal or high.")] = "normal",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A label; may be repeated.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of text files.", show_default="found out, or UTF-8")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take in what came of answers, as evidence that notes are learned from.

    A line of a JSON file is `{"attributes": {"fault": "no heat", "age": 7}, "answer": "replace", "right": true}`; a
    table has the columns `answer` and `right`, and one for each attribute. `--answer ID --right` or `--wrong` says it
    of an answer that `ask` gave. `addenda learn` makes notes from all that. A folder takes all files or none; a server
    takes them one after another, and again those that it has already count as there.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if trust not in get_args(Trust):
        raise InvalidInput(f"--trust {trust!r} is unknown; it can be {', '.join(get_args(Trust))}")
    if (answer is None) != (right is None) or bool(files) == (answer is not None):
        raise InvalidInput("give files, or --answer ID with --right or --wrong")
    batches = [Batch(read_observation_file(file, encoding), str(file)) for file in files or []]
    judged = None if right is None else _Judged(None if answer == "latest" else answer, right)
    handing = _Handing(trust=cast("Trust", trust), tags=tag or (), reason=reason, dry_run=dry_run)
    taken = (_taken_there if call.is_remote else _taken_here)(call, batches, judged, handing)
    headers = ("what", "observations", "with feedback", "right", "what became of it")
    shown = ("source", "observations", "with_feedback", "right")
    rows = [(*(str(line[name]) for name in shown), _kept(line, dry_run=dry_run)) for line in taken]
    call.out.result({"dry_run": dry_run, "batches": taken}, table(headers, rows))
    if not dry_run:
        call.out.note("next: `addenda learn`")


@dataclass(frozen=True, slots=True)
class _Judged:
    """An answer that somebody says was right, or wrong."""

    answer_id: str | None
    """None: the latest."""
    right: bool


class _Handing(TypedDict):
    """How observations are handed in."""

    trust: Trust
    tags: Sequence[str]
    reason: str
    dry_run: bool


def _taken_here(
    call: Call, batches: Sequence[Batch], judged: _Judged | None, handing: _Handing
) -> list[dict[str, object]]:
    """Take observations into the folder; what each batch came to, for JSON."""
    with call.open() as opened:
        if judged is not None:
            batches = [opened.observing.of_answer(judged.answer_id, right=judged.right)]
        made = opened.observing.record(batches, by=call.person(opened), **handing)
    return [
        _taken(
            batch.source,
            batch.observations,
            None if handing["dry_run"] or one.duplicate_of else one.addendum.id,
            one.duplicate_of,
        )
        for batch, one in zip(batches, made, strict=True)
    ]


def _taken_there(
    call: Call, batches: Sequence[Batch], judged: _Judged | None, handing: _Handing
) -> list[dict[str, object]]:
    """Take observations into a server; what each batch came to, for JSON."""
    with call.client() as client:
        if judged is not None:
            if judged.answer_id is None:
                raise InvalidInput(ALL_ANSWERS)
            kept = client.feedback(judged.answer_id, right=judged.right, **handing)
            fresh, known = (None, kept.id) if kept.duplicate else (kept.id, None)
            counts = {"observations": 1, "with_feedback": 1, "right": int(judged.right)}
            return [{"source": kept.source, "id": fresh, "duplicate_of": known, **counts}]
        taken: list[dict[str, object]] = []
        for batch in batches:
            lines = [one.model_dump(mode="json") for one in batch.observations]
            made = client.observe(lines, source=batch.source, **handing)
            fresh, known = (None, made.id) if made.duplicate else (made.id, None)
            taken.append(_taken(batch.source, batch.observations, fresh, known))
    return taken


def _taken(source: str, observations: Sequence[Observation], fresh: str | None, known: str | None) -> dict[str, object]:
    """What a batch came to, for JSON."""
    judged = [one for one in observations if one.feedback != "none"]
    return {
        "source": source,
        "id": fresh,
        "duplicate_of": known,
        "observations": len(observations),
        "with_feedback": len(judged),
        "right": sum(one.expected_if(one.answer) is True for one in judged),
    }


def _kept(line: Mapping[str, object], *, dry_run: bool) -> str:
    if line["duplicate_of"] is not None:
        return f"already there as {line['duplicate_of']}"
    return "would be kept" if dry_run else f"kept as {line['id']}"
