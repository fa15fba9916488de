"""What the stages of a synthesis share: whom to ask, what was taken, what was not, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias, TypeVar

from addenda.memories.reflections.reflection import Reflection, SourceSpan, Stage
from addenda.memories.reflections.synthesis.gathering import Asker, Unusable
from addenda.memories.reflections.synthesis.generator import Generator
from addenda.memories.reflections.synthesis.outcome import Reason, Reject, StageCount
from addenda.memories.reflections.synthesis.passages import CorpusDocument
from addenda.memories.reflections.synthesis.requests import Pair
from addenda.memories.reflections.synthesis.settings import SynthesisSettings
from addenda.text import normalised
from addenda.types import Frozen

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""

_Request = TypeVar("_Request", bound=Frozen)
_Reply = TypeVar("_Reply", bound=Frozen)
_Item = TypeVar("_Item")


@dataclass(slots=True)
class Run:
    """A synthesis under way."""

    documents: Sequence[CorpusDocument]
    generator: Generator
    settings: SynthesisSettings
    asker: Asker
    progress: Progress
    taken: list[Reflection] = field(default_factory=list[Reflection])
    """Reflections, in the order in which they were made."""
    rejects: list[Reject] = field(default_factory=list[Reject])
    _asked: Counter[Stage] = field(default_factory=Counter[Stage])
    _resumed: Counter[Stage] = field(default_factory=Counter[Stage])
    _known: dict[tuple[frozenset[str], str], str] = field(default_factory=dict[tuple[frozenset[str], str], str])

    def ask(
        self,
        stage: Stage,
        what: str,
        asked: Callable[[_Request], _Reply],
        requests: Sequence[_Request],
        reply: type[_Reply],
    ) -> list[_Reply | Unusable]:
        """The generator's answers, counted for a stage."""
        before = self.asker.asked, self.asker.resumed
        try:
            return self.asker.all(asked, requests, reply, lambda done, total: self.progress(what, done, total))
        finally:
            self._asked[stage] += self.asker.asked - before[0]
            self._resumed[stage] += self.asker.resumed - before[1]

    def reject(self, stage: Stage, reason: Reason, detail: str, question: str, sources: Iterable[SourceSpan]) -> None:
        """Note what is not taken."""
        documents = tuple(dict.fromkeys(span.document for span in sources))
        self.rejects.append(Reject(stage=stage, reason=reason, detail=detail, question=question, documents=documents))

    def unusable(self, stage: Stage, answer: Unusable, sources: Iterable[SourceSpan]) -> None:
        """Note an answer of no use."""
        self.reject(stage, "unusable answer", answer.why, "", sources)

    def is_new(self, one: Reflection) -> bool:
        """Whether a reflection asks what none from the same documents does; if not, that is noted.

        The same question from another document is another reflection: withdrawing one document leaves the other's.
        """
        documents = frozenset(one.documents)
        asked = documents, normalised(one.question)
        earlier = self._known.get(asked)
        if earlier is None:
            self._known[asked] = one.answer
            return True
        same = normalised(earlier) == normalised(one.answer)
        self.reject(one.stage, "duplicate", "" if same else f"answered {earlier!r} before", one.question, one.sources)
        return False

    def take(self, reflections: Iterable[Reflection]) -> list[Reflection]:
        """Keep reflections; those that were kept."""
        kept = list(reflections)
        self.taken += kept
        return kept

    def of(self, *stages: Stage) -> list[Reflection]:
        """What was taken in these stages."""
        return [one for one in self.taken if one.stage in stages]

    def counts(self) -> dict[Stage, StageCount]:
        """The counts of every stage that ran."""
        taken = Counter(one.stage for one in self.taken)
        rejected = Counter(one.stage for one in self.rejects)
        return {
            stage: StageCount(self._asked[stage], self._resumed[stage], taken[stage], rejected[stage])
            for stage in self.settings.stages
        }


def pair_of(one: Reflection) -> Pair:
    """A reflection as requests show it."""
    return Pair(question=one.question, answer=one.answer)


def told(pairs: Iterable[Reflection]) -> str:
    """Everything that these reflections say, as one text."""
    return "\n".join(f"{one.question} {one.answer}" for one in pairs)


def spans(pairs: Iterable[Reflection]) -> tuple[SourceSpan, ...]:
    """Where these reflections come from, each place once."""
    return tuple(dict.fromkeys(span for one in pairs for span in one.sources))


def chosen(numbers: Sequence[int], among: Sequence[_Item]) -> list[_Item] | None:
    """What was named by number, from 1 on, each once; None when a number names nothing."""
    if any(not 1 <= number <= len(among) for number in numbers):
        return None
    return [among[number - 1] for number in dict.fromkeys(numbers)]


def in_parts(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in parts of at most a size, as even as they can be."""
    parts = -(-len(items) // size)
    left = iter(items)
    for number in range(parts):
        yield list(islice(left, len(items) * (number + 1) // parts - len(items) * number // parts))
