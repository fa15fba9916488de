"""The chapter of triples, on the bundled model: documents come in, it proposes what they state, and reads it later.

Nothing in it is scripted. What the model writes down wrong is rejected by the person who decides, and what it misses is
proposed by hand, so that the chapter goes on whatever it makes of the documents; both are counted. See
:func:`run_triples_chapter`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from rich.console import Console

from addenda.demo.announcements import ANNOUNCEMENTS, CORRECTION, LAUNCH, Announcement, write_announcements
from addenda.demo.progress import Bars
from addenda.demo.result import Explained, RolledBack
from addenda.demo.setting import make_room, this_machine, two_people
from addenda.demo.triples_report import write_triples_report
from addenda.demo.triples_result import Asked, Corrected, Extracted, ReadTriple, Statement, TriplesResult, Wording
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.knowledge_base.extracting import Extraction, Taken, Terms, read_document
from addenda.knowledge_base.quoting import place_in
from addenda.ledger import Person
from addenda.models.bundled import World, build_world
from addenda.types import Addendum, Answer, Fact

TRIPLES_MARK = LAUNCH.file
"""The file by which a directory of an earlier run is known."""

ANNOUNCED = timedelta(days=3)
"""How long the first announcements have held."""
YESTERDAY, LAST_WEEK = timedelta(days=1), timedelta(days=7)


def run_triples_chapter(
    directory: Path, *, seed: int, console: Console, force: bool = False, threads: int | None = None
) -> TriplesResult:
    """Take facts from documents, approve, test, activate, ask, correct, look back, explain, roll back, verify, report.

    Args:
        directory: Where everything is written; a directory of an earlier run is replaced.
        seed: Draws in which wordings is asked, and which fact is taken back.
        console: Where progress is shown.
        force: Replace a directory even if it is not that of an earlier run.
        threads: Threads for the model; None leaves the choice to torch.

    Raises InvalidInput when ``directory`` holds something else.
    """
    started = time.monotonic()
    make_room(directory, TRIPLES_MARK, force=force)
    paths = write_announcements(directory, (*ANNOUNCEMENTS, CORRECTION))
    with ExitStack() as stack:
        founded = KnowledgeBase.create(
            directory / "knowledge-base", admin="Ana", memories=["triples"], choice=ModelChoice(threads=threads)
        )
        kb = stack.enter_context(founded.knowledge_base)
        story = _Story(kb, *two_people(kb, founded.token), seed, Bars(console))
        before = story.ask("before anything is live")
        began = datetime.now(UTC) - ANNOUNCED
        found = [
            story.take_in(one, path, Terms(valid_from=began))
            for one, path in zip(ANNOUNCEMENTS, paths[:-1], strict=True)
        ]
        story.go_live([addendum_id for one in found for addendum_id in one.accepted])
        active = story.active
        after = story.ask("from what is live")
        asked = tuple(
            Asked(q.fact, q.text, q.wording, old.text, new.text, story.read(new))
            for q, old, new in zip(story.questions, before, after, strict=True)
        )
        corrected, latest = story.correct(paths[-1], after)
        explained = story.explain(corrected.question)
        rolled_back = story.roll_back(latest)
        checks = kb.verify()
        result = TriplesResult(
            extracted=tuple(one.extracted for one in found),
            rejected=story.rejected,
            by_hand=story.by_hand,
            active=active,
            gate_failed=tuple(story.gate_failed),
            asked=asked,
            corrected=corrected,
            explained=explained,
            rolled_back=rolled_back,
            ledger_verified=all(check.ok for check in checks),
            ledger_detail="; ".join(f"{check.name}: {check.detail}" for check in checks),
            machine=this_machine(),
            seconds=time.monotonic() - started,
        )
    write_triples_report(directory / "report.html", result)
    return result


@dataclass(frozen=True, slots=True)
class _Question:
    fact: Fact
    text: str
    wording: Wording


@dataclass(frozen=True, slots=True)
class _TakenIn:
    extracted: Extracted
    accepted: tuple[str, ...]
    """Ids of what was approved: the model's right proposals, and what was added by hand."""


def _questions(world: World, seed: int) -> tuple[_Question, ...]:
    """About every fact of the first announcements, one in a wording of the model's training and one in a new one."""
    random = Random(seed)
    found: list[_Question] = []
    for fact in (fact for one in ANNOUNCEMENTS for fact in one.stated):
        relation = world.relations[fact.relation]
        wordings: tuple[tuple[Wording, tuple[str, ...]], ...] = (("known", relation.known), ("new", relation.held_out))
        found += [_Question(fact, random.choice(many).format(subject=fact.subject), name) for name, many in wordings]
    return tuple(found)


class _Story:
    """One run: the knowledge base, its two people, and what was seen so far."""

    def __init__(self, kb: KnowledgeBase, ana: Person, ben: Person, seed: int, bars: Bars) -> None:
        self.questions = _questions(build_world(), seed)
        self.rejected = self.by_hand = self.active = 0
        self.gate_failed: list[str] = []
        self._kb = kb
        self._ana = ana
        self._ben = ben
        self._random = Random(seed)
        self._bars = bars

    def ask(self, label: str) -> list[Answer]:
        """Ask every question."""
        with self._bars.bar(f"asking {label}") as progress:
            return self._kb.ask_many([question.text for question in self.questions], progress=progress)

    def take_in(self, announcement: Announcement, path: Path, terms: Terms) -> _TakenIn:
        """Let the model propose, and have people do the rest.

        Ben holds each proposal against its sentence, and rejects what the document does not say; Ana proposes what is
        missing; Ben approves.
        """
        with self._bars.phases(announcement.file) as progress:
            extraction = self._kb.extracting.run(
                read_document(path), by=self._ana, terms=terms, reason="new announcement", progress=progress
            )
        extracted = _extracted(announcement, extraction)
        taken = [one for one in extraction.taken if one.fate == "proposed"]
        wrong = [one.addendum.id for one in taken if one.fact not in announcement.stated]
        if wrong:
            self._kb.changes.reject(wrong, by=self._ben, reason="the document does not say this")
        evidence = () if extraction.document_id is None else (extraction.document_id,)
        missing = [
            Addendum(
                content=fact,
                source=f"{announcement.file}, by hand",
                author=self._ana.name,
                valid_from=terms.valid_from,
                evidence=evidence,
            )
            for fact in extracted.missed
        ]
        if missing:
            self._kb.changes.propose(missing, by=self._ana, reason="the document says this, and the model missed it")
        ids = [one.addendum.id for one in taken if one.addendum.id not in wrong] + [one.id for one in missing]
        self._kb.changes.approve(ids, by=self._ben, reason="read in the document")
        self.rejected += len(wrong)
        self.by_hand += len(missing)
        return _TakenIn(extracted, tuple(ids))

    def go_live(self, ids: Sequence[str]) -> None:
        """Test what was approved, and make live what passes."""
        with self._bars.phases("making live") as progress:
            outcome = self._kb.activation.activate(ids, by=self._ben, progress=progress)
        self.active += len(outcome.active)
        self.gate_failed += [r.reason for r in outcome.report.results if not r.passed] if outcome.report else []

    def read(self, answer: Answer) -> tuple[ReadTriple, ...]:
        """The triples that an answer was made from, best first."""
        addenda = [self._kb.addendum(match.addendum_id) for match in answer.trace.matches if match.injected]
        return tuple(ReadTriple(a.content, a.source, a.id) for a in addenda if isinstance(a.content, Fact))

    def correct(self, path: Path, before: Sequence[Answer]) -> tuple[Corrected, list[Answer]]:
        """Take in the correction, and ask everything again; also the latest answers to every question."""
        taken = self.take_in(CORRECTION, path, Terms())
        self.go_live(taken.accepted)
        latest = self.ask("after the correction")
        about = [_is_corrected(question.fact) for question in self.questions]
        place = about.index(True)
        question = self.questions[place]
        now = datetime.now(UTC)
        others = [(a.text, b.text) for own, a, b in zip(about, before, latest, strict=True) if not own]
        corrected = Corrected(
            extracted=taken.extracted,
            question=question.text,
            old=question.fact.object,
            new=CORRECTION.stated[0].object,
            before=before[place].text,
            after=latest[place].text,
            yesterday=self._kb.ask(question.text, as_of=now - YESTERDAY).text,
            last_week=self._kb.ask(question.text, as_of=now - LAST_WEEK).text,
            others_asked=len(others),
            others_changed=sum(a != b for a, b in others),
        )
        return corrected, latest

    def explain(self, question: str) -> Explained:
        """Ask once more, and switch off what the answer was made from."""
        answer = self._kb.ask(question)
        match = next((match for match in answer.trace.matches if match.injected), None)
        if match is None:
            raise RuntimeError(f"nothing was read for {question!r}, so nothing can be explained")
        explanation = self._kb.explain(answer.trace.id)
        return Explained(
            question=question,
            text=answer.text,
            source=self._kb.addendum(match.addendum_id).source,
            score=match.score,
            threshold=match.threshold,
            without=explanation.ablations[0].text,
            changed=explanation.ablations[0].changed,
        )

    def roll_back(self, latest: Sequence[Answer]) -> RolledBack:
        """Take one live fact back that nothing replaced, and see that nothing else moved.

        Args:
            latest: The answers to every question as things are.
        """
        read = {answer.question: self.read(answer) for answer in latest}
        candidates = [
            question
            for question in self.questions
            if any(triple.fact == question.fact for triple in read[question.text]) and not _is_corrected(question.fact)
        ]
        chosen = self._random.choice(candidates)
        gone = next(triple for triple in read[chosen.text] if triple.fact == chosen.fact)
        texts = {answer.question: answer.text for answer in latest}
        self._kb.changes.rollback([gone.id], by=self._ben, reason="announced too early")
        again = {answer.question: answer.text for answer in self.ask("after the rollback")}
        others = [question.text for question in self.questions if question.fact != chosen.fact]
        return RolledBack(
            what=f"{chosen.fact.relation} of {chosen.fact.subject}: {chosen.fact.object}",
            question=chosen.text,
            wrong=texts[chosen.text],
            restored=again[chosen.text],
            original=self._kb.ask_many([chosen.text], memories=())[0].text,
            others_asked=len(others),
            others_changed=sum(texts[other] != again[other] for other in others),
            byte_equal=self._kb.memory_digests() == self._kb.rebuilt_digests(),
        )


def _is_corrected(fact: Fact) -> bool:
    return any((fact.subject, fact.relation) == (new.subject, new.relation) for new in CORRECTION.stated)


def _extracted(announcement: Announcement, extraction: Extraction) -> Extracted:
    return Extracted(
        file=announcement.file,
        text=announcement.text,
        sentences=extraction.sentences,
        stated=announcement.stated,
        statements=tuple(_statement(one, announcement) for one in extraction.taken),
    )


def _statement(taken: Taken, announcement: Announcement) -> Statement:
    place = place_in(taken.addendum.source)
    if place is None:
        raise RuntimeError(f"{taken.addendum.source!r} names no place")
    return Statement(
        fact=taken.fact,
        line=place.line,
        sentence=" ".join(taken.sentence.split()),
        first=place.first,
        last=place.last,
        fate=taken.fate,
        why=taken.why or ", ".join(taken.doubts),
        stated=taken.fact in announcement.stated,
    )
