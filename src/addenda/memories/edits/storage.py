"""A memory as a directory: JSON for people, safetensors for numbers; nothing that could run code.

    config.json            the settings
    basis.safetensors      what is fixed (place, permutation, background, fingerprints of model and tokenizer)
    index.json             the held edits in order: id, sequence, digest, window
    edits/DIGEST.safetensors   one file per edit, its canonical bytes

A save goes to a new directory beside the old one, which it then replaces; every file is checked against its digest on
loading.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from addenda.errors import LedgerBroken, StorageUnavailable, UnreadableFile
from addenda.memories.base import Window
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.config import EditsConfig
from addenda.memories.edits.held import Entry, Held
from addenda.memories.edits.records import SolvedEdit

FORMAT = "addenda-edits-1"


def save(directory: Path, config: EditsConfig, held: Held) -> None:
    """Write everything held to ``directory``, replacing what is there. Raises StorageUnavailable."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            _write(fresh, config, held)
            _replace(fresh, directory)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise StorageUnavailable(
            f"{str(directory)!r} cannot be written ({error}); free space or choose another folder"
        ) from error


def load(directory: Path) -> tuple[EditsConfig, Held]:
    """Read back :func:`save`.

    Raises UnreadableFile when a file is missing or no edits directory, LedgerBroken when bytes differ from their
    digest.
    """
    try:
        index = cast("dict[str, object]", json.loads((directory / "index.json").read_bytes()))
        if index.get("format") != FORMAT:
            raise UnreadableFile(f"{str(directory)!r} has format {index.get('format')!r}, expected {FORMAT!r}")
        config = EditsConfig.model_validate_json((directory / "config.json").read_bytes())
        basis = Basis.from_bytes(_checked(directory / "basis.safetensors", str(index["basis"])))
        rows = cast("list[dict[str, object]]", index["edits"])
        entries = tuple(_entry(directory, row, basis) for row in rows)
    except (OSError, ValidationError, ValueError, KeyError) as error:
        raise UnreadableFile(
            f"{str(directory)!r} cannot be read as an edits memory ({error}); give the folder that `save` wrote"
        ) from error
    return config, Held.empty(basis).changed(entries)


def _write(directory: Path, config: EditsConfig, held: Held) -> None:
    (directory / "edits").mkdir()
    (directory / "config.json").write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (directory / "basis.safetensors").write_bytes(held.basis.to_bytes())
    for entry in held.entries:
        (directory / "edits" / f"{entry.digest}.safetensors").write_bytes(entry.edit.to_bytes())
    index = {"format": FORMAT, "basis": held.basis.digest, "edits": [_row(entry) for entry in held.entries]}
    (directory / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _replace(fresh: Path, directory: Path) -> None:
    """Put ``fresh`` in the place of ``directory``; an older one is moved away first and then removed."""
    if not directory.exists():
        fresh.rename(directory)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{directory.name}-old-", dir=directory.parent))
    directory.rename(old / "directory")
    fresh.rename(directory)
    shutil.rmtree(old)


def _row(entry: Entry) -> dict[str, object]:
    window = entry.window
    return {
        "id": entry.id,
        "sequence": entry.sequence,
        "digest": entry.digest,
        "start": window.start.isoformat() if window.start else None,
        "end": window.end.isoformat() if window.end else None,
        "audience": list(window.audience),
    }


def _entry(directory: Path, row: dict[str, object], basis: Basis) -> Entry:
    digest = str(row["digest"])
    edit = SolvedEdit.from_bytes(_checked(directory / "edits" / f"{digest}.safetensors", digest), basis)
    window = Window(_moment(row["start"]), _moment(row["end"]), tuple(cast("list[str]", row["audience"])))
    return Entry(str(row["id"]), edit, int(cast("int", row["sequence"])), digest, window)


def _moment(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))


def _checked(path: Path, digest: str) -> bytes:
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise LedgerBroken(
            f"{str(path)!r} has digest {found}, expected {digest}: it was altered; restore it from a backup"
        )
    return data
