"""The loss of finetuning: on answers alone, and the same whether examples are padded or packed."""

from __future__ import annotations

from random import Random

import pytest
import torch
import transformers as tf
from hypothesis import given
from hypothesis import strategies as st

from addenda.models.answer_loss import Example, answer_loss, packed_rows, packs

SMALL = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2}


def examples(count: int = 7) -> list[Example]:
    random = Random(3)
    made = []
    for _ in range(count):
        before, after = random.randint(1, 9), random.randint(1, 4)
        tokens = tuple(random.randrange(3, 50) for _ in range(before + after))
        made.append(Example(tokens, (False,) * before + (True,) * after))
    return made


def llama(**changed: object) -> tf.PreTrainedModel:
    torch.manual_seed(0)
    shape = {**SMALL, "intermediate_size": 24, "num_hidden_layers": 2, "num_key_value_heads": 1, **changed}
    return tf.LlamaForCausalLM(tf.LlamaConfig(**shape)).double()


def by_hand(model: tf.PreTrainedModel, batch: list[Example]) -> torch.Tensor:
    """Every example on its own; minus the mean logarithm of what each learned token's probability is."""
    found = []
    for example in batch:
        logits = model(input_ids=torch.tensor([example.tokens])).logits[0].log_softmax(dim=-1)
        places = [place for place in range(1, len(example.tokens)) if example.learn[place]]
        found += [-logits[place - 1, example.tokens[place]] for place in places]
    return torch.stack(found).mean()


@pytest.mark.parametrize("pack", [None, 4, 20, 1000])
def test_the_loss_and_its_gradients_are_those_of_every_answer_by_itself(pack: int | None) -> None:
    batch, found = examples(), {}
    for name, loss in (
        ("hand", by_hand),
        ("ours", lambda model, batch: answer_loss(model, batch, bf16=False, pack=pack)),
    ):
        model = llama()
        value = loss(model, batch)
        value.backward()
        found[name] = [value.detach().float(), *(weight.grad for weight in model.parameters())]
    for ours, hand in zip(found["ours"], found["hand"], strict=True):
        # cross-entropy is computed in single precision
        torch.testing.assert_close(ours, hand, rtol=2e-5, atol=2e-7)


def test_scores_are_computed_for_learned_tokens_only() -> None:
    model, seen = llama(), list[torch.Size]()

    def note(layer: torch.nn.Module, states: tuple[torch.Tensor, ...], scores: torch.Tensor) -> None:
        seen.append(scores.shape)

    model.get_output_embeddings().register_forward_hook(note)
    answer_loss(model, [Example((5, 6, 7, 8), (False, False, True, True))], bf16=False)
    assert seen == [(1, 2, 50)]


def test_bfloat16_is_computed_only_where_the_processor_has_instructions_for_it() -> None:
    """Elsewhere a training took ten times as long as in float32."""
    model, seen = llama().float(), list[torch.dtype]()

    def note(layer: torch.nn.Module, states: tuple[torch.Tensor, ...], scores: torch.Tensor) -> None:
        seen.append(scores.dtype)

    model.get_output_embeddings().register_forward_hook(note)
    answer_loss(model, [Example((5, 6, 7, 8), (False, False, True, True))], bf16=True)
    there = any(torch.cpu.get_capabilities().get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))
    assert seen == [torch.bfloat16 if there else torch.float32]


def test_rows_hold_what_fits_and_lose_nothing() -> None:
    batch = [Example((1,) * size, (True,) * size) for size in (3, 9, 4, 5, 12, 2)]
    rows = [[len(one.tokens) for one in row] for row in packed_rows(batch, 10)]
    assert rows == [[12], [9], [5, 4], [3, 2]]


def test_rows_are_of_about_the_same_length_because_all_are_padded_to_the_longest() -> None:
    batch = [Example((1,) * size, (True,) * size) for size in (6, 6, 6, 2, 2, 2)]
    rows = packed_rows(batch, 22)
    assert sorted(sum(len(one.tokens) for one in row) for row in rows) == [12, 12]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 60))
def test_rows_are_no_more_and_no_longer_than_the_examples_need(sizes: list[int], width: int) -> None:
    batch = [Example((number,) * size, (True,) * size) for number, size in enumerate(sizes)]
    rows = packed_rows(batch, width)
    assert sorted((one for row in rows for one in row), key=batch.index) == batch
    assert all(len(row) == 1 or sum(len(one.tokens) for one in row) <= width for row in rows)
    # All but one are at least half full.
    assert len(rows) < 2 * sum(sizes) / width + 1


def test_models_that_do_not_keep_packed_examples_apart_are_told_from_those_that_do() -> None:
    torch.manual_seed(0)
    apart = [
        llama(),
        tf.GPT2LMHeadModel(tf.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=64)),
        tf.MistralForCausalLM(
            tf.MistralConfig(
                **SMALL, intermediate_size=24, num_hidden_layers=2, num_key_value_heads=1, sliding_window=4
            )
        ),
    ]
    mixed = [
        tf.BloomForCausalLM(tf.BloomConfig(vocab_size=50, hidden_size=16, n_layer=2, n_head=2)),
        tf.MambaForCausalLM(tf.MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, state_size=4)),
    ]
    assert [packs(model, examples()) for model in apart] == [True, True, True]
    assert [packs(model, examples()) for model in mixed] == [False, False]
