"""``test`` and ``activate``: the commands that run the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import typer

from addenda.errors import Conflict, GateFailed
from addenda.gate import CaseResult, QuestionResult, Report
from addenda.knowledge_base import KnowledgeBase, Record
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import (
    AllOption,
    DryRunOption,
    IdsOrAllArgument,
    JsonOption,
    KbOption,
    ModelOption,
    SourceOption,
    StatusOption,
    TagOption,
    TokenOption,
)
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.selecting import Wanted, select
from addenda.surfaces.describing import says
from addenda.types import Status

_SHOWN = 20
_TESTABLE: tuple[Status, ...] = ("approved",)
_READY: tuple[Status, ...] = ("approved", "tested")


def gate(
    ids: IdsOrAllArgument = None,
    take_all: AllOption = False,
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Run the gate on approved changes.

    They are tested as one batch, the verdicts are recorded, and nothing becomes live. Exit code 4 when any change
    fails; it stays behind with the reason.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=model)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    with call.open() as opened:
        person = call.person(opened)
        chosen = select(opened.state, wanted, usual=_TESTABLE, also=_carried(opened))
        if dry_run or not chosen:
            _preview(call, opened, chosen, "would be tested", dry_run=dry_run)
            return
        with call.out.progress() as progress:
            report = opened.activation.test(chosen, by=person, progress=progress)
        names = _names(opened, chosen)
    _show_failures(call, report, names)
    document: dict[str, object] = {"dry_run": False, "passed": list(report.passed), "failed": list(report.failed)}
    document["report"] = report.model_dump(mode="json")
    call.out.result(document, f"{len(report.passed)} passed the gate, {len(report.failed)} failed")
    _exit(len(report.failed), 0)


def activate(
    ids: IdsOrAllArgument = None,
    take_all: AllOption = False,
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make approved changes live; what was not tested yet is tested first.

    So is what was tested before other knowledge changed. Changes that fail the gate stay behind with the reason, and
    the others go live: exit code 4. Changes that replace something nobody has looked at go back to review: exit code 3
    when no change failed.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=model)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    with call.open() as opened:
        person = call.person(opened)
        chosen = select(opened.state, wanted, usual=_READY, also=_carried(opened))
        if dry_run or not chosen:
            _preview(call, opened, chosen, "would be tested where needed, and made live", dry_run=dry_run)
            return
        with call.out.progress() as progress:
            done = opened.activation.activate(chosen, by=person, progress=progress)
        names = _names(opened, chosen)
    if done.report is not None:
        _show_failures(call, done.report, names)
    document: dict[str, object] = {
        "dry_run": False,
        "active": list(done.active),
        "superseded": list(done.superseded),
        "gate_failed": list(done.gate_failed),
        "needs_review": list(done.needs_review),
        "report": None if done.report is None else done.report.model_dump(mode="json"),
    }
    words = (
        f"{len(done.active)} live, replacing {len(done.superseded)}; {len(done.gate_failed)} failed the gate, "
        f"{len(done.needs_review)} went back to review"
    )
    call.out.result(document, words)
    _exit(len(done.gate_failed), len(done.needs_review))


def _carried(kb: KnowledgeBase) -> Callable[[Record], bool]:
    """Whether a memory can take it; a document that no memory model was trained on stays what it is, evidence."""
    learned = kb.remembering.learned()
    return lambda record: record.kind != "document" or record.id in learned


def _preview(call: Call, kb: KnowledgeBase, chosen: Sequence[str], headline: str, *, dry_run: bool) -> None:
    state, now = kb.state, datetime.now(UTC)
    if not chosen:
        call.out.result(
            {"dry_run": dry_run, "ids": []}, "nothing is waiting for this; `addenda list` shows what there is"
        )
        return
    names = _names(kb, chosen)
    rows = [(i, state.record(i).status(now), names[i]) for i in chosen[:_SHOWN]]
    document: dict[str, object] = {"dry_run": True, "ids": list(chosen)}
    call.out.result(document, f"{headline}: {len(chosen)}", table(("id", "status now", "says"), rows))


def _names(kb: KnowledgeBase, ids: Sequence[str]) -> dict[str, str]:
    addenda = kb.ledger.addenda(ids)
    return {i: says(addenda[i].content if i in addenda else None) for i in ids}


def _show_failures(call: Call, report: Report, names: dict[str, str]) -> None:
    """The changes that failed with their reasons, and the suite's questions that did; on stderr."""
    failed = [result for result in report.results if not result.passed]
    if failed:
        rows = [(r.addendum_id, names[r.addendum_id], _measures(r), r.reason) for r in failed[:_SHOWN]]
        call.out.show(table(("failed", "says", "measured", "why"), rows))
    if len(failed) > _SHOWN:
        call.out.note(f"and {len(failed) - _SHOWN} more; --json names every one")
    wrong = [question for question in report.suite if not question.passed]
    if wrong:
        call.out.show(table(("question", "before", "after", "expected"), map(_suite_row, wrong[:_SHOWN])))


def _measures(result: CaseResult) -> str:
    return ", ".join(f"{name} {share:.2f}" for name, share in result.shares.items())


def _suite_row(question: QuestionResult) -> tuple[str, str, str, str]:
    expected = "as before" if question.expected is None else question.expected
    return question.question, question.before, question.after, expected


def _exit(failed: int, needs_review: int) -> None:
    if failed:
        raise typer.Exit(GateFailed.exit_code)
    if needs_review:
        raise typer.Exit(Conflict.exit_code)
