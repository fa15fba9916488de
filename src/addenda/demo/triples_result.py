"""What the chapter of triples found, as numbers and words; rendered by ``triples_report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.demo.result import Explained, RolledBack
from addenda.knowledge_base.extracting import Fate
from addenda.text import normalised
from addenda.types import Fact

Wording: TypeAlias = Literal["known", "new"]
"""Whether the model was trained with the wording of a question, or never saw it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One triple that the model wrote about a sentence."""

    fact: Fact
    line: int
    sentence: str
    first: int
    """Place of the sentence in the document, counted from 1: its first and its last character."""
    last: int
    fate: Fate
    why: str
    """What looks wrong about it, or why it was refused; empty when it was proposed."""
    stated: bool
    """Whether the document states it."""

    @property
    def right(self) -> bool:
        """Whether it was proposed and the document states it."""
        return self.fate == "proposed" and self.stated

    @property
    def wrong(self) -> bool:
        """Whether it was proposed although the document does not state it."""
        return self.fate == "proposed" and not self.stated


@dataclass(frozen=True, slots=True)
class Extracted:
    """One document, and what the model made of it."""

    file: str
    text: str
    sentences: int
    stated: tuple[Fact, ...]
    statements: tuple[Statement, ...]

    @property
    def right(self) -> int:
        """How many facts were proposed as the document states them."""
        return sum(one.right for one in self.statements)

    @property
    def wrong(self) -> int:
        """How many were proposed that it does not state."""
        return sum(one.wrong for one in self.statements)

    @property
    def left_out(self) -> int:
        """How many the knowledge base kept back, because something looked wrong about them."""
        return sum(one.fate in {"doubtful", "refused"} for one in self.statements)

    @property
    def missed(self) -> tuple[Fact, ...]:
        """What it states and nobody proposed."""
        found = [one.fact for one in self.statements if one.right]
        return tuple(fact for fact in self.stated if fact not in found)


@dataclass(frozen=True, slots=True)
class ReadTriple:
    """A triple that an answer was made from."""

    fact: Fact
    source: str
    id: str
    """Of the addendum."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a stated fact, before anything was live and after everything was."""

    fact: Fact
    question: str
    wording: Wording
    before: str
    after: str
    triples: tuple[ReadTriple, ...]
    """What the answer after was made from."""

    @property
    def right_before(self) -> bool:
        """Whether the model said the value already."""
        return normalised(self.before) == normalised(self.fact.object)

    @property
    def right(self) -> bool:
        """Whether it says the value now."""
        return normalised(self.after) == normalised(self.fact.object)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A fact that got another value, and one question about it."""

    extracted: Extracted
    """The announcement of the new value."""
    question: str
    old: str
    new: str
    before: str
    """The answer before the correction was live, and the one after."""
    after: str
    yesterday: str
    """Asked after it, about the day before."""
    last_week: str
    """Asked after it, about a day on which not even the first value held."""
    others_asked: int
    others_changed: int

    @property
    def holds(self) -> bool:
        """Whether the new value is said now, the old one for yesterday, and nothing else changed."""
        now, then = normalised(self.after), normalised(self.yesterday)
        return (now, then) == (normalised(self.new), normalised(self.old)) and not self.others_changed


@dataclass(frozen=True, slots=True)
class TriplesResult:
    """Everything the chapter of triples measured."""

    extracted: tuple[Extracted, ...]
    """The first documents, in order."""
    rejected: int
    """Proposals of the model that the approver turned down."""
    by_hand: int
    """Facts that the model missed, and a person proposed."""
    active: int
    gate_failed: tuple[str, ...]
    """The reasons of what the gate left behind."""
    asked: tuple[Asked, ...]
    corrected: Corrected
    explained: Explained
    rolled_back: RolledBack
    ledger_verified: bool
    ledger_detail: str
    machine: str
    seconds: float

    @property
    def stated(self) -> int:
        """How many facts the first documents state."""
        return sum(len(one.stated) for one in self.extracted)

    @property
    def right(self) -> int:
        """How many of them the model proposed as they are stated."""
        return sum(one.right for one in self.extracted)

    @property
    def wrong(self) -> int:
        """How many proposals no document states."""
        return sum(one.wrong for one in self.extracted)

    @property
    def missed(self) -> int:
        """How many stated facts the model did not propose."""
        return sum(len(one.missed) for one in self.extracted)

    @property
    def left_out(self) -> int:
        """How many statements the knowledge base kept back."""
        return sum(one.left_out for one in self.extracted)

    def of(self, wording: Wording) -> tuple[Asked, ...]:
        """The questions in this kind of wording."""
        return tuple(one for one in self.asked if one.wording == wording)

    def card(self) -> dict[str, object]:
        """The score card as one flat mapping."""
        return {
            "documents": len(self.extracted),
            "facts_stated": self.stated,
            "facts_right": self.right,
            "facts_missed": self.missed,
            "facts_wrong": self.wrong,
            "statements_left_out": self.left_out,
            "rejected": self.rejected,
            "by_hand": self.by_hand,
            "active": self.active,
            "gate_failed": len(self.gate_failed),
            "right_before": share(self.asked, before=True),
            "right_known_wordings": share(self.of("known")),
            "right_new_wordings": share(self.of("new")),
            "questions": len(self.asked),
            "correction_extracted": self.corrected.extracted.right == len(self.corrected.extracted.stated),
            "correction_holds": self.corrected.holds,
            "correction_others_changed": self.corrected.others_changed,
            "explained_by_ablation": self.explained.changed,
            "rollback_exact": self.rolled_back.exact,
            "ledger_verified": self.ledger_verified,
            "seconds": round(self.seconds, 1),
        }


def share(asked: Sequence[Asked], *, before: bool = False) -> float:
    """Share of right answers, to four places; those before anything was live with ``before``. 0 without questions."""
    right = sum(one.right_before if before else one.right for one in asked)
    return round(right / len(asked), 4) if asked else 0.0
