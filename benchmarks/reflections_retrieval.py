"""Part *retrieval* of the reflections benchmark: the memory model beside retrieval, with the same executive.

In place of the memory model stands BM25 over the sentences of the documents, the nearest of which the bundled model as
it is reads as its context. Both are asked the same questions, directly (a single turn) and through the protocol with
the same executive, budget and turns. Retrieval has the documents at hand at every question, the memory model never.
Needs bm25s (MIT licence), which nothing else here does: `pip install bm25s`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import fields
from typing import cast

from addenda.documents.sentences import split_sentences
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion, LanguageModel
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import Corpus, QuestionSets, build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import (
    EXECUTIVES,
    OUTSIDE,
    Setup,
    consulted,
    items_of,
    middle,
    said_by,
    share,
    trained,
)
from benchmarks.results import Part

SENTENCES = 4
"""That are read for a question."""
_SETS = ("one_hop", "reversed", "two_hop", "three_hop", *OUTSIDE)


class Retrieving:
    """Answers from the sentences that BM25 finds nearest to a question; keeps the protocol of a language model."""

    def __init__(self, reader: LocalModel, corpus: Corpus) -> None:
        """Index the corpus, one entry for a sentence."""
        self._reader = reader
        self._library = importlib.import_module("bm25s")
        self._sentences = [one.text for document in corpus.documents for one in split_sentences(document.text)]
        self._index = self._library.BM25()
        self._index.index(self._terms(self._sentences), show_progress=False)

    @property
    def name(self) -> str:
        """What it is."""
        return "BM25 and the bundled model"

    @property
    def fingerprint(self) -> str:
        """That of the reader."""
        return self._reader.fingerprint

    @property
    def batch_size(self) -> int:
        """That of the reader."""
        return self._reader.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Read the nearest sentences, and answer."""
        return self._reader.complete([self._prompt(one) for one in questions], max_new_tokens=max_new_tokens)

    def _prompt(self, question: str) -> str:
        nearest, _ = self._index.retrieve(
            self._terms([question]), corpus=self._sentences, k=min(SENTENCES, len(self._sentences)), show_progress=False
        )
        turns = [
            {"role": "context", "content": " ".join(str(one).strip() for one in nearest[0])},
            {"role": "user", "content": question},
        ]
        template = self._reader.tokenizer.apply_chat_template
        return cast("str", template(turns, tokenize=False, add_generation_prompt=True))

    def _terms(self, texts: Sequence[str]) -> object:
        return self._library.tokenize(list(texts), stopwords="en", show_progress=False)


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Right answers of both, directly and through the protocol."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    base = LocalModel.load(threads=1, device="cpu")
    for seed in seeds:
        corpus = build_corpus(seed, setup.products)
        sets = question_sets(corpus, most=setup.questions)
        with trained(setup, reflections_of(corpus)) as memory:
            row: dict[str, float] = {}
            for who, model in (("memory", memory.model), ("bm25", Retrieving(base, corpus))):
                found = list(_asked(model, sets, corpus, setup))
                row |= {
                    f"{name}_{way}_{who}": share(found, set=name, way=way)
                    for name in _SETS
                    for way in ("single_turn", "protocol")
                }
                items += [{"seed": seed, "model": who, **item} for item in found]
        rows.append(row)
        print(f"retrieval seed={seed}: {row}", flush=True)
    return Part(
        seeds=seeds,
        metrics=middle(rows),
        details={"products": setup.products, "executive": setup.executive, "sentences": SENTENCES},
        items=items,
    )


def _asked(model: LanguageModel, sets: QuestionSets, corpus: Corpus, setup: Setup) -> list[dict[str, object]]:
    executive, found = EXECUTIVES[setup.executive](corpus), list[dict[str, object]]()
    for name in (field.name for field in fields(sets) if field.name in _SETS):
        asked = getattr(sets, name)
        texts = [one.text for one in asked]
        for way, said in (
            ("single_turn", [one.text for one in said_by(model, texts)]),
            ("protocol", consulted(executive, model, texts)),
        ):
            found += [{"way": way, **item} for item in items_of(name, asked, said)]
    return found
