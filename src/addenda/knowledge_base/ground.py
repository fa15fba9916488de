"""The ground that a change was tested on: what it would replace, and whether live knowledge moved since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from addenda.knowledge_base.wording import Route
from addenda.ledger import Ledger, Session, State, content_keys, utc_now
from addenda.types import Addendum, Status

_NOW: frozenset[Status] = frozenset({"active"})
_COULD_HOLD: frozenset[Status] = frozenset({"active", "superseded", "disabled"})


def live_rivals(
    ledger: Ledger, state: State, addenda: Mapping[str, Addendum], routes: Mapping[str, Route]
) -> dict[str, tuple[str, ...]]:
    """For each change, the live addenda that it will replace."""
    keys = _exclusive_keys(addenda, routes)
    known, now = ledger.about(set(keys.values())), utc_now()
    return {i: _rivals(state, i, _about(state, i, keys, known), _NOW, now) for i in addenda}


def replaced_by(
    session: Session, addenda: Mapping[str, Addendum], routes: Mapping[str, Route]
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What each change replaces now, and the changes that replace something nobody has looked at.

    A change also replaces what is superseded or disabled, so that none of it comes back beside the change when
    whatever holds it back is taken back, or when it is enabled.
    """
    state, now = session.state, utc_now()
    keys = _exclusive_keys(addenda, routes)
    known = session.about(set(keys.values()))
    replaced: dict[str, tuple[str, ...]] = {}
    unseen: list[str] = []
    taken: set[str] = set()
    for i in addenda:
        record, key = state.record(i), keys.get(i)
        replaced[i] = _rivals(state, i, _about(state, i, keys, known), _COULD_HOLD, now)
        new = [
            r
            for r in active_among(state, replaced[i])
            if r not in record.supersedes and state.record(r).history[-1] > record.based_on
        ]
        if new or state.moved(record) or key in taken:
            unseen.append(i)
        elif key is not None:
            taken.add(key)
    return replaced, unseen


def active_among(state: State, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of these addenda that are active now, each once."""
    now = utc_now()
    return tuple(i for i in dict.fromkeys(ids) if state.record(i).status(now) == "active")


def tested_at(state: State, ids: Sequence[str]) -> int:
    """The oldest ledger position that one of these changes was tested at."""
    verdicts = [state.record(i).verdict for i in ids]
    return min((verdict.staged_at for verdict in verdicts if verdict is not None), default=state.position)


def ground_moved(state: State, since: int, seen: State) -> bool:
    """Whether live knowledge changed after the position ``since``, or the rules are not those that were ``seen``."""
    same_rules = (state.suite, state.thresholds, state.relations) == (seen.suite, seen.thresholds, seen.relations)
    return live_moved(state, since) or not same_rules


def live_moved(state: State, since: int) -> bool:
    """Whether anything that was ever delivered changed after this position."""
    return any(record.sequence is not None for record in state.records.changed_after(since))


def _exclusive_keys(addenda: Mapping[str, Addendum], routes: Mapping[str, Route]) -> dict[str, str]:
    """What each change that replaces others is about."""
    ids = [i for i in addenda if routes[i].exclusive]
    keys = content_keys([addenda[i].content for i in ids])
    return {i: key for i, key in zip(ids, keys, strict=True) if key is not None}


def _about(
    state: State, addendum_id: str, keys: Mapping[str, str], known: Mapping[str, Sequence[str]]
) -> Sequence[str]:
    """What is about the same; where content has no key, what the proposal says that it replaces."""
    if addendum_id in keys:
        return known.get(keys[addendum_id], ())
    return state.record(addendum_id).supersedes


def _rivals(
    state: State, addendum_id: str, about: Sequence[str], among: frozenset[Status], now: datetime
) -> tuple[str, ...]:
    if not about:
        return ()
    # What is about the same may have been proposed after this state was read; it is not live then.
    others = [state.records[i] for i in about if i != addendum_id and i in state.records]
    return tuple(record.id for record in others if record.status(now) in among)
