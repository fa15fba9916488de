"""``reflect``: documents are proposed, and question-answer reflections are made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_args

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base.extracting import ENCODINGS, Terms, read_document
from addenda.knowledge_base.reflecting import (
    SYNTHESIS,
    Estimate,
    GatheringSettings,
    Reflected,
    Stage,
    SynthesisSettings,
)
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import parse_moment
from addenda.types import EVERYONE, Trust

_SHOWN = 20

GeneratorOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--generator",
        help="Who makes them: URL#NAME of a model, or bundled for documents in the bundled world's sentences.",
        show_default="the model of the knowledge base",
    ),
]
StagesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--stage", help=f"Only this stage; may be repeated: {', '.join(SYNTHESIS)}.", show_default="all"),
]
ImportOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--import",
        metavar="FILE",
        help="Take ready-made pairs instead: JSON Lines with question, answer and document (its title).",
    ),
]


def reflect(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Text files; without any, it goes on.")
    ] = None,
    generator: GeneratorOption = None,
    stage: StagesOption = None,
    most_calls: Annotated[
        int | None, typer.Option("--most-calls", min=1, help="Stop after so many requests to the generator.")
    ] = None,
    ready_made: ImportOption = None,
    trust: Annotated[
        str, typer.Option("--trust", help="Trust in the documents: untrusted, low, normal or high.")
    ] = "normal",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A label; may be repeated.")] = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First moment at which they hold.")] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", help="Last day on which they hold, or the moment they end.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option("--audience", help="Who may be answered from them; may be repeated.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding", help=f"Of files without a byte order mark: {', '.join(ENCODINGS)}.", show_default="UTF-8"
        ),
    ] = None,
    drop_hidden: Annotated[
        bool, typer.Option("--drop-hidden", help="Take out characters that nobody sees, where a file would be refused.")
    ] = False,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make reflections of documents, from which a memory model learns them.

    The documents are proposed: somebody else approves them. A generator then makes question-answer pairs of every
    document that was given so far, in stages; what cannot be believed is left out and counted. With --dry-run only the
    cost is told. Started again after it was stopped, it goes on where it was, and a corpus that grew asks for what is
    new. A generator behind an address gets the documents sent to it.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=generator)
    if trust not in get_args(Trust):
        raise InvalidInput(f"--trust {trust!r} is unknown; it can be {', '.join(get_args(Trust))}")
    terms = Terms(
        trust=cast("Trust", trust),
        tags=tuple(tag or ()),
        valid_from=parse_moment(valid_from, "--valid-from"),
        valid_until=parse_moment(valid_until, "--valid-until", whole_day=True),
        audience=tuple(audience or (EVERYONE,)),
    )
    settings = SynthesisSettings(stages=_stages(stage), gathering=GatheringSettings(most_calls=most_calls))
    documents = [read_document(file, encoding=encoding, drop_hidden=drop_hidden) for file in files or ()]
    with call.open() as opened:
        if dry_run:
            _show_estimate(call.out, opened.reflecting.estimate(documents, settings))
            return
        person = call.person(opened)
        with call.out.progress() as progress:
            found = opened.reflecting.run(
                documents, by=person, terms=terms, settings=settings, ready_made=ready_made, reason=reason,
                progress=progress,
            )  # fmt: skip
    _show(call.out, found)
    if found.documents and not as_json:
        call.out.note("next, somebody else: `addenda approve ID...`; then `addenda train memory-model`")


def _stages(named: list[str] | None) -> tuple[Stage, ...]:
    if unknown := [one for one in named or () if one not in SYNTHESIS]:
        raise InvalidInput(f"--stage {unknown[0]!r} is unknown; it can be {', '.join(SYNTHESIS)}")
    return tuple(one for one in SYNTHESIS if not named or one in named)


def _show_estimate(out: Output, cost: Estimate) -> None:
    rows = [(one.what, f"{one.calls:,}", f"{one.tokens_in:,}", f"{one.tokens_out:,}") for one in cost.stages]
    rows.append(("in all", f"{cost.calls:,}", f"{cost.tokens_in:,}", f"{cost.tokens_out:,}"))
    document: dict[str, object] = {
        "dry_run": True, "documents": cost.documents, "passages": cost.passages, "groups": cost.groups,
        "calls": cost.calls, "tokens_in": cost.tokens_in, "tokens_out": cost.tokens_out,
        "stages": [
            {"stage": one.what, "calls": one.calls, "tokens_in": one.tokens_in, "tokens_out": one.tokens_out}
            for one in cost.stages
        ],
    }  # fmt: skip
    headline = f"{cost.documents:,} documents, {cost.passages:,} passages, {cost.groups:,} groups; about:"
    out.result(document, headline, table(("stage", "requests", "tokens sent", "tokens made"), rows))


def _show(out: Output, found: Reflected) -> None:
    """What came of it, in words."""
    made = found.synthesis
    counts = {
        stage: {"asked": one.asked, "resumed": one.resumed, "taken": one.taken, "rejected": one.rejected}
        for stage, one in made.counts.items()
    }
    document: dict[str, object] = {
        "documents": [
            {"file": one.source, "id": one.addendum_id, "was_there": one.reused, "replaces": one.replaces}
            for one in found.documents
        ],
        "corpus": found.corpus, "reflections": len(made.reflections), "imported": found.imported, "stages": counts,
        "conflicts": [one.model_dump(mode="json") for one in made.conflicts], "refused": list(found.refused),
    }  # fmt: skip
    became = [
        (one.addendum_id, one.source, "was there already" if one.reused else _proposed(one.replaces))
        for one in found.documents
    ]
    rows = [
        (stage, *(f"{one[name]:,}" for name in ("asked", "resumed", "taken", "rejected")))
        for stage, one in counts.items()
    ]
    shown = [table(("id", "file", "document"), became[:_SHOWN])] if became else []
    shown += [table(("stage", "requests", "of earlier runs", "reflections", "left out"), rows)] if rows else []
    total = [("documents", f"{found.corpus:,}"), ("reflections", f"{len(made.reflections):,}")]
    total += [("ready-made", f"{found.imported:,}")] if found.imported else []
    out.result(document, *shown, pairs(total))
    if len(became) > _SHOWN:
        out.note(f"and {len(became) - _SHOWN} more documents; --json names every one")
    if found.refused:
        out.warn(f"{len(found.refused)} lines could not be used: {'; '.join(found.refused[:3])}")
    if made.conflicts:
        out.warn(
            f"{len(made.conflicts)} questions are answered differently by different documents, for example "
            f"{made.conflicts[0].question!r}; which of them holds is for people to say"
        )
    if not made.reflections and not found.imported:
        out.warn("no reflection was made; the bundled generator reads only the bundled world's own sentences")


def _proposed(replaces: str | None) -> str:
    return "proposed" if replaces is None else f"proposed in place of {replaces}"
