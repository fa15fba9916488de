"""Every supported family: found, replayed, edited; every other one refused by name."""

from __future__ import annotations

import pytest
import torch
import transformers as tf
from tiny_models import BLOCKS, CONFIGURATIONS, answer, tiny_model
from transformers import PreTrainedTokenizerFast

from addenda.errors import InvalidInput, ModelUnavailable
from addenda.memories.edits import EditsConfig, ResidualMemory
from addenda.memories.edits.families import FAMILIES, default_layer, locate
from addenda.memories.edits.replay import Sample, capture

SETTINGS = EditsConfig(k=24, tau=0.8, rate=0.5, steps=120, stop_loss=0.02, layer=1)
SAMPLES = [
    Sample((7, 9, 11, 30, 42, 8, 9, 10, 11, 12), (33, 34, 1)),
    Sample((5, 6), (40, 1)),
    Sample((9,), (41, 42, 43, 1)),
]


def test_every_family_of_the_table_is_tried() -> None:
    assert set(CONFIGURATIONS) == set(FAMILIES)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("whole", [False, True])
def test_the_replayed_upper_part_gives_the_models_own_logits(family: str, whole: bool) -> None:
    network = tiny_model(family)
    place = locate(network, EditsConfig(layer=1))
    captured = capture(network, place, SAMPLES, whole=whole)
    logits = captured.logits()
    for row, sample in enumerate(SAMPLES):
        ids = torch.tensor([sample.prompt + sample.target[:-1]])
        with torch.no_grad():
            expected = network(input_ids=ids).logits[0]
        kept = expected if whole else expected[len(sample.prompt) - 1 :]
        assert torch.allclose(logits[row, : len(kept)], kept, atol=2e-4)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_an_edit_is_said_and_other_prompts_are_left_alone(family: str, tokenizer: PreTrainedTokenizerFast) -> None:
    network = tiny_model(family)
    memory = ResidualMemory.create(network, tokenizer, SETTINGS)
    before = answer(network, tokenizer, ["The price of it is", "Something else"])
    solved = memory.edit("The price of it is", "31")
    assert solved.exact
    with memory.attached():
        after = answer(network, tokenizer, ["The price of it is", "Something else"])
    assert after == [" 31", before[1]]
    assert answer(network, tokenizer, ["The price of it is", "Something else"]) == before


def test_the_default_layer_is_late_but_never_the_last() -> None:
    assert [default_layer(count) for count in (1, 2, 6, 12, 32)] == [0, 0, 4, 10, 27]
    network = tiny_model("llama")
    assert locate(network, EditsConfig()).path == f"model.layers.{BLOCKS - 2}.mlp.down_proj"


def _starcoder() -> tf.PreTrainedModel:
    config = tf.Starcoder2Config(
        vocab_size=260, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.35, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    return tf.AutoModelForCausalLM.from_config(config).eval()


def test_a_family_outside_the_table_is_refused_by_name_with_the_way_out(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(ModelUnavailable, match=r"'starcoder2'.*module_path"):
        ResidualMemory.create(_starcoder(), tokenizer)


def test_a_module_path_makes_another_family_work(tokenizer: PreTrainedTokenizerFast) -> None:
    network = _starcoder()
    config = SETTINGS.model_copy(update={"module_path": "model.layers.1.mlp.c_proj", "layer": None})
    memory = ResidualMemory.create(network, tokenizer, config)
    memory.edit("The price of it is", "31")
    with memory.attached():
        assert answer(network, tokenizer, ["The price of it is"]) == [" 31"]


def test_an_architecture_that_cannot_be_replayed_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    config = tf.Olmo2Config(
        vocab_size=260, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        initializer_range=0.35, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    network = tf.AutoModelForCausalLM.from_config(config).eval()
    settings = SETTINGS.model_copy(update={"module_path": "model.layers.1.mlp.down_proj"})
    memory = ResidualMemory.create(network, tokenizer, settings)
    # A norm between projection and residual stream that the table does not know.
    with pytest.raises(ModelUnavailable, match="Olmo2ForCausalLM"):
        memory.edit("The price of it is", "31")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("model.layers.9.mlp.down_proj", "has 4 blocks"),
        ("model.layers.1.mlp.nothing", "no module"),
        ("mlp.down_proj", "names no block"),
        ("model.layers.1.input_layernorm", "must be a linear projection"),
    ],
)
def test_a_wrong_path_is_refused(path: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        locate(tiny_model("llama"), EditsConfig(module_path=path))
