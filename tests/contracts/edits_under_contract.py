"""The edits memory on a tiny random model, made ready for the contract battery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
import transformers as tf
from safetensors.torch import load, save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from addenda.memories.base import ModelPatch, Task
from addenda.memories.edits import EditsConfig, EditsMemory
from addenda.memories.edits.memory import make_basis

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

CHAT = "{% for m in messages %}<|user|>{{ m['content'] }}{% endfor %}<|assistant|>"
SPECIALS = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]


@dataclass
class TinyModel:
    """A random Llama and a tokenizer whose tokens are bytes."""

    network: tf.PreTrainedModel
    tokenizer: tf.PreTrainedTokenizerFast
    fingerprint: str = "sha256:tiny"
    tokenizer_fingerprint: str = "sha256:bytes"

    def render(self, question: str) -> str:
        """The question as one chat turn."""
        return str(
            self.tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
            )
        )

    def answer(self, question: str) -> str:
        """Greedy answer to one question."""
        ids = self.tokenizer(self.render(question), return_tensors="pt", add_special_tokens=False)["input_ids"]
        mask = torch.ones_like(ids)
        out = self.network.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=8, do_sample=False, pad_token_id=0, eos_token_id=1
        )
        return self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def make_model() -> TinyModel:
    """The model, always with the same weights."""
    vocabulary = {t: i for i, t in enumerate([*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.add_special_tokens(SPECIALS)
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = tf.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = CHAT
    torch.manual_seed(0)
    config = tf.LlamaConfig(
        vocab_size=260, hidden_size=32, intermediate_size=512, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.35, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    return TinyModel(tf.AutoModelForCausalLM.from_config(config).eval(), tokenizer)


class EditsContract:
    """What the battery needs to know about the edits memory, and nothing more."""

    name = "edits"
    looks_back = False
    refusal = "NaN"
    tasks = (
        Task("a" * 16, ("What does it cost?", "Its price?"), "31", ("How much does it weigh?",)),
        Task("b" * 16, ("How tall is it?",), "2 m"),
        Task("c" * 16, ("Which colour has the roof?",), "red"),
    )

    def __init__(self, mode: Literal["isolated", "shared"]) -> None:
        if mode == "isolated":
            self.config = EditsConfig(k=64, tau=0.85, rate=0.5, steps=120)
        else:
            self.config = EditsConfig(mode="shared", k=64, tau=0.85, rate=2.0, steps=300, stop_loss=0.05)
        self.model = make_model()
        self.basis = make_basis(self.model, self.config)

    def make(self, clock: Callable[[], datetime]) -> EditsMemory:
        """An empty memory."""
        return EditsMemory(self.model, self.basis, self.config, clock=clock)

    def recall(self, contribution: ModelPatch, task: Task) -> str:
        """What is answered to a task's question with this contribution."""
        with contribution.attached():
            return self.model.answer(task.prompts[0])

    def used(self, contribution: ModelPatch) -> set[str]:
        """Ids that acted in the last recall."""
        return {c.addendum_id for row in contribution.candidates for c in row if c.injected}

    def spoil(self, artefact: bytes) -> bytes:
        """The artefact with a value that is not a number in it."""
        length = int.from_bytes(artefact[:8], "little")
        metadata = json.loads(artefact[8 : 8 + length])["__metadata__"]
        tensors = load(artefact)
        tensors["left"][0, 0] = float("nan")
        return save(tensors, metadata=metadata)
