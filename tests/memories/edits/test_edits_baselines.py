"""The baselines do what the published method and plain fine-tuning do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from tiny_models import answer, tiny_model

from addenda.memories.edits import PAPER
from addenda.memories.edits.dense import Descent
from addenda.memories.edits.families import locate
from addenda.memories.edits.finetune import FineTuned
from addenda.memories.edits.paper import PUBLISHED, PaperMemory, make_prefixes, paper_bench

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from addenda.memories.edits.solver import Bench

HOW = Descent("sgd", rate=1.0, steps=150, clip=1.0, decay=0.0, stop_loss=0.02, stop_change=1e-4)


@pytest.fixture(scope="module")
def bench(tokenizer: PreTrainedTokenizerFast) -> Bench:
    network = tiny_model("llama", seed=3)
    config = PAPER.model_copy(update={"k": 48, "tau": 0.8, "layer": 1})
    return paper_bench(network, tokenizer, locate(network, config), config, ["One.", "Another one."])


def test_the_published_settings_are_the_published_ones() -> None:
    assert (PUBLISHED.rate, PUBLISHED.clip, PUBLISHED.steps, PUBLISHED.decay) == (1.0, 1.0, 30, 1e-5)
    assert (PAPER.mode, PAPER.fingerprint, PAPER.span) == ("shared", "mean", "all")


def test_a_published_edit_is_said_and_its_mask_alone_is_written(
    bench: Bench, tokenizer: PreTrainedTokenizerFast
) -> None:
    memory = PaperMemory(bench, ("I am", "You are"), descent=HOW)
    losses = memory.edit("a", "The price of it is", "31")
    assert losses[-1] < 0.2 < losses[0]
    live = memory.held.entries[0].edit.columns
    dead = sorted(set(range(96)) - set(live.tolist()))
    assert not memory.matrix[:, dead].any()
    with memory.attached():
        assert answer(bench.network, tokenizer, ["The price of it is"]) == [" 31"]


def test_decay_wears_earlier_edits_down_in_every_column(bench: Bench) -> None:
    memory = PaperMemory(bench, (), descent=Descent("sgd", 1.0, 10, 1.0, 1e-2, 0.0, 0.0))
    memory.edit("a", "The price of it is", "31")
    first = memory.matrix.clone()
    memory.edit("b", "Some other matter is", "no")
    only_first = sorted(set(memory.held.entries[0].edit.columns) - set(memory.held.entries[1].edit.columns))
    assert only_first
    assert torch.allclose(memory.matrix[:, only_first], first[:, only_first] * (1 - 1e-2) ** 10, atol=1e-6)


def test_prefixes_are_ten_and_repeat(bench: Bench, tokenizer: PreTrainedTokenizerFast) -> None:
    prefixes = make_prefixes(bench.network, tokenizer)
    assert len(prefixes) == 10
    assert prefixes == make_prefixes(bench.network, tokenizer)
    assert prefixes[0].startswith("I")


def test_fine_tuning_says_the_new_answer_and_touches_everything(
    bench: Bench, tokenizer: PreTrainedTokenizerFast
) -> None:
    tuned = FineTuned(bench, Descent("adam", 2e-2, 150, 1.0, 0.0, 0.02, 1.0))
    ids = torch.tensor([tokenizer("Something else")["input_ids"]])
    before = bench.network(input_ids=ids).logits
    assert tuned.edit("The price of it is", "31")[-1] <= 0.1
    with tuned.attached():
        assert answer(bench.network, tokenizer, ["The price of it is"]) == [" 31"]
        assert not torch.allclose(bench.network(input_ids=ids).logits, before)
    assert torch.equal(bench.network(input_ids=ids).logits, before)


def test_a_network_keeps_its_trainable_parameters(bench: Bench) -> None:
    assert all(parameter.requires_grad for parameter in bench.network.parameters())
