"""Events and contents as rows of the database, and back.

A row holds the very strings that were hashed. Reading one back fails when they are not in canonical form, so that
nothing can be written beside what the hash covers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row

from addenda.errors import InvalidInput, LedgerBroken
from addenda.ledger.chain import body_text, commitment_of, event_hash, moment_text
from addenda.ledger.events import AnyBody, Event, kind_of
from addenda.ledger.tables import CONTENTS, EVENTS
from addenda.types import Content

_CHUNK = 500
_BODIES: TypeAdapter[AnyBody] = TypeAdapter(AnyBody)
_CONTENTS: TypeAdapter[Content] = TypeAdapter(Content)


@dataclass(frozen=True, slots=True)
class SealedContent:
    """Content as it is stored: canonical text, the salt of its commitment, and what it is about."""

    addendum_id: str
    salt: str
    """32 hexadecimal digits."""
    content: str
    about: str | None = None
    """See :func:`addenda.ledger.relations.content_key`."""

    @property
    def commitment(self) -> str:
        """The salted hash that the event must hold."""
        return commitment_of(self.salt, self.content)

    def opened(self) -> Content:
        """The content. Raises LedgerBroken when the text is not one."""
        try:
            return _CONTENTS.validate_json(self.content)
        except ValidationError as error:
            raise LedgerBroken(f"the content of {self.addendum_id!r} cannot be read; run `verify`") from error


def insert_events(connection: Connection, events: Sequence[Event]) -> None:
    """Append events. A unique position and predecessor keep two writers from forking the chain."""
    connection.execute(
        sa.insert(EVENTS),
        [
            {
                "position": event.position,
                "at": moment_text(event.at),
                "actor_kind": event.actor.kind,
                "actor": event.actor.name,
                "reason": event.reason,
                "kind": kind_of(event.body),
                "body": body_text(event.body),
                "previous_hash": event.previous_hash,
                "hash": event.hash,
            }
            for event in events
        ],
    )


def select_events(connection: Connection, after: int = 0, until: int | None = None) -> Iterator[Row[Any]]:
    """Rows of events in order of position."""
    query = sa.select(EVENTS).where(EVENTS.c.position > after).order_by(EVENTS.c.position)
    yield from connection.execute(query if until is None else query.where(EVENTS.c.position <= until))


def select_hash(connection: Connection, position: int) -> str | None:
    """The hash of the event at this position; None when there is no such event."""
    return connection.execute(sa.select(EVENTS.c.hash).where(EVENTS.c.position == position)).scalar_one_or_none()


def event_of(row: Row[Any]) -> Event:
    """The event in a row. Raises LedgerBroken when the row cannot be read, or its hash does not fit its fields."""
    try:
        computed = event_hash(
            position=row.position,
            at=row.at,
            actor_kind=row.actor_kind,
            actor_name=row.actor,
            reason=row.reason,
            body=row.body,
            previous_hash=row.previous_hash,
        )
        if computed != row.hash:
            raise LedgerBroken(f"event {row.position}: its hash does not fit its fields: it was altered")
        return Event.model_validate(
            {
                "position": row.position,
                "at": datetime.fromisoformat(row.at),
                "actor": {"kind": row.actor_kind, "name": row.actor},
                "reason": row.reason,
                "body": _BODIES.validate_json(row.body),
                "previous_hash": row.previous_hash,
                "hash": row.hash,
            }
        )
    except (InvalidInput, ValueError, TypeError) as error:
        raise LedgerBroken(
            f"event {row.position} cannot be read: it is malformed, or was written by a newer version of the software"
        ) from error


def is_canonical(row: Row[Any], event: Event) -> bool:
    """Whether the row spells the event in the one way there is."""
    return (row.kind, row.body, row.at) == (kind_of(event.body), body_text(event.body), moment_text(event.at))


def insert_contents(connection: Connection, contents: Sequence[SealedContent]) -> None:
    """Store contents beside the events that commit to them."""
    if contents:
        connection.execute(
            sa.insert(CONTENTS),
            [{"addendum_id": c.addendum_id, "salt": c.salt, "content": c.content, "about": c.about} for c in contents],
        )


def select_contents(connection: Connection, ids: Collection[str] | None = None) -> Iterator[SealedContent]:
    """The stored contents of these addenda, or of all, in no particular order."""
    if ids is None:
        for row in connection.execute(sa.select(CONTENTS)):
            yield SealedContent(row.addendum_id, row.salt, row.content, row.about)
        return
    for chunk in _chunks(ids):
        for row in connection.execute(sa.select(CONTENTS).where(CONTENTS.c.addendum_id.in_(chunk))):
            yield SealedContent(row.addendum_id, row.salt, row.content, row.about)


def delete_contents(connection: Connection, ids: Collection[str]) -> None:
    """Destroy contents and salts."""
    for chunk in _chunks(ids):
        connection.execute(sa.delete(CONTENTS).where(CONTENTS.c.addendum_id.in_(chunk)))


def select_about(connection: Connection, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """(key, addendum id) of every content about one of these."""
    for chunk in _chunks(keys):
        query = sa.select(CONTENTS.c.about, CONTENTS.c.addendum_id).where(CONTENTS.c.about.in_(chunk))
        for row in connection.execute(query):
            yield row.about, row.addendum_id


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    everything = list(dict.fromkeys(items))
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
