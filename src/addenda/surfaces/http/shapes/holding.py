"""What the memories hold: triples, notes, digests; and observations, from which notes are learned."""

from __future__ import annotations

from pydantic import Field, model_validator

from addenda.knowledge_base.notebook import Listed
from addenda.knowledge_base.observing import MOST_LINES, Observation
from addenda.surfaces.describing import describe_note
from addenda.types import EVERYONE, Frozen, MemoryName, Moment, Trust


class TriplesQuery(Frozen):
    """A relation, and the name on one of its sides."""

    relation: str = Field(min_length=1, max_length=500, examples=["noise level"])
    subject: str | None = Field(default=None, min_length=1, max_length=500, examples=["Velmor Tasky"])
    object: str | None = Field(default=None, min_length=1, max_length=500)
    as_of: Moment | None = None
    """Read what held at this moment; now when it is not given."""
    audience: str = Field(default=EVERYONE, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _one_side(self) -> TriplesQuery:
        if (self.subject is None) == (self.object is None):
            raise ValueError("give `subject`, or `object` to look up whose relation it is")
        return self


class TripleShown(Frozen):
    """A triple that answers a query."""

    subject: str
    relation: str
    object: str
    score: float
    """How near its names are to those given; 1 for exact ones."""
    addendum_id: str
    source: str
    author: str
    trust: Trust


class TriplesFound(Frozen):
    """What a model gets when it reads."""

    triples: tuple[TripleShown, ...]
    names: tuple[str, ...]
    exact: bool
    """Whether they are held under exactly the names given."""
    too_broad: int | None
    """How many names fit, when they are too many to be given."""


class NoteShown(Frozen):
    """A live note, and what the observations say of it."""

    id: str
    place: int
    applies_when: str
    rule: str
    author: str
    supporting: int
    contradicting: int
    share: float
    """The share of the observations that speaks for it; one half while nothing speaks at all."""
    interval: tuple[float, float]
    """Of that share, 95 %."""
    observations_for: tuple[str, ...]
    """Names of observations: the document's id and the line."""
    observations_against: tuple[str, ...]
    contradicts: tuple[str, ...]
    """Live notes that conclude something else under the same conditions."""
    in_words: str
    """What the observations say, in words."""


class Notebook(Frozen):
    """The live notes, in the order in which they are tried."""

    notes: tuple[NoteShown, ...]


class MemoryShown(Frozen):
    """A memory in use."""

    name: MemoryName
    live: int
    """Addenda that it holds."""
    digest: str
    """Of everything that it holds."""


class MemoriesShown(Frozen):
    """The memories in use."""

    memories: tuple[MemoryShown, ...]
    position: int


class Observe(Frozen):
    """What came of answers, as evidence that notes are learned from."""

    observations: tuple[Observation, ...] = Field(
        min_length=1,
        max_length=MOST_LINES,
        examples=[[{"attributes": {"fault": "no heat", "age": 7}, "answer": "replace", "right": True}]],
    )
    source: str = Field(default="api", min_length=1, max_length=500)
    trust: Trust = "normal"
    tags: tuple[str, ...] = ()
    reason: str = ""
    dry_run: bool = False


class Observed(Frozen):
    """What became of a batch of observations."""

    id: str | None
    """None in a dry run that found no other."""
    duplicate: bool
    """Whether the same batch was there already."""
    observations: int


def note_shown(one: Listed) -> NoteShown:
    """A note of the notebook."""
    return NoteShown.model_validate(describe_note(one))
