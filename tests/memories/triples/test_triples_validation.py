"""The counts of the validation scores, with writers whose answers are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.calls import Statement
from addenda.memories.triples.syntax import write_call
from addenda.memories.triples.validation import score_writing
from addenda.memories.triples.writers import Passage, Written
from tests.docred_files import invented


@dataclass
class Saying:
    """A writer that says what it was given for a sentence, and an empty call for every other."""

    answers: Mapping[str, Written]
    identity: str = "saying"
    batch_size: int = 4
    seen: list[Passage] = field(default_factory=list)

    def write(self, passages: Sequence[Passage]) -> Iterator[Written]:
        self.seen += passages
        for passage in passages:
            yield self.answers.get(passage.focus, Written(write_call([])))


def score(document: AnnotatedDocument, answers: Mapping[int, Written], most: int = 99) -> Mapping[str, float]:
    """The scores of a writer that gives these answers to the sentences of a document."""
    writer = Saying({document.sentences[number]: answer for number, answer in answers.items()})
    return score_writing(writer, [document], most=most, context_sentences=24)


@pytest.fixture
def document() -> AnnotatedDocument:
    return invented(1)[0]


def told(document: AnnotatedDocument) -> tuple[Statement, Statement, Statement]:
    """What its first sentence tells, and the two things that its third does."""
    person, town, firm, seat = (document.names(entity)[0] for entity in document.entities)
    return (
        Statement(person, "place of birth", town),
        Statement(firm, "founded by", person),
        Statement(firm, "headquarters location", seat),
    )


def test_who_writes_nothing_finds_nothing_and_is_quiet(document: AnnotatedDocument) -> None:
    assert score(document, {}) == {
        "f1": 0.0, "precision": 0.0, "recall": 0.0, "quiet": 1.0, "well_formed": 1.0, "sentences": 3
    }  # fmt: skip


def test_who_writes_what_is_annotated_gets_it_all_right(document: AnnotatedDocument) -> None:
    born, founded, seated = told(document)
    found = score(document, {0: Written(write_call([born])), 2: Written(write_call([founded, seated]))})
    assert (found["precision"], found["recall"], found["f1"], found["quiet"]) == (1.0, 1.0, 1.0, 1.0)


def test_statements_are_counted_by_sentence_under_any_name_of_the_entity(document: AnnotatedDocument) -> None:
    born, founded, _ = told(document)
    last = born.subject.split()[1]
    answers = {
        0: [Statement(last.upper(), born.relation, born.object), Statement(born.subject, "child", born.object)],
        1: [born],
        2: [Statement(founded.subject, founded.relation, last), founded, born],
    }
    found = score(document, {number: Written(write_call(said)) for number, said in answers.items()})
    # Right are the first statement, and both spellings of who founded it; found are two of three relations.
    assert found["precision"] == pytest.approx(3 / 6)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert found["quiet"] == 0.0


def test_the_same_statement_counts_once(document: AnnotatedDocument) -> None:
    born = told(document)[0]
    wrong = Statement(born.object, born.relation, born.subject)
    found = score(document, {0: Written(write_call([wrong, wrong, born, born]))})
    assert (found["precision"], found["recall"]) == (0.5, pytest.approx(1 / 3))


def test_answers_with_problems_are_not_well_formed(document: AnnotatedDocument) -> None:
    born = told(document)[0]
    call = write_call([born])
    found = score(document, {0: Written(call.replace("})", ";x})")), 1: Written("", fault="too long")})
    assert found["well_formed"] == pytest.approx(1 / 3)
    assert found["recall"] == pytest.approx(1 / 3)


def test_sentences_are_drawn_by_the_seed_and_shown_with_those_before_them() -> None:
    documents = invented(5)

    def shown(seed: int, context: int = 24) -> list[Passage]:
        writer = Saying({})
        score_writing(writer, documents, most=6, context_sentences=context, seed=seed)
        return writer.seen

    assert len(shown(0)) == 6
    assert shown(0) == shown(0)
    assert any(shown(0) != shown(seed) for seed in range(1, 5))
    for passage, near in zip(shown(0), shown(0, context=1), strict=True):
        document = next(d for d in documents if passage.focus in d.sentences and "".join(passage.context) in d.text)
        number = document.sentences.index(passage.focus)
        assert passage.context == tuple(f"{sentence} " for sentence in document.sentences[:number])
        assert near.context == passage.context[-1:]
