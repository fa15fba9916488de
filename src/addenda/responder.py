"""Answers questions with a model and the memories, and keeps the trace of what contributed.

The memories are composed in one documented order. First the model is let read from the memory of triples, if there is
one and the model has learned to read: where that brings something back, the answer is made from it. Every other
question is answered as if that memory were not there, with the *model patch* of the edits switched on around
generation. For each addendum the trace keeps four things apart: it *matched* (with its score), it was *injected*, its
value is *cited* in the text, and it *changed the answer*, which is known only by asking again without it
(:meth:`Responder.explain`).

This module knows the memories' protocol and no ledger: which addenda a memory holds is the knowledge base's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.base import (
    Candidate,
    Contribution,
    Memory,
    ModelPatch,
    ProgressCallback,
    ReadResult,
    TripleReader,
)
from addenda.models.base import LanguageModel, batches
from addenda.text import normalised
from addenda.types import EVERYONE, Answer, Match, MemoryName, Trace

MAX_QUESTION_LENGTH = 4000
"""Characters; a longer question is refused."""

MAX_MATCHES = 5
"""Matches kept in a trace, best first."""

Clock: TypeAlias = Callable[[], datetime]
Values: TypeAlias = Callable[[str], str | None]
"""The value that an addendum states, by id, so that the trace can say whether it appears in the text."""


class ReadAnswer(Protocol):
    """What a model said with a memory of triples at hand."""

    @property
    def text(self) -> str:
        """The answer; it means nothing when the model was not informed."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the model ended by itself."""
        ...

    @property
    def informed(self) -> bool:
        """Whether reading brought anything back."""
        ...

    @property
    def results(self) -> Sequence[ReadResult]:
        """What was read, in order."""
        ...


class Reading(Protocol):
    """A model that has learned to read from a memory of triples while it generates."""

    def answer(self, questions: Sequence[str], readers: Sequence[TripleReader], *, alone: bool) -> Sequence[ReadAnswer]:
        """Answer each question with the reader at its place; unless ``alone``, give up where nothing can be read."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


def _no_value(_addendum_id: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Ablation:
    """The answer with one injected addendum switched off."""

    addendum_id: str
    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer whose trace says what changed it, and the answers that prove it."""

    answer: Answer
    """The answer, each injected match now saying whether it changed the answer."""
    ablations: tuple[Ablation, ...]
    """One for each injected match, in the same order."""
    without_memories: str
    """What the model says with no memory at all."""


class Responder:
    """Answers from one model and the memories given, all at the ledger position they are at."""

    def __init__(
        self,
        model: LanguageModel,
        memories: Mapping[MemoryName, Memory],
        *,
        reading: Reading | None = None,
        values: Values = _no_value,
        clock: Clock = _now,
    ) -> None:
        """Take the model, the memories by name, its skill of reading, and how to look up what an addendum states."""
        self.model = model
        self._reading = reading
        self.memories = dict(memories)
        self._values = values
        self._clock = clock

    def ask(
        self,
        question: str,
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> Answer:
        """Answer one question; see :meth:`ask_many`."""
        return self.ask_many([question], as_of=as_of, audience=audience, memories=memories, without=without)[0]

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        without: frozenset[str] = frozenset(),
        progress: ProgressCallback | None = None,
    ) -> list[Answer]:
        """Answer questions side by side, in the order given.

        ``as_of`` None means now; ``memories`` None means all; the addenda in ``without`` are switched off. Raises
        InvalidInput for an empty or over-long question or an unknown memory, CannotLookBack when a memory cannot
        answer about the past.
        """
        for question in questions:
            _check_question(question)
        now = self._clock()
        chosen = self._chosen(memories)
        contributions: dict[MemoryName, Contribution] = {
            name: memory.contribute(at=as_of, audience=audience, without=without) for name, memory in chosen.items()
        }
        answers: dict[int, Answer] = {}
        for batch in batches(questions, self.model.batch_size):
            texts = [questions[index] for index in batch]
            for index, (text, finished, matches) in zip(batch, self._complete(texts, contributions), strict=True):
                trace = Trace(
                    asked_at=now,
                    as_of=as_of or now,
                    audience=audience,
                    model=f"{self.model.name} {self.model.fingerprint}",
                    ledger_position=min((memory.position for memory in chosen.values()), default=0),
                    memories=tuple(chosen),
                    matches=matches,
                )
                answers[index] = Answer(question=questions[index], text=text, finished=finished, trace=trace)
            if progress is not None:
                progress(len(answers), len(questions))
        return [answers[index] for index in range(len(questions))]

    def explain(self, answer: Answer) -> Explanation:
        """Ask again with each injected addendum switched off, one at a time, and once without any memory."""
        trace = answer.trace
        as_of = None if trace.as_of == trace.asked_at else trace.as_of
        ablations: list[Ablation] = []
        matches: list[Match] = []
        for match in trace.matches:
            if not match.injected:
                matches.append(match)
                continue
            other = self.ask(
                answer.question,
                as_of=as_of,
                audience=trace.audience,
                memories=trace.memories,
                without=frozenset({match.addendum_id}),
            )
            changed = other.text != answer.text
            ablations.append(Ablation(match.addendum_id, other.text, changed))
            matches.append(match.model_copy(update={"changed_answer": changed}))
        bare = self.ask(answer.question, memories=()).text
        explained = answer.model_copy(update={"trace": trace.model_copy(update={"matches": tuple(matches)})})
        return Explanation(explained, tuple(ablations), bare)

    def _chosen(self, names: Sequence[MemoryName] | None) -> dict[MemoryName, Memory]:
        if names is None:
            return self.memories
        unknown = [name for name in names if name not in self.memories]
        if unknown:
            raise InvalidInput(f"unknown memories {unknown!r}; this knowledge base has {sorted(self.memories)!r}")
        return {name: self.memories[name] for name in names}

    def _complete(
        self, questions: Sequence[str], contributions: Mapping[MemoryName, Contribution]
    ) -> Iterator[tuple[str, bool, tuple[Match, ...]]]:
        """Text, ending and matches for each question, in order."""
        patches: dict[MemoryName, ModelPatch] = {
            name: one for name, one in contributions.items() if isinstance(one, ModelPatch)
        }
        readers = [one for one in contributions.values() if isinstance(one, TripleReader)]
        read: list[ReadAnswer | None] = [None] * len(questions)
        if self._reading is not None and readers:
            tried = self._reading.answer(questions, [readers[0]] * len(questions), alone=False)
            read = [answer if answer.informed else None for answer in tried]
        generated = self._generated([q for q, answer in zip(questions, read, strict=True) if answer is None], patches)
        for answer in read:
            yield next(generated) if answer is None else (answer.text, answer.finished, self._read_matches(answer))

    def _generated(
        self, questions: Sequence[str], patches: Mapping[MemoryName, ModelPatch]
    ) -> Iterator[tuple[str, bool, tuple[Match, ...]]]:
        if not questions:
            return
        with ExitStack() as stack:
            for patch in patches.values():
                stack.enter_context(patch.attached())
            completions = self.model.answer(questions)
        for row, completion in enumerate(completions):
            matches = [
                self._match(name, candidate, completion.text)
                for name, patch in patches.items()
                for candidate in patch.candidates[row]
            ]
            matches.sort(key=lambda match: (match.injected, match.score), reverse=True)
            yield completion.text, completion.finished, tuple(matches[:MAX_MATCHES])

    def _read_matches(self, answer: ReadAnswer) -> tuple[Match, ...]:
        """Every triple that was read, once, best first; none is left out, because the model has seen them all."""
        hits = {hit.addendum_id: hit for result in answer.results for hit in result.hits}
        matches = [
            Match(
                addendum_id=hit.addendum_id,
                memory="triples",
                score=hit.score,
                threshold=0.0,
                injected=True,
                cited=normalised(hit.name) in normalised(answer.text),
            )
            for hit in hits.values()
        ]
        return tuple(sorted(matches, key=lambda match: match.score, reverse=True))

    def _match(self, name: MemoryName, candidate: Candidate, text: str) -> Match:
        value = self._values(candidate.addendum_id)
        return Match(
            addendum_id=candidate.addendum_id,
            memory=name,
            score=candidate.score,
            threshold=candidate.threshold,
            injected=candidate.injected,
            cited=value is not None and normalised(value) in normalised(text),
        )


def _check_question(question: str) -> None:
    if not question.strip():
        raise InvalidInput("the question is empty; give a question")
    if len(question) > MAX_QUESTION_LENGTH:
        raise InvalidInput(f"the question has {len(question)} characters; at most {MAX_QUESTION_LENGTH} are allowed")
