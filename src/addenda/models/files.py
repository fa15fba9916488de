"""Where a model's files are and what identifies it, without loading it (and so without torch).

A model is named by ``bundled`` (the small one that ships), a directory, or a hub id that is already in the local cache;
nothing is downloaded. Its fingerprint is a digest over its files, so that a knowledge base can refuse to work with
another model than the one it was made with.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from addenda.errors import ModelUnavailable
from addenda.models.bundled import weights_directory

BUNDLED = "bundled"
"""The name of the model that ships with the package."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's directory and the digests that identify it."""

    name: str
    """The name it was asked for by."""
    directory: Path
    fingerprint: str
    """``sha256:`` digest over the configuration and the weight files."""
    tokenizer_fingerprint: str
    """``sha256:`` digest over the tokenizer's files."""


def find_model(name: str) -> ModelFiles:
    """Find a model by name, without loading it.

    Raises ModelUnavailable when there is none, or when it holds no configuration, weights or tokenizer.
    """
    try:
        return _found(name, _directory(name))
    except OSError as error:
        raise ModelUnavailable(
            f"the files of the model {name!r} cannot be read ({error.strerror}); check the folder and its rights"
        ) from error


def _found(name: str, directory: Path) -> ModelFiles:
    weights = sorted(directory.glob("*.safetensors"))
    words = sorted(path for path in directory.iterdir() if path.name.startswith(("tokenizer", "vocab", "merges")))
    if not (directory / "config.json").is_file():
        raise ModelUnavailable(f"{name!r} is no model directory: {directory} has no config.json")
    if not weights:
        raise ModelUnavailable(
            f"the model directory {directory} has no weights: a file such as model.safetensors is needed "
            "(other formats are not read, because they can run code)"
        )
    if not words:
        raise ModelUnavailable(f"the model directory {directory} has no tokenizer: tokenizer.json is needed")
    return ModelFiles(name, directory, _digest([directory / "config.json", *weights]), _digest(words))


def _directory(name: str) -> Path:
    if name == BUNDLED:
        return weights_directory()
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise ModelUnavailable(f"{name!r} is a file; give the directory that holds config.json and the weights")
    return _cached_snapshot(name)


def _cached_snapshot(name: str) -> Path:
    unavailable = ModelUnavailable(
        f"no model {name!r}: it is neither 'bundled', nor a directory, nor in the local model cache. "
        f"Download it where there is a network (hf download {name}) or give the path of a model directory"
    )
    if importlib.util.find_spec("huggingface_hub") is None:
        raise unavailable
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise unavailable from error


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.stat().st_size.to_bytes(8, "big"))
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return "sha256:" + digest.hexdigest()
