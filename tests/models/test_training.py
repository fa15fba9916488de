from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from addenda.errors import InvalidInput, ModelMismatch, UnreadableFile
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.training import (
    Example,
    FinetuneProgress,
    FinetuneSettings,
    chat_example,
    finetune,
    held_out_loss,
    text_example,
)
from recipes.bundled_model.tokenizer import train_tokenizer

NAMES = [f"unit{index}" for index in range(8)]
VALUES = ["red", "blue", "green", "grey", "ivory", "teal", "amber", "pearl"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    texts = [f"What colour is {name}? {value}" for name in NAMES for value in VALUES]
    return train_tokenizer(texts, 400, 64)


def small_model(tokenizer: PreTrainedTokenizerFast, seed: int = 0, hidden: int = 32) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        )
    )


def colours(tokenizer: PreTrainedTokenizerFast) -> list[Example]:
    return [
        chat_example(tokenizer, [{"role": "user", "content": f"What colour is {name}?"}], value)
        for name, value in zip(NAMES, VALUES, strict=True)
    ]


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def test_only_the_answer_and_its_end_are_learned(tokenizer: PreTrainedTokenizerFast) -> None:
    example = chat_example(tokenizer, [{"role": "user", "content": "What colour is unit3?"}], "grey")
    learned = [token for token, learn in zip(example.tokens, example.learn, strict=True) if learn]
    assert tokenizer.decode(learned[:-1]) == "grey"
    assert learned[-1] == tokenizer.eos_token_id
    chat = [{"role": "user", "content": "What colour is unit3?"}, {"role": "assistant", "content": "grey"}]
    assert list(example.tokens) == tokenizer.apply_chat_template(chat, return_dict=False)


@given(limit=st.integers(4, 40))
def test_a_prompt_too_long_loses_its_beginning(tokenizer: PreTrainedTokenizerFast, limit: int) -> None:
    whole = text_example(tokenizer, "What colour is unit3? " * 6, "grey")
    answer = [token for token, learn in zip(whole.tokens, whole.learn, strict=True) if learn]
    if len(answer) >= limit:
        with pytest.raises(InvalidInput, match="grey"):
            text_example(tokenizer, "What colour is unit3? " * 6, "grey", limit=limit)
    else:
        cut = text_example(tokenizer, "What colour is unit3? " * 6, "grey", limit=limit)
        assert cut.tokens == whole.tokens[-limit:]


def test_training_teaches_the_answers(tokenizer: PreTrainedTokenizerFast) -> None:
    model = small_model(tokenizer)
    heard: list[FinetuneProgress] = []
    report = finetune(
        model,
        colours(tokenizer),
        FinetuneSettings(steps=120, batch_size=8, learning_rate=1e-2, bf16=False),
        progress=heard.append,
    )
    assert report.finished
    assert [one.step for one in heard] == list(range(1, 121))
    assert heard[-1].loss < 0.2 < heard[0].loss
    for name, value in zip(NAMES, VALUES, strict=True):
        prompt = [{"role": "user", "content": f"What colour is {name}?"}]
        ids = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        said = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
        assert tokenizer.decode(said[0, ids.shape[1] :], skip_special_tokens=True) == value


def test_an_interrupted_training_ends_with_the_same_weights(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    plan = FinetuneSettings(steps=20, batch_size=3, checkpoint_every=7, bf16=False)
    straight = small_model(tokenizer)
    finetune(straight, colours(tokenizer), plan)

    calls = iter(range(100))
    first = finetune(
        small_model(tokenizer), colours(tokenizer), plan, directory=tmp_path, should_stop=lambda: next(calls) == 11
    )
    assert first.steps == 12
    assert not first.finished
    resumed = small_model(tokenizer)
    steps: list[int] = []
    second = finetune(
        resumed, colours(tokenizer), plan, directory=tmp_path, progress=lambda now: steps.append(now.step)
    )
    assert second.finished
    assert steps == list(range(13, 21))
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(resumed)[name]), name


def test_the_draws_of_a_dropout_are_the_same_after_an_interruption(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    plan = FinetuneSettings(steps=6, batch_size=3, checkpoint_every=2, bf16=False)
    shape = LoraSettings(rank=2, dropout=0.5)
    straight = add_lora(small_model(tokenizer), shape)
    finetune(straight, colours(tokenizer), plan)
    calls = iter(range(100))
    finetune(
        add_lora(small_model(tokenizer), shape),
        colours(tokenizer),
        plan,
        directory=tmp_path,
        should_stop=lambda: next(calls) == 2,
    )
    torch.manual_seed(99)
    resumed = add_lora(small_model(tokenizer), shape)
    finetune(resumed, colours(tokenizer), plan, directory=tmp_path)
    without = add_lora(small_model(tokenizer), LoraSettings(rank=2))
    finetune(without, colours(tokenizer), plan)
    assert all(torch.equal(value, weights(resumed)[name]) for name, value in weights(straight).items())
    assert not all(torch.equal(value, weights(without)[name]) for name, value in weights(straight).items())


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_a_batch_in_parts_gives_the_same_step(tokenizer: PreTrainedTokenizerFast, size: int) -> None:
    longer = [text_example(tokenizer, "What colour is unit3?", "grey " * n) for n in range(1, 6)]
    examples = [*colours(tokenizer), *longer]
    plan = FinetuneSettings(steps=3, batch_size=8, learning_rate=1e-2, bf16=False)
    whole, parts = small_model(tokenizer), small_model(tokenizer)
    first = finetune(whole, examples, plan)
    second = finetune(parts, examples, replace(plan, micro_batch=size))
    assert second.loss == pytest.approx(first.loss, rel=1e-5)
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], value, rtol=1e-3, atol=1e-4)


def test_the_loss_held_out_is_the_mean_over_learned_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    examples = [text_example(tokenizer, "What colour is unit3?", "grey " * n) for n in range(1, 6)]
    model = small_model(tokenizer)
    losses: list[float] = []
    for one in examples:
        with torch.no_grad():
            chances = model(torch.tensor([one.tokens])).logits[0, :-1].log_softmax(-1)
        losses += [-float(chances[n, token]) for n, token in enumerate(one.tokens[1:]) if one.learn[n + 1]]
    heard: list[tuple[int, int]] = []
    model.train()
    for size in (1, 2, 5):
        found = held_out_loss(
            model, examples, batch_size=size, bf16=False, progress=lambda done, total: heard.append((done, total))
        )
        assert found == pytest.approx(sum(losses) / len(losses), rel=1e-4)
    assert heard[:5] == [(n, 5) for n in range(1, 6)]
    assert model.training


def test_a_finished_training_is_not_repeated(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    plan = FinetuneSettings(steps=4, batch_size=2, bf16=False)
    model = small_model(tokenizer)
    finetune(model, colours(tokenizer), plan, directory=tmp_path)
    steps: list[int] = []
    again = small_model(tokenizer)
    finetune(again, colours(tokenizer), plan, directory=tmp_path, progress=lambda now: steps.append(now.step))
    assert steps == []
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(model).items())


def test_lora_changes_only_the_adapter(tokenizer: PreTrainedTokenizerFast) -> None:
    model = small_model(tokenizer)
    before = weights(model)
    adapted = add_lora(model, LoraSettings(rank=4, alpha=8))
    finetune(adapted, colours(tokenizer), FinetuneSettings(steps=5, batch_size=4, learning_rate=1e-2, bf16=False))
    after = weights(adapted)
    moved = [name for name, value in after.items() if "lora_B" in name and bool(value.abs().sum() > 0)]
    assert moved
    base = {name.replace("base_model.model.", "").replace(".base_layer", ""): value for name, value in after.items()}
    assert all(torch.equal(value, base[name]) for name, value in before.items())


def test_the_same_seed_gives_the_same_adapter(tokenizer: PreTrainedTokenizerFast) -> None:
    def first_weights(seed: int) -> torch.Tensor:
        adapted = add_lora(small_model(tokenizer), LoraSettings(rank=4, seed=seed))
        return torch.cat([value.flatten() for name, value in adapted.named_parameters() if "lora_A" in name])

    assert torch.equal(first_weights(1), first_weights(1))
    assert not torch.equal(first_weights(1), first_weights(2))


@given(steps=st.integers(1, 500), warm_up=st.floats(0, 0.5), decay=st.floats(0, 1))
def test_the_rate_stays_between_zero_and_its_peak(steps: int, warm_up: float, decay: float) -> None:
    plan = FinetuneSettings(steps=steps, learning_rate=0.3, warm_up=warm_up, decay=decay)
    rates = [plan.rate_at(step) for step in range(steps)]
    assert all(0 < rate <= 0.3 for rate in rates)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_an_epoch_shows_every_example_once(tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
    examples = [Example((1, index + 10, 2), (False, True, True)) for index in range(6)]
    model = small_model(tokenizer)
    seen: list[int] = []
    embed = model.get_input_embeddings()
    handle = embed.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs[0][:, 1].tolist()))
    finetune(model, examples, FinetuneSettings(steps=6, batch_size=2, seed=seed, bf16=False))
    handle.remove()
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(10, 16))
    again = Random(f"{seed}-0")
    order = list(range(6))
    again.shuffle(order)
    assert [token - 10 for token in seen[:6]] == order


def test_what_cannot_be_trained_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    model = small_model(tokenizer)
    with pytest.raises(InvalidInput, match="at least one example"):
        finetune(model, [], FinetuneSettings(steps=1))
    with pytest.raises(InvalidInput, match="steps=0"):
        finetune(model, colours(tokenizer), FinetuneSettings(steps=0))
    with pytest.raises(InvalidInput, match="micro_batch=0"):
        finetune(model, colours(tokenizer), FinetuneSettings(steps=1, micro_batch=0))
    with pytest.raises(InvalidInput, match="nothing to measure"):
        held_out_loss(model, [Example((1, 2), (False, False))])
    model.requires_grad_(requires_grad=False)
    with pytest.raises(InvalidInput, match="add_lora"):
        finetune(model, colours(tokenizer), FinetuneSettings(steps=1))


def test_layers_that_are_not_there_are_named(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(ModelMismatch, match="c_attn"):
        add_lora(small_model(tokenizer), LoraSettings(targets=("c_attn",)))


def test_a_foreign_or_broken_checkpoint_is_refused(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    plan = FinetuneSettings(steps=2, batch_size=2, bf16=False)
    finetune(small_model(tokenizer), colours(tokenizer), plan, directory=tmp_path)
    with pytest.raises(ModelMismatch, match="another shape"):
        finetune(small_model(tokenizer, hidden=16), colours(tokenizer), plan, directory=tmp_path)
    (tmp_path / "finetune.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(UnreadableFile, match="delete it"):
        finetune(small_model(tokenizer), colours(tokenizer), plan, directory=tmp_path)
