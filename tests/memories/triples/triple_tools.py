"""Triples by the handful, and the rule of reading written out plainly, for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from addenda.memories.base import Deliver, Window
from addenda.memories.triples import ALIAS_RELATION, TriplesConfig
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.folding import Folded, fold, readings
from addenda.memories.triples.similarity import similarity
from addenda.text import normalised

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ident(number: int) -> str:
    """A readable addendum id."""
    return f"{number:016x}"


def artefact(subject: str, relation: str, object_: str, source: str = "a.csv!B2") -> bytes:
    """The artefact of a triple by ann."""
    triple = Triple(subject=subject, relation=relation, object=object_, source=source, author="ann", trust="normal")
    return triple.to_bytes()


def deliver(
    number: int, subject: str, relation: str, object_: str, window: Window | None = None, source: str = "a.csv!B2"
) -> Deliver:
    """Hold this triple; its number is its id and its place in the order."""
    return Deliver(ident(number), artefact(subject, relation, object_, source), number, window or Window())


@dataclass(frozen=True)
class Reference:
    """The triples of these deliveries, read by comparing everything with everything."""

    changes: Sequence[Deliver]
    config: TriplesConfig

    def read(
        self,
        subject: str | None,
        relation: str,
        object_: str | None,
        at: datetime,
        audience: str = "everyone",
        without: frozenset[str] = frozenset(),
    ) -> tuple[list[tuple[str, float]], int | None]:
        """Ids with scores, best first, and how many names there are when they are too many."""
        visible = {
            change.addendum_id: (change.sequence, Triple.from_bytes(change.artefact, change.addendum_id))
            for change in self.changes
            if change.window.admits(at, audience) and change.addendum_id not in without
        }
        triples = [triple for _, triple in visible.values()]
        known = subject if subject is not None else object_ or ""
        exact = ({normalised(known): 1.0}, {normalised(relation): 1.0})
        everything = [Triple.from_bytes(change.artefact, change.addendum_id) for change in self.changes]
        stored = {n for t in everything for n in (t.subject, t.object)}
        relations = self._near(relation, {t.relation for t in everything}, self.config.relation_threshold)
        steps = [exact]
        visible_names = {normalised(n) for t in triples for n in (t.subject, t.object)}
        if normalised(known) in visible_names and not self.config.near_names_of_known:
            steps.append((exact[0], relations))
        else:
            least = self.config.entity_threshold
            closest = max(least, self.config.close_threshold)
            steps.extend((self._near(known, stored, threshold), relations) for threshold in (closest, least))
        for one, other in steps:
            names, wanted = _with_aliases(one, triples), _with_aliases(other, triples)
            found: list[tuple[float, int, str, str]] = []
            for addendum_id, (sequence, triple) in visible.items():
                given, asked = (
                    (triple.subject, triple.object) if subject is not None else (triple.object, triple.subject)
                )
                mean = (names.get(normalised(given), -9.0) + wanted.get(normalised(triple.relation), -9.0)) / 2
                if mean >= self.config.mean_threshold - 1e-9:
                    found.append((-mean, sequence, addendum_id, normalised(asked)))
            count = len({name for *_, name in found})
            if count > self.config.limit:
                return [], count
            if found:
                return [(addendum_id, -mean) for mean, _, addendum_id, _ in sorted(found)], None
        return [], None

    def _near(self, text: str, names: Iterable[str], least: float) -> dict[str, float]:
        scores = {normalised(name): near(text, fold(name)) for name in names}
        return {name: score for name, score in scores.items() if score >= least - 1e-9} | {normalised(text): 1.0}


def near(query: str, name: Folded) -> float:
    """How near a query is to a name, with or without its particles."""
    return max(reading.factor * similarity(reading.folded, name) for reading in readings(query))


def _with_aliases(scores: Mapping[str, float], triples: Sequence[Triple]) -> dict[str, float]:
    pairs = [(normalised(t.subject), normalised(t.object)) for t in triples if normalised(t.relation) == ALIAS_RELATION]
    found = dict(scores)
    for step in ([(alias, name) for name, alias in pairs], pairs):
        for _ in range(len(pairs)):
            for known, other in step:
                if known in found:
                    found[other] = max(found.get(other, 0.0), found[known])
    return found
