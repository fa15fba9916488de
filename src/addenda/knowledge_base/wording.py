"""How an addendum is put into questions: what an edit is made from, what the gate asks, and what must stay as it is.

A fact is worded by its relation's question templates; an edit brings its own wordings. The questions close by
("neighbours") are the other relations' questions about the same subject, as far as the knowledge base has the relation
declared for that kind of subject.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from addenda.gate import Case
from addenda.ledger import Registry, key
from addenda.memories.base import Origin, Task
from addenda.memories.notes.cases import meeting
from addenda.memories.notes.language import read_conclusion, read_when
from addenda.types import Addendum, Document, Edit, Fact, MemoryName, Note


@dataclass(frozen=True, slots=True)
class Worded:
    """One addendum in questions and the answer to them."""

    addendum: Addendum
    prompts: tuple[str, ...]
    """Wordings that an edit is made from, the canonical one first; empty where nothing can be asked: a
    note that only a reader can apply, a document."""
    checks: tuple[str, ...]
    """Other wordings, for the gate only."""
    target: str
    neighbours: tuple[str, ...]
    """Canonical questions on other relations of the same subject."""
    exclusive: bool = True
    """Whether it replaces another live value of the same subject and relation, or the same prompt."""

    def task(self) -> Task:
        """What a memory is to learn."""
        addendum = self.addendum
        return Task(
            addendum.id,
            self.prompts,
            self.target,
            self.neighbours,
            fact=addendum.content if isinstance(addendum.content, Fact) else None,
            note=addendum.content if isinstance(addendum.content, Note) else None,
            document=addendum.content if isinstance(addendum.content, Document) else None,
            origin=Origin(addendum.source, addendum.author, addendum.trust),
        )

    def case(self, changing: Collection[str], replaces: tuple[str, ...] = ()) -> Case:
        """What the gate is to check; questions in ``changing`` change in the same batch and are not held to stay."""
        return Case(
            addendum_id=self.addendum.id,
            question=self.prompts[0],
            target=self.target,
            wordings=self.checks,
            neighbours=tuple(question for question in self.neighbours if question not in changing),
            among=not self.exclusive,
            replaces=replaces,
        )


@dataclass(frozen=True, slots=True)
class Route:
    """Where an addendum goes, and whether it replaces others; what can be known without wording it."""

    memories: tuple[MemoryName, ...]
    """The memories that are to carry it."""
    exclusive: bool
    """Whether it replaces another live value of the same subject and relation, or the same prompt."""


def routes(addenda: Iterable[Addendum], registry: Registry) -> dict[str, Route]:
    """The route of each addendum, by id."""
    by_relation: dict[str, Route] = {}
    found: dict[str, Route] = {}
    for addendum in addenda:
        match addendum.content:
            case Fact(relation=relation):
                if relation not in by_relation:
                    spec = registry.get(relation)
                    by_relation[relation] = Route(tuple(dict.fromkeys(spec.memories)), spec.cardinality == "one")
                found[addendum.id] = by_relation[relation]
            case Edit():
                found[addendum.id] = Route(("edits",), exclusive=True)
            case Note():
                found[addendum.id] = Route(("notes",), exclusive=False)
            case Document():
                found[addendum.id] = Route(("reflections",), exclusive=False)
    return found


def word(addendum: Addendum, registry: Registry) -> Worded:
    """Put an addendum into questions.

    A note that says what it means is asked about a case that meets its conditions and no more; any other note has no
    question, and neither has a document: what its memory model knows of it is tested by its reflections.
    """
    match addendum.content:
        case Fact() as fact:
            spec = registry.get(fact.relation)
            return Worded(
                addendum,
                prompts=spec.questions(fact.subject),
                checks=spec.gate_questions(fact.subject),
                target=fact.object,
                neighbours=_neighbours(fact, registry),
                exclusive=spec.cardinality == "one",
            )
        case Edit() as edit:
            return Worded(addendum, prompts=(edit.prompt,), checks=edit.rephrasings, target=edit.target, neighbours=())
        case Note() as note:
            question, conclusion = _meeting(note), read_conclusion(note.rule)
            asked = question is not None and conclusion is not None and not note.withdrawn
            return Worded(
                addendum,
                prompts=(question,) if asked and question is not None else (),
                checks=(),
                target=conclusion or note.rule,
                neighbours=(),
                exclusive=False,
            )
        case Document() as document:
            return Worded(addendum, prompts=(), checks=(), target=document.title, neighbours=(), exclusive=False)


def _meeting(note: Note) -> str | None:
    """A question that puts a case which meets a note's conditions; None where they are free text."""
    conditions = read_when(note.applies_when)
    return None if conditions is None else meeting(conditions)


def _neighbours(fact: Fact, registry: Registry) -> tuple[str, ...]:
    kind = registry.get(fact.relation).subject_kind
    own = key(fact)
    return tuple(
        spec.questions(fact.subject)[0]
        for spec in map(registry.get, registry.names())
        if spec.subject_kind == kind and key(Fact(subject=fact.subject, relation=spec.name, object="-")) != own
    )
