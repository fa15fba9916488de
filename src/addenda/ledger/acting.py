"""Who acts, by which token, and what comes with it: the measure of everything that a person or their agent appends.

An :class:`~addenda.ledger.events.Actor` says only who acts and which token was presented. What the token is good for is
looked up in the state at the head, so that roles taken away and tokens revoked count at once, in the middle of long
work too. Only its expiry does not: it is asked for when a token is presented, and work begun before goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from addenda.errors import InvalidInput, PermissionDenied
from addenda.ledger import events as ev
from addenda.ledger.events import Actor
from addenda.ledger.people import AGENT_ROLES, Person, Token
from addenda.ledger.policy import Role
from addenda.ledger.state import State


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts now."""

    person: Person
    """As the state has them, with all their roles."""
    token: Token | None
    """The one presented; None where the software acts for a person whom it knows."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """What they may use of the person's roles."""
        return self.person.roles if self.token is None else self.token.within(self.person.roles)

    @property
    def is_whole(self) -> bool:
        """Whether nothing narrows what they may do."""
        return self.token is None or not self.token.is_narrow

    def has_any(self, roles: frozenset[Role]) -> bool:
        """Whether they have at least one of these roles."""
        return not roles.isdisjoint(self.roles)

    def may_revoke(self, token_hash: str) -> bool:
        """Whether this is a token of their own that is no wider than the one presented."""
        own = next((token for token in self.person.tokens if token.hash == token_hash), None)
        return own is None or self.is_whole or (self.token is not None and self.token.covers(own))


def acting(state: State, actor: Actor) -> Acting:
    """Who this person, or agent of a person, is in a state. Raises PermissionDenied when they may not act there."""
    if actor.token is None:
        person = state.people.get(actor.name) if actor.kind == "person" else None
        if person is None:
            raise PermissionDenied(f"there is no person {actor.name!r} in this knowledge base; an admin can add them")
        return Acting(person, None)
    for person in state.people.values():
        for token in person.tokens:
            # The name must be that of the token's own person, or one could act as somebody else.
            if token.hash == actor.token and replace(person, token=token).actor == actor:
                return Acting(person, token)
    raise PermissionDenied(
        f"the token that {actor} presented was revoked meanwhile; nothing of this was done, present another one"
    )


def person_behind(state: State, actor: Actor) -> str:
    """The name of the person whose agent this is; empty for everybody else. Raises PermissionDenied."""
    return acting(state, actor).person.name if actor.kind == "model" and actor.token is not None else ""


def issued_in(body: ev.Body) -> Iterator[ev.TokenIssued]:
    """The token that a body issues, or would once it is confirmed."""
    inner = body.change if isinstance(body, ev.SettingChangeProposed) else body
    if isinstance(inner, ev.TokenIssued):
        yield inner


def check_issued(state: State, who: Acting, body: ev.TokenIssued) -> None:
    """Raise when a token must not be issued so.

    InvalidInput when its roles are not among those of its person; PermissionDenied when somebody would get more by it
    than they have by the token that they presented.
    """
    target = state.people.get(body.name)
    if target is None:
        return  # the fold says so
    if body.roles is not None and (not body.roles or not set(body.roles) <= set(target.roles)):
        raise InvalidInput(
            f"a token can only have roles that its person has: {body.name!r} is "
            f"{', '.join(target.roles) or 'without a role'}, and the token asks for {', '.join(body.roles) or 'none'}"
        )
    token = Token.of(body, state.at or target.added_at)
    if body.agent and target.roles and not token.within(target.roles):
        raise InvalidInput(
            f"an agent can only read and propose, so its token needs the role {' or '.join(sorted(AGENT_ROLES))}, "
            f"which {body.name!r} does not have or the token leaves out"
        )
    if who.person.name == body.name and who.token is not None and not who.token.covers(token):
        raise PermissionDenied(
            f"the token {who.token.id} of {body.name!r} is narrower than the one to be issued; ask for no more roles "
            "and no later expiry than it has, or present a token that is not narrowed"
        )
