"""What the commands need to work on a server's knowledge base as on a folder: the same words for what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from addenda.client import Client
from addenda.client.replies import AddendumDetail, AddendumShown, AnswerShown
from addenda.errors import InvalidInput
from addenda.knowledge_base import require_role
from addenda.knowledge_base.finding import Filter
from addenda.surfaces.cli.selecting import Wanted, refuse_filters_without_all, words
from addenda.surfaces.describing import stamp
from addenda.types import Answer, Status

_Kind = TypeVar("_Kind", bound=BaseModel)


def described_shown(one: AddendumShown) -> dict[str, object]:
    """One addendum for JSON, as :func:`addenda.surfaces.describing.describe` gives it."""
    content = one.content
    return {
        "id": one.id,
        "status": one.status,
        "kind": one.kind,
        "says": one.says,
        "content": content if content is None or isinstance(content, dict) else content.model_dump(mode="json"),
        "source": one.source,
        "author": one.author,
        "since": stamp(one.since),
        "tags": list(one.tags),
        "audience": list(one.audience),
        "trust": one.trust,
        "valid_from": stamp(one.valid_from),
        "valid_until": stamp(one.valid_until),
    }


def described_detail(one: AddendumDetail) -> dict[str, object]:
    """Everything about one addendum, as ``show`` gives it."""
    gate = one.gate
    return {
        **described_shown(one),
        "proposed_by": one.proposed_by,
        "proposed_at": stamp(one.proposed_at),
        "evidence": list(one.evidence),
        "quoted": [quoted.model_dump(mode="json") for quoted in one.quoted],
        "supersedes": list(one.supersedes),
        "superseded_by": list(one.superseded_by),
        "approvals": [{"by": a.by, "at": stamp(a.at), "rule": a.rule} for a in one.approvals],
        "gate": None
        if gate is None
        else {"passed": gate.passed, "reason": gate.reason, "scores": gate.scores, "at": stamp(gate.at)},
        "holds_from": stamp(one.starts),
        "holds_until": stamp(one.ends),
        "memories": [delivery.memory for delivery in one.deliveries],
        "artefacts": {delivery.memory: delivery.digest for delivery in one.deliveries if delivery.digest is not None},
        "last_reason": one.last_reason,
    }


def found(client: Client, wanted: Filter, *, search: str | None = None) -> list[AddendumShown]:
    """The addenda that are wanted, newest first."""
    statuses = cast("Collection[Status]", wanted.statuses)
    return list(client.list(status=list(statuses), tag=list(wanted.tags), source=wanted.source, search=search))


def select(
    client: Client,
    wanted: Wanted,
    *,
    usual: Collection[Status],
    also: Callable[[AddendumDetail], bool] = lambda _: True,
) -> list[AddendumDetail]:
    """The addenda that are meant, as :func:`addenda.surfaces.cli.selecting.select` chooses them, as they are now."""
    refuse_filters_without_all(wanted)
    if not wanted.all:
        return resolve(client, wanted.ids)
    statuses = wanted.statuses or list(usual)
    listed = found(client, Filter(statuses=statuses, tags=wanted.tags, source=wanted.source))
    # A list is newest first; what is decided is told in order of proposal.
    details = [client.show(one.id) for one in reversed(listed)]
    return [one for one in details if also(one)]


def resolve(client: Client, given: Sequence[str]) -> list[AddendumDetail]:
    """The addenda of ids or prefixes, each once, as they are now; ``-`` stands for those on stdin."""
    details = [client.show(word) for word in words(given)]
    return list({one.id: one for one in details}.values())


def standing(chosen: Sequence[AddendumDetail]) -> list[tuple[str, str, str]]:
    """How these stand, and what they say: id, status, words."""
    return [(one.id, one.status, one.says) for one in chosen]


def check_role(client: Client, kind: str) -> str:
    """The acting person's name. Raises PermissionDenied unless they may do this kind of thing."""
    person = client.me()
    require_role(person.name, person.roles, kind)
    return person.name


def answer_of(shown: AnswerShown) -> Answer:
    """An answer with its trace. Raises InvalidInput for one that only a later version understands."""
    names = {"addendum_id", "memory", "score", "threshold", "injected", "cited", "changed_answer"}
    trace: dict[str, Any] = shown.model_dump(exclude={"question", "text", "finished", "matches"})
    trace["matches"] = [match.model_dump(include=names) for match in shown.matches]
    known = {"id", "asked_at", "as_of", "audience", "model", "ledger_position", "memories", "matches", "consultation"}
    told = {name: value for name, value in trace.items() if name in known}
    return understood(
        Answer, {"question": shown.question, "text": shown.text, "finished": shown.finished, "trace": told}
    )


def understood(kind: type[_Kind], told: object) -> _Kind:
    """What a server told, as something of ours. Raises InvalidInput for what only a later version understands."""
    try:
        return kind.model_validate(told)
    except ValueError as error:
        what = kind.__name__.lower()
        raise InvalidInput(f"the server's {what} is of a later version; bring this client up to date") from error


def names_in(shown: AnswerShown) -> Mapping[str, str]:
    """What the addenda of an answer say, by id."""
    return {match.addendum_id: match.says for match in shown.matches}
