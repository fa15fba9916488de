"""What the parts of the notes benchmark share: a system that learns from feedback, notebooks, and questions in words.

The system answers by its notebook, guesses where no note decides, and is revised after a batch of answers, or after
several of them (accumulation: nothing but when `addenda learn` is called, so it is the loop's to do and no setting).
Every delta is approved by a scripted reviewer who accepts all, so that the learner alone is measured.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from addenda.memories.base import Deliver
from addenda.memories.notes import NotesMemory
from addenda.memories.notes.artefact import StoredNote
from addenda.memories.notes.cases import Case, Feedback, Observation
from addenda.memories.notes.deltas import Delta
from addenda.memories.notes.following import NotesAlone
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.lists import ListedRule
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.revision import RevisionSettings, revise, rule_of
from benchmarks.notes_world import Table, observed

SEEDS = tuple(range(3_001, 3_021))
"""For what is reported. None of them was used for any choice; those were made with seeds below 100."""
QUICK_SEEDS = (1, 2)
BATCH = 10
OBSERVATIONS = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How the system is revised."""

    batch: int = BATCH
    accumulate: int = 1
    """Batches that are answered with the same notebook before it is revised."""
    momentum: int = RevisionSettings().momentum


class Run:
    """A system that learns from what comes of its answers."""

    def __init__(
        self,
        table: Table,
        seed: int,
        noise: float,
        feedback: Feedback = "outcome",
        *,
        pace: Pace | None = None,
        draw: Callable[[random.Random], int] | None = None,
    ) -> None:
        """Begin with an empty notebook.

        Args:
            table: What is to be answered.
            seed: Of cases, guesses and wrong feedback.
            noise: Share of feedback that is wrong.
            feedback: How it is known what came of an answer.
            pace: When the notebook is revised.
            draw: The number of the next case; any of all where it is not given.
        """
        self.table, self.noise, self.feedback = table, noise, feedback
        self.pace = Pace() if pace is None else pace
        self.rng = random.Random(seed)
        self.observations: list[Observation] = []
        self.notebook = Notebook([])
        self.since = 0
        self.kinds: Counter[str] = Counter()
        self.changes: list[tuple[Notebook, Notebook]] = []
        """The notebook before and after each revision that changed it."""
        self._draw = draw
        self._settings = RevisionSettings(batch=self.pace.batch, momentum=self.pace.momentum)

    def batch(self) -> float:
        """Answer the cases between two revisions, learn from them, and be measured on all cases."""
        self.step()
        return self.table.accuracy(self.notebook)

    def step(self) -> None:
        """Answer the cases between two revisions, and learn from them."""
        for number in self._cases():
            note = self.notebook.decide(self.table.cases[number])
            answer = (
                note.answer if note is not None and note.answer is not None else self.rng.choice(self.table.answers)
            )
            self.observations.append(observed(self.table, number, answer, self.rng, self.noise, self.feedback))
        revision = revise(self.notebook.notes, self.observations, self._settings, since=self.since)
        self.since = revision.since
        self._apply(revision.deltas)

    def _cases(self) -> list[int]:
        count = self.pace.batch * self.pace.accumulate
        if self._draw is None:
            return self.rng.choices(range(len(self.table.cases)), k=count)
        return [self._draw(self.rng) for _ in range(count)]

    def _apply(self, deltas: Sequence[Delta]) -> None:
        self.kinds.update(delta.kind for delta in deltas)
        after = applied(self.notebook, deltas, len(self.observations))
        if deltas:
            self.changes.append((self.notebook, after))
        self.notebook = after

    @property
    def rules(self) -> list[ListedRule]:
        """What the notebook says."""
        return [rule for note in self.notebook.notes if (rule := rule_of(note)) is not None]

    def recovered(self) -> float:
        """Share of the hidden rules that a note equals: the same cases, the same answer."""
        return recovered(self.table, self.rules)

    def superfluous(self) -> int:
        """Notes that equal no hidden rule."""
        return superfluous(self.table, self.rules)


def applied(notebook: Notebook, deltas: Sequence[Delta], generation: int) -> Notebook:
    """The notebook after these deltas; ``generation`` tells their notes from those of other times."""
    gone = {one for delta in deltas for one in delta.replaces}
    new = [
        HeldNote(f"{generation:08x}{n:08x}", delta.note.rule, delta.note.applies_when, delta.note.place)
        for n, delta in enumerate(deltas)
        if delta.note is not None
    ]
    return Notebook([*(note for note in notebook.notes if note.addendum_id not in gone), *new])


def recovered(table: Table, rules: Sequence[ListedRule]) -> float:
    """Share of the hidden rules that a rule equals: the same cases, the same answer."""
    hidden, shown = table.regions(table.rules), table.regions(rules)
    return sum(one in shown for one in hidden) / len(hidden)


def superfluous(table: Table, rules: Sequence[ListedRule]) -> int:
    """Rules that equal no hidden one."""
    hidden = table.regions(table.rules)
    return sum(one not in hidden for one in table.regions(rules))


def notebook_of(rules: Sequence[ListedRule]) -> Notebook:
    """A notebook that says these rules in this order."""
    return Notebook(HeldNote(f"{n:016x}", conclusion(a), when(c), n) for n, (c, a) in enumerate(rules))


def random_rules(table: Table, like: Sequence[ListedRule], rng: random.Random) -> list[ListedRule]:
    """As many rules of the same lengths, with conditions and answers drawn at random."""
    made: list[ListedRule] = []
    for conditions, _ in like:
        attributes = rng.sample(range(len(table.names)), len(conditions))
        drawn = tuple(Condition(table.names[a], "is", rng.choice(table.values[a])) for a in attributes)
        made.append((drawn, rng.choice(table.answers)))
    return made


def delivery(note: HeldNote) -> Deliver:
    """What puts a note into the notes memory."""
    stored = StoredNote(rule=note.rule, applies_when=note.applies_when, place=note.place, withdrawn=False)
    return Deliver(note.addendum_id, stored.to_bytes(), note.sequence)


def memory_of(notebook: Notebook) -> NotesMemory:
    """The notes memory with the notes of a notebook."""
    memory = NotesMemory()
    memory.apply([delivery(note) for note in notebook.notes], len(notebook.notes))
    return memory


def question_about(case: Case) -> str:
    """A case as somebody puts it in words."""
    return when(Condition(name, "is", value) for name, value in case.attributes.items()) + "?"


def said_by(memory: NotesMemory, cases: Sequence[Case]) -> list[str | None]:
    """What the notes memory answers to questions about these cases, without a model; None where no note decides."""
    view = memory.contribute(at=None)
    questions = [question_about(case) for case in cases]
    answers = NotesAlone().answer(questions, [view.choose(question) for question in questions])
    return [None if one is None else one.text for one in answers]


def guessed(said: Iterable[str | None], answers: Sequence[str], rng: random.Random) -> list[str]:
    """The same answers, with a guess for each that is missing."""
    return [rng.choice(answers) if one is None else one for one in said]


def share_right(said: Sequence[str | None], due: Sequence[str]) -> float:
    """The share of answers that are the right ones."""
    return sum(one == other for one, other in zip(said, due, strict=True)) / len(due)


def middle(items: Iterable[Mapping[str, object]], name: str, **wanted: object) -> float:
    """The median of a number over the items that have these values."""
    chosen = [item for item in items if all(item[key] == value for key, value in wanted.items())]
    return round(statistics.median(float(str(item[name])) for item in chosen), 4)


def mean(items: Iterable[Mapping[str, object]], name: str, **wanted: object) -> float:
    """The mean of a number, or the share of a truth value, over the items that have these values."""
    chosen = [item for item in items if all(item[key] == value for key, value in wanted.items())]
    return round(
        statistics.fmean(float(str(item[name]).replace("True", "1").replace("False", "0")) for item in chosen), 4
    )
