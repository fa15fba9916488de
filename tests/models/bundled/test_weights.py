from __future__ import annotations

import json
from random import Random

import pytest
from safetensors import safe_open

from addenda.models.bundled import UNKNOWN_ANSWER, World, build_world, weights_directory
from addenda.models.bundled.names import any_word, fresh_name
from addenda.models.local import LocalModel


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load("bundled")


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def test_the_files_are_complete_and_small() -> None:
    names = {path.name for path in weights_directory().iterdir()}
    assert {
        "README.md",
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "scores.json",
        "tokenizer.json",
        "tokenizer_config.json",
    } <= names
    assert (weights_directory() / "model.safetensors").stat().st_size <= 20_000_000


def test_the_weights_are_bfloat16_and_of_the_promised_size() -> None:
    with safe_open(weights_directory() / "model.safetensors", framework="pt") as stored:
        tensors = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
        assert {part.get_dtype() for part in tensors.values()} == {"BF16"}
    count = sum(_size(part.get_shape()) for part in tensors.values())
    assert 5_000_000 <= count <= 10_000_000


def _size(shape: list[int]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product


def test_the_prompt_has_the_documented_form(model: LocalModel) -> None:
    assert model.render(" How loud is it? ") == "<|bos|><|user|>How loud is it?<|assistant|>"
    chat = [
        {"role": "context", "content": "A b."},
        {"role": "user", "content": "C?"},
        {"role": "assistant", "content": "D"},
        {"role": "user", "content": "E?"},
    ]
    rendered = model.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert rendered == "<|bos|><|context|>A b.<|user|>C?<|assistant|>D<|end|><|user|>E?<|assistant|>"
    assert model.tokenizer.padding_side == "left"


@pytest.mark.parametrize(("held_out", "least"), [(False, 0.95), (True, 0.8)])
def test_facts_are_known(model: LocalModel, world: World, held_out: bool, least: float) -> None:
    random = Random(11)
    facts = random.sample(world.facts, 96)
    asked: list[str] = []
    for fact in facts:
        relation = world.relations[fact.relation]
        template = random.choice(relation.held_out if held_out else relation.trained)
        asked.append(template.format(subject=fact.subject))
    said = model.answer(asked, max_new_tokens=24)
    right = [answer.text == fact.object for answer, fact in zip(said, facts, strict=True)]
    assert sum(right) / len(right) >= least
    assert all(answer.finished for answer in said)


def test_names_nobody_told_it_about_are_not_known(model: LocalModel) -> None:
    random = Random(12)
    asked = [f"What is the weight of {fresh_name(random)}?" for _ in range(48)]
    said = model.answer(asked)
    assert sum(answer.text == UNKNOWN_ANSWER for answer in said) >= 46


def test_the_context_is_read_even_against_what_was_learned(model: LocalModel, world: World) -> None:
    random = Random(13)
    prompts: list[str] = []
    expected: list[str] = []
    for _ in range(48):
        fact = random.choice(world.facts[:2400])
        value = random.choice(world.value_pool(fact.relation))
        told = random.choice(world.relations[fact.relation].statements[:3]).format(subject=fact.subject, object=value)
        question = random.choice(world.relations[fact.relation].known[:8]).format(subject=fact.subject)
        chat = [{"role": "context", "content": told}, {"role": "user", "content": question}]
        prompts.append(model.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
        expected.append(value)
    said = model.complete(prompts)
    assert sum(answer.text == value for answer, value in zip(said, expected, strict=True)) >= 44


def test_names_never_seen_are_copied(model: LocalModel) -> None:
    random = Random(14)
    prompts: list[str] = []
    expected: list[str] = []
    for _ in range(48):
        name, value = f"{any_word(random)} {any_word(random)}", f"{any_word(random)} {any_word(random)}"
        chat = [
            {"role": "context", "content": f"The owner of {name} is {value}."},
            {"role": "user", "content": f"What is the owner of {name}?"},
        ]
        prompts.append(model.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
        expected.append(value)
    said = model.complete(prompts)
    assert sum(answer.text == value for answer, value in zip(said, expected, strict=True)) >= 43


def test_padding_on_the_left_changes_no_answer(model: LocalModel, world: World) -> None:
    short = f"Weight of {world.products[3]}?"
    long = f"A customer asks how loud the {world.products[4]} is. What do I say?"
    alone = [model.answer([short])[0].text, model.answer([long])[0].text]
    assert [answer.text for answer in model.answer([short, long])] == alone


def test_the_scores_meet_the_targets(world: World) -> None:
    scores = json.loads((weights_directory() / "scores.json").read_text(encoding="utf-8"))
    assert scores["facts"] == scores["facts_scored"] == len(world.facts)
    assert scores["trained"]["exact"] >= 0.98
    assert scores["held_out"]["exact"] >= 0.9
    assert scores["trained"]["ends_by_itself"] >= 0.99
