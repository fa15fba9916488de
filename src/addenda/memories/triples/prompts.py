"""The tokens of what a model is shown before it writes or reads: the same in training and at decoding.

Idea: prompts are text first, with the marks and escapes of ``syntax``, and are tokenized here and nowhere else. A
document or question cannot bring control tokens of the model along: in a document they are broken up by the escape that
stands for nothing, as live marks are; in a question they are refused, because decoding takes them out.

Source: the form of prompts for writing is MemLLM's (Modarressi et al. 2024, arXiv 2404.11672). Does not know: the
model's window. Tokenizers are kept from warning of long texts, because whoever asks for tokens shortens them. No
library is imported here; the tokenizer is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.triples.calls import shown
from addenda.memories.triples.marks import MARKS, disarmed
from addenda.memories.triples.syntax import write_prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def write_prompt_tokens(tokenizer: PreTrainedTokenizerBase, context: str, focus: str) -> list[int]:
    """The tokens of a prompt for writing: the text before a sentence, and the sentence between its marks."""
    prompt = without_control_tokens(tokenizer, write_prompt(context, focus))
    return tokenizer.encode(prompt, add_special_tokens=False, verbose=False)


def text_prompt_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The tokens of a text that is to be continued, with the one that marks its beginning where there is one."""
    prompt = without_control_tokens(tokenizer, disarmed(text))
    return tokenizer.encode(prompt, add_special_tokens=True, verbose=False)


def question_tokens(tokenizer: PreTrainedTokenizerBase, question: str) -> list[int]:
    """The tokens of a question in the model's chat template, or of the bare question where there is none.

    Raises InvalidInput when a control token stands in the question.
    """
    if held := [token for token in _control_tokens(tokenizer) if token in question]:
        raise InvalidInput(
            f"the question {shown(question)} has the control token {held[0]!r} of the model in it; take it out"
        )
    if tokenizer.chat_template is None:
        return tokenizer.encode(question, add_special_tokens=True, verbose=False)
    turns = [{"role": "user", "content": question}]
    prompt = cast("str", tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    return tokenizer.encode(prompt, add_special_tokens=False, verbose=False)


def without_control_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """The text with control tokens of the model broken up; the marks of calls stay."""
    for token in _control_tokens(tokenizer):
        text = text.replace(token, f"{token[0]}\\&{token[1:]}")
    return text


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> Iterator[str]:
    """How the special tokens are spelled, but for those of one character, which cannot be broken up."""
    for token in tokenizer.added_tokens_decoder.values():
        if token.special and len(token.content) > 1 and token.content not in MARKS:
            yield token.content
