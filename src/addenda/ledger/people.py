"""People and their tokens.

A person acts by presenting a token, never by naming themselves. A token is ``addenda_`` and 32 random bytes; the ledger
keeps only its SHA-256, which is enough because a random token of that length cannot be guessed or searched.

This module does not decide what a person may do (:mod:`addenda.ledger.admission`) and stores no token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput, PermissionDenied
from addenda.ledger.events import Actor
from addenda.ledger.policy import Role
from addenda.text import clean, normalised

if TYPE_CHECKING:
    from addenda.ledger.state import State

TOKEN_PREFIX = "addenda_"  # noqa: S105 - marks our tokens, so that scanners for leaked secrets find them
"""How every token starts."""

_NAME = re.compile(r"[^\W_](?:[\w .@'-]{0,62}[\w.])?")
_RESERVED = frozenset({"system", "model", "person", "nobody", "everyone"})


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may act."""

    name: str
    roles: tuple[Role, ...]
    token_hashes: tuple[str, ...]
    """SHA-256 of each token that is valid now."""
    added_at: datetime

    @property
    def actor(self) -> Actor:
        """This person as the actor of an event."""
        return Actor(kind="person", name=self.name)

    def has_any(self, roles: frozenset[Role]) -> bool:
        """Whether the person has at least one of these roles."""
        return not roles.isdisjoint(self.roles)


def new_token() -> str:
    """A fresh token; show it once, and keep only :func:`token_hash` of it."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the ledger keeps of a token: ``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def person_name(name: str) -> str:
    """The name in the form that is kept. Raises InvalidInput when it cannot be a person's name."""
    text = clean(name, "name").strip()
    if not _NAME.fullmatch(text) or normalised(text) in _RESERVED:
        raise InvalidInput(
            f"{name!r} cannot be a person's name; use 1 to 64 letters, digits, spaces or . @ ' - _, starting with a "
            f"letter or digit, and none of {', '.join(sorted(_RESERVED))}"
        )
    return text


def find_person(people: Mapping[str, Person], name: str) -> Person | None:
    """The person of this name, whatever its case or width."""
    wanted = normalised(name)
    return next((person for person in people.values() if normalised(person.name) == wanted), None)


def authenticate(state: State, token: str) -> Person:
    """The person whose valid token this is.

    Every stored hash is compared in constant time, so that the time taken does not tell how close a guess came.
    Raises PermissionDenied for an unknown or revoked token.
    """
    presented = token_hash(token.strip())
    found: Person | None = None
    for person in state.people.values():
        for kept in person.token_hashes:
            if hmac.compare_digest(kept, presented):
                found = person
    if found is None:
        raise PermissionDenied(
            "this token is unknown or was revoked; ask an admin of the knowledge base to issue a new one to you"
        )
    return found
