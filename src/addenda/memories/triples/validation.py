"""How well a model writes and reads triples on documents it was not trained with: free greedy generation, and counts.

Writing: the writer is shown a sentence with those before it and answers with a call. A statement is right when the
annotations have its relation in that sentence, whichever of their names it gives to the two entities. Counted over all
sentences (micro): precision, recall, f1; besides ``quiet``, the share of the sentences that tell nothing for which
nothing was written, and ``well_formed``, the share of answers without a problem.

Reading: the model is shown the true text up to a read point. ``called``: it opens a read call there. ``equal``: the
call asks just what the annotations ask. ``obtained``: what it asks brings a name of the right entity from a memory
that holds the documents' triples. ``opened_equal`` and ``opened_obtained``: the same where the call is opened for it,
so that only the wording of queries counts. ``ceiling``: the share that the annotations' own queries obtain. ``quiet``:
the share of other places in the same texts where it rightly opens none.

Source: read points as in Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672); the counts are ours. Does not know:
whether a statement is true that nobody annotated; it counts as wrong. Importing this module imports no model library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, TypeVar

from addenda.memories.base import ProgressCallback, TripleReader
from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.calls import Query, Statement, canonical
from addenda.memories.triples.curriculum import reader_of
from addenda.memories.triples.examples import ReadExample
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.marks import CALL_START
from addenda.memories.triples.readpoints import Lookup, merged_names, read_examples, read_points, reader_lookup
from addenda.memories.triples.syntax import find_read_call, parse_read, parse_write
from addenda.memories.triples.writepoints import telling_sentences
from addenda.memories.triples.writers import Passage, Writer
from addenda.models.base import batches
from addenda.text import normalised

if TYPE_CHECKING:
    from addenda.models.adapters import Adapter
    from addenda.models.local import LocalModel

_Item = TypeVar("_Item")

CALL_TOKENS = 96
"""Tokens that a model is given to finish a read call, or half of what it has room for."""
_OPENING_TOKENS = 8
_BATCH = 16


@dataclass(frozen=True, slots=True)
class _Told:
    """What one relation of a sentence may be written as: normal forms of all names of its entities."""

    subjects: frozenset[str]
    relation: str
    objects: frozenset[str]

    def fits(self, statement: Statement) -> bool:
        return (
            normalised(statement.subject) in self.subjects
            and normalised(statement.relation) == self.relation
            and normalised(statement.object) in self.objects
        )


@dataclass(frozen=True, slots=True)
class _Point:
    """A read point."""

    prompt: str
    """The text before it."""
    queries: tuple[Query, ...]
    """Those of the annotations."""
    right: frozenset[str]
    """All names of the entity that stands there, in normal form."""
    elsewhere: str
    """The text up to a place between this point and the next where nothing is to be looked up; empty for none."""


def score_writing(
    writer: Writer,
    documents: Sequence[AnnotatedDocument],
    *,
    most: int,
    context_sentences: int,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Mapping[str, float]:
    """The scores of a writer, by name; ``sentences`` among them says on how many.

    Args:
        writer: Who writes.
        documents: With annotations.
        most: How many sentences are written from at most, drawn by the seed from all.
        context_sentences: How many sentences before it a sentence is shown with.
        seed: Decides the draw.
        progress: Called with the sentences done and all of them.
    """
    places = [(document, number) for document in documents for number in range(len(document.sentences))]
    chosen = _drawn(places, most, seed)
    passages = [
        Passage(
            tuple(f"{sentence} " for sentence in document.sentences[max(0, number - context_sentences) : number]),
            document.sentences[number],
        )
        for document, number in chosen
    ]
    written = told = right = found = silent = quiet = well_formed = 0
    for done, ((document, number), answer) in enumerate(zip(chosen, writer.write(passages), strict=True), start=1):
        call = parse_write(answer.call)
        statements = list({tuple(map(normalised, _sides(one))): one for one in call.statements}.values())
        expected = _told_by(document, number)
        written, told = written + len(statements), told + len(expected)
        right += sum(any(one.fits(statement) for one in expected) for statement in statements)
        found += sum(any(one.fits(statement) for statement in statements) for one in expected)
        silent, quiet = silent + (not expected), quiet + (not expected and not statements)
        well_formed += not answer.fault and not call.problems
        if progress:
            progress(done, len(chosen))
    precision, recall = _share(right, written), _share(found, told)
    return {
        "f1": _share(2 * precision * recall, precision + recall),
        "precision": precision,
        "recall": recall,
        "quiet": _share(quiet, silent),
        "well_formed": _share(well_formed, len(chosen)),
        "sentences": len(chosen),
    }


def score_reading(
    model: LocalModel,
    adapter: Adapter,
    documents: Sequence[AnnotatedDocument],
    *,
    most: int,
    limit: int,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Mapping[str, float]:
    """The scores of a model's read calls, by name; ``points`` among them says at how many read points.

    Args:
        model: The model.
        adapter: Its skill of reading; the card says how calls are spelled.
        documents: With annotations; a memory of their triples is what calls read from.
        most: How many read points are tried at most, drawn by the seed from all.
        limit: Tokens that prompt and call have together at most; a prompt loses its first tokens.
        seed: Decides the draw, and the places where nothing is to be looked up.
        progress: Called with the generations done and all of them.
    """
    reader = reader_of(documents)
    points = _drawn([point for document in documents for point in _points(document, reader, seed)], most, seed)
    spaced = bool(adapter.card.settings.get("spaced", False))
    room = min(CALL_TOKENS, limit // 2)
    asker = _Asker(model, adapter, LessonMaker(model.tokenizer, limit=limit - room - _OPENING_TOKENS, spaced=spaced))
    elsewhere = [point.elsewhere for point in points if point.elsewhere]
    total, done = 2 * len(points) + len(elsewhere), 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        if progress:
            progress(done, total)

    prompts = [point.prompt for point in points]
    calls = asker.calls(prompts, "", room, count)
    opened = asker.calls(prompts, CALL_START, room, count)
    others = asker.calls(elsewhere, "", _OPENING_TOKENS, count)
    lookup = reader_lookup(reader)
    return {
        "obtained": _mean(_obtains(_queries(call), point, lookup) for call, point in zip(calls, points, strict=True)),
        "equal": _mean(_is_equal(_queries(call), point) for call, point in zip(calls, points, strict=True)),
        "called": _mean(call.startswith(CALL_START) for call in calls),
        "opened_obtained": _mean(
            _obtains(_queries(call), point, lookup) for call, point in zip(opened, points, strict=True)
        ),
        "opened_equal": _mean(_is_equal(_queries(call), point) for call, point in zip(opened, points, strict=True)),
        "quiet": _mean(not call.startswith(CALL_START) for call in others),
        "ceiling": _mean(_obtains(point.queries, point, lookup) for point in points),
        "points": len(points),
    }


class _Asker:
    """Lets a model go on with texts until it has finished a read call."""

    def __init__(self, model: LocalModel, adapter: Adapter, maker: LessonMaker) -> None:
        from addenda.memories.triples.generation import Generator

        self._adapter = adapter
        self._maker = maker
        self._generator = Generator(model.network, model.tokenizer)

    def calls(self, prompts: Sequence[str], opening: str, room: int, count: Callable[[int], None]) -> list[str]:
        """For each text what the model says next, from the opening on, without blanks before it."""
        import torch

        from addenda.memories.triples.generation import Batch, Segment

        opened = tuple(self._generator.tokens(opening)) if opening else ()
        said = [""] * len(prompts)
        for chosen in batches(prompts, _BATCH):
            rows = [[*self._shown(prompts[n]), *opened] for n in chosen]
            segments = [Segment(opened, stops_at_opening=False, barred="no") for _ in chosen]
            with self._adapter.active(), torch.inference_mode():
                grown = self._generator.run(Batch.start(rows), segments, room)
            for n, new in zip(chosen, grown.new, strict=True):
                said[n] = self._generator.text([*opened, *new]).lstrip()
            count(len(chosen))
        return said

    def _shown(self, prompt: str) -> list[int]:
        """The tokens of a text as lessons show it, cut to what fits."""
        lesson = self._maker.lesson(ReadExample(prompt=prompt, ends=True))
        return list(lesson.tokens[: lesson.learn.index(True)])


def _points(document: AnnotatedDocument, reader: TripleReader, seed: int) -> Iterator[_Point]:
    random = Random(f"{seed} {document.title}")
    text = document.text
    right: dict[int, frozenset[str]] = {}
    for entity in document.entities:
        before = len(text[: document.place(entity.mentions[0])[0]].rstrip())
        right[before] = right.get(before, frozenset()) | frozenset(map(normalised, document.names(entity)))
    taken = {len(text[: point.place].rstrip()) for point in read_points(document)}
    for example in read_examples(document, reader_lookup(reader)):
        start = len(example.prompt)
        gaps = (start + found.start() for found in re.finditer(r"\s+", example.continuation))
        free = [gap for gap in gaps if gap > start and gap not in taken]
        elsewhere = text[: random.choice(free)] if free else ""
        yield _Point(example.prompt, example.queries, right[start], elsewhere)


def _told_by(document: AnnotatedDocument, number: int) -> list[_Told]:
    return [
        _Told(
            frozenset(map(normalised, document.names(document.entities[relation.subject]))),
            normalised(relation.name),
            frozenset(map(normalised, document.names(document.entities[relation.object]))),
        )
        for relation in document.relations
        if number in telling_sentences(document, relation)
    ]


def _queries(call: str) -> tuple[Query, ...]:
    """The queries of a call that opens a text; none where the text does not begin with one."""
    found = find_read_call(call) if call.startswith(CALL_START) else None
    return () if found is None or found.start else parse_read(found.text).queries


def _is_equal(queries: Sequence[Query], point: _Point) -> bool:
    return {canonical(query) for query in queries} == {canonical(query) for query in point.queries}


def _obtains(queries: Sequence[Query], point: _Point, lookup: Lookup) -> bool:
    found = [lookup(query) for query in queries]
    names = merged_names([names for names in found if names is not None])
    return None not in found and not point.right.isdisjoint(map(normalised, names))


def _sides(statement: Statement) -> tuple[str, str, str]:
    return statement.subject, statement.relation, statement.object


def _drawn(items: Sequence[_Item], most: int, seed: int) -> list[_Item]:
    """At most so many of the items, in their order."""
    kept = sorted(Random(f"{seed} drawn").sample(range(len(items)), min(most, len(items))))
    return [items[n] for n in kept]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(truths: Iterable[bool]) -> float:
    seen = list(truths)
    return _share(sum(seen), len(seen))
