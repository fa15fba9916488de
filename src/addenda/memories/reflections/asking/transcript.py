"""The transcript of a consultation: every question that was put to the memory model, in all wordings, and its votes.

No wording is put twice; a question that comes back is answered from here. A question whose wordings were all refused
may be asked again in other words, a bounded number of times; then it is a dead end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

from addenda.memories.reflections.questions import is_refusal
from addenda.text import normalised
from addenda.types import Frozen

AskingStage: TypeAlias = Literal["grounding", "entity identification", "answer seeking", "synthesis"]
"""The stages of the protocol; ``synthesis`` is the end of answer seeking, and asks nothing."""

Heard: TypeAlias = Literal["answered", "refused", "failed"]
"""What came back to one wording: an answer, the words that it is not known, or an error of the memory model."""

Outcome: TypeAlias = Literal["answered", "uncertain", "refused", "failed"]
"""What came of a question: wordings agree; too few agree; nothing is known; no wording got any reply."""


class Wording(Frozen):
    """A question as it was put to the memory model once, and what came back."""

    text: str
    heard: Heard
    answer: str = ""
    """As it was said; empty when it failed."""
    finished: bool = True
    """False when the answer was cut at the length limit."""
    error: str = ""
    """Why it failed."""


class Vote(Frozen):
    """An answer with the number of wordings that got it."""

    answer: str
    votes: int


class Entry(Frozen):
    """A question of the transcript."""

    id: str
    """``q1``, ``q2`` and so on."""
    stage: AskingStage
    turn: int
    """The message of the stage that asked it first, from 1 on."""
    question: str
    about: str = ""
    """The entity that it asks about; empty when it names none."""
    clues: tuple[int, ...] = ()
    wordings: tuple[Wording, ...]
    agreement: float
    """The share of replies from which on an answer counts as agreed."""
    times: int = 1
    """How often it was asked; of all but the first only new wordings were put to the memory model."""

    @property
    def votes(self) -> tuple[Vote, ...]:
        """The different answers (see :func:`addenda.text.normalised`), most votes first, then the one heard first."""
        said: dict[str, str] = {}
        for one in self.wordings:
            if one.heard == "answered":
                said.setdefault(normalised(one.answer), one.answer)
        counted = Counter(normalised(one.answer) for one in self.wordings if one.heard == "answered")
        return tuple(Vote(answer=said[key], votes=votes) for key, votes in counted.most_common())

    @property
    def replies(self) -> int:
        """Wordings that got an answer or a refusal; errors do not vote."""
        return sum(one.heard != "failed" for one in self.wordings)

    @property
    def answer(self) -> str:
        """The answer with most votes; empty when there is none."""
        return self.votes[0].answer if self.votes else ""

    @property
    def share(self) -> float:
        """The share of replies that are this answer; 0 when there is none."""
        return self.votes[0].votes / self.replies if self.votes else 0.0

    @property
    def outcome(self) -> Outcome:
        """What came of the question."""
        if not self.replies:
            return "failed"
        if not self.votes:
            return "refused"
        return "answered" if self.share >= self.agreement else "uncertain"

    @property
    def known(self) -> bool:
        """Whether there is an answer, agreed or not."""
        return bool(self.votes)


def heard(answer: str) -> Heard:
    """What an answer of the memory model counts as."""
    return "refused" if is_refusal(answer) else "answered"


class Transcript:
    """The entries of one consultation, in the order in which they were first asked."""

    def __init__(self, dead_end: int) -> None:
        """Empty; ``dead_end`` is how often a question may be refused."""
        self._dead_end = dead_end
        self._entries: dict[str, Entry] = {}
        self._of_wording: dict[str, str] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that was asked."""
        return tuple(self._entries.values())

    def entry(self, entry_id: str) -> Entry | None:
        """The entry of this id."""
        return self._entries.get(entry_id)

    def asked(self, wording: str) -> Entry | None:
        """The entry in which this wording was put to the memory model."""
        found = self._of_wording.get(normalised(wording))
        return None if found is None else self._entries[found]

    def put(self, entry: Entry) -> None:
        """Add an entry, or put one with more wordings in its place."""
        self._entries[entry.id] = entry
        for one in entry.wordings:
            self._of_wording.setdefault(normalised(one.text), entry.id)

    def repeated(self, entry: Entry) -> Entry:
        """Count that a question came back; the entry as it is now."""
        again = entry.model_copy(update={"times": entry.times + 1})
        self._entries[entry.id] = again
        return again

    def is_dead_end(self, entry: Entry) -> bool:
        """Whether a question is not put to the memory model again in any words."""
        return not entry.known and entry.times >= self._dead_end

    @property
    def dead_ends(self) -> tuple[str, ...]:
        """The questions that are dead ends."""
        return tuple(entry.question for entry in self.entries if self.is_dead_end(entry))

    def said(self) -> Sequence[str]:
        """Every answer that the memory model gave."""
        return [one.answer for entry in self.entries for one in entry.wordings if one.heard == "answered"]
