"""Part *latency* of the reflections benchmark: what a question costs as the corpus grows a hundredfold, guard on.

The same world in three sizes, each with a memory model of its own, trained on it; what is asked is about the products
that all three know. Every question is asked of each size in turn before the next one, so that a busy machine slows all
of them alike; a ratio is that of the medians. With each size goes the accuracy, because a model that forgets is quick
for nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.reflections_corpora import build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import EXECUTIVES, Guarded, Setup, consulted, is_right, said_by, trained
from benchmarks.results import Part

FACTORS = (1, 10, 100)
"""How many times the smallest corpus."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Seconds of a question, asked directly and through the protocol, by the size of the corpus; one seed."""
    seed = seeds[0]
    smallest = max(1, setup.products // 13)  # 3 products of 40 as measured, so that the largest is a whole world
    corpora = {factor: build_corpus(seed, smallest * factor) for factor in FACTORS}
    sets = question_sets(corpora[1], most=setup.questions)
    executive = EXECUTIVES["scripted"](corpora[1])
    items: list[dict[str, object]] = []
    sizes: dict[int, int] = {}
    with ExitStack() as models:
        memories: dict[int, Guarded] = {}
        for factor, corpus in corpora.items():
            reflections = reflections_of(corpus)
            sizes[factor] = len(reflections)
            memories[factor] = Guarded(models.enter_context(trained(setup, reflections)).model, reflections)
            said_by(memories[factor], [sets.one_hop[0].text])  # loads the model and makes the index
        for how, questions in (("direct", sets.one_hop), ("protocol", sets.two_hop)):
            for question in questions:
                for factor, memory in memories.items():
                    started = time.perf_counter()
                    said = (
                        said_by(memory, [question.text])[0].text
                        if how == "direct"
                        else consulted(executive, memory, [question.text])[0]
                    )
                    seconds = time.perf_counter() - started
                    right = is_right(question, said)
                    items.append({"how": how, "factor": factor, "seconds": seconds, "right": right, "said": said})
    metrics = _metrics(items) | {f"reflections_{factor}x": float(size) for factor, size in sizes.items()}
    return Part(seeds=(seed,), metrics=metrics, details={"smallest_products": smallest}, items=items)


def _metrics(items: Sequence[dict[str, object]]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    medians: dict[tuple[str, int], float] = {}
    for how in ("direct", "protocol"):
        for factor in FACTORS:
            mine = [item for item in items if (item["how"], item["factor"]) == (how, factor)]
            medians[how, factor] = statistics.median(float(str(item["seconds"])) for item in mine)
            metrics[f"{how}_accuracy_{factor}x"] = round(sum(bool(item["right"]) for item in mine) / len(mine), 4)
            metrics[f"{how}_ms_{factor}x"] = round(1000 * medians[how, factor], 2)
        ratio = medians[how, FACTORS[-1]] / medians[how, 1]
        metrics["latency_ratio_100x" if how == "direct" else "latency_ratio_100x_protocol"] = round(ratio, 4)
    return metrics
