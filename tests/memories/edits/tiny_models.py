"""Tiny, randomly initialised models of every supported family, and a byte-level tokenizer: all real components."""

from __future__ import annotations

import torch
import transformers as tf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

HIDDEN, MLP, BLOCKS, HEADS = 32, 96, 4, 4
CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def tiny_tokenizer(*, chat: bool = False) -> tf.PreTrainedTokenizerFast:
    """Every byte is a token; <|pad|> is 0, <|end|> is 1."""
    specials = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*specials, *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.add_special_tokens(specials)
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = tf.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", pad_token="<|pad|>")
    if chat:
        tokenizer.chat_template = CHAT
    return tokenizer


_COMMON = {"vocab_size": 260, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None, "initializer_range": 0.35}
_LLAMA = {
    **_COMMON,
    "hidden_size": HIDDEN,
    "intermediate_size": MLP,
    "num_hidden_layers": BLOCKS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
_GEMMA = {**_LLAMA, "head_dim": 8}

CONFIGURATIONS = {
    "llama": lambda: tf.LlamaConfig(**_LLAMA),
    "mistral": lambda: tf.MistralConfig(**_LLAMA, sliding_window=8),
    "qwen2": lambda: tf.Qwen2Config(**_LLAMA),
    "qwen3": lambda: tf.Qwen3Config(**_LLAMA, head_dim=8),
    "gemma": lambda: tf.GemmaConfig(**_GEMMA),
    "gemma2": lambda: tf.Gemma2Config(**_GEMMA, sliding_window=8, query_pre_attn_scalar=8),
    "gemma3_text": lambda: tf.Gemma3TextConfig(**_GEMMA, sliding_window=8, query_pre_attn_scalar=8),
    "phi3": lambda: tf.Phi3Config(**_LLAMA),
    "phi": lambda: tf.PhiConfig(**_LLAMA),
    "gpt2": lambda: tf.GPT2Config(**_COMMON, n_embd=HIDDEN, n_layer=BLOCKS, n_head=HEADS, n_inner=MLP, n_positions=128),
    "gptj": lambda: tf.GPTJConfig(
        **_COMMON, n_embd=HIDDEN, n_layer=BLOCKS, n_head=HEADS, n_inner=MLP, n_positions=128, rotary_dim=4
    ),
    "gpt_neox": lambda: tf.GPTNeoXConfig(**_LLAMA),
}


def tiny_model(family: str = "llama", *, dtype: torch.dtype = torch.float32, seed: int = 0) -> tf.PreTrainedModel:
    """A tiny model of a family, in evaluation mode, with weights drawn from ``seed``."""
    torch.manual_seed(seed)
    network = tf.AutoModelForCausalLM.from_config(CONFIGURATIONS[family]())
    for name, parameter in network.named_parameters():
        # A norm behind the projection bounds what an edit can add; random weights need room that trained ones have.
        if "post_feedforward_layernorm" in name:
            torch.nn.init.constant_(parameter, 30.0)
    return network.to(dtype).eval()


def answer(
    network: tf.PreTrainedModel, tokenizer: tf.PreTrainedTokenizerBase, prompts: list[str], **options: object
) -> list[str]:
    """What the model says to plain prompts, greedily, as one batch padded on the left."""
    tokenizer.padding_side = "left"
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    settings = {"max_new_tokens": 14, "do_sample": False, "pad_token_id": 0, "eos_token_id": 1, **options}
    out = network.generate(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], **settings)
    new = out[:, inputs["input_ids"].shape[1] :]
    return [tokenizer.decode([t for t in row.tolist() if t > 3]) for row in new]
