"""Reading: exact names first, else similar ones, ranked; the tool that the triples memory gives to an answer.

If the names given (or their aliases) are stored and have triples, those are the answer. Otherwise names count that are
similar enough to the entity, relations that are similar enough to the relation, and pairs of them whose mean
similarity is high enough (MemLLM's rule, arXiv 2404.11672, with ranks kept). Two bounds on that rule keep strangers
out: an entity that is known is itself and no misspelling of another one, and where close names have an answer, less
similar ones are not asked. Nothing is cut silently: where more distinct names fit than the limit, the answer is that
number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from addenda.memories.base import ReadResult, TripleHit, TripleQuery
from addenda.memories.triples.aliases import add_aliases
from addenda.memories.triples.cache import Cache
from addenda.memories.triples.config import ALIAS_RELATION, TriplesConfig
from addenda.memories.triples.layers import Layer
from addenda.memories.triples.mentions import mentioned
from addenda.memories.triples.names import key_of
from addenda.memories.triples.rows import (
    Head,
    Row,
    Side,
    Sight,
    head_of,
    ids_of,
    is_used,
    neighbours,
    others_of,
    rows_of,
)
from addenda.memories.triples.store import check_index
from addenda.memories.triples.tables import ALWAYS, ENTITY, NEVER, RELATION
from addenda.memories.triples.windows import microseconds
from addenda.text import normalised

Scores: TypeAlias = Mapping[bytes, float]
"""How near names are to the one given, by their keys."""

_FETCHED = 8
"""How many times the limit is fetched before counting, because several triples may have the same name."""
_TOLERANCE = 1e-9


_ALIAS_KEY = key_of(ALIAS_RELATION)


@dataclass(frozen=True, slots=True)
class _Stake:
    """What one layer has to do with a query: the ids of its names, and how near each is."""

    connection: Connection
    sight: Sight
    knowns: Mapping[int, float]
    relations: Mapping[int, float]

    def mean(self, known: int, relation: int) -> float:
        return (self.knowns[known] + self.relations[relation]) / 2


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A triple found, and how near its names are."""

    score: float
    row: Row


class View:
    """What readers read: stores over one another, and what this process knows about them."""

    def __init__(self, layers: Sequence[Layer], config: TriplesConfig) -> None:
        self.layers = tuple(layers)
        """The lowest first."""
        self.config = config
        """The settings in force."""
        self.results: Cache[ReadResult] = Cache(config.cached_reads)
        """Results of earlier reads."""
        self.similar: Cache[Scores] = Cache(config.cached_reads)
        """Names found to be similar."""


class Reader:
    """Reads what holds at a moment for an audience; keeps the protocol :class:`addenda.memories.base.TripleReader`."""

    def __init__(self, view: View, moment: Callable[[], datetime], audience: str, without: frozenset[str]) -> None:
        """Take what to read, how to know the moment, for whom, and which addenda to leave out."""
        self._view = view
        self._moment = moment
        self._audience = audience
        self._without = without

    def about(self, text: str) -> Sequence[TripleHit]:
        """The triples whose subject stands in the text by its exact name, those that the text is about first.

        Raises StorageUnavailable when the database cannot be reached.
        """
        sight = Sight(microseconds(self._moment()), self._audience, self._without)
        return mentioned(self._view.layers, self._view.config, text, sight)

    def read(self, query: TripleQuery) -> ReadResult:
        """What is known about a query.

        Raises StorageUnavailable when the database cannot be reached, ModelMismatch when names are in another index.
        """
        side: Side = "object" if query.subject is None else "subject"
        known = (query.object if query.subject is None else query.subject) or ""
        sight = Sight(microseconds(self._moment()), self._audience, self._without)
        key = (side, known, query.relation, self._audience, self._without)
        with ExitStack() as stack:
            opened = [(layer, stack.enter_context(layer.store.room.read())) for layer in self._view.layers]
            heads = [head_of(connection, sight.moment, _ALIAS_KEY) for _, connection in opened]
            for (layer, _), head in zip(opened, heads, strict=True):
                check_index(head.name_index, layer.store.index)
            version = tuple(head.generation for head in heads)
            kept = self._view.results.get(key, version, sight.moment)
            if kept is not None:
                return kept
            result = _Lookup(self._view, opened, heads, sight, side).run(known, query.relation)
        until = min(head.until for head in heads)
        self._view.results.put(key, version, sight.moment, until, result)
        return result


class _Lookup:
    """One read, with the databases open."""

    def __init__(
        self,
        view: View,
        opened: Sequence[tuple[Layer, Connection]],
        heads: Sequence[Head],
        sight: Sight,
        side: Side,
    ) -> None:
        self._view = view
        self._config = view.config
        self._opened = opened
        self._version = tuple(head.generation for head in heads)
        self._has_aliases = any(head.has_aliases for head in heads)
        self._sight = sight
        self._side: Side = side

    def run(self, known: str, relation: str) -> ReadResult:
        """The answer to a query."""
        if not normalised(known) or not normalised(relation):
            return ReadResult()
        exact = self._result({key_of(known): 1.0}, {key_of(relation): 1.0}, exact=True)
        if exact.hits or exact.too_broad is not None:
            return exact
        relations = self._similar(RELATION, relation, self._config.relation_threshold)
        found = ReadResult()
        for entities in self._near(known):
            found = self._result(entities, dict(relations), exact=False)
            if found.hits or found.too_broad is not None:
                break
        return found

    def _near(self, known: str) -> Iterator[dict[bytes, float]]:
        """Groups of names to try in turn: the name alone when it is known; else close ones, then all similar ones."""
        if not self._config.near_names_of_known and self._is_known(known):
            yield {key_of(known): 1.0}
            return
        least = self._config.entity_threshold
        if self._config.close_threshold > least:
            yield self._similar(ENTITY, known, self._config.close_threshold)
        yield self._similar(ENTITY, known, least)

    def _is_known(self, name: str) -> bool:
        """Whether a triple that may be seen has this name on a side."""
        key = key_of(name)
        return any(
            is_used(
                connection,
                [i for i, kind, _ in ids_of(connection, [key]) if kind == ENTITY],
                layer.sight(self._sight, [key]),
            )
            for layer, connection in self._opened
        )

    def _similar(self, kind: int, text: str, threshold: float) -> dict[bytes, float]:
        kept = self._view.similar.get((kind, text, threshold), self._version, ALWAYS)
        if kept is not None:
            return dict(kept)
        scores = {key_of(text): 1.0}
        for layer, connection in self._opened:
            for near in layer.store.index.similar(connection, kind, text, threshold):
                scores[near.key] = max(scores.get(near.key, 0.0), near.similarity)
        self._view.similar.put((kind, text, threshold), self._version, ALWAYS, NEVER, dict(scores))
        return scores

    def _result(self, entities: dict[bytes, float], relations: dict[bytes, float], *, exact: bool) -> ReadResult:
        if self._has_aliases:
            add_aliases([entities, relations], self._neighbours, self._config)
        stakes = [self._stake(layer, connection, entities, relations) for layer, connection in self._opened]
        limit = self._config.limit
        ranked = self._ranked(stakes, limit * _FETCHED)
        if ranked is None:
            count = self._count(stakes)
            if count > limit:
                return ReadResult(too_broad=count, exact=exact)
            ranked = self._ranked(stakes, None) or []
        count = len({one.row.other_key for one in ranked})
        if count > limit:
            return ReadResult(too_broad=count, exact=exact)
        ranked.sort(key=lambda one: (-one.score, one.row.sequence, one.row.addendum_id))
        return ReadResult(tuple(self._hit(one) for one in ranked), exact=exact)

    def _neighbours(self, side: Side, keys: Collection[bytes]) -> list[tuple[bytes, bytes]]:
        return [
            (known, other)
            for layer, connection in self._opened
            for known, other in neighbours(connection, side, keys, _ALIAS_KEY, layer.sight(self._sight, keys))
        ]

    def _stake(self, layer: Layer, connection: Connection, entities: Scores, relations: Scores) -> _Stake:
        """What a layer has of these names; those that cannot reach the mean are left out."""
        least = 2 * self._config.mean_threshold - _TOLERANCE
        found: dict[int, dict[int, float]] = {ENTITY: {}, RELATION: {}}
        for identifier, kind, key in ids_of(connection, sorted(entities.keys() | relations.keys())):
            scores = entities if kind == ENTITY else relations
            if key in scores:
                found[kind][identifier] = scores[key]
        best = max(found[RELATION].values(), default=0.0)
        knowns = {identifier: score for identifier, score in found[ENTITY].items() if score + best >= least}
        return _Stake(connection, layer.sight(self._sight, entities.keys()), knowns, found[RELATION])

    def _ranked(self, stakes: Sequence[_Stake], most: int | None) -> list[_Ranked] | None:
        """The triples of all layers, each once; None when a layer has ``most`` or more."""
        found: dict[str, _Ranked] = {}
        for stake in reversed(stakes):
            fetched = 0
            for row in rows_of(stake.connection, self._side, stake.knowns, stake.relations, stake.sight, most):
                fetched += 1
                score = stake.mean(row.known_id, row.relation_id)
                if score >= self._config.mean_threshold - _TOLERANCE:
                    found.setdefault(row.addendum_id, _Ranked(score, row))
            if most is not None and fetched >= most:
                return None
        return list(found.values())

    def _count(self, stakes: Sequence[_Stake]) -> int:
        """How many distinct names there are."""
        return len(
            {
                other
                for stake in stakes
                for known, relation, other in others_of(
                    stake.connection, self._side, stake.knowns, stake.relations, stake.sight
                )
                if stake.mean(known, relation) >= self._config.mean_threshold - _TOLERANCE
            }
        )

    def _hit(self, one: _Ranked) -> TripleHit:
        return one.row.hit(one.score, self._side)
