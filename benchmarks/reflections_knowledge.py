"""Part *knowledge* of the reflections benchmark: what a memory model knows of documents.

Each seed is a corpus of its own (:mod:`benchmarks.reflections_corpora`), its memory model trained with the defaults of
the bundled model and guarded as in a knowledge base. Questions are put to it directly, and those over two and three
steps also through the protocol with an executive that never sees the documents. Controls: the memory model without the
guard (``unguarded``); the same where every answer counts, however unsure; and the bundled model as it is, asked
directly (the closed book) and in place of the memory model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from addenda.memories.reflections.memory_model import MemoryModel
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import Question, build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import (
    EXECUTIVES,
    OUTSIDE,
    Guarded,
    Setup,
    asked_all,
    asked_guarded,
    consulted,
    items_of,
    knowledge,
    middle,
    once,
    share,
    trained,
)
from benchmarks.results import Part

_HOPS = ("two_hop", "three_hop")
_LOWEST = ("one_hop", "reversed", "two_hop_protocol", "idk_outside")
"""Metrics of which the lowest of all seeds is told, too."""
_KINDS = tuple(f"idk_{one}" for one in OUTSIDE)
_SHOWN = ("one_hop", "reversed", "two_hop_direct", "idk_outside", "idk_answerable")
"""What is told of the controls."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Shares of right answers and of refusals, and the same of the model before it was trained."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    for seed in seeds:
        found = once(setup, f"knowledge-{seed}", partial(_measured, seed, setup))
        items += cast("list[dict[str, object]]", found["items"])
        rows.append(cast("dict[str, float]", found["row"]))
        print(f"knowledge seed={seed}: {rows[-1]}", flush=True)
    return Part(
        seeds=seeds,
        metrics=middle(rows) | {f"{name}_lowest": round(min(row[name] for row in rows), 4) for name in _LOWEST},
        details={"products": setup.products, "executive": setup.executive, "threads": 1, "rows": rows},
        items=items,
    )


def _measured(seed: int, setup: Setup) -> dict[str, object]:
    """The metrics of one seed, and what its memory model and the base said."""
    corpus = build_corpus(seed, setup.products)
    reflections, sets = reflections_of(corpus), question_sets(corpus, most=setup.questions)
    # The one that goes by rules shows what the memory model knows apart from who directs it.
    executives = {name: EXECUTIVES[name](corpus) for name in dict.fromkeys((setup.executive, "scripted"))}
    base = MemoryModel(LocalModel.load(threads=1, device="cpu"), 0.0)
    with trained(setup, reflections) as memory:
        row = {"train_seconds": memory.seconds, "facts": len(corpus.world.facts), "reflections": len(reflections)}
        unguarded = asked_all(memory.model, sets)
        row |= {f"unguarded_{name}": knowledge(unguarded)[name] for name in (*_SHOWN, *_KINDS)}
        row |= {f"every_answer_{name}": knowledge(unguarded, "every_")[name] for name in _SHOWN}
        items = [{"seed": seed, "model": "unguarded", **item} for item in unguarded]
        for who, model in (("memory", Guarded(memory.model, reflections)), ("base", base)):
            own = asked_guarded(model, sets)
            for hops in _HOPS:
                asked = cast("tuple[Question, ...]", getattr(sets, hops))
                for name, executive in executives.items():
                    said = consulted(executive, model, [one.text for one in asked])
                    own += items_of(_protocol(hops, name, setup), asked, said)
            directed = [_protocol(hops, name, setup) for hops in _HOPS for name in executives]
            found = knowledge(own) | {one: share(own, set=one) for one in directed}
            row |= {f"base_{name}": found[name] for name in (*_SHOWN, "two_hop_protocol")} if who == "base" else found
            items += [{"seed": seed, "model": who, **item} for item in own]
    return {"row": row, "items": items}


def _protocol(hops: str, executive: str, setup: Setup) -> str:
    """What a set of questions is called that an executive was asked."""
    return f"{hops}_protocol" if executive == setup.executive else f"{hops}_protocol_{executive}"
