"""Answers questions with a model and the memories, and keeps the trace of what contributed.

The memories are composed in one documented order. First the model is let read from the memory of triples, if there is
one and the model can read: where that brings something back, the answer is made from it. Next come notes: where some
bear on the question, the answer is made by them. Every other question is answered as if neither were there, with the
*model patch* of the edits switched on around generation. Where no edit acted on that, the memory of reflections is
consulted, and its answer stands where it knows one. So what people stated on purpose comes before what documents say,
and both before the model alone. For each addendum the trace keeps four things apart: it *matched* (with its score), it
was *injected*, its value is *cited* in the text, and it *changed the answer*, which is known only by asking again
without it (:meth:`Responder.explain`).

This module knows the memories' protocol and no ledger: which addenda a memory holds is the knowledge base's business.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.base import (
    Candidate,
    Contribution,
    Memory,
    ModelPatch,
    NoteHit,
    NoteReader,
    ProgressCallback,
    Recalling,
)
from addenda.models.base import LanguageModel, batches
from addenda.models.chat import TextDelta
from addenda.skills import ConsultedAnswer, Consulting, NotedAnswer, Noting, ReadAnswer, Reading, StreamingReading
from addenda.text import normalised
from addenda.tracing import Circumstances, Listener, Said, chosen, document_matches, note_matches, read_matches
from addenda.types import EVERYONE, Answer, Match, MemoryName

MAX_QUESTION_LENGTH = 4000
"""Characters; a longer question is refused."""

MAX_MATCHES = 5
"""Matches kept in a trace, best first."""

Clock: TypeAlias = Callable[[], datetime]
Values: TypeAlias = Callable[[str], str | None]
"""The value that an addendum states, by id, so that the trace can say whether it appears in the text."""


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
        noting: Noting | None = None,
        consulting: Consulting | None = None,
        values: Values = _no_value,
        clock: Clock = _now,
    ) -> None:
        """Take the model, the memories by name, its skills, and how to look up what an addendum states."""
        self.model = model
        self._reading = reading
        self._noting = noting
        self._consulting = consulting
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
        listener: Listener | None = None,
    ) -> Answer:
        """Answer one question; see :meth:`ask_many`."""
        found = self.ask_many(
            [question], as_of=as_of, audience=audience, memories=memories, without=without, listener=listener
        )
        return found[0]

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        without: frozenset[str] = frozenset(),
        progress: ProgressCallback | None = None,
        listener: Listener | None = None,
    ) -> list[Answer]:
        """Answer questions side by side, in the order given.

        ``as_of`` None means now; ``memories`` None means all; the addenda in ``without`` are switched off; a
        ``listener`` is told what happens while a memory model is consulted. Raises InvalidInput for an empty or
        over-long question or an unknown memory, CannotLookBack when a memory cannot answer about the past.
        """
        for question in questions:
            _check_question(question)
        asked = self._asked(as_of, audience, memories, without, listener)
        answers: dict[int, Answer] = {}
        for batch in batches(questions, self.model.batch_size):
            texts = [questions[index] for index in batch]
            for index, said in zip(batch, self._complete(texts, asked), strict=True):
                answers[index] = self._answer(questions[index], said, asked)
            if progress is not None:
                progress(len(answers), len(questions))
        return [answers[index] for index in range(len(questions))]

    def ask_streaming(
        self,
        question: str,
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> Generator[TextDelta | Answer, None, None]:
        """The answer of :meth:`ask` as pieces of its text, which joined are the text, and as a whole at the end.

        Pieces come while the model speaks where it was read from the triples and the reading can stream; any other
        answer comes in one piece. What is given is checked at once, before the generator is returned; raises as
        :meth:`ask_many`.
        """
        _check_question(question)
        return self._spoken(question, self._asked(as_of, audience, memories, without))

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

    def _asked(
        self,
        as_of: datetime | None,
        audience: str,
        memories: Sequence[MemoryName] | None,
        without: frozenset[str],
        listener: Listener | None = None,
    ) -> Circumstances:
        return Circumstances.of(
            chosen(self.memories, memories),
            now=self._clock(),
            as_of=as_of,
            audience=audience,
            without=without,
            listener=listener,
        )

    def _answer(self, question: str, said: Said, asked: Circumstances) -> Answer:
        return asked.answer(question, said, f"{self.model.name} {self.model.fingerprint}")

    def _spoken(self, question: str, asked: Circumstances) -> Generator[TextDelta | Answer, None, None]:
        reader = asked.reader
        if reader is None or not isinstance(self._reading, StreamingReading):
            said = next(self._complete([question], asked))
        else:
            with closing(self._reading.stream(question, reader, alone=False)) as events:
                for event in events:
                    if isinstance(event, TextDelta):
                        yield event
                    elif isinstance(event, ReadAnswer) and event.informed:
                        yield self._answer(question, _read(event), asked)
                        return
            said = next(self._unread([question], asked))
        yield TextDelta(text=said.text)
        yield self._answer(question, said, asked)

    def _complete(self, questions: Sequence[str], asked: Circumstances) -> Iterator[Said]:
        """What is said to each question, in order."""
        reader = asked.reader
        read: list[ReadAnswer | None] = [None] * len(questions)
        if self._reading is not None and reader is not None:
            tried = self._reading.answer(questions, [reader] * len(questions), alone=False)
            read = [answer if answer.informed else None for answer in tried]
        others = [q for q, answer in zip(questions, read, strict=True) if answer is None]
        unread = self._unread(others, asked)
        for answer in read:
            yield next(unread) if answer is None else _read(answer)

    def _unread(self, questions: Sequence[str], asked: Circumstances) -> Iterator[Said]:
        """What is said to each question about which no triple was read, in order."""
        notes = next((one for one in asked.contributions.values() if isinstance(one, NoteReader)), None)
        if notes is None or self._noting is None:
            yield from self._unnoted(questions, asked)
            return
        hits = [notes.choose(question) for question in questions]
        noted = self._noting.answer(questions, hits)
        others = [q for q, answer in zip(questions, noted, strict=True) if answer is None]
        unnoted = self._unnoted(others, asked)
        for answer, shown in zip(noted, hits, strict=True):
            yield next(unnoted) if answer is None else _noted(answer, shown)

    def _unnoted(self, questions: Sequence[str], asked: Circumstances) -> Iterator[Said]:
        """What is said to each question on which neither triples nor notes bear, in order."""
        memory = next((one for one in asked.contributions.values() if isinstance(one, Recalling)), None)
        for question, said in zip(questions, self._generated(questions, asked.contributions), strict=True):
            if memory is None or self._consulting is None or any(match.injected for match in said.matches):
                yield said
            else:
                found = self._consulting.answer(question, memory, asked.listener)
                yield _recalled(found, said)

    def _generated(self, questions: Sequence[str], contributions: Mapping[MemoryName, Contribution]) -> Iterator[Said]:
        if not questions:
            return
        patches: dict[MemoryName, ModelPatch] = {
            name: one for name, one in contributions.items() if isinstance(one, ModelPatch)
        }
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
            yield Said(completion.text, completion.finished, tuple(matches[:MAX_MATCHES]))

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


def _read(answer: ReadAnswer) -> Said:
    return Said(answer.text, answer.finished, read_matches(answer.results, answer.text))


def _noted(answer: NotedAnswer, hits: Sequence[NoteHit]) -> Said:
    return Said(answer.text, answer.finished, note_matches(hits, answer.injected, answer.text))


def _recalled(found: ConsultedAnswer, said: Said) -> Said:
    """An answer from a memory model, or else the model's own; what was asked stands in the trace in both cases."""
    text, finished = (found.text, found.finished) if found.informed else (said.text, said.finished)
    return Said(text, finished, (*document_matches(found), *said.matches), dict(found.transcript))


def _check_question(question: str) -> None:
    if not question.strip():
        raise InvalidInput("the question is empty; give a question")
    if len(question) > MAX_QUESTION_LENGTH:
        raise InvalidInput(f"the question has {len(question)} characters; at most {MAX_QUESTION_LENGTH} are allowed")
