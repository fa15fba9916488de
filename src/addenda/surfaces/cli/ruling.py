"""How changes of the rules are carried out, in a folder or on a server, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from addenda.client import Client
from addenda.client.rule_replies import SettingShown
from addenda.errors import ServerUnavailable
from addenda.knowledge_base import KnowledgeBase, Person, SettingOutcome
from addenda.surfaces.cli.context import Call
from addenda.surfaces.cli.output import pairs

_Done = TypeVar("_Done")


def carry_out(
    call: Call,
    here: Callable[[KnowledgeBase, Person], _Done],
    there: Callable[[Client], _Done],
    *,
    would: str,
    dry_run: bool,
) -> _Done | None:
    """Carry a change out; None in a dry run, which only tells what would be done.

    Args:
        call: The call.
        here: Does it in the folder.
        there: Does it on the server.
        would: What a dry run says.
        dry_run: Whether nothing is to be changed. Who acts must be known all the same.
    """
    if call.is_remote:
        with call.client() as client:
            if not dry_run:
                return there(client)
            client.me()
    else:
        with call.open() as opened:
            by = call.person(opened)
            if not dry_run:
                return here(opened, by)
    show_dry_run(call, would)
    return None


def outcome_of(shown: SettingShown) -> SettingOutcome:
    """What became of a change on a server."""
    return SettingOutcome(shown.position, shown.waiting, shown.token)


def with_token(shown: SettingShown, name: str) -> SettingOutcome:
    """The same, of a change that made a token. Raises ServerUnavailable when the one answer that had it was lost."""
    if shown.token is None:
        raise ServerUnavailable(
            f"{name!r} has a new token, and the answer that showed it was lost; issue another one (`addenda person "
            f"token`), and revoke the lost one by its id (`addenda person tokens`)"
        )
    return outcome_of(shown)


def show_dry_run(call: Call, sentence: str) -> None:
    """The result of a dry run of a change of settings."""
    call.out.result({"dry_run": True, "would": sentence}, sentence)


def show_setting(call: Call, outcome: SettingOutcome, sentence: str, new_token: Path | None = None) -> None:
    """What became of a change of settings; one that waits for a second person says so, and how to confirm it."""
    document: dict[str, object] = {
        "dry_run": False,
        "position": outcome.position,
        "in_force": outcome.waiting is None,
        "waiting": outcome.waiting,
        "token": None if new_token else outcome.token,
        "token_file": None if new_token is None else str(new_token),
    }
    words = sentence if outcome.waiting is None else f"NOT YET in force, it waits for a second person: {sentence}"
    shown = "" if new_token else outcome.token or ""
    call.out.result(document, words, pairs([("token", shown), ("token file", str(new_token or ""))]))
    if outcome.waiting is not None:
        call.out.warn(
            f"this weakens the rules, so another approver or admin must confirm it: addenda setting confirm "
            f"{outcome.waiting}"
        )
    if shown:
        call.out.warn("the token is shown this once; keep it in a file that only its owner can read")
