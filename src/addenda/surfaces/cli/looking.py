"""``list``, ``show``, ``history``: looking at what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, cast

import typer

from addenda.knowledge_base.finding import Filter, check_statuses, newest, starts
from addenda.knowledge_base.quoting import quoted_evidence
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import (
    JsonOption,
    KbOption,
    SourceOption,
    StatusOption,
    TagOption,
    TokenOption,
    UrlOption,
)
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.cli.remote import described_detail, described_shown, found
from addenda.surfaces.cli.selecting import short_length, short_of
from addenda.surfaces.describing import describe, happened, moment, says, stamp

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id, or a unique beginning of it.")]


def list_(
    status: StatusOption = None,
    tag: TagOption = None,
    source: SourceOption = None,
    search: Annotated[str | None, typer.Option("--search", help="Only those with these words, in any script.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 for all.")] = 50,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List addenda, newest first."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    check_statuses(status or [])
    wanted = Filter(statuses=status or [], tags=tag or [], source=source)
    if call.is_remote:
        with call.client() as client:
            every = [described_shown(one) for one in found(client, wanted, search=search)]
        _show_list(call, every[:limit] if limit else every, len(every), short_of([str(one["id"]) for one in every]))
        return
    now = datetime.now(UTC)
    with call.open() as opened:
        state = opened.state
        records = list(newest(opened.ledger, state, wanted, now, words=search))
        shown = records[:limit] if limit else records
        addenda = opened.ledger.addenda({record.id for record in shown})
        begun = starts(opened.ledger, shown, now)
        short = short_length(state)
    described = [describe(record, addenda.get(record.id), now, begun.get(record.id)) for record in shown]
    _show_list(call, described, len(records), short)


def show(
    addendum_id: IdArgument,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything about one addendum."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if call.is_remote:
        with call.client() as client:
            document = described_detail(client.show(addendum_id))
    else:
        document = _described(call, addendum_id)
    call.out.result(document, pairs([*_content_rows(document), *_evidence_rows(document), *_record_rows(document)]))


def history(
    addendum_id: IdArgument,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to one addendum, in words."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if call.is_remote:
        with call.client() as client:
            told = client.history(addendum_id)
        full, described = told.id, [{**dict(event), "at": stamp(event.at)} for event in told.events]
    else:
        full, described = _happened(call, addendum_id)
    rows = [(str(e["position"]), _when(e["at"]), str(e["by"]), str(e["what"]), str(e["reason"])) for e in described]
    call.out.result({"id": full, "events": described}, table(("event", "when", "who", "what", "why"), rows))


def _show_list(call: Call, described: Sequence[Mapping[str, object]], total: int, short: int) -> None:
    rows = [
        (str(one["id"])[:short], *(str(one[name]) for name in ("status", "says", "source", "author")),
         _when(one["since"]))
        for one in described
    ]  # fmt: skip
    headers = ("id", "status", "says", "source", "author", "since")
    call.out.result({"total": total, "addenda": described}, table(headers, rows) if rows else "nothing fits")
    if len(described) < total:
        call.out.note(f"{len(described)} of {total}; --limit 0 shows all")


def _described(call: Call, addendum_id: str) -> dict[str, object]:
    """Everything about one addendum of the folder, for JSON."""
    now = datetime.now(UTC)
    with call.open() as opened:
        state = opened.state
        record = state.record(state.resolve(addendum_id))
        addendum = opened.ledger.addenda([record.id]).get(record.id)
        start = starts(opened.ledger, [record], now).get(record.id)
        why_failed = opened.why_failed(record.id)
        quoted = () if addendum is None else quoted_evidence(opened.ledger, addendum)
    verdict = record.verdict
    return {
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


def _happened(call: Call, addendum_id: str) -> tuple[str, list[dict[str, object]]]:
    """The full id, and what happened to it, from the folder."""
    with call.open() as opened:
        full = opened.ledger.resolve(addendum_id)
        events = opened.history(full)
    described: list[dict[str, object]] = [
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
    return full, described


def _when(at: object) -> str:
    """A moment of JSON for people; empty for None."""
    return "" if at is None else moment(datetime.fromisoformat(str(at)))


def _content_rows(document: Mapping[str, object]) -> list[tuple[str, str]]:
    content = cast("Mapping[str, object] | None", document["content"])
    if content is None:
        return [("content", says(None))]
    rows = [("kind", str(content["kind"]))]
    for name, value in content.items():
        if name != "kind":
            words = "; ".join(cast("list[str]", value)) if isinstance(value, list) else str(value)
            rows.append((name.replace("_", " "), words))
    return rows


def _evidence_rows(document: Mapping[str, object]) -> list[tuple[str, str]]:
    """The documents that it was taken from, and what they say there; other evidence is named by its id alone."""
    rows: list[tuple[str, str]] = []
    for one in cast("Sequence[Mapping[str, object]]", document["quoted"]):
        if one["status"] == "erased":
            rows.append(("evidence", f"{one['id']}, which was erased; what it said can no longer be shown"))
        elif one["title"] is not None:
            place = "" if one["line"] is None else f", line {one['line']}"
            said = "" if one["sentence"] is None else f": “{one['sentence']}”"
            rows.append(("evidence", f"{one['title']} ({one['status']}){place}{said}"))
    return rows


def _record_rows(document: Mapping[str, object]) -> list[tuple[str, str]]:
    gate = cast("Mapping[str, object] | None", document["gate"])
    approvals = cast("Sequence[Mapping[str, object]]", document["approvals"])
    return [
        ("id", str(document["id"])),
        ("status", str(document["status"])),
        ("since", _when(document["since"])),
        ("source", str(document["source"])),
        ("author", str(document["author"])),
        ("proposed", f"by {document['proposed_by']} at {_when(document['proposed_at'])}"),
        ("approved by", ", ".join(f"{one['by']} at {_when(one['at'])}" for one in approvals)),
        ("gate", "" if gate is None else ("passed" if gate["passed"] else f"failed: {gate['reason']}")),
        ("holds from", _when(document["holds_from"])),
        ("holds until", _when(document["holds_until"])),
        ("audience", _listed(document["audience"])),
        ("trust", str(document["trust"])),
        *((label, _listed(document[name])) for label, name in _LISTS),
        ("last reason", str(document["last_reason"])),
    ]


_LISTS = (
    ("tags", "tags"),
    ("replaces", "supersedes"),
    ("replaced by", "superseded_by"),
    ("derived from", "evidence"),
    ("memories", "memories"),
)


def _listed(value: object) -> str:
    return ", ".join(cast("Sequence[str]", value))
