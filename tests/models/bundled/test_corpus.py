from __future__ import annotations

import re
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from addenda.models.bundled import UNKNOWN_ANSWER, build_world
from addenda.models.bundled.wordings_blind import BLIND
from recipes.bundled_model import grammar
from recipes.bundled_model.corpus import GRAMMAR_FROM, VARIED_FROM, Corpus, batch, echo_row, encode
from recipes.bundled_model.further_wordings import FURTHER
from recipes.bundled_model.samples import Turn
from recipes.bundled_model.tokenizer import CONTROL_TOKENS, MEMORY_TOKENS, RESERVED_TOKENS, train_tokenizer
from recipes.bundled_model.ways import WAYS


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of(build_world(), 3)


@pytest.fixture(scope="module")
def tokenizer(corpus: Corpus) -> PreTrainedTokenizerFast:
    return train_tokenizer(corpus.texts(4000), 3000, 512)


def test_held_out_and_blind_wordings_are_never_trained(corpus: Corpus) -> None:
    held_out = [template for relation in corpus.teacher.world.relations.values() for template in relation.held_out]
    blind = [template for templates in BLIND.values() for template in templates]
    pattern = re.compile(
        "|".join(
            re.escape(template.lower().rstrip("?？.。")).replace(re.escape("{subject}"), ".+")
            for template in [*held_out, *blind]
        )
    )
    for step in (0, VARIED_FROM, GRAMMAR_FROM):
        found = [text for text in corpus.at(step).texts(20_000) if pattern.search(text.lower())]
        assert found == []


def test_further_wordings_are_nobody_elses(corpus: Corpus) -> None:
    relations = corpus.teacher.world.relations
    taken = {template for relation in relations.values() for template in (*relation.trained, *relation.held_out)}
    assert set(FURTHER) == set(relations)
    for templates in FURTHER.values():
        assert not taken & set(templates)
        assert all(template.count("{subject}") == 1 for template in templates)


def test_the_grammar_asks_in_many_ways_and_always_names_the_subject(corpus: Corpus) -> None:
    random = Random(0)
    assert set(WAYS) == set(corpus.teacher.world.relations)
    for relation in WAYS:
        for english in (True, False):
            made = [grammar.wording(random, relation, english=english) for _ in range(500)]
            assert all(template.count("{subject}") == 1 for template in made)
            assert all(template.isascii() == english for template in made)
            assert len(set(made)) > (200 if english else 50)


def test_korean_particles_follow_the_last_sound() -> None:
    random = Random(0)
    made = {grammar.wording(random, "price", english=False) for _ in range(2000)}
    assert "{subject}의 가격을 찾아 주세요." in made
    assert "{subject}의 판매가를 찾아 주세요." in made


def test_every_fact_question_is_answered_with_its_value(corpus: Corpus) -> None:
    random = Random(0)
    values = {(fact.subject.lower(), fact.object) for fact in corpus.teacher.world.facts}
    for _ in range(300):
        asked, told = corpus.teacher.ask_fact(random)
        assert any(subject in asked.text.lower() and told.text == value for subject, value in values)


def test_unknown_names_get_the_one_answer(corpus: Corpus) -> None:
    random = Random(0)
    answers = [corpus.teacher.unknown(random)[-1].text for _ in range(200)]
    assert answers.count(UNKNOWN_ANSWER) > 190


def test_what_is_read_stands_in_the_text(corpus: Corpus) -> None:
    random = Random(0)
    for task in (corpus.reading.read, corpus.reading.hop, corpus.reading.reverse, corpus.reading.overrule):
        for _ in range(100):
            sample = task(random)
            given_text = "\n".join(turn.text for turn in sample if turn.role != "assistant")
            assert all(
                turn.text in given_text or turn.text == UNKNOWN_ANSWER for turn in sample if turn.role == "assistant"
            )


def test_extraction_lists_subject_relation_and_object(corpus: Corpus) -> None:
    random = Random(0)
    for _ in range(100):
        asked, told = corpus.reading.extract(random)
        for line in told.text.split("\n"):
            subject, _, value = line.split(" | ")
            assert subject in asked.text
            assert value in asked.text


@settings(max_examples=20, deadline=None)
@given(step=st.integers(0, 5000))
def test_the_batch_of_a_step_is_always_the_same(corpus: Corpus, tokenizer: PreTrainedTokenizerFast, step: int) -> None:
    first, second = batch(corpus, tokenizer, step, 2), batch(corpus, tokenizer, step, 2)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert first[0].shape == first[1].shape
    assert float(first[1].sum()) > 0
    assert int(first[0].max()) < len(tokenizer)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers())
def test_echo_rows_weigh_only_what_came_before(seed: int) -> None:
    tokens, weights = echo_row(Random(seed), 500, 256, 10)
    assert len(tokens) == len(weights) == 256
    assert min(tokens) >= 10
    for place in range(1, 256):
        if weights[place]:
            pair = tokens[place - 1 : place + 1]
            assert any(tokens[at : at + 2] == pair for at in range(place - 1))


def test_answers_weigh_fully_and_marks_nothing(tokenizer: PreTrainedTokenizerFast) -> None:
    sample = (Turn("user", "How loud is it?", 0.25), Turn("assistant", "41 dB", 1.0))
    tokens, weights = encode(sample, tokenizer)
    chat = [{"role": "user", "content": "How loud is it?"}, {"role": "assistant", "content": "41 dB"}]
    assert tokens == tokenizer.apply_chat_template(chat, return_dict=False)
    assert set(weights) == {0.0, 0.25, 1.0}
    assert weights[-1] == 1.0
    assert tokens[-1] == tokenizer.eos_token_id


def test_all_special_tokens_are_single(tokenizer: PreTrainedTokenizerFast) -> None:
    for token in CONTROL_TOKENS + MEMORY_TOKENS + RESERVED_TOKENS:
        assert len(tokenizer.encode(token, add_special_tokens=False)) == 1
    assert len(tokenizer) == 3000


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40))
def test_any_text_comes_back(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    import unicodedata

    plain = unicodedata.normalize("NFC", text)
    if any(token in plain for token in MEMORY_TOKENS):
        return
    tokens = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(tokens).strip() == plain.strip()


def test_a_name_has_the_same_tokens_wherever_it_stands(tokenizer: PreTrainedTokenizerFast) -> None:
    name = tokenizer.encode("Velmor Tasky", add_special_tokens=False)
    inside = tokenizer.encode("What does the Velmor Tasky weigh?", add_special_tokens=False)
    japanese = tokenizer.encode("Velmor Taskyの重さ", add_special_tokens=False)
    assert any(inside[at : at + len(name)] == name for at in range(len(inside)))
    assert japanese[: len(name)] == name
