"""Whose request it is, and what it may be answered from: the token and the headers, never the text.

======================== ==========================================================================================
header                   meaning
======================== ==========================================================================================
Authorization            ``Bearer`` and a token of the knowledge base; never the key of the model's server
X-Addenda-Knowledge-Base which of the server's knowledge bases; else the first one that the token is good for
X-Addenda-Memories       the memories that are asked, comma-separated, or ``none``; else all that are in use
X-Addenda-As-Of          the moment that is asked about, ISO 8601 with a time zone; else now
X-Addenda-Audience       the group that is answered; else what is for everyone. Takes a role that sees all addenda
======================== ==========================================================================================

A header with this prefix that is not among these is refused: misspelt, it would silently widen what is answered from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers

from addenda.errors import PermissionDenied, UnknownId
from addenda.knowledge_base import Person, Upstream, check_audience
from addenda.surfaces.hosting import Hosted, Hosting
from addenda.surfaces.openai.problems import Problem
from addenda.types import EVERYONE, MemoryName

PREFIX = "x-addenda-"
KNOWLEDGE_BASE = "X-Addenda-Knowledge-Base"
MEMORIES = "X-Addenda-Memories"
AS_OF = "X-Addenda-As-Of"
AUDIENCE = "X-Addenda-Audience"
TRACE = "X-Addenda-Trace"
"""In replies: the id of the answer, by which its trace is found."""
LEDGER_POSITION = "X-Addenda-Ledger-Position"
"""In replies: how far in the ledger the memories were."""

NO_MEMORY = "none"
"""What stands in the header for no memory at all."""

_NAMES: tuple[MemoryName, ...] = ("edits", "triples", "notes", "reflections")
_KNOWN = frozenset(name.lower() for name in (KNOWLEDGE_BASE, MEMORIES, AS_OF, AUDIENCE))
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be answered, and what from."""

    hosted: Hosted
    person: Person
    to: Upstream | None
    """Where its conversations go; None for a local model."""
    position: int
    """How far the ledger was."""
    memories: tuple[MemoryName, ...] | None
    as_of: datetime | None
    audience: str


def admitted(hosting: Hosting, headers: Headers) -> Admitted:
    """Find out whose request it is. Reads the ledger, so it belongs into a thread. Raises :class:`Problem`."""
    hosted, person, position = _identified(hosting, headers)
    unknown = [name for name in headers if name.lower().startswith(PREFIX) and name.lower() not in _KNOWN]
    if unknown:
        known = ", ".join((KNOWLEDGE_BASE, MEMORIES, AS_OF, AUDIENCE))
        raise Problem(400, f"there is no header {unknown[0]!r}; the headers are {known}", param=unknown[0])
    audience = headers.get(AUDIENCE, EVERYONE).strip() or EVERYONE
    if len(audience) > _MOST_CHARACTERS:
        raise Problem(400, f"{AUDIENCE} has {len(audience)} characters; give the name of one group", param=AUDIENCE)
    try:
        check_audience(person, audience)
    except PermissionDenied as error:
        raise Problem(403, str(error), param=AUDIENCE) from error
    return Admitted(
        hosted,
        person,
        hosted.kb.conversing.upstream,
        position,
        _memories(headers.get(MEMORIES)),
        _moment(headers.get(AS_OF)),
        audience,
    )


def _identified(hosting: Hosting, headers: Headers) -> tuple[Hosted, Person, int]:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unknown("no token was given; send a token of the knowledge base as `Authorization: Bearer TOKEN`")
    wanted = headers.get(KNOWLEDGE_BASE)
    for name in hosting.names if wanted is None else (wanted.strip(),):
        try:
            hosted = hosting.get(name)
            with hosted.kb.ledger.pinned() as state:
                return hosted, hosted.kb.authenticate(token), state.position
        except (UnknownId, PermissionDenied):
            continue
    # The same for a knowledge base that is not there, so that nobody learns which there are.
    raise _unknown(
        "this token is unknown or was revoked, or is not good for the knowledge base that was named; ask an admin of "
        f"the knowledge base to issue a new one to you, and check {KNOWLEDGE_BASE}"
    )


def _unknown(message: str) -> Problem:
    return Problem(401, message, code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"})


def _memories(given: str | None) -> tuple[MemoryName, ...] | None:
    if given is None:
        return None
    wanted: list[str] = [one.strip().lower() for one in given.split(",") if one.strip()]
    if wanted == [NO_MEMORY]:
        return ()
    if not wanted or set(wanted) - set(_NAMES):
        allowed = ", ".join((*_NAMES, NO_MEMORY))
        raise Problem(400, f"{MEMORIES} is {given!r}; give one or more of {allowed}, with commas", param=MEMORIES)
    return tuple(name for name in _NAMES if any(one == name for one in wanted))


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(
            400, f"{AS_OF} is {given!r}; give a moment with a time zone, as in 2026-03-01T00:00:00Z", param=AS_OF
        )
    return moment
