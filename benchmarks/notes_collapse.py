"""Part *collapse* of the notes benchmark: whether a notebook outlives the model that revises it.

Deltas that code counts stand against a text that is rewritten. The first seeds alone, because each takes minutes.

A scripted chat model (:mod:`benchmarks.notes_minds`) drafts as well as the rule learner in either mode, so the modes
differ in the revision alone. It begins without a flaw, learns a hidden list (:mod:`benchmarks.notes_world`) from what
comes of its answers, and has a flaw from then on; it also drafts from each batch alone then, as a model does that has
nothing but its prompt, so that what is lost is not learned anew from memory. Measured at every step: how many notes
there are, how many tokens they have, and accuracy on all 1,024 cases. `delta` is what `addenda learn --model` does;
`rewrite` is the method as it was published, which nothing but this uses. Every delta is approved by a scripted reviewer
who accepts all.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from addenda.memories.notes.cases import Observation
from addenda.memories.notes.chat_inducer import ChatInducer, ChatInducerSettings
from addenda.memories.notes.drafting import Asking
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.revision import RevisionSettings
from addenda.memories.notes.rewriting import RewritingSettings, RewrittenNotebook
from addenda.models.base import rough_tokens
from benchmarks.notes_minds import FLAWS, Flaw, Mind
from benchmarks.notes_world import Table, make_table, observed
from benchmarks.results import Part

MOST_SEEDS = 5
HEALTHY, FLAWED = 5, 3
"""Steps without a flaw, and with one."""
BATCH = 32
"""Observations of a step; the model is shown them at once."""
ASKING = Asking(prompt_tokens=50_000)
KEPT = 0.9
"""A notebook has not collapsed as long as it is as accurate as this share of what it was before the flaw."""


@dataclass
class Run:
    """A system that answers by its notebook and has a model learn from what comes of it."""

    table: Table
    rng: random.Random
    mind: Mind = field(default_factory=Mind)
    notebook: Notebook = field(default_factory=lambda: Notebook([]))
    observations: list[Observation] = field(default_factory=list[Observation])
    since: int = 0
    rewritten: RewrittenNotebook | None = None
    """The notebook as one text, in the mode `rewrite`."""

    def flawed_step(self) -> dict[str, object]:
        """A step of a model that knows nothing of earlier batches."""
        self.mind.forget()
        return self.step()

    def step(self) -> dict[str, object]:
        """Answer a batch of cases, learn from it, and be measured."""
        latest: list[Observation] = []
        for number in self.rng.choices(range(len(self.table.cases)), k=BATCH):
            note = self.notebook.decide(self.table.cases[number])
            said = note.answer if note is not None and note.answer is not None else self.rng.choice(self.table.answers)
            latest.append(observed(self.table, number, said, self.rng, 0.0))
        self.observations += latest
        if self.rewritten is None:
            self._by_deltas()
        else:
            self.rewritten.revise(latest)
            self.notebook = Notebook(self.rewritten.notes)
        return {
            "notes": len(self.notebook.notes),
            "tokens": sum(rough_tokens(str(note)) for note in self.notebook.notes),
            "accuracy": self.table.accuracy(self.notebook),
        }

    def _by_deltas(self) -> None:
        settings = ChatInducerSettings(revision=RevisionSettings(batch=BATCH), accumulate=1, most=BATCH, asking=ASKING)
        revision = ChatInducer(self.mind, settings).revise(self.notebook.notes, self.observations, since=self.since)
        self.since = revision.since
        gone = {one for delta in revision.deltas for one in delta.replaces}
        stamp = len(self.observations)
        new = [
            HeldNote(f"{stamp:08x}{number:08x}", delta.note.rule, delta.note.applies_when, delta.note.place, stamp)
            for number, delta in enumerate(revision.deltas)
            if delta.note is not None
        ]
        self.notebook = Notebook([*(note for note in self.notebook.notes if note.addendum_id not in gone), *new])


def measure(seeds: Sequence[int]) -> Part:
    """Size and accuracy of the notebook before a model has a flaw, and after."""
    items: list[dict[str, object]] = []
    chosen = seeds[:MOST_SEEDS]
    for seed in chosen:
        for mode in ("delta", "rewrite"):
            run = Run(make_table(random.Random(seed)), random.Random(seed))
            if mode == "rewrite":
                run.rewritten = RewrittenNotebook(run.mind, RewritingSettings(batch=BATCH, asking=ASKING))
            healthy = [run.step() for _ in range(HEALTHY)]
            for flaw in FLAWS:
                flawed = deepcopy(run)
                flawed.mind.flaw = flaw
                steps = [*healthy, *(flawed.flawed_step() for _ in range(FLAWED))]
                items.append({"seed": seed, "mode": mode, "flaw": flaw, "steps": steps})
            before = float(str(healthy[-1]["accuracy"]))
            print(f"collapse {mode} seed={seed}: {before:.3f}, {_last(items[-len(FLAWS) :])}", flush=True)
    flaws = [flaw for flaw in FLAWS if flaw != "none"]
    metrics: dict[str, object] = {}
    for mode in ("delta", "rewrite"):
        chosen = [item for item in items if item["mode"] == mode]
        spoilt = [item for item in chosen if item["flaw"] != "none"]
        sound = [item for item in chosen if item["flaw"] == "none"]
        metrics |= {
            f"collapse_{mode}_accuracy_before": _median(sound, HEALTHY - 1, "accuracy"),
            f"collapse_{mode}_accuracy_sound": _median(sound, -1, "accuracy"),
            f"collapse_{mode}_accuracy": _median(spoilt, -1, "accuracy"),
            f"collapse_{mode}_accuracy_worst_flaw": min(_median(_of(spoilt, flaw), -1, "accuracy") for flaw in flaws),
            f"collapse_{mode}_notes_kept": _median_kept(spoilt),
            f"collapse_{mode}_kept_share": _share_kept(spoilt),
        }
    return Part(
        metrics=metrics,
        details={
            "steps": {"healthy": HEALTHY, "flawed": FLAWED},
            "observations_a_step": BATCH,
            "cases": 1_024,
            "accuracy_by_flaw": {
                mode: {
                    flaw: _median(_of([i for i in items if i["mode"] == mode], flaw), -1, "accuracy") for flaw in FLAWS
                }
                for mode in ("delta", "rewrite")
            },
        },
        items=items,
        seeds=chosen,
    )


def _of(items: Sequence[Mapping[str, object]], flaw: Flaw) -> list[Mapping[str, object]]:
    return [item for item in items if item["flaw"] == flaw]


def _at(item: Mapping[str, object], step: int, name: str) -> float:
    steps = item["steps"]
    assert isinstance(steps, list)
    return float(str(steps[step][name]))


def _median(items: Sequence[Mapping[str, object]], step: int, name: str) -> float:
    return round(statistics.median(_at(item, step, name) for item in items), 4)


def _median_kept(items: Sequence[Mapping[str, object]]) -> float:
    """The share of the notes there were before the flaw that there are at the end."""
    shares = [_at(item, -1, "notes") / max(1.0, _at(item, HEALTHY - 1, "notes")) for item in items]
    return round(statistics.median(shares), 4)


def _share_kept(items: Sequence[Mapping[str, object]]) -> float:
    """The share of the runs in which the notebook did not collapse."""
    kept = [_at(item, -1, "accuracy") >= KEPT * _at(item, HEALTHY - 1, "accuracy") for item in items]
    return round(sum(kept) / len(kept), 4)


def _last(items: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(f"{item['flaw']} {_at(item, -1, 'accuracy'):.3f}" for item in items)
