"""Part *retrieval* of the reflections benchmark: the memory model beside retrieval, with the same executive.

In place of the memory model stands a search over the sentences of the documents, the nearest of which the bundled model
as it is reads as its context: by BM25, and by embeddings, the mean of one stored vector for each word piece. All are
asked the same questions, directly (a single turn) and through the protocol with the same executive, budget and turns.
Retrieval has the documents at hand at every question, the memory model never; it is guarded as in a knowledge base.

Needs bm25s (MIT licence), which nothing else here does: `pip install bm25s`. Embeddings are measured where
`--encoder TABLE TOKENIZER` names their files, as WordLlama ships them (MIT licence).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from typing import cast

import numpy as np

from addenda.documents.sentences import split_sentences
from addenda.memories.triples.embeddings import Encoder
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion, LanguageModel
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import Corpus, QuestionSets, build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import (
    EXECUTIVES,
    OUTSIDE,
    Guarded,
    Setup,
    consulted,
    items_of,
    middle,
    once,
    said_by,
    share,
    trained,
)
from benchmarks.results import Part
from benchmarks.triples_encoders import StaticEncoder

SENTENCES = 4
"""That are read for a question."""
_SETS = ("one_hop", "reversed", "two_hop", "three_hop", *OUTSIDE)

Nearest = Callable[[str], Sequence[str]]
"""Finds the sentences that are nearest to a question."""


class Retrieving:
    """Answers from the sentences that are nearest to a question; keeps the protocol of a language model."""

    def __init__(self, reader: LocalModel, name: str, nearest: Nearest) -> None:
        """Take who reads, what the search is called, and the search."""
        self._reader = reader
        self._nearest = nearest
        self.name = f"{name} and the bundled model"
        self.fingerprint, self.batch_size = reader.fingerprint, reader.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Read the nearest sentences, and answer."""
        return self._reader.complete([self._prompt(one) for one in questions], max_new_tokens=max_new_tokens)

    def _prompt(self, question: str) -> str:
        turns = [
            {"role": "context", "content": " ".join(one.strip() for one in self._nearest(question))},
            {"role": "user", "content": question},
        ]
        template = self._reader.tokenizer.apply_chat_template
        return cast("str", template(turns, tokenize=False, add_generation_prompt=True))


def by_words(sentences: list[str]) -> Nearest:
    """The search by BM25."""
    library = importlib.import_module("bm25s")
    index = library.BM25()
    index.index(library.tokenize(sentences, stopwords="en", show_progress=False), show_progress=False)
    most = min(SENTENCES, len(sentences))

    def nearest(question: str) -> list[str]:
        terms = library.tokenize([question], stopwords="en", show_progress=False)
        found, _ = index.retrieve(terms, corpus=sentences, k=most, show_progress=False)
        return [str(one) for one in found[0]]

    return nearest


def by_vectors(sentences: list[str], encoder: Encoder) -> Nearest:
    """The search by embeddings, the nearest by their cosine."""
    made = encoder.encode(sentences)
    rows = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)

    def nearest(question: str) -> list[str]:
        likeness = rows @ encoder.encode([question])[0]
        return [sentences[index] for index in np.argsort(-likeness, kind="stable")[:SENTENCES]]

    return nearest


def searches(corpus: Corpus, setup: Setup) -> Iterator[tuple[str, Nearest]]:
    """The searches that are measured, by their names."""
    sentences = [one.text for document in corpus.documents for one in split_sentences(document.text)]
    yield "bm25", by_words(sentences)
    if setup.encoder is not None:
        yield "embeddings", by_vectors(sentences, StaticEncoder(*setup.encoder))


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Right answers of each, directly and through the protocol."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    for seed in seeds:
        found = once(setup, f"retrieval-{seed}", partial(_measured, seed, setup))
        items += cast("list[dict[str, object]]", found["items"])
        rows.append(cast("dict[str, float]", found["row"]))
        print(f"retrieval seed={seed}: {rows[-1]}", flush=True)
    details = {
        "products": setup.products,
        "executive": setup.executive,
        "sentences": SENTENCES,
        "encoder": setup.encoder[0].stem if setup.encoder else "",
    }
    return Part(seeds=seeds, metrics=middle(rows), details=details, items=items)


def _measured(seed: int, setup: Setup) -> dict[str, object]:
    """The shares of one seed, and what everybody said."""
    corpus = build_corpus(seed, setup.products)
    reflections, sets = reflections_of(corpus), question_sets(corpus, most=setup.questions)
    base = LocalModel.load(threads=1, device="cpu")
    items: list[dict[str, object]] = []
    row: dict[str, float] = {}
    with trained(setup, reflections) as memory:
        asked: dict[str, LanguageModel] = {"memory": Guarded(memory.model, reflections)}
        asked |= {name: Retrieving(base, name, nearest) for name, nearest in searches(corpus, setup)}
        for who, model in asked.items():
            found = list(_asked(model, sets, corpus, setup))
            for name in _SETS:
                for way in ("single_turn", "protocol"):
                    row[f"{name}_{way}_{who}"] = share(found, set=name, way=way)
            items += [{"seed": seed, "model": who, **item} for item in found]
    return {"row": row, "items": items}


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
