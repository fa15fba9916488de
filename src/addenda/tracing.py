"""What an answer is asked under, and the trace of what contributed to it.

Whoever answers with the memories (:mod:`addenda.responder` one question, :mod:`addenda.augmenting` a turn of a
conversation) chooses them here, and has its matches and its trace made here, so that the words mean the same in both:
an addendum *matched* (with its score), was *injected*, and is *cited* in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from pydantic import JsonValue

from addenda.errors import InvalidInput
from addenda.memories.base import Contribution, Memory, NoteHit, ReadResult, TripleHit, TripleReader
from addenda.skills import ConsultedAnswer
from addenda.text import normalised
from addenda.types import Answer, Match, MemoryName, Trace

Listener: TypeAlias = Callable[[object], None]
"""Told what happens while a memory model is consulted; see :mod:`addenda.memories.reflections.asking.consultation`."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer's trace is made from."""

    text: str
    finished: bool
    matches: tuple[Match, ...]
    consultation: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the traces of questions that are asked together have in common, and what the memories give to them."""

    asked_at: datetime
    as_of: datetime
    audience: str
    memories: Mapping[MemoryName, Memory]
    contributions: Mapping[MemoryName, Contribution]
    listener: Listener | None = None

    @classmethod
    def of(
        cls,
        memories: Mapping[MemoryName, Memory],
        *,
        now: datetime,
        as_of: datetime | None,
        audience: str,
        without: frozenset[str] = frozenset(),
        listener: Listener | None = None,
    ) -> Circumstances:
        """Ask these memories what they give; raises CannotLookBack when one cannot answer about the past."""
        given: dict[MemoryName, Contribution] = {
            name: memory.contribute(at=as_of, audience=audience, without=without) for name, memory in memories.items()
        }
        return cls(now, as_of or now, audience, memories, given, listener)

    @property
    def position(self) -> int:
        """How far in the ledger the memories are."""
        return min((memory.position for memory in self.memories.values()), default=0)

    @property
    def reader(self) -> TripleReader | None:
        """What the memory of triples gives, if it is asked."""
        return next((one for one in self.contributions.values() if isinstance(one, TripleReader)), None)

    def answer(self, question: str, said: Said, model: str) -> Answer:
        """The answer to a question, with its trace; ``model`` is its name and digest."""
        trace = Trace(
            asked_at=self.asked_at,
            as_of=self.as_of,
            audience=self.audience,
            model=model,
            ledger_position=self.position,
            memories=tuple(self.memories),
            matches=said.matches,
            consultation=said.consultation,
        )
        return Answer(question=question, text=said.text, finished=said.finished, trace=trace)


def chosen(memories: Mapping[MemoryName, Memory], names: Sequence[MemoryName] | None) -> dict[MemoryName, Memory]:
    """The memories of these names, all for None. Raises InvalidInput for one that is not there."""
    if names is None:
        return dict(memories)
    unknown = [name for name in names if name not in memories]
    if unknown:
        raise InvalidInput(f"unknown memories {unknown!r}; this knowledge base has {sorted(memories)!r}")
    return {name: memories[name] for name in names}


def read_matches(results: Iterable[ReadResult], text: str) -> tuple[Match, ...]:
    """Every triple that was read, once, best first; none is left out, because the model saw all."""
    return hit_matches((hit for result in results for hit in result.hits), text)


def hit_matches(hits: Iterable[TripleHit], text: str) -> tuple[Match, ...]:
    """Every triple that the model saw, once, best first."""
    seen = list(hits)
    text = normalised(text)
    # Read from both sides, a triple has two names, and is cited when one of them is.
    cited = {hit.addendum_id for hit in seen if normalised(hit.name) in text}
    scores = {hit.addendum_id: hit.score for hit in sorted(seen, key=lambda hit: hit.score)}
    matches = [
        Match(addendum_id=i, memory="triples", score=score, threshold=0.0, injected=True, cited=i in cited)
        for i, score in scores.items()
    ]
    return tuple(sorted(matches, key=lambda match: match.score, reverse=True))


def note_matches(hits: Sequence[NoteHit], injected: frozenset[str], text: str) -> tuple[Match, ...]:
    """The notes that were chosen, best first; one is cited when its id, or what it concludes, is in the text."""
    text = normalised(text)
    matches = [
        Match(
            addendum_id=hit.addendum_id,
            memory="notes",
            score=hit.score,
            threshold=0.0,
            injected=hit.addendum_id in injected,
            cited=_is_cited(hit, text),
        )
        for hit in hits
    ]
    return tuple(sorted(matches, key=lambda match: (match.injected, match.cited, match.score), reverse=True))


def document_matches(found: ConsultedAnswer) -> tuple[Match, ...]:
    """The documents that an answer of a memory model rests on, and those of other answers that were heard."""
    return tuple(
        Match(addendum_id=i, memory="reflections", score=score, threshold=0.0, injected=injected)
        for scores, injected in ((found.sources, True), (found.considered, False))
        for i, score in scores.items()
    )


def _is_cited(hit: NoteHit, text: str) -> bool:
    label = hit.line.partition("]")[0].lstrip("[")
    return label in text or (hit.answer is not None and normalised(hit.answer) in text)
