"""Policy, relations, the suite, thresholds, and changes of them that wait for a second person."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path, Response

from addenda.errors import InvalidInput, UnknownId
from addenda.gate import DEFAULT_THRESHOLDS
from addenda.knowledge_base import ANY_RELATION, RelationSpec
from addenda.knowledge_base.autopilot import trusted_sources
from addenda.surfaces.describing import policy_words
from addenda.surfaces.http.access import CallerDep
from addenda.surfaces.http.conditions import IfMatch, position_in, tag
from addenda.surfaces.http.routing import CONDITIONAL, DECIDING, kb_router
from addenda.surfaces.http.shapes.governing import (
    ChangeSuite,
    DeclareRelation,
    PolicyShown,
    Relations,
    SetPolicy,
    SetThresholds,
    SettingShown,
    Settled,
    Suite,
    Thresholds,
    WaitingChanges,
    WithReason,
    setting_shown,
    trusted_shown,
    waiting_changes,
)

router = kb_router("governing")

RelationName: TypeAlias = Annotated[str, Path(description="The relation's name.", examples=["noise level"])]
ChangeId: TypeAlias = Annotated[str, Path(description="Id of the change, or a unique beginning of it.", max_length=64)]


@router.get("/policy", operation_id="get_policy")
def get_policy(caller: CallerDep, response: Response) -> PolicyShown:
    """Show whose approval a proposal needs, in words too."""
    state = caller.state
    tag(response, state.position)
    return PolicyShown(
        policy=state.policy,
        in_words=tuple(policy_words(state.policy)),
        trusted_sources=tuple(trusted_shown(one) for one in trusted_sources(state)),
        position=state.position,
    )


@router.put("/policy", operation_id="set_policy", responses=CONDITIONAL)
def set_policy(caller: CallerDep, body: SetPolicy, if_match: IfMatch = None) -> SettingShown:
    """Replace the approval policy. One that lets more pass waits for a second person, once there is one."""
    governance = caller.hosted.kb.governance
    return setting_shown(
        governance.set_policy(body.policy, by=caller.person, reason=body.reason, seen=position_in(if_match))
    )


@router.get("/thresholds", operation_id="get_thresholds")
def get_thresholds(caller: CallerDep, response: Response) -> Thresholds:
    """Show the smallest share that each of the gate's measures must reach."""
    state = caller.state
    tag(response, state.position)
    return Thresholds(thresholds={**DEFAULT_THRESHOLDS, **state.thresholds}, position=state.position)


@router.patch("/thresholds", operation_id="set_thresholds", responses=CONDITIONAL)
def set_thresholds(caller: CallerDep, body: SetThresholds, if_match: IfMatch = None) -> SettingShown:
    """Set thresholds of the gate. A lower one waits for a second person, once there is one."""
    for name, value in body.thresholds.items():
        if name not in DEFAULT_THRESHOLDS or not 0 <= value <= 1:
            raise InvalidInput(
                f"{name!r} cannot be set to {value}; the measures are {', '.join(DEFAULT_THRESHOLDS)}, from 0 to 1"
            )
    governance = caller.hosted.kb.governance
    return setting_shown(
        governance.set_thresholds(body.thresholds, by=caller.person, reason=body.reason, seen=position_in(if_match))
    )


@router.get("/relations", operation_id="list_relations")
def list_relations(caller: CallerDep, response: Response) -> Relations:
    """List the declared relations."""
    state = caller.state
    tag(response, state.position)
    specs = [state.registry.get(name) for name in state.registry.names()]
    specs += [spec for spec in state.relations.values() if spec.name == ANY_RELATION]
    return Relations(relations=tuple(specs), position=state.position)


@router.put("/relations", operation_id="declare_relation", responses=CONDITIONAL)
def declare_relation(caller: CallerDep, body: DeclareRelation, if_match: IfMatch = None) -> SettingShown:
    """Declare a relation, or change its declaration. One that lets contradictions or tests vanish waits."""
    spec = body.relation.model_copy(update={"declared": True})
    governance = caller.hosted.kb.governance
    return setting_shown(
        governance.declare_relation(spec, by=caller.person, reason=body.reason, seen=position_in(if_match))
    )


@router.get("/relations/{name:path}", operation_id="get_relation")
def get_relation(caller: CallerDep, name: RelationName, response: Response) -> RelationSpec:
    """Show one relation; for one that nobody declared, what is assumed."""
    state = caller.state
    tag(response, state.position)
    return state.registry.get(name)


@router.get("/suite", operation_id="get_suite")
def get_suite(caller: CallerDep, response: Response) -> Suite:
    """List the questions that the gate asks before every activation."""
    state = caller.state
    tag(response, state.position)
    return Suite(questions=tuple(state.suite.values()), position=state.position)


@router.patch("/suite", operation_id="change_suite", responses=CONDITIONAL)
def change_suite(caller: CallerDep, body: ChangeSuite, if_match: IfMatch = None) -> SettingShown:
    """Add questions and remove others. A question that changes or leaves waits for a second person."""
    if not body.add and not body.remove:
        raise InvalidInput("nothing is to change; give questions to `add`, or ids to `remove`")
    known = caller.state.suite
    if unknown := [one for one in body.remove if one not in known]:
        raise UnknownId(f"there is no question {unknown[0]!r} in the suite; the suite shows what there is")
    governance = caller.hosted.kb.governance
    return setting_shown(
        governance.change_suite(
            add=body.add, remove=body.remove, by=caller.person, reason=body.reason, seen=position_in(if_match)
        )
    )


@router.get("/waiting", operation_id="list_waiting")
def list_waiting(caller: CallerDep, response: Response) -> WaitingChanges:
    """List changes of the rules that wait for a second person."""
    found = waiting_changes(caller.state)
    tag(response, found.position)
    return found


@router.post("/waiting/{change_id}/confirm", operation_id="confirm_waiting", dependencies=DECIDING)
def confirm_waiting(caller: CallerDep, change_id: ChangeId, body: WithReason) -> Settled:
    """Confirm a waiting change that somebody else asked for."""
    return Settled(position=caller.hosted.kb.governance.confirm(change_id, by=caller.person, reason=body.reason))


@router.post("/waiting/{change_id}/drop", operation_id="drop_waiting", dependencies=DECIDING)
def drop_waiting(caller: CallerDep, change_id: ChangeId, body: WithReason) -> Settled:
    """Refuse a waiting change, or withdraw your own."""
    return Settled(position=caller.hosted.kb.governance.drop(change_id, by=caller.person, reason=body.reason))
