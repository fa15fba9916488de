"""Part *capacity* of the reflections benchmark: how much a memory model of a given size holds.

Corpora of more and more products of one world, each with a memory model of its own that learns each reflection equally
often, so that steps grow with facts. Where the share of right answers falls is what the weights hold at this effort;
facts of the corpus per parameter of the model are given with it. Asked guarded, as a knowledge base asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import Guarded, Setup, asked_guarded, knowledge, trained
from benchmarks.results import Part

SIZES = (1, 2, 4, 8, 12, 30)
"""In quarters of ``Setup.products``; the last is a whole world."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Right answers by the number of products, for the first seed."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    for size in SIZES:
        corpus = build_corpus(seeds[0], max(2, size * setup.products // 4))
        reflections = reflections_of(corpus)
        with trained(setup, reflections) as memory:
            found = asked_guarded(Guarded(memory.model, reflections), question_sets(corpus, most=setup.questions))
            parameters = LocalModel.load(str(memory.folder), device="cpu").network.num_parameters()
        facts = len(corpus.world.facts)
        row = {"products": len(corpus.world.products), "facts": facts, "facts_per_parameter": facts / parameters}
        rows.append(row | knowledge(found) | {"train_seconds": memory.seconds})
        items += [{"seed": seeds[0], "facts": facts, **item} for item in found]
        print(f"capacity {rows[-1]}", flush=True)
    names = ("one_hop", "reversed", "idk_outside")
    metrics = {f"{name}_{row['facts']}_facts": round(row[name], 4) for row in rows for name in names}
    return Part(seeds=seeds[:1], metrics=metrics, details={"rows": rows}, items=items)
