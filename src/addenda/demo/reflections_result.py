"""What the chapter of reflections found, as numbers and words; rendered by ``reflections_report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.demo.product_pages import KINDS, Kind, Question
from addenda.demo.result import Explained
from addenda.memories.reflections.questions import is_refusal
from addenda.memories.reflections.reflection import Stage
from addenda.memories.reflections.training.state import Point
from addenda.text import normalised


@dataclass(frozen=True, slots=True)
class ShownReflection:
    """A reflection, and the pages that it was made of."""

    stage: Stage
    question: str
    answer: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reflected:
    """What was made of the pages."""

    pages: int
    facts: int
    example: str
    """The text of the first page."""
    taken: dict[Stage, int]
    """Reflections by stage."""
    rejected: int
    """What was made, and not taken."""
    shown: tuple[ShownReflection, ...]

    @property
    def reflections(self) -> int:
        """How many there are."""
        return sum(self.taken.values())


@dataclass(frozen=True, slots=True)
class Trained:
    """The training of the memory model, and what the gate said."""

    refused_first: str
    """What was said when it was tried before anybody had approved the pages."""
    examples: int
    refusals: int
    """Examples among them that teach to say that something is not known."""
    steps: int
    stopped_early: str
    curve: tuple[Point, ...]
    after: Point
    """Measured on the weights that are in use."""
    held_out: bool
    active: int
    gate_failed: tuple[str, ...]
    """The reasons of what the gate left behind."""
    seconds: float
    """Of the training alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what came back."""

    question: Question
    text: str
    pages: tuple[str, ...]
    """Titles of the pages that it is from; none where the memory model does not know, and the bundled one speaks."""

    @property
    def right(self) -> bool:
        """Whether the answer is the one that is due; for an unknown name, whether there is none."""
        if self.question.kind == "unknown name":
            return is_refusal(self.text)
        return normalised(self.text) == normalised(self.question.due)


@dataclass(frozen=True, slots=True)
class Step:
    """A question that the executive put to the memory model."""

    stage: str
    question: str
    votes: str
    """How many wordings got the answer, of how many."""
    answer: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """One question over several steps, whole."""

    asked: Asked
    steps: tuple[Step, ...]
    justification: str


@dataclass(frozen=True, slots=True)
class Directed:
    """The same questions over several steps under one executive."""

    executive: str
    meaning: str
    asked: tuple[Asked, ...]
    calls: float
    """Wordings that were put to the memory model for an answer from it, on average."""

    def of(self, kind: Kind) -> tuple[Asked, ...]:
        """The questions of this kind."""
        return tuple(one for one in self.asked if one.question.kind == kind)

    def share(self, kind: Kind) -> float:
        """Share of right answers to questions of a kind."""
        return share(self.of(kind))


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A page that was withdrawn, and what is answered since."""

    page: str
    before: tuple[Asked, ...]
    """Questions that cannot be answered without the page."""
    after: tuple[Asked, ...]
    others_asked: int
    others_changed: int
    byte_equal: bool
    """Whether the memory equals one rebuilt from the ledger."""

    @property
    def still_said(self) -> int:
        """Right answers that should be gone."""
        return sum(one.right for one in self.after)

    @property
    def exact(self) -> bool:
        """Whether nothing of the page is said, and every other answer is as it was."""
        return not self.still_said and not self.others_changed and self.byte_equal


@dataclass(frozen=True, slots=True)
class TrainedWithout:
    """A second training, after the page was erased."""

    pages: int
    """Pages that the new memory model was trained on."""
    gone: bool
    """Whether the erased page is among those that the old one knew and the new one does not."""
    still_said: int
    asked: int
    others: tuple[Asked, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ReflectionsResult:
    """Everything the chapter of reflections measured."""

    reflected: Reflected
    trained: Trained
    right_before: int
    """Questions of one step that the bundled model answers right by itself."""
    asked: tuple[Asked, ...]
    """Questions over one page, and about unknown names."""
    transcript: Transcript
    directed: tuple[Directed, ...]
    explained: Explained
    withdrawn: Withdrawn
    without: TrainedWithout | None
    ledger_verified: bool
    ledger_detail: str
    machine: str
    seconds: float
    cpu_seconds: float

    def of(self, kind: Kind) -> tuple[Asked, ...]:
        """The questions of this kind."""
        return tuple(one for one in self.asked if one.question.kind == kind)

    def card(self) -> dict[str, object]:
        """The score card as one flat mapping."""
        found: dict[str, object] = {
            "pages": self.reflected.pages,
            "facts": self.reflected.facts,
            "reflections": self.reflected.reflections,
            "rejected": self.reflected.rejected,
            "steps": self.trained.steps,
            "active": self.trained.active,
            "gate_failed": len(self.trained.gate_failed),
            "right_before": self.right_before,
        }
        asked = {kind: self.of(kind) for kind in KINDS}
        found |= {_key(kind): share(some) for kind, some in asked.items() if some}
        for one in self.directed:
            found |= {_key(f"{kind} {one.executive}"): one.share(kind) for kind in ("two steps", "three steps")}
        found |= {
            "explained_by_ablation": self.explained.changed,
            "withdrawn_questions": len(self.withdrawn.before),
            "withdrawn_right_before": sum(one.right for one in self.withdrawn.before),
            "withdrawn_still_said": self.withdrawn.still_said,
            "withdrawn_others_changed": self.withdrawn.others_changed,
            "withdrawn_byte_equal": self.withdrawn.byte_equal,
        }
        if self.without is not None:
            found |= {"without_still_said": self.without.still_said, "without_others": share(self.without.others)}
        return {
            **found,
            "ledger_verified": self.ledger_verified,
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
        }


def share(asked: Sequence[Asked]) -> float:
    """Share of right answers, to four places; 0 without questions."""
    return round(sum(one.right for one in asked) / len(asked), 4) if asked else 0.0


def _key(words: str) -> str:
    return words.replace(" ", "_")
