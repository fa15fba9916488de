"""The regression test that changes must pass before they become live.

The gate compares two responders: the *live* one (the baseline: what is answered now) and a *staged* one (as if the
changes were live). Of each change in a batch it asks:

- does the model now say it, in the wording it was made with, and in wordings that were not used to make it?
- do questions close by (same subject, other relation) still get the answers of the baseline?
- do the knowledge base's own questions still get their expected answers, or stay as they were?

A change that fails stays behind with the reason, the others proceed: the staged view is made again without those that
failed, and whatever they had a hand in is asked again, until nothing more fails. An answer that got worse is laid at
the door of the change that was switched on for it, and of the one that replaces what was switched on for it before.
This module decides and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from addenda.ledger import SuiteQuestion
from addenda.memories.base import ProgressCallback
from addenda.responder import Responder
from addenda.text import normalised
from addenda.types import Answer, Frozen

DEFAULT_THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {"says_it": 1.0, "wordings": 0.5, "unchanged": 1.0, "remembered": 0.8}
)
"""The smallest share that each measure must reach where the ledger sets no other.

``says_it``: the wording that the change was made with gets the new answer. ``wordings``: of the wordings that were not
used to make it. ``unchanged``: of the answers that must stay as they were, and that the change was switched on for.
``remembered``: of a document's reflections that the memory model was asked about.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One change under test."""

    addendum_id: str
    question: str
    """The wording it was made with."""
    target: str
    """The answer it must get."""
    wordings: tuple[str, ...] = ()
    """Wordings that were not used to make it, and that must get the same answer."""
    neighbours: tuple[str, ...] = ()
    """Questions whose answers must stay as they are."""
    among: bool = False
    """Whether the answer may name more beside the target, as for a relation that takes many values."""
    replaces: tuple[str, ...] = ()
    """Ids of the live addenda that are out of the staged view as long as this change is in it."""

    def is_said(self, answer: Answer) -> bool:
        """Whether this is the answer it must get."""
        return same(answer.text, self.target) or (self.among and normalised(self.target) in normalised(answer.text))


class QuestionResult(Frozen):
    """What one suite question got before and after."""

    id: str
    question: str
    expected: str | None
    before: str
    after: str
    passed: bool


class CaseResult(Frozen):
    """What the gate found for one change."""

    addendum_id: str
    passed: bool
    reason: str = ""
    """Why it failed, with the answers; empty when it passed."""
    says_it: bool
    """Whether the wording it was made with gets the new answer."""
    wordings_right: int
    wordings_asked: int
    neighbours_changed: int
    neighbours_asked: int
    reads_it: bool = True
    """Whether the memory of triples gives it when it is read; True for what is not kept there."""
    fits_observations: bool = True
    """Whether observations would be answered no worse with it; True for what was not learned from any."""
    is_remembered: bool = True
    """Whether the memory model gives enough of it; True for what is no document."""

    @classmethod
    def unread(cls, addendum_id: str, reason: str) -> CaseResult:
        """The result for a fact that the memory of triples does not give, so that no model was asked."""
        return cls._unasked(addendum_id, reason).model_copy(update={"reads_it": False})

    @classmethod
    def unfit(cls, addendum_id: str, reason: str) -> CaseResult:
        """The result for a note with which observations would be answered worse, so that no model was asked."""
        return cls._unasked(addendum_id, reason).model_copy(update={"fits_observations": False})

    @classmethod
    def forgotten(cls, addendum_id: str, reason: str) -> CaseResult:
        """The result for a document of which the memory model does not give enough."""
        return cls._unasked(addendum_id, reason).model_copy(update={"is_remembered": False})

    @classmethod
    def _unasked(cls, addendum_id: str, reason: str) -> CaseResult:
        return cls(
            addendum_id=addendum_id,
            passed=False,
            reason=reason,
            says_it=False,
            wordings_right=0,
            wordings_asked=0,
            neighbours_changed=0,
            neighbours_asked=0,
        )

    @property
    def summary(self) -> str:
        """Why it failed without a word of its content, for the ledger, from which content could not be erased."""
        if not self.reads_it:
            return "reading the memory of triples does not give it, or not it alone"
        if not self.fits_observations:
            return "with it observations would be answered worse"
        if not self.is_remembered:
            return "the memory model does not give enough of it"
        missed = [] if self.says_it else ["the wording it was made with does not get the new answer"]
        if self.wordings_right < self.wordings_asked:
            missed.append(f"{self.wordings_right} of {self.wordings_asked} other wordings get it")
        if self.neighbours_changed:
            missed.append(f"{self.neighbours_changed} answers that must stay changed")
        return "" if self.passed else "; ".join(missed)

    @property
    def shares(self) -> dict[str, float]:
        """The measures that thresholds are set for, each from 0 to 1."""
        watched = max(self.neighbours_asked, self.neighbours_changed)
        return {
            "says_it": float(self.says_it),
            "wordings": self.wordings_right / self.wordings_asked if self.wordings_asked else 1.0,
            "unchanged": 1.0 - self.neighbours_changed / watched if watched else 1.0,
        }


class Report(Frozen):
    """The whole outcome of one run of the gate."""

    baseline_position: int
    """The ledger position of the live state that answers were compared with."""
    model: str
    results: tuple[CaseResult, ...]
    suite: tuple[QuestionResult, ...]
    rounds: int
    """How often the staged view had to be made again without failed changes."""
    unasked: tuple[str, ...] = ()
    """Ids of changes that passed without a question, in the order given: of a large batch of which a random sample
    passed, and notes that only a reader can apply."""

    @property
    def passed(self) -> tuple[str, ...]:
        """Ids of the changes that passed: those that were asked about, then the others, each in the order given."""
        return (*(result.addendum_id for result in self.results if result.passed), *self.unasked)

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the changes that failed, in the order given."""
        return tuple(result.addendum_id for result in self.results if not result.passed)


Stage: TypeAlias = Callable[[Collection[str]], Responder]
"""Makes a responder whose memories are staged with the changes of these ids."""


def same(one: str, other: str) -> bool:
    """Whether two answers are the same after normalisation (width, case, spaces, trailing punctuation)."""
    return normalised(one) == normalised(other)


@dataclass(slots=True)
class _Asked:
    """The staged answers so far, by question; asks again only what removed changes had a hand in."""

    entangled: bool
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])

    def bring_up_to_date(
        self,
        responder: Responder,
        questions: Iterable[str],
        touched: Callable[[str, Answer], bool],
        progress: ProgressCallback | None,
    ) -> None:
        stale = [
            question
            for question in dict.fromkeys(questions)
            if question not in self.answers or self.entangled or touched(question, self.answers[question])
        ]
        for question, answer in zip(stale, responder.ask_many(stale, progress=progress), strict=True):
            self.answers[question] = answer


class Gate:
    """Judges batches of changes against thresholds and the knowledge base's own questions."""

    def __init__(self, thresholds: Mapping[str, float], suite: Sequence[SuiteQuestion] = ()) -> None:
        """Take the thresholds that differ from :data:`DEFAULT_THRESHOLDS`, and the suite."""
        self._thresholds = {**DEFAULT_THRESHOLDS, **thresholds}
        self._suite = tuple(suite)

    def judge(
        self,
        cases: Sequence[Case],
        live: Responder,
        stage: Stage,
        *,
        entangled: bool = False,
        progress: ProgressCallback | None = None,
    ) -> Report:
        """Judge every case of a batch.

        ``stage`` makes the staged responder; ``entangled`` says that changes act on one another's answers (a shared
        matrix), so that everything must be asked again when one of them is taken out.
        """
        watched = dict.fromkeys(
            [question for case in cases for question in case.neighbours] + [entry.question for entry in self._suite]
        )
        before = dict(zip(watched, live.ask_many(list(watched), progress=progress), strict=True))
        failed: dict[str, CaseResult] = {}
        staged = _Asked(entangled)
        newly: list[str] = []
        hands = {case.addendum_id: {case.addendum_id, *case.replaces} for case in cases}
        rounds = 0
        results: dict[str, CaseResult] = {}
        while rounds == 0 or newly:
            rounds += 1
            remaining = [case for case in cases if case.addendum_id not in failed]
            responder = stage([case.addendum_id for case in remaining])
            questions = [q for case in remaining for q in (case.question, *case.wordings)] + list(watched)
            out = {identifier for taken_out in newly for identifier in hands[taken_out]}
            staged.bring_up_to_date(responder, questions, _had_a_hand(out, before), progress)
            blamed = self._blame(remaining, before, staged.answers)
            results = {case.addendum_id: self._result(case, before, staged.answers, blamed) for case in remaining}
            newly = [identifier for identifier, result in results.items() if not result.passed]
            failed |= {identifier: results[identifier] for identifier in newly}
        judged = results | failed
        return Report(
            baseline_position=min((memory.position for memory in live.memories.values()), default=0),
            model=f"{live.model.name} {live.model.fingerprint}",
            results=tuple(judged[case.addendum_id] for case in cases),
            suite=tuple(self._question_result(entry, before, staged.answers) for entry in self._suite),
            rounds=rounds,
        )

    def _question_result(
        self, entry: SuiteQuestion, before: Mapping[str, Answer], after: Mapping[str, Answer]
    ) -> QuestionResult:
        was, said = before[entry.question].text, after[entry.question].text
        return QuestionResult(
            id=entry.id,
            question=entry.question,
            expected=entry.expected,
            before=was,
            after=said,
            passed=same(said, was if entry.expected is None else entry.expected),
        )

    def _blame(
        self, cases: Iterable[Case], before: Mapping[str, Answer], after: Mapping[str, Answer]
    ) -> dict[str, list[str]]:
        """The watched questions whose answers got worse, by the change that had a hand in it."""
        expected = {entry.question: entry.expected for entry in self._suite}
        replacing: dict[str, list[str]] = {}
        for case in cases:
            for old in case.replaces:
                replacing.setdefault(old, []).append(case.addendum_id)
        blamed: dict[str, list[str]] = {}
        for question, was in before.items():
            answer, wanted = after[question], expected.get(question)
            if same(answer.text, was.text) or (wanted is not None and same(answer.text, wanted)):
                continue
            withdrawn = {identifier for old in _injected(was) for identifier in replacing.get(old, ())}
            for identifier in _injected(answer) | withdrawn:
                blamed.setdefault(identifier, []).append(question)
        return blamed

    def _result(
        self,
        case: Case,
        before: Mapping[str, Answer],
        after: Mapping[str, Answer],
        blamed: Mapping[str, Sequence[str]],
    ) -> CaseResult:
        worse = blamed.get(case.addendum_id, ())
        result = CaseResult(
            addendum_id=case.addendum_id,
            passed=True,
            says_it=case.is_said(after[case.question]),
            wordings_right=sum(case.is_said(after[wording]) for wording in case.wordings),
            wordings_asked=len(case.wordings),
            neighbours_changed=len(worse),
            neighbours_asked=len(case.neighbours),
        )
        missed = [name for name, share in result.shares.items() if share < self._thresholds[name]]
        if not missed:
            return result
        reasons = [self._reason(name, case, result, before, after, worse) for name in missed]
        return result.model_copy(update={"passed": False, "reason": "; ".join(reasons)})

    def _reason(
        self,
        measure: str,
        case: Case,
        result: CaseResult,
        before: Mapping[str, Answer],
        after: Mapping[str, Answer],
        worse: Sequence[str],
    ) -> str:
        if measure == "says_it":
            return f"asked {case.question!r} it says {after[case.question].text!r}, not {case.target!r}"
        if measure == "wordings":
            wrong = next(wording for wording in case.wordings if not case.is_said(after[wording]))
            return (
                f"in other wordings it is right {result.wordings_right} of {result.wordings_asked} times; "
                f"asked {wrong!r} it says {after[wrong].text!r}"
            )
        question = worse[0]
        return (
            f"{len(worse)} answers that must stay changed; {question!r} got "
            f"{after[question].text!r} instead of {before[question].text!r}"
        )


def _injected(answer: Answer) -> set[str]:
    return {match.addendum_id for match in answer.trace.matches if match.injected}


def _had_a_hand(ids: Collection[str], before: Mapping[str, Answer]) -> Callable[[str, Answer], bool]:
    """Tells whether one of these addenda was switched on for a question, staged or before."""
    return lambda question, answer: (
        not (
            _injected(answer).isdisjoint(ids)
            and (question not in before or _injected(before[question]).isdisjoint(ids))
        )
    )
