"""Skills that were trained on top of a model: low-rank adapters, switched on for as long as they are needed.

An adapter is a directory in PEFT's own form (``adapter_config.json``, ``adapter_model.safetensors``), which other
software can load as well, and beside it ``addenda.json``, which says what it was trained for and on which weights: an
adapter on other weights would do harm and show nothing. While no adapter is switched on the model computes exactly
what it did before any was loaded.

Does not know: what the skills are, and how they were trained (see :mod:`addenda.models.training`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import Field, ValidationError
from safetensors import SafetensorError

from addenda.errors import InvalidInput, ModelMismatch, UnreadableFile
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion
from addenda.types import Frozen

if TYPE_CHECKING:
    from peft import PeftModel

    from addenda.models.local import LocalModel

CARD = "addenda.json"
_BROKEN = (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError)
_WEIGHTS, _CONFIGURATION = "adapter_model.safetensors", "adapter_config.json"


class AdapterCard(Frozen):
    """What an adapter is and what it belongs to."""

    skill: str = Field(min_length=1)
    """What it was trained for, for example ``read``."""
    model_fingerprint: str
    """Of the weights it was trained on."""
    tokenizer_fingerprint: str
    settings: Mapping[str, str | int | float | bool] = Field(default_factory=dict[str, str | int | float | bool])
    """How it was trained, and what using it must keep to."""
    scores: Mapping[str, float] = Field(default_factory=dict[str, float])
    """What was measured when it was made."""


class Adapter:
    """A loaded adapter of one model; made by :func:`load_adapter`."""

    def __init__(self, model: LocalModel, card: AdapterCard, digest: str) -> None:
        self._network = model.network
        self.card = card
        self.digest = digest
        """``sha256:`` digest of its configuration and weights."""

    @contextmanager
    def active(self) -> Generator[None]:
        """The model with this skill, inside the ``with`` block; as it was before, when the block ends."""
        self._network.enable_adapters()
        self._network.set_adapter(self.card.skill)
        try:
            yield
        finally:
            self._network.disable_adapters()


class AdaptedModel:
    """A model with a skill that is always on; keeps the protocol :class:`addenda.models.base.LanguageModel`."""

    def __init__(self, model: LocalModel, adapter: Adapter) -> None:
        """Take the model, and an adapter that was loaded beside its weights."""
        self._model = model
        self._adapter = adapter

    @property
    def name(self) -> str:
        """The model's name and the skill's."""
        return f"{self._model.name}+{self._adapter.card.skill}"

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of the model's fingerprint and the adapter's files."""
        both = f"{self._model.fingerprint} {self._adapter.digest}"
        return f"sha256:{hashlib.sha256(both.encode()).hexdigest()}"

    @property
    def batch_size(self) -> int:
        """That of the model."""
        return self._model.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Answer with the skill switched on; see :meth:`LanguageModel.answer`."""
        with self._adapter.active():
            return self._model.answer(questions, max_new_tokens=max_new_tokens)


def load_adapter(model: LocalModel, directory: Path, skill: str) -> Adapter:
    """Load the adapter in ``directory`` beside the weights of ``model``, switched off; again changes nothing.

    Raises UnreadableFile when its files are missing or broken, InvalidInput when it is for another skill,
    ModelMismatch when it was trained on other weights or with another tokenizer.
    """
    card = _fitting_card(model, directory, skill)
    digest = adapter_digest(directory)
    network = model.network
    if skill not in cast("dict[str, object]", getattr(network, "peft_config", {})):
        try:
            with _quiet():
                network.load_adapter(str(directory), adapter_name=skill, adapter_kwargs={"local_files_only": True})
        except _BROKEN as error:
            raise _unloadable(directory, error) from error
        network.eval().requires_grad_(requires_grad=False)
        network.disable_adapters()
    return Adapter(model, card, digest)


def adapter_to_train(model: LocalModel, directory: Path, skill: str) -> PeftModel:
    """The adapter in ``directory`` on the weights of ``model``, to learn more; its files stay as they are.

    Raises what :func:`load_adapter` does.
    """
    from peft import PeftModel

    _fitting_card(model, directory, skill)
    adapter_digest(directory)
    try:
        with _quiet():
            return PeftModel.from_pretrained(model.network, str(directory), is_trainable=True)
    except _BROKEN as error:
        raise _unloadable(directory, error) from error


def _fitting_card(model: LocalModel, directory: Path, skill: str) -> AdapterCard:
    """The card of an adapter for this skill of this model."""
    card = read_card(directory)
    if card.skill != skill:
        raise InvalidInput(
            f"the adapter in {str(directory)!r} is for {card.skill!r}, not {skill!r}; give the other one"
        )
    for what, trained, given in (
        ("weights", card.model_fingerprint, model.fingerprint),
        ("tokenizer", card.tokenizer_fingerprint, model.tokenizer_fingerprint),
    ):
        if trained != given:
            raise ModelMismatch(
                f"the adapter in {str(directory)!r} was trained on a model with other {what} than {model.name!r}; "
                "train one for this model, or use the model it was trained on"
            )
    return card


def _unloadable(directory: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(f"the adapter in {str(directory)!r} cannot be loaded: {error}; train it anew")


@contextmanager
def _quiet() -> Generator[None]:
    """Without what is said when an adapter is loaded beside another: that its file has no weights of that one."""
    logger = logging.getLogger("transformers.integrations.peft")
    level = logger.level
    with warnings.catch_warnings():
        # peft asks transformers under a name that transformers has given a successor
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        warnings.filterwarnings("ignore", message="Already found a `peft_config` attribute", category=UserWarning)
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


def save_adapter(trained: PeftModel, card: AdapterCard, directory: Path) -> None:
    """Write a trained adapter and its card; the directory is made."""
    directory.mkdir(parents=True, exist_ok=True)
    # The adapter alone: peft would add a copy of the model's own output layer where an adapter lies beside that layer.
    trained.save_pretrained(str(directory), save_embedding_layers=False)
    # peft leaves a model card with nothing filled in, and notes where on this machine the model lay.
    (directory / "README.md").unlink(missing_ok=True)
    path = directory / _CONFIGURATION
    configuration = cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
    configuration["base_model_name_or_path"] = None
    configuration["target_modules"] = sorted(cast("list[str]", configuration["target_modules"]))
    path.write_text(json.dumps(configuration, indent=1) + "\n", encoding="utf-8")
    (directory / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_card(directory: Path) -> AdapterCard:
    """The card of the adapter in ``directory``. Raises UnreadableFile when there is none."""
    try:
        return AdapterCard.model_validate_json((directory / CARD).read_bytes())
    except OSError as error:
        raise UnreadableFile(
            f"there is no adapter in {str(directory)!r} ({error.strerror}); train one, or correct the path"
        ) from error
    except ValidationError as error:
        raise UnreadableFile(f"{CARD} in {str(directory)!r} is damaged; train the adapter anew") from error


def adapter_digest(directory: Path) -> str:
    """``sha256:`` digest of an adapter's shape and weights. Raises UnreadableFile where they are missing."""
    found = hashlib.sha256()
    try:
        for name in (_CONFIGURATION, _WEIGHTS):
            found.update((directory / name).read_bytes())
    except OSError as error:
        raise UnreadableFile(
            f"the adapter in {str(directory)!r} is incomplete ({error.strerror}: {error.filename}); train it anew"
        ) from error
    return f"sha256:{found.hexdigest()}"
