"""Edits at work inside a model: gated once, frozen, per row, exactly zero elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from tiny_models import answer, tiny_model, tiny_tokenizer
from torch import nn

from addenda.errors import InvalidInput
from addenda.memories.edits import EditRequest, EditsConfig, ResidualMemory

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from addenda.memories.edits.config import Fingerprint, Span

EDITED = ["The price of it is", "How tall is it?", "Which colour has the roof?"]
OTHERS = ["Nothing of this was ever edited", "z"]


def encoded(tokenizer: PreTrainedTokenizerFast, text: str) -> torch.Tensor:
    return torch.tensor([tokenizer(text)["input_ids"]])


def projection(memory: ResidualMemory) -> nn.Module:
    return memory.attachment()._place.projection


def test_every_wording_gets_the_new_answer(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    with memory.attached():
        said = answer(network, tokenizer, ["The price of it is", "What does it cost?", "How tall is it?"])
    assert [text.strip() for text in said] == ["31 euros", "31 euros", "2 m"]


def test_with_and_without_a_cache_the_same_is_said(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    prompts = EDITED + OTHERS
    with memory.attached():
        cached = [answer(network, tokenizer, [prompt])[0] for prompt in prompts]
        plain = [answer(network, tokenizer, [prompt], use_cache=False)[0] for prompt in prompts]
        batch = answer(network, tokenizer, prompts, use_cache=False)
    assert cached == plain == batch


def test_a_padded_batch_says_what_each_row_says_alone(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    prompts = [*EDITED, *OTHERS]
    with memory.attached():
        alone = [answer(network, tokenizer, [prompt])[0] for prompt in prompts]
        attachment = memory.attachment()
    with attachment.attached():
        assert answer(network, tokenizer, prompts) == alone
    injected = [[c.addendum_id for c in row if c.injected] for row in attachment.candidates]
    assert injected == [["a"], ["b"], ["c"], [], []]


def test_unmatched_prompts_and_rows_are_bit_for_bit_untouched(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    inputs = tokenizer([EDITED[0], OTHERS[0]], return_tensors="pt", padding=True)
    with torch.no_grad():
        before = network(**inputs).logits
        with memory.attached():
            after = network(**inputs).logits
    assert torch.equal(before[1], after[1])
    assert not torch.equal(before[0], after[0])


def test_tokens_before_the_last_prompt_token_are_bit_for_bit_untouched(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    ids = encoded(tokenizer, EDITED[0])
    with torch.no_grad():
        before = network(input_ids=ids).logits
        with memory.attached():
            after = network(input_ids=ids).logits
    assert torch.equal(before[:, :-1], after[:, :-1])
    assert not torch.equal(before[:, -1], after[:, -1])


def test_padding_on_either_side_gives_the_same_logits(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    results = {}
    for side in ("left", "right"):
        local = tiny_tokenizer()
        local.padding_side = side
        inputs = local([EDITED[0], OTHERS[0]], return_tensors="pt", padding=True)
        mask = inputs["attention_mask"]
        with torch.no_grad(), memory.attached():
            logits = network(**inputs, position_ids=(mask.cumsum(-1) - 1).clamp(min=0)).logits
        last = mask[0].nonzero()[-1, 0]
        results[side] = logits[0, last]
    assert torch.allclose(results["left"], results["right"], atol=1e-4)


def test_the_output_is_the_projection_plus_the_low_rank_map_of_the_masked_input(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    seen = {}

    def keep(_module: nn.Module, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        seen["x"], seen["y"] = args[0], output

    ids = encoded(tokenizer, EDITED[0])
    with memory.attached(), torch.no_grad():
        handle = projection(memory).register_forward_hook(keep)
        network(input_ids=ids)
        handle.remove()
    entry = memory.held.by_id["a"]
    x = seen["x"][0, -1].double()
    mask = torch.zeros(memory.basis.width, dtype=torch.float64)
    mask[torch.from_numpy(entry.edit.columns)] = 1
    weight = projection(memory).weight.double()
    expected = weight @ x + entry.edit.dense(memory.basis.width).double() @ (mask * x)
    assert torch.allclose(seen["y"][0, -1].double(), expected, atol=1e-4)


def test_the_gate_stays_as_decided_while_the_answer_is_generated(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    """Text that itself is an edited prompt does not switch that edit on when it is generated rather than asked."""
    ids = encoded(tokenizer, OTHERS[0])
    forced = tokenizer(EDITED[0])["input_ids"]
    with torch.no_grad(), memory.attached():
        out = network(input_ids=ids, use_cache=True)
        cache = out.past_key_values
        edited = [out.logits[:, -1]]
        for token in forced:
            out = network(input_ids=torch.tensor([[token]]), past_key_values=cache, use_cache=True)
            edited.append(out.logits[:, -1])
    with torch.no_grad():
        plain = network(input_ids=torch.cat([ids, torch.tensor([forced])], dim=1)).logits[:, ids.shape[1] - 1 :]
    assert torch.allclose(torch.stack(edited, dim=1), plain, atol=1e-4)


def test_a_later_call_with_several_tokens_is_gated_anew(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    """A second turn that reuses the cache is a new question."""
    with torch.no_grad():
        attachment = memory.attachment()
        with attachment.attached():
            first = network(input_ids=encoded(tokenizer, EDITED[0]), use_cache=True)
            assert attachment.candidates[0][0].injected
            network(input_ids=encoded(tokenizer, OTHERS[0]), past_key_values=first.past_key_values, use_cache=True)
            assert not attachment.candidates[0][0].injected


def test_a_prompt_of_one_token_is_gated(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    memory = ResidualMemory.create(network, tokenizer, settings)
    memory.edit("q", "31")
    attachment = memory.attachment()
    with attachment.attached():
        assert answer(network, tokenizer, ["q"]) == [" 31"]
        assert answer(network, tokenizer, ["q"]) == [" 31"]
        answer(network, tokenizer, ["z"])
        assert [c.injected for c in attachment.candidates[0]] == [False]


def test_beams_keep_the_decision_of_their_row(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    prompts = [EDITED[0], OTHERS[0]]
    plain = answer(network, tokenizer, prompts, num_beams=3)
    with memory.attached():
        said = answer(network, tokenizer, prompts, num_beams=3)
    assert said[0] == " 31 euros"[: len(said[0])]
    assert said[1] == plain[1]


def test_the_model_is_as_before_when_the_block_ends_even_after_an_error(
    memory: ResidualMemory, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    before = answer(network, tokenizer, EDITED)
    with pytest.raises(ZeroDivisionError), memory.attached():
        raise ZeroDivisionError
    assert answer(network, tokenizer, EDITED) == before


def test_an_attachment_is_not_entered_twice(memory: ResidualMemory) -> None:
    attachment = memory.attachment()
    with attachment.attached(), pytest.raises(InvalidInput, match="attached already"), attachment.attached():
        pass


def test_an_empty_memory_changes_nothing(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig
) -> None:
    before = answer(network, tokenizer, EDITED)
    memory = ResidualMemory.create(network, tokenizer, settings)
    with memory.attached():
        assert answer(network, tokenizer, EDITED) == before


@pytest.mark.parametrize("span", ["answer", "all"])
@pytest.mark.parametrize("fingerprint", ["last", "mean"])
def test_shared_mode_answers_too(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, span: Span, fingerprint: Fingerprint
) -> None:
    config = EditsConfig(
        k=48,
        tau=0.9,
        mode="shared",
        span=span,
        fingerprint=fingerprint,
        rate=1.0,
        steps=200,
        stop_loss=0.02,
        storage="float32",
    )
    memory = ResidualMemory.create(network, tokenizer, config)
    memory.add_all(
        zip("ab", memory.solve([EditRequest((EDITED[0],), "31"), EditRequest((EDITED[1],), "2 m")]), strict=True)
    )
    with memory.attached():
        cached = answer(network, tokenizer, EDITED[:2])
        plain = answer(network, tokenizer, EDITED[:2], use_cache=False)
    assert cached == plain
    assert cached[1] == " 2 m"


def test_a_model_in_half_precision_is_edited(tokenizer: PreTrainedTokenizerFast) -> None:
    network = tiny_model("llama", dtype=torch.bfloat16)
    config = EditsConfig(k=24, tau=0.8, rate=0.5, steps=80, stop_loss=0.02)
    memory = ResidualMemory.create(network, tokenizer, config)
    memory.edit(EDITED[0], "31")
    with memory.attached():
        assert answer(network, tokenizer, [EDITED[0]]) == [" 31"]
