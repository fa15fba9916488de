"""Every number of a training of the skills ``write`` and ``read``, with the published default and its source.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), which finetunes Mistral-7B: rate, epochs, batch, rank,
alpha and dropout are the paper's; layers, cut-off, warm-up, weight decay, renamed copies and repetitions are those of
its published code for annotated documents. What the sources leave open is ours: the rate falls in a straight line after
the warm-up, and biases of the model are not trained, so that without the adapter it computes what it did before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from pydantic import Field, ValidationError

from addenda.errors import InvalidInput
from addenda.memories.triples.extraction import CONTEXT_SENTENCES
from addenda.memories.triples.lessons import DEFAULT_LIMIT
from addenda.models.training_folder import changed_settings
from addenda.types import Frozen

Skill: TypeAlias = Literal["write", "read"]
"""What is taught: writing triples from a sentence, or asking for them while a text goes on."""

PAPER_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
"""The layers that the published code puts matrices beside."""

FREE_TO_CHANGE = frozenset({"micro_batch", "checkpoint_every"})
"""Settings that may differ when a training goes on: but for rounding, they change nothing about its result."""

_READ_DEFAULTS: Mapping[str, int] = {"copies": 2, "repeats": 2}


class SkillSettings(Frozen):
    """How a skill is trained; made by :func:`skill_settings`."""

    rate: float = Field(default=2e-5, gt=0.0, le=1.0)
    """The learning rate at its peak."""
    epochs: float = Field(default=2.0, gt=0.0)
    """How often every example is learned from."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of gradient descent, in place of ``epochs``."""
    batch: int = Field(default=96, ge=1)
    """Examples of a step."""
    micro_batch: int = Field(default=4, ge=1)
    """Examples of a batch that are computed side by side: what fits into the memory of the machine."""
    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=8, ge=1)
    """The adapter's output is scaled by alpha / rank."""
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)
    warm_up: float = Field(default=0.05, ge=0.0, lt=1.0)
    """Share of the steps in which the rate rises; in the others it falls to zero."""
    weight_decay: float = Field(default=0.001, ge=0.0)
    cutoff: int = Field(default=DEFAULT_LIMIT, ge=16)
    """Tokens of an example at most; fewer where the model's window is smaller."""
    targets: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Names of the layers that get matrices; None for ``PAPER_TARGETS``, or what fits the model in their place."""
    copies: int = Field(default=0, ge=0, le=1000)
    """Copies of each document under other names; the published training has 0 for writing and 2 for reading."""
    repeats: int = Field(default=1, ge=1, le=1000)
    """How often the documents themselves are in an epoch; published: 1 for writing, 2 for reading."""
    empty_share: float = Field(default=1.0, ge=0.0, le=1.0)
    """Writing: share of the sentences that tell nothing, which is kept to teach silence."""
    context_sentences: int = Field(default=CONTEXT_SENTENCES, ge=0)
    """Writing: earlier sentences that a sentence is shown with, as the writer shows them."""
    spaced: bool = False
    """Whether names get blanks in calls and passages, for tokenizers that count a blank to the word; see ``blanks``."""
    bf16: bool = True
    """Whether a GPU computes in bfloat16; a CPU never does here."""
    validation_share: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Share of the documents that is held out where no others are given for validation."""
    scored: int = Field(default=200, ge=1)
    """Sentences, or read points, that the model answers freely for the validation score, drawn by the seed."""
    seed: int = 0
    """Decides every draw: held-out documents, names, the order of examples, first weights, dropout."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Steps between two checkpoints."""


def skill_of(name: str) -> Skill:
    """The skill of this name. Raises InvalidInput when there is none."""
    for skill in get_args(Skill):
        if skill == name:
            return skill
    raise InvalidInput(f"there is no skill {name!r}; it is {' or '.join(get_args(Skill))}")


def skill_settings(skill: str, given: Mapping[str, object] | None = None) -> SkillSettings:
    """The published settings for a skill, with others in the place of some.

    Raises InvalidInput for an unknown skill or setting, or a value that is not allowed; the message names each.
    """
    published: Mapping[str, object] = _READ_DEFAULTS if skill_of(skill) == "read" else {}
    try:
        return SkillSettings.model_validate({**published, **(given or {})})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} is {fault['input']!r}, which is not allowed: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InvalidInput(f"{faults}; correct it, or leave it out for the published value") from error


def differences(before: SkillSettings, now: SkillSettings) -> list[str]:
    """What is set otherwise than before, in words; ``FREE_TO_CHANGE`` left out."""
    return changed_settings(before, now, FREE_TO_CHANGE)
