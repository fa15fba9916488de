"""What the chapter of notes found, as numbers and words; rendered by ``notes_report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from addenda.demo.support_desk import Era

Condition: TypeAlias = Literal["with notes", "all examples", "without notes", "empty notebook"]
"""Under which the held-out cases are answered."""

CONDITIONS: tuple[Condition, ...] = get_args(Condition)

RECOVERED = 0.9
"""A share of right answers above this one counts as having followed."""


@dataclass(frozen=True, slots=True)
class Point:
    """The desk as a batch of cases comes in, and what was learned from that batch."""

    number: int
    """Of the batch, from 1 on."""
    era: Era
    """Which hidden rules hold, for the batch and for the held-out cases."""
    observed: int
    """Observations before it."""
    shares: Mapping[Condition, float]
    """Right answers to the held-out cases, under each condition."""
    right: int
    """Cases of the batch that were answered right."""
    learned: tuple[str, ...] = ()
    """Kinds of the deltas that went live after it."""
    held_back: int = 0
    """Deltas that too few batches ask for so far."""
    notes: int = 0
    """That are live after it."""


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A live note, as the notebook shows it."""

    id: str
    applies_when: str
    rule: str
    author: str
    supporting: int
    contradicting: int
    interval: tuple[float, float]

    @property
    def words(self) -> str:
        """When it applies, and what it concludes."""
        return f"{self.applies_when or 'always'}: {self.rule}"

    @property
    def evidence(self) -> str:
        """The counts, in words."""
        return f"{self.supporting} for, {self.contradicting} against"


@dataclass(frozen=True, slots=True)
class Corrected:
    """A wrong note that a person wrote, and the one that took its place."""

    batch: int
    """Answered while the wrong note was live."""
    wrong: ShownNote
    """As the notebook showed it to the person who looked."""
    right: str
    """The note in its place, in words."""
    question: str
    before: str
    """The answer while the wrong note was live, and the one after the correction."""
    after: str
    share_without: float
    """Right answers to the held-out cases before the wrong note was live, while it was, and after the correction."""
    share_wrong: float
    share_right: float

    @property
    def holds(self) -> bool:
        """Whether the correction won back what the wrong note had cost."""
        return self.share_wrong < self.share_right and self.share_right >= self.share_without


@dataclass(frozen=True, slots=True)
class Followed:
    """How the notebook followed when the hidden rules changed."""

    batch: int
    """The first under the changed rules."""
    changed: int
    """Held-out cases that another action is due for."""
    observations: int | None
    """Under the changed rules until more than :data:`RECOVERED` of the held-out cases were right again."""
    question: str
    due: str
    """The right answer now."""
    before: str
    """The answer before the change, the one at the end, and that at the end asked as of before the change."""
    after: str
    as_of_before: str
    others_as_before: bool
    """Whether every held-out case, asked at the end as of before the change, is answered as it was then."""

    @property
    def holds(self) -> bool:
        """Whether the new rule is followed, and the old answer still there for whoever asks about then."""
        return self.after == self.due and self.as_of_before == self.before and self.others_as_before


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer, and the note that decided it."""

    question: str
    text: str
    note: ShownNote
    without: str
    """The answer with the note switched off."""
    changed: bool


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was learned after the change, rolled back, and learned again."""

    notes: int
    others_changed: int
    """Held-out cases that are then answered otherwise than before the change."""
    asked: int
    byte_equal: bool
    """Whether the memory equals one rebuilt from the ledger."""
    relearned: int
    """Notes that went live when it was then learned once, from the same observations."""
    share: float
    """Right answers to the held-out cases after that."""

    @property
    def exact(self) -> bool:
        """Whether everything was as before the change."""
        return not self.others_changed and self.byte_equal


@dataclass(frozen=True, slots=True)
class NotesResult:
    """Everything the chapter of notes measured."""

    points: tuple[Point, ...]
    end: Mapping[Condition, float]
    """Right answers to the held-out cases after the last batch."""
    batch: int
    """Cases in a batch."""
    held_out: int
    """Cases that the shares are of."""
    named_by_model: int
    """Held-out cases to which the model alone names an action."""
    model_says: tuple[tuple[str, str], ...]
    """A few of them, and what it says."""
    hidden: Mapping[Era, tuple[str, ...]]
    """The hidden rules, in words."""
    notebook: tuple[ShownNote, ...]
    """After the last batch."""
    proposed: int
    """Notes and retirements that the learner proposed."""
    gate_failed: tuple[str, ...]
    """The reasons of what the gate left behind."""
    corrected: Corrected
    followed: Followed
    decided: Decided
    taken_back: TakenBack
    ledger_verified: bool
    ledger_detail: str
    machine: str
    seconds: float

    @property
    def observations(self) -> int:
        """How many were made in all."""
        return len(self.points) * self.batch

    def before_change(self) -> Point:
        """The last batch under the first rules."""
        return [point for point in self.points if point.era == "before"][-1]

    def card(self) -> dict[str, object]:
        """The score card as one flat mapping."""
        last = self.before_change()
        return {
            "batches": len(self.points),
            "observations": self.observations,
            "held_out_cases": self.held_out,
            **{f"before_change_{_key(name)}": round(last.shares[name], 4) for name in CONDITIONS},
            **{f"end_{_key(name)}": round(self.end[name], 4) for name in CONDITIONS},
            "mean_with_notes": _mean(self.points, "with notes"),
            "mean_all_examples": _mean(self.points, "all examples"),
            "model_alone_names_an_action": self.named_by_model,
            "notes_proposed": self.proposed,
            "gate_failed": len(self.gate_failed),
            "wrong_note_cost": round(self.corrected.share_without - self.corrected.share_wrong, 4),
            "corrected": self.corrected.holds,
            "followed": self.followed.holds,
            "followed_after_observations": self.followed.observations or -1,
            "explained_by_ablation": self.decided.changed,
            "rollback_exact": self.taken_back.exact,
            "relearned": round(self.taken_back.share, 4),
            "ledger_verified": self.ledger_verified,
            "seconds": round(self.seconds, 1),
        }


def _key(condition: Condition) -> str:
    return condition.replace(" ", "_")


def _mean(points: Sequence[Point], condition: Condition) -> float:
    return round(sum(point.shares[condition] for point in points) / len(points), 4)
