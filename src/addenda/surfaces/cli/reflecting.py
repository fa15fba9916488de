"""``reflect``: documents are proposed, and question-answer reflections are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_args

import typer

from addenda.client.job_replies import GivenShown, ReflectCost, StageShown
from addenda.errors import InvalidInput
from addenda.knowledge_base.extracting import ENCODINGS, SourceDocument, Terms, read_document
from addenda.knowledge_base.reflecting import (
    SYNTHESIS,
    GatheringSettings,
    Reflected,
    Stage,
    SynthesisSettings,
)
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import parse_moment
from addenda.surfaces.describing_work import describe_cost, describe_given, describe_stages
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
    url: UrlOption = None,
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
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=generator)
    call.refuse_remote(generator=generator, **{"import": ready_made})
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
    if dry_run:
        cost = call.read(
            lambda opened: ReflectCost.model_validate(describe_cost(opened.reflecting.estimate(documents, settings))),
            lambda client: client.reflect_cost(_titled(documents), stages=settings.stages),
        )
        _show_cost(call.out, cost)
        return
    if call.is_remote:
        came = _reflect_there(call, documents, terms, settings, reason)
    else:
        with call.open() as opened:
            person = call.person(opened)
            with call.out.progress() as progress:
                found = opened.reflecting.run(
                    documents, by=person, terms=terms, settings=settings, ready_made=ready_made, reason=reason,
                    progress=progress,
                )  # fmt: skip
        came = _reflected_here(found)
    _show(call.out, came)
    if came.documents and not as_json:
        call.out.note("next, somebody else: `addenda approve ID...`; then `addenda train memory-model`")


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of it, in the folder or on a server."""

    documents: Sequence[tuple[str, GivenShown]]
    """Where each comes from, and what became of it."""
    corpus: int
    reflections: int
    stages: Mapping[str, StageShown]
    conflicts: int
    conflicting: Sequence[Mapping[str, object]] | None
    """None where only their number is known: a job of a server keeps no content."""
    imported: int = 0
    refused: Sequence[str] = ()


def _reflected_here(found: Reflected) -> _Came:
    made = found.synthesis
    given = [GivenShown.model_validate(one) for one in describe_given(found)]
    return _Came(
        documents=[(one.source, shown) for one, shown in zip(found.documents, given, strict=True)],
        corpus=found.corpus,
        reflections=len(made.reflections),
        stages={name: StageShown.model_validate(one) for name, one in describe_stages(found).items()},
        conflicts=len(made.conflicts),
        conflicting=[one.model_dump(mode="json") for one in made.conflicts],
        imported=found.imported,
        refused=found.refused,
    )


def _reflect_there(
    call: Call, documents: Sequence[SourceDocument], terms: Terms, settings: SynthesisSettings, reason: str
) -> _Came:
    with call.client() as client, call.out.progress() as progress:
        done = client.reflect(
            _titled(documents),
            stages=settings.stages,
            most_calls=settings.gathering.most_calls,
            trust=terms.trust,
            tags=terms.tags,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
            audience=terms.audience,
            reason=reason,
        ).wait(progress=progress)
    sources = [one.source for one in documents]
    return _Came(
        documents=list(zip(sources, done.given, strict=False)),
        corpus=done.corpus,
        reflections=done.reflections,
        stages=done.stages,
        conflicts=done.conflicts,
        conflicting=None if done.conflicts else (),
    )


def _titled(documents: Sequence[SourceDocument]) -> list[tuple[str, str, str]]:
    return [(one.title, one.text, one.source) for one in documents]


def _stages(named: list[str] | None) -> tuple[Stage, ...]:
    if unknown := [one for one in named or () if one not in SYNTHESIS]:
        raise InvalidInput(f"--stage {unknown[0]!r} is unknown; it can be {', '.join(SYNTHESIS)}")
    return tuple(one for one in SYNTHESIS if not named or one in named)


def _show_cost(out: Output, cost: ReflectCost) -> None:
    rows = [(one.stage, f"{one.calls:,}", f"{one.tokens_in:,}", f"{one.tokens_out:,}") for one in cost.stages]
    rows.append(("in all", f"{cost.calls:,}", f"{cost.tokens_in:,}", f"{cost.tokens_out:,}"))
    headline = f"{cost.documents:,} documents, {cost.passages:,} passages, {cost.groups:,} groups; about:"
    document: dict[str, object] = {"dry_run": True, **cost.model_dump(mode="json")}
    out.result(document, headline, table(("stage", "requests", "tokens sent", "tokens made"), rows))


def _show(out: Output, came: _Came) -> None:
    """What came of it, in words."""
    conflicting = came.conflicting
    document: dict[str, object] = {
        "documents": [
            {"file": source, "id": one.id, "was_there": one.was_there, "replaces": one.replaces}
            for source, one in came.documents
        ],
        "corpus": came.corpus,
        "reflections": came.reflections,
        "imported": came.imported,
        "stages": {name: one.model_dump(mode="json") for name, one in came.stages.items()},
        "conflicts": None if conflicting is None else list(conflicting),
        "refused": list(came.refused),
    }
    became = [
        (one.id, source, "was there already" if one.was_there else _proposed(one.replaces))
        for source, one in came.documents
    ]
    rows = [
        (stage, f"{one.asked:,}", f"{one.resumed:,}", f"{one.taken:,}", f"{one.rejected:,}")
        for stage, one in came.stages.items()
    ]
    shown = [table(("id", "file", "document"), became[:_SHOWN])] if became else []
    shown += [table(("stage", "requests", "of earlier runs", "reflections", "left out"), rows)] if rows else []
    total = [("documents", f"{came.corpus:,}"), ("reflections", f"{came.reflections:,}")]
    total += [("ready-made", f"{came.imported:,}")] if came.imported else []
    out.result(document, *shown, pairs(total))
    if len(became) > _SHOWN:
        out.note(f"and {len(became) - _SHOWN} more documents; --json names every one")
    _warn(out, came)


def _warn(out: Output, came: _Came) -> None:
    if came.refused:
        out.warn(f"{len(came.refused)} lines could not be used: {'; '.join(came.refused[:3])}")
    if came.conflicts:
        example = f", for example {came.conflicting[0]['question']!r}" if came.conflicting else ""
        out.warn(
            f"{came.conflicts} questions are answered differently by different documents{example}; which of them holds "
            "is for people to say"
        )
    if not came.reflections and not came.imported:
        out.warn("no reflection was made; the bundled generator reads only the bundled world's own sentences")


def _proposed(replaces: str | None) -> str:
    return "proposed" if replaces is None else f"proposed in place of {replaces}"
