"""The edits memory on the bundled model: 1, 10, 100 and 1,000 sequential edits; ours, the paper's, fine-tuning, none.

    python -m benchmarks.edits [--quick]

All scores are exact match of free greedy generation after normalisation; the share of target tokens that teacher
forcing predicts is reported beside it for the same wording. Edits are the demo's kind: another value of the same
specification, 1,000 on 175 products. Wordings that edits are made from, that the gate asks, and that are scored are
disjoint. ``generalization_heldout`` uses wordings that the base model was never trained with, ``generalization_blind``
wordings that were kept blind as well: no other wording was modelled on them.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import cast

import torch
from rich.console import Console
from rich.progress import track

from addenda.demo import scoring
from addenda.demo.catalogue import ChangedFact, Plan, plan_changes
from addenda.demo.scoring import Probe, Scored
from addenda.memories.edits import PAPER, EditRequest, EditsConfig, Rendered, ResidualMemory
from addenda.memories.edits.families import locate
from addenda.memories.edits.finetune import FineTuned
from addenda.memories.edits.paper import PaperMemory, make_prefixes, paper_bench
from addenda.memories.edits.prompts import Prompt, encode_prompt, encode_target
from addenda.models.base import batches
from addenda.models.bundled import World, build_world, weights_directory
from addenda.models.local import LocalModel
from benchmarks import results
from benchmarks.edits_plots import draw

SEEDS = (1, 2, 3)
STEPS = (1, 10, 100, 1000)
WORDINGS = 3
TIMED_TOKENS = 32
console = Console(stderr=True)

Attached = Callable[[], AbstractContextManager[None]]


@dataclass(slots=True)
class Run:
    """What one method did with one draw of edits."""

    method: str
    seed: int
    seconds: float = 0.0
    by_count: dict[int, dict[str, float]] = field(default_factory=dict)
    floors: dict[str, tuple[float, float]] = field(default_factory=dict)
    first_right: int = 0
    retention: float | None = None
    scored: tuple[Scored, ...] = ()
    edits: int = 0


class Bench:
    """The bundled model, its world, and how edits are made and scored on it."""

    def __init__(self, config: EditsConfig) -> None:
        self.model = LocalModel.load()
        self.world: World = build_world()
        self.config = config
        self._plain: dict[str, str] = {}

    def request(self, change: ChangedFact) -> EditRequest:
        """An edit as the knowledge base makes it: all its wordings, and the subject's other relations as neighbours."""
        relation = self.world.relations[change.relation]
        near = [
            other.edit[0].format(subject=change.subject)
            for other in self.world.relations.values()
            if other.subject_kind == relation.subject_kind and other.name != relation.name
        ]
        prompts = tuple(self.render(wording.format(subject=change.subject)) for wording in relation.edit)
        return EditRequest(prompts, change.new, tuple(self.render(question) for question in near))

    def question(self, change: ChangedFact) -> str:
        """The wording that every method makes its edit with."""
        return self.world.relations[change.relation].edit[0].format(subject=change.subject)

    def render(self, question: str) -> Prompt:
        """The question in the model's chat template."""
        return Rendered(self.model.render(question))

    def answers(self, questions: Sequence[str], attached: Attached, label: str) -> list[str]:
        """Free greedy answers, in order."""
        said: dict[int, str] = {}
        chunks = list(batches(questions, self.model.batch_size))
        for batch in track(chunks, label, console=console, transient=True):
            with attached():
                for index, completion in zip(batch, self.model.answer([questions[i] for i in batch]), strict=True):
                    said[index] = completion.text
        return [said[index] for index in range(len(questions))]

    def unedited(self, questions: Sequence[str]) -> list[str]:
        """What the model says without any edit; asked once."""
        new = [question for question in dict.fromkeys(questions) if question not in self._plain]
        self._plain.update(zip(new, self.answers(new, nullcontext, "unedited"), strict=True))
        return [self._plain[question] for question in questions]

    def score(self, asked: Sequence[Probe], attached: Attached, label: str) -> tuple[Scored, ...]:
        """Ask every probe with and without the edits."""
        return scoring.score(asked, self.unedited, lambda questions: self.answers(questions, attached, label))

    def teacher_forced(self, changes: Sequence[ChangedFact], attached: Attached) -> float:
        """Share of target tokens that are the argmax when the target is given, in the wording of the edit."""
        shares: list[float] = []
        for change in changes:
            prompt = self.render(self.question(change))
            ids = encode_prompt(self.model.tokenizer, prompt)
            target = encode_target(self.model.tokenizer, prompt, change.new)
            with attached(), torch.inference_mode():
                # The gate is decided on the prompt; the target then goes through the cache token by token.
                out = self.model.network(input_ids=torch.tensor([ids]), use_cache=True)
                right = [int(out.logits[0, -1].argmax()) == target[0]]
                for token, following in itertools.pairwise(target):
                    out = self.model.network(
                        input_ids=torch.tensor([[token]]), past_key_values=out.past_key_values, use_cache=True
                    )
                    right.append(int(out.logits[0, -1].argmax()) == following)
            shares.append(sum(right) / len(right))
        return statistics.fmean(shares)


def ours(bench: Bench, mode: str) -> tuple[Callable[[Sequence[ChangedFact]], None], Attached]:
    """Our solver, in isolated or shared storage."""
    config = bench.config
    if mode == "shared":
        # Step size and count as published; place, fingerprint and threshold as in isolated mode.
        config = config.model_copy(update={"mode": "shared", "rate": PAPER.rate, "steps": PAPER.steps})
    memory = ResidualMemory.create(bench.model.network, bench.model.tokenizer, config)

    def learn(changes: Sequence[ChangedFact]) -> None:
        solved = memory.solve([bench.request(change) for change in changes])
        memory.add_all((f"{c.subject}/{c.relation}", edit) for c, edit in zip(changes, solved, strict=True))

    return learn, memory.attached


def paper(bench: Bench) -> tuple[Callable[[Sequence[ChangedFact]], None], Attached]:
    """MEMOIR as published, one edit after the other into one matrix."""
    place = locate(bench.model.network, PAPER)
    config = PAPER.model_copy(update={"layer": bench.config.layer})
    place = locate(bench.model.network, config)
    background = [bench.render(f"nq question: who was number {n}?") for n in range(100)]
    prefixes = make_prefixes(bench.model.network, bench.model.tokenizer)
    setting = paper_bench(bench.model.network, bench.model.tokenizer, place, config, background)

    def compose(prefix: str, question: str) -> Prompt:
        return bench.render(f"{prefix}. {question}" if prefix else question)

    memory = PaperMemory(setting, prefixes, compose)

    def learn(changes: Sequence[ChangedFact]) -> None:
        for change in track(changes, "paper mode", console=console, transient=True):
            memory.edit(f"{change.subject}/{change.relation}", bench.question(change), change.new)

    return learn, lambda: memory.attached()


def finetune(bench: Bench) -> tuple[Callable[[Sequence[ChangedFact]], None], Attached]:
    """Plain fine-tuning of the same matrix."""
    config = PAPER.model_copy(update={"layer": bench.config.layer})
    place = locate(bench.model.network, config)
    setting = paper_bench(bench.model.network, bench.model.tokenizer, place, config, [bench.render("Hello.")])
    tuned = FineTuned(setting)

    def learn(changes: Sequence[ChangedFact]) -> None:
        for change in track(changes, "fine-tuning", console=console, transient=True):
            tuned.edit(bench.render(bench.question(change)), change.new)

    return learn, lambda: tuned.attached()


METHODS = {
    "ours": lambda bench: ours(bench, "isolated"),
    "ours_shared": lambda bench: ours(bench, "shared"),
    "paper": paper,
    "finetune": finetune,
}


def probes_of(asked: Sequence[Probe], changes: Sequence[ChangedFact]) -> list[Probe]:
    """The probes about these changes."""
    made = {(change.subject, change.relation) for change in changes}
    return [probe for probe in asked if probe.new is not None and (probe.subject, probe.relation) in made]


def run(bench: Bench, method: str, seed: int, counts: Sequence[int], plan: Plan) -> Run:
    """Make the edits one portion after the other and score after each."""
    learn, attached = METHODS[method](bench)
    outcome = Run(method, seed, edits=counts[-1])
    asked = scoring.probes(bench.world, plan, seed=seed, wordings_per_fact=WORDINGS)
    kept = [probe for probe in asked if probe.new is None]
    done = 0
    for count in counts:
        started = time.perf_counter()
        learn(plan.changes[done:count])
        outcome.seconds += time.perf_counter() - started
        done = count
        sample = kept if count == counts[-1] else Random(seed).sample(kept, min(200, len(kept)))
        outcome.scored = bench.score([*probes_of(asked, plan.changes[:count]), *sample], attached, f"{method} {count}")
        rates: dict[str, float] = dict(scoring.rates(outcome.scored))
        rates["teacher_forced"] = bench.teacher_forced(plan.changes[: min(count, 200)], attached)
        outcome.by_count[count] = rates
        if count == 100:
            outcome.first_right = sum(entry.right for entry in outcome.scored if entry.probe.new is not None)
        console.print(f"{method} seed {seed} T={count}: " + ", ".join(f"{k} {v:.3f}" for k, v in rates.items()))
    if counts[-1] > 100 and outcome.first_right:
        first = {(c.subject, c.relation) for c in plan.changes[:100]}
        right = sum(e.right for e in outcome.scored if (e.probe.subject, e.probe.relation) in first and e.probe.new)
        outcome.retention = right / outcome.first_right
    outcome.floors = dict(scoring.floor(outcome.scored))
    return outcome


def overhead(bench: Bench, plan: Plan, batch: int, repeats: int) -> float:
    """Added time per generated token with every edit of the plan held: memory on over model alone, minus 1."""
    learn, attached = ours(bench, "isolated")
    learn(plan.changes)
    questions = [bench.question(change) for change in plan.changes[:batch]]
    rendered = [bench.model.render(question) for question in questions]
    inputs = bench.model.tokenizer(rendered, return_tensors="pt", padding=True, add_special_tokens=False)

    def seconds(context: Attached) -> float:
        with context(), torch.inference_mode():
            started = time.perf_counter()
            bench.model.network.generate(
                **inputs, max_new_tokens=TIMED_TOKENS, min_new_tokens=TIMED_TOKENS, do_sample=False
            )
            return time.perf_counter() - started

    ratios = [seconds(attached) / seconds(nullcontext) for _ in range(repeats + 2)][2:]
    return statistics.median(ratios) - 1.0


def main() -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="at most 100 edits, one seed")
    parser.add_argument("--baseline-edits", type=int, default=1000, help="edits made by the slow baselines")
    arguments = parser.parse_args()
    quick = cast("bool", arguments.quick)
    config = EditsConfig.model_validate_json((weights_directory() / "edits.json").read_bytes())
    bench = Bench(config)
    seeds, counts = ((SEEDS[0],), (1, 10, 100)) if quick else (SEEDS, STEPS)
    runs: list[Run] = []
    for seed in seeds:
        plan = plan_changes(bench.world, seed=seed)
        methods = ("ours", "finetune", "ours_shared", "paper") if seed == seeds[0] else ("ours",)
        for method in methods:
            limit = counts[-1] if method == "ours" else min(counts[-1], cast("int", arguments.baseline_edits))
            runs.append(run(bench, method, seed, [count for count in counts if count <= limit], plan))
    plan = plan_changes(bench.world, seed=seeds[0], count=counts[-1])
    added = {f"batch_{batch}": overhead(bench, plan, batch, 5 if quick else 20) for batch in (1, 16)}
    report(runs, added, seeds, quick=quick)


def report(runs: Sequence[Run], added: dict[str, float], seeds: Sequence[int], *, quick: bool) -> None:
    """Write metrics, details, per-item results and the plot."""
    mine = [entry for entry in runs if entry.method == "ours"]
    baseline = next(entry for entry in runs if entry.method == "paper")
    last = max(mine[0].by_count)
    metrics: dict[str, object] = {
        group: round(statistics.fmean(entry.by_count[last][group] for entry in mine), 4) for group in scoring.GROUPS
    }
    kept = [entry.retention for entry in mine if entry.retention is not None]
    metrics |= {
        "teacher_forced": round(statistics.fmean(entry.by_count[last]["teacher_forced"] for entry in mine), 4),
        "retention_first_100": round(statistics.fmean(kept), 4) if kept else None,
        "seconds_per_edit": round(statistics.fmean(entry.seconds / entry.edits for entry in mine), 5),
        "speedup_vs_paper": round((baseline.seconds / baseline.edits) / (mine[0].seconds / mine[0].edits), 2),
        "token_overhead": round(max(added.values()), 4),
    }
    details = {
        "edits": last,
        "token_overhead": {name: round(value, 4) for name, value in added.items()},
        "runs": [
            {
                "method": entry.method,
                "seed": entry.seed,
                "edits": entry.edits,
                "seconds_per_edit": round(entry.seconds / entry.edits, 5),
                "retention_first_100": entry.retention,
                "by_count": {str(n): {k: round(v, 4) for k, v in rates.items()} for n, rates in entry.by_count.items()},
                "unedited_says_new_and_old": {k: [round(x, 4) for x in v] for k, v in entry.floors.items()},
            }
            for entry in runs
        ],
    }
    items = (
        {
            "method": entry.method,
            "seed": entry.seed,
            "group": scored.probe.group,
            "question": scored.probe.question,
            "old": scored.probe.old,
            "new": scored.probe.new,
            "before": scored.before,
            "after": scored.after,
            "right": scored.right,
        }
        for entry in runs
        for scored in entry.scored
    )
    path = results.write("edits", seeds=seeds, metrics=metrics, details=details, items=items, quick=quick)
    draw(details, path.with_suffix(".svg"))
    console.print(metrics)
    console.print(f"written to {path}")


if __name__ == "__main__":
    main()
