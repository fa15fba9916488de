"""The main job in seven steps, on the bundled model; see :func:`run_demo`."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from addenda.demo import scoring
from addenda.demo.catalogue import CHANGES, Plan, plan_changes, write_workbook
from addenda.demo.progress import Bars
from addenda.demo.report import write_report
from addenda.demo.result import DemoResult, Explained, Portion, RolledBack
from addenda.demo.scoring import Probe, Scored
from addenda.demo.setting import make_room, this_machine, two_people
from addenda.knowledge_base import Import, KnowledgeBase, ModelChoice, read_import
from addenda.ledger import Person
from addenda.models.bundled import World, build_world
from addenda.text import normalised
from addenda.types import Content, Fact

PORTIONS = (0.1, 0.2, 0.3, 0.4)
"""Shares of the changes that become live at a time; the first tenth is asked about again at the end."""

SAMPLE = 100
"""Edits asked about after each portion."""

DEMO_MARK = "catalogue-update.xlsx"


def run_demo(
    directory: Path,
    *,
    seed: int,
    console: Console,
    force: bool = False,
    threads: int | None = None,
    changes: int = CHANGES,
) -> DemoResult:
    """Make a knowledge base, read the workbook, approve, test, activate, score, roll back, explain, verify, report.

    Args:
        directory: Where everything is written; a directory of an earlier demo is replaced.
        seed: Draws which specifications change and which wordings are asked.
        console: Where progress is shown.
        force: Replace a directory even if it is not that of an earlier demo.
        threads: Threads for the model; None leaves the choice to torch.
        changes: How many specifications change; the score card's targets are for 1,000.

    Raises InvalidInput when ``directory`` holds something else.
    """
    started = time.monotonic()
    make_room(directory, DEMO_MARK, force=force)
    world = build_world()
    plan = plan_changes(world, seed=seed, count=changes)
    workbook = directory / DEMO_MARK
    write_workbook(workbook, plan)
    with ExitStack() as stack:
        founded = KnowledgeBase.create(directory / "knowledge-base", admin="Ana", choice=ModelChoice(threads=threads))
        story = _Story(stack.enter_context(founded.knowledge_base), world, plan, seed, Bars(console))
        ana, ben = two_people(story.kb, founded.token)
        imported = read_import(workbook, story.kb.state, author=ana.name)
        ids = story.propose(imported, ana)
        story.approve(ids, ben)
        story.activate(ids, ben)
        scored = story.score()
        rolled_back = story.roll_back(ben)
        explained = story.explain(ids)
        checks = story.kb.verify()
        result = DemoResult(
            rows_read=len(imported.rows) + len(imported.refused),
            rows_refused=len(imported.refused),
            rows_flagged=len(imported.flagged),
            problems=tuple((problem.severity, str(problem)) for problem in imported.problems),
            proposed=len(ids),
            active=story.active,
            gate_failed=tuple(story.gate_failed),
            scores=scoring.rates(scored),
            floors=scoring.floor(scored),
            counts={group: sum(e.probe.group == group for e in scored) for group in scoring.GROUPS},
            retention=story.retention(scored),
            right_by_tenth=story.right_by_tenth(scored),
            portions=tuple(story.portions),
            rolled_back=rolled_back,
            explained=explained,
            ledger_verified=all(check.ok for check in checks),
            ledger_detail="; ".join(f"{check.name}: {check.detail}" for check in checks),
            machine=this_machine(),
            seconds=time.monotonic() - started,
        )
    write_report(directory / "report.html", result)
    return result


class _Story:
    """One run: the knowledge base, the plan, and what was seen so far."""

    def __init__(self, kb: KnowledgeBase, world: World, plan: Plan, seed: int, bars: Bars) -> None:
        self.kb = kb
        self.portions: list[Portion] = []
        self.gate_failed: list[str] = []
        self.active = 0
        self._plan = plan
        self._seed = seed
        self._bars = bars
        self._probes = scoring.probes(world, plan, seed=seed)
        sizes = [round(share * len(plan.changes)) for share in PORTIONS[:-1]]
        self._sizes = [*sizes, len(plan.changes) - sum(sizes)]
        self._first = {(c.subject, c.relation) for c in plan.changes[: self._sizes[0]]}
        self._right_at_first = 0

    def propose(self, imported: Import, ana: Person) -> list[str]:
        """Propose every good row, in the order of the workbook. Returns the ids in that order."""
        outcomes = self.kb.changes.propose(imported.addenda, by=ana, reason="catalogue update, week 47")
        return [outcome.addendum.id for outcome in outcomes if outcome.duplicate_of is None]

    def approve(self, ids: Sequence[str], ben: Person) -> None:
        """Approve them all."""
        self.kb.changes.approve(ids, by=ben, reason="checked against the supplier's list")

    def activate(self, ids: Sequence[str], ben: Person) -> None:
        """Test and activate in portions, asking a sample after each."""
        start = 0
        for size in self._sizes:
            portion = ids[start : start + size]
            with self._bars.phases(f"changes {start + 1}-{start + len(portion)}") as progress:
                outcome = self.kb.activation.activate(portion, by=ben, progress=progress)
            start += size
            self.active += len(outcome.active)
            self.gate_failed += [r.reason for r in outcome.report.results if not r.passed] if outcome.report else []
            solving = progress.seconds("preparing edits")
            self._look(start, solving / len(portion))

    def score(self) -> tuple[Scored, ...]:
        """Ask every probe of the unedited model and of the edited one."""

        def unedited(questions: Sequence[str]) -> list[str]:
            with self._bars.bar("asking the unedited model") as progress:
                return [a.text for a in self.kb.ask_many(questions, memories=(), progress=progress)]

        def edited(questions: Sequence[str]) -> list[str]:
            with self._bars.bar("asking the edited model") as progress:
                return [a.text for a in self.kb.ask_many(questions, progress=progress)]

        return scoring.score(self._probes, unedited, edited)

    def retention(self, scored: Sequence[Scored]) -> float:
        """Right answers about the first tenth of the edits at the end, over those right after they were made."""
        right = sum(entry.right for entry in scored if _key(entry.probe) in self._first and entry.probe.new)
        return right / self._right_at_first

    def right_by_tenth(self, scored: Sequence[Scored]) -> tuple[float, ...]:
        """Share of right answers (all wordings) at the end, for each tenth of the edits in the order they were made."""
        right: dict[tuple[str, str], list[bool]] = {}
        for entry in scored:
            if entry.probe.new is not None:
                right.setdefault(_key(entry.probe), []).append(entry.right)
        size = self._sizes[0]
        tenths = [self._plan.changes[i : i + size] for i in range(0, len(self._plan.changes), size)]
        answers = [[ok for change in tenth for ok in right[change.subject, change.relation]] for tenth in tenths]
        return tuple(sum(oks) / len(oks) for oks in answers)

    def roll_back(self, ben: Person) -> RolledBack:
        """Take one live change back, and see that nothing else moved."""
        live = self.kb.state.live(datetime.now(UTC))
        wrong = self.kb.addendum(live[len(live) // 2].id)
        content = _fact(wrong.content)
        question = self._question(content)
        others = [p.question for p in self._probes if p.group in {"reliability", "hard_negatives"}]
        others = [other for other in others if other != question]
        before = self.kb.ask(question)
        with self._bars.bar("asking before the rollback") as progress:
            texts = [a.text for a in self.kb.ask_many(others, progress=progress)]
        self.kb.changes.rollback([wrong.id], by=ben, reason="the supplier sent a wrong value")
        with self._bars.bar("asking after the rollback") as progress:
            again = [a.text for a in self.kb.ask_many(others, progress=progress)]
        return RolledBack(
            what=f"{content.relation} of {content.subject}: {content.object}",
            question=question,
            wrong=before.text,
            restored=self.kb.ask(question).text,
            original=self.kb.ask_many([question], memories=())[0].text,
            others_asked=len(others),
            others_changed=sum(a != b for a, b in zip(texts, again, strict=True)),
            byte_equal=self.kb.memory_digests() == self.kb.rebuilt_digests(),
        )

    def explain(self, ids: Sequence[str]) -> Explained:
        """Ask in a wording that no edit was made with, and switch off what answered."""
        live = set(ids) & {record.id for record in self.kb.state.live(datetime.now(UTC))}
        for probe in (p for p in self._probes if p.group == "generalization_known"):
            answer = self.kb.ask(probe.question)
            match = next((m for m in answer.trace.matches if m.injected and m.addendum_id in live), None)
            if match is None or probe.new is None or normalised(answer.text) != normalised(probe.new):
                continue
            explanation = self.kb.explain(answer.trace.id)
            return Explained(
                question=probe.question,
                text=answer.text,
                source=self.kb.addendum(match.addendum_id).source,
                score=match.score,
                threshold=match.threshold,
                without=explanation.ablations[0].text,
                changed=explanation.ablations[0].changed,
            )
        raise RuntimeError("no answer came from a change; nothing can be explained")

    def _look(self, live: int, seconds_per_edit: float) -> None:
        """Score a sample of the edits that are live; after the first portion, all of them for the retention."""
        changed = [p for p in self._probes if p.new is not None]
        made = {(c.subject, c.relation) for c in self._plan.changes[:live]}
        drawn = set(random.Random(self._seed).sample(sorted(made), min(SAMPLE, len(made))))
        sample = self._first if live == self._sizes[0] else drawn
        asked = [p for p in changed if _key(p) in sample]
        with self._bars.bar(f"asking about {len(sample)} of {live}") as progress:
            texts = [a.text for a in self.kb.ask_many([p.question for p in asked], progress=progress)]
        scored = [Scored(p, "", text) for p, text in zip(asked, texts, strict=True)]
        if live == self._sizes[0]:
            self._right_at_first = sum(entry.right for entry in scored)
        self.portions.append(Portion(live, seconds_per_edit, scoring.rates(scored)))

    def _question(self, fact: Fact) -> str:
        return self.kb.state.registry.get(fact.relation).questions(fact.subject)[0]


def _key(probe: Probe) -> tuple[str, str]:
    return probe.subject, probe.relation


def _fact(content: Content) -> Fact:
    if not isinstance(content, Fact):
        raise TypeError("every change of the demo is a fact")
    return content
