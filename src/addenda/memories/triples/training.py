"""Training a model's skill of writing or reading triples: from annotated documents to a low-rank adapter.

Purpose: one call that makes examples, measures the untrained model, finetunes, measures again and saves, and that goes
on where it was when it is called again after it was killed (see ``training_folder``). The adapter is in PEFT's own
form, with a card that holds settings, digest of the examples, and scores.

Measured are the loss on documents that are held out, with the masks of training, and what the model does there by
itself (:mod:`addenda.memories.triples.validation`).

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672); see ``skill_settings`` and ``curriculum``.
Does not know: files of documents, and who uses the adapter. Importing this module imports no model library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.base import ProgressCallback
from addenda.memories.triples.curriculum import Examples, Split, digest_of, training_examples, validation_examples
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.skill_settings import PAPER_TARGETS, Skill, SkillSettings
from addenda.memories.triples.training_folder import (
    ADAPTER_FILES,
    CHECKPOINT,
    Run,
    State,
    TrainingReport,
    Validation,
    open_folder,
)
from addenda.memories.triples.validation import score_reading, score_writing
from addenda.models.training_folder import PhaseProgress, save_state, storage

if TYPE_CHECKING:
    from peft import PeftModel

    from addenda.models.adapters import Adapter, AdapterCard
    from addenda.models.local import LocalModel
    from addenda.models.training import Example, FinetuneProgress, FinetuneSettings

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Lessons:
    """What is learned from, what is validated with, and what was left out of both."""

    training: tuple[Example, ...]
    validation: tuple[Example, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _InTraining:
    """Stands for the adapter while it is trained: its matrices lie in the network, so there is nothing to switch on."""

    card: AdapterCard
    digest: str = "in training"

    def active(self) -> AbstractContextManager[None]:
        return nullcontext()


def train_skill(
    skill: Skill,
    model: LocalModel,
    split: Split,
    settings: SkillSettings,
    directory: Path,
    progress: PhaseProgress | None = None,
) -> TrainingReport:
    """Train an adapter for a skill, or go on with it; the model itself stays as it is.

    Args:
        skill: What is taught.
        model: Any local causal language model, without adapters.
        split: The documents to train and to validate with.
        settings: How.
        directory: Where the adapter goes: a new or empty folder, or that of the same training. A training that is
            finished there is not repeated.
        progress: Called with each phase, how far it is, and how far it goes.

    Raises InvalidInput when nothing can be learned, when the folder holds something else or another training (what
    differs is named), ModelMismatch for a model without the layers, UnreadableFile for a damaged state or checkpoint,
    StorageUnavailable when the folder cannot be written.
    """
    from addenda.models.lora import lora_targets

    if getattr(model.network, "peft_config", None):
        raise InvalidInput(f"adapters are loaded on the model {model.name!r}; load it anew to train another")
    tell = progress or _tell_nobody
    targets = lora_targets(model, settings.targets, PAPER_TARGETS)
    tell("examples", 0, 2)
    taught = training_examples(skill, split.training, settings)
    tell("examples", 1, 2)
    tested = validation_examples(skill, split.validation, settings)
    tell("examples", 2, 2)
    run = Run(
        skill=skill,
        settings=settings,
        data=digest_of(taught, tested),
        model=model.fingerprint,
        tokenizer=model.tokenizer_fingerprint,
    )
    with storage(directory):
        state = open_folder(directory, run)
        if state.report is not None and all((directory / name).is_file() for name in ADAPTER_FILES):
            return state.report
        lessons = _lessons(skill, model, taught, tested, settings)
        return _Training(skill, model, split, settings, directory, tell).finished(state, lessons, targets)


def _tell_nobody(phase: str, done: int, total: int) -> None:
    del phase, done, total


class _Training:
    """One training in its folder."""

    def __init__(
        self,
        skill: Skill,
        model: LocalModel,
        split: Split,
        settings: SkillSettings,
        directory: Path,
        tell: PhaseProgress,
    ) -> None:
        self._skill: Skill = skill
        self._model = model
        self._split = split
        self._settings = settings
        self._directory = directory
        self._tell = tell
        from addenda.models.training import context_window

        self._cutoff = min(settings.cutoff, context_window(model))
        self._bf16 = settings.bf16 and model.network.device.type != "cpu"

    def finished(self, state: State, lessons: _Lessons, targets: tuple[str, ...]) -> TrainingReport:
        """Train from where the state is to the end."""
        from addenda.models.adapters import save_adapter
        from addenda.models.training import finetune

        trained = self._with_matrices(targets)
        try:
            before = state.before
            if before is None:
                before = self._validation(trained, lessons, state.run, "before")
                state = state.model_copy(update={"before": before})
                save_state(self._directory, state)
            plan = self._plan(len(lessons.training))
            done = finetune(trained, lessons.training, plan, directory=self._directory, progress=self._step)
            after = self._validation(trained, lessons, state.run, "after")
            scores = {"loss_before": before.loss, "loss": after.loss, **after.scores}
            save_adapter(trained, self._card(state.run, scores), self._directory)
        finally:
            trained.unload()
            self._model.network.eval()
        report = TrainingReport(
            skill=self._skill,
            documents=len(self._split.training),
            validation_documents=len(self._split.validation),
            examples=len(lessons.training),
            validation_examples=len(lessons.validation),
            left_out=len(lessons.refused),
            left_out_first=lessons.refused[:_SHOWN],
            steps=done.steps,
            targets=targets,
            loss=done.loss,
            before=before,
            after=after,
            size=sum((self._directory / name).stat().st_size for name in ADAPTER_FILES),
        )
        save_state(self._directory, state.model_copy(update={"report": report}))
        (self._directory / CHECKPOINT).unlink(missing_ok=True)
        return report

    def _with_matrices(self, targets: tuple[str, ...]) -> PeftModel:
        from addenda.models.lora import LoraSettings, add_lora

        chosen = self._settings
        return add_lora(
            self._model.network, LoraSettings(chosen.rank, chosen.alpha, chosen.dropout, targets, seed=chosen.seed)
        )

    def _plan(self, examples: int) -> FinetuneSettings:
        from addenda.models.training import FinetuneSettings

        chosen = self._settings
        return FinetuneSettings(
            steps=chosen.steps or math.ceil(chosen.epochs * examples / chosen.batch),
            batch_size=chosen.batch,
            micro_batch=chosen.micro_batch,
            learning_rate=chosen.rate,
            warm_up=chosen.warm_up,
            decay=1.0 - chosen.warm_up,
            weight_decay=chosen.weight_decay,
            seed=chosen.seed,
            bf16=self._bf16,
            checkpoint_every=chosen.checkpoint_every,
        )

    def _step(self, now: FinetuneProgress) -> None:
        self._tell("training", now.step, now.steps)

    def _validation(self, trained: PeftModel, lessons: _Lessons, run: Run, when: str) -> Validation:
        from addenda.models.training import held_out_loss

        loss = held_out_loss(
            trained,
            lessons.validation,
            batch_size=self._settings.micro_batch,
            bf16=self._bf16,
            progress=self._phase(f"loss {when}"),
        )
        trained.eval()
        # Whoever generates asks an adapter for its card, its digest, and to be switched on; this has all three.
        skill = cast("Adapter", _InTraining(self._card(run, {})))
        return Validation(loss=loss, scores=self._scores(skill, self._phase(f"score {when}")))

    def _scores(self, skill: Adapter, progress: ProgressCallback) -> Mapping[str, float]:
        from addenda.memories.triples.local_writer import LocalWriter

        chosen, documents = self._settings, self._split.validation
        if self._skill == "read":
            return score_reading(
                self._model,
                skill,
                documents,
                most=chosen.scored,
                limit=self._cutoff,
                seed=chosen.seed,
                progress=progress,
            )
        return score_writing(
            LocalWriter(self._model, skill),
            documents,
            most=chosen.scored,
            context_sentences=chosen.context_sentences,
            seed=chosen.seed,
            progress=progress,
        )

    def _phase(self, name: str) -> ProgressCallback:
        return lambda done, total: self._tell(name, done, total)

    def _card(self, run: Run, scores: Mapping[str, float]) -> AdapterCard:
        from addenda.models.adapters import AdapterCard

        kept = self._settings.model_dump(exclude_none=True, exclude={"targets"})
        targets = ",".join(self._settings.targets or ())
        return AdapterCard(
            skill=self._skill,
            model_fingerprint=run.model,
            tokenizer_fingerprint=run.tokenizer,
            settings={**kept, **({"targets": targets} if targets else {}), "data": run.data},
            scores=scores,
        )


def _lessons(skill: Skill, model: LocalModel, taught: Examples, tested: Examples, settings: SkillSettings) -> _Lessons:
    """Tokens and masks of the examples; raises InvalidInput when none of a part can be learned whole."""
    from addenda.memories.triples.local_writer import MAX_NEW_TOKENS, PROMPT_TOKENS
    from addenda.models.training import context_window

    window = context_window(model)
    longest = min(PROMPT_TOKENS, window - MAX_NEW_TOKENS) if skill == "write" else None
    maker = LessonMaker(
        model.tokenizer, limit=min(settings.cutoff, window), longest_prompt=longest, spaced=settings.spaced
    )
    training, validation = maker.lessons(taught), maker.lessons(tested)
    for what, made in (("train", training), ("validate", validation)):
        if not made.made:
            why = made.refused[0] if made.refused else f"their documents have nothing to {skill}"
            raise InvalidInput(
                f"there is no example to {what} with: {why}; give documents with relations, or a larger cutoff"
            )
    return _Lessons(training.made, validation.made, (*training.refused, *validation.refused))
