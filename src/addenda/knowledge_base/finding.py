"""Finding addenda: by status, kind, tag, source and words, in every script; and since when each stands as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import get_args

from addenda.errors import InvalidInput
from addenda.ledger import Ledger, Record, State
from addenda.text import normalised, search_terms
from addenda.types import Addendum, Edit, Fact, Status

_READ_AT_ONCE = 500
"""Addenda whose contents are read together while words are looked for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which addenda are wanted; what was not given lets everything pass."""

    statuses: Sequence[str] = ()
    kinds: Sequence[str] = ()
    tags: Sequence[str] = ()
    source: str | None = None
    """How the source begins."""

    def fits(self, record: Record, now: datetime) -> bool:
        """Whether a record passes."""
        return (
            (not self.statuses or record.status(now) in self.statuses)
            and (not self.kinds or record.kind in self.kinds)
            and (not self.tags or not set(self.tags).isdisjoint(record.tags))
            and (self.source is None or record.source.startswith(self.source))
        )


def check_statuses(statuses: Sequence[str]) -> None:
    """Raise InvalidInput for a status that does not exist."""
    known = get_args(Status)
    for status in statuses:
        if status not in known:
            raise InvalidInput(f"{status!r} is no status; it can be {', '.join(known)}")


def newest(
    ledger: Ledger,
    state: State,
    wanted: Filter,
    now: datetime,
    *,
    words: str | None = None,
    relation: str | None = None,
    after: str | None = None,
) -> Iterator[Record]:
    """The addenda that are wanted, newest first.

    Args:
        ledger: Where the contents are.
        state: In which they are looked for.
        wanted: What they must be.
        now: When.
        words: What must be in them, whole words (in scripts without spaces: every pair of characters).
        relation: Only facts of this relation.
        after: Only those proposed before this one, by id.
    """
    fitting = (record for record in _older(state, after) if wanted.fits(record, now))
    if relation is not None:
        fitting = _whose(ledger, fitting, lambda addendum: is_about(relation, addendum))
    return fitting if words is None else _whose(ledger, fitting, lambda addendum: has_words(words, addendum))


def is_about(relation: str, addendum: Addendum | None) -> bool:
    """Whether an addendum is a fact of this relation, however it is written."""
    content = None if addendum is None else addendum.content
    return isinstance(content, Fact) and normalised(content.relation) == normalised(relation)


def with_status(ledger: Ledger, state: State, wanted: Filter, now: datetime) -> list[tuple[Addendum, Status]]:
    """The addenda that are wanted with how they stand, in order of proposal; the erased are left out."""
    return [
        (addendum, state.record(i).status(now))
        for i, addendum in ledger.addenda().items()
        if i in state.records and wanted.fits(state.record(i), now)
    ]


def has_words(query: str, addendum: Addendum | None) -> bool:
    """Whether every word (in scripts without spaces every pair of characters) of the query is in the addendum."""
    if addendum is None:
        return False
    text = "\n".join([*_texts(addendum), addendum.source, addendum.author, *addendum.tags])
    terms = set(search_terms(query))
    return normalised(query) in normalised(text) or (bool(terms) and terms <= set(search_terms(text)))


def since(record: Record, now: datetime) -> datetime | None:
    """When the present status began, as far as the record itself tells; None when only its last event does."""
    match record.status(now):
        case "proposed":
            return record.proposed_at
        case "approved":
            return record.approvals[-1].at if record.approvals else None
        case "tested" | "gate_failed":
            return record.verdict.at if record.verdict else None
        case "active":
            return record.activated_at
        case "superseded" | "expired":
            return record.ends
        case _:
            return None


def starts(ledger: Ledger, records: Iterable[Record], now: datetime) -> Mapping[str, datetime]:
    """When each record's present status began; the ledger is read once for those that do not say it themselves."""
    chosen = list(records)
    found = {record.id: at for record in chosen if (at := since(record, now)) is not None}
    last = {record.id: record.history[-1] for record in chosen if record.id not in found}
    if last:
        events = ledger.events(min(last.values()) - 1, max(last.values()))
        first = events[0].position
        found |= {i: events[position - first].at for i, position in last.items()}
    return found


def _older(state: State, after: str | None) -> Iterator[Record]:
    records = reversed([*state.records.values()])
    if after is not None:
        for record in records:
            if record.id == after:
                break
    yield from records


def _whose(ledger: Ledger, records: Iterator[Record], fits: Callable[[Addendum | None], bool]) -> Iterator[Record]:
    while batch := list(islice(records, _READ_AT_ONCE)):
        contents = ledger.addenda([record.id for record in batch])
        yield from (record for record in batch if fits(contents.get(record.id)))


def _texts(addendum: Addendum) -> Iterable[str]:
    content = addendum.content
    match content:
        case Fact():
            return (content.subject, content.relation, content.object)
        case Edit():
            return (content.prompt, content.target, *content.rephrasings)
        case _:
            return [str(value) for name, value in content if name != "kind"]
