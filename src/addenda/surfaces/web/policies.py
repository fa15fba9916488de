"""Policies, and changes of the rules, in the words of a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from addenda.knowledge_base import Policy
from addenda.surfaces.web.words import Words

_LEFT_OUT = frozenset({"kind", "token_hash"})


def policy_in_words(policy: Policy, t: Words) -> list[str]:
    """A policy, one sentence for each rule, and what holds for everything else."""
    sentences: list[str] = []
    covers_all = False
    for index, rule in enumerate(policy.rules):
        condition = _condition(policy, index, t)
        covers_all = covers_all or not condition
        asks = t(f"policy.{rule.approval.replace(' ', '_')}")
        own = t("policy.autopilot", n=f"{rule.autopilot.bound:.0%}") if rule.autopilot else ""
        sentences.append(t("policy.rule", condition=condition or t("policy.everything"), asks=asks) + own)
    return sentences if covers_all else [*sentences, t("policy.otherwise")]


def change_in_words(change: Mapping[str, object], t: Words) -> str:
    """A change of the rules that waits, with what is in it."""
    kind = str(change.get("kind", ""))
    if "policy" in change:
        words = policy_in_words(Policy.model_validate(change["policy"]), t)
        return t(f"change.{kind}") + ": " + "; ".join(words)
    rest = ", ".join(f"{name}: {_value(value)}" for name, value in change.items() if name not in _LEFT_OUT and value)
    return f"{t(f'change.{kind}')}: {rest}"


def _condition(policy: Policy, index: int, t: Words) -> str:
    rule = policy.rules[index]
    either = t("policy.or")
    parts = [
        t("policy.tagged", names=either.join(rule.tags)) if rule.tags else "",
        t("policy.about", names=either.join(rule.relations)) if rule.relations else "",
        t("policy.from", names=rule.source_prefix) if rule.source_prefix else "",
        t("policy.kinds", names=either.join(t(f"kind.{kind}") for kind in rule.kinds)) if rule.kinds else "",
        t("policy.at_least", names=rule.trust_at_least) if rule.trust_at_least != "untrusted" else "",
        t("policy.at_most", names=rule.trust_at_most) if rule.trust_at_most != "high" else "",
    ]
    return t("policy.and").join(part for part in parts if part)


def _value(value: object) -> str:
    match value:
        case Mapping():
            return " ".join(f"{name} {_value(one)}" for name, one in cast("Mapping[str, object]", value).items() if one)
        case list() | tuple():
            return "; ".join(map(_value, cast("Sequence[object]", value)))
        case _:
            return str(value)
