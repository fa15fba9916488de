"""The chapter of reflections, on the bundled model: pages come in, a memory model learns them, and answers from them.

Nothing in it is scripted but the people and one of the executives, which goes by rules. The memory model is trained
while the chapter runs, on what a grammar makes of the pages; what it gets wrong is counted. See
:func:`run_reflections_chapter`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from types import MappingProxyType

from rich.console import Console

from addenda.demo.product_pages import CONTENTS, ProductPages, Question, new_product_pages
from addenda.demo.progress import Bars
from addenda.demo.reflections_report import write_reflections_report
from addenda.demo.reflections_result import (
    Asked,
    Directed,
    Reflected,
    ReflectionsResult,
    ShownReflection,
    Step,
    Trained,
    TrainedWithout,
    Transcript,
    Withdrawn,
)
from addenda.demo.result import Explained
from addenda.demo.setting import make_room, this_machine, two_people
from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.knowledge_base.extracting import read_document
from addenda.knowledge_base.remembering import Adopted
from addenda.ledger import Person
from addenda.memories.reflections.asking.consultation import Consultation
from addenda.memories.reflections.asking.transcript import Entry
from addenda.memories.reflections.questions import REFUSAL
from addenda.memories.reflections.reflection import STAGES, Reflection
from addenda.text import normalised
from addenda.types import Answer, Document

REFLECTIONS_MARK = CONTENTS
"""The file by which a directory of an earlier run is known."""

PRODUCTS = 8
"""Products that are new; with what they lead to some forty pages."""
ONE_STEP, ANOTHER_LANGUAGE, FROM_VALUE, UNKNOWN = 40, 20, 20, 20
"""Questions of each kind."""
EXECUTIVES = {
    "none": "nobody: the question goes to the memory model as it is",
    "bundled": "the bundled model, which has learned to take questions apart",
    "scripted": "rules, and the question templates of the declared relations: it takes a question apart, and asks step "
    "by step in three wordings",
}
"""Who directs the same memory model, by name; the last one directs the rest of the chapter."""


def run_reflections_chapter(
    directory: Path,
    *,
    seed: int,
    console: Console,
    force: bool = False,
    threads: int | None = None,
    products: int = PRODUCTS,
    learning: Mapping[str, object] = MappingProxyType({}),
    train_again: bool = False,
) -> ReflectionsResult:
    """Make reflections of pages, approve, train, activate, ask, swap the executive, explain, withdraw, verify, report.

    Args:
        directory: Where everything is written; a directory of an earlier run is replaced.
        seed: Draws the products, in which wordings is asked, and which page is withdrawn.
        console: Where progress is shown.
        force: Replace a directory even if it is not that of an earlier run.
        threads: Threads for the models; None leaves the choice to torch.
        products: How many products are new.
        learning: Settings of the training in place of the usual ones.
        train_again: Erase the withdrawn page at the end, and train once more without it.

    Raises InvalidInput when ``directory`` holds something else.
    """
    started, cpu = time.monotonic(), time.process_time()
    make_room(directory, REFLECTIONS_MARK, force=force)
    pages = new_product_pages(Random(seed), products)
    paths = pages.write(directory)
    where = directory / "knowledge-base"
    bars = Bars(console)
    with ExitStack() as stack:
        *_, best = EXECUTIVES
        choice = ModelChoice(threads=threads, executive=best)
        founded = KnowledgeBase.create(where, admin="Ana", choice=choice)
        kb = stack.enter_context(founded.knowledge_base)
        story = _Story(kb, *two_people(kb, founded.token), pages, seed, bars)
        right_before = story.right_before()
        reflected = story.reflect(paths)
        trained = story.train(learning)
        asked = story.ask()
        directed: list[Directed] = []
        for name, meaning in EXECUTIVES.items():
            with KnowledgeBase.open(where, choice=ModelChoice(threads=threads, executive=name)) as other:
                directed.append(_directed(other, name, meaning, story, bars))
        transcript = story.transcript(directed[-1].asked)
        explained = story.explain(transcript.asked.question)
        withdrawn = story.withdraw((*asked, *directed[-1].asked))
        without = story.train_without(withdrawn, asked, learning) if train_again else None
        checks = kb.verify()
        result = ReflectionsResult(
            reflected=reflected,
            trained=trained,
            right_before=right_before,
            asked=asked,
            transcript=transcript,
            directed=tuple(directed),
            explained=explained,
            withdrawn=withdrawn,
            without=without,
            ledger_verified=all(check.ok for check in checks),
            ledger_detail="; ".join(f"{check.name}: {check.detail}" for check in checks),
            machine=this_machine(),
            seconds=time.monotonic() - started,
            cpu_seconds=time.process_time() - cpu,
        )
    write_reflections_report(directory / "report.html", result)
    return result


class _Story:
    """One run: the knowledge base, its two people, and what was seen so far."""

    def __init__(self, kb: KnowledgeBase, ana: Person, ben: Person, pages: ProductPages, seed: int, bars: Bars) -> None:
        random = Random(seed)
        facts, others, values = pages.one_step(random), pages.another_language(random), pages.from_value(random)
        self.questions = (
            *random.sample(facts, min(ONE_STEP, len(facts))),
            *random.sample(others, min(ANOTHER_LANGUAGE, len(others))),
            *random.sample(values, min(FROM_VALUE, len(values))),
            *pages.unknown(random, UNKNOWN),
        )
        self.chains = tuple(pages.chains(random))
        self._withdrawn = random.choice(pages.products)
        self._about = tuple(one for one in (*facts, *values) if one.pages == (self._withdrawn,))
        self._kb = kb
        self._ana = ana
        self._ben = ben
        self._pages = pages
        self._bars = bars
        self._ids: dict[str, str] = {}
        """The addenda of the pages, by title."""

    def right_before(self) -> int:
        """Ask the questions of one step before there is anything; how many are right by chance."""
        asked = [one for one in self.questions if one.kind == "one step"]
        with self._bars.bar("asking before anything is live") as progress:
            answers = self._kb.ask_many([one.text for one in asked], progress=progress)
        return sum(normalised(said.text) == normalised(one.due) for one, said in zip(asked, answers, strict=True))

    def reflect(self, paths: Sequence[Path]) -> Reflected:
        """Let reflections be made of the pages, which proposes them."""
        with self._bars.phases("reflections") as progress:
            made = self._kb.reflecting.run(
                [read_document(path) for path in paths], by=self._ana, reason="new products", progress=progress
            )
        ids = [given.addendum_id for given in made.documents]
        self._ids = dict(zip(self._pages.texts, ids, strict=True))
        titles = {addendum_id: title for title, addendum_id in self._ids.items()}
        counts = made.synthesis.counts
        found = made.synthesis.reflections
        return Reflected(
            pages=made.corpus,
            facts=len(self._pages.facts),
            example=next(iter(self._pages.texts.values())).strip(),
            taken={stage: counts[stage].taken for stage in STAGES if stage in counts and counts[stage].taken},
            rejected=sum(one.rejected for one in counts.values()),
            shown=tuple(
                ShownReflection(one.stage, one.question, one.answer, tuple(titles[i] for i in one.documents))
                for one in _samples(found)
            ),
        )

    def train(self, learning: Mapping[str, object]) -> Trained:
        """Try it before anybody approved; let Ben approve; train, test, and make the pages live."""
        try:
            self._kb.remembering.train(by=self._ana)
        except InvalidInput as error:
            refused = str(error)
        else:
            raise RuntimeError("a memory model was trained on pages that nobody approved")
        ids = list(self._ids.values())
        self._kb.changes.approve(ids, by=self._ben, reason="read the pages")
        adopted, seconds = self._adopted("memory model", learning)
        with self._bars.phases("making live") as progress:
            outcome = self._kb.activation.activate(ids, by=self._ben, progress=progress)
        if not outcome.active:
            raise RuntimeError("no page passed the gate, so there is nothing to tell; let it learn for more epochs")
        report = adopted.training
        return Trained(
            refused_first=refused,
            examples=report.examples,
            refusals=report.refusals,
            steps=report.steps,
            stopped_early=report.stopped_early,
            curve=report.curve,
            after=report.after,
            held_out=report.held_out,
            active=len(outcome.active),
            gate_failed=tuple(r.reason for r in outcome.report.results if not r.passed) if outcome.report else (),
            seconds=seconds,
        )

    def ask(self) -> tuple[Asked, ...]:
        """Ask the questions over one page, and those about unknown names."""
        return self._asked(self.questions, "asking in new wordings")

    def transcript(self, asked: Sequence[Asked]) -> Transcript:
        """The whole consultation of one question over most steps, a right one where there is any."""
        chosen = max(asked, key=lambda one: (one.right, one.question.pages[-1] in one.pages, len(one.question.pages)))
        answer = self._kb.ask(chosen.question.text)
        consultation = _consultation(answer)
        if consultation is None:
            raise RuntimeError(f"{chosen.question.text!r} was not put to the memory model")
        steps = tuple(self._step(entry) for entry in consultation.entries)
        return Transcript(self.seen(chosen.question, answer), steps, consultation.justification)

    def explain(self, question: Question) -> Explained:
        """Ask once more, and switch off the page that the last step was answered from."""
        answer = self._kb.ask(question.text)
        last = self._ids[question.pages[-1]]
        explanation = self._kb.explain(answer.trace.id)
        match = next((one for one in explanation.answer.trace.matches if one.addendum_id == last), None)
        ablation = next((one for one in explanation.ablations if one.addendum_id == last), None)
        if match is None or ablation is None:
            raise RuntimeError(f"the answer to {question.text!r} does not rest on the page {question.pages[-1]!r}")
        return Explained(
            question=question.text,
            text=answer.text,
            source=question.pages[-1],
            score=match.score,
            threshold=match.threshold,
            without=ablation.text,
            changed=ablation.changed,
        )

    def withdraw(self, earlier: Sequence[Asked]) -> Withdrawn:
        """Take one page back, and ask again what needed it, and everything else.

        Args:
            earlier: Everything that was asked so far, with the answers.
        """
        kept = [one for one in earlier if self._withdrawn not in one.question.pages]
        chains = [one for one in self.chains if self._withdrawn in one.pages]
        before = self._asked((*self._about, *chains), f"asking about {self._withdrawn}")
        self._kb.changes.rollback([self._ids[self._withdrawn]], by=self._ben, reason="the product is not built")
        after = self._asked((*self._about, *chains), "asking after the withdrawal")
        again = self._asked([one.question for one in kept], "asking everything else")
        return Withdrawn(
            page=self._withdrawn,
            before=before,
            after=after,
            others_asked=len(kept),
            others_changed=sum(a.text != b.text for a, b in zip(kept, again, strict=True)),
            byte_equal=self._kb.memory_digests() == self._kb.rebuilt_digests(),
        )

    def train_without(
        self, withdrawn: Withdrawn, earlier: Sequence[Asked], learning: Mapping[str, object]
    ) -> TrainedWithout:
        """Erase the withdrawn page, and train again."""
        erased = self._ids[withdrawn.page]
        self._kb.changes.erase([erased], by=self._ana, reason="the product is not built")
        adopted, seconds = self._adopted("memory model without it", learning)
        after = self._asked([one.question for one in withdrawn.before], "asking about what was erased")
        others = [one.question for one in earlier if withdrawn.page not in one.question.pages]
        return TrainedWithout(
            pages=adopted.documents,
            gone=erased in adopted.gone,
            still_said=sum(one.right for one in after),
            asked=len(after),
            others=self._asked(others, "asking everything else"),
            seconds=seconds,
        )

    def seen(self, question: Question, answer: Answer) -> Asked:
        """What came back to a question."""
        pages = tuple(self._title(one.addendum_id) for one in answer.trace.matches if one.injected)
        return Asked(question, answer.text, pages)

    def _adopted(self, label: str, learning: Mapping[str, object]) -> tuple[Adopted, float]:
        started = time.monotonic()
        with self._bars.phases(label) as progress:
            adopted = self._kb.remembering.train(by=self._ana, given=learning, progress=progress)
        return adopted, time.monotonic() - started

    def _asked(self, questions: Sequence[Question], label: str) -> tuple[Asked, ...]:
        with self._bars.bar(label) as progress:
            answers = self._kb.ask_many([one.text for one in questions], progress=progress)
        return tuple(map(self.seen, questions, answers))

    def _step(self, entry: Entry) -> Step:
        votes = entry.votes[0].votes if entry.votes else 0
        about = self._kb.ask(entry.question)
        return Step(
            stage=entry.stage,
            question=entry.question,
            votes=f"{votes} of {entry.replies}",
            answer=entry.answer or REFUSAL,
            pages=self.seen(Question("one step", entry.question, "", ()), about).pages,
        )

    def _title(self, addendum_id: str) -> str:
        content = self._kb.addendum(addendum_id).content
        return content.title if isinstance(content, Document) else addendum_id


def _directed(kb: KnowledgeBase, name: str, meaning: str, story: _Story, bars: Bars) -> Directed:
    """The questions over several steps, asked by this executive."""
    with bars.bar(f"executive {name}") as progress:
        answers = kb.ask_many([one.text for one in story.chains], progress=progress)
    consultations = [found for found in map(_consultation, answers) if found is not None]
    calls = sum(one.spent.memory_calls for one in consultations) / max(len(consultations), 1)
    return Directed(name, meaning, tuple(map(story.seen, story.chains, answers)), calls)


def _consultation(answer: Answer) -> Consultation | None:
    kept = answer.trace.consultation
    return None if kept is None else Consultation.model_validate(kept)


def _samples(reflections: Sequence[Reflection]) -> list[Reflection]:
    """One reflection of each stage, those that join most pages first."""
    found: list[Reflection] = []
    for stage in STAGES:
        own = [one for one in reflections if one.stage == stage]
        if own:
            found.append(max(own, key=lambda one: len(one.documents)))
    return found
