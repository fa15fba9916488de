"""Prompts and targets as token ids.

A prompt is given as plain text (the tokenizer adds its special tokens), as :class:`Rendered` text (a chat template
was applied, special tokens are in it already) or as token ids. The target's tokens are those that follow the prompt's
when both are tokenised together, so that a leading space ends up where the model expects it; an end token follows, so
that the answer ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from addenda.errors import InvalidInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt to which the chat template was applied: special tokens are in the text."""

    text: str


Prompt: TypeAlias = "str | Rendered | Sequence[int]"
"""Plain text, rendered text, or token ids."""


BACKGROUND: tuple[str, ...] = (
    "Who wrote the book on the table?",
    "How far is it from the station to the harbour?",
    "What should I cook tonight?",
    "Explain in one sentence why the sky is blue.",
    "When does the museum open on Sundays?",
    "Translate good morning into Spanish.",
    "How many legs does a spider have?",
    "Which of the two roads is shorter?",
    "Please write a short greeting for a friend.",
    "What is the largest lake in the country?",
    "How do I reset my password?",
    "Name three kinds of fruit.",
    "Is the shop around the corner still open?",
    "What does this error message mean?",
    "How long does the train take to the coast?",
    "Who won the match yesterday?",
)
"""Questions about nothing in particular, for a memory whose background nobody gave."""


def render_question(tokenizer: PreTrainedTokenizerBase, question: str) -> Prompt:
    """A question as one turn of the tokenizer's chat template; plain text where there is none."""
    if tokenizer.chat_template is None:
        return question
    turn = [{"role": "user", "content": question}]
    return Rendered(cast("str", tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)))


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str, *, special: bool) -> list[int]:
    """Token ids of ``text``; ``special`` says whether the tokenizer adds its own special tokens."""
    return list(cast("list[int]", tokenizer(text, add_special_tokens=special)["input_ids"]))


def encode_prompt(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> tuple[int, ...]:
    """Token ids of a prompt. Raises InvalidInput when there are none."""
    if isinstance(prompt, str):
        ids = encode_text(tokenizer, prompt, special=True)
    elif isinstance(prompt, Rendered):
        ids = encode_text(tokenizer, prompt.text, special=False)
    else:
        ids = [int(token) for token in prompt]
    if not ids:
        raise InvalidInput(f"prompt {prompt!r} has no tokens; a prompt needs at least one")
    return tuple(ids)


def encode_target(
    tokenizer: PreTrainedTokenizerBase, prompt: Prompt, target: str, *, end: bool = True
) -> tuple[int, ...]:
    """Token ids of ``target`` as they follow ``prompt``, with the end token when ``end`` is true and there is one.

    After a plain prompt a space is put between the two unless one is there. Raises InvalidInput for an empty target.
    """
    if not target.strip():
        raise InvalidInput(f"target {target!r} is empty; an edit needs an answer to give")
    ids = _following(tokenizer, prompt, target)
    if end and tokenizer.eos_token_id is not None:
        ids = [*ids, int(cast("int", tokenizer.eos_token_id))]
    return tuple(ids)


def _following(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, target: str) -> list[int]:
    alone = encode_text(tokenizer, target, special=False)
    if not isinstance(prompt, (str, Rendered)):
        return alone
    if isinstance(prompt, Rendered):
        text, special, joined = prompt.text, False, prompt.text + target
    else:
        gap = "" if prompt[-1:].isspace() or target[:1].isspace() else " "
        text, special, joined = prompt, True, prompt + gap + target
        alone = encode_text(tokenizer, gap + target, special=False)
    before = encode_text(tokenizer, text, special=special)
    both = encode_text(tokenizer, joined, special=special)
    # A tokenizer that closes every text with special tokens, or merges over the seam, leaves no clean remainder.
    if len(both) > len(before) and both[: len(before)] == before:
        return both[len(before) :]
    return alone
