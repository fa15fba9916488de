"""``list``, ``show``, ``history``: looking at what there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, cast

import typer

from addenda.knowledge_base import Record
from addenda.knowledge_base.finding import Filter, check_statuses, newest, starts
from addenda.knowledge_base.quoting import Quoted, quoted_evidence
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import JsonOption, KbOption, SourceOption, StatusOption, TagOption
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.cli.selecting import short_length
from addenda.surfaces.describing import describe, happened, moment, says, stamp
from addenda.types import Addendum

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id, or a unique beginning of it.")]


def list_(
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    search: Annotated[str | None, typer.Option("--search", help="Only those with these words, in any script.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 for all.")] = 50,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """List addenda, newest first."""
    call = begin(kb, as_json=as_json)
    check_statuses(status or [])
    wanted = Filter(statuses=status or [], tags=tag or [], source=source)
    now = datetime.now(UTC)
    with call.open() as opened:
        state = opened.state
        records = list(newest(opened.ledger, state, wanted, now, words=search))
        shown = records[:limit] if limit else records
        addenda = opened.ledger.addenda({record.id for record in shown})
        begun = starts(opened.ledger, shown, now)
        short = short_length(state)
    described = [describe(record, addenda.get(record.id), now, begun.get(record.id)) for record in shown]
    rows = [
        (r.id[:short], r.status(now), says(addenda[r.id].content if r.id in addenda else None), r.source, r.author,
         moment(begun.get(r.id)))
        for r in shown
    ]  # fmt: skip
    headers = ("id", "status", "says", "source", "author", "since")
    call.out.result({"total": len(records), "addenda": described}, table(headers, rows) if rows else "nothing fits")
    if len(shown) < len(records):
        call.out.note(f"{len(shown)} of {len(records)}; --limit 0 shows all")


def show(addendum_id: IdArgument, kb: KbOption = None, as_json: JsonOption = False) -> None:
    """Show everything about one addendum."""
    call = begin(kb, as_json=as_json)
    now = datetime.now(UTC)
    with call.open() as opened:
        state = opened.state
        record = state.record(state.resolve(addendum_id))
        addendum = opened.ledger.addenda([record.id]).get(record.id)
        start = starts(opened.ledger, [record], now).get(record.id)
        why_failed = opened.why_failed(record.id)
        quoted = () if addendum is None else quoted_evidence(opened.ledger, addendum)
    verdict = record.verdict
    document = {
        **describe(record, addendum, now, start),
        "proposed_by": str(record.proposer),
        "proposed_at": stamp(record.proposed_at),
        "evidence": list(record.evidence),
        "quoted": [
            {"id": q.id, "status": q.status, "title": q.title, "line": q.line, "sentence": q.sentence} for q in quoted
        ],
        "supersedes": list(record.supersedes),
        "superseded_by": list(record.superseded_by),
        "approvals": [{"by": str(a.by), "at": stamp(a.at), "rule": a.rule} for a in record.approvals],
        "gate": None
        if verdict is None
        else {
            "passed": verdict.passed, "reason": why_failed, "scores": dict(verdict.scores), "at": stamp(verdict.at)
        },
        "holds_from": stamp(record.starts),
        "holds_until": stamp(record.ends),
        "memories": list(record.memories),
        "artefacts": dict(record.deliveries),
        "last_reason": record.last_reason,
    }  # fmt: skip
    rows = [*_content_rows(addendum), *_evidence_rows(quoted), *_record_rows(record, start, now, why_failed)]
    call.out.result(document, pairs(rows))


def history(addendum_id: IdArgument, kb: KbOption = None, as_json: JsonOption = False) -> None:
    """Show what happened to one addendum, in words."""
    call = begin(kb, as_json=as_json)
    with call.open() as opened:
        full = opened.ledger.resolve(addendum_id)
        events = opened.history(full)
    described = [
        {
            "position": event.position,
            "at": stamp(event.at),
            "by": str(event.actor),
            "kind": event.body.kind,
            "what": happened(event, full),
            "reason": event.reason,
            "hash": event.hash,
        }
        for event in events
    ]
    rows = [(str(e.position), moment(e.at), str(e.actor), happened(e, full), e.reason) for e in events]
    call.out.result({"id": full, "events": described}, table(("event", "when", "who", "what", "why"), rows))


def _content_rows(addendum: Addendum | None) -> list[tuple[str, str]]:
    if addendum is None:
        return [("content", says(None))]
    rows = [("kind", addendum.content.kind)]
    for name, value in addendum.content:
        if name != "kind":
            words = "; ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)
            rows.append((name.replace("_", " "), words))
    return rows


def _evidence_rows(quoted: Sequence[Quoted]) -> list[tuple[str, str]]:
    """The documents that it was taken from, and what they say there; other evidence is named by its id alone."""
    rows: list[tuple[str, str]] = []
    for one in quoted:
        if one.status == "erased":
            rows.append(("evidence", f"{one.id}, which was erased; what it said can no longer be shown"))
        elif one.title is not None:
            place = "" if one.line is None else f", line {one.line}"
            said = "" if one.sentence is None else f": “{one.sentence}”"
            rows.append(("evidence", f"{one.title} ({one.status}){place}{said}"))
    return rows


def _record_rows(record: Record, start: datetime | None, now: datetime, why_failed: str) -> list[tuple[str, str]]:
    verdict = record.verdict
    return [
        ("id", record.id),
        ("status", record.status(now)),
        ("since", moment(start)),
        ("source", record.source),
        ("author", record.author),
        ("proposed", f"by {record.proposer} at {moment(record.proposed_at)}"),
        ("approved by", ", ".join(f"{a.by} at {moment(a.at)}" for a in record.approvals)),
        ("gate", "" if verdict is None else ("passed" if verdict.passed else f"failed: {why_failed}")),
        ("holds from", moment(record.starts)),
        ("holds until", moment(record.ends)),
        ("audience", ", ".join(record.audience)),
        ("trust", record.trust),
        ("tags", ", ".join(record.tags)),
        ("replaces", ", ".join(record.supersedes)),
        ("replaced by", ", ".join(record.superseded_by)),
        ("derived from", ", ".join(record.evidence)),
        ("memories", ", ".join(record.memories)),
        ("last reason", record.last_reason),
    ]
