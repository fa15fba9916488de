"""The hash chain: canonical JSON, commitments, heads, and the verifier.

Each event's hash covers its position, time, actor, reason, body and the hash before it. What is hashed is a JSON
array of strings and one integer, with the body as canonical JSON inside one of the strings: no two different events
have the same bytes (field boundaries are unambiguous, ``null`` differs from empty). Canonical JSON has sorted keys,
no spaces, no floating-point numbers, NFC text, and is encoded as UTF-8 (the idea of RFC 8785, without its number
format, which is not needed here).

Content lies apart. An event holds a commitment, SHA-256 over a random salt and the content; when content and salt are
destroyed, the commitment tells nothing about them, and the chain still verifies.

**What a verified chain does not say**: that nobody rewrote it as a whole, or cut off its end. Whoever can write the
files can compute new hashes. That is caught only against a :class:`Head` that was exported before, to where they
cannot write.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring as quoted

from pydantic import TypeAdapter

from addenda.errors import InvalidInput
from addenda.ledger.events import Actor, Body, Event, Proposal, Proposed
from addenda.types import Content, Fact

GENESIS = "sha256:" + 64 * "0"
"""The hash before the first event."""

_WITHOUT_PARTS = frozenset({str, int, bool, type(None)})
"""Types of JSON values that have nothing inside and are no floating-point numbers."""

_PROPOSALS: TypeAdapter[tuple[Proposal, ...]] = TypeAdapter(tuple[Proposal, ...])

_HEAD = re.compile(r"addenda-head ([1-9]\d{0,18}) (sha256:[0-9a-f]{64})")


def canonical_json(value: object) -> str:
    """The one way to write a JSON value as text.

    Raises InvalidInput for a floating-point number, a value that JSON does not have, a lone surrogate, or text that is
    not in NFC.
    """
    _refuse_floats((value,))
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"this value cannot be written to the ledger: {error}") from error
    return _spelled(text)


def _spelled(text: str) -> str:
    """Canonical JSON itself, if it can be stored and there is no other way to compose its characters."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except ValueError as error:
        raise InvalidInput(f"this value cannot be written to the ledger: {error}") from error
    if not unicodedata.is_normalized("NFC", text):
        raise InvalidInput("text for the ledger must be in NFC; pass it through addenda.text.clean first")
    return text


def _refuse_floats(values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, float):
            raise InvalidInput(f"{value!r} is a floating-point number; write it as decimal text")
        if isinstance(value, dict | list | tuple):
            parts = _parts(value)  # pyright: ignore[reportUnknownArgumentType] - any JSON value may be inside
            if not _WITHOUT_PARTS.issuperset(map(type, parts)):
                _refuse_floats(parts)


def _parts(whole: dict[object, object] | list[object] | tuple[object, ...]) -> Collection[object]:
    return whole.values() if isinstance(whole, dict) else whole


def body_text(body: Body) -> str:
    """A body as it is stored and hashed: canonical JSON, fields that equal their default left out."""
    if not isinstance(body, Proposed):
        return canonical_json(body.model_dump(mode="json", exclude_defaults=True))
    # The fields of a proposal are declared in alphabetical order, so that a long batch need not be sorted.
    proposals = _PROPOSALS.dump_json(body.proposals, exclude_defaults=True).decode()
    rest = canonical_json(body.model_dump(mode="json", exclude_defaults=True, exclude={"proposals"}))
    return _spelled(f'{rest[:-1]},"proposals":{proposals}}}')


def moment_text(moment: datetime) -> str:
    """A UTC moment as it is stored and hashed, always with microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def event_hash(
    *, position: int, at: str, actor_kind: str, actor_name: str, reason: str, body: str, previous_hash: str
) -> str:
    """The hash of an event, from its fields as they are stored."""
    fields = ["addenda event 1", position, at, actor_kind, actor_name, reason, body, previous_hash]
    return _sha256(canonical_json(fields))


def hash_of(event: Event, text: str | None = None) -> str:
    """The hash that this event must have; ``text`` is that of its body (:func:`body_text`), if it is at hand."""
    return event_hash(
        position=event.position,
        at=moment_text(event.at),
        actor_kind=event.actor.kind,
        actor_name=event.actor.name,
        reason=event.reason,
        body=body_text(event.body) if text is None else text,
        previous_hash=event.previous_hash,
    )


def link(previous: Head | None, at: datetime, actor: Actor, reason: str, body: Body, text: str | None = None) -> Event:
    """The event that follows ``previous`` (None for the first); ``text`` is that of its body, if it is at hand."""
    draft = Event.model_validate(
        {
            "position": previous.position + 1 if previous else 1,
            "at": at,
            "actor": Actor(kind=actor.kind, name=actor.name),
            "reason": reason,
            "body": body,
            "previous_hash": previous.hash if previous else GENESIS,
            "hash": GENESIS,
        }
    )
    return draft.model_copy(update={"hash": hash_of(draft, text)})


def content_text(content: Content) -> str:
    """Content as it is stored and committed to: canonical JSON of all its fields."""
    if isinstance(content, Fact):
        said = f'"object":{quoted(content.object)},"relation":{quoted(content.relation)}'
        return _spelled(f'{{"kind":"fact",{said},"subject":{quoted(content.subject)}}}')
    return canonical_json(content.model_dump(mode="json"))


def commitment_of(salt: str, content: str) -> str:
    """The commitment to a content text with this salt."""
    return _sha256(_spelled(f'["addenda content 1",{quoted(salt)},{quoted(content)}]'))


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends. Kept outside, it is evidence against whoever rewrites or shortens the chain."""

    position: int
    hash: str

    def export(self) -> str:
        """One line of text, to be kept or published where the ledger's owner cannot write."""
        return f"addenda-head {self.position} {self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read an exported head. Raises InvalidInput when the text is none."""
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise InvalidInput(
                f"{text[:100]!r} is no exported head; it looks like 'addenda-head 12 sha256:...', one line as exported"
            )
        return cls(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Verification:
    """What the verifier found."""

    ok: bool
    head: Head | None
    """Last event that verified; None when not even the first did, or there is none."""
    position: int
    """How many events verified from the start on."""
    first_broken: int | None = None
    """Position where the chain first fails; None when it holds."""
    why: str = ""
    """What is wrong there, in words; empty when it holds."""


def verify(events: Iterable[Event], against: Head | None = None) -> Verification:
    """Check positions, links, hashes and times, and that the chain passes through an exported head if one is given."""
    last: Event | None = None
    for event in events:
        if why := fault(event, last):
            return broken(last, why)
        if against is not None and event.position == against.position and event.hash != against.hash:
            return broken(last, "the chain was rewritten: this event is not the one at the exported head")
        last = event
    reached = last.position if last else 0
    if against is not None and reached < against.position:
        return broken(last, f"the chain was cut off: the exported head is at position {against.position}")
    return Verification(True, _head(last), reached)


def fault(event: Event, previous: Event | None) -> str:
    """What is wrong with an event as the successor of ``previous`` (None for the first); empty when nothing is."""
    expected = previous.position + 1 if previous else 1
    if event.position != expected:
        return f"position {event.position} stands where {expected} belongs: an event is missing, repeated or moved"
    if event.previous_hash != (previous.hash if previous else GENESIS):
        return "it does not name the hash of the event before it: an event was replaced, inserted or removed"
    try:
        if event.hash != hash_of(event):
            return "its hash does not fit its fields: it was altered"
    except InvalidInput as error:
        return f"it cannot have been written by this software: {error}"
    if previous is not None and event.at < previous.at:
        return "it is dated before the event before it"
    return ""


def broken(last: Event | None, why: str) -> Verification:
    """The verdict that the chain fails right after ``last``."""
    position = last.position if last else 0
    return Verification(False, _head(last), position, position + 1, why)


def _head(event: Event | None) -> Head | None:
    return Head(event.position, event.hash) if event else None
