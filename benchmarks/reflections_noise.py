"""Part *noise* of the reflections benchmark: what documents that nobody asks about cost those that are asked about.

To a small corpus come 1 to 16 times as many products of another world, alike in everything but names and values. All
are taught together, each reflection equally often. Asked is the small corpus only, each time the same questions; those
from values that something of the other world has, too, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.reflections_corpora import build_corpus, question_sets, reflections_of, unambiguous
from benchmarks.reflections_measuring import Guarded, Setup, asked_guarded, knowledge, trained
from benchmarks.results import Part

TIMES = (0, 1, 2, 4, 8, 16)
"""Products of the other world for each of the corpus."""
_OTHER = 700
"""Added to a seed for the world that distracts."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Right answers about the corpus by the number of products that distract, for the first seed."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    products = max(2, setup.products // 8)
    corpus = build_corpus(seeds[0], products)
    distracting = build_corpus(seeds[0] + _OTHER, max(TIMES) * products)
    sets = unambiguous(question_sets(corpus, most=setup.questions), corpus, distracting)
    reflections = reflections_of(corpus)
    for times in TIMES:
        others = reflections_of(build_corpus(seeds[0] + _OTHER, times * products)) if times else ()
        taught = (*reflections, *others)
        with trained(setup, taught) as memory:
            found = asked_guarded(Guarded(memory.model, taught), sets)
        rows.append({"times": times, **knowledge(found), "train_seconds": memory.seconds})
        items += [{"seed": seeds[0], "times": times, **item} for item in found]
        print(f"noise {rows[-1]}", flush=True)
    names = ("one_hop", "reversed", "idk_outside")
    metrics = {f"{name}_{row['times']}x": round(row[name], 4) for row in rows for name in names}
    return Part(seeds=seeds[:1], metrics=metrics, details={"products": products, "rows": rows}, items=items)
