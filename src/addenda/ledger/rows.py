"""Events and contents as rows of the database, and back.

A row holds the very strings that were hashed. Reading one back fails when they are not in canonical form, so that
nothing can be written beside what the hash covers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row

from addenda.errors import InvalidInput, LedgerBroken
from addenda.ledger.chain import body_text, commitment_of, event_hash, moment_text
from addenda.ledger.events import AnyBody, Event, kind_of
from addenda.ledger.tables import CONTENTS, EVENTS
from addenda.types import Content

_CHUNK = 5_000
"""Values in one statement; both databases allow several times as many."""

_AT_ONCE = 16
"""Events that are read together."""

_HASHES = (
    sa.select(EVENTS.c.hash).where(EVENTS.c.position >= sa.bindparam("position")).order_by(EVENTS.c.position).limit(2)
)
"""Asked before every answer, so it is put together once."""

_T = TypeVar("_T")
_BODIES: TypeAdapter[AnyBody] = TypeAdapter(AnyBody)
_CONTENTS: TypeAdapter[Content] = TypeAdapter(Content)


class SealedContent(NamedTuple):
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


def insert_events(connection: Connection, events: Sequence[Event], texts: Sequence[str] | None = None) -> None:
    """Append events. A unique position and predecessor keep two writers from forking the chain.

    Args:
        connection: A writer's transaction.
        events: The events.
        texts: The text of each one's body (:func:`~addenda.ledger.chain.body_text`), if at hand.
    """
    bodies = [body_text(event.body) for event in events] if texts is None else texts
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
                "body": body,
                "previous_hash": event.previous_hash,
                "hash": event.hash,
            }
            for event, body in zip(events, bodies, strict=True)
        ],
    )


def select_events(connection: Connection, after: int = 0, until: int | None = None) -> Iterator[Row[Any]]:
    """Rows of events in order of position, a few at a time: one event can be about thousands of addenda."""
    query = sa.select(EVENTS).where(EVENTS.c.position > after).order_by(EVENTS.c.position)
    if until is not None:
        query = query.where(EVENTS.c.position <= until)
    # Closed also where reading ends early: PostgreSQL keeps a cursor for it.
    with connection.execute(query, execution_options={"yield_per": _AT_ONCE}) as rows:
        yield from rows


def select_events_at(connection: Connection, positions: Iterable[int]) -> Iterator[Row[Any]]:
    """The rows of the events at these positions, in order."""
    for chunk in _chunks(sorted(positions)):
        query = sa.select(EVENTS).where(EVENTS.c.position.in_(chunk)).order_by(EVENTS.c.position)
        with connection.execute(query, execution_options={"yield_per": _AT_ONCE}) as rows:
            yield from rows


def select_hashes(connection: Connection, position: int) -> list[str]:
    """The hash of the event at this position, and of the next one if there is any."""
    return list(connection.execute(_HASHES, {"position": position}).scalars())


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
        # Past the handling of each value, which takes longer than the database does.
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        connection.exec_driver_sql(
            f"INSERT INTO contents (addendum_id, salt, content, about) VALUES ({mark}, {mark}, {mark}, {mark})",  # noqa: S608 - marks only
            list(contents),
        )


def select_contents(connection: Connection, ids: Collection[str] | None = None) -> Iterator[SealedContent]:
    """The stored contents of these addenda, or of all, in no particular order."""
    columns = sa.select(CONTENTS.c.addendum_id, CONTENTS.c.salt, CONTENTS.c.content, CONTENTS.c.about)
    queries = [columns] if ids is None else [columns.where(CONTENTS.c.addendum_id.in_(chunk)) for chunk in _chunks(ids)]
    for query in queries:
        for row in connection.execute(query):
            yield SealedContent(*row)


def select_stored(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these addenda whose contents are stored."""
    stored: set[str] = set()
    for chunk in _chunks(ids):
        wanted = CONTENTS.c.addendum_id.in_(chunk)
        if connection.execute(sa.select(sa.func.count()).where(wanted)).scalar_one() == len(chunk):
            stored.update(chunk)
        else:
            stored.update(connection.execute(sa.select(CONTENTS.c.addendum_id).where(wanted)).scalars())
    return stored


def delete_contents(connection: Connection, ids: Collection[str]) -> None:
    """Destroy contents and salts."""
    for chunk in _chunks(ids):
        connection.execute(sa.delete(CONTENTS).where(CONTENTS.c.addendum_id.in_(chunk)))


def select_about(connection: Connection, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """(key, addendum id) of every content about one of these."""
    for chunk in _chunks(keys):
        query = sa.select(CONTENTS.c.about, CONTENTS.c.addendum_id).where(CONTENTS.c.about.in_(chunk))
        for about, addendum_id in connection.execute(query):  # noqa: UP028 - a row is to be given as a tuple
            yield about, addendum_id


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    everything = list(dict.fromkeys(items))
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
