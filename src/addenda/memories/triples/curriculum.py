"""From annotated documents to the examples that a skill is trained with, and to those it is validated with.

Writing: one example a sentence, those that tell nothing included. Reading: one example a read point, with the names
that a real memory brings which holds the triples of the documents under their longest names. Copies of the documents
under other names (counterfactual: what the model knows of the old names does not help it) have a memory each, because
together they would contradict one another. Documents for validation are taken as they are and never lend their names.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), its training data. There the memory is filled by the model
that writes, mistakes included; here by the annotations, because no such model exists before it is trained.
Does not know: tokens, and how well anything is learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.base import Deliver, Origin, Task, TripleReader
from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.calls import Statement, shown
from addenda.memories.triples.examples import ReadExample, WriteExample, example_line
from addenda.memories.triples.memory import TriplesMemory
from addenda.memories.triples.readpoints import read_examples, reader_lookup
from addenda.memories.triples.replacement import NamePool, replaced
from addenda.memories.triples.skill_settings import Skill, SkillSettings
from addenda.memories.triples.writepoints import WriteRules, write_examples
from addenda.types import Fact

Examples: TypeAlias = Sequence[WriteExample | ReadExample]
"""Examples of one skill."""

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Split:
    """Documents to train with, and documents to validate with; none is in both."""

    training: tuple[AnnotatedDocument, ...]
    validation: tuple[AnnotatedDocument, ...]


def split_documents(documents: Sequence[AnnotatedDocument], *, share: float, seed: int) -> Split:
    """Hold out a share of the documents, drawn by the seed, at least one; both parts keep the order.

    Raises InvalidInput for fewer than two documents, or when one of each part has the same text.
    """
    if len(documents) < 2:
        raise InvalidInput(
            f"{len(documents)} documents cannot be split into those to train and those to validate with; give two or "
            "more, or others for validation"
        )
    count = min(max(1, round(share * len(documents))), len(documents) - 1)
    held_out = set(Random(f"{seed} held out").sample(range(len(documents)), count))
    parts = ([d for n, d in enumerate(documents) if (n in held_out) == wanted] for wanted in (False, True))
    return apart(*parts)


def apart(training: Iterable[AnnotatedDocument], validation: Iterable[AnnotatedDocument]) -> Split:
    """Both lists of documents, checked. Raises InvalidInput when one is empty, or they share a text."""
    split = Split(tuple(training), tuple(validation))
    for what, documents in (("train", split.training), ("validate", split.validation)):
        if not documents:
            raise InvalidInput(f"there is no document to {what} with; give at least one")
    texts = {document.text for document in split.training}
    shared = [document.title for document in split.validation if document.text in texts]
    if shared:
        named = ", ".join(map(shown, shared[:_NAMED]))
        raise InvalidInput(
            f"{len(shared)} documents are both trained and validated with (for example {named}), so a score would show "
            "what was learned by heart; leave them out of one of the two"
        )
    return split


def training_examples(
    skill: Skill, documents: Sequence[AnnotatedDocument], settings: SkillSettings
) -> list[WriteExample | ReadExample]:
    """The examples of these documents and of their copies under other names, in order."""
    own = _examples(skill, documents, settings)
    copied = (_examples(skill, world, settings) for world in renamed_copies(documents, settings))
    return [example for world in (*[own] * settings.repeats, *copied) for example in world]


def validation_examples(
    skill: Skill, documents: Sequence[AnnotatedDocument], settings: SkillSettings
) -> list[WriteExample | ReadExample]:
    """The examples of these documents as they are, every sentence that tells nothing included."""
    return _examples(skill, documents, settings.model_copy(update={"empty_share": 1.0}))


def renamed_copies(
    documents: Sequence[AnnotatedDocument], settings: SkillSettings
) -> Iterator[list[AnnotatedDocument]]:
    """All documents under other names, as often as the settings say; the names are those of other documents here."""
    pool = NamePool.of(documents)
    for number in range(1, settings.copies + 1):
        yield [replaced(document, pool, seed=settings.seed + number).document for document in documents]


def memory_of(documents: Iterable[AnnotatedDocument]) -> TriplesMemory:
    """A memory that holds each relation of these documents once, under the longest names of its two entities.

    A name that no memory takes (a blank or a NUL character) leaves its relation out.
    """
    statements = dict.fromkeys(
        Statement(
            document.names(document.entities[relation.subject])[0],
            relation.name,
            document.names(document.entities[relation.object])[0],
        )
        for document in documents
        for relation in document.relations
    )
    memory = TriplesMemory.private()
    changes: list[Deliver] = []
    for number, one in enumerate(statements):
        task = Task(
            addendum_id=f"{number:016x}",
            prompts=(one.relation,),
            target=one.object,
            fact=Fact(subject=one.subject, relation=one.relation, object=one.object),
            origin=Origin("annotations", "annotations", "normal"),
        )
        try:
            artefact = memory.prepare([task])[task.addendum_id]
        except InvalidInput:
            continue
        changes.append(Deliver(task.addendum_id, artefact, number))
    memory.apply(changes, 1)
    return memory


def reader_of(documents: Iterable[AnnotatedDocument]) -> TripleReader:
    """What can be read from such a memory."""
    return memory_of(documents).contribute(at=None)


def digest_of(*parts: Examples) -> str:
    """``sha256:`` digest of examples, by their JSON and order."""
    found = hashlib.sha256()
    for part in parts:
        for example in part:
            found.update(example_line(example).encode() + b"\n")
        found.update(b"\n")
    return f"sha256:{found.hexdigest()}"


def _examples(
    skill: Skill, documents: Sequence[AnnotatedDocument], settings: SkillSettings
) -> list[WriteExample | ReadExample]:
    made: list[WriteExample | ReadExample] = []
    if skill == "write":
        rules = WriteRules(
            empty_share=settings.empty_share, context_sentences=settings.context_sentences, seed=settings.seed
        )
        for document in documents:
            made += write_examples(document, rules)
        return made
    lookup = reader_lookup(reader_of(documents))
    for document in documents:
        made += read_examples(document, lookup)
    return made
