"""The folder of a training: which training it belongs to, what was measured, what came of it, and whether it fits.

Idea: the state (:mod:`addenda.models.training_folder`) says skill, settings, model and a digest of the examples; who
comes with anything else is told what differs, and nothing is changed. Beside it lie the checkpoint while the training
runs, and the adapter once it is there.

Does not know: how a training is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from addenda.memories.triples.skill_settings import Skill, SkillSettings, differences
from addenda.models.training_folder import read_state, refuse_another, save_state
from addenda.types import Frozen

CHECKPOINT = "finetune.safetensors"
"""The file with the weights and moments of a training that is not finished."""
ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json", "addenda.json")
"""The files of a finished adapter."""


class Validation(Frozen):
    """What a model does on the documents that are held out."""

    loss: float
    """Mean cross-entropy per learned token."""
    scores: Mapping[str, float]
    """Of free generation; :mod:`addenda.memories.triples.validation` says what each is."""


class TrainingReport(Frozen):
    """What came of a training."""

    skill: Skill
    documents: int
    """Trained with."""
    validation_documents: int
    examples: int
    """Of an epoch, those that can be learned whole."""
    validation_examples: int
    left_out: int
    """Examples of both parts that could not be learned whole, because they are too long."""
    left_out_first: tuple[str, ...]
    """The first of them, and why."""
    steps: int
    targets: tuple[str, ...]
    """The layers that got matrices."""
    loss: float
    """Running mean over the last steps of training."""
    before: Validation
    """The model without the adapter."""
    after: Validation
    size: int
    """Bytes of the adapter's files."""


class Run(Frozen):
    """Which training a folder belongs to."""

    skill: str
    settings: SkillSettings
    data: str
    model: str
    tokenizer: str


class State(Frozen):
    """What is in the state file."""

    format: int = Field(default=1, ge=1, le=1)
    run: Run
    before: Validation | None = None
    report: TrainingReport | None = None


def open_folder(directory: Path, run: Run) -> State:
    """The state of this training in its folder, a new one where the folder is new or empty.

    Raises InvalidInput when it holds something else or belongs to another training, UnreadableFile when its state is
    damaged.
    """
    state = read_state(directory, State)
    if state is None:
        state = State(run=run)
        save_state(directory, state)
        return state
    changed = _changes(state.run, run)
    if state.before is not None:
        refuse_another(directory, changed)
    if changed:
        # Nothing was measured or trained yet, so nothing is lost; for example nothing could be learned as it was set.
        state = State(run=run)
        save_state(directory, state)
    return state


def _changes(before: Run, now: Run) -> list[str]:
    named = (
        ("skill", f"the skill was {before.skill!r} and is {now.skill!r}"),
        ("model", "the model has other weights"),
        ("tokenizer", "the tokenizer is another"),
    )
    found = [words for name, words in named if getattr(before, name) != getattr(now, name)]
    found += differences(before.settings, now.settings)
    if not found and before.data != now.data:
        found.append("the examples are others (documents, validation, relations or limit were changed)")
    return found
