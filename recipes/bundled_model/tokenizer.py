"""The tokenizer of the bundled model: byte-level byte-pair encoding learned on the training corpus.

Idea: frequent names become one token, which is what makes facts stick; names never seen fall apart into pieces, down
to bytes, and stay copyable. Every stretch of text between special tokens starts with a space: a name has the same
tokens at the start of an answer as inside a sentence, and copying is one to one. The decoder takes that space
off again. Scripts are split from each other, so that a Latin name inside Japanese text keeps its tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

CONTROL_TOKENS = ("<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|context|>", "<|user|>", "<|assistant|>")
MEMORY_TOKENS = ("({", "-->", "})", "MEM_READ", "MEM_WRITE", "USER_ST", "USER_END", ">>")
RESERVED_TOKENS = tuple(f"<|reserved_{index}|>" for index in range(16))

_WORDS = (
    r" ?[\p{Latin}]+|[\p{Hiragana}]+|[\p{Katakana}ー]+|[\p{Han}]+| ?[\p{Hangul}]+| ?\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]|\s+(?!\S)|\s+| ?\p{L}+"
)
CHAT_TEMPLATE = (
    "{{- '<|bos|>' -}}"
    "{%- for message in messages -%}"
    "{%- if message['role'] not in ['system', 'context', 'user', 'assistant'] -%}"
    "{{- raise_exception('The roles are system, context, user and assistant, not ' ~ message['role']) -}}"
    "{%- endif -%}"
    "{{- '<|' ~ message['role'] ~ '|>' ~ message['content'] | trim -}}"
    "{%- if message['role'] == 'assistant' -%}{{- '<|end|>' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    """Learn a tokenizer with `vocabulary` entries from `texts`; `context` is the model's longest input in tokens."""
    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Prepend(" "), normalizers.Replace(Regex("^ +"), " ")]
    )
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(content=" ", left=1, right=0)])
    control = [AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS + RESERVED_TOKENS]
    memory = [AddedToken(token, special=False, normalized=False) for token in MEMORY_TOKENS]
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary - len(memory),
            special_tokens=control,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            min_frequency=2,
            show_progress=False,
        ),
    )
    core.add_tokens(memory)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|bos|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
        padding_side="left",
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, directory: Path) -> None:
    """Write the tokenizer's files so that `AutoTokenizer.from_pretrained(directory)` finds them offline."""
    tokenizer.save_pretrained(directory)
