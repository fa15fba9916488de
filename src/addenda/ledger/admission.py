"""Whether somebody may append an event now: roles, the approval policy, and changes that need a second person.

These are the rules of *this* version of the software about *new* events; what must hold for old ones too is in the
fold. A change of settings is *weakening* when it lets more happen with less control: a laxer policy, more or fewer
people who decide, a token for one of them, a relation whose conflicts or tests vanish, a question less in the suite,
a lower threshold. From the day there is a second person who is approver or admin, a weakening change waits until one
of them confirms it. Before that the first admin sets things up alone, because there is nobody to ask.

Whoever presents a token that was narrowed has what comes with it, and nothing that is their person's besides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from addenda.errors import Conflict, InvalidInput, PermissionDenied
from addenda.ledger import events as ev
from addenda.ledger.acting import Acting, acting, check_issued, issued_in, person_behind
from addenda.ledger.events import Actor, kind_of
from addenda.ledger.people import Person, Token, person_name
from addenda.ledger.policy import ContentKind, Decision, Policy, Role, Subject, is_weaker, least_trust
from addenda.ledger.ramps import goes_by_itself
from addenda.ledger.records import Record
from addenda.ledger.relations import RelationSpec
from addenda.ledger.sealing import is_clean
from addenda.ledger.state import State
from addenda.text import clean, normalised
from addenda.types import TRUST_ORDER, Content, Fact, Trust

DECIDERS: frozenset[Role] = frozenset({"approver", "admin"})
"""The roles whose holders confirm weakening changes."""

_ESCAPE = re.compile(r"\\(?:u00..|.)")
"""An escaped character as JSON spells it, backslashes too."""

_CONTROLS = ("\\u", "\\b", "\\f")
"""How the escapes of control characters begin; those of tabs and line ends are allowed."""

_ADMIN: frozenset[Role] = frozenset({"admin"})
_REVIEW: frozenset[Role] = frozenset({"approver"})
_WRITE: frozenset[Role] = frozenset({"editor", "approver", "admin"})

MAY: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "person_added": _ADMIN,
        "roles_changed": _ADMIN,
        "token_issued": _ADMIN,
        "token_revoked": _ADMIN,
        "policy_changed": _ADMIN,
        "relation_declared": _ADMIN,
        "suite_changed": _ADMIN,
        "thresholds_changed": _ADMIN,
        "memory_configured": _ADMIN,
        "setting_change_proposed": _ADMIN,
        "setting_change_confirmed": DECIDERS,
        "setting_change_dropped": DECIDERS,
        "proposed": _WRITE,
        "approved": _REVIEW,
        "rejected": _REVIEW,
        "review_needed": _WRITE,
        "gate_judged": _WRITE,
        "activating": DECIDERS,
        "delivered": DECIDERS,
        "activation_undone": DECIDERS,
        "disabled": DECIDERS,
        "enabled": DECIDERS,
        "retired": DECIDERS,
        "window_closed": DECIDERS,
        "erased": _ADMIN,
    }
)
"""The roles that may append each kind of event. One role is enough. Everybody may rotate and revoke their own tokens,
and reject what they proposed themselves."""

SYSTEM_MAY: frozenset[str] = frozenset(
    {"approved", "review_needed", "gate_judged", "activating", "delivered", "activation_undone", "memory_configured"}
)
"""What the software may append by itself; ``approved`` only where the policy says automatic or a rule's autopilot lets
it, ``memory_configured`` only for a memory that has no configuration yet."""


def check(state: State, actor: Actor, body: ev.Body) -> None:
    """Raise PermissionDenied when this actor may not append this body, Conflict when it must not be appended now."""
    if isinstance(body, ev.Created):
        return
    if state.created is None:
        raise Conflict("there is no ledger here yet; its first event must be 'created'")
    kind = kind_of(body)
    if actor.kind == "system":
        configured = isinstance(body, ev.MemoryConfigured) and body.memory in state.memories
        if kind not in SYSTEM_MAY or configured:
            raise PermissionDenied(f"{kind!r} is for a person to decide; present a person's token")
    else:
        _check_person(state, actor, body, kind)
    if isinstance(body, ev.Proposed) and body.on_behalf_of != person_behind(state, actor):
        raise PermissionDenied(f"{actor} does not propose on behalf of {body.on_behalf_of or 'nobody'!r}")
    _check_settings(state, actor, body)
    _check_addenda(state, body)


def require(state: State, person: Person, kind: str) -> None:
    """Raise PermissionDenied unless the person has, now, a role that may append this kind of event.

    For checking before long work; appending checks again.
    """
    actor = person.actor
    _check_model(actor, kind)
    _require(acting(state, actor), kind)


def require_role(name: str, roles: Collection[str], kind: str, token: str = "") -> None:
    """Raise PermissionDenied unless one of the roles may append this kind of event; ``token`` says what they are of."""
    if MAY[kind].isdisjoint(roles):
        has = ", ".join(roles) or "no role"
        raise PermissionDenied(
            f"{name!r} ({has}{token}) may not do this ({kind}); it takes the role {' or '.join(sorted(MAY[kind]))}"
        )


def check_text(body: ev.Body, text: str) -> None:
    """Raise InvalidInput for hidden characters anywhere in a body, and for a name that no person can have.

    Args:
        body: What is to be appended.
        text: How it will be stored (:func:`addenda.ledger.chain.body_text`).
    """
    if not is_clean(text):
        clean(text, f"the text of this {kind_of(body)!r} event")
    for escaped in _ESCAPE.findall(text) if "\\" in text else ():
        if escaped.startswith(_CONTROLS):
            raise InvalidInput(
                f"the text of this {kind_of(body)!r} event has a control character ({escaped}); delete it"
            )
    inner = body.change if isinstance(body, ev.SettingChangeProposed) else body
    name = inner.name if isinstance(inner, ev.PersonAdded) else inner.admin if isinstance(inner, ev.Created) else None
    if name is not None and person_name(name) != name:
        raise InvalidInput(f"{name!r} is not how this name is kept; pass it through person_name first")


def needs_confirmation(state: State, actor: Actor, change: ev.Body) -> str:
    """Why a second person must confirm this change of settings; empty when it need not be confirmed."""
    others = [p for p in state.people.values() if p.name != actor.name and p.has_any(DECIDERS)]
    return _weakening(state, actor, change) if others else ""


def decide(state: State, record: Record, content: Content) -> Decision:
    """What the policy in force asks for before this proposal may go on."""
    return Deciding(state.policy).decide(record, content)


def withdrawn_by(state: State, addendum_id: str) -> tuple[str, ...]:
    """What a proposal withdraws that is of another kind; the rules about that are to be met too."""
    record = state.records.find(addendum_id)
    if record is None or record.kind != "note" or not record.supersedes:
        return ()
    found = ((target, state.records.find(target)) for target in record.supersedes)
    return tuple(target for target, its in found if its is not None and its.kind != "note")


class Deciding:
    """What one policy asks for, proposal after proposal. Those that differ in nothing it looks at are decided once."""

    def __init__(self, policy: Policy) -> None:
        """Take the policy in force."""
        self._policy = policy
        self._by_source, self._by_relation = policy.looks_at_sources, policy.looks_at_relations
        self._known: dict[tuple[ContentKind, str, Trust, tuple[str, ...], str | None], Decision] = {}

    def decide(self, record: Record, content: Content | None) -> Decision:
        """What is asked for before this proposal may go on; the content matters if the policy looks at relations."""
        relation = normalised(content.relation) if self._by_relation and isinstance(content, Fact) else None
        proposal = record.proposal
        source = proposal.source if self._by_source else ""
        asked = (proposal.content_kind, source, proposal.trust, proposal.tags, relation)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._policy.decide(Subject(*asked))
        return found


def check_approval(state: State, actor: Actor, record: Record, decision: Decision, body: ev.Approved) -> None:
    """Raise PermissionDenied when the policy in force, which made this decision, does not allow the approval so."""
    if decision.reviewers is None:
        why = f"rule {decision.rule!r} forbids it" if decision.rule else "no rule of the policy fits it"
        raise PermissionDenied(
            f"nobody may approve {record.id!r}: {why}; an admin can change the policy, and until then it can wait"
        )
    required = decision.reviewers
    if actor.kind == "system" and required > 0:
        if not goes_by_itself(record, decision, state.ramps, state.records.find):
            raise PermissionDenied(f"rule {decision.rule!r} asks for a person's approval of {record.id!r}")
        required = 0
    if (body.rule, body.required) != (decision.rule, required):
        raise Conflict(
            f"the approval of {record.id!r} names rule {body.rule!r} with {body.required} reviewers, but rule "
            f"{decision.rule!r} with {required} decides; approve again under the policy in force"
        )
    if record.stage == "proposed" and (moved := state.moved(record)):
        raise Conflict(
            f"{record.id!r} is meant to replace {', '.join(moved)}, which changed since it was proposed; "
            "send it back to review and look again"
        )


def _check_person(state: State, actor: Actor, body: ev.Body, kind: str) -> None:
    """A person, their agent, or a model that works for somebody who was asked before."""
    _check_model(actor, kind)
    if actor.kind == "model" and actor.token is None:
        return
    who = acting(state, actor)
    for issued in issued_in(body):
        check_issued(state, who, issued)
    if not _is_own(state, who, body):
        _require(who, kind)


def _check_model(actor: Actor, kind: str) -> None:
    if actor.kind == "model" and kind != "proposed":
        raise PermissionDenied(f"{actor} is a model, and a model can only propose; a person must do this")


def _require(who: Acting, kind: str) -> None:
    token = "" if who.token is None or who.is_whole else f" by the token {who.token.id}"
    require_role(who.person.name, who.roles, kind, token)


def _is_own(state: State, who: Acting, body: ev.Body) -> bool:
    """Whether it is about one's own tokens, proposals or changes, which one may take back without another role."""
    person, writes = who.person, who.is_whole or who.has_any(_WRITE)
    match body:
        case ev.TokenIssued():
            # An account that is somebody else's must not be taken, so that only admins link them.
            return body.name == person.name and bool(who.roles) and not body.issuer
        case ev.TokenRevoked():
            return body.name == person.name and bool(who.roles) and who.may_revoke(body.token_hash)
        case ev.Rejected():
            return writes and all(i in state.records and state.records[i].is_by(person.actor) for i in body.ids)
        case ev.SettingChangeDropped():
            waiting = state.pending.get(body.change_id)
            return writes and waiting is not None and waiting.by == person.actor
        case _:
            return False


def _check_settings(state: State, actor: Actor, body: ev.Body) -> None:
    if why := needs_confirmation(state, actor, body):
        raise PermissionDenied(f"a second approver or admin must confirm this: {why}; propose the change and let them")


def _check_addenda(state: State, body: ev.Body) -> None:
    match body:
        case ev.Proposed():
            _check_trust(state, body)
        case ev.Activating():
            for record in _known(state, body.ids):
                if moved := state.moved(record):
                    raise Conflict(
                        f"{record.id!r} is meant to replace {', '.join(moved)}, which changed since; "
                        "send it back to review"
                    )
        case ev.Enabled():
            for record in _known(state, body.ids):
                _check_enabling(state, record)
        case _:
            pass


def _check_trust(state: State, body: ev.Proposed) -> None:
    if not any(proposal.evidence for proposal in body.proposals):
        return
    trusts: dict[str, Trust] = {}
    for proposal in body.proposals:
        for i in proposal.evidence:
            if i not in trusts and (record := state.records.find(i)) is not None:
                trusts[i] = record.trust
        limit = least_trust(trusts[i] for i in proposal.evidence if i in trusts)
        if TRUST_ORDER.index(proposal.trust) > TRUST_ORDER.index(limit):
            raise InvalidInput(
                f"{proposal.id!r} claims trust {proposal.trust!r}, but its evidence is only {limit!r}; "
                "what is derived is trusted no more than the least of its sources"
            )
        trusts[proposal.id] = proposal.trust


def _check_enabling(state: State, record: Record) -> None:
    for target in record.supersedes:
        rivals = set(state.records[target].superseded_by) - {record.id} - set(record.superseded_by)
        if rivals:
            raise Conflict(
                f"cannot enable {record.id!r}: what it replaced ({target}) was replaced meanwhile by "
                f"{', '.join(sorted(rivals))}; disable that one first, or propose this knowledge anew"
            )


def _known(state: State, ids: tuple[str, ...]) -> list[Record]:
    return [state.records[i] for i in ids if i in state.records]


def _weakening(state: State, actor: Actor, change: ev.Body) -> str:
    match change:
        case ev.PersonAdded() | ev.RolesChanged() | ev.TokenIssued():
            return _weakening_people(state, actor, change)
        case ev.PolicyChanged():
            return (
                "the new policy may let something pass with less approval"
                if is_weaker(state.policy, change.policy)
                else ""
            )
        case ev.RelationDeclared():
            return _weakening_relation(state.relations.get(normalised(change.spec.name)), change.spec)
        case ev.SuiteChanged():
            replaced = [q.id for q in change.added if q.id in state.suite and state.suite[q.id] != q]
            gone = [*change.removed, *replaced]
            return f"questions leave the suite or change: {', '.join(gone[:5])}" if gone else ""
        case ev.ThresholdsChanged():
            lower = [n for n, value in change.thresholds.items() if value < state.thresholds.get(n, value)]
            return f"thresholds get lower: {', '.join(lower)}" if lower else ""
        case _:
            return ""


def _weakening_people(state: State, actor: Actor, change: ev.PersonAdded | ev.RolesChanged | ev.TokenIssued) -> str:
    known = state.people.get(change.name)
    roles = known.roles if known else ()
    if isinstance(change, ev.TokenIssued):
        decides = known is not None and DECIDERS.intersection(Token.of(change, known.added_at).within(roles))
        return f"it is a token of {change.name!r}, who decides" if decides and change.name != actor.name else ""
    before = DECIDERS.intersection(roles)
    after = DECIDERS.intersection(change.roles)
    if gained := after - before:
        return f"{change.name!r} becomes {' and '.join(sorted(gained))}"
    lost = before - after
    return f"{change.name!r} is no longer {' and '.join(sorted(lost))}" if lost and change.name != actor.name else ""


def _weakening_relation(before: RelationSpec | None, after: RelationSpec) -> str:
    if before is None:
        return ""
    if before.cardinality == "one" and after.cardinality == "many":
        return f"relation {after.name!r} takes many values, so that contradictions no longer show"
    lost = set(before.gate_templates) - set(after.gate_templates)
    return f"relation {after.name!r} loses questions that the gate asks" if lost else ""
