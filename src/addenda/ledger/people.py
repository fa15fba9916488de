"""People and their tokens.

A person acts by presenting a token, never by naming themselves. A token is ``addenda_`` and 32 random bytes; the ledger
keeps only its SHA-256, which is enough because a random token of that length cannot be guessed or searched.

A token can be narrower than its person: good for some of their roles, until a moment, or for an agent, which acts as a
model does and can only propose. Whoever presents it is then a :class:`Person` with those roles and no others, and what
they do is admitted by the same measure (:mod:`addenda.ledger.admission`). This module stores no token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput, PermissionDenied
from addenda.ledger.events import Actor, TokenIssued
from addenda.ledger.policy import Role
from addenda.text import clean, normalised

if TYPE_CHECKING:
    from addenda.ledger.state import State

TOKEN_PREFIX = "addenda_"  # noqa: S105 - marks our tokens, so that scanners for leaked secrets find them
"""How every token starts."""

AGENT_ROLES: frozenset[Role] = frozenset({"viewer", "editor"})
"""The roles of a person that an agent can have too."""

_ID_DIGITS = 12
_MOST_LABEL = 100

_NAME = re.compile(r"[^\W_](?:[\w .@'-]{0,62}[\w.])?")
_RESERVED = frozenset({"system", "model", "person", "nobody", "everyone"})


@dataclass(frozen=True, slots=True)
class Token:
    """What the ledger knows of a token. It is not the token: nobody can act with this."""

    hash: str = field(repr=False)
    """SHA-256 of the token."""
    issued_at: datetime
    label: str = ""
    roles: tuple[Role, ...] | None = None
    """The only ones of the person's roles that come with it; None for all."""
    expires_at: datetime | None = None
    """First instant at which it is no longer valid; None when it does not expire."""
    agent: str = ""
    """The agent that acts with it; empty when the person does."""
    issuer: str = ""
    """The OpenID provider whose word stands for it; empty for one that is presented itself."""

    @classmethod
    def of(cls, body: TokenIssued, at: datetime) -> Token:
        """The token that an event at this moment issues."""
        return cls(body.token_hash, at, body.label, body.roles, body.expires_at, body.agent, body.issuer)

    @property
    def id(self) -> str:
        """What it is called where people see it: the first 12 digits of its hash, of no use to act."""
        return self.hash.removeprefix("sha256:")[:_ID_DIGITS]

    @property
    def is_narrow(self) -> bool:
        """Whether it is good for less than everything that its person may do."""
        return self.roles is not None or bool(self.agent)

    def is_valid(self, at: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or at < self.expires_at

    def within(self, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        """Those of a person's roles that come with it."""
        return tuple(
            role
            for role in roles
            if (self.roles is None or role in self.roles) and (not self.agent or role in AGENT_ROLES)
        )

    def covers(self, other: Token) -> bool:
        """Whether the other is good for nothing that this one is not good for, and no longer."""
        roles = self.roles is None or (other.roles is not None and set(other.roles) <= set(self.roles))
        kind = not self.agent or bool(other.agent)
        ends = self.expires_at is None or (other.expires_at is not None and other.expires_at <= self.expires_at)
        return roles and kind and ends


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may act; with :attr:`token`, someone who presented it, and may do what comes with it."""

    name: str
    roles: tuple[Role, ...]
    tokens: tuple[Token, ...]
    """Those that are not revoked, in the order in which they were issued."""
    added_at: datetime
    token: Token | None = None
    """The one presented; None in a state, where nobody acts."""

    @property
    def token_hashes(self) -> tuple[str, ...]:
        """SHA-256 of each token that is not revoked."""
        return tuple(token.hash for token in self.tokens)

    @property
    def agent(self) -> str:
        """The agent that acts in this person's name; empty when they act themselves."""
        return "" if self.token is None else self.token.agent

    @property
    def actor(self) -> Actor:
        """This person, or their agent, as the actor of an event."""
        presented = None if self.token is None else self.token.hash
        if self.agent:
            # No name has brackets, so that no agent goes by the name of another model, whose notes may be trusted.
            return Actor(kind="model", name=f"{self.agent} (agent of {self.name})", token=presented)
        return Actor(kind="person", name=self.name, token=presented)

    def has_any(self, roles: frozenset[Role]) -> bool:
        """Whether the person has at least one of these roles."""
        return not roles.isdisjoint(self.roles)


def new_token() -> str:
    """A fresh token; show it once, and keep only :func:`token_hash` of it."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the ledger keeps of a token: ``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def identity_hash(issuer: str, subject: str) -> str:
    """What the ledger keeps in place of a token for somebody whom an OpenID provider vouches for."""
    return token_hash(json.dumps(["addenda identity 1", issuer, subject]))


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


def token_label(label: str) -> str:
    """The label of a token in the form that is kept. Raises InvalidInput for one that is too long."""
    text = clean(label, "label").strip()
    if len(text) > _MOST_LABEL or "\n" in text:
        raise InvalidInput(f"the label {text[:40]!r}... is no line of at most {_MOST_LABEL} characters; shorten it")
    return text


def authenticate(state: State, token: str, at: datetime) -> Person:
    """The person whose valid token this is, with the roles that come with it.

    Every stored hash is compared in constant time, so that the time taken does not tell how close a guess came.
    Raises PermissionDenied for a token that is unknown, revoked or expired at this moment.
    """
    return _presenting(state, token_hash(token.strip()), "", at)


def authenticate_identity(state: State, issuer: str, subject: str, at: datetime) -> Person:
    """The person to whom this identity was linked, with the roles that come with that.

    The caller has verified that the issuer says so. Raises PermissionDenied when it is linked to nobody.
    """
    return _presenting(state, identity_hash(issuer, subject), issuer, at)


def renew(state: State, person: Person, at: datetime) -> Person:
    """The same person as they are now, still presenting the same token; without one, with all their roles.

    Raises PermissionDenied when the token was revoked or has expired, or the person has no role any more.
    """
    if person.token is not None:
        return _presenting(state, person.token.hash, person.token.issuer, at)
    known = state.people.get(person.name)
    if known is None or not known.roles:
        raise PermissionDenied(f"{person.name!r} has no role in this knowledge base; an admin can give one")
    return known


def _presenting(state: State, presented: str, issuer: str, at: datetime) -> Person:
    found: Person | None = None
    for person in state.people.values():
        for token in person.tokens:
            # What stands for an identity is no secret, so that nobody may present it as a token.
            if hmac.compare_digest(token.hash, presented) and token.issuer == issuer:
                found = replace(person, roles=token.within(person.roles), token=token)
    if found is None or found.token is None:
        if issuer:
            raise PermissionDenied(
                f"the account that {issuer!r} vouches for is linked to nobody in this knowledge base, or no longer; "
                "an admin can link it with `person link`"
            )
        raise PermissionDenied(
            "this token is unknown or was revoked; ask an admin of the knowledge base to issue a new one to you"
        )
    # A clock that was set back revives no token.
    if not found.token.is_valid(max(at, state.at or at)):
        raise PermissionDenied(
            f"the token {found.token.id} of {found.name!r} has expired; issue a new one with another token of yours, "
            "or ask an admin of the knowledge base"
        )
    return found
