"""Memory models as artefacts: the files of a trained one and its reflections, named by one configuration.

A configuration names every file by its digest, so any process that has the ledger and the artefact store can load the
model, and one that was altered is found. Reflections that come from the same documents are one artefact, so erasing a
document destroys exactly those that it had a part in. The model's files are put into a folder of the knowledge base's
own where a library can read them; that folder is a copy and can be removed at any time.
"""

from __future__ import annotations

import contextlib
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from addenda.artifacts import ArtifactStore, digest_of
from addenda.errors import LedgerBroken, ModelMismatch, StorageUnavailable, UnreadableFile
from addenda.knowledge_base.consulted_models import ConsultedModels
from addenda.memories.reflections.memory import TaughtModel
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.state import CARD, MemoryModelCard
from addenda.models.base import LanguageModel
from addenda.models.training_folder import STATE
from addenda.types import Frozen

FOLDER = "memory-models"
"""The folder in the knowledge base's own with the files of memory models as libraries want them."""


class StoredMemoryModel(Frozen):
    """The configuration of the memory of reflections: which memory model is in use."""

    format: int = Field(default=1, ge=1, le=1)
    files: Mapping[str, str]
    """Digest of each file of the model, by name."""
    reflections: Mapping[str, str]
    """Digests of the reflections that it was trained on, one in a line, by the ids of the documents that they come
    from, sorted and parted by commas; those of documents erased since are gone."""
    documents: tuple[str, ...]
    """Ids of the documents that it was trained on, sorted; those that were erased since, too."""

    def digests(self, erased: Collection[str] = ()) -> frozenset[str]:
        """Digests of everything that it needs, but for what came from erased documents."""
        return frozenset((*self.files.values(), *self._left(erased).values()))

    def lost(self, erased: Collection[str]) -> frozenset[str]:
        """Digests of the reflections that go with these documents."""
        return frozenset(self.reflections.values()) - frozenset(self._left(erased).values())

    def left(self, erased: Collection[str]) -> list[str]:
        """Digests of the reflections that are left without these documents, in their order."""
        return list(self._left(erased).values())

    def _left(self, erased: Collection[str]) -> dict[str, str]:
        gone = frozenset(erased)
        return {key: digest for key, digest in self.reflections.items() if gone.isdisjoint(key.split(","))}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained memory model that is not in use yet."""

    directory: Path
    card: MemoryModelCard
    reflections: tuple[Reflection, ...]
    """What it was trained on."""


class MemoryModels:
    """Stores and opens the memory models of a knowledge base."""

    def __init__(self, artifacts: ArtifactStore, directory: Path, models: ConsultedModels) -> None:
        """Take the artefacts, the knowledge base's folder, and what models are loaded with."""
        self._artifacts = artifacts
        self._directory = directory / FOLDER
        self._models = models

    def store(self, candidate: Candidate) -> tuple[StoredMemoryModel, str]:
        """Make a trained memory model durable; its configuration and the digest of that.

        Raises StorageUnavailable, UnreadableFile when its files cannot be read.
        """
        try:
            paths = sorted(path for path in candidate.directory.iterdir() if path.is_file() and path.name != STATE)
            files = {path.name: path.read_bytes() for path in paths}
        except OSError as error:
            raise UnreadableFile(
                f"the memory model in {str(candidate.directory)!r} cannot be read: {error.strerror or error}"
            ) from error
        stored = StoredMemoryModel(
            files=dict(zip(files, self._artifacts.put_many(files.values()), strict=True)),
            reflections=self._store_reflections(candidate.reflections),
            documents=candidate.card.documents,
        )
        return stored, self.configure(stored)

    def configure(self, stored: StoredMemoryModel) -> str:
        """Make a configuration durable; its digest."""
        return self._artifacts.put(stored.model_dump_json().encode())

    def _store_reflections(self, reflections: Iterable[Reflection]) -> dict[str, str]:
        """Make reflections durable; their digests by documents."""
        together: defaultdict[str, list[str]] = defaultdict(list)
        for one in reflections:
            together[",".join(sorted(one.documents))].append(one.model_dump_json() + "\n")
        digests = self._artifacts.put_many("".join(lines).encode() for lines in together.values())
        return dict(zip(together, digests, strict=True))

    def stored(self, configuration: str) -> StoredMemoryModel:
        """The configuration of this digest. Raises LedgerBroken when it is not there, or was altered."""
        return read_configuration(self._artifacts.get(configuration))

    def card(self, stored: StoredMemoryModel) -> MemoryModelCard:
        """The model's card. Raises LedgerBroken when it is not there or no card of this version."""
        try:
            return MemoryModelCard.model_validate_json(self._artifacts.get(stored.files[CARD]))
        except (KeyError, ValidationError) as error:
            raise LedgerBroken(
                f"the memory model has no {CARD} of this version; train it again (`train memory-model`)"
            ) from error

    def reflections(self, stored: StoredMemoryModel, erased: Collection[str] = ()) -> list[Reflection]:
        """What it was trained on, but for what came from erased documents. Raises LedgerBroken when it is not there."""
        texts = [self._artifacts.get(digest).decode() for digest in stored.left(erased)]
        return [Reflection.model_validate_json(line) for text in texts for line in text.splitlines()]

    def open(self, configuration: str, erased: Collection[str] = ()) -> TaughtModel:
        """The memory model of a configuration; nothing of it is loaded yet.

        Args:
            configuration: Its digest.
            erased: Ids of documents that were erased; others do not matter.
        """
        stored = self.stored(configuration)
        gone = frozenset(erased) & frozenset(stored.documents)
        return TaughtModel(
            digest=configuration,
            load=lambda: self._load(stored),
            read=lambda: self.reflections(stored, gone),
            documents=frozenset(stored.documents),
            erased=gone,
        )

    def destroy(self, configuration: str, erased: Collection[str]) -> None:
        """Destroy the reflections of a memory model that erased documents had a part in, if it is there.

        Raises StorageUnavailable.
        """
        if configuration not in self._artifacts:
            return
        for digest in sorted(self.stored(configuration).lost(erased)):
            self._artifacts.discard(digest)

    def retire(self, configuration: str, current: str | None) -> None:
        """Destroy a memory model that is not in use, if it is there.

        Args:
            configuration: Its.
            current: That of the one in use, of which nothing is destroyed.

        Raises StorageUnavailable.
        """
        kept = [] if current is None else [self.stored(current)]
        self._forget_folders(kept)
        if configuration == current or configuration not in self._artifacts:
            return
        stored = self.stored(configuration)
        everything = {*stored.files.values(), *stored.reflections.values()}
        for digest in sorted(everything.difference(*(one.digests() for one in kept))):
            self._artifacts.discard(digest)
        # Last, so that whoever goes on after an interruption still knows what there is to be destroyed.
        self._artifacts.discard(configuration)

    def opened(self, candidate: Candidate) -> TaughtModel:
        """One that was trained and is not stored, for being tested; nothing of it is loaded yet."""
        return TaughtModel(
            digest=digest_of(candidate.card.model_dump_json().encode()),
            load=lambda: self._models.memory_in(candidate.directory, candidate.card),
            read=lambda: candidate.reflections,
            documents=frozenset(candidate.card.documents),
            erased=frozenset(),
        )

    def folder(self, stored: StoredMemoryModel) -> Path:
        """A folder with the model's files. Raises LedgerBroken for lost or altered ones, StorageUnavailable."""
        folder = self._directory / _folder_name(stored)
        try:
            if folder.is_dir() and {path.name for path in folder.iterdir()} == set(stored.files):
                return folder
            self._directory.mkdir(parents=True, exist_ok=True)
            aside = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            for name, digest in stored.files.items():
                (aside / Path(name).name).write_bytes(self._artifacts.get(digest))
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(FileExistsError):  # another process was faster
                aside.replace(folder)
        except OSError as error:
            raise StorageUnavailable(
                f"cannot write the memory model to {str(folder)!r}: {error.strerror or error}; check that the folder "
                "is writable and has space"
            ) from error
        return folder

    def _forget_folders(self, kept: Sequence[StoredMemoryModel]) -> None:
        """Remove the folders of memory models that are not among these."""
        names = {_folder_name(stored) for stored in kept}
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                if path.is_dir() and path.name not in names:
                    shutil.rmtree(path, ignore_errors=True)

    def _load(self, stored: StoredMemoryModel) -> LanguageModel:
        if (served := self._models.served_memory()) is not None:
            return served
        return self._models.memory_in(self.folder(stored), self.card(stored))


def _folder_name(stored: StoredMemoryModel) -> str:
    return digest_of("\n".join(sorted(stored.files.values())).encode())[:16]


def read_configuration(configuration: bytes) -> StoredMemoryModel:
    """A stored configuration. Raises ModelMismatch for one of another version."""
    try:
        return StoredMemoryModel.model_validate_json(configuration)
    except ValidationError as error:
        raise ModelMismatch(
            "the configuration of the memory of reflections is not one of this version; train the memory model again"
        ) from error
