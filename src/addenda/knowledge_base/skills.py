"""Training a model's skills of writing and reading triples from files of documents; no knowledge base is needed.

Purpose: what surfaces need of it, because they do not reach into the memories. The work is done in
:mod:`addenda.memories.triples.training`; here files become documents, and a name becomes a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput, MissingDependency
from addenda.memories.triples.curriculum import Split, apart, split_documents
from addenda.memories.triples.docred import DocumentFile, read_documents, read_relation_names
from addenda.memories.triples.skill_settings import Skill, SkillSettings, skill_of, skill_settings
from addenda.memories.triples.training import train_skill
from addenda.memories.triples.training_folder import TrainingReport
from addenda.models.training_folder import PhaseProgress, refuse_foreign, storage

if TYPE_CHECKING:
    from addenda.models.local import LocalModel

__all__ = [
    "Skill",
    "SkillSettings",
    "Trained",
    "TrainingFiles",
    "TrainingReport",
    "skill_of",
    "skill_settings",
    "train_from_files",
]


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """Where the documents are; see :func:`addenda.memories.triples.docred.read_documents` for their form."""

    documents: Path
    validation: Path | None = None
    """Others to validate with; None holds out some of the documents."""
    relations: Path | None = None
    """Property ids and their names, as JSON; None takes the names in the documents as they are."""
    limit: int | None = None
    """Take only this many of the documents, the first; None for all."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training from files."""

    report: TrainingReport
    refused: tuple[str, ...]
    """For each document that was not taken, which it is and why."""


def train_from_files(
    skill: Skill,
    files: TrainingFiles,
    directory: Path,
    settings: SkillSettings,
    *,
    model: str,
    threads: int | None = None,
    progress: PhaseProgress | None = None,
) -> Trained:
    """Train a skill of a model, or go on with it, and keep the adapter in ``directory``.

    Args:
        skill: What is taught.
        files: What it is taught with.
        directory: A new or empty folder, or that of the same training.
        settings: How; :func:`skill_settings` gives the published ones.
        model: ``bundled``, a directory, or a cached hub id.
        threads: CPU threads; None for the library's own choice.
        progress: Called with each phase, how far it is, and how far it goes.

    Raises UnreadableFile for a file that cannot be read, InvalidInput when no document in it can be used,
    MissingDependency without the ``local`` extra, ModelUnavailable for the model, and what
    :func:`addenda.memories.triples.training.train_skill` raises.
    """
    local = _local_models()
    with storage(directory):
        refuse_foreign(directory)
    split, refused = _material(files, settings)
    report = train_skill(skill, local.load(model, threads=threads), split, settings, directory, progress)
    return Trained(report, refused)


def _material(files: TrainingFiles, settings: SkillSettings) -> tuple[Split, tuple[str, ...]]:
    names = None if files.relations is None else read_relation_names(files.relations)
    found = _read(files.documents, names)
    refused = [one.message for one in found.refused]
    documents = found.documents[: files.limit]
    if files.validation is None:
        return split_documents(documents, share=settings.validation_share, seed=settings.seed), tuple(refused)
    held_out = _read(files.validation, names)
    refused += [one.message for one in held_out.refused]
    return apart(documents, held_out.documents), tuple(refused)


def _read(path: Path, relations: Mapping[str, str] | None) -> DocumentFile:
    found = read_documents(path, relations)
    if not found.documents:
        why = found.refused[0].message if found.refused else "it is empty"
        raise InvalidInput(
            f"{str(path)!r} holds no document that can be used: {why}. Give documents in DocRED's format: a JSON array "
            "of objects with title, sents, vertexSet and labels, or one such object a line"
        )
    return found


def _local_models() -> type[LocalModel]:
    try:
        from addenda.models.local import LocalModel
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"training needs the package {error.name!r}, which is not installed; run: pip install 'addenda[local]'"
        ) from error
    return LocalModel
