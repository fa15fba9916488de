"""Browser sessions: kept by the server, in memory, so that a restart ends them.

Idea: a session is a reference to a token or a linked account, never a right of its own. Each request asks the knowledge
base who the person is *now*, so a revoked or expired token or link, and a role that was taken away, count with the next
request. The browser has a random id, of which only the hash is kept here, so that no copy of this memory is of use to
act. A session belongs to one knowledge base and is unknown at every other.

Against requests that another site makes in the browser's name, each session has a token of its own that only our pages
know: an HMAC of the session's id, so that it need not be stored and is of no use with another session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from addenda.errors import PermissionDenied
from addenda.knowledge_base import Person
from addenda.surfaces.hosting import Hosted

IDLE = timedelta(hours=1)
"""After so long without a request a session has ended."""

LONGEST = timedelta(hours=12)
"""After so long a session has ended, whatever was done in it."""

MOST = 10_000
"""Sessions that are kept; with one more, the one that was used longest ago ends."""

MOST_EACH = 20
"""Sessions of one person; with one more, the one that was used longest ago ends."""

_ENDED = "there is no such session, or it has ended; sign in again"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a browser gets when it signs in."""

    id: str
    """For a cookie that scripts cannot read; whoever has it can act."""
    csrf: str
    """For the pages themselves, which send it with each request that changes something."""


@dataclass(slots=True)
class _Session:
    knowledge_base: str
    person: Person
    opened_at: datetime
    used_at: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """The sessions of a server. Threads may share it."""

    def __init__(
        self,
        clock: Callable[[], datetime] = _now,
        *,
        idle: timedelta = IDLE,
        longest: timedelta = LONGEST,
        most: int = MOST,
        most_each: int = MOST_EACH,
    ) -> None:
        """Take what tells the time, how long sessions last, and how many there may be."""
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._most = most
        self._most_each = most_each
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()  # the one used longest ago first

    def __len__(self) -> int:
        """How many are kept, those that ended and were not asked for since included."""
        return len(self._sessions)

    def open(self, hosted: Hosted, person: Person) -> Opened:
        """Begin a session for somebody who has just said at this knowledge base who they are.

        The id is new each time, so that none that somebody planted in the browser before comes to life. Raises
        PermissionDenied for an agent: an agent presents its token with each request.
        """
        if person.agent:
            raise PermissionDenied(
                f"the token of the agent {person.agent!r} opens no session in a browser; sign in with one of your own"
            )
        session_id, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            own = [key for key, one in self._sessions.items() if _belongs(one, hosted.name, person.name)]
            for key in own[: max(0, len(own) - self._most_each + 1)]:
                del self._sessions[key]
            if len(self._sessions) >= self._most:
                self._drop_ended(now)
            while len(self._sessions) >= self._most:
                self._sessions.popitem(last=False)
            self._sessions[_kept(session_id)] = _Session(hosted.name, person, now, now)
        return Opened(session_id, self.csrf(session_id))

    def resume(self, hosted: Hosted, session_id: str) -> Person:
        """Whose session this is, as they are now.

        Raises PermissionDenied when there is none of this id at this knowledge base, when it has ended, and when the
        token or link that it was opened with was revoked or has expired, which ends it.
        """
        key, now = _kept(session_id), self._clock()
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.knowledge_base != hosted.name:
                raise PermissionDenied(_ENDED)
            if self._has_ended(session, now):
                del self._sessions[key]
                raise PermissionDenied(_ENDED)
            session.used_at = now
            self._sessions.move_to_end(key)
        try:
            return hosted.kb.renew(session.person)
        except PermissionDenied:
            self.close(session_id)
            raise

    def csrf(self, session_id: str) -> str:
        """The token against forged requests that goes with this session id."""
        return hmac.new(self._key, _encoded(session_id), hashlib.sha256).hexdigest()

    def check_csrf(self, session_id: str, presented: str) -> None:
        """Raise PermissionDenied unless this is the session's token against forged requests."""
        if not hmac.compare_digest(_encoded(self.csrf(session_id)), _encoded(presented)):
            raise PermissionDenied(
                "this request does not come from a page of this session; reload the page and try again"
            )

    def close(self, session_id: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._sessions.pop(_kept(session_id), None)

    def close_all(self, hosted: Hosted, name: str) -> int:
        """End every session of a person at this knowledge base. Returns how many there were."""
        with self._lock:
            own = [key for key, one in self._sessions.items() if _belongs(one, hosted.name, name)]
            for key in own:
                del self._sessions[key]
        return len(own)

    def _has_ended(self, session: _Session, now: datetime) -> bool:
        return now - session.used_at >= self._idle or now - session.opened_at >= self._longest

    def _drop_ended(self, now: datetime) -> None:
        for key in [key for key, session in self._sessions.items() if self._has_ended(session, now)]:
            del self._sessions[key]


def _belongs(session: _Session, knowledge_base: str, name: str) -> bool:
    return (session.knowledge_base, session.person.name) == (knowledge_base, name)


def _kept(session_id: str) -> bytes:
    """What is kept of an id; looking it up by this tells nothing about how close a guess came."""
    return hashlib.sha256(_encoded(session_id)).digest()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
