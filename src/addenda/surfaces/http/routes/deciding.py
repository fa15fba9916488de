"""Deciding about proposals, and taking back what is live: one addendum, or several, all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from fastapi import Response

from addenda.knowledge_base import KnowledgeBase, require
from addenda.knowledge_base.seeing import Seen
from addenda.surfaces.http.access import Caller, CallerDep
from addenda.surfaces.http.conditions import IfMatch, seen_many, seen_one, tag
from addenda.surfaces.http.routes.addenda import AddendumId
from addenda.surfaces.http.routing import CONDITIONAL, DECIDING, kb_router
from addenda.surfaces.http.shapes.addenda import receipt
from addenda.surfaces.http.shapes.deciding import (
    Because,
    BecauseForSeveral,
    Decided,
    Ending,
    EndingForSeveral,
    Reason,
    ReasonForSeveral,
    decided,
)

router = kb_router("addenda")

Carried: TypeAlias = Callable[[KnowledgeBase, tuple[str, ...], Seen], dict[str, object]]
"""Carries a decision out on addenda that were seen; returns what else there is to tell."""


def approve_(caller: Caller, body: Reason) -> Carried:
    """Approve proposals, under the policy in force.

    Nobody approves their own. A proposal is sent back to review when what it replaces has changed since.
    """

    def carry_out(kb: KnowledgeBase, ids: tuple[str, ...], seen: Seen) -> dict[str, object]:
        done = kb.changes.approve(ids, by=caller.person, reason=body.reason, seen=seen)
        return {"waiting": done.waiting, "needs_review": done.needs_review}

    return carry_out


def reject_(caller: Caller, body: Because) -> Carried:
    """Reject proposals, for a reason. A proposer may withdraw their own like this."""
    return _plain(lambda kb, ids, seen: kb.changes.reject(ids, by=caller.person, reason=body.reason, seen=seen))


def review_(caller: Caller, body: Because) -> Carried:
    """Send proposals back to review, for a reason: earlier approvals and tests no longer count."""
    return _plain(lambda kb, ids, seen: kb.changes.send_back(ids, by=caller.person, reason=body.reason, seen=seen))


def disable_(caller: Caller, body: Reason) -> Carried:
    """Switch live addenda off until they are enabled, for questions about the past too."""
    return _plain(lambda kb, ids, seen: kb.changes.disable(ids, by=caller.person, reason=body.reason, seen=seen))


def enable_(caller: Caller, body: Reason) -> Carried:
    """Switch disabled addenda on again."""
    return _plain(lambda kb, ids, seen: kb.changes.enable(ids, by=caller.person, reason=body.reason, seen=seen))


def rollback_(caller: Caller, body: Reason) -> Carried:
    """Take addenda back for good; what they replaced holds again."""
    return _plain(lambda kb, ids, seen: kb.changes.rollback(ids, by=caller.person, reason=body.reason, seen=seen))


def expire_(caller: Caller, body: Ending) -> Carried:
    """End the validity of addenda, now or at a moment; before it they remain valid."""
    return _plain(
        lambda kb, ids, seen: kb.changes.expire(ids, by=caller.person, until=body.until, reason=body.reason, seen=seen)
    )


def erase_(caller: Caller, body: Because) -> Carried:
    """Destroy the content of addenda; who and when remain. This cannot be undone.

    What the memories stored for them is destroyed too; the receipts say what. Exported files and backups are not
    reached from here.
    """

    def carry_out(kb: KnowledgeBase, ids: tuple[str, ...], seen: Seen) -> dict[str, object]:
        receipts = kb.erase(ids, by=caller.person, reason=body.reason, seen=seen)
        return {"receipts": tuple(receipt(one) for one in receipts)}

    return carry_out


def _plain(carry_out: Callable[[KnowledgeBase, tuple[str, ...], Seen], None]) -> Carried:
    def carried(kb: KnowledgeBase, ids: tuple[str, ...], seen: Seen) -> dict[str, object]:
        carry_out(kb, ids, seen)
        return {}

    return carried


def _decide(caller: Caller, ids: tuple[str, ...], seen: Seen, carry_out: Carried, response: Response) -> Decided:
    # What is taken back leaves the memories that answer at once, so nobody else may be asking them.
    with caller.hosted.answering() as kb:
        told = carry_out(kb, ids, seen)
        outcome = decided(kb, ids).model_copy(update=told)
    tag(response, outcome.addenda[0].version if len(ids) == 1 else outcome.position)
    return outcome


def _check(caller: Caller, kind: str) -> None:
    """Refuse somebody without the role first; whether what is rejected is their own, the ledger knows."""
    if kind:
        require(caller.state, caller.person, kind)


def _one(caller: Caller, addendum_id: str, if_match: str | None, carry_out: Carried, response: Response) -> Decided:
    full = caller.state.resolve(addendum_id)
    return _decide(caller, (full,), seen_one(full, if_match), carry_out, response)


def _several(
    caller: Caller, given: tuple[str, ...], if_match: str | None, carry_out: Carried, response: Response
) -> Decided:
    state = caller.state
    ids = tuple(dict.fromkeys(state.resolve(one) for one in given))
    return _decide(caller, ids, seen_many(state, list(ids), if_match), carry_out, response)


def _declare_reasoned(verb: str, kind: str, decision: Callable[[Caller, Reason], Carried]) -> None:
    def one(
        caller: CallerDep, addendum_id: AddendumId, body: Reason, response: Response, if_match: IfMatch = None
    ) -> Decided:
        _check(caller, kind)
        return _one(caller, addendum_id, if_match, decision(caller, body), response)

    def several(caller: CallerDep, body: ReasonForSeveral, response: Response, if_match: IfMatch = None) -> Decided:
        _check(caller, kind)
        return _several(caller, body.ids, if_match, decision(caller, body), response)

    _declare(verb, decision.__doc__ or "", one, several)


def _declare_because(verb: str, kind: str, decision: Callable[[Caller, Because], Carried]) -> None:
    def one(
        caller: CallerDep, addendum_id: AddendumId, body: Because, response: Response, if_match: IfMatch = None
    ) -> Decided:
        _check(caller, kind)
        return _one(caller, addendum_id, if_match, decision(caller, body), response)

    def several(caller: CallerDep, body: BecauseForSeveral, response: Response, if_match: IfMatch = None) -> Decided:
        _check(caller, kind)
        return _several(caller, body.ids, if_match, decision(caller, body), response)

    _declare(verb, decision.__doc__ or "", one, several)


def _declare_ending(verb: str, kind: str, decision: Callable[[Caller, Ending], Carried]) -> None:
    def one(
        caller: CallerDep, addendum_id: AddendumId, body: Ending, response: Response, if_match: IfMatch = None
    ) -> Decided:
        _check(caller, kind)
        return _one(caller, addendum_id, if_match, decision(caller, body), response)

    def several(caller: CallerDep, body: EndingForSeveral, response: Response, if_match: IfMatch = None) -> Decided:
        _check(caller, kind)
        return _several(caller, body.ids, if_match, decision(caller, body), response)

    _declare(verb, decision.__doc__ or "", one, several)


def _declare(verb: str, text: str, one: Callable[..., Decided], several: Callable[..., Decided]) -> None:
    """Declare both routes of a decision; what it says of itself is what its description says."""
    summary, _, rest = text.partition("\n")
    for path, call, name in (
        (f"/addenda/{{addendum_id}}/{verb}", one, verb),
        (f"/addenda/{verb}", several, f"{verb}_several"),
    ):
        described = f"{summary}\n\n{rest.strip()}".strip()
        router.post(
            path,
            operation_id=name,
            summary=name.replace("_", " "),
            description=described,
            responses=CONDITIONAL,
            dependencies=DECIDING,
        )(call)


_declare_reasoned("approve", "approved", approve_)
_declare_because("reject", "", reject_)
_declare_because("review", "review_needed", review_)
_declare_reasoned("disable", "disabled", disable_)
_declare_reasoned("enable", "enabled", enable_)
_declare_reasoned("rollback", "retired", rollback_)
_declare_ending("expire", "window_closed", expire_)
_declare_because("erase", "erased", erase_)
