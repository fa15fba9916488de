"""Annotated documents: sentences, the entities that are mentioned in them, and the relations between these.

Purpose: what examples for writing and reading are made from, whatever corpus or generator it comes from. Idea: a
mention is a stretch of characters of its sentence, and its name is what stands there, so that a name in an example is
always one that the text shows. A value that exists is consistent: every place, entity and sentence it names is there.

Source: the parts are those of DocRED (Yao et al. 2019, arXiv 1906.06127). Does not know: whether a relation is true,
or whether every mention was annotated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from addenda.errors import InvalidInput
from addenda.memories.triples.calls import NAME_LIMIT, shown


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """One place where an entity is named. Ordered as in the text."""

    sentence: int
    """Index of its sentence."""
    start: int
    """Where its first character is in the sentence."""
    end: int
    """Where the character after its last is."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that is named once or more often."""

    kind: str
    """What sort of thing it is, in the corpus' own terms, for example ``PER``."""
    mentions: tuple[Mention, ...]
    """At least one, each once, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One triple of a document."""

    subject: int
    """Index of an entity."""
    name: str
    object: int
    """Index of an entity."""
    evidence: tuple[int, ...] = ()
    """Indices of the sentences that say so, rising; empty when nobody noted them."""


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A text with what is annotated in it.

    Raises InvalidInput when a sentence is blank or has blanks at its ends, and when a mention, relation or piece of
    evidence points to what is not there. Messages call things by their number, counted from 0.
    """

    title: str
    sentences: tuple[str, ...]
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    offsets: tuple[int, ...] = field(init=False, compare=False, repr=False)
    """Where each sentence begins in ``text``."""

    def __post_init__(self) -> None:
        for number, sentence in enumerate(self.sentences):
            if not sentence or sentence != sentence.strip():
                raise InvalidInput(f"sentence {number} is {shown(sentence)}; it must not be blank or have outer blanks")
        for number, entity in enumerate(self.entities):
            self._check_entity(number, entity)
        for number, relation in enumerate(self.relations):
            self._check_relation(number, relation)
        offsets: list[int] = []
        position = 0
        for sentence in self.sentences:
            offsets.append(position)
            position += len(sentence) + 1
        object.__setattr__(self, "offsets", tuple(offsets))

    @property
    def text(self) -> str:
        """All sentences, one blank between two."""
        return " ".join(self.sentences)

    def name(self, mention: Mention) -> str:
        """What stands at the place of a mention."""
        return self.sentences[mention.sentence][mention.start : mention.end]

    def place(self, mention: Mention) -> tuple[int, int]:
        """Where a mention starts and ends in ``text``."""
        offset = self.offsets[mention.sentence]
        return offset + mention.start, offset + mention.end

    def names(self, entity: Entity) -> tuple[str, ...]:
        """The names of an entity, each once, the longest first and among equally long ones the earliest."""
        found = dict.fromkeys(self.name(mention) for mention in entity.mentions)
        return tuple(sorted(found, key=len, reverse=True))

    def _check_entity(self, number: int, entity: Entity) -> None:
        if not entity.mentions or list(entity.mentions) != sorted(set(entity.mentions)):
            raise InvalidInput(
                f"entity {number} must have mentions, each once and in the order of the text, not {entity.mentions!r}"
            )
        for mention in entity.mentions:
            if not 0 <= mention.sentence < len(self.sentences):
                raise InvalidInput(
                    f"entity {number} is mentioned in sentence {mention.sentence}; there are {len(self.sentences)}"
                )
            length = len(self.sentences[mention.sentence])
            if not 0 <= mention.start < mention.end <= length:
                raise InvalidInput(
                    f"entity {number} has a mention from {mention.start} to {mention.end} in sentence "
                    f"{mention.sentence}, which has {length} characters"
                )
            name = self.name(mention)
            if name != name.strip() or len(name) > NAME_LIMIT:
                raise InvalidInput(
                    f"entity {number} is called {shown(name)} with {len(name)} characters; a name has at most "
                    f"{NAME_LIMIT}, and no blanks at its ends"
                )

    def _check_relation(self, number: int, relation: Relation) -> None:
        for role, index in (("subject", relation.subject), ("object", relation.object)):
            if not 0 <= index < len(self.entities):
                raise InvalidInput(f"relation {number} has entity {index} as {role}; there are {len(self.entities)}")
        for index in relation.evidence:
            if not 0 <= index < len(self.sentences):
                raise InvalidInput(
                    f"relation {number} has sentence {index} as evidence; there are {len(self.sentences)}"
                )
        if not relation.name or len(relation.name) > NAME_LIMIT:
            raise InvalidInput(
                f"relation {number} is called {shown(relation.name)} with {len(relation.name)} characters; a name has "
                f"1 to {NAME_LIMIT}"
            )
