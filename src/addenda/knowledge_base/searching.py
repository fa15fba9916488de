"""Finding addenda by words, in any script, ranked the same way every time.

What an addendum is found by are the terms of its texts, its source and its tags (:func:`addenda.text.search_terms`). A
term counts for more the fewer addenda have it; the score of a hit is the share of the query that it has, a little less
where it says much besides. Of hits with the same score the one proposed last comes first.

The index is made in the process from the ledger's contents and brought to the head before each search, so it holds
nothing that was erased. Whether a hit holds, and for whom, is asked of its record, never of the index.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import threading
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from addenda.errors import InvalidInput
from addenda.ledger import ContentKind, Ledger, Record, State, utc_now
from addenda.text import query_terms, search_terms
from addenda.types import EVERYONE, Addendum, Edit, Fact, Note, Status

MOST_HITS = 100
"""Hits that one search gives."""

MOST_LETTERS = 1_000
"""Characters of a query; a longer one is refused."""

_AT_ONCE = 5_000
_BREVITY = 0.1
"""How much of the score depends on how little else an addendum says."""
_PLACES = 6
"""Digits of a score that count, so that sums made in another order rank alike."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An addendum that was found."""

    record: Record
    addendum: Addendum
    score: float
    """From 0 to 1; of use only to compare hits of one search."""


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what a search found, best first."""

    hits: tuple[Hit, ...]
    next: str | None
    """What to pass as ``cursor`` for those that follow; None when there are no more."""
    position: int
    """Ledger position at which it was searched."""


def _any(_record: Record) -> bool:
    return True


class Searching:
    """Searches the addenda of one ledger. Threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        """Take the ledger; the index is made by the first search."""
        self._ledger = ledger
        self._index = _Index()
        self._turn = threading.Lock()

    def search(
        self,
        query: str,
        *,
        statuses: Collection[Status] = (),
        kinds: Collection[ContentKind] = (),
        as_of: datetime | None = None,
        audience: str | None = EVERYONE,
        limit: int = 20,
        cursor: str | None = None,
        fits: Callable[[Record], bool] = _any,
    ) -> Hits:
        """The addenda that have most of the query.

        Args:
            query: Words, in any script.
            statuses: Those that have one of these now; without any, what may reach an answer.
            kinds: Only these kinds; all of them without any.
            as_of: What may reach an answer about this moment instead of now; not together with ``statuses``.
            audience: Only what may be shown to it; None for those who look after knowledge for any audience.
            limit: How many at most, from 1 to :data:`MOST_HITS`.
            cursor: Where an earlier page of the same search ended.
            fits: Only those records for which it says so.

        Raises InvalidInput for a query without a word, a limit or a cursor that cannot be used.
        """
        if statuses and as_of is not None:
            raise InvalidInput("both statuses and a moment were given; a status is that of now, so give one of them")
        if not 1 <= limit <= MOST_HITS:
            raise InvalidInput(f"the limit {limit} is not allowed; give 1 to {MOST_HITS}")
        terms = _terms(query)
        after = _read_cursor(cursor)
        state, now = self._ledger.state(), utc_now()
        with self._turn:
            self._catch_up(state)
            ranked = self._index.ranked(terms, live=not statuses)
        found: list[tuple[float, int, Record]] = []
        for score, place, addendum_id in ranked:
            if after is not None and (-score, -place) <= (-after[0], -after[1]):
                continue
            record = state.records.find(addendum_id)
            if record is None or (kinds and record.kind not in kinds) or not fits(record):
                continue
            admitted = audience is None or record.admits(audience)
            whom = record.audience[0] if audience is None else audience
            if record.status(now) in statuses and admitted if statuses else record.holds_at(as_of or now, whom):
                found.append((score, place, record))
                if len(found) > limit:
                    break
        page = found[:limit]
        addenda = self._ledger.addenda([record.id for _, _, record in page]) if page else {}
        hits = tuple(Hit(record, addenda[record.id], score) for score, _, record in page if record.id in addenda)
        following = _cursor(*page[-1][:2]) if len(found) > limit else None
        return Hits(hits, following, state.position)

    def _catch_up(self, state: State) -> None:
        """Enter what was proposed since the index was used last, and take out what was erased."""
        if state.position <= self._index.position:
            return
        touched = list(state.records.changed_after(self._index.position))
        self._index.remove({record.id for record in touched if record.stage == "erased"})
        new = [record.id for record in touched if record.stage != "erased" and record.id not in self._index]
        for start in range(0, len(new), _AT_ONCE):
            for addendum in self._ledger.addenda(new[start : start + _AT_ONCE]).values():
                self._index.add(addendum)
        self._index.position = state.position


class _Index:
    """Which addenda have which terms. Places are given in the order of proposal, and never again."""

    def __init__(self) -> None:
        self.position = 0
        self._ids: list[str] = []
        self._sizes: list[int] = []
        self._places: dict[str, int] = {}
        self._postings: dict[str, array[int]] = {}
        self._withdrawing: set[int] = set()

    def __contains__(self, addendum_id: str) -> bool:
        return addendum_id in self._places

    def add(self, addendum: Addendum) -> None:
        place, terms = len(self._ids), set(search_terms("\n".join(_texts(addendum))))
        self._ids.append(addendum.id)
        self._sizes.append(max(len(terms), 1))
        self._places[addendum.id] = place
        for term in terms:
            self._postings.setdefault(term, array("I")).append(place)
        if isinstance(addendum.content, Note) and addendum.content.withdrawn:
            self._withdrawing.add(place)

    def remove(self, ids: Collection[str]) -> None:
        gone = {self._places.pop(i) for i in ids if i in self._places}
        if not gone:
            return
        for term, places in list(self._postings.items()):
            if not gone.isdisjoint(places):
                kept = array("I", (place for place in places if place not in gone))
                if kept:
                    self._postings[term] = kept
                else:
                    del self._postings[term]

    def ranked(self, terms: Sequence[str], *, live: bool) -> Iterator[tuple[float, int, str]]:
        """Score, place and id of all that have any of the terms, best first.

        Args:
            terms: The query's, each once.
            live: Leave out notes that say that something holds no longer: they are live, and never in an answer.
        """
        weights = {
            term: math.log(1 + (len(self._ids) + 1) / (len(self._postings.get(term, ())) + 0.5)) for term in terms
        }
        whole = sum(weights.values())
        sums: dict[int, float] = {}
        counts: dict[int, int] = {}
        for term, weight in weights.items():
            for place in self._postings.get(term, ()):
                sums[place] = sums.get(place, 0.0) + weight
                counts[place] = counts.get(place, 0) + 1
        if live:
            for place in self._withdrawing.intersection(sums):
                del sums[place]

        def score(place: int) -> float:
            brief = 1 - _BREVITY * (1 - counts[place] / self._sizes[place])
            return round(sums[place] / whole * brief, _PLACES)

        best = sorted(((score(place), place) for place in sums), reverse=True)
        return ((value, place, self._ids[place]) for value, place in best)


def _terms(query: str) -> list[str]:
    if len(query) > MOST_LETTERS:
        raise InvalidInput(f"the query has {len(query)} characters; at most {MOST_LETTERS} are allowed, so shorten it")
    terms = query_terms(query)
    if not terms:
        raise InvalidInput(f"the query {query!r} has no word to search for; give at least one letter or digit")
    return terms


def _texts(addendum: Addendum) -> Iterator[str]:
    match addendum.content:
        case Fact() as fact:
            yield from (fact.subject, fact.relation, fact.object)
        case Edit() as edit:
            yield from (edit.prompt, edit.target, *edit.rephrasings)
        case Note() as note:
            yield from (note.rule, note.applies_when)
        case document:
            yield from (document.title, document.text)
    yield addendum.source
    yield from addendum.tags


def _cursor(score: float, place: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([score, place]).encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[float, int] | None:
    if cursor is None:
        return None
    try:
        score, place = json.loads(base64.urlsafe_b64decode(cursor))
        return float(score), int(place)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInput(
            f"the cursor {cursor[:40]!r} is none that a search gave; leave it out to start from the best"
        ) from error
