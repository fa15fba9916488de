"""Part *knowledge* of the reflections benchmark: what a memory model knows of documents.

Each seed is a corpus of its own (:mod:`benchmarks.reflections_corpora`), its memory model trained with the defaults of
the bundled model. Questions are put to it directly, and those over two and three steps also through the protocol with
an executive that never sees the documents. Controls: the bundled model as it is, asked directly (the closed book), and
in place of the memory model in the protocol.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import (
    EXECUTIVES,
    Setup,
    asked_all,
    consulted,
    items_of,
    knowledge,
    middle,
    share,
    trained,
)
from benchmarks.results import Part

_HOPS = ("two_hop", "three_hop")


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Shares of right answers and of refusals, and the same of the model before it was trained."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    base = LocalModel.load(threads=1, device="cpu")
    for seed in seeds:
        corpus = build_corpus(seed, setup.products)
        reflections, sets = reflections_of(corpus), question_sets(corpus, most=setup.questions)
        executive = EXECUTIVES[setup.executive](corpus)
        with tempfile.TemporaryDirectory() as directory:
            memory = trained(reflections, Path(directory) / "memory")
            row = {"reflections": len(reflections), "train_seconds": memory.seconds}
            for who, model in (("memory", memory.model), ("base", base)):
                own = asked_all(model, sets)
                for hops in _HOPS:
                    asked = getattr(sets, hops)
                    said = consulted(executive, model, [one.text for one in asked])
                    own += items_of(f"{hops}_protocol", asked, said)
                prefix = "" if who == "memory" else "base_"
                found = knowledge(own) | {f"{hops}_protocol": share(own, set=f"{hops}_protocol") for hops in _HOPS}
                row |= {f"{prefix}{name}": value for name, value in found.items()}
                items += [{"seed": seed, "model": who, **item} for item in own]
        rows.append(row)
        print(f"knowledge seed={seed}: {row}", flush=True)
    worst = {
        f"{name}_lowest": round(min(row[name] for row in rows), 4) for name in ("one_hop", "reversed", "idk_outside")
    }
    return Part(
        seeds=seeds,
        metrics=middle(rows) | worst,
        details={"products": setup.products, "executive": setup.executive, "threads": 1, "seeds": rows},
        items=items,
    )
