"""How an addendum is put into questions: what an edit is made from, what the gate asks, and what must stay as it is.

A fact is worded by its relation's question templates; an edit brings its own wordings. The questions close by
("neighbours") are the other relations' questions about the same subject, as far as the knowledge base has the relation
declared for that kind of subject.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from addenda.errors import InvalidInput
from addenda.gate import Case
from addenda.ledger import Registry, key
from addenda.memories.base import Task
from addenda.types import Addendum, Edit, Fact


@dataclass(frozen=True, slots=True)
class Worded:
    """One addendum in questions and the answer to them."""

    addendum: Addendum
    prompts: tuple[str, ...]
    """Wordings that an edit is made from, the canonical one first."""
    checks: tuple[str, ...]
    """Other wordings, for the gate only."""
    target: str
    neighbours: tuple[str, ...]
    """Canonical questions on other relations of the same subject."""
    exclusive: bool = True
    """Whether it replaces another live value of the same subject and relation, or the same prompt."""

    def task(self) -> Task:
        """What the edits memory is to learn."""
        return Task(self.addendum.id, self.prompts, self.target, self.neighbours)

    def case(self, changing: Collection[str], replaces: tuple[str, ...] = ()) -> Case:
        """What the gate is to check; questions in ``changing`` change in the same batch and are not held to stay."""
        return Case(
            addendum_id=self.addendum.id,
            question=self.prompts[0],
            target=self.target,
            wordings=self.checks,
            neighbours=tuple(question for question in self.neighbours if question not in changing),
            replaces=replaces,
        )


def word(addendum: Addendum, registry: Registry) -> Worded:
    """Put an addendum into questions.

    Raises InvalidInput for a note or a document, which no memory of this version carries.
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
        case other:
            raise InvalidInput(
                f"{addendum.id!r} is a {other.kind}; no memory of this knowledge base carries {other.kind}s. "
                "Facts and edits can be tested and activated"
            )


def _neighbours(fact: Fact, registry: Registry) -> tuple[str, ...]:
    kind = registry.get(fact.relation).subject_kind
    own = key(fact)
    return tuple(
        spec.questions(fact.subject)[0]
        for spec in map(registry.get, registry.names())
        if spec.subject_kind == kind and key(Fact(subject=fact.subject, relation=spec.name, object="-")) != own
    )
