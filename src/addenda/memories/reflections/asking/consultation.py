"""What a consultation gives: events while it goes on, and at the end the answer with everything it rests on.

All are frozen values of JSON types, so they can be streamed by any surface and kept in a trace as they are.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from addenda.memories.reflections.asking.budget import Spent
from addenda.memories.reflections.asking.messages import Clue
from addenda.memories.reflections.asking.ranking import Candidate
from addenda.memories.reflections.asking.transcript import AskingStage, Entry
from addenda.types import Frozen

StageEndReason: TypeAlias = Literal[
    "done", "nothing left to ask", "turns used up", "turns wasted", "calls used up", "tokens used up", "memory failed"
]
"""Why a stage ended."""

Ending: TypeAlias = Literal[
    "answered", "nothing known", "memory failed", "not answered", "unsupported", "no usable answer", "tokens used up"
]
"""How a consultation ended: with an answer; without, because the memory model knew nothing (``nothing known``) or gave
no reply at all (``memory failed``), or because the executive found no answer in what was said (``not answered``), gave
one that rests on no entry (``unsupported``), kept to no form (``no usable answer``) or had no tokens left."""


class StageBegan(Frozen):
    """A stage begins."""

    kind: Literal["stage began"] = "stage began"
    stage: AskingStage


class Asked(Frozen):
    """A question was put to the memory model, and this came back."""

    kind: Literal["asked"] = "asked"
    entry: Entry


class Repeated(Frozen):
    """A question that had been asked was answered from the transcript."""

    kind: Literal["repeated"] = "repeated"
    stage: AskingStage
    entry: str
    question: str


class Refused(Frozen):
    """A part of a message of the executive was not taken."""

    kind: Literal["refused"] = "refused"
    stage: AskingStage
    turn: int
    what: str
    """What it was about, and why it was not taken."""


class Wasted(Frozen):
    """A message of the executive brought nothing: it kept to no form, or nothing of it could be taken."""

    kind: Literal["wasted"] = "wasted"
    stage: AskingStage
    turn: int
    why: str


class Ranked(Frozen):
    """The candidates after a message that judged answers."""

    kind: Literal["ranked"] = "ranked"
    candidates: tuple[Candidate, ...]


class StageEnded(Frozen):
    """A stage ended, after so many turns and for this reason."""

    kind: Literal["stage ended"] = "stage ended"
    stage: AskingStage
    turns: int
    """Messages that were asked of the executive in it."""
    why: StageEndReason


class Consultation(Frozen):
    """An answer from a memory model, and how it came about."""

    kind: Literal["consultation"] = "consultation"
    question: str
    answer: str
    """The refusal of :mod:`addenda.memories.reflections.questions` when nothing is known."""
    ending: Ending
    why: str = ""
    """More about an ending without an answer, where there is more."""
    justification: str = ""
    rests_on: tuple[str, ...] = ()
    """Ids of the entries that the answer follows from; at least one for every answer."""
    confidence: float = 0.0
    """The lowest share of votes among these entries: how much the memory model agrees with itself, and no probability
    that it is right."""
    quoted: bool = False
    """Whether the answer stands word by word in one of them."""
    executive: str
    memory: str
    """Name and weight digest of the memory model."""
    clues: tuple[Clue, ...] = ()
    entries: tuple[Entry, ...] = ()
    """The transcript."""
    candidates: tuple[Candidate, ...] = ()
    current: str = ""
    """The entity that was taken to be meant; empty when there was none."""
    dead_ends: tuple[str, ...] = ()
    stages: tuple[StageEnded, ...] = ()
    wasted: tuple[Wasted, ...] = ()
    refused: tuple[Refused, ...] = ()
    repeated: int = 0
    """Questions that were answered from the transcript."""
    spent: Spent = Spent()

    @property
    def known(self) -> bool:
        """Whether there is an answer."""
        return self.ending == "answered"

    @property
    def certain(self) -> bool:
        """Whether there is an answer, and enough wordings agree in every entry that it rests on."""
        return self.known and all(one.outcome == "answered" for one in self.entries if one.id in self.rests_on)

    @property
    def refusals(self) -> int:
        """Wordings to which the memory model said that it does not know."""
        return self._count("refused")

    @property
    def failures(self) -> int:
        """Wordings that got an error in place of a reply."""
        return self._count("failed")

    def _count(self, heard: str) -> int:
        return sum(one.heard == heard for entry in self.entries for one in entry.wordings)


AskingEvent: TypeAlias = StageBegan | Asked | Repeated | Refused | Wasted | Ranked | StageEnded | Consultation
"""What is heard of a consultation while it goes on; the consultation itself comes last."""
