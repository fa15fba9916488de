"""The state of a consultation: what is known, what may be asked, and what becomes of what the executive proposes.

Pure rules: nothing here calls a model. The executive's messages are taken piece by piece. A label of an answer that
nobody gave, a candidate that neither the question nor an answer names, a question that can only be answered by yes or
no, or that is the user's own before its time: each is refused with the reason, which the executive is shown with its
next message and the user in the result.

Not covered: whether a label is right, and closed questions that are not plainly English (the number of turns bounds
those).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.messages import Clue, Grounding, Label, Situation, SubQuestion
from addenda.memories.reflections.asking.ranking import Ranking, RankingRules
from addenda.memories.reflections.asking.transcript import AskingStage, Entry, Transcript, Wording
from addenda.memories.reflections.questions import memory_prompt
from addenda.text import clean, normalised
from addenda.types import Frozen

_CLOSED = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|would|should)\b"
    # A word that only English has: "Was" opens an open question in German, "Do" one in Polish.
    r"(?=[^.!?]*\b(?:the|of|it|he|she|they|by|from|with|this|that)\b)[^.!?]*\?\Z",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\b(?:wh(?:at|ich|o|om|ose|en|ere|y)|how)\b", re.IGNORECASE)


class Rules(Frozen):
    """By what rules answers count."""

    agreement: float = Field(default=0.5, gt=0, le=1)
    """The share of replies from which on an answer counts as agreed; below it, it is uncertain."""
    dead_end: int = Field(default=2, ge=1)
    """How often a question may be refused before it is not asked again in any words."""
    ranking: RankingRules = RankingRules()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A question with the wordings of it that were never put to the memory model."""

    entry_id: str
    """Of a new entry, or of the one that it continues."""
    question: SubQuestion
    wordings: tuple[str, ...]


class Inquiry:
    """The state of one consultation."""

    def __init__(self, question: str, rules: Rules) -> None:
        """Nothing is known but the user's question."""
        self.question = question
        self.transcript = Transcript(rules.dead_end)
        self.ranking = Ranking(rules.ranking)
        self.clues: tuple[Clue, ...] = ()
        self.current = ""
        self._agreement = rules.agreement
        self._labels: dict[tuple[str, str], str] = {}
        self._facts: dict[str, tuple[str, dict[str, None]]] = {}

    # -- what the executive says ---------------------------------------------------------------------------------------

    def ground(self, message: Grounding) -> Iterator[str]:
        """Take the clues and the names of the first stage; what is refused, and why."""
        self.clues = message.clues
        for name in message.named:
            if named_in(name, self.question):
                self.ranking.give(name)
            else:
                yield f"the question does not name {name!r}"

    def label(self, labels: Sequence[Label]) -> Iterator[str]:
        """Take what is said about answers; what is refused, and why. The first label of an answer stands."""
        for one in labels:
            if one.verdict != "no signal" and (why := self._label(one)):
                yield f"{one.entry} {one.verdict} {one.candidate!r}: {why}"
        current, best = self.ranking.get(self.current), self.ranking.best
        if current is not None and current.eliminated:
            self.current = "" if best is None else best.name

    def take(self, name: str) -> str:
        """Make a candidate the one that answers are sought about; why not, or nothing."""
        one = self.ranking.get(name)
        if one is None:
            return f"there is no candidate {name!r}"
        if one.eliminated:
            return f"{name!r} is eliminated: {one.eliminated}"
        if not one.sure:
            return f"nothing confirms {name!r}: the question does not name it, and no agreed answer confirms it"
        self.current = one.name
        return ""

    def pivot(self, name: str) -> str:
        """Go on with another candidate, sure or not; why not, or nothing."""
        one = self.ranking.get(name)
        if one is None or one.eliminated:
            return f"{name!r} is no candidate that is left"
        self.current = one.name
        return ""

    def admit(
        self, question: SubQuestion, stage: AskingStage, turn: tuple[Admitted, ...], wordings: int
    ) -> Admitted | Entry | str:
        """What becomes of a question: wordings to put, the entry that answers it already, or why it is refused.

        ``turn`` has what was admitted in the same message, ``wordings`` is how many are put at a time.
        """
        try:
            text = memory_prompt(clean(question.text, "the question"))
            others = [memory_prompt(clean(one, "the paraphrase")) for one in question.paraphrases]
        except InvalidInput as error:
            return str(error)
        if why := self._refusal(text, question.about, stage):
            return why
        earlier = self.transcript.asked(text)
        if earlier is not None and (earlier.known or self.transcript.is_dead_end(earlier)):
            return self.transcript.repeated(earlier)
        taken = {normalised(wording) for one in turn for wording in one.wordings}
        new: dict[str, str] = {}
        for one in (text, *others):
            key = normalised(one)
            fits = one == text or not self._refusal(one, question.about, stage)
            if fits and key not in taken and self.transcript.asked(one) is None:
                new.setdefault(key, one)
        if earlier is not None and not new:
            return self.transcript.repeated(earlier)
        if not new:
            return "the same message asks it twice"
        begun = sum(self.transcript.entry(one.entry_id) is None for one in turn)
        entry_id = f"q{len(self.transcript.entries) + begun + 1}" if earlier is None else earlier.id
        said = question.model_copy(update={"text": text})
        return Admitted(entry_id, said, tuple(new.values())[:wordings])

    # -- what the memory model says ------------------------------------------------------------------------------------

    def answered(self, admitted: Admitted, wordings: Sequence[Wording], stage: AskingStage, turn: int) -> Entry:
        """Enter what came back to a question, and count it for whom it is about."""
        earlier = self.transcript.entry(admitted.entry_id)
        if earlier is None:
            entry = Entry(
                id=admitted.entry_id,
                stage=stage,
                turn=turn,
                question=admitted.question.text,
                about=admitted.question.about,
                clues=admitted.question.clues,
                wordings=tuple(wordings),
                agreement=self._agreement,
            )
        else:
            changed = {"wordings": (*earlier.wordings, *wordings), "times": earlier.times + 1}
            entry = earlier.model_copy(update=changed)
        self.transcript.put(entry)
        # While an answer is sought, a refusal says that this is not known of the entity, and not that another is meant.
        if entry.about and entry.outcome == "refused" and stage == "entity identification":
            self.ranking.refused(entry.about)
        if entry.about and entry.known:
            self._know(entry.about, entry.id)
        return entry

    # -- what is shown -------------------------------------------------------------------------------------------------

    def situation(
        self,
        stage: AskingStage,
        *,
        refused: tuple[str, ...] = (),
        turns_left: int = 1,
        questions_left: int = 0,
        paraphrases: int = 0,
    ) -> Situation:
        """What the executive is shown in a stage; see :class:`Situation`."""
        final = stage == "synthesis"
        return Situation(
            stage=stage,
            question=self.question,
            clues=self.clues,
            entries=tuple(one for one in self.transcript.entries if one.known or not final),
            candidates=self.ranking.candidates,
            current=self.current,
            facts={name: tuple(ids) for name, ids in self._facts.values()},
            dead_ends=self.transcript.dead_ends,
            refused=refused,
            turns_left=turns_left,
            questions_left=questions_left,
            paraphrases=paraphrases,
        )

    def _know(self, name: str, entry_id: str) -> None:
        self._facts.setdefault(normalised(name), (name, {}))[1][entry_id] = None

    def _label(self, label: Label) -> str:
        """Take one label; why it is refused, or nothing."""
        entry, name = self.transcript.entry(label.entry), label.candidate.strip()
        if entry is None or not entry.known:
            return "there is no such entry with an answer"
        if first := self._labels.get((entry.id, normalised(name))):
            return "" if first == label.verdict else f"it was labelled {first!r} before"
        candidate = self.ranking.get(name)
        said = [one.answer for one in entry.votes]
        if candidate is None and not any(named_in(name, text) for text in (self.question, *said)):
            return "neither the question nor this answer names it"
        if candidate is None and label.verdict == "eliminates":
            return "it is no candidate"
        if candidate is not None and candidate.eliminated:
            return f"it is eliminated: {candidate.eliminated}"
        agreed = entry.outcome == "answered"
        if label.verdict == "eliminates" and not agreed:
            return "the answer is uncertain, and eliminates nobody"
        self._labels[entry.id, normalised(name)] = label.verdict
        if label.verdict == "new":
            self.ranking.suggest(name, entry.id)
        elif label.verdict == "confirms":
            self.ranking.confirm(name, entry.id, agreed=agreed)
        else:
            self.ranking.eliminate(name, f"{entry.id} speaks against it")
        self._know(name, entry.id)
        return ""

    def _refusal(self, text: str, about: str, stage: AskingStage) -> str:
        """Why a question is not put to the memory model; empty when it may be."""
        if not text:
            return "it is empty"
        if normalised(text) == normalised(memory_prompt(self.question)):
            return "" if stage == "answer seeking" else "it is the question itself, which is asked last"
        if _CLOSED.match(text) and not _OPEN.search(text):
            return "only yes or no answers it; ask an open question"
        if about and not named_in(about, text):
            return f"it does not name {about!r}, which it is to be about"
        if about and not self._knows(about):
            return f"neither the question nor any answer names {about!r}"
        if stage == "answer seeking" and self.current and not about:
            return "it is about no entity; name one"
        return ""

    def _knows(self, name: str) -> bool:
        return any(named_in(name, text) for text in (self.question, *self.transcript.said()))


def named_in(name: str, text: str) -> bool:
    """Whether a text has this name as words of its own, however they are cased and spaced.

    In scripts without cases (Chinese, Japanese, Korean, Arabic and others) a name may be a part of a longer run,
    because nothing there says where a word ends.
    """
    sought, within = normalised(name), normalised(text)
    start = within.find(sought) if sought else -1
    while start >= 0:
        end = start + len(sought)
        if not (_glued(within[start - 1 : start], sought[0]) or _glued(sought[-1], within[end : end + 1])):
            return True
        start = within.find(sought, start + 1)
    return False


def _glued(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word or number."""
    return bool(left and right) and all(one.isdigit() or one.lower() != one.upper() for one in (left, right))
