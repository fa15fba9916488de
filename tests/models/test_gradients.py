"""The gradient of a batch is the same, however many cores share its examples."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from addenda.models.answer_loss import Example
from addenda.models.gradients import Gradients
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.training import FinetuneProgress, FinetuneSettings, finetune

WORDS = 40


@contextmanager
def cores(number: int) -> Generator[None]:
    """PyTorch may use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def small_model(dropout: float = 0.0) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=WORDS,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            intermediate_size=24,
            max_position_embeddings=64,
            tie_word_embeddings=True,
            attention_dropout=dropout,
        )
    )


def some_examples(number: int, seed: int = 0) -> list[Example]:
    """Examples of any length; of some nothing is to be learned."""
    random = Random(seed)
    lengths = [random.randint(2, 20) for _ in range(number)]
    return [
        Example(
            tuple(random.randrange(3, WORDS) for _ in range(length)),
            tuple(random.random() < 0.4 for _ in range(length)),
        )
        for length in lengths
    ]


def gradients_of(
    model: PreTrainedModel, batch: list[Example], *, on: int, micro_batch: int | None, pack: int | None
) -> tuple[float, dict[str, torch.Tensor]]:
    with cores(on), Gradients(model, micro_batch=micro_batch, pack=pack, bf16=False) as gradients:
        assert gradients.cores == on
        loss = gradients.add(batch)
        assert torch.get_num_threads() == on
    found = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    return loss, found


@settings(max_examples=25, deadline=None)
@given(
    number=st.integers(1, 9),
    seed=st.integers(0, 99),
    on=st.integers(2, 4),
    micro_batch=st.sampled_from([None, 1, 3, 64]),
    pack=st.sampled_from([None, 32]),
)
def test_any_number_of_cores_adds_up_the_gradient_of_one(
    number: int, seed: int, on: int, micro_batch: int | None, pack: int | None
) -> None:
    model = small_model()
    batch = [*some_examples(number, seed), Example((5, 6, 7), (False, False, True))]
    loss, expected = gradients_of(model, batch, on=1, micro_batch=None, pack=pack)
    shared_loss, found = gradients_of(model, batch, on=on, micro_batch=micro_batch, pack=pack)
    assert shared_loss == pytest.approx(loss, abs=1e-5)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-4)


def test_batch_after_batch_adds_up_and_only_what_learns_has_gradients() -> None:
    adapted = add_lora(small_model(), LoraSettings(rank=2, targets=("q_proj",)))
    with cores(2), Gradients(adapted, micro_batch=None, pack=None, bf16=False) as gradients:
        once = gradients.add(some_examples(6))
        first = {name: value.grad.clone() for name, value in adapted.named_parameters() if value.grad is not None}
        assert gradients.add(some_examples(6)) == once
    twice = {name: value.grad for name, value in adapted.named_parameters() if value.grad is not None}
    assert first.keys() == twice.keys()
    assert all("lora" in name for name in first)
    for name, value in first.items():
        torch.testing.assert_close(twice[name], 2 * value)


def trained_on(number: int, directory: Path, *, stops_at: int | None = None) -> dict[str, torch.Tensor]:
    """The weights after ten steps on so many cores, stopped on the way and begun again if need be."""
    chosen = FinetuneSettings(steps=10, batch_size=5, learning_rate=1e-2, pack=32, bf16=False)
    seen: list[FinetuneProgress] = []
    model = small_model()
    with cores(number):
        if stops_at is not None:
            finetune(
                model,
                some_examples(12),
                chosen,
                directory=directory,
                progress=seen.append,
                should_stop=lambda: seen[-1].step == stops_at,
            )
            model = small_model()
        assert finetune(model, some_examples(12), chosen, directory=directory).finished
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def test_training_on_several_cores_gives_the_same_weights_each_time(tmp_path: Path) -> None:
    first = trained_on(3, tmp_path / "first")
    for name, value in trained_on(3, tmp_path / "again", stops_at=4).items():
        assert torch.equal(value, first[name]), name
    for name, value in trained_on(1, tmp_path / "alone").items():
        torch.testing.assert_close(value, first[name], atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize(
    "model",
    [small_model(dropout=0.1), add_lora(small_model(), LoraSettings(rank=2, targets=("q_proj",), dropout=0.1))],
    ids=["of attention", "of an adapter"],
)
def test_what_draws_stays_on_one_core(model: PreTrainedModel) -> None:
    with cores(2), Gradients(model, micro_batch=None, pack=None, bf16=False) as gradients:
        assert gradients.cores == 1


def test_a_machine_of_many_cores_gets_no_more_shares_than_eight() -> None:
    with cores(64), Gradients(small_model(), micro_batch=None, pack=None, bf16=False) as gradients:
        assert gradients.cores == 8


def test_a_failing_share_is_an_error_and_the_threads_are_given_back() -> None:
    too_large = Example((3, WORDS + 5), (False, True))
    with cores(2), Gradients(small_model(), micro_batch=None, pack=None, bf16=False) as gradients:
        with pytest.raises(IndexError):
            gradients.add([Example((3, 4), (False, True)), too_large])
        assert torch.get_num_threads() == 2
