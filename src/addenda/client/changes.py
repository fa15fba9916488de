"""The life of a change: proposing, looking, deciding, and taking back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from pydantic import Field, JsonValue

from addenda.client.replies import (
    AddendaPage,
    AddendumDetail,
    AddendumShown,
    Decided,
    History,
    ProposalOutcome,
    Proposed,
)
from addenda.client.requests import Listing, change, create, get, given, part
from addenda.client.rule_replies import HeadShown
from addenda.client.steps import Steps
from addenda.errors import InvalidInput, Moved
from addenda.types import EVERYONE, Content, Frozen, Moment, Status, Trust

PAGE = 200
"""Addenda that are read at a time."""

One: TypeAlias = str | AddendumShown
"""An addendum that is decided about: as it was seen, or by its id (or a unique beginning), as it is now."""

Which: TypeAlias = One | Sequence[One]
"""One addendum, or several, of which all are decided about or none."""


class Draft(Frozen):
    """What is to be proposed."""

    content: Content
    source: str = Field(default="api", min_length=1, max_length=500)
    """Where it comes from."""
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    """First instant at which it holds no longer."""
    audience: tuple[str, ...] = (EVERYONE,)
    evidence: tuple[str, ...] = ()
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """For notes and documents: ids of those that it replaces."""


def propose(
    content: Content,
    *,
    source: str = "api",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    audience: Sequence[str] = (EVERYONE,),
    evidence: Sequence[str] = (),
    trust: Trust = "normal",
    tags: Sequence[str] = (),
    replaces: Sequence[str] = (),
    reason: str = "",
    dry_run: bool = False,
    key: str | None = None,
) -> Steps[ProposalOutcome]:
    """Propose one piece of knowledge. It is durable when this returns, and live only after others have approved it.

    Args:
        content: A fact, an edit, a note or a document of :mod:`addenda.types`.
        source: Where it comes from.
        valid_from: First instant at which it holds.
        valid_until: First instant at which it holds no longer.
        audience: Who may be answered from it.
        evidence: Ids of what it was derived from.
        trust: How far the source is trusted.
        tags: Labels.
        replaces: For notes and documents: ids of those that it replaces.
        reason: Why; it stays in the history.
        dry_run: Only tell what would become of it.
        key: Names this request, so that a later call with it does not propose again; made anew when None.

    Raises InvalidInput, PermissionDenied, ServerUnavailable.
    """
    draft = Draft(
        content=content,
        source=source,
        valid_from=valid_from,
        valid_until=valid_until,
        audience=tuple(audience),
        evidence=tuple(evidence),
        trust=trust,
        tags=tuple(tags),
        replaces=tuple(replaces),
    )
    made = yield from propose_all([draft], reason=reason, dry_run=dry_run, key=key)
    return made.outcomes[0]


def propose_all(
    drafts: Sequence[Draft], *, reason: str = "", dry_run: bool = False, key: str | None = None
) -> Steps[Proposed]:
    """Propose several pieces of knowledge: all of them, or none. Arguments and errors as for ``propose``."""
    body = given(addenda=drafts, reason=reason, dry_run=dry_run)
    return (yield from create(Proposed, "/addenda", body, key))


def list_(
    *,
    status: Sequence[Status] = (),
    kind: Sequence[str] = (),
    tag: Sequence[str] = (),
    source: str | None = None,
    search: str | None = None,
) -> Listing[AddendumShown]:
    """Go through addenda, newest first; pages are read as they are needed.

    Args:
        status: Only with one of these statuses.
        kind: Only of these kinds.
        tag: Only with one of these labels.
        source: Only from sources that begin like this.
        search: Only with these words, in any script.
    """

    def page(cursor: str | None) -> Steps[tuple[tuple[AddendumShown, ...], str | None]]:
        several = {"status": list(status), "kind": list(kind), "tag": list(tag)}
        single = {"source": source, "search": search, "cursor": cursor, "limit": str(PAGE)}
        params = {**several, **{name: value for name, value in single.items() if value is not None}}
        found = yield from get(AddendaPage, "/addenda", params)
        return tuple(one.model_copy(update={"seen": found.position}) for one in found.addenda), found.next

    return Listing(page)


def show(addendum_id: str) -> Steps[AddendumDetail]:
    """Everything about one addendum. Raises UnknownId."""
    return (yield from get(AddendumDetail, f"/addenda/{part(addendum_id)}"))


def history(addendum_id: str) -> Steps[History]:
    """What happened to one addendum, in words. Raises UnknownId."""
    return (yield from get(History, f"/addenda/{part(addendum_id)}/history"))


def approve(which: Which, *, reason: str = "") -> Steps[Decided]:
    """Approve proposals, under the policy in force; nobody approves their own.

    What was seen (an addendum of ``list`` or ``show``) is approved only if it has not changed since; what is named by
    its id is approved as it is. This holds for every decision.

    Raises Moved (naming what changed), Conflict, PermissionDenied, UnknownId, ServerUnavailable.
    """
    return (yield from _decide("approve", which, given(reason=reason)))


def reject(which: Which, *, reason: str) -> Steps[Decided]:
    """Reject proposals, for a reason; a proposer may withdraw their own like this. Raises as ``approve``."""
    return (yield from _decide("reject", which, given(reason=reason)))


def review(which: Which, *, reason: str) -> Steps[Decided]:
    """Send proposals back to review: earlier approvals and tests no longer count. Raises as ``approve``."""
    return (yield from _decide("review", which, given(reason=reason)))


def disable(which: Which, *, reason: str = "") -> Steps[Decided]:
    """Switch live addenda off until they are enabled, for questions about the past too. Raises as ``approve``."""
    return (yield from _decide("disable", which, given(reason=reason)))


def enable(which: Which, *, reason: str = "") -> Steps[Decided]:
    """Switch disabled addenda on again. Raises as ``approve``."""
    return (yield from _decide("enable", which, given(reason=reason)))


def rollback(which: Which, *, reason: str = "") -> Steps[Decided]:
    """Take addenda back for good; what they replaced holds again. Raises as ``approve``."""
    return (yield from _decide("rollback", which, given(reason=reason)))


def expire(which: Which, *, until: datetime | None = None, reason: str = "") -> Steps[Decided]:
    """End the validity of addenda, now or at a moment; before it they remain valid. Raises as ``approve``."""
    return (yield from _decide("expire", which, given(until=until, reason=reason)))


def erase(which: Which, *, reason: str) -> Steps[Decided]:
    """Destroy the content of addenda, here and in the memories; who and when remain. This cannot be undone.

    Raises as ``approve``.
    """
    return (yield from _decide("erase", which, given(reason=reason)))


def _decide(verb: str, which: Which, body: dict[str, JsonValue]) -> Steps[Decided]:
    items = [which] if isinstance(which, str | AddendumShown) else list(which)
    if not items:
        raise InvalidInput(f"no addenda were named to {verb}; give ids, or addenda that were listed")
    if len(items) == 1:
        one = items[0]
        seen = (yield from show(one)) if isinstance(one, str) else one
        return (yield from change(Decided, "POST", f"/addenda/{seen.id}/{verb}", body, seen=seen.version))
    position = yield from _seen(items)
    ids = [one if isinstance(one, str) else one.id for one in items]
    return (yield from change(Decided, "POST", f"/addenda/{verb}", {**body, **given(ids=ids)}, seen=position))


def _seen(items: Sequence[One]) -> Steps[int]:
    """The position up to which everything about these was seen; what was seen before it is looked at again."""
    positions = {one.seen if isinstance(one, AddendumShown) else None for one in items}
    if len(positions) == 1 and (only := positions.pop()) is not None:
        return only
    head = yield from get(HeadShown, "/head")
    for one in items:
        if isinstance(one, AddendumShown) and one.seen < head.position:
            now = yield from show(one.id)
            if now.version != one.version:
                raise Moved(
                    f"{one.id!r} has changed: you saw it {one.status} at position {one.version}, and it is "
                    f"{now.status} since {now.version}; look at it again"
                )
    return head.position
