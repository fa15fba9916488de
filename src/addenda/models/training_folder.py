"""The folder of a training: one folder, one training, and a state that is written whole or not at all.

``training.json`` says which training a folder belongs to; what that is, and what has been measured, is up to whoever
trains. Importing this module imports no model library.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from addenda.errors import InvalidInput, StorageUnavailable, UnreadableFile
from addenda.types import Frozen

STATE = "training.json"
"""The file that says which training a folder belongs to."""
_PARTIAL = f"{STATE}.partial"

PhaseProgress: TypeAlias = Callable[[str, int, int], None]
"""Called with (phase, done, total) while a training runs."""

StateType = TypeVar("StateType", bound=Frozen)


def refuse_foreign(directory: Path) -> None:
    """Raise InvalidInput when a folder holds files, and none of them says that it is a training's."""
    if not directory.exists() or (directory / STATE).exists():
        return
    if any(path.name != _PARTIAL for path in directory.iterdir()):
        raise InvalidInput(
            f"{str(directory)!r} holds other files and no {STATE} of a training; name a new or an empty folder"
        )


def read_state(directory: Path, kind: type[StateType]) -> StateType | None:
    """The state of the training in a folder; None where the folder is new or empty.

    Raises InvalidInput when it holds something else, UnreadableFile when the state is damaged.
    """
    refuse_foreign(directory)
    path = directory / STATE
    if not path.exists():
        return None
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UnreadableFile(
            f"{str(path)!r} is damaged or of another version; delete its folder to begin anew, or name another"
        ) from error


def save_state(directory: Path, state: Frozen) -> None:
    """Put a state in the place of the last one; the folder is made."""
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / _PARTIAL
    partial.write_text(state.model_dump_json(indent=1) + "\n", encoding="utf-8")
    partial.replace(directory / STATE)


def refuse_another(directory: Path, changed: list[str]) -> None:
    """Raise InvalidInput that names what differs from the training a folder belongs to, where something does."""
    if changed:
        raise InvalidInput(
            f"{str(directory)!r} belongs to a training that differs from this one: {'; '.join(changed)}. Start it as "
            "before to go on, or name another folder"
        )


def changed_settings(before: Frozen, now: Frozen, free: AbstractSet[str]) -> list[str]:
    """What is set otherwise than before, in words; settings that are ``free`` to change are left out."""
    pairs = ((name, getattr(before, name), getattr(now, name)) for name in type(now).model_fields)
    return [f"{name} was {old!r} and is {new!r}" for name, old, new in pairs if old != new and name not in free]


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
