"""``policy``, ``setting`` and ``threshold``: the rules, and changes of them that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from pydantic import ValidationError

from addenda.client import Client
from addenda.client.rule_replies import TrustedShown, WaitingChange
from addenda.errors import InvalidInput
from addenda.gate import DEFAULT_THRESHOLDS
from addenda.knowledge_base import KnowledgeBase, Policy
from addenda.knowledge_base.autopilot import trusted_sources
from addenda.knowledge_base.learned import TAG as LEARNED
from addenda.surfaces.cli.context import begin, read_text
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import table
from addenda.surfaces.cli.remote import understood
from addenda.surfaces.cli.ruling import carry_out, outcome_of, show_setting
from addenda.surfaces.describing import describe_trusted, describe_waiting, moment, policy_words

policy = typer.Typer()
setting = typer.Typer()
threshold = typer.Typer()

ChangeArgument = Annotated[str, typer.Argument(metavar="CHANGE", help="Id of the change, or its beginning.")]


@policy.command("show")
def show_policy(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """Show whose approval a proposal needs, in words, and how far rules with an autopilot trust each source."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    found, trusted, waiting = call.read(_policy_here, _policy_there)
    document: dict[str, object] = {
        "policy": found.model_dump(mode="json"),
        "in_words": policy_words(found),
        "trusted_sources": [one.model_dump(mode="json") for one in trusted],
    }
    headers = ("rule", "source", "by itself", "accepted", "at least", "needs", "live or on the way", "waiting")
    rows = [_trusted_row(one) for one in trusted]
    call.out.result(document, *policy_words(found), *([table(headers, rows)] if rows else []))
    if waiting:
        call.out.note(f"{waiting} changes of the rules wait for a second person; see `addenda setting list`")


@policy.command("set")
def set_policy(
    one_reviewer: Annotated[bool, typer.Option("--one-reviewer", help="One approver, never the proposer.")] = False,
    two_reviewers: Annotated[bool, typer.Option("--two-reviewers", help="Two approvers, never the proposer.")] = False,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody may approve anything.")] = False,
    autopilot: Annotated[
        bool,
        typer.Option(
            "--autopilot",
            help="Besides: notes that were learned go by themselves where people accepted nearly all of their source.",
        ),
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A policy as JSON, as `policy show --json` has it.")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Replace the approval policy. One that lets more pass waits for a second person, once there is one."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    presets = {"one reviewer": one_reviewer, "two reviewers": two_reviewers, "nobody": nobody}
    chosen = [name for name, given in presets.items() if given]
    if len(chosen) + (file is not None) != 1:
        raise InvalidInput("give one of --one-reviewer, --two-reviewers, --nobody and --file")
    if autopilot and chosen not in (["one reviewer"], ["two reviewers"]):
        raise InvalidInput("--autopilot goes with --one-reviewer or --two-reviewers; in a file, rules have `autopilot`")
    new = _policy_file(file) if file is not None else _preset(chosen[0], autopilot=autopilot)
    words = "; ".join(policy_words(new))
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.set_policy(new, by=by, reason=reason),
        lambda client: outcome_of(client.set_policy(new.model_dump(mode="json"), reason=reason)),
        would=f"would set the policy: {words}",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, f"policy: {words}")


@setting.command("list")
def list_settings(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """List changes of the rules that wait for a second person."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    pending = call.read(_waiting_here, lambda client: client.waiting().waiting)
    described = [one.model_dump(mode="json") for one in pending]
    rows = [(one.id, one.by, moment(one.at), _change_words(one.change), one.reason) for one in pending]
    headers = ("id", "who", "when", "what", "why")
    call.out.result({"waiting": described}, table(headers, rows) if rows else "nothing waits for a second person")


@setting.command("confirm")
def confirm(
    change: ChangeArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Confirm a waiting change that somebody else asked for."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    position = carry_out(
        call,
        lambda opened, by: opened.governance.confirm(change, by=by, reason=reason),
        lambda client: client.confirm(change, reason=reason).position,
        would=f"would confirm {change}",
        dry_run=dry_run,
    )
    if position is not None:
        call.out.result({"dry_run": False, "confirmed": change, "position": position}, f"{change} is in force")


@setting.command("drop")
def drop(
    change: ChangeArgument,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Refuse a waiting change, or withdraw your own."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    position = carry_out(
        call,
        lambda opened, by: opened.governance.drop(change, by=by, reason=reason),
        lambda client: client.drop(change, reason=reason).position,
        would=f"would drop {change}",
        dry_run=dry_run,
    )
    if position is not None:
        call.out.result({"dry_run": False, "dropped": change, "position": position}, f"{change} is dropped")


@threshold.command("show")
def show_thresholds(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """Show the smallest share that each of the gate's measures must reach."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    found = call.read(
        lambda opened: {**DEFAULT_THRESHOLDS, **opened.state.thresholds}, lambda client: client.thresholds().thresholds
    )
    rows = [(name, f"{value:.3f}") for name, value in sorted(found.items())]
    call.out.result({"thresholds": found}, table(("measure", "at least"), rows))


@threshold.command("set")
def set_threshold(
    measure: Annotated[str, typer.Argument(metavar="MEASURE", help="says_it, wordings or unchanged.")],
    value: Annotated[float, typer.Argument(metavar="SHARE", min=0, max=1, help="From 0 to 1.")],
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Set a threshold of the gate. A lower one waits for a second person, once there is one."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if measure not in DEFAULT_THRESHOLDS:
        raise InvalidInput(f"{measure!r} is no measure of the gate; it can be {', '.join(DEFAULT_THRESHOLDS)}")
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.set_thresholds({measure: value}, by=by, reason=reason),
        lambda client: outcome_of(client.set_thresholds({measure: value}, reason=reason)),
        would=f"would set {measure} to at least {value}",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, f"{measure} must reach at least {value}")


def _preset(approval: str, *, autopilot: bool) -> Policy:
    rules: list[dict[str, object]] = [] if approval == "nobody" else [{"name": approval, "approval": approval}]
    if autopilot:
        learned = {"name": "learned notes", "approval": approval, "kinds": ("note",), "tags": (LEARNED,)}
        rules.insert(0, {**learned, "autopilot": {}})
    return Policy.model_validate({"rules": rules})


_Policy: TypeAlias = tuple[Policy, Sequence[TrustedShown], int]
"""The policy, how far sources are trusted, and how many changes of the rules wait."""


def _policy_here(kb: KnowledgeBase) -> _Policy:
    state = kb.state
    trusted = [TrustedShown.model_validate(describe_trusted(one)) for one in trusted_sources(state)]
    return state.policy, trusted, len(state.pending)


def _policy_there(client: Client) -> _Policy:
    found = client.policy()
    return understood(Policy, found.policy), found.trusted_sources, len(client.waiting().waiting)


def _waiting_here(kb: KnowledgeBase) -> Sequence[WaitingChange]:
    return [WaitingChange.model_validate(describe_waiting(one)) for one in kb.state.pending.values()]


def _trusted_row(one: TrustedShown) -> tuple[str, ...]:
    dropped = one.dropped_back
    state = "no" if one.by_itself_since is None else f"since {moment(one.by_itself_since)}"
    if one.by_itself_since is None and dropped is not None:
        state = f"no: {dropped.by} did not accept {dropped.because_of}"
    elif one.unaudited >= one.unaudited_at_most:
        state = f"paused: {one.unaudited} went by themselves, decide about one that waits"
    return (
        one.rule,
        one.source,
        state,
        f"{one.accepted} of {one.decisions}",
        f"{one.at_least:.3f}",
        f"{one.needs:.3f}",
        str(len(one.went_by_itself)),
        str(len(one.waiting)),
    )


def _policy_file(file: Path) -> Policy:
    try:
        return Policy.model_validate_json(read_text(file, "policy file"))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise InvalidInput(f"{str(file)!r} is no policy: {where}: {fault['msg']}; correct it") from None


def _change_words(change: Mapping[str, object]) -> str:
    kind = str(change.get("kind", "")).replace("_", " ")
    if "policy" in change:
        return f"{kind}: " + "; ".join(policy_words(Policy.model_validate(change["policy"])))
    rest = ", ".join(f"{name} {value}" for name, value in change.items() if name != "kind" and value)
    return f"{kind}: {rest}"
