"""Asking a generator many things: side by side, each answer kept as it comes, and with patience for a busy server.

An answer of no use costs what was asked about and is not kept, so that a later run tries it again. When a server stays
busy, or cannot be used, nothing more is begun, what is under way is waited for and kept, and the error is raised: the
same call goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeAlias, TypeVar

from pydantic import Field, ValidationError

from addenda.errors import AddendaError, InvalidInput, ModelBusy
from addenda.journal import Journal
from addenda.memories.base import ProgressCallback
from addenda.types import Frozen

LONGEST_PAUSE = 60.0
"""Seconds between two attempts at most."""

_Request = TypeVar("_Request", bound=Frozen)
_Reply = TypeVar("_Reply", bound=Frozen)


class GatheringSettings(Frozen):
    """How a generator is asked. Raises pydantic's ValidationError for a value out of range."""

    attempts: int = Field(default=6, ge=1)
    """How often a busy server is asked the same."""
    first_pause: float = Field(default=2.0, ge=0.0)
    """Seconds before the second attempt; each later pause is twice as long."""
    most_calls: int | None = Field(default=None, ge=1)
    """Requests that one run may make; without one there is no limit."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """An answer of no use."""

    why: str


Answers: TypeAlias = Journal[str]
"""Replies as JSON, by the digest of who was asked and what."""


def answers(path: Path) -> Answers:
    """The work file of a synthesis; see :class:`addenda.journal.Journal`."""
    return Journal(path, "synthesis", lambda kept: [kept], _text)


class Asker:
    """Asks one generator, and counts."""

    def __init__(self, identity: str, at_once: int, kept: Answers, settings: GatheringSettings) -> None:
        """Nothing is asked yet.

        Args:
            identity: Of the generator.
            at_once: Requests that are under way at the same time.
            kept: Where answers are kept, open.
            settings: How to ask.
        """
        self._identity = identity
        self._at_once = max(at_once, 1)
        self._kept = kept
        self._settings = settings
        self._stopped = Event()
        self.asked = 0
        """Requests that were asked."""
        self.resumed = 0
        """Requests whose answers were there."""

    def all(
        self,
        ask: Callable[[_Request], _Reply],
        requests: Sequence[_Request],
        reply: type[_Reply],
        progress: ProgressCallback,
    ) -> list[_Reply | Unusable]:
        """An answer to each request, in order; the same request is asked once.

        Raises ModelUnavailable when there is no model to answer, StorageUnavailable, InvalidInput when the limit of
        calls is reached; what was answered before is kept.
        """
        keys = [self._key(request) for request in requests]
        found: dict[str, _Reply | Unusable] = {}
        waiting: dict[str, _Request] = {}
        for key, request in zip(keys, requests, strict=True):
            known = _parsed(self._kept.get(key), reply)
            if known is not None:
                self.resumed += key not in found
                found[key] = known
            elif key not in waiting:
                waiting[key] = request
        total, done = len(found) + len(waiting), len(found)
        progress(done, total)
        for key, answer in self._answered(ask, waiting):
            found[key] = answer
            done += 1
            progress(done, total)
        return [found[key] for key in keys]

    def _answered(
        self, ask: Callable[[_Request], _Reply], waiting: dict[str, _Request]
    ) -> Iterator[tuple[str, _Reply | Unusable]]:
        """The answers as they come, each kept before it is given."""
        left = iter(waiting.items())
        under_way: dict[Future[_Reply | Unusable], str] = {}
        failed: AddendaError | None = None
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="reflections") as pool:
            while True:
                while failed is None and len(under_way) < self._at_once:
                    following = next(left, None)
                    if following is None:
                        break
                    try:
                        self._count()
                    except InvalidInput as error:
                        failed = error
                        break
                    under_way[pool.submit(self._patiently, ask, following[1])] = following[0]
                if not under_way:
                    break
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    key = under_way.pop(future)
                    try:
                        answer = future.result()
                    except AddendaError as error:
                        failed = failed or error
                        self._stopped.set()
                        continue
                    if not isinstance(answer, Unusable):
                        self._kept.add(key, answer.model_dump_json())
                    yield key, answer
        if failed is not None:
            raise failed

    def _patiently(self, ask: Callable[[_Request], _Reply], request: _Request) -> _Reply | Unusable:
        pause = self._settings.first_pause
        for left in reversed(range(self._settings.attempts)):
            try:
                return ask(request)
            except ModelBusy:
                if not left or self._stopped.wait(min(pause, LONGEST_PAUSE)):
                    raise
                pause *= 2
            except InvalidInput as error:
                return Unusable(str(error))
        raise AssertionError("there is at least one attempt")

    def _count(self) -> None:
        most = self._settings.most_calls
        if most is not None and self.asked >= most:
            raise InvalidInput(
                f"the limit of {most:,} calls is reached; everything that was answered is kept. Allow more "
                "(most_calls) and start it again to go on from here"
            )
        self.asked += 1

    def _key(self, request: Frozen) -> str:
        asked = json.dumps([self._identity, type(request).__name__, request.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


def _parsed(kept: str | None, reply: type[_Reply]) -> _Reply | None:
    if kept is None:
        return None
    try:
        return reply.model_validate_json(kept)
    except ValidationError:
        # Kept in an earlier form of the reply: it is asked for again.
        return None


def _text(values: Sequence[object]) -> str | None:
    match values:
        case [str(kept)]:
            return kept
        case _:
            return None
