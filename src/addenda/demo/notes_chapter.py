"""The chapter of notes, on the bundled model: cases come in batches, and rules are learned from what turned out right.

Nothing in it is scripted but people. Ana records what came of the desk's actions, writes one note about the wrong
product, and corrects it when the notebook shows what speaks against it; Ben approves whatever the learner proposes, so
that the learner alone is seen. What is learned, when, and what it is good for is as it comes. See
:func:`run_notes_chapter`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from rich.console import Console

from addenda.demo.controls import most_often_right, voted
from addenda.demo.notes_report import write_notes_report
from addenda.demo.notes_result import (
    RECOVERED,
    Condition,
    Corrected,
    Decided,
    Followed,
    NotesResult,
    Point,
    ShownNote,
    TakenBack,
)
from addenda.demo.progress import Bars
from addenda.demo.setting import make_room, this_machine, two_people
from addenda.demo.support_desk import ACTIONS, Era, SupportDesk, open_desk, question_of, rules_in_words
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.knowledge_base.observing import Batch
from addenda.ledger import Person
from addenda.memories.notes.cases import Observation
from addenda.models.bundled import build_world
from addenda.types import Addendum, Note

NOTES_MARK = "hidden-rules.txt"
"""The file by which a directory of an earlier run is known; nobody in the story reads it."""

_SHOWN = 3
"""Answers of the model alone that are shown."""


@dataclass(frozen=True, slots=True)
class Course:
    """How long the story is."""

    batch: int = 20
    """Cases in a batch."""
    held_out: int = 80
    """Cases that are answered again and again to see how good the answers are; nothing is learned from them."""
    first: int = 6
    """Batches before the wrong note; the next one is answered with it."""
    corrected: int = 2
    """Batches after the correction."""
    changed: int = 8
    """Batches under the changed rules."""


COURSE = Course()


def run_notes_chapter(
    directory: Path,
    *,
    seed: int,
    console: Console,
    force: bool = False,
    threads: int | None = None,
    course: Course = COURSE,
) -> NotesResult:
    """Learn notes batch by batch, correct a wrong one, follow a change, look back, roll back, verify, report.

    Args:
        directory: Where everything is written; a directory of an earlier run is replaced.
        seed: Draws the products, the cases, and what is tried where nothing is known.
        console: Where progress is shown.
        force: Replace a directory even if it is not that of an earlier run.
        threads: Threads for the model; None leaves the choice to torch.
        course: How long the story is.

    Raises InvalidInput when ``directory`` holds something else.
    """
    started = time.monotonic()
    make_room(directory, NOTES_MARK, force=force)
    desk = open_desk(build_world(), Random(seed))
    hidden: dict[Era, tuple[str, ...]] = {"before": rules_in_words(desk.rules("before"))}
    hidden["after"] = rules_in_words(desk.rules("after"))
    shown = "\n\n".join(f"{era} the change\n" + "\n".join(rules) for era, rules in hidden.items())
    (directory / NOTES_MARK).write_text(shown + "\n", encoding="utf-8")
    with ExitStack() as stack:
        founded = KnowledgeBase.create(directory / "knowledge-base", admin="Ana", choice=ModelChoice(threads=threads))
        kb = stack.enter_context(founded.knowledge_base)
        bars = Bars(console)
        story = _Story(kb, *two_people(kb, founded.token), desk, seed, course)
        story.ask_before(bars)
        corrected, then = _batches(story, course, bars)
        followed = story.followed(then)
        end, notebook = story.shares("after"), story.notebook()
        decided = story.decided(followed.question)
        taken_back = story.take_back(then)
        checks = kb.verify()
        result = NotesResult(
            points=tuple(story.points),
            end=end,
            batch=course.batch,
            held_out=course.held_out,
            named_by_model=sum(text in ACTIONS for text in story.alone),
            model_says=tuple(zip(story.questions, story.alone, strict=True))[:_SHOWN],
            hidden=hidden,
            notebook=notebook,
            proposed=story.proposed,
            gate_failed=tuple(story.gate_failed),
            corrected=corrected,
            followed=followed,
            decided=decided,
            taken_back=taken_back,
            ledger_verified=all(check.ok for check in checks),
            ledger_detail="; ".join(f"{check.name}: {check.detail}" for check in checks),
            machine=this_machine(),
            seconds=time.monotonic() - started,
        )
    write_notes_report(directory, result)
    return result


def _batches(story: _Story, course: Course, bars: Bars) -> tuple[Corrected, _Then]:
    """All batches: those before and after the correction, and those under changed rules.

    Returns what was corrected, and what was answered before the change.
    """
    with bars.phases("batches") as progress:
        for done in range(course.first):
            story.batch("before")
            progress("learning", done + 1, course.first)
        corrected = story.correct()
        for done in range(course.corrected):
            story.batch("before")
            progress("after the correction", done + 1, course.corrected)
        then = story.now()
        for done in range(course.changed):
            story.batch("after")
            progress("under changed rules", done + 1, course.changed)
    return corrected, then


@dataclass(frozen=True, slots=True)
class _Then:
    """How things were at a moment."""

    at: datetime
    answers: tuple[str, ...]
    """To the held-out cases."""
    notes: frozenset[str]
    """Ids of all that the memory held."""


class _Story:
    """One run: the knowledge base, its two people, and what was seen so far."""

    def __init__(
        self, kb: KnowledgeBase, ana: Person, ben: Person, desk: SupportDesk, seed: int, course: Course
    ) -> None:
        self.points: list[Point] = []
        self.proposed = 0
        self.gate_failed: list[str] = []
        self.alone: tuple[str, ...] = ()
        """What the model says to the held-out cases without any memory."""
        self._kb, self._ana, self._ben, self._desk, self._course = kb, ana, ben, desk, course
        self._cases = Random(seed)
        self._tries = Random(seed + 1)
        self._held_out = [desk.case(self._cases) for _ in range(course.held_out)]
        self.questions = tuple(question_of(case) for case in self._held_out)
        self._empty: tuple[str, ...] = ()
        self._observations: list[Observation] = []

    def ask_before(self, bars: Bars) -> None:
        """Ask the model alone, and the knowledge base while its notebook is empty."""
        with bars.bar("asking the model alone") as progress:
            alone = self._kb.ask_many(self.questions, memories=(), progress=progress)
        with bars.bar("asking with an empty notebook") as progress:
            empty = self._kb.ask_many(self.questions, progress=progress)
        self.alone = tuple(answer.text for answer in alone)
        self._empty = tuple(answer.text for answer in empty)

    def batch(self, era: Era) -> None:
        """One batch: measure, answer the cases, record what came of it, and learn."""
        self._answer_cases(era)
        self._learn()

    def shares(self, era: Era) -> dict[Condition, float]:
        """The share of held-out cases that are right as things are, under each condition."""
        seen, tries = self._observations, self._tries
        common = most_often_right(seen, tries)
        actions: dict[Condition, list[str]] = {
            "with notes": [self._tried(text) for text in self._answers()],
            "all examples": [voted(case, seen, tries) for case in self._held_out],
            "without notes": [text if text in ACTIONS else common for text in self.alone],
            "empty notebook": [self._tried(text) for text in self._empty],
        }
        due = [self._desk.due(case, era) for case in self._held_out]
        return {
            name: sum(one == other for one, other in zip(said, due, strict=True)) / len(due)
            for name, said in actions.items()
        }

    def notebook(self) -> tuple[ShownNote, ...]:
        """The live notes, as the notebook shows them."""
        return tuple(
            ShownNote(
                id=one.addendum_id,
                applies_when=one.applies_when,
                rule=one.rule,
                author=one.author,
                supporting=one.evidence.supporting,
                contradicting=one.evidence.contradicting,
                interval=one.evidence.interval,
            )
            for one in self._kb.notebook.listed()
        )

    def correct(self) -> Corrected:
        """Ana writes a note about the wrong product; after a batch she sees it in the notebook, and corrects it."""
        before = self.shares("before")["with notes"]
        rule = "the answer is refund"
        wrong = Note(rule=rule, applies_when=f"product is {self._desk.mistaken}")
        wrong_id = self._write(wrong, (), "from memory: that product is recalled")
        self._answer_cases("before")
        seen = next(note for note in self.notebook() if note.id == wrong_id)
        question = f"product is {self._desk.mistaken} and fault is noise and covered is yes?"
        said = self._kb.ask(question).text
        right = Note(rule=rule, applies_when=f"product is {self._desk.recalled}")
        self._write(right, (wrong_id,), "the recall names another product; see the notebook")
        corrected = Corrected(
            batch=len(self.points),
            wrong=seen,
            right=f"{right.applies_when}: {right.rule}",
            question=question,
            before=said,
            after=self._kb.ask(question).text,
            share_without=before,
            share_wrong=self.points[-1].shares["with notes"],
            share_right=self.shares("before")["with notes"],
        )
        self._learn()
        return corrected

    def now(self) -> _Then:
        """How things are."""
        return _Then(datetime.now(UTC), tuple(self._answers()), self._held())

    def followed(self, then: _Then) -> Followed:
        """How the notebook followed the change, whose last moment before was ``then``."""
        due = [(self._desk.due(case, "before"), self._desk.due(case, "after")) for case in self._held_out]
        now = self._answers()
        changed = [place for place, (old, new) in enumerate(due) if old != new]
        # A case that was right at both times shows most; where there is none, any whose answer should have changed.
        place = next((p for p in changed if (then.answers[p], now[p]) == due[p]), changed[0])
        back = self._kb.ask_many(self.questions, as_of=then.at)
        after = [point for point in self.points if point.era == "after"]
        shares = [(point.number, point.shares["with notes"]) for point in after]
        shares.append((after[-1].number + 1, self.shares("after")["with notes"]))
        recovered = next((number for number, share in shares if share > RECOVERED), None)
        return Followed(
            batch=after[0].number,
            changed=len(changed),
            observations=None if recovered is None else (recovered - after[0].number) * self._course.batch,
            question=self.questions[place],
            due=due[place][1],
            before=then.answers[place],
            after=now[place],
            as_of_before=back[place].text,
            others_as_before=tuple(answer.text for answer in back) == then.answers,
        )

    def decided(self, question: str) -> Decided:
        """Ask once more, look up the note that the trace names, and switch it off."""
        answer = self._kb.ask(question)
        deciding = {match.addendum_id for match in answer.trace.matches if match.injected}
        note = next(note for note in self.notebook() if note.id in deciding)
        ablation = self._kb.explain(answer.trace.id).ablations[0]
        return Decided(question, answer.text, note, without=ablation.text, changed=ablation.changed)

    def take_back(self, then: _Then) -> TakenBack:
        """Roll back all that was learned since ``then``, see that all is as it was, and learn it again."""
        later = sorted(self._held() - then.notes)
        self._kb.changes.rollback(later, by=self._ben, reason="to see whether all is as before")
        again = self._answers()
        equal = self._kb.memory_digests() == self._kb.rebuilt_digests()
        kinds, _ = self._lesson()
        return TakenBack(
            notes=len(later),
            others_changed=sum(one != other for one, other in zip(again, then.answers, strict=True)),
            asked=len(again),
            byte_equal=equal,
            relearned=len(kinds),
            share=self.shares("after")["with notes"],
        )

    def _answers(self) -> list[str]:
        """What the knowledge base says to the held-out cases."""
        return [answer.text for answer in self._kb.ask_many(self.questions)]

    def _held(self) -> frozenset[str]:
        return frozenset(record.id for record in self._kb.state.held("notes"))

    def _tried(self, text: str) -> str:
        """What the desk does after an answer: what it says, or where it names no action, one at random."""
        return text if text in ACTIONS else self._tries.choice(ACTIONS)

    def _answer_cases(self, era: Era) -> None:
        """Measure the held-out cases, then answer a batch and record what came of it."""
        number = len(self.points) + 1
        shares = self.shares(era)
        cases = [self._desk.case(self._cases) for _ in range(self._course.batch)]
        said = self._kb.ask_many([question_of(case) for case in cases])
        made = [
            self._desk.observed(case, self._tried(answer.text), era) for case, answer in zip(cases, said, strict=True)
        ]
        self._kb.observing.record([Batch(made, f"support desk, batch {number}")], by=self._ana)
        right = sum(one.right is True for one in made)
        self.points.append(Point(number, era, len(self._observations), shares, right))
        self._observations += made

    def _learn(self) -> None:
        """Let the learner propose, and take what it proposes; noted on the latest batch."""
        kinds, held_back = self._lesson()
        notes = len(self._kb.notebook.listed())
        self.points[-1] = replace(self.points[-1], learned=kinds, held_back=held_back, notes=notes)

    def _lesson(self) -> tuple[tuple[str, ...], int]:
        """Learn once: the kinds of deltas that went live, and how many were held back."""
        lesson = self._kb.learning.run(by=self._ana)
        proposed = {one.addendum.id: one.delta.kind for one in lesson.learned if one.is_new}
        self.proposed += len(proposed)
        live = self._go_live(list(proposed), "the demo's reviewer accepts every proposal of the learner")
        return tuple(proposed[i] for i in live), len(lesson.held_back)

    def _write(self, note: Note, replaces: tuple[str, ...], reason: str) -> str:
        """Ana proposes a note, Ben lets it through; its id."""
        addendum = Addendum(content=note, source="a note of Ana's", author=self._ana.name)
        self._kb.changes.propose([addendum], by=self._ana, reason=reason, replaces={addendum.id: replaces})
        self._go_live([addendum.id], "Ana should know")
        return addendum.id

    def _go_live(self, ids: Sequence[str], reason: str) -> tuple[str, ...]:
        """Ben approves; what passes the gate is live. Returns the ids of that."""
        if not ids:
            return ()
        self._kb.changes.approve(ids, by=self._ben, reason=reason)
        outcome = self._kb.activation.activate(ids, by=self._ben)
        self.gate_failed += [r.reason for r in outcome.report.results if not r.passed] if outcome.report else []
        return outcome.active
