"""Scores the bundled model's skill of writing: triples taken from documents about things that nobody has heard of.

Run it with `python -m recipes.triples_adapters.score_write ADAPTER_DIRECTORY [--save]`. Everything goes the way it goes
in use: sentences are cut, shown with their context to `LocalWriter`, and what it writes is parsed by `extract`. Three
groups of documents, with names from a seed that training never used:

- ``generated``: made as the training documents are, so the ways to tell things are known and the things are not;
- ``unseen``: sentences of `unseen.py`, which were written blind; no training sentence has one of them in it;
- ``nothing``: sentences of `unseen_nothing.py`, from which nothing is to be written.

What counts as written is what would be proposed: statements about which something looks wrong (`Findings`, for example
a subject that is its own object) are left out, as `addenda extract` does. A triple is right only if subject, relation
and object are all equal to what is stated, letter by letter.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from addenda.documents.reading import SourceDocument
from addenda.memories.triples.calls import Statement
from addenda.memories.triples.extraction import extract
from addenda.memories.triples.late_stopping import PATIENCE
from addenda.memories.triples.local_writer import LocalWriter
from addenda.memories.triples.writers import Writer
from addenda.models.adapters import load_adapter
from addenda.models.local import LocalModel
from recipes.triples_adapters.cards import put_scores
from recipes.triples_adapters.development import DEVELOPMENT
from recipes.triples_adapters.documents import Document, DocumentTeacher, laid_out
from recipes.triples_adapters.telling_grammar import Fact, Told
from recipes.triples_adapters.unseen import UNSEEN
from recipes.triples_adapters.unseen_nothing import NOTHING

SEED = 71_003
"""Of the documents that scores are reported on."""
DEVELOPMENT_SEED = 52_001
_TELLINGS_PER_DOCUMENT = 3


@dataclass(frozen=True)
class SentenceScore:
    """What a sentence states, and what was written for it."""

    text: str
    stated: frozenset[Statement]
    written: frozenset[Statement]


@dataclass(frozen=True)
class DocumentScore:
    """What a document states, and what was taken from it."""

    document: Document
    sentences: tuple[SentenceScore, ...]

    @property
    def written(self) -> frozenset[Statement]:
        """All that was taken from it."""
        return frozenset(one for sentence in self.sentences for one in sentence.written)


@dataclass(frozen=True)
class Totals:
    """Micro-averaged over the triples of all documents."""

    stated: int
    written: int
    right: int
    silent: int
    """Sentences that state nothing."""
    false_writes: int
    """Those of them for which something was written."""

    @property
    def precision(self) -> float:
        """Share of what was written that is right; 1.0 when nothing was."""
        return self.right / self.written if self.written else 1.0

    @property
    def recall(self) -> float:
        """Share of what is stated that was written; 1.0 when nothing is."""
        return self.right / self.stated if self.stated else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (self.stated + self.written) if self.stated + self.written else 1.0

    @property
    def false_write_rate(self) -> float:
        """Share of the sentences that state nothing for which something was written."""
        return self.false_writes / self.silent if self.silent else 0.0


def generated(seed: int, count: int) -> list[Document]:
    """Documents like those of training, under names from another seed."""
    teacher, random = DocumentTeacher.make(seed, known=0.0), Random(seed)
    return [teacher.document(random) for _ in range(count)]


def told_with(tellings: Mapping[str, Sequence[str]], seed: int, rounds: int = 1) -> list[Document]:
    """Documents of up to three sentences, each of which tells something of a subject of its own.

    Args:
        tellings: The sentences of every attribute; each is used once in a round.
        seed: Decides names, values and order.
        rounds: How often all of them are used, with other names.
    """
    teacher, random = DocumentTeacher.make(seed, known=0.0, strange=0.0), Random(seed)
    documents: list[Document] = []
    for _ in range(rounds):
        told: list[Told] = []
        for relation, templates in tellings.items():
            kind = teacher.reading.world.relations[relation].subject_kind
            for template in templates:
                fact = Fact(kind, teacher.subject(random, kind), relation, teacher.value(random, relation))
                told.append(Told(template.format(s=fact.subject, o=fact.value), (fact.statement,)))
        random.shuffle(told)
        documents += _in_threes(random, told)
    return documents


def without_facts(seed: int) -> list[Document]:
    """Documents of sentences that state nothing."""
    teacher, random = DocumentTeacher.make(seed, known=0.0, strange=0.0), Random(seed)
    told = [
        Told(one.format(s=teacher.subject(random, "product"), p=teacher.subject(random, "person"))) for one in NOTHING
    ]
    return _in_threes(random, told)


def score(writer: Writer, documents: Iterable[Document]) -> list[DocumentScore]:
    """What a writer takes from each document."""
    return [_scored(writer, number, document) for number, document in enumerate(documents, start=1)]


def totals(scores: Iterable[DocumentScore]) -> Totals:
    """The numbers of these scores; a triple counts once in a document, wherever it was written."""
    seen = list(scores)
    silent = [sentence for one in seen for sentence in one.sentences if not sentence.stated]
    return Totals(
        stated=sum(len(one.document.statements) for one in seen),
        written=sum(len(one.written) for one in seen),
        right=sum(len(one.written & one.document.statements) for one in seen),
        silent=len(silent),
        false_writes=sum(bool(sentence.written) for sentence in silent),
    )


def by_relation(scores: Iterable[DocumentScore]) -> dict[str, tuple[int, int]]:
    """For each attribute how many triples are stated, and how many of them were written."""
    found: dict[str, tuple[int, int]] = {}
    for one in scores:
        for statement in one.document.statements:
            stated, right = found.get(statement.relation, (0, 0))
            found[statement.relation] = (stated + 1, right + (statement in one.written))
    return found


def _in_threes(random: Random, told: Sequence[Told]) -> list[Document]:
    places = range(0, len(told), _TELLINGS_PER_DOCUMENT)
    return [laid_out(random, [told[place : place + _TELLINGS_PER_DOCUMENT]]) for place in places]


def _scored(writer: Writer, number: int, document: Document) -> DocumentScore:
    results = extract(SourceDocument(f"document {number}", "score", document.text), writer)
    return DocumentScore(
        document,
        tuple(
            SentenceScore(
                result.evidence.text,
                frozenset(document.stated(result.evidence.start, result.evidence.end)),
                frozenset(one.statement for one in result.statements if one.findings.supported),
            )
            for result in results
        ),
    )


def numbers(group: str, patience: int, found: Totals) -> dict[str, float]:
    """The rates of a group by the names they have in the adapter's card."""
    head = f"{group}_k{patience}"
    values = {"false_write_rate": found.false_write_rate}
    if found.stated:
        values |= {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    return {f"{head}_{name}": round(value, 4) for name, value in values.items()}


def _show(scores: Sequence[DocumentScore], count: int) -> None:
    for sentence in [one for score in scores for one in score.sentences if one.stated != one.written][:count]:
        print(sentence.text)
        for sign, statements in (("-", sentence.stated - sentence.written), ("+", sentence.written - sentence.stated)):
            for one in statements:
                print(f"   {sign} {one.subject} | {one.relation} | {one.object}")


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--count", type=int, default=200, help="how many generated documents")
    parser.add_argument("--rounds", type=int, default=2, help="how often each unseen sentence is used")
    parser.add_argument("--patience", type=int, nargs="+", default=[PATIENCE, 1], help="K of late stopping")
    parser.add_argument("--development", action="store_true", help="score the sentences that choices are made with")
    parser.add_argument("--show", type=int, default=0, help="how many wrong sentences of that group to print")
    parser.add_argument("--save", action="store_true", help="put the scores into the adapter's card")
    given = parser.parse_args()
    model = LocalModel.load()
    adapter = load_adapter(model, given.adapter, "write")
    if given.development:
        seed = DEVELOPMENT_SEED
        groups = {"development": told_with(DEVELOPMENT, seed, given.rounds), "generated": generated(seed, given.count)}
    else:
        groups = {
            "generated": generated(SEED, given.count),
            "unseen": told_with(UNSEEN, SEED, given.rounds),
            "nothing": without_facts(SEED),
        }
    measured: dict[str, float] = {}
    for patience in given.patience:
        writer = LocalWriter(model, adapter, patience=patience)
        for group, documents in groups.items():
            scores = score(writer, documents)
            measured |= numbers(group, patience, totals(scores))
            print(group, f"K={patience}", json.dumps(by_relation(scores)), flush=True)
            if given.development:
                _show(scores, given.show)
    print(json.dumps(measured, indent=1))
    if given.save and not given.development:
        put_scores(given.adapter, measured)


if __name__ == "__main__":
    main()
