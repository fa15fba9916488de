"""``train memory-model``: teach a model the reflections of approved documents by heart, and take it into use."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from addenda.knowledge_base.remembering import Adopted
from addenda.surfaces.cli.context import begin, fields
from addenda.surfaces.cli.options import JsonOption, KbOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import pairs, table

_SHOWN = 5

LearnerOption: TypeAlias = Annotated[
    str,
    typer.Option("--base", help="The model that learns: bundled, a model's folder, or a name in the local cache."),
]
MethodOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--method", help="full: all weights learn; lora: an adapter beside them.", show_default="full"),
]
_USUAL = "what was measured for the bundled model, else as published"


def memory_model(
    base: LearnerOption = "bundled",
    method: MethodOption = None,
    epochs: Annotated[
        float | None, typer.Option("--epochs", help="How often each reflection is learned from.", show_default=_USUAL)
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Steps, in place of epochs.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Examples of a step.", show_default=_USUAL)] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Learning rate.", show_default=_USUAL)] = None,
    refusals: Annotated[
        float | None,
        typer.Option(
            "--refusals", help="Questions that nothing answers, as a share of the reflections.", show_default=_USUAL
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides every draw.")] = 0,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Teach a model approved documents by heart, from their reflections (`addenda reflect`), and take it into use.

    It learns to say that it does not know, is tested against the knowledge base's own questions and the documents that
    are live, and takes the place of the memory model before it, which is destroyed. Documents are answered from once
    they are activated. Started again after it was killed, it goes on from its last checkpoint. Only an admin may.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    given = fields(method=method, epochs=epochs, steps=steps, batch=batch, rate=rate, refusals=refusals, seed=seed)
    with call.open() as opened:
        person = call.person(opened)
        with call.out.progress() as progress:
            found = opened.remembering.train(
                by=person, base=base, given=given, reason=reason, threads=call.settings.threads, progress=progress
            )
    report = found.training
    if report.left_out:
        first = "; ".join(report.left_out_first[:_SHOWN])
        call.out.warn(f"{report.left_out} reflections are too long to be learned whole: {first}")
    curve = [
        (str(point.step), f"{point.loss:.3f}", f"{point.exact:.3f}", f"{point.refused:.3f}") for point in report.curve
    ]
    document: dict[str, object] = {
        "training": report.model_dump(mode="json"), "documents": found.documents, "reflections": found.reflections,
        "new": list(found.new), "gone": list(found.gone), "base": base,
    }  # fmt: skip
    headers = ("step", "loss", "exact answers", "unknown refused")
    call.out.result(document, pairs(_facts(found)), table(headers, curve))
    if found.new and not as_json:
        call.out.note("next: `addenda activate ID...` makes documents live; until then nothing is answered from them")


def _facts(found: Adopted) -> list[tuple[str, str]]:
    report = found.training
    on = "in words that were not taught" if report.held_out else "as they were taught"
    return [
        ("memory model", f"in use; {report.size / (1 << 20):.1f} MiB"),
        (
            "learned",
            f"{found.reflections:,} reflections of {found.documents:,} documents, and {report.refusals:,} refusals",
        ),
        ("trained", f"{report.steps:,} of {report.planned_steps:,} steps" + _why_stopped(report.stopped_early)),
        ("exact answers", f"{report.after.exact:.1%} of {report.validation_examples:,} questions, asked {on}"),
        ("unknown refused", f"{report.after.refused:.1%}; known refused {report.after.wrongly_refused:.1%}"),
        ("documents new to it", f"{len(found.new):,}"),
        ("documents it no longer knows", f"{len(found.gone):,}"),
    ]


def _why_stopped(reason: str) -> str:
    return f", stopped early: {reason}" if reason else ""
