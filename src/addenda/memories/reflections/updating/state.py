"""What is kept about an update of a memory model: which it is, and what came of it. Does not know how it is done."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.reflections.training.settings import FREE_TO_CHANGE
from addenda.memories.reflections.training.state import CARD, Point, TrainingReport
from addenda.memories.reflections.updating.settings import Strategy, UpdateSettings
from addenda.models.training_folder import changed_settings, read_state, refuse_another, save_state
from addenda.types import Frozen


class UpdateReport(Frozen):
    """What came of an update."""

    strategy: Strategy
    trainings: tuple[TrainingReport, ...]
    """What was trained for it, in order."""
    tokens: int
    """That were trained on, in all steps of all trainings: what it cost."""
    replayed: int
    """Old reflections that were learned again."""
    after: Point
    """Measured on the weights as they are stored; with routing, on the new model's."""
    documents: int
    """That may be in the weights."""
    size: int
    """Bytes of the model's files."""


class UpdateRun(Frozen):
    """Which update a folder belongs to."""

    settings: UpdateSettings
    current: str
    """Fingerprint of the current memory model."""
    base: str
    """Fingerprint of the base model, where the strategy needs it."""
    old: str
    """Digest of the reflections that the current model was made of."""
    new: str


class UpdateState(Frozen):
    """What is in the state file."""

    format: int = Field(default=1, ge=1, le=1)
    kind: str = Field(default="update", pattern="update")
    run: UpdateRun
    report: UpdateReport | None = None
    """There as soon as the result is; its files are then moved to their place."""


def open_update(directory: Path, run: UpdateRun) -> UpdateState:
    """The state of this update in its folder, a new one where the folder is new or empty.

    Raises InvalidInput when it holds something else, a memory model, say, or belongs to another update; UnreadableFile
    when its state is damaged.
    """
    try:
        state = read_state(directory, UpdateState)
    except UnreadableFile:
        if (directory / CARD).exists():
            raise InvalidInput(
                f"{str(directory)!r} holds a memory model already; name a new or an empty folder for the updated one"
            ) from None
        raise
    if state is None:
        state = UpdateState(run=run)
        save_state(directory, state)
        return state
    refuse_another(directory, _changes(state.run, run))
    return state


def _changes(before: UpdateRun, now: UpdateRun) -> list[str]:
    found = changed_settings(before.settings.training, now.settings.training, FREE_TO_CHANGE)
    found += changed_settings(before.settings, now.settings, frozenset({"training"}))
    for what, one, other in (
        ("the current memory model has other weights", before.current, now.current),
        ("the base model has other weights", before.base, now.base),
        ("the old reflections are others", before.old, now.old),
        ("the new reflections are others", before.new, now.new),
    ):
        found += [what] if one != other else []
    return found
