"""How decisions are shown: what would be decided, and how things stand afterwards; of a folder and of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias, cast

from addenda.client import Client
from addenda.client.replies import AddendumDetail
from addenda.knowledge_base import REMAINS, KnowledgeBase, Person, Stage, check_move, require
from addenda.surfaces.cli import remote
from addenda.surfaces.cli.context import Call
from addenda.surfaces.cli.output import table
from addenda.surfaces.describing import says
from addenda.types import Status

Kind: TypeAlias = Literal["approved", "rejected", "disabled", "enabled", "retired", "window_closed", "erased"]
"""Kinds of events that these commands append."""

_MANY = 20


def said_by(kb: KnowledgeBase, ids: Sequence[str]) -> dict[str, str]:
    """What these say now, by id."""
    addenda = kb.ledger.addenda(ids)
    return {i: says(addenda[i].content if i in addenda else None) for i in ids}


def show_outcome(
    call: Call,
    document: dict[str, object],
    rows: Sequence[tuple[str, str]],
    said: Mapping[str, str],
    remaining: Sequence[str],
) -> None:
    """Show how addenda stand after a decision, and what a memory model still has of those that were erased."""
    shown = rows[:_MANY]
    lines = [(i, status, said[i]) for i, status in shown]
    if remaining:
        document["remaining_in_weights"] = list(remaining)
    call.out.result({"dry_run": False, **document}, table(("id", "status", "says"), lines))
    if remaining:
        call.out.note(REMAINS.format(count=len(remaining)))
    if len(shown) < len(rows):
        call.out.note(f"{len(rows)} in all; --json names every one")


def preview(call: Call, kb: KnowledgeBase, chosen: Sequence[str], person: Person, kind: Kind, headline: str) -> None:
    """Show what would be decided, after the same questions of role and status that the real thing asks."""
    state, now = kb.state, datetime.now(UTC)
    if kind != "rejected":
        require(state, person, kind)
    for i in chosen:
        record = state.record(i)
        check_move(i, record.stage, record.status(now), kind)
    said = said_by(kb, chosen)
    _show_rows(call, [(i, state.record(i).status(now), said[i]) for i in chosen], headline)


def preview_there(call: Call, client: Client, chosen: Sequence[AddendumDetail], kind: Kind, headline: str) -> None:
    """Show what would be decided on a server, after the same questions of role and status."""
    if kind != "rejected":
        remote.check_role(client, kind)
    for one in chosen:
        # What has ended or was replaced is, as a stage, still active: both follow from the clock.
        stage = cast("Stage", "active" if one.status in ("expired", "superseded") else one.status)
        check_move(one.id, stage, cast("Status", one.status), kind)
    _show_rows(call, remote.standing(chosen), headline)


def _show_rows(call: Call, rows: Sequence[tuple[str, str, str]], headline: str) -> None:
    document: dict[str, object] = {"dry_run": True, "ids": [row[0] for row in rows]}
    call.out.result(document, f"{headline}: {len(rows)}", table(("id", "status now", "says"), rows[:_MANY]))
