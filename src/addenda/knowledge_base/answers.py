"""The answers that were given, kept so that each can be explained later.

Answers are working data, not events: they are kept beside the ledger in the same database and can be pruned without
touching it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Table, Text, delete, insert, select

from addenda.database import METADATA, Database
from addenda.errors import AddendaError, StorageUnavailable, UnknownId
from addenda.types import Answer

ANSWERS = Table(
    "answers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("asked_at", Text, nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""One row for each answer: its trace id, when it was asked, the question, and the whole answer as JSON."""


@dataclass(slots=True)
class _Waiting:
    """An answer that is to be kept."""

    row: dict[str, str]
    done: bool = False
    error: AddendaError | None = None


def timed(answer: Answer, seconds: float) -> Answer:
    """The answer, whose trace says how long it took."""
    return answer.model_copy(update={"trace": answer.trace.model_copy(update={"seconds": round(seconds, 4)})})


class AnswerLog:
    """Keeps answers with their traces."""

    def __init__(self, database: Database) -> None:
        """Keep them in this database."""
        self._database = database
        self._waiting: list[_Waiting] = []
        self._turn = threading.Lock()
        self._lock = threading.Lock()

    def keep(self, answer: Answer) -> None:
        """Keep an answer; it is durable when the call returns.

        Threads that come while another one writes are served by one transaction together, because what takes long is
        waiting for the disk.
        """
        mine = _Waiting(
            {
                "id": answer.trace.id,
                "asked_at": answer.trace.asked_at.isoformat(),
                "question": answer.question,
                "body": answer.model_dump_json(),
            }
        )
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                with self._lock:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if mine.error is not None:
            raise mine.error

    def _write(self, batch: Sequence[_Waiting]) -> None:
        error: AddendaError | None = StorageUnavailable("the answer was not kept: writing was interrupted; ask again")
        try:
            with self._database.write() as connection:
                connection.execute(insert(ANSWERS), [one.row for one in batch])
            error = None
        except AddendaError as found:
            error = found
        finally:
            # Whoever waits must be told, whatever happened.
            for one in batch:
                one.done, one.error = True, error

    def find(self, prefix: str) -> Answer:
        """The one answer whose id starts with ``prefix``. Raises UnknownId for none, or for several."""
        wanted = prefix.strip().lower()
        query = select(ANSWERS.c.id, ANSWERS.c.body).where(ANSWERS.c.id.startswith(wanted, autoescape=True)).limit(5)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        if len(rows) == 1 and wanted:
            return Answer.model_validate_json(rows[0].body)
        if not rows or not wanted:
            raise UnknownId(f"no answer's id starts with {prefix!r}; `ask` prints the id of each answer")
        raise UnknownId(f"{prefix!r} fits several answers: {', '.join(row.id for row in rows)}; give more of the id")

    def latest_ones(self, limit: int) -> list[Answer]:
        """The answers given last, the newest first."""
        query = select(ANSWERS.c.body).order_by(ANSWERS.c.asked_at.desc(), ANSWERS.c.id).limit(limit)
        with self._database.read() as connection:
            return [Answer.model_validate_json(body) for body in connection.execute(query).scalars()]

    def contributed(self, addendum_id: str, limit: int) -> list[Answer]:
        """The answers given last in which an addendum was injected, the newest first."""
        named = ANSWERS.c.body.contains(addendum_id, autoescape=True)
        query = select(ANSWERS.c.body).where(named).order_by(ANSWERS.c.asked_at.desc(), ANSWERS.c.id).limit(limit)
        with self._database.read() as connection:
            found = [Answer.model_validate_json(body) for body in connection.execute(query).scalars()]
        return [a for a in found if any(m.addendum_id == addendum_id and m.injected for m in a.trace.matches)]

    def forget(self, ids: Iterable[str]) -> None:
        """Delete every kept answer whose trace names one of these addenda, from the database's files too."""
        deleted = False
        for identifier in ids:
            named = ANSWERS.c.body.contains(identifier, autoescape=True)
            with self._database.read() as connection:
                found = connection.execute(select(ANSWERS.c.id).where(named).limit(1)).first()
            # Looked for first: opening a knowledge base must not write where there is nothing to forget.
            if found is not None:
                with self._database.write() as connection:
                    connection.execute(delete(ANSWERS).where(named))
                deleted = True
        if deleted:
            self._database.scrub()

    def latest(self) -> Answer:
        """The answer given last. Raises UnknownId when there is none."""
        query = select(ANSWERS.c.body).order_by(ANSWERS.c.asked_at.desc()).limit(1)
        with self._database.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        if body is None:
            raise UnknownId("no answer was given yet; ask something first")
        return Answer.model_validate_json(body)
