"""What the demo found, as numbers and words; rendered for a terminal, as JSON, and as a page by ``report``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from addenda.demo.scoring import Group

TARGETS: Mapping[Group, float] = MappingProxyType(
    {
        "reliability": 0.98,
        "generalization_known": 0.95,
        "generalization_heldout": 0.80,
        "locality": 0.995,
        "hard_negatives": 0.97,
    }
)
"""What each score should reach on the bundled model with 1,000 edits; the blind wordings are reported without one."""

RETENTION_TARGET = 0.98
"""What ``retention_first_100`` should reach."""


CHANGED: frozenset[Group] = frozenset(
    {"reliability", "generalization_known", "generalization_heldout", "generalization_blind"}
)
"""The scores that count new values; the others count answers that stayed identical."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What was measured after a portion of the changes became live."""

    live: int
    """Edits that are live."""
    seconds_per_edit: float
    """Time to solve one edit of the portion."""
    scores: Mapping[Group, float]
    """Scores on a sample of the edits that are live."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The wrong change that was taken back."""

    what: str
    """The change in words."""
    question: str
    wrong: str
    """What was answered while it was live."""
    restored: str
    """What is answered again."""
    original: str
    """What the unedited model answers."""
    others_asked: int
    others_changed: int
    byte_equal: bool
    """Whether the memory equals a rebuild from the other delivered artefacts."""

    @property
    def exact(self) -> bool:
        """Whether the old answer is back, no other answer changed, and the memory is byte-equal to a rebuild."""
        return self.restored == self.original and not self.others_changed and self.byte_equal


@dataclass(frozen=True, slots=True)
class Explained:
    """One answer and what made it."""

    question: str
    text: str
    source: str
    """Where the addendum came from."""
    score: float
    threshold: float
    without: str
    """The answer with the addendum switched off."""
    changed: bool


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything the demo measured."""

    rows_read: int
    rows_refused: int
    """Problems that kept a row out."""
    rows_flagged: int
    problems: tuple[tuple[str, str], ...]
    """Each problem: its severity, and the cell with what to do."""
    proposed: int
    active: int
    gate_failed: tuple[str, ...]
    """The reasons of the changes that the gate left behind."""
    scores: Mapping[Group, float]
    floors: Mapping[Group, tuple[float, float]]
    """For the unedited model: the share of new values, and of old values, it says to the same questions."""
    counts: Mapping[Group, int]
    retention: float
    """Answers about edits 1 to 100 that are right at the end, over those that were right just after they were made."""
    right_by_tenth: tuple[float, ...]
    portions: tuple[Portion, ...]
    rolled_back: RolledBack
    explained: Explained
    ledger_verified: bool
    ledger_detail: str
    machine: str
    seconds: float

    def card(self) -> dict[str, object]:
        """The score card as one flat mapping: the metrics, and what else was checked."""
        return {
            **{group: round(score, 4) for group, score in self.scores.items()},
            "retention_first_100": round(self.retention, 4),
            **{f"{group}_unedited": round(self.floors[group][0], 4) for group in self.scores if group in CHANGED},
            "generalization_heldout_base_accuracy": round(self.floors["generalization_heldout"][1], 4),
            "gate_failed": len(self.gate_failed),
            "rollback_exact": self.rolled_back.exact,
            "explained_by_ablation": self.explained.changed,
            "ledger_verified": self.ledger_verified,
            "rows_refused": self.rows_refused,
            "rows_flagged": self.rows_flagged,
            "seconds": round(self.seconds, 1),
        }
