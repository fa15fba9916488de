"""What a memory model is taught and validated with: reflections and refusals, and the examples made of them.

Does not know: how it is trained. Importing this module imports no model library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.reflections.questions import memory_prompt
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.holding_out import Split, hold_out
from addenda.memories.reflections.training.refusals import Refusals
from addenda.memories.reflections.training.settings import MemoryModelSettings

if TYPE_CHECKING:
    from addenda.models.local import LocalModel
    from addenda.models.training import Example


@dataclass(frozen=True, slots=True)
class Material:
    """What is taught and what it is validated with, as reflections."""

    split: Split
    refusals: int

    @classmethod
    def of(
        cls, reflections: Sequence[Reflection], settings: MemoryModelSettings, known: Sequence[Reflection] = ()
    ) -> Material:
        """Hold some out, and make refusals: from all, so that none asks for what is stated.

        ``known`` are further ones that are not taught now, but that nothing may be refused of either.
        """
        split = hold_out(
            reflections, share=settings.validation_share, most=settings.validation_most, seed=settings.seed
        )
        answering = sum(one.stage != "unanswerable" for one in reflections)
        made = Refusals(
            tuple(dict.fromkeys((*reflections, *known))), made_up=settings.made_up, seed=settings.seed
        ).draw(round(settings.refusals * answering))
        apart = min(settings.validation_most, max(1, round(settings.validation_share * len(made)))) if made else 0
        return cls(
            Split((*split.training, *made[apart:]), (*split.validation, *made[:apart]), split.held_out),
            len(made) - apart,
        )


@dataclass(frozen=True, slots=True)
class Lessons:
    """The same as examples, and what could not be made one."""

    training: tuple[Example, ...]
    validation: tuple[Example, ...]
    taught: tuple[Reflection, ...]
    asked: tuple[Reflection, ...]
    refused: tuple[str, ...]


def memory_example(model: LocalModel, question: str, answer: str) -> Example:
    """The tokens of a question as it will be asked, and of its answer, which alone is learned.

    Control tokens that stand in either as text are taken out: text of a document may not end a turn.
    """
    from addenda.models.answer_loss import Example

    tokenizer = model.tokenizer
    bare = tokenizer.chat_template is None
    before = tokenizer.encode(model.render(memory_prompt(question)), add_special_tokens=bare)
    # Without a template nothing parts the two, so a line does; it is not part of what is heard as the answer.
    said = ("\n" if bare else "") + model.without_control_tokens(answer)
    after = [*tokenizer.encode(said, add_special_tokens=False), cast("int", tokenizer.eos_token_id)]
    return Example((*before, *after), (False,) * len(before) + (True,) * len(after))


def lessons_for(model: LocalModel, split: Split, settings: MemoryModelSettings) -> Lessons:
    """Make examples; raises InvalidInput when none of a part can be learned whole."""
    from addenda.models.training import context_window

    limit = min(settings.cutoff, context_window(model))
    refused: dict[str, str] = {}

    def made(reflections: Sequence[Reflection]) -> tuple[tuple[Example, ...], tuple[Reflection, ...]]:
        fitting: list[tuple[Example, Reflection]] = []
        for one in reflections:
            example = memory_example(model, one.question, one.answer)
            if len(example.tokens) > limit:
                refused[one.id] = (
                    f"{one.id} ({one.question[:60]!r}) has {len(example.tokens)} tokens, and {limit} are allowed"
                )
            else:
                fitting.append((example, one))
        return tuple(example for example, _ in fitting), tuple(one for _, one in fitting)

    training, taught = made(split.training)
    validation, asked = made(split.validation)
    if not training or not validation:
        raise InvalidInput(
            f"there is no reflection to {'validate' if training else 'train'} with: {next(iter(refused.values()))}; "
            "shorten the answers, or allow more tokens (cutoff) where the model's window is larger"
        )
    return Lessons(training, validation, taught, asked, tuple(refused.values()))


def exam(validation: Sequence[Reflection], settings: MemoryModelSettings) -> tuple[list[Reflection], list[Reflection]]:
    """The questions of every evaluation: those with an answer, and those without."""
    groups: tuple[list[Reflection], list[Reflection]] = ([], [])
    for one in validation:
        groups[one.stage == "unanswerable"].append(one)
    random = Random(f"{settings.seed}-exam")
    drawn = [random.sample(group, min(settings.scored, len(group))) for group in groups]
    return drawn[0], drawn[1]
