"""``test`` and ``activate``: the commands that run the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypedDict, cast

import typer

from addenda.client import Client
from addenda.client.replies import AddendumDetail
from addenda.errors import Conflict, GateFailed
from addenda.gate import QuestionResult, Report
from addenda.knowledge_base import KnowledgeBase, Record
from addenda.surfaces.cli import remote
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
    UrlOption,
)
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.selecting import Wanted, select
from addenda.surfaces.describing import says
from addenda.types import Status

_SHOWN = 20
_WOULD_TEST = "would be tested"
_WOULD_ACTIVATE = "would be tested where needed, and made live"
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
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Run the gate on approved changes.

    They are tested as one batch, the verdicts are recorded, and nothing becomes live. Exit code 4 when any change
    fails; it stays behind with the reason.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model)
    call.refuse_remote(model=model)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    if call.is_remote:
        _gate_there(call, wanted, dry_run=dry_run)
        return
    with call.open() as opened:
        person = call.person(opened)
        chosen = select(opened.state, wanted, usual=_TESTABLE, also=_carried(opened))
        if dry_run or not chosen:
            _preview(call, _standing(opened, chosen), _WOULD_TEST, dry_run=dry_run)
            return
        with call.out.progress() as progress:
            report = opened.activation.test(chosen, by=person, progress=progress)
        names = _names(opened, chosen)
    _show_failures(call, report, names)
    document: dict[str, object] = {"dry_run": False, "passed": list(report.passed), "failed": list(report.failed)}
    document["report"] = report.model_dump(mode="json")
    _show_tested(call, document, len(report.passed), len(report.failed))


def activate(
    ids: IdsOrAllArgument = None,
    take_all: AllOption = False,
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make approved changes live; what was not tested yet is tested first.

    So is what was tested before other knowledge changed. Changes that fail the gate stay behind with the reason, and
    the others go live: exit code 4. Changes that replace something nobody has looked at go back to review: exit code 3
    when no change failed.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model)
    call.refuse_remote(model=model)
    wanted = Wanted(ids or (), take_all, status or (), tag or (), source)
    if call.is_remote:
        _activate_there(call, wanted, dry_run=dry_run)
        return
    with call.open() as opened:
        person = call.person(opened)
        chosen = select(opened.state, wanted, usual=_READY, also=_carried(opened))
        if dry_run or not chosen:
            _preview(call, _standing(opened, chosen), _WOULD_ACTIVATE, dry_run=dry_run)
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
    _show_activated(call, document)


def _gate_there(call: Call, wanted: Wanted, *, dry_run: bool) -> None:
    """Run the gate on a server; its report stays there, and the reasons come back."""
    with call.client() as client:
        remote.check_role(client, "gate_judged")
        chosen = remote.select(client, wanted, usual=_TESTABLE)
        if dry_run or not chosen:
            _preview(call, remote.standing(chosen), _WOULD_TEST, dry_run=dry_run)
            return
        with call.out.progress() as progress:
            done = client.test(**_meant(wanted, chosen)).wait(progress=progress)
        _show_failures_there(call, client, done.failed)
    document: dict[str, object] = {"dry_run": False, "passed": list(done.passed), "failed": list(done.failed)}
    _show_tested(call, {**document, "report": None}, len(done.passed), len(done.failed))


def _activate_there(call: Call, wanted: Wanted, *, dry_run: bool) -> None:
    """Make changes live on a server."""
    with call.client() as client:
        remote.check_role(client, "activating")
        chosen = remote.select(client, wanted, usual=_READY)
        if dry_run or not chosen:
            _preview(call, remote.standing(chosen), _WOULD_ACTIVATE, dry_run=dry_run)
            return
        with call.out.progress() as progress:
            done = client.activate(**_meant(wanted, chosen)).wait(progress=progress)
        _show_failures_there(call, client, done.gate_failed)
    _show_activated(call, {"dry_run": False, **done.model_dump(mode="json"), "report": None})


class _Meant(TypedDict, total=False):
    """Which changes a job is about."""

    ids: Sequence[str]
    all: bool
    tags: Sequence[str]
    source: str | None


def _meant(wanted: Wanted, chosen: Sequence[AddendumDetail]) -> _Meant:
    """All that wait, as the server finds them (it knows which documents a model was taught), or those named."""
    if wanted.all and not wanted.statuses:
        return _Meant(all=True, tags=wanted.tags, source=wanted.source)
    return _Meant(ids=[one.id for one in chosen])


def _show_tested(call: Call, document: Mapping[str, object], passed: int, failed: int) -> None:
    call.out.result(document, f"{passed} passed the gate, {failed} failed")
    _exit(failed, 0)


def _show_activated(call: Call, document: Mapping[str, object]) -> None:
    names = ("active", "superseded", "gate_failed", "needs_review")
    live, replaced, failed, sent_back = (len(cast("Sequence[str]", document[name])) for name in names)
    words = f"{live} live, replacing {replaced}; {failed} failed the gate, {sent_back} went back to review"
    call.out.result(document, words)
    _exit(failed, sent_back)


def _carried(kb: KnowledgeBase) -> Callable[[Record], bool]:
    """Whether a memory can take it; a document that no memory model was trained on stays what it is, evidence."""
    learned = kb.remembering.learned()
    return lambda record: record.kind != "document" or record.id in learned


def _standing(kb: KnowledgeBase, chosen: Sequence[str]) -> list[tuple[str, str, str]]:
    """How these stand, and what they say."""
    state, now, names = kb.state, datetime.now(UTC), _names(kb, chosen)
    return [(i, state.record(i).status(now), names[i]) for i in chosen]


def _preview(call: Call, rows: Sequence[tuple[str, str, str]], headline: str, *, dry_run: bool) -> None:
    if not rows:
        call.out.result(
            {"dry_run": dry_run, "ids": []}, "nothing is waiting for this; `addenda list` shows what there is"
        )
        return
    document: dict[str, object] = {"dry_run": True, "ids": [row[0] for row in rows]}
    call.out.result(document, f"{headline}: {len(rows)}", table(("id", "status now", "says"), rows[:_SHOWN]))


def _names(kb: KnowledgeBase, ids: Sequence[str]) -> dict[str, str]:
    addenda = kb.ledger.addenda(ids)
    return {i: says(addenda[i].content if i in addenda else None) for i in ids}


def _show_failures(call: Call, report: Report, names: dict[str, str]) -> None:
    """The changes that failed with their reasons, and the suite's questions that did; on stderr."""
    failed = [result for result in report.results if not result.passed]
    rows = [(r.addendum_id, names[r.addendum_id], _measures(r.shares), r.reason) for r in failed[:_SHOWN]]
    _show_failed(call, rows, len(failed))
    wrong = [question for question in report.suite if not question.passed]
    if wrong:
        call.out.show(table(("question", "before", "after", "expected"), map(_suite_row, wrong[:_SHOWN])))


def _show_failures_there(call: Call, client: Client, failed: Sequence[str]) -> None:
    """The changes that failed on a server, with their reasons; on stderr."""
    found = [client.show(i) for i in failed[:_SHOWN]]
    rows = [
        (
            one.id,
            one.says,
            "" if one.gate is None else _measures(one.gate.scores),
            "" if one.gate is None else one.gate.reason,
        )
        for one in found
    ]
    _show_failed(call, rows, len(failed))


def _show_failed(call: Call, rows: Sequence[tuple[str, str, str, str]], count: int) -> None:
    if rows:
        call.out.show(table(("failed", "says", "measured", "why"), rows))
    if count > len(rows):
        call.out.note(f"and {count - len(rows)} more; --json names every one")


def _measures(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())


def _suite_row(question: QuestionResult) -> tuple[str, str, str, str]:
    expected = "as before" if question.expected is None else question.expected
    return question.question, question.before, question.after, expected


def _exit(failed: int, needs_review: int) -> None:
    if failed:
        raise typer.Exit(GateFailed.exit_code)
    if needs_review:
        raise typer.Exit(Conflict.exit_code)
