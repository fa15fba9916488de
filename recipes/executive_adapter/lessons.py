"""Dialogues to learn from: a question, the lines that lead to its answer, and what the memory model says to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.lines import (
    ANSWER,
    ITSELF,
    NOTHING,
    Turn,
    name_of,
    reply_line,
    step_line,
)
from addenda.memories.reflections.questions import memory_prompt
from addenda.models.training import Example
from recipes.executive_adapter.questions import Asked, QuestionTeacher

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REFUSED = 0.12
"""The share of dialogues in which the memory model does not know something."""
TOLD = 0.08
"""The share of answers on the way that are a sentence, not a bare name."""
_SENTENCES = ("It is {o}.", "That is {o}.", "The {r} is {o}.", "{o}, as far as I know.", "The {r} of {s} is {o}.")


def taught(random: Random, asked: Asked, *, refused: float = REFUSED, told: float = TOLD) -> tuple[Turn, ...]:
    """The dialogue of a question, to the line that ends it."""
    turns = [Turn("user", memory_prompt(asked.question))]
    if asked.talk:
        return (*turns, Turn("assistant", NOTHING))
    stops = random.randrange(len(asked.answers)) if random.random() < refused else None
    name, answers = memory_prompt(asked.name), dict[str, str]()
    for number, answer in enumerate(asked.answers):
        entry = f"q{number + 1}"
        relation = asked.relations[number] if asked.relations else ""
        steps = [relation] if number else asked.relations[::-1]
        turns.append(Turn("assistant", step_line(steps, name, answers) if relation else ITSELF))
        if number == stops:
            return (*turns, Turn("user", reply_line(entry, "")), Turn("assistant", NOTHING))
        said = memory_prompt(answer)
        if relation and random.random() < told:
            said = random.choice(_SENTENCES).format(o=answer, r=relation, s=name)
        turns.append(Turn("user", reply_line(entry, said)))
        answers[entry], name = said, name_of(memory_prompt(answer))
    return (*turns, Turn("assistant", f"{ANSWER} q{len(asked.answers)}"))


def lesson(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], limit: int) -> Example:
    """A dialogue in the model's chat template, of which the executive's lines are learned.

    Raises InvalidInput for one of more than `limit` tokens.
    """

    messages = [{"role": one.role, "content": one.text} for one in turns]
    whole: list[int] = []
    learn: list[bool] = []
    shown = ""
    for number, turn in enumerate(turns):
        said = turn.role == "assistant"
        for count, opened in ((number, True), (number + 1, False)) if said else ((number + 1, False),):
            text = cast(
                "str", tokenizer.apply_chat_template(messages[:count], tokenize=False, add_generation_prompt=opened)
            )
            # What is added begins with a token of its own or behind one, so its tokens are those of the whole.
            added = tokenizer.encode(text[len(shown) :], add_special_tokens=False)
            whole += added
            learn += [said and not opened] * len(added)
            shown = text
    if len(whole) > limit:
        raise InvalidInput(f"the dialogue has {len(whole)} tokens; at most {limit} are allowed")
    return Example(tuple(whole), tuple(learn))


def lessons(tokenizer: PreTrainedTokenizerBase, seed: int, limit: int) -> Iterator[Example]:
    """An endless stream of lessons that belongs to a seed; dialogues that are too long are passed over."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    while True:
        try:
            yield lesson(tokenizer, taught(random, teacher.draw(random)), limit)
        except InvalidInput:
            continue
