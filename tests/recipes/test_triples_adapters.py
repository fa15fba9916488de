"""What the adapters for triples are taught and scored with: the generators, and the adapter for writing that ships."""

from __future__ import annotations

import re
from itertools import islice
from random import Random

import pytest

from addenda.documents.reading import SourceDocument
from addenda.memories.triples.calls import Query, Statement
from addenda.memories.triples.extraction import extract, merged
from addenda.memories.triples.late_stopping import PATIENCE
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.local_writer import LocalWriter
from addenda.memories.triples.syntax import CALL_END, find_read_call, parse_read, parse_results, parse_write
from addenda.models.adapters import load_adapter, read_card
from addenda.models.bundled import adapter_directory, build_world
from addenda.models.bundled.wordings_blind import BLIND
from addenda.models.local import LocalModel
from recipes.bundled_model import grammar
from recipes.triples_adapters import score_read, score_write
from recipes.triples_adapters.development import DEVELOPMENT
from recipes.triples_adapters.documents import DocumentTeacher, examples, is_unseen, plain
from recipes.triples_adapters.tell_words_company import TELL_WORDS
from recipes.triples_adapters.telling_ways_company import WAYS_OF
from recipes.triples_adapters.tellings import TELLINGS
from recipes.triples_adapters.train import PROMPT, WINDOW, read_examples, write_examples
from recipes.triples_adapters.unseen import UNSEEN


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load()


@pytest.fixture(scope="module")
def maker(model: LocalModel) -> LessonMaker:
    return LessonMaker(model.tokenizer, limit=WINDOW, longest_prompt=PROMPT, spaced=True)


def test_the_same_seed_gives_the_same_examples_and_another_seed_others() -> None:
    for stream in (write_examples, read_examples):
        assert list(islice(stream(3), 100)) == list(islice(stream(3), 100))
        assert list(islice(stream(3), 100)) != list(islice(stream(4), 100))


def test_what_is_stated_stands_in_the_sentence_and_its_subject_there_or_before_it() -> None:
    stated = 0
    for example in islice(write_examples(5), 1000):
        before = "".join(example.context)
        for one in example.statements:
            assert one.object in example.focus
            assert one.subject in example.focus or one.subject in before
            stated += 1
    assert stated > 600


def test_a_good_part_of_the_sentences_states_nothing_and_no_statement_is_lost() -> None:
    teacher, random = DocumentTeacher.make(6), Random(6)
    silent = sentences = 0
    for _ in range(100):
        document = teacher.document(random)
        scored = [example.statements for example in examples(document, "")]
        assert {one for statements in scored for one in statements} == document.statements
        silent += sum(not statements for statements in scored)
        sentences += len(scored)
    assert 0.15 < silent / sentences < 0.5


def test_all_attributes_of_the_world_are_told_in_every_language() -> None:
    relations = set(build_world().relations)
    assert set(TELL_WORDS) == set(TELLINGS) == set(UNSEEN) == set(DEVELOPMENT) == relations
    told = [example for example in islice(write_examples(7), 2500) if example.statements]
    for relation in relations:
        found = [example.focus for example in told if example.statements[0].relation == relation]
        assert any(re.search("[\u3040-\u30ff]", focus) for focus in found)
        assert any(re.search("[\uac00-\ud7a3]", focus) for focus in found)
        assert len(set(found)) > 20


def test_no_sentence_of_training_is_one_that_is_scored_as_unseen() -> None:
    assert all(is_unseen(one.format(s="Velmor Tasky", o="49 euros")) for many in UNSEEN.values() for one in many)
    assert not [example.focus for example in islice(write_examples(8), 1000) if is_unseen(example.focus)]
    trained = {plain(one) for tellings in TELLINGS.values() for one in (*tellings.full, *tellings.short)}
    trained |= {plain(one) for words in TELL_WORDS.values() for one in (*words.clauses, *words.ja, *words.ko)}
    trained |= {plain(one) for ways in WAYS_OF.values() for many in ways.values() for one in many}
    for group in (UNSEEN, DEVELOPMENT):
        assert not trained & {plain(one) for many in group.values() for one in many}


def test_no_question_of_training_is_one_that_is_scored_as_new() -> None:
    held = [one for relation in build_world().relations.values() for one in relation.held_out]
    scored = [grammar.plain(one) for one in (*held, *(one for many in BLIND.values() for one in many))]
    pattern = re.compile("|".join(re.escape(one).replace(r"\{subject\}", ".+") for one in scored))
    assert not [one.prompt for one in islice(read_examples(9), 1000) if pattern.search(grammar.plain(one.prompt))]


def test_lessons_of_writing_say_what_the_example_says(model: LocalModel, maker: LessonMaker) -> None:
    for example in islice(write_examples(10), 150):
        lesson = maker.lesson(example)
        learned = [token for token, learn in zip(lesson.tokens, lesson.learn, strict=True) if learn]
        assert learned[-1] == model.tokenizer.eos_token_id
        said = parse_write(model.tokenizer.decode(learned[:-1], skip_special_tokens=False))
        assert said.statements == example.statements
        assert not said.problems


def test_lessons_of_reading_teach_the_call_and_the_answer_and_not_the_results(
    model: LocalModel, maker: LessonMaker
) -> None:
    looked_up = 0
    for example in islice(read_examples(11), 150):
        lesson = maker.lesson(example)
        text = model.tokenizer.decode(list(lesson.tokens), skip_special_tokens=False)
        if not example.queries:
            continue
        looked_up += 1
        call = find_read_call(text)
        assert call is not None
        assert parse_read(call.text).queries == example.queries
        brought = parse_results(text[call.end : text.index(CALL_END, call.end) + len(CALL_END)])
        assert brought.names == example.names
        assert brought.too_broad == example.too_broad
        learned = [token for token, learn in zip(lesson.tokens, lesson.learn, strict=True) if learn]
        assert CALL_END not in model.tokenizer.decode(learned, skip_special_tokens=False)
    assert looked_up > 100


def test_read_examples_hold_every_kind_of_result() -> None:
    seen = list(islice(read_examples(12), 1500))
    assert any(one.too_broad for one in seen)
    assert any(len(one.names) > 5 for one in seen)
    assert any(len(one.queries) == 3 for one in seen)
    assert any(not one.queries for one in seen)
    assert any(query.subject is None for one in seen for query in one.queries)
    assert any(mark in name for one in seen for name in one.names for mark in (";", ">>", "-->"))


def test_scores_count_triples_once_and_false_writes_by_sentence() -> None:
    document = score_write.generated(1, 1)[0]
    right = score_write.DocumentScore(
        document,
        (
            score_write.SentenceScore("a", document.statements, document.statements),
            score_write.SentenceScore("b", frozenset(), frozenset({Statement("x", "y", "z")})),
            score_write.SentenceScore("c", frozenset(), frozenset()),
        ),
    )
    found = score_write.totals([right])
    assert found.recall == 1.0
    assert found.precision == len(document.statements) / (len(document.statements) + 1)
    assert found.false_write_rate == 0.5


def test_the_memory_of_the_score_holds_what_its_questions_need() -> None:
    asked = [*score_read.attributes(1, 20), *score_read.abilities(1, 3)]
    assert {one.group for one in asked} == {
        "trained", "held_out", "blind", "several", "together", "reverse", "marked", "broad",
    }  # fmt: skip
    reader = score_read.held(asked).contribute(at=None)
    for one in asked:
        if one.group in ("trained", "marked"):
            fact = one.facts[0]
            assert one.expected in reader.read(Query(fact.subject, fact.relation, None)).names
        if one.group == "broad":
            assert len(one.facts) > 30


def test_the_adapter_that_ships_takes_the_facts_of_a_short_document(model: LocalModel) -> None:
    directory = adapter_directory("write")
    adapter = load_adapter(model, directory, "write")
    text = (
        "Velmor Tasky weighs 3.2 kg. It costs 49 euros. The meeting starts at ten.\n"
        "The noise level of Kirlo Banrex is 51 dB."
    )
    for patience in (1, PATIENCE):
        writer = LocalWriter(model, adapter, patience=patience)
        found = {one.statement for one in merged(extract(SourceDocument("news", "news.txt", text), writer))}
        assert found == {
            Statement("Velmor Tasky", "weight", "3.2 kg"),
            Statement("Velmor Tasky", "price", "49 euros"),
            Statement("Kirlo Banrex", "noise level", "51 dB"),
        }
    assert (directory / "adapter_model.safetensors").stat().st_size <= 3_000_000
    assert read_card(directory).scores
