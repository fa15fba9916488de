"""``train memory-model``: teach a model the reflections of approved documents by heart, and take it into use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import typer

from addenda.client.job_replies import TrainResult
from addenda.errors import InvalidInput
from addenda.knowledge_base.remembering import Adopted, Strategy
from addenda.surfaces.cli.context import begin, fields
from addenda.surfaces.cli.options import JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import Output, pairs, table

_SHOWN = 5
UPDATES: tuple[Strategy, ...] = ("joint", "replay", "merge", "average_then_steps", "sequential")
"""How a memory model can be made; ``sequential`` forgets what it knew and is there to be compared with."""

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
    update: Annotated[
        str | None,
        typer.Option(
            "--update",
            help=f"How: {', '.join(UPDATES)}.",
            show_default="replay where documents were only added, else joint: everything anew",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides every draw.")] = 0,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Teach a model approved documents by heart, from their reflections (`addenda reflect`), and take it into use.

    It learns to say that it does not know, is tested against the knowledge base's own questions and the documents that
    are live, and takes the place of the memory model before it, which is destroyed. Documents are answered from once
    they are activated. Started again after it was killed, it goes on from its last checkpoint. Only an admin may.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    strategy = _strategy(update)
    if call.is_remote:
        with call.client() as client, call.out.progress() as progress:
            done = client.train(
                base=base, method=_method(method), update=strategy, epochs=epochs, steps=steps, batch=batch, rate=rate,
                refusals=refusals, seed=seed, reason=reason,
            ).wait(progress=progress)  # fmt: skip
        _show(call.out, {"training": None, **_document(done, base)}, _facts_there(done), [])
        return
    given = fields(method=method, epochs=epochs, steps=steps, batch=batch, rate=rate, refusals=refusals, seed=seed)
    with call.open() as opened:
        person = call.person(opened)
        with call.out.progress() as progress:
            found = opened.remembering.train(
                by=person, base=base, given=given, strategy=strategy, reason=reason,
                threads=call.settings.threads, progress=progress,
            )  # fmt: skip
    report = found.training
    if report.left_out:
        first = "; ".join(report.left_out_first[:_SHOWN])
        call.out.warn(f"{report.left_out} reflections are too long to be learned whole: {first}")
    curve = [
        (str(point.step), f"{point.loss:.3f}", f"{point.exact:.3f}", f"{point.refused:.3f}") for point in report.curve
    ]
    told = TrainResult(
        strategy=found.strategy, documents=found.documents, reflections=found.reflections, new=found.new,
        gone=found.gone, steps=report.steps, exact=report.after.exact, refused=report.after.refused,
    )  # fmt: skip
    document: dict[str, object] = {"training": report.model_dump(mode="json"), **_document(told, base)}
    _show(call.out, document, _facts(found), curve)


def _document(told: TrainResult, base: str) -> dict[str, object]:
    """What came of it, for JSON."""
    return {
        "documents": told.documents, "reflections": told.reflections, "strategy": told.strategy,
        "new": list(told.new), "gone": list(told.gone), "base": base,
    }  # fmt: skip


def _show(
    out: Output,
    document: Mapping[str, object],
    facts: Sequence[tuple[str, str]],
    curve: Sequence[tuple[str, str, str, str]],
) -> None:
    """What came of it; what a server measured in full stays there."""
    headers = ("step", "loss", "exact answers", "unknown refused")
    out.result(document, pairs(facts), *([table(headers, curve)] if curve else []))
    if document["new"] and not out.as_json:
        out.note("next: `addenda activate ID...` makes documents live; until then nothing is answered from them")


def _facts_there(done: TrainResult) -> list[tuple[str, str]]:
    return [
        ("made", _made(done.strategy)),
        ("memory model", "in use on the server"),
        ("learned", f"{done.reflections:,} reflections of {done.documents:,} documents"),
        ("trained", f"{done.steps:,} steps"),
        ("exact answers", f"{done.exact:.1%}"),
        ("unknown refused", f"{done.refused:.1%}"),
        ("documents new to it", f"{len(done.new):,}"),
        ("documents it no longer knows", f"{len(done.gone):,}"),
    ]


def _made(strategy: str) -> str:
    return "anew" if strategy == "joint" else f"from the one before, by {strategy}"


def _method(named: str | None) -> Literal["full", "lora"] | None:
    if named is not None and named not in ("full", "lora"):
        raise InvalidInput(f"--method {named!r} is unknown; it can be full or lora")
    return named


def _strategy(named: str | None) -> Strategy | None:
    if named is not None and named not in UPDATES:
        raise InvalidInput(f"--update {named!r} is unknown; it can be {', '.join(UPDATES)}")
    return named


def _facts(found: Adopted) -> list[tuple[str, str]]:
    report = found.training
    on = "in words that were not taught" if report.held_out else "as they were taught"
    return [
        ("made", _made(found.strategy)),
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
