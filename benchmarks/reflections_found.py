"""Part *found* of the reflections benchmark: what the searches of the part retrieval bring to be read.

No model is asked: a question counts where one of the sentences that are read for it has the right answer. What is not
found cannot be read, and what is found and not answered in the part retrieval was lost in reading. Needs what
:mod:`benchmarks.reflections_retrieval` needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from addenda.text import normalised
from benchmarks.reflections_corpora import Question, build_corpus, question_sets
from benchmarks.reflections_measuring import Setup, middle, share
from benchmarks.reflections_retrieval import searches
from benchmarks.results import Part

SETS = ("one_hop", "reversed", "two_hop", "three_hop")
"""Sets of questions that the documents answer."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Shares of questions whose answer is found, for each search."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    for seed in seeds:
        corpus = build_corpus(seed, setup.products)
        sets = question_sets(corpus, most=setup.questions)
        asked = {name: cast("tuple[Question, ...]", getattr(sets, name)) for name in SETS}
        row: dict[str, float] = {}
        for search, nearest in searches(corpus, setup):
            own = [
                {
                    "seed": seed,
                    "search": search,
                    "set": name,
                    "kind": one.kind,
                    "question": one.text,
                    "expected": one.answer,
                    "found": any(normalised(one.answer) in normalised(sentence) for sentence in nearest(one.text)),
                }
                for name, questions in asked.items()
                for one in questions
            ]
            row |= {f"found_{name}_{search}": share(own, "found", set=name) for name in asked}
            items += own
        rows.append(row)
        print(f"found seed={seed}: {row}", flush=True)
    return Part(seeds=seeds, metrics=middle(rows), details={"products": setup.products}, items=items)
