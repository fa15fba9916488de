"""Part *knowledge* of the reflections benchmark: what a memory model knows of documents.

Each seed is a corpus of its own (:mod:`benchmarks.reflections_corpora`), its memory model trained with the defaults of
the bundled model. Questions are put to it directly, and those over two and three steps also through the protocol with
an executive that never sees the documents. Controls: the memory model where every answer counts,
however unsure; and the bundled model as it is, asked directly (the closed book) and in place of the memory model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from addenda.memories.reflections.memory_model import MemoryModel
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import Question, build_corpus, question_sets, reflections_of
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
_LOWEST = ("one_hop", "reversed", "two_hop_protocol", "idk_outside")
"""Metrics of which the lowest of all seeds is told, too."""
_SHOWN = ("one_hop", "reversed", "two_hop_direct", "idk_outside", "idk_answerable")
"""What is told of the controls."""


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
            row = {"train_seconds": memory.seconds, "facts": len(corpus.world.facts), "reflections": len(reflections)}
            for who, model in (("memory", memory.model), ("base", MemoryModel(base, 0.0))):
                own = asked_all(model, sets)
                if who == "memory":
                    row |= {f"every_answer_{name}": knowledge(own, "every_")[name] for name in _SHOWN}
                for hops in _HOPS:
                    asked = cast("tuple[Question, ...]", getattr(sets, hops))
                    said = consulted(executive, model, [one.text for one in asked])
                    own += items_of(f"{hops}_protocol", asked, said)
                found = knowledge(own) | {f"{one}_protocol": share(own, set=f"{one}_protocol") for one in _HOPS}
                row |= (
                    {f"base_{name}": found[name] for name in (*_SHOWN, "two_hop_protocol")} if who == "base" else found
                )
                items += [{"seed": seed, "model": who, **item} for item in own]
        rows.append(row)
        print(f"knowledge seed={seed}: {row}", flush=True)
    return Part(
        seeds=seeds,
        metrics=middle(rows) | {f"{name}_lowest": round(min(row[name] for row in rows), 4) for name in _LOWEST},
        details={"products": setup.products, "executive": setup.executive, "threads": 1, "rows": rows},
        items=items,
    )
