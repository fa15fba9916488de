"""The part of the fold that concerns people, policy, relations, the suite, and the memories in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from addenda.errors import Conflict, PermissionDenied, UnknownId
from addenda.ledger import events as ev
from addenda.ledger.events import Event
from addenda.ledger.people import Person, Token, find_person
from addenda.ledger.state import PendingChange, State
from addenda.text import normalised


class Governing:
    """The settings of a state in the making. It owns its mappings."""

    def __init__(self, start: State) -> None:
        self.created = start.created
        self.people = dict(start.people)
        self.policy = start.policy
        self.relations = dict(start.relations)
        self.suite = dict(start.suite)
        self.thresholds = dict(start.thresholds)
        self.memories = dict(start.memories)
        self.pending = dict(start.pending)

    def take(self, event: Event, body: ev.Body) -> bool:
        """Work a body in; False when it is of a kind that concerns addenda."""
        handler = _HANDLERS.get(type(body))
        if handler is not None:
            handler(self, event, body)
        return handler is not None

    def create(self, event: Event, body: ev.Created) -> None:
        """The ledger begins, with its first person."""
        self.created = body
        self.people[body.admin] = Person(body.admin, body.roles, (Token(body.token_hash, event.at),), event.at)

    def add_person(self, event: Event, body: ev.PersonAdded) -> None:
        """Somebody joins; names that differ only in case or width count as the same."""
        if find_person(self.people, body.name) is not None:
            raise Conflict(f"there is a person named {body.name!r} already; change their roles, or choose another name")
        tokens = (Token(self._fresh(body.token_hash), event.at),) if body.token_hash else ()
        self.people[body.name] = Person(body.name, body.roles, tokens, event.at)

    def change_roles(self, _event: Event, body: ev.RolesChanged) -> None:
        """Somebody's roles are replaced."""
        self.people[body.name] = replace(self._person(body.name), roles=body.roles)

    def issue_token(self, event: Event, body: ev.TokenIssued) -> None:
        """Somebody gets one more token."""
        person = self._person(body.name)
        self._fresh(body.token_hash)
        self.people[body.name] = replace(person, tokens=(*person.tokens, Token.of(body, event.at)))

    def revoke_token(self, _event: Event, body: ev.TokenRevoked) -> None:
        """A token stops working."""
        person = self._person(body.name)
        if body.token_hash not in person.token_hashes:
            raise Conflict(f"{body.name!r} has no such token; it may have been revoked already")
        kept = tuple(token for token in person.tokens if token.hash != body.token_hash)
        self.people[body.name] = replace(person, tokens=kept)

    def change_policy(self, _event: Event, body: ev.PolicyChanged) -> None:
        """The approval policy is replaced."""
        self.policy = body.policy

    def declare_relation(self, _event: Event, body: ev.RelationDeclared) -> None:
        """A relation is declared, or declared anew."""
        self.relations[normalised(body.spec.name)] = body.spec

    def change_suite(self, _event: Event, body: ev.SuiteChanged) -> None:
        """Questions leave and join the gate's suite."""
        for gone in body.removed:
            if self.suite.pop(gone, None) is None:
                raise UnknownId(f"there is no question {gone!r} in the suite")
        self.suite.update((question.id, question) for question in body.added)

    def change_thresholds(self, _event: Event, body: ev.ThresholdsChanged) -> None:
        """Some of the gate's thresholds are set."""
        self.thresholds.update(body.thresholds)

    def configure_memory(self, _event: Event, body: ev.MemoryConfigured) -> None:
        """A memory is taken into use, or configured anew."""
        self.memories[body.memory] = body.configuration

    def propose_change(self, event: Event, body: ev.SettingChangeProposed) -> None:
        """A weakening change starts to wait."""
        if body.change_id in self.pending:
            raise Conflict(f"there is a waiting change {body.change_id!r} already")
        waiting = PendingChange(body.change_id, body.change, event.actor, event.at, event.reason)
        self.pending[body.change_id] = waiting

    def confirm_change(self, event: Event, body: ev.SettingChangeConfirmed) -> None:
        """A waiting change takes effect, confirmed by somebody else than its author."""
        waiting = self._waiting(body.change_id)
        if event.actor == waiting.by:
            raise PermissionDenied(f"{event.actor} asked for this change; somebody else must confirm it")
        del self.pending[body.change_id]
        self.take(event, waiting.change)

    def drop_change(self, _event: Event, body: ev.SettingChangeDropped) -> None:
        """A waiting change is given up."""
        self._waiting(body.change_id)
        del self.pending[body.change_id]

    def _person(self, name: str) -> Person:
        found = self.people.get(name)
        if found is None:
            raise UnknownId(f"there is no person {name!r}; known are {', '.join(sorted(self.people))}")
        return found

    def _fresh(self, token_hash: str) -> str:
        if any(token_hash in known.token_hashes for known in self.people.values()):
            raise Conflict("this token is in use already; issue a fresh one")
        return token_hash

    def _waiting(self, change_id: str) -> PendingChange:
        found = self.pending.get(change_id)
        if found is None:
            raise UnknownId(f"no change {change_id!r} is waiting; waiting are: {', '.join(self.pending) or 'none'}")
        return found


_Handler: TypeAlias = Callable[[Governing, Event, Any], None]

_HANDLERS: Mapping[type[ev.Body], _Handler] = MappingProxyType(
    {
        ev.Created: Governing.create,
        ev.PersonAdded: Governing.add_person,
        ev.RolesChanged: Governing.change_roles,
        ev.TokenIssued: Governing.issue_token,
        ev.TokenRevoked: Governing.revoke_token,
        ev.PolicyChanged: Governing.change_policy,
        ev.RelationDeclared: Governing.declare_relation,
        ev.SuiteChanged: Governing.change_suite,
        ev.ThresholdsChanged: Governing.change_thresholds,
        ev.MemoryConfigured: Governing.configure_memory,
        ev.SettingChangeProposed: Governing.propose_change,
        ev.SettingChangeConfirmed: Governing.confirm_change,
        ev.SettingChangeDropped: Governing.drop_change,
    }
)
