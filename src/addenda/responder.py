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

from pydantic import JsonValue

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
    TripleReader,
)
from addenda.models.base import LanguageModel, batches
from addenda.models.chat import TextDelta
from addenda.skills import ConsultedAnswer, Consulting, NotedAnswer, Noting, ReadAnswer, Reading, StreamingReading
from addenda.text import normalised
from addenda.types import EVERYONE, Answer, Match, MemoryName, Trace

MAX_QUESTION_LENGTH = 4000
"""Characters; a longer question is refused."""

MAX_MATCHES = 5
"""Matches kept in a trace, best first."""

Clock: TypeAlias = Callable[[], datetime]
Values: TypeAlias = Callable[[str], str | None]
"""The value that an addendum states, by id, so that the trace can say whether it appears in the text."""

Listener: TypeAlias = Callable[[object], None]
"""Told what happens while a memory model is consulted; see :mod:`addenda.memories.reflections.asking.consultation`."""


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer's trace is made from."""

    text: str
    finished: bool
    matches: tuple[Match, ...]
    consultation: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What the traces of questions that are asked together have in common, and what the memories give to them."""

    asked_at: datetime
    as_of: datetime
    audience: str
    memories: Mapping[MemoryName, Memory]
    contributions: Mapping[MemoryName, Contribution]
    listener: Listener | None


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
        return self._spoken(question, self._asked(as_of, audience, memories, without, None))

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
        listener: Listener | None,
    ) -> _Circumstances:
        now = self._clock()
        chosen = self._chosen(memories)
        contributions: dict[MemoryName, Contribution] = {
            name: memory.contribute(at=as_of, audience=audience, without=without) for name, memory in chosen.items()
        }
        return _Circumstances(now, as_of or now, audience, chosen, contributions, listener)

    def _answer(self, question: str, said: _Said, asked: _Circumstances) -> Answer:
        trace = Trace(
            asked_at=asked.asked_at,
            as_of=asked.as_of,
            audience=asked.audience,
            model=f"{self.model.name} {self.model.fingerprint}",
            ledger_position=min((memory.position for memory in asked.memories.values()), default=0),
            memories=tuple(asked.memories),
            matches=said.matches,
            consultation=said.consultation,
        )
        return Answer(question=question, text=said.text, finished=said.finished, trace=trace)

    def _spoken(self, question: str, asked: _Circumstances) -> Generator[TextDelta | Answer, None, None]:
        reader = _reader_in(asked.contributions)
        if reader is None or not isinstance(self._reading, StreamingReading):
            said = next(self._complete([question], asked))
        else:
            with closing(self._reading.stream(question, reader, alone=False)) as events:
                for event in events:
                    if isinstance(event, TextDelta):
                        yield event
                    elif isinstance(event, ReadAnswer) and event.informed:
                        yield self._answer(question, self._read(event), asked)
                        return
            said = next(self._unread([question], asked))
        yield TextDelta(text=said.text)
        yield self._answer(question, said, asked)

    def _chosen(self, names: Sequence[MemoryName] | None) -> dict[MemoryName, Memory]:
        if names is None:
            return self.memories
        unknown = [name for name in names if name not in self.memories]
        if unknown:
            raise InvalidInput(f"unknown memories {unknown!r}; this knowledge base has {sorted(self.memories)!r}")
        return {name: self.memories[name] for name in names}

    def _complete(self, questions: Sequence[str], asked: _Circumstances) -> Iterator[_Said]:
        """What is said to each question, in order."""
        reader = _reader_in(asked.contributions)
        read: list[ReadAnswer | None] = [None] * len(questions)
        if self._reading is not None and reader is not None:
            tried = self._reading.answer(questions, [reader] * len(questions), alone=False)
            read = [answer if answer.informed else None for answer in tried]
        others = [q for q, answer in zip(questions, read, strict=True) if answer is None]
        unread = self._unread(others, asked)
        for answer in read:
            yield next(unread) if answer is None else self._read(answer)

    def _unread(self, questions: Sequence[str], asked: _Circumstances) -> Iterator[_Said]:
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

    def _unnoted(self, questions: Sequence[str], asked: _Circumstances) -> Iterator[_Said]:
        """What is said to each question on which neither triples nor notes bear, in order."""
        memory = next((one for one in asked.contributions.values() if isinstance(one, Recalling)), None)
        for question, said in zip(questions, self._generated(questions, asked.contributions), strict=True):
            if memory is None or self._consulting is None or any(match.injected for match in said.matches):
                yield said
            else:
                found = self._consulting.answer(question, memory, asked.listener)
                yield _recalled(found, said)

    def _generated(self, questions: Sequence[str], contributions: Mapping[MemoryName, Contribution]) -> Iterator[_Said]:
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
            yield _Said(completion.text, completion.finished, tuple(matches[:MAX_MATCHES]))

    def _read(self, answer: ReadAnswer) -> _Said:
        """An answer with every triple that was read, once, best first; none is left out, because the model saw all."""
        hits = [hit for result in answer.results for hit in result.hits]
        text = normalised(answer.text)
        # Read from both sides, a triple has two names, and is cited when one of them is.
        cited = {hit.addendum_id for hit in hits if normalised(hit.name) in text}
        scores = {hit.addendum_id: hit.score for hit in sorted(hits, key=lambda hit: hit.score)}
        matches = [
            Match(addendum_id=i, memory="triples", score=score, threshold=0.0, injected=True, cited=i in cited)
            for i, score in scores.items()
        ]
        ranked = sorted(matches, key=lambda match: match.score, reverse=True)
        return _Said(answer.text, answer.finished, tuple(ranked))

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


def _noted(answer: NotedAnswer, hits: Sequence[NoteHit]) -> _Said:
    """An answer by notes; a note is cited when its id, or what it concludes, is in the text."""
    text = normalised(answer.text)
    matches = [
        Match(
            addendum_id=hit.addendum_id,
            memory="notes",
            score=hit.score,
            threshold=0.0,
            injected=hit.addendum_id in answer.injected,
            cited=_is_cited(hit, text),
        )
        for hit in hits
    ]
    ranked = sorted(matches, key=lambda match: (match.injected, match.cited, match.score), reverse=True)
    return _Said(answer.text, answer.finished, tuple(ranked))


def _recalled(found: ConsultedAnswer, said: _Said) -> _Said:
    """An answer from a memory model, or else the model's own; what was asked stands in the trace in both cases."""
    documents = [
        Match(addendum_id=i, memory="reflections", score=score, threshold=0.0, injected=injected)
        for scores, injected in ((found.sources, True), (found.considered, False))
        for i, score in scores.items()
    ]
    matches = (*documents, *said.matches)
    chosen = (found.text, found.finished) if found.informed else (said.text, said.finished)
    return _Said(*chosen, matches, dict(found.transcript))


def _is_cited(hit: NoteHit, text: str) -> bool:
    label = hit.line.partition("]")[0].lstrip("[")
    return label in text or (hit.answer is not None and normalised(hit.answer) in text)


def _reader_in(contributions: Mapping[MemoryName, Contribution]) -> TripleReader | None:
    return next((one for one in contributions.values() if isinstance(one, TripleReader)), None)


def _check_question(question: str) -> None:
    if not question.strip():
        raise InvalidInput("the question is empty; give a question")
    if len(question) > MAX_QUESTION_LENGTH:
        raise InvalidInput(f"the question has {len(question)} characters; at most {MAX_QUESTION_LENGTH} are allowed")
