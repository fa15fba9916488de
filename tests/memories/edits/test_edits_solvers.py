"""The solvers against plain references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tiny_models import tiny_model

from addenda.errors import InvalidInput
from addenda.memories.edits import EditRequest, EditsConfig, Rendered, ResidualMemory
from addenda.memories.edits.calibrate import choose_tau
from addenda.memories.edits.dense import Descent, dense_batch, descend
from addenda.memories.edits.families import locate
from addenda.memories.edits.gram import gram_descent
from addenda.memories.edits.prompts import encode_prompt, encode_target
from addenda.memories.edits.replay import Sample, capture
from addenda.memories.edits.solver import fit

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

SAMPLES = [Sample((7, 9, 11, 30, 42), (33, 34, 1)), Sample((5, 6), (40, 1)), Sample((9, 8, 7, 6), (33, 1))]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj"])
@pytest.mark.parametrize("previous", [False, True])
def test_descent_on_coefficients_is_descent_on_the_matrix(family: str, previous: bool) -> None:
    """The published optimisation and ours agree to rounding, in float64, after clipped steps."""
    network = tiny_model(family, dtype=torch.float64)
    place = locate(network, EditsConfig(layer=1))
    torch.manual_seed(1)
    before = torch.randn(place.height, place.width, dtype=torch.float64) * (0.1 if previous else 0.0)
    live = torch.randperm(place.width)[:24].sort().values
    mask = torch.zeros(place.width, dtype=torch.float64)
    mask[live] = 1
    config = EditsConfig(rate=1.0, clip=1.0, steps=15, stop_loss=0.0)
    outcome = gram_descent(capture(network, place, SAMPLES, whole=True), live, before, config)
    matrix = before.clone()
    how = Descent("sgd", rate=1.0, steps=15, clip=1.0, decay=0.0, stop_loss=0.0, stop_change=0.0)
    losses = descend(network, place, matrix, mask, dense_batch(SAMPLES, torch.device("cpu")), how)
    change = torch.zeros_like(before)
    change[:, live] = outcome.coefficients.T @ outcome.inputs
    # Losses are computed in single precision; the matrices are not.
    assert np.allclose(outcome.losses, losses, atol=1e-5)
    assert losses[-1] < losses[0] - 0.1
    assert torch.allclose(before + change, matrix, atol=1e-6)
    assert torch.equal(matrix[:, mask == 0], before[:, mask == 0])


def test_the_fit_reproduces_offsets_at_every_wording() -> None:
    torch.manual_seed(0)
    config = EditsConfig(ridge=1e-6, storage="float32")
    inputs = [torch.randn(4, 60) for _ in range(3)]
    offsets = torch.randn(4, 10)
    columns = np.arange(5, 55, dtype=np.int64)
    left, right = fit(inputs, offsets, columns, config)
    assert (left.shape, right.shape) == ((10, 4), (4, 50))
    for x in inputs:
        assert torch.allclose(x[:, 5:55] @ right.T @ left.T, offsets, atol=1e-3)


def test_a_rank_above_the_limit_is_cut_by_singular_values() -> None:
    torch.manual_seed(0)
    inputs = [torch.randn(6, 40)]
    offsets = torch.randn(6, 10)
    columns = np.arange(40, dtype=np.int64)
    whole = fit(inputs, offsets, columns, EditsConfig(ridge=1e-6, storage="float32", rank=6))
    cut = fit(inputs, offsets, columns, EditsConfig(ridge=1e-6, storage="float32", rank=2))
    u, s, v = torch.linalg.svd(whole[0] @ whole[1], full_matrices=False)
    assert torch.allclose(cut[0] @ cut[1], (u[:, :2] * s[:2]) @ v[:2], atol=1e-4)


def test_edits_solved_together_are_the_edits_solved_alone(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    requests = [
        EditRequest((f"The {thing} of it is", f"Say the {thing}"), answer)
        for thing, answer in [("price", "31 euros"), ("age", "7"), ("name", "Tilo"), ("size", "big")]
    ]
    memory = ResidualMemory.create(network, tokenizer, settings)
    together = memory.solve(requests)
    alone = [memory.solve([request])[0] for request in requests]
    for one, other in zip(together, alone, strict=True):
        assert one.keys.tolist() == other.keys.tolist()
        assert one.columns.tolist() == other.columns.tolist()
        assert one.exact
        assert other.exact
        assert torch.allclose(one.dense(96), other.dense(96), atol=0.15)
    assert [edit.to_bytes() for edit in memory.solve(requests)] == [edit.to_bytes() for edit in together]


def test_progress_counts_edits(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    calls = []
    memory = ResidualMemory.create(network, tokenizer, settings.model_copy(update={"batch": 2}))
    memory.solve([EditRequest((f"{n}?",), "x") for n in range(5)], lambda done, total: calls.append((done, total)))
    assert calls == [(2, 5), (4, 5), (5, 5)]


def test_prompts_as_text_rendered_text_and_ids_are_the_same_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = encode_prompt(tokenizer, "Say it")
    assert encode_prompt(tokenizer, Rendered("Say it")) == ids == encode_prompt(tokenizer, list(ids))
    assert encode_prompt(tokenizer, Rendered("<|user|>hi"))[0] == 2


def test_a_plain_target_is_parted_by_a_space_and_ends(tokenizer: PreTrainedTokenizerFast) -> None:
    after = tokenizer(" red")["input_ids"]
    assert list(encode_target(tokenizer, "The roof is", "red")) == [*after, 1]
    assert list(encode_target(tokenizer, "The roof is ", "red")) == [*after[1:], 1]
    assert list(encode_target(tokenizer, Rendered("roof?<|assistant|>"), "red")) == [*after[1:], 1]


def test_requests_that_cannot_be_used_are_refused(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    memory = ResidualMemory.create(network, tokenizer, settings)
    with pytest.raises(InvalidInput, match="no prompts"):
        EditRequest((), "x")
    with pytest.raises(InvalidInput, match="is empty"):
        memory.edit("Say", "  ")
    with pytest.raises(InvalidInput, match="no tokens"):
        memory.edit("", "x")


def test_weights_that_are_not_finite_are_refused(tokenizer: PreTrainedTokenizerFast, settings: EditsConfig) -> None:
    network = tiny_model("llama")
    memory = ResidualMemory.create(network, tokenizer, settings)
    with torch.no_grad():
        network.model.layers[3].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(InvalidInput, match="not finite"):
        memory.edit("Say", "x")


@pytest.mark.parametrize(
    ("positives", "negatives", "low", "high"),
    [
        ([(0.9, True), (0.8, True)], [0.3, 0.5], 0.5, 0.8),
        ([(0.9, True), (0.4, True), (0.35, False)], [0.6, 0.1], 0.6, 0.9),
    ],
)
def test_tau_separates_hits_from_misses(
    positives: list[tuple[float, bool]], negatives: list[float], low: float, high: float
) -> None:
    assert low < choose_tau(positives, negatives) < high


def test_calibration_needs_both_kinds() -> None:
    with pytest.raises(InvalidInput, match="0 negative"):
        choose_tau([(1.0, True)], [])
