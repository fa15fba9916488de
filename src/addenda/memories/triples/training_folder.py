"""The folder of a training: which training it belongs to, what was measured, what came of it, and whether it fits.

Idea: one folder, one training. ``training.json`` is written whole or not at all, and says skill, settings, model and a
digest of the examples; who comes with anything else is told what differs, and nothing is changed. Beside it lie the
checkpoint while the training runs, and the adapter once it is there.

Does not know: how a training is done.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, ValidationError

from addenda.errors import InvalidInput, StorageUnavailable, UnreadableFile
from addenda.memories.triples.skill_settings import Skill, SkillSettings, differences
from addenda.types import Frozen

STATE = "training.json"
"""The file that says which training a folder belongs to."""
_PARTIAL = f"{STATE}.partial"
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


def refuse_foreign(directory: Path) -> None:
    """Raise InvalidInput when a folder holds files, and none of them says that it is a training's."""
    if not directory.exists() or (directory / STATE).exists():
        return
    if any(path.name != _PARTIAL for path in directory.iterdir()):
        raise InvalidInput(
            f"{str(directory)!r} holds other files and no {STATE} of a training; name a new or an empty folder"
        )


def open_folder(directory: Path, run: Run) -> State:
    """The state of this training in its folder, a new one where the folder is new or empty.

    Raises InvalidInput when it holds something else or belongs to another training, UnreadableFile when its state is
    damaged.
    """
    refuse_foreign(directory)
    path = directory / STATE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        state = State(run=run)
        save_state(directory, state)
        return state
    try:
        state = State.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UnreadableFile(
            f"{str(path)!r} is damaged or of another version; delete its folder to begin anew, or name another"
        ) from error
    changed = _changes(state.run, run)
    if changed and state.before is not None:
        raise InvalidInput(
            f"{str(directory)!r} belongs to a training that differs from this one: {'; '.join(changed)}. Start it as "
            "before to go on, or name another folder"
        )
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


def save_state(directory: Path, state: State) -> None:
    """Put a state in the place of the last one."""
    partial = directory / _PARTIAL
    partial.write_text(state.model_dump_json(indent=1) + "\n", encoding="utf-8")
    partial.replace(directory / STATE)


@contextmanager
def storage(directory: Path) -> Generator[None]:
    """Raise StorageUnavailable, with what to do, for a folder that cannot be written inside the ``with`` block."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise StorageUnavailable(
            f"cannot use the folder {str(directory)!r}: {reason}; check that it is a folder, is writable and has space"
        ) from error
