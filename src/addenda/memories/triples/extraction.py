"""Taking statements from a document: sentence by sentence, with what stands before each, and nothing stored.

A *writer* (a local model with the skill of writing, or a remote one) is shown one sentence, the focus, and up to 24
earlier ones, and answers with a write call. The call is parsed strictly; each statement comes back with its evidence,
which is the sentence and its place, and with what looks wrong about it. Sentences do not depend on one another's
results, so they can be written side by side and kept one by one (:mod:`addenda.memories.triples.work`): a run that was
killed goes on where it was.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), writing from text; evidence, findings and resuming are
ours. Everything here is a proposal. Not known here: whether a statement is true or known already, and what becomes of
it. A document can talk a model into writing something; that is what evidence, findings and approval are for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TypeAlias

from pydantic import Field

from addenda.documents.reading import SourceDocument
from addenda.documents.sentences import (
    LONGEST_SENTENCE,
    SHORTEST_LIMIT,
    Sentence,
    split_sentences,
    unwrapped,
)
from addenda.errors import InvalidInput
from addenda.memories.base import ProgressCallback
from addenda.memories.triples.calls import Problem, Statement
from addenda.memories.triples.plausibility import Findings, Surroundings
from addenda.memories.triples.syntax import parse_write
from addenda.memories.triples.work import WorkFile, key_of_work
from addenda.memories.triples.writers import Passage, Writer, WriterEnding, Written
from addenda.text import clean, normalised
from addenda.types import Frozen

CONTEXT_SENTENCES = 24
"""Earlier sentences that a writer is shown, as published."""

_Identity: TypeAlias = tuple[str, str, str]


class ExtractionSettings(Frozen):
    """How a document is gone through. Raises pydantic's ValidationError when a value is out of range."""

    context_sentences: int = Field(default=CONTEXT_SENTENCES, ge=0, le=200)
    longest_sentence: int = Field(default=LONGEST_SENTENCE, ge=SHORTEST_LIMIT)
    """Characters after which a run-on sentence is cut."""
    relations: tuple[str, ...] = ()
    """Relations that are known; a statement with another one is marked. With none, any will do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a statement was taken from."""

    title: str
    """Of the document."""
    source: str
    """Of the document."""
    start: int
    end: int
    """The sentence is the document's text from ``start`` to ``end``."""
    line: int
    """The line it begins in, counted from 1."""
    text: str
    """The sentence as it stands there."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """One statement that a writer took from a document; a proposal, never more."""

    statement: Statement
    """Its names in NFC."""
    evidence: Evidence
    findings: Findings
    sentences: int = 1
    """How many sentences of the document it was taken from; the evidence is one of them."""


@dataclass(frozen=True, slots=True)
class SentenceResult:
    """What came of one sentence."""

    evidence: Evidence
    statements: tuple[Extracted, ...]
    """In the order in which they were written."""
    problems: tuple[Problem, ...]
    """What was not understood of the writer's answer."""
    written: Written | None
    """The answer itself; None for a sentence without a letter or digit, which no writer is asked about."""
    resumed: bool = False
    """Whether the answer came from the work file."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run came to, in numbers."""

    sentences: int
    resumed: int
    statements: int
    doubtful: int
    """Statements about which something looks wrong."""
    problems: int
    continued: int
    """Answers that were cut at a later end than the first the writer wanted."""
    endings: Mapping[WriterEnding, int]
    """How many answers ended in which way."""


@dataclass(frozen=True, slots=True)
class _Task:
    evidence: Evidence
    passage: Passage
    key: str
    asked: bool


def extract(
    document: SourceDocument,
    writer: Writer,
    *,
    work: WorkFile | None = None,
    settings: ExtractionSettings | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[SentenceResult]:
    """Go through a document; one result for each sentence, in order, as soon as it is there.

    Args:
        document: What statements are taken from.
        writer: Who writes them.
        work: Keeps each answer as it comes, and has those of earlier runs, which are not asked for again.
        settings: How the document is gone through.
        progress: Called with the sentences done and all of them.

    Raises what the writer raises, and StorageUnavailable when the work file cannot be written; what was finished
    before is in the work file then.
    """
    chosen = settings or ExtractionSettings()
    sentences = split_sentences(document.text, longest=chosen.longest_sentence)
    tasks = _tasks(document, sentences, writer.identity, chosen.context_sentences)
    relations = frozenset(map(normalised, chosen.relations))
    done = 0
    while group := list(islice(tasks, max(writer.batch_size, 1))):
        for result in _results(group, writer, work, relations):
            done += 1
            if progress:
                progress(done, len(sentences))
            yield result


def merged(results: Iterable[SentenceResult]) -> list[Extracted]:
    """The statements of a document, each once, in the order in which they were first written.

    The evidence is the first sentence it was taken from; when something looked wrong there, the first where nothing
    does. Names are compared in normal form.
    """
    kept: dict[_Identity, Extracted] = {}
    for result in results:
        found: dict[_Identity, Extracted] = {}
        for one in result.statements:
            found.setdefault(_identity(one.statement), one)
        for identity, one in found.items():
            earlier = kept.get(identity)
            better = earlier is None or (one.findings.supported and not earlier.findings.supported)
            kept[identity] = replace(
                one if earlier is None or better else earlier, sentences=earlier.sentences + 1 if earlier else 1
            )
    return list(kept.values())


def tally(results: Iterable[SentenceResult]) -> Tally:
    """The numbers of these results."""
    seen = list(results)
    answers = [result.written for result in seen if result.written]
    statements = [one for result in seen for one in result.statements]
    return Tally(
        sentences=len(seen),
        resumed=sum(result.resumed for result in seen),
        statements=len(statements),
        doubtful=sum(not one.findings.supported for one in statements),
        problems=sum(len(result.problems) for result in seen),
        continued=sum(answer.continued for answer in answers),
        endings=Counter(answer.ending for answer in answers),
    )


def passages(text: str, sentences: Sequence[Sentence], context_sentences: int = CONTEXT_SENTENCES) -> Iterator[Passage]:
    """What a writer is shown for each of the sentences of a text."""
    plain = [unwrapped(sentence.text) for sentence in sentences]
    followed = [
        before + ("\n" if sentence.begins_unit else unwrapped(text[earlier.end - 1 : sentence.start + 1])[1:-1])
        for before, (earlier, sentence) in zip(plain, pairwise(sentences), strict=False)
    ]
    for place, focus in enumerate(plain):
        yield Passage(tuple(followed[max(place - context_sentences, 0) : place]), focus)


def _tasks(
    document: SourceDocument, sentences: Sequence[Sentence], identity: str, context_sentences: int
) -> Iterator[_Task]:
    shown = passages(document.text, sentences, context_sentences)
    for sentence, passage in zip(sentences, shown, strict=True):
        place = (sentence.start, sentence.end, sentence.line, sentence.text)
        asked = any(character.isalnum() for character in sentence.text)
        key = key_of_work(identity, passage)
        yield _Task(Evidence(document.title, document.source, *place), passage, key, asked)


def _results(
    group: Sequence[_Task], writer: Writer, work: WorkFile | None, relations: Collection[str]
) -> Iterator[SentenceResult]:
    known = {task.key: found for task in group if work is not None and (found := work.get(task.key))}
    waiting = [task for task in group if task.asked and task.key not in known]
    answers = zip(waiting, writer.write([task.passage for task in waiting]) if waiting else (), strict=True)
    for task in group:
        written, resumed = known.get(task.key), task.key in known
        if task.asked and written is None:
            _, written = next(answers)
            if work is not None:
                work.add(task.key, written)
        yield _result(task, written, relations, resumed=resumed)


def _result(task: _Task, written: Written | None, relations: Collection[str], *, resumed: bool) -> SentenceResult:
    if written is None:
        return SentenceResult(task.evidence, (), (), None)
    if written.fault:
        problem = Problem("no call", written.call, written.fault)
        return SentenceResult(task.evidence, (), (problem,), written, resumed)
    call = parse_write(written.call)
    surroundings = Surroundings(task.passage.focus, "".join(task.passage.context))
    statements = [
        Extracted(one, task.evidence, surroundings.examine(one, relations)) for one in map(_in_nfc, call.statements)
    ]
    return SentenceResult(task.evidence, tuple(statements), call.problems, written, resumed)


def _in_nfc(statement: Statement) -> Statement:
    try:
        return Statement(*(clean(name, "name") for name in (statement.subject, statement.relation, statement.object)))
    except InvalidInput:
        # A hidden character, which the findings name, or a name that is too long only in NFC.
        return statement


def _identity(statement: Statement) -> _Identity:
    return normalised(statement.subject), normalised(statement.relation), normalised(statement.object)
