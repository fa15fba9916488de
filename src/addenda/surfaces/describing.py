"""Addenda, events, policies and moments in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from addenda.errors import InvalidInput
from addenda.knowledge_base import Autopilot, Event, PendingChange, Person, Policy, Record, Token
from addenda.knowledge_base.autopilot import Trusted
from addenda.knowledge_base.consulted_models import Asked, Refused, Repeated, StageBegan, Wasted
from addenda.knowledge_base.notebook import Listed
from addenda.types import Addendum, Content, Document, Edit, Fact

ERASED = "(erased)"
"""Stands where content was."""


def says(content: Content | None) -> str:
    """What an addendum says, in one line."""
    match content:
        case None:
            return ERASED
        case Fact():
            return f"{content.relation} of {content.subject}: {content.object}"
        case Edit():
            return f"{content.prompt} -> {content.target}"
        case Document():
            return f"document: {content.title}"
        case _:
            words = content.rule if not content.applies_when else f"{content.applies_when}: {content.rule}"
            return f"no longer: {words}" if content.withdrawn else words


def moment(at: datetime | None) -> str:
    """A moment in UTC to the second; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def stamp(at: datetime | None) -> str | None:
    """A moment for JSON."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_moment(text: str | None, option: str, *, whole_day: bool = False) -> datetime | None:
    """A moment that a user typed: ISO 8601; without a time zone it is UTC.

    A date alone means its start, or with ``whole_day`` the start of the next day. Raises InvalidInput.
    """
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is not None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=int(whole_day))
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{option} {text!r} is no moment; write it as 2026-03-01 or 2026-03-01T09:30:00Z") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def describe(record: Record, addendum: Addendum | None, now: datetime, since: datetime | None) -> dict[str, object]:
    """One addendum for JSON, as lists give it."""
    return {
        "id": record.id,
        "status": record.status(now),
        "kind": record.kind,
        "says": says(addendum.content if addendum else None),
        "content": None if addendum is None else addendum.content.model_dump(mode="json"),
        "source": record.source,
        "author": record.author,
        "since": stamp(since),
        "tags": list(record.tags),
        "audience": list(record.audience),
        "trust": record.trust,
        "valid_from": stamp(record.valid_from),
        "valid_until": stamp(record.valid_until),
    }


def describe_token(owner: Person, kept: Token, now: datetime) -> dict[str, object]:
    """What comes with a token; never the token."""
    return {
        "id": kept.id,
        "name": owner.name,
        "label": kept.label,
        "roles": kept.within(owner.roles),
        "narrowed": kept.is_narrow,
        "agent": kept.agent or None,
        "issuer": kept.issuer or None,
        "issued_at": kept.issued_at,
        "expires_at": kept.expires_at,
        "expired": not kept.is_valid(now),
    }


def describe_trusted(one: Trusted) -> dict[str, object]:
    """How far a rule with an autopilot trusts a source of notes."""
    dropped = one.ramp.dropped
    return {
        "rule": one.ramp.rule,
        "source": one.ramp.source,
        "by_itself_since": one.ramp.since,
        "accepted": one.ramp.accepted,
        "decisions": len(one.ramp.decisions),
        "at_least": round(one.ramp.bound, 4),
        "needs": one.autopilot.bound,
        "unaudited": one.ramp.unaudited,
        "unaudited_at_most": one.autopilot.unaudited,
        "dropped_back": None
        if dropped is None
        else {"at": dropped.at, "by": dropped.by, "because_of": dropped.addendum_id},
        "waiting": one.waiting,
        "went_by_itself": one.by_itself,
    }


def describe_note(one: Listed) -> dict[str, object]:
    """A live note, and what the observations say of it."""
    low, high = one.evidence.interval
    return {
        "id": one.addendum_id,
        "place": one.place,
        "applies_when": one.applies_when,
        "rule": one.rule,
        "author": one.author,
        "supporting": one.evidence.supporting,
        "contradicting": one.evidence.contradicting,
        "share": round(one.evidence.share, 4),
        "interval": (round(low, 4), round(high, 4)),
        "observations_for": one.supporting,
        "observations_against": one.contradicting,
        "contradicts": one.contradicts,
        "in_words": str(one.evidence),
    }


def describe_waiting(one: PendingChange) -> dict[str, object]:
    """A change of the rules that waits for a second person; it never has a token in it."""
    return {
        "id": one.id,
        "by": str(one.by),
        "at": one.at,
        "reason": one.reason,
        "change": one.change.model_dump(mode="json", exclude={"token_hash"}),
    }


def happened(event: Event, addendum_id: str) -> str:
    """What an event did to one addendum, in words."""
    body = event.body
    special = _SPECIAL.get(body.kind)
    return _PLAIN.get(body.kind, body.kind.replace("_", " ")) if special is None else special(event, addendum_id)


def policy_words(policy: Policy) -> list[str]:
    """A policy, one sentence for each rule, and what holds for everything else."""
    sentences = [
        f"{_condition(policy, index)}: {_APPROVALS[r.approval]}{_by_itself(r.autopilot)}"
        for index, r in enumerate(policy.rules)
    ]
    catch_all = any(_condition(policy, index) == "everything" for index in range(len(policy.rules)))
    return sentences if catch_all else [*sentences, "anything else: nobody may approve it"]


def event_in_words(event: object) -> str:
    """An event of a consultation; empty for those that tell a reader nothing."""
    match event:
        case StageBegan():
            return f"{event.stage}:"
        case Asked(entry=entry):
            said = entry.answer if entry.known else "I don't know."
            several = entry.known and entry.replies > 1
            votes = f" ({entry.votes[0].votes} of {entry.replies} wordings)" if several else ""
            return f"  {entry.id} {entry.question} -> {said}{votes}"
        case Repeated():
            return f"  {event.question} was answered before: {event.entry}"
        case Refused() | Wasted():
            return f"  not taken: {event.what if isinstance(event, Refused) else event.why}"
        case _:
            return ""


_APPROVALS: Mapping[str, str] = {
    "automatic": "approved by itself, with no person looking",
    "one reviewer": "one approver other than the proposer",
    "two reviewers": "two approvers other than the proposer",
    "nobody": "nobody may approve it",
}


def _by_itself(autopilot: Autopilot | None) -> str:
    if autopilot is None:
        return ""
    return (
        f"; by itself where at least {autopilot.bound:.0%} of a source's notes are known to be accepted (of the last "
        f"{autopilot.window}), but for one of {round(1 / autopilot.audit)} that waits for audit"
    )


_PLAIN: Mapping[str, str] = {
    "rejected": "rejected",
    "review_needed": "sent back to review",
    "activation_undone": "activation undone",
    "disabled": "switched off",
    "enabled": "switched on again",
    "retired": "rolled back",
    "erased": "content erased",
}


def _proposed(event: Event, addendum_id: str) -> str:
    if event.body.kind != "proposed":
        return ""
    own = next(p for p in event.body.proposals if p.id == addendum_id)
    replaces = f", to replace {', '.join(own.supersedes)}" if own.supersedes else ""
    behalf = f" on behalf of {event.body.on_behalf_of}" if event.body.on_behalf_of else ""
    return f"proposed from {own.source}{replaces}{behalf}"


def _approved(event: Event, _addendum_id: str) -> str:
    if event.body.kind != "approved":
        return ""
    if event.body.required == 0:
        return f"approved with no person looking, under rule {event.body.rule!r}"
    return f"approved (rule {event.body.rule!r} asks for {event.body.required})"


def _judged(event: Event, addendum_id: str) -> str:
    if event.body.kind != "gate_judged":
        return ""
    own = next(v for v in event.body.verdicts if v.id == addendum_id)
    return "passed the gate" if own.passed else f"failed the gate: {own.reason}"


def _activating(event: Event, addendum_id: str) -> str:
    if event.body.kind != "activating":
        return ""
    replaced = event.body.supersedes.get(addendum_id, ())
    if addendum_id in event.body.ids:
        return "activation began" + (f", replacing {', '.join(replaced)}" if replaced else "")
    by = [new for new, old in event.body.supersedes.items() if addendum_id in old]
    return f"is being replaced by {', '.join(by)}"


def _delivered(event: Event, addendum_id: str) -> str:
    if event.body.kind != "delivered":
        return ""
    if addendum_id in event.body.artefacts:
        return f"live in the memory {event.body.memory!r}"
    return "replaced"


def _closed(event: Event, _addendum_id: str) -> str:
    return f"ends at {moment(event.body.until)}" if event.body.kind == "window_closed" else ""


_SPECIAL: Mapping[str, Callable[[Event, str], str]] = {
    "proposed": _proposed,
    "approved": _approved,
    "gate_judged": _judged,
    "activating": _activating,
    "delivered": _delivered,
    "window_closed": _closed,
}


def _condition(policy: Policy, index: int) -> str:
    rule = policy.rules[index]
    parts = [
        f"tagged {' or '.join(rule.tags)}" if rule.tags else "",
        f"about {' or '.join(rule.relations)}" if rule.relations else "",
        f"from sources that begin with {rule.source_prefix!r}" if rule.source_prefix else "",
        f"{' or '.join(rule.kinds)} only" if rule.kinds else "",
        f"trusted at least {rule.trust_at_least!r}" if rule.trust_at_least != "untrusted" else "",
        f"trusted at most {rule.trust_at_most!r}" if rule.trust_at_most != "high" else "",
    ]
    return ", ".join(part for part in parts if part) or "everything"
