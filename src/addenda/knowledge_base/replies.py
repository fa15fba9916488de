"""Replies that were given to requests which may be sent again, kept for a day under the key that the sender chose.

A sender whose connection broke does not know whether its request was carried out. It sends the request again with the
same key and gets the same reply; nothing happens twice. What a reply says can quote addenda, so it is forgotten with
them; a token that was shown once is never in it.

A request that a process began and did not end (it was killed between) has an unknown outcome. :meth:`Replies.begin`
says so, and the caller decides: a proposal is carried out again under the same ids (:func:`ids_for`), which the ledger
takes once; anything else is refused, naming what to look at.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import Column, Integer, Table, Text, delete, func, insert, select, update

from addenda.database import METADATA, Database
from addenda.errors import Conflict, InvalidInput

KEPT = timedelta(hours=24)
"""How long a reply is kept."""

MOST = 10_000
"""Replies that are kept at a time; the oldest go first."""

REPLIES = Table(
    "replies",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("begun_at", Text, nullable=False, index=True),
    Column("status", Integer),
    Column("body", Text),
)
"""One row for each request with a key: who sent it, the digest of what it asked, and the reply once there is one."""

Standing: TypeAlias = Literal["new", "unknown"]
"""Whether a request is carried out for the first time, or an earlier try may have been carried out."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    body: str


class Replies:
    """Keeps replies by sender and key. Threads and processes may share the database."""

    def __init__(self, database: Database) -> None:
        """Keep them in this database."""
        self._database = database
        self._runner = secrets.token_hex(8)

    def begin(self, owner: str, key: str, digest: str) -> Reply | Standing:
        """Begin a request, unless it was answered: then the reply.

        Args:
            owner: Who sends it.
            key: The sender's key.
            digest: Of what is asked.

        Raises InvalidInput when the key was used for another request, Conflict while the first is being carried out.
        """
        now = datetime.now(UTC)
        row = {"owner": owner, "key": key, "digest": digest, "runner": self._runner, "begun_at": now.isoformat()}
        mine = (REPLIES.c.owner == owner) & (REPLIES.c.key == key)
        with self._database.write() as connection:
            connection.execute(delete(REPLIES).where(REPLIES.c.begun_at < (now - KEPT).isoformat()))
            found = connection.execute(select(REPLIES).where(mine)).one_or_none()
            if found is None:
                connection.execute(insert(REPLIES).values(row))
                excess = connection.execute(select(func.count()).select_from(REPLIES)).scalar_one() - MOST
                if excess > 0:
                    oldest = select(REPLIES.c.begun_at).order_by(REPLIES.c.begun_at).offset(excess - 1).limit(1)
                    limit = connection.execute(oldest).scalar_one()
                    connection.execute(delete(REPLIES).where(REPLIES.c.begun_at <= limit))
                return "new"
            if found.digest != digest:
                raise InvalidInput(f"the key {key!r} was used for another request; use a new key for each request")
            if found.status is not None:
                return Reply(found.status, found.body)
            if found.runner == self._runner:
                raise Conflict(f"the request with the key {key!r} is being carried out; ask again in a moment")
            connection.execute(update(REPLIES).where(mine).values(runner=self._runner))
        return "unknown"

    def end(self, owner: str, key: str, reply: Reply) -> None:
        """Keep the reply to a request that was begun."""
        mine = (REPLIES.c.owner == owner) & (REPLIES.c.key == key)
        with self._database.write() as connection:
            connection.execute(update(REPLIES).where(mine).values(status=reply.status, body=reply.body))

    def drop(self, owner: str, key: str) -> None:
        """Forget a request that was refused, so that it can be sent again."""
        mine = (REPLIES.c.owner == owner) & (REPLIES.c.key == key)
        with self._database.write() as connection:
            connection.execute(delete(REPLIES).where(mine))

    def forget(self, ids: Collection[str]) -> None:
        """Delete every reply that names one of these addenda, from the database's files too."""
        deleted = False
        for identifier in ids:
            named = REPLIES.c.body.contains(identifier, autoescape=True)
            with self._database.read() as connection:
                found = connection.execute(select(REPLIES.c.key).where(named).limit(1)).first()
            if found is not None:
                with self._database.write() as connection:
                    connection.execute(delete(REPLIES).where(named))
                deleted = True
        if deleted:
            self._database.scrub()


def ids_for(owner: str, key: str, digest: str, count: int) -> list[str]:
    """The ids of what a request with this key proposes: the same whenever it is sent."""
    seed = "\0".join((owner, key, digest)).encode("utf-8", "surrogatepass")
    return [hashlib.sha256(seed + f"\0{place}".encode()).hexdigest()[:16] for place in range(count)]
