"""People, tokens, policy, thresholds, relations, the suite, models and memories; and what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias, cast, get_args

from pydantic import ValidationError
from starlette.responses import Response

from addenda.errors import InvalidInput
from addenda.gate import DEFAULT_THRESHOLDS
from addenda.knowledge_base import KnowledgeBase, Policy, RelationSpec, Role, SettingOutcome, SuiteQuestion
from addenda.knowledge_base.memories import CARRYING
from addenda.surfaces.describing import parse_moment
from addenda.surfaces.web.policies import change_in_words, policy_in_words
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import Form, FormDep, Visit, VisitDep

router = kb_pages()

ROLES = cast("tuple[Role, ...]", get_args(Role))

_PRESETS = ("one reviewer", "two reviewers", "nobody")


@router.get("/settings")
def settings(visit: VisitDep) -> Response:
    """Everything that is set."""
    return _page(visit)


@router.post("/settings/confirm")
def confirm(visit: VisitDep, form: FormDep) -> Response:
    """Confirm a change that waits."""
    with visit.hosted.working() as kb:
        kb.governance.confirm(form.text("change"), by=visit.person, reason=form.text("reason"))
    return visit.to(visit.path("settings"), "confirmed")


@router.post("/settings/drop")
def drop(visit: VisitDep, form: FormDep) -> Response:
    """Refuse, or withdraw, a change that waits."""
    with visit.hosted.working() as kb:
        kb.governance.drop(form.text("change"), by=visit.person, reason=form.text("reason"))
    return visit.to(visit.path("settings"), "dropped")


@router.post("/settings/revoke")
def revoke(visit: VisitDep, form: FormDep) -> Response:
    """Revoke one token."""
    with visit.hosted.working() as kb:
        kb.governance.revoke_token(form.text("name"), form.text("token"), by=visit.person, reason=form.text("reason"))
    return visit.to(visit.path("settings"), "revoked")


@router.post("/settings/{what}")
def change(visit: VisitDep, form: FormDep, what: str) -> Response:
    """Change a setting; one that weakens the rules waits for a second person."""
    if what not in _CHANGES:
        raise InvalidInput(f"{what!r} is no setting; there are {', '.join(_CHANGES)}")
    with visit.hosted.working() as kb:
        outcome = _CHANGES[what](kb, visit, form)
    if outcome.token is not None:
        return _page(visit, token=outcome.token, whose=form.text("name"), waiting=outcome.waiting)
    return visit.to(visit.path("settings"), "waits" if outcome.waiting else "changed")


def _page(visit: Visit, *, token: str = "", whose: str = "", waiting: str | None = None) -> Response:
    state, t = visit.state, visit.words
    now = datetime.now(UTC)
    thresholds = {**DEFAULT_THRESHOLDS, **state.thresholds}
    return visit.page(
        "settings.html.jinja",
        area="settings",
        state=state,
        token=token,
        whose=whose,
        token_waits=waiting is not None,
        roles=ROLES,
        presets=_PRESETS,
        policy=policy_in_words(state.policy, t),
        policy_json=state.policy.model_dump_json(indent=1, exclude_defaults=True),
        pending=[
            (one, change_in_words(one.change.model_dump(mode="json"), t), one.by.name == visit.person.name)
            for one in state.pending.values()
        ],
        thresholds=sorted(thresholds.items()),
        relations=sorted(state.relations.values(), key=lambda spec: spec.name),
        suite=list(state.suite.values()),
        carrying=CARRYING,
        held={name: len(state.held(name)) for name in state.memories},
        now=now,
        is_admin="admin" in visit.person.roles,
    )


def _roles(form: Form) -> tuple[Role, ...]:
    chosen = form.all("role")
    return tuple(role for role in ROLES if role in chosen)


def _add_person(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    return kb.governance.add_person(form.text("name"), _roles(form), by=visit.person, reason=form.text("reason"))


def _change_roles(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    return kb.governance.change_roles(form.text("name"), _roles(form), by=visit.person, reason=form.text("reason"))


def _issue_token(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    return kb.governance.issue_token(
        form.text("name"),
        by=visit.person,
        label=form.text("label"),
        roles=_roles(form) or None,
        expires_at=parse_moment(form.text("expires") or None, "expires", whole_day=True),
        agent=form.text("agent"),
        reason=form.text("reason"),
    )


def _set_policy(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    preset = form.text("preset")
    if preset in _PRESETS:
        rules = [] if preset == "nobody" else [{"name": preset, "approval": preset}]
        policy = Policy.model_validate({"rules": rules})
    else:
        try:
            policy = Policy.model_validate_json(form.text("json"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "policy"
            raise InvalidInput(f"this is no policy: {where}: {first['msg']}; correct it") from None
    return kb.governance.set_policy(policy, by=visit.person, reason=form.text("reason"))


def _set_threshold(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    name, text = form.text("name"), form.text("value")
    if name not in DEFAULT_THRESHOLDS:
        raise InvalidInput(f"{name!r} is no threshold; there are {', '.join(DEFAULT_THRESHOLDS)}")
    try:
        value = float(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no number; give a share from 0 to 1, for example 0.95") from None
    if not 0 <= value <= 1:
        raise InvalidInput(f"{text!r} is no share; give a number from 0 to 1, for example 0.95")
    return kb.governance.set_thresholds({name: value}, by=visit.person, reason=form.text("reason"))


def _declare_relation(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    asked = [line.strip() for line in form.text("templates").splitlines() if line.strip()]
    gate = [line.strip() for line in form.text("gate_templates").splitlines() if line.strip()]
    names = form.all("memory")
    memories = tuple(name for name in CARRYING if name in names)
    try:
        spec = RelationSpec.model_validate(
            {
                "name": form.text("name"),
                "cardinality": form.text("cardinality") or "one",
                "value_type": form.text("value_type") or "text",
                "unit": form.text("unit"),
                "templates": tuple(asked),
                "gate_templates": tuple(gate),
                "memories": memories,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}; correct it") from None
    return kb.governance.declare_relation(spec, by=visit.person, reason=form.text("reason"))


def _change_suite(kb: KnowledgeBase, visit: Visit, form: Form) -> SettingOutcome:
    if form.has("remove"):
        return kb.governance.change_suite(remove=[form.text("remove")], by=visit.person, reason=form.text("reason"))
    number = len(visit.state.suite) + 1
    while f"q{number}" in visit.state.suite:
        number += 1
    try:
        question = SuiteQuestion(
            id=f"q{number}", question=form.text("question"), expected=form.text("expected") or None
        )
    except ValidationError:
        raise InvalidInput("the question is empty; give the question that the gate is to ask") from None
    return kb.governance.change_suite(add=[question], by=visit.person, reason=form.text("reason"))


_Change: TypeAlias = Callable[[KnowledgeBase, Visit, Form], SettingOutcome]

_CHANGES: Mapping[str, _Change] = MappingProxyType(
    {
        "person": _add_person,
        "roles": _change_roles,
        "token": _issue_token,
        "policy": _set_policy,
        "threshold": _set_threshold,
        "relation": _declare_relation,
        "suite": _change_suite,
    }
)
