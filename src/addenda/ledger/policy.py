"""Roles, and the rules that say whose approval a proposal needs.

A :class:`Policy` is an ordered list of rules; the first that fits decides. Nothing configured, or nothing that fits,
means that nobody may approve. A rule can select by tag, relation, source prefix, kind of content, and by how far the
source is trusted. A rule for notes can have an :class:`Autopilot`: it then approves by itself what comes from sources
whose notes people have nearly always accepted (:mod:`addenda.ledger.ramps`). Whether one policy is *weaker* than
another decides whether the change needs a second person; that is answered conservatively: a change that is not plainly
as strict counts as weaker.

This module knows neither people nor the ledger; :mod:`addenda.ledger.admission` applies it to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from addenda.intervals import wilson
from addenda.ledger.measures import Measure
from addenda.types import TRUST_ORDER, Frozen, Trust

Role: TypeAlias = Literal["viewer", "editor", "approver", "admin"]
"""What a person may do: read; propose; decide about proposals; decide about people, policy and settings."""

ROLES: tuple[Role, ...] = ("viewer", "editor", "approver", "admin")

Approval: TypeAlias = Literal["automatic", "one reviewer", "two reviewers", "nobody"]
"""What a rule asks for, from lax to strict."""

APPROVAL_ORDER: tuple[Approval, ...] = ("automatic", "one reviewer", "two reviewers", "nobody")

_FROM_LAX_TO_STRICT: tuple[Approval, ...] = ("automatic", "one reviewer", "two reviewers", "nobody")

_REVIEWERS: Mapping[Approval, int | None] = MappingProxyType(
    {"automatic": 0, "one reviewer": 1, "two reviewers": 2, "nobody": None}
)

ContentKind: TypeAlias = Literal["fact", "edit", "note", "document"]
"""The four kinds of content, as in :data:`addenda.types.Content`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at in a proposal."""

    kind: ContentKind
    source: str
    trust: Trust
    tags: tuple[str, ...] = ()
    relation: str | None = None
    """Normalised relation of a fact; None for other kinds."""


class Autopilot(Frozen):
    """When a rule approves a source's notes by itself: as long as people are known to accept nearly all of them.

    Raises pydantic's ValidationError for values out of range, and for a bound that no window of this length reaches.
    """

    bound: Measure = Field(default=0.9, gt=0, lt=1)
    """What the lower end of the 95 % Wilson interval of the share of accepted notes must reach: with 0.9, 35 in a row
    do."""
    window: int = Field(default=100, ge=1, le=10_000)
    """Decisions by people that count, the latest of them."""
    audit: Measure = Field(default=0.2, gt=0, le=1)
    """Share of the notes that wait for a person all the same, drawn by chance."""
    unaudited: int = Field(default=20, ge=1)
    """After so many approvals by itself without a person deciding about one of the source's notes, all wait."""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Autopilot:
        highest = wilson(self.window, self.window)[0]
        if highest < self.bound:
            raise ValueError(
                f"{self.window} accepted notes of {self.window} show a share of at least {highest:.3f}, which is below "
                f"{self.bound:.3f}; take a longer window or a lower bound"
            )
        return self


class Rule(Frozen):
    """Asks for an approval from every proposal that meets all its conditions; a condition not given is met by all."""

    name: str = Field(min_length=1)
    approval: Approval
    tags: tuple[str, ...] = ()
    """Met by a proposal with at least one of these tags."""
    relations: tuple[str, ...] = ()
    """Met by a fact of one of these relations (normalised names)."""
    source_prefix: str = ""
    kinds: tuple[ContentKind, ...] = ()
    trust_at_least: Trust = "untrusted"
    trust_at_most: Trust = "high"
    autopilot: Autopilot | None = None
    """With it, the rule approves by itself where a source has earned it; for rules about notes that ask for reviewers.
    """

    @model_validator(mode="after")
    def _autopilot_is_for_notes(self) -> Rule:
        if self.autopilot is not None and (self.kinds != ("note",) or self.approval in ("automatic", "nobody")):
            raise ValueError(
                f"rule {self.name!r} has an autopilot, which is for notes that reviewers decide about; give it the "
                "kinds ['note'] and the approval 'one reviewer' or 'two reviewers'"
            )
        return self

    def fits(self, subject: Subject) -> bool:
        """Whether this rule decides about the proposal."""
        rank = TRUST_ORDER.index(subject.trust)
        return (
            TRUST_ORDER.index(self.trust_at_least) <= rank <= TRUST_ORDER.index(self.trust_at_most)
            and subject.source.startswith(self.source_prefix)
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.tags or bool(set(self.tags) & set(subject.tags)))
            and (not self.relations or subject.relation in self.relations)
        )


class Policy(Frozen):
    """Ordered rules; the first that fits decides, and without one nobody may approve."""

    rules: tuple[Rule, ...] = ()

    @property
    def looks_at_sources(self) -> bool:
        """Whether a rule asks where a proposal comes from."""
        return any(rule.source_prefix for rule in self.rules)

    @property
    def looks_at_relations(self) -> bool:
        """Whether a rule asks which relation a fact is of, so that contents must be read to decide."""
        return any(rule.relations for rule in self.rules)

    @property
    def has_automatic(self) -> bool:
        """Whether a rule lets anything pass without a person."""
        return any(rule.approval == "automatic" for rule in self.rules)

    @property
    def autopilots(self) -> Mapping[str, Autopilot]:
        """The autopilots by the names of their rules."""
        return {rule.name: rule.autopilot for rule in self.rules if rule.autopilot is not None}

    @model_validator(mode="after")
    def _autopilots_are_told_apart(self) -> Policy:
        names = [rule.name for rule in self.rules]
        twice = [rule.name for rule in self.rules if rule.autopilot is not None and names.count(rule.name) > 1]
        if twice:
            raise ValueError(f"several rules are named {twice[0]!r}; give one with an autopilot a name of its own")
        return self

    def decide(self, subject: Subject) -> Decision:
        """What the policy asks for before this proposal may go on."""
        for rule in self.rules:
            if rule.fits(subject):
                return Decision(rule.name, rule.approval, rule.autopilot)
        return Decision("", "nobody")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy asks for, and the name of the rule that says so (empty when no rule fits)."""

    rule: str
    approval: Approval
    autopilot: Autopilot | None = None

    @property
    def reviewers(self) -> int | None:
        """How many different people must approve; 0 is automatic, None means that nobody may."""
        return _REVIEWERS[self.approval]


def strictest(decisions: Sequence[Decision]) -> Decision:
    """The one that asks for most, the first of those that ask for as much."""
    return max(decisions, key=lambda decision: _FROM_LAX_TO_STRICT.index(decision.approval))


def least_trust(trusts: Iterable[Trust]) -> Trust:
    """The minimum: what is derived from several sources is trusted as far as the least of them ("high" for none)."""
    return TRUST_ORDER[min((TRUST_ORDER.index(trust) for trust in trusts), default=len(TRUST_ORDER) - 1)]


def is_weaker(old: Policy, new: Policy) -> bool:
    """Whether some proposal might need less approval under ``new`` than under ``old``.

    The answer errs towards True. It is False only when ``new`` arises from ``old`` by steps that can never let more
    through: asking more of a rule, inserting a rule that forbids, and dropping rules from the end.
    """
    remaining = _reachable(old)
    for rule in _reachable(new):
        if remaining and _at_least_as_strict(remaining[0], rule):
            remaining.pop(0)
        elif rule.approval != "nobody":
            return True
        else:  # what comes first forbids, so a later rule with the same conditions decides nothing any more
            remaining = [later for later in remaining if _conditions(later) != _conditions(rule)]
    return False


def _reachable(policy: Policy) -> list[Rule]:
    """The rules without those that repeat the conditions of an earlier one."""
    first: dict[Rule, Rule] = {}
    for rule in policy.rules:
        first.setdefault(_conditions(rule), rule)
    return list(first.values())


def _conditions(rule: Rule) -> Rule:
    return rule.model_copy(update={"name": "-", "approval": "nobody", "autopilot": None})


def _at_least_as_strict(before: Rule, after: Rule) -> bool:
    if _conditions(before) != _conditions(after) or after.autopilot not in (None, before.autopilot):
        return False
    return APPROVAL_ORDER.index(after.approval) >= APPROVAL_ORDER.index(before.approval)
