"""The state machine of an addendum, in one table.

A *stage* is what events alone determine. Superseded and expired are no stages: they follow from the validity window
and the clock, so :meth:`addenda.ledger.records.Record.status` adds them to the stage ``active``.

Decisions that are not obvious. A failed test may be repeated, and so may a passed one. A tested change may still be
rejected or sent back. What went back to review needs approvals and tests anew; approving it again means that the
reviewer accepts the ledger as it is then. Rejected and retired are ends: to try again, propose anew. Only ``erased``
can be reached from everywhere, because a person's right to have content destroyed waits for nothing. While a change
is ``activating`` it can only be finished, undone, or erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from addenda.errors import Conflict
from addenda.types import Status

Stage: TypeAlias = Literal[
    "proposed",
    "needs_review",
    "rejected",
    "approved",
    "gate_failed",
    "tested",
    "activating",
    "active",
    "disabled",
    "retired",
    "erased",
]

Move: TypeAlias = Literal[
    "approved",
    "rejected",
    "review_needed",
    "gate_judged",
    "activating",
    "delivered",
    "activation_undone",
    "disabled",
    "enabled",
    "retired",
    "window_closed",
    "erased",
]
"""Kinds of events that move an addendum."""

ALLOWED: Mapping[Stage, frozenset[Move]] = MappingProxyType(
    {
        "proposed": frozenset({"approved", "rejected", "review_needed", "erased"}),
        "needs_review": frozenset({"approved", "rejected", "erased"}),
        "rejected": frozenset({"erased"}),
        "approved": frozenset({"gate_judged", "rejected", "review_needed", "erased"}),
        "gate_failed": frozenset({"gate_judged", "rejected", "review_needed", "erased"}),
        "tested": frozenset({"gate_judged", "activating", "rejected", "review_needed", "erased"}),
        "activating": frozenset({"delivered", "activation_undone", "erased"}),
        "active": frozenset({"disabled", "retired", "window_closed", "erased"}),
        "disabled": frozenset({"enabled", "retired", "window_closed", "erased"}),
        "retired": frozenset({"erased"}),
        "erased": frozenset(),
    }
)
"""Which kinds of events each stage admits."""

_VERBS: Mapping[Move, str] = MappingProxyType(
    {
        "approved": "approve",
        "rejected": "reject",
        "review_needed": "send back to review",
        "gate_judged": "test",
        "activating": "activate",
        "delivered": "deliver",
        "activation_undone": "undo the activation",
        "disabled": "disable",
        "enabled": "enable",
        "retired": "roll back",
        "window_closed": "expire",
        "erased": "erase",
    }
)


def check_move(addendum_id: str, stage: Stage, status: Status, move: Move) -> None:
    """Raise Conflict, naming the status and what is allowed, when the stage does not admit the move."""
    if move in ALLOWED[stage]:
        return
    possible = ", ".join(sorted(_VERBS[allowed] for allowed in ALLOWED[stage])) or "nothing more"
    raise Conflict(
        f"cannot {_VERBS[move]} {addendum_id!r}: it is {status}; from there it is possible to {possible}"
        if ALLOWED[stage]
        else f"cannot {_VERBS[move]} {addendum_id!r}: it is {status}, and nothing more can happen to it"
    )
