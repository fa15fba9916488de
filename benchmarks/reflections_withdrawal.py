"""Part *withdrawal* of the reflections benchmark: documents are taken back, and what only they say is answered no more.

Every product has two pages, each with half of its facts, so that other facts about the same thing have to stay. One
page in ten is withdrawn while its knowledge is still in the weights. Counted are answers that only a withdrawn page
says: in wordings that were not taught, from the value back to the name, over two steps asked directly, and over two
steps through the protocol, where a withdrawn page is on the way. Of what other pages say it is counted how much of what
was answered right before is answered right still: other facts of the same names, and everything else.

A question from two values back to a name, one of which stands on a withdrawn page while the other fits nothing else,
still follows from the page that holds. Such answers are counted apart, as `other_value_answers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import cast

from addenda.memories.reflections.synthesis.passages import CorpusDocument
from addenda.models.bundled.pages import pages
from benchmarks.reflections_corpora import Corpus, Question, build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import EXECUTIVES, Guarded, Setup, consulted, items_of, once, said_by, trained
from benchmarks.results import Part

_Ways = tuple[frozenset[str], ...]
"""Sets of pages, from each of which an answer follows."""

_WITHDRAWN = 10
"""One page in so many."""
_SETS = ("one_hop", "one_hop_blind", "reversed", "two_hop")


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Answers of withdrawn pages, and what is kept of the others."""
    items: list[dict[str, object]] = []
    rows: list[dict[str, float]] = []
    for seed in seeds:
        found = once(setup, f"withdrawal-{seed}", partial(_measured, seed, setup))
        items += cast("list[dict[str, object]]", found["items"])
        rows.append(cast("dict[str, float]", found["row"]))
        print(f"withdrawal seed={seed}: {rows[-1]}", flush=True)
    counted = ("withdrawn_answers", "withdrawn_answered_before", "other_value_answers", "pages_withdrawn")
    metrics = {name: sum(row[name] for row in rows) for name in counted}
    metrics |= {f"{name}_lowest": round(min(row[name] for row in rows), 4) for name in rows[0] if name not in counted}
    return Part(seeds=seeds, metrics=metrics, details={"products": setup.products, "rows": rows}, items=items)


def _measured(seed: int, setup: Setup) -> dict[str, object]:
    """The counts of one seed, and what its memory model said."""
    corpus, page_of = _halved(build_corpus(seed, setup.products))
    reflections = reflections_of(corpus)
    sets = question_sets(corpus, most=2 * setup.questions)
    asked = {name: _placed(getattr(sets, name), corpus, page_of) for name in _SETS}
    gone = frozenset(Random(seed).sample(sorted(set(page_of.values())), len(set(page_of.values())) // _WITHDRAWN))
    items: list[dict[str, object]] = []
    with trained(setup, reflections) as memory:
        executive = EXECUTIVES[setup.executive](corpus)
        for when, withdrawn in (("before", frozenset[str]()), ("after", gone)):
            guarded = Guarded(memory.model, reflections, withdrawn)
            for name, placed in asked.items():
                questions = [question for question, _ in placed]
                texts = [one.text for one in questions]
                heard = {name: [one.text for one in said_by(guarded, texts)]}
                if name == "two_hop":
                    heard["two_hop_protocol"] = consulted(executive, guarded, texts)
                for what, said in heard.items():
                    for (_, ways), item in zip(placed, items_of(what, questions, said), strict=True):
                        items.append({"seed": seed, "when": when, "page": _kind(ways, gone), **item})
    return {"row": _row(items) | {"pages_withdrawn": len(gone)}, "items": items}


def _row(items: Sequence[dict[str, object]]) -> dict[str, float]:
    """How many withdrawn answers there are, of how many, and the shares of others that are kept."""

    def right(when: str, page: str) -> list[bool]:
        return [bool(item["right"]) for item in items if (item["when"], item["page"]) == (when, page)]

    def kept(page: str) -> float:
        both = [after for before, after in zip(right("before", page), right("after", page), strict=True) if before]
        return sum(both) / len(both) if both else 0.0

    return {
        "withdrawn_answers": sum(right("after", "withdrawn")),
        "withdrawn_answered_before": sum(right("before", "withdrawn")),
        "other_value_answers": sum(right("after", "value withdrawn")),
        "kept_answers": kept("same name"),
        "kept_answers_others": kept("other"),
    }


def _halved(corpus: Corpus) -> tuple[Corpus, dict[tuple[str, str], str]]:
    """The corpus with two pages for each name, and the page of each fact, by subject and relation."""
    documents: list[CorpusDocument] = []
    page_of: dict[tuple[str, str], str] = {}
    for half in (0, 1):
        facts = [fact for number, fact in enumerate(corpus.world.facts) if number % 2 == half]
        for name, text in pages(replace(corpus.world, facts=tuple(facts))).items():
            page = f"{corpus.document_of(name)}-{half}"
            documents.append(CorpusDocument(id=page, title=f"{name}, page {half + 1}", text=text))
            page_of |= {(fact.subject, fact.relation): page for fact in facts if fact.subject == name}
    return replace(corpus, documents=tuple(documents)), page_of


def _placed(
    questions: Sequence[Question], corpus: Corpus, page_of: dict[tuple[str, str], str]
) -> list[tuple[Question, _Ways]]:
    """The questions with the half pages that they follow from."""
    values = {(fact.subject, fact.relation): fact.object for fact in corpus.world.facts}
    fitting = Counter((fact.relation, fact.object) for fact in corpus.world.facts)
    placed: list[tuple[Question, _Ways]] = []
    for question in questions:
        name, needed, alone = question.subject, list[str](), list[str]()
        reversed_way = question.answer == question.subject
        for relation in question.kind.split("/"):
            needed.append(page_of[name, relation])
            value = values[name, relation]
            if reversed_way and fitting[relation, value] == 1:
                alone.append(page_of[name, relation])
            name = name if reversed_way else value
        placed.append((question, (frozenset(needed), *(frozenset([page]) for page in alone))))
    return placed


def _kind(ways: _Ways, gone: frozenset[str]) -> str:
    """Whether a question needs a withdrawn page, gives a value of one, is about a name with one, or none of these."""
    if not any(way.isdisjoint(gone) for way in ways):
        return "withdrawn"
    if not ways[0].isdisjoint(gone):
        return "value withdrawn"
    names = {page.rsplit("-", 1)[0] for page in gone}
    return "same name" if names & {page.rsplit("-", 1)[0] for page in ways[0]} else "other"
