"""Writing a memory model to its folder: aside first, then into its place, what marks it as a model last."""

from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from addenda.memories.reflections.training.state import CARD, MemoryModelCard, card_in_words
from addenda.models.training_folder import STATE

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from addenda.models.local import LocalModel

SKILL = "remember"
"""What the card of a memory model's adapter says that it was trained for."""
_MARKS = ("config.json", "adapter_config.json")
_VERSIONS = ("addenda", "torch", "transformers", "peft")


def versions() -> dict[str, str]:
    """Of the libraries that a memory model is made with."""
    return {name: importlib.metadata.version(name) for name in _VERSIONS}


def write_model(
    model: LocalModel, trained: PreTrainedModel | PeftModel, card: MemoryModelCard, directory: Path
) -> None:
    """Write a whole model, or the adapter that was trained beside it, with its card, to a folder of its own."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    if card.settings.method == "lora":
        _write_adapter(cast("PeftModel", trained), card, directory)
    else:
        model.network.save_pretrained(str(directory))
        model.tokenizer.save_pretrained(str(directory))
    (directory / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (directory / "README.md").write_text(card_in_words(card), encoding="utf-8")


def put_in_place(aside: Path, directory: Path) -> int:
    """Move a model's files to their place, those that were not moved yet; returns the size of the model in bytes."""
    for path in sorted(_files(aside), key=lambda path: path.name in _MARKS):
        path.replace(directory / path.name)
    return size_of(directory)


def size_of(directory: Path) -> int:
    """Bytes of a model's files."""
    return sum(path.stat().st_size for path in _files(directory))


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_file() and path.name != STATE]


def _write_adapter(trained: PeftModel, card: MemoryModelCard, directory: Path) -> None:
    from addenda.models.adapters import AdapterCard, save_adapter

    kept = card.settings.model_dump(exclude_none=True, exclude={"targets"})
    save_adapter(
        trained,
        AdapterCard(
            skill=SKILL,
            model_fingerprint=card.base_fingerprint,
            tokenizer_fingerprint=card.tokenizer_fingerprint,
            settings={**kept, "data": card.data},
            scores=card.result.model_dump(exclude={"step"}),
        ),
        directory,
    )
