"""The three-stage protocol between an executive and a memory model: grounding, entity identification, answer seeking.

The executive is shown the situation and fills the form of the stage; the rules (:mod:`~.inquiry`) say what becomes of
it; what is admitted is put to the memory model in several wordings. At the end the executive answers from the entries,
and an answer that rests on none of them is none. Given the answers of both models, everything is determined.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156). Other than there: wordings are really put and really vote, errors
are no refusals, nothing is asked twice, answers are sought also where no entity was found, and every limit is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias, TypeVar

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.budget import Budget, Meter, OutOfTokens
from addenda.memories.reflections.asking.consultation import (
    Asked,
    AskingEvent,
    Consultation,
    Ranked,
    Refused,
    Repeated,
    StageBegan,
    StageEnded,
    StageEndReason,
    Wasted,
)
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.inquiry import Admitted, Inquiry, Rules
from addenda.memories.reflections.asking.messages import Grounding, Identification, Seeking, Situation, SubQuestion
from addenda.memories.reflections.asking.polling import Poll
from addenda.memories.reflections.asking.synthesis import consultation, synthesised
from addenda.memories.reflections.asking.transcript import AskingStage, Entry
from addenda.models.base import LanguageModel

MAX_QUESTION_LENGTH = 4_000
"""Characters of a user's question."""

_Turn: TypeAlias = Identification | Seeking
_Form = TypeVar("_Form", Grounding, Identification, Seeking)
_Events: TypeAlias = Generator[AskingEvent, None, None]
_TurnEvents: TypeAlias = Generator[AskingEvent, None, StageEndReason | None]
"""The events of one turn, and why the stage ends with it; None while it goes on."""


class Consulting:
    """Asks a memory model, directed by an executive. Threads may share it where they may both models."""

    def __init__(
        self,
        executive: Executive,
        memory: LanguageModel,
        *,
        budget: Budget | None = None,
        rules: Rules | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            executive: Who directs; see :class:`~.executive.ChatExecutive`.
            memory: The memory model, in the process or behind an interface.
            budget: What a consultation may cost.
            rules: By what rules answers count.
        """
        self._executive = executive
        self._memory = memory
        self._budget = Budget() if budget is None else budget
        self._rules = Rules() if rules is None else rules

    def ask(self, question: str) -> Consultation:
        """The answer to a question, with its transcript.

        Raises InvalidInput for an empty or over-long question, ModelUnavailable when the executive's model is gone.
        Errors of the memory model are counted and told.
        """
        return next(event for event in self.stream(question) if isinstance(event, Consultation))

    def stream(self, question: str) -> _Events:
        """The same consultation as :meth:`ask` holds, event by event while it happens; it comes last itself.

        The question is checked at once, before the generator is returned.
        """
        checked_question(question)
        return _Run(self._executive, self._memory, self._budget, self._rules, question).events()


def checked_question(question: str) -> str:
    """The question. Raises InvalidInput when it is empty or too long."""
    if not question.strip():
        raise InvalidInput("the question is empty; give a question")
    if len(question) > MAX_QUESTION_LENGTH:
        raise InvalidInput(f"the question has {len(question)} characters; at most {MAX_QUESTION_LENGTH} are allowed")
    return question


class _Run:
    """One consultation on its way."""

    def __init__(
        self, executive: Executive, memory: LanguageModel, budget: Budget, rules: Rules, question: str
    ) -> None:
        self._executive = executive
        self._memory = memory
        self._budget = budget
        self._meter = Meter(budget)
        self._poll = Poll(memory, self._meter)
        self._inquiry = Inquiry(question, rules)
        self._stages: list[StageEnded] = []
        self._wasted: list[Wasted] = []
        self._refused: list[Refused] = []
        self._repeated = 0
        self._told: tuple[str, ...] = ()
        """What was refused of the last message."""

    def events(self) -> _Events:
        """The whole consultation."""
        yield from self._ground()
        yield from self._stage("entity identification", self._budget.identification_turns, self._identify)
        best = self._inquiry.ranking.best
        if not self._inquiry.current and best is not None:
            self._inquiry.pivot(best.name)
        yield from self._stage("answer seeking", self._budget.seeking_turns, self._seek)
        yield StageBegan(stage="synthesis")
        outcome = synthesised(self._executive, self._inquiry, self._meter)
        yield from outcome.events
        result = consultation(self._inquiry, outcome, self._memory, self._executive.name, self._meter)
        told = {
            "stages": tuple(self._stages),
            "wasted": (*self._wasted, *(one for one in outcome.events if isinstance(one, Wasted))),
            "refused": (*self._refused, *(one for one in outcome.events if isinstance(one, Refused))),
            "repeated": self._repeated,
        }
        yield result.model_copy(update=told)

    # -- stages --------------------------------------------------------------------------------------------------------

    def _ground(self) -> _Events:
        stage: AskingStage = "grounding"
        yield StageBegan(stage=stage)
        why: StageEndReason = "done"
        try:
            message = self._filled(stage, 1, 1, self._executive.ground)
        except OutOfTokens:
            message, why = None, "tokens used up"
        if isinstance(message, Wasted):
            why = "turns wasted"
            yield message
        elif message is not None:
            yield from self._refuse(stage, 1, list(self._inquiry.ground(message)))
            yield from self._ask(message.questions, stage, 1)
            yield Ranked(candidates=self._inquiry.ranking.candidates)
        yield self._ended(stage, 1, why)

    def _stage(self, stage: AskingStage, limit: int, turn_of: Callable[[int, int], _TurnEvents]) -> _Events:
        """Turns of a stage until it ends by itself or by a limit."""
        yield StageBegan(stage=stage)
        wasted, why, turn = 0, None, 0
        while why is None and turn < limit:
            turn += 1
            before = len(self._wasted)
            try:
                why = yield from turn_of(turn, limit - turn + 1)
            except OutOfTokens:
                why = "tokens used up"
            wasted += len(self._wasted) - before
            if why is None and wasted >= self._budget.wasted_turns:
                why = "turns wasted"
        yield self._ended(stage, turn, "turns used up" if why is None else why)

    def _identify(self, turn: int, left: int) -> _TurnEvents:
        stage: AskingStage = "entity identification"
        message = self._filled(stage, turn, left, self._executive.identify)
        if isinstance(message, Wasted):
            yield message
            return None
        refused = list(self._inquiry.label(message.labels))
        if message.confirmed:
            why = self._inquiry.take(message.confirmed)
            refused += [f"confirmed {message.confirmed!r}: {why}"] if why else []
        yield from self._judged(stage, turn, refused, message)
        if self._inquiry.current:
            return "done"
        return (yield from self._ask_on(stage, turn, message))

    def _seek(self, turn: int, left: int) -> _TurnEvents:
        stage: AskingStage = "answer seeking"
        message = self._filled(stage, turn, left, self._executive.seek)
        if isinstance(message, Wasted):
            yield message
            return None
        refused = list(self._inquiry.label(message.labels))
        if message.pivot:
            why = self._inquiry.pivot(message.pivot)
            refused += [f"pivot: {why}"] if why else []
        yield from self._judged(stage, turn, refused, message)
        if message.ready:
            return "done"
        return (yield from self._ask_on(stage, turn, message))

    def _judged(self, stage: AskingStage, turn: int, refused: Sequence[str], message: _Turn) -> _Events:
        yield from self._refuse(stage, turn, refused)
        if message.labels:
            yield Ranked(candidates=self._inquiry.ranking.candidates)

    # -- messages and questions ----------------------------------------------------------------------------------------

    def _filled(
        self, stage: AskingStage, turn: int, left: int, fill: Callable[[Situation, Meter], _Form]
    ) -> _Form | Wasted:
        """The executive's message, or why it gave none. Raises OutOfTokens."""
        self._meter.turn()
        situation = self._inquiry.situation(
            stage,
            refused=self._told,
            turns_left=left,
            questions_left=min(self._budget.questions, self._meter.memory_calls_left),
            paraphrases=self._budget.wordings - 1,
        )
        self._told = ()
        try:
            return fill(situation, self._meter)
        except InvalidInput as error:
            return self._waste(stage, turn, str(error))

    def _ask_on(self, stage: AskingStage, turn: int, message: _Turn) -> _TurnEvents:
        """Ask what a message asks; why the stage ends with it, or None."""
        if not message.questions:
            return "nothing left to ask"
        asked = 0
        for event in self._ask(message.questions, stage, turn):
            asked += isinstance(event, Asked)
            yield event
        if self._meter.memory_failed:
            return "memory failed"
        if not self._meter.memory_calls_left:
            return "calls used up"
        if not asked:
            yield self._waste(stage, turn, "none of its questions could be put to the memory model")
        return None

    def _ask(self, questions: Sequence[SubQuestion], stage: AskingStage, turn: int) -> _Events:
        """Put the questions that are admitted, all at once."""
        admitted: tuple[Admitted, ...] = ()
        refused: list[str] = []
        for number, question in enumerate(questions):
            if number >= self._budget.questions:
                refused.append(f"{question.text!r}: a message may ask {self._budget.questions} questions")
                continue
            found = self._inquiry.admit(question, stage, admitted, self._budget.wordings)
            if isinstance(found, Admitted):
                admitted = (*admitted, found)
            elif isinstance(found, Entry):
                self._repeated += 1
                self._told = (*self._told, f"{question.text!r} was asked before: see {found.id}")
                yield Repeated(stage=stage, entry=found.id, question=question.text)
            else:
                refused.append(f"{question.text!r}: {found}")
        put = self._poll.put([wording for one in admitted for wording in one.wordings])
        for one in admitted:
            heard, put = put[: len(one.wordings)], put[len(one.wordings) :]
            if heard:
                yield Asked(entry=self._inquiry.answered(one, heard, stage, turn))
            else:
                refused.append(f"{one.question.text!r}: the budget has no room for it")
        yield from self._refuse(stage, turn, refused)

    def _refuse(self, stage: AskingStage, turn: int, what: Sequence[str]) -> _Events:
        for one in what:
            event = Refused(stage=stage, turn=turn, what=one)
            self._refused.append(event)
            self._told = (*self._told, one)
            yield event

    def _waste(self, stage: AskingStage, turn: int, why: str) -> Wasted:
        event = Wasted(stage=stage, turn=turn, why=why)
        self._wasted.append(event)
        self._told = (*self._told, why)
        return event

    def _ended(self, stage: AskingStage, turns: int, why: StageEndReason) -> StageEnded:
        event = StageEnded(stage=stage, turns=turns, why=why)
        self._stages.append(event)
        return event
