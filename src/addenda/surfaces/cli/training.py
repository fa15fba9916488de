"""``train``: teach a model to write or to read triples (from documents in DocRED's format), or documents by heart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from addenda.knowledge_base.skills import TrainingFiles, TrainingReport, skill_of, skill_settings, train_from_files
from addenda.surfaces.cli.context import begin, fields
from addenda.surfaces.cli.memory_models import memory_model
from addenda.surfaces.cli.options import JsonOption
from addenda.surfaces.cli.output import Output, pairs, table

_SHOWN = 5

DocumentsArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DOCUMENTS", help="A JSON array of documents, or one a line; may be packed (gzip).")
]
OutOption: TypeAlias = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder of the adapter: new, empty, or that of the same training.")
]
BaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--model", help="bundled, a model's folder, or a name in the local cache.", show_default="bundled"),
]
ValidationOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--validation", metavar="FILE", help="Documents to validate with.", show_default="some held out"),
]
ShareOption: TypeAlias = Annotated[
    float | None,
    typer.Option("--validation-share", help="Share of the documents that is held out.", show_default="0.1"),
]
RelationsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--relations", metavar="FILE", help='Property ids and names, such as {"P19": "place of birth"}.'),
]
LimitOption: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, help="Take only this many documents, the first.")
]
EpochsOption: TypeAlias = Annotated[
    float | None, typer.Option("--epochs", help="How often every example is learned from.", show_default="2")
]
StepsOption: TypeAlias = Annotated[int | None, typer.Option("--steps", help="Steps, in place of epochs.")]
BatchOption: TypeAlias = Annotated[int | None, typer.Option("--batch", help="Examples of a step.", show_default="96")]
MicroBatchOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--micro-batch", help="Examples computed side by side; less needs less memory.", show_default="4"),
]
RateOption: TypeAlias = Annotated[float | None, typer.Option("--rate", help="Learning rate.", show_default="2e-5")]
RankOption: TypeAlias = Annotated[int | None, typer.Option("--rank", help="Rank of the matrices.", show_default="16")]
AlphaOption: TypeAlias = Annotated[
    int | None, typer.Option("--alpha", help="The adapter counts alpha / rank.", show_default="8")
]
DropoutOption: TypeAlias = Annotated[
    float | None, typer.Option("--dropout", help="Share of inputs left out in training.", show_default="0.1")
]
CutoffOption: TypeAlias = Annotated[
    int | None, typer.Option("--cutoff", help="Tokens of an example at most.", show_default="1024")
]
TargetsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--targets", metavar="NAMES", help="Layers to train beside, parted by commas; else what fits."),
]
CopiesOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--copies", help="Copies of each document under other names.", show_default="write 0, read 2"),
]
SpacedOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--spaced",
        help="Put blanks before names in calls and passages, as the bundled model's tokens need it.",
    ),
]
ScoredOption: TypeAlias = Annotated[
    int | None, typer.Option("--scored", help="Answers of the validation score at most.", show_default="200")
]
SeedOption: TypeAlias = Annotated[int, typer.Option("--seed", help="Decides every draw.")]
CheckpointOption: TypeAlias = Annotated[
    int | None, typer.Option("--checkpoint-every", help="Steps between two checkpoints.", show_default="50")
]


_MORE = """

It learns from documents in DocRED's format. Defaults are the published ones for a model with 7 billion parameters; a
small model needs a higher rate. Started again with the same options after it was killed, it goes on from its last
checkpoint. It needs no knowledge base.
"""
_HELP: Mapping[str, str] = {
    "write": f"Teach a model to write triples: a LoRA adapter on top of it.{_MORE}",
    "read": f"Teach a model to read triples: a LoRA adapter on top of it.{_MORE}",
}


def _command(skill: str) -> Callable[..., None]:
    """The command that teaches a skill."""

    def train(
        documents: DocumentsArgument,
        out: OutOption,
        model: BaseOption = None,
        validation: ValidationOption = None,
        validation_share: ShareOption = None,
        relations: RelationsOption = None,
        limit: LimitOption = None,
        epochs: EpochsOption = None,
        steps: StepsOption = None,
        batch: BatchOption = None,
        micro_batch: MicroBatchOption = None,
        rate: RateOption = None,
        rank: RankOption = None,
        alpha: AlphaOption = None,
        dropout: DropoutOption = None,
        cutoff: CutoffOption = None,
        targets: TargetsOption = None,
        copies: CopiesOption = None,
        spaced: SpacedOption = False,
        scored: ScoredOption = None,
        seed: SeedOption = 0,
        checkpoint_every: CheckpointOption = None,
        as_json: JsonOption = False,
    ) -> None:
        call = begin(None, as_json=as_json, model=model)
        given = fields(
            epochs=epochs, steps=steps, batch=batch, micro_batch=micro_batch, rate=rate, rank=rank, alpha=alpha,
            dropout=dropout, cutoff=cutoff, targets=_names(targets), copies=copies, spaced=spaced, scored=scored,
            seed=seed, checkpoint_every=checkpoint_every, validation_share=validation_share,
        )  # fmt: skip
        taught, chosen = skill_of(skill), skill_settings(skill, given)
        files = TrainingFiles(documents, validation, relations, limit)
        settings = call.settings
        with call.out.progress() as progress:
            trained = train_from_files(
                taught, files, out, chosen, model=settings.model, threads=settings.threads, progress=progress
            )
        report = trained.report
        _warn(call.out, "documents were left out", len(trained.refused), trained.refused)
        _warn(call.out, "examples are too long to be learned whole", report.left_out, report.left_out_first)
        document: dict[str, object] = {
            **report.model_dump(mode="json"), "refused": list(trained.refused), "model": settings.model,
            "directory": str(out), "settings": chosen.model_dump(mode="json"),
        }  # fmt: skip
        measured = table(("on documents held out", "before", "after"), _measured(report))
        call.out.result(document, pairs(_facts(report, out, held_out=validation is None, seed=seed)), measured)

    train.__doc__ = _HELP[skill]
    return train


def _names(listed: str | None) -> list[str] | None:
    return None if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def _warn(out: Output, what: str, count: int, first: Sequence[str]) -> None:
    if count:
        more = " (the first of them)" if count > _SHOWN else ""
        out.warn(f"{count} {what}{more}: {'; '.join(first[:_SHOWN])}")


def _measured(report: TrainingReport) -> list[tuple[str, str, str]]:
    before, after = report.before, report.after
    rows = [("loss per learned token", f"{before.loss:.4f}", f"{after.loss:.4f}")]
    return rows + [(name, _number(before.scores[name]), _number(value)) for name, value in after.scores.items()]


def _number(value: float) -> str:
    return str(int(value)) if value > 1 else f"{value:.4f}"


def _facts(report: TrainingReport, out: Path, *, held_out: bool, seed: int) -> list[tuple[str, str]]:
    drawn = f", held out by seed {seed}" if held_out else ""
    name = f"ADDENDA_{report.skill.upper()}_ADAPTER"
    return [
        ("skill", report.skill),
        ("trained with", f"{report.documents} documents, {report.examples} examples an epoch, {report.steps} steps"),
        ("validated with", f"{report.validation_documents} documents{drawn}, {report.validation_examples} examples"),
        ("layers", ", ".join(report.targets)),
        ("adapter", f"{out}, {report.size / (1 << 20):.1f} MiB"),
        ("to use it", f"set {name}={out}, or keep it as adapters/{report.skill} beside the model's weights"),
    ]


train = typer.Typer()
for _skill in _HELP:
    train.command(_skill)(_command(_skill))
train.command("memory-model")(memory_model)
