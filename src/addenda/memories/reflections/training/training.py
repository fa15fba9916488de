"""Training a memory model: from reflections to a model, or an adapter, that answers their questions by heart.

Purpose: one call that makes examples and refusals, measures the base model, finetunes, evaluates as it goes, stops when
nothing gets better, and keeps the best weights with a card; called again after it was killed it goes on where it was.
Questions are shown as they will be asked (``questions``), and the loss is on the answers only. The loop is that of
:mod:`addenda.models.training`.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156), section on training. Refusals, validation and packing are ours.
Does not know: how reflections are made, and who asks. Importing this module imports no model library.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.reflections.questions import QUESTION_FORM, is_refusal, memory_prompt, sure
from addenda.memories.reflections.reflection import STAGES, Reflection
from addenda.memories.reflections.training.lessons import Lessons, Material, exam, lessons_for
from addenda.memories.reflections.training.settings import MemoryModelSettings
from addenda.memories.reflections.training.state import (
    CARD,
    MemoryModelCard,
    Point,
    Run,
    State,
    TrainingReport,
    best,
    card_in_words,
    open_folder,
)
from addenda.memories.reflections.training.sureness import sure_from
from addenda.models.base import Completion
from addenda.models.training_folder import PhaseProgress, refuse_foreign, save_state, storage
from addenda.text import normalised

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from addenda.models.local import LocalModel
    from addenda.models.training import FinetuneProgress, FinetuneSettings

SKILL = "remember"
"""What the card of a memory model's adapter says that it was trained for."""
WORK = "checkpoint"
"""The folder inside that of a training with what is needed to go on; gone when it is finished."""
_BEST, _RESULT = "best.safetensors", "result"
_MARKS = ("config.json", "adapter_config.json")
_SHOWN = 5
_VERSIONS = ("addenda", "torch", "transformers", "peft")


def train_memory_model(
    base: str,
    reflections: Sequence[Reflection],
    settings: MemoryModelSettings,
    directory: Path,
    progress: PhaseProgress | None = None,
    *,
    threads: int | None = None,
    device: str | None = None,
) -> TrainingReport:
    """Train a memory model, or go on with it.

    Args:
        base: ``bundled``, a directory, or a cached hub id: any causal language model.
        reflections: What it is taught.
        settings: How; see :func:`addenda.memories.reflections.training.settings.memory_model_settings`.
        directory: Where the model (or adapter) goes, with ``memory.json`` and ``README.md``: a new or empty folder, or
            that of the same training. A training that is finished there is not repeated.
        progress: Called with each phase, how far it is, and how far it goes.
        threads: CPU threads; None for the library's own choice.
        device: Where to train; None for a GPU when there is one.

    Raises InvalidInput when nothing can be learned, when the folder holds something else or another training (what
    differs is named), ModelUnavailable for the base model, ModelMismatch when it has no layers for an adapter,
    UnreadableFile for a damaged state or checkpoint, StorageUnavailable when the folder cannot be written.
    """
    from addenda.models.local import LocalModel

    if not reflections:
        raise InvalidInput("there are no reflections to train on: make some from documents first, or import them")
    with storage(directory):
        refuse_foreign(directory)
        model = LocalModel.load(base, threads=threads, device=device)
        run = Run(
            settings=settings,
            data=_digest(reflections),
            base=model.fingerprint,
            tokenizer=model.tokenizer_fingerprint,
        )
        state = open_folder(directory, run)
        if state.report is not None and (directory / CARD).is_file():
            return state.report
        material = Material.of(reflections, settings)
        lessons = lessons_for(model, material.split, settings)
        documents = tuple(sorted({document for one in reflections for document in one.documents}))
        return _Training(model, material, lessons, settings, directory, progress or _tell_nobody).finished(
            state, documents
        )


class _Training:
    """One training in its folder."""

    def __init__(
        self,
        model: LocalModel,
        material: Material,
        lessons: Lessons,
        settings: MemoryModelSettings,
        directory: Path,
        tell: PhaseProgress,
    ) -> None:
        self._model = model
        self._material = material
        self._lessons = lessons
        self._settings = settings
        self._directory = directory
        self._tell = tell
        self._exam = exam(lessons.asked, settings)
        self._steps = settings.steps or math.ceil(settings.epochs * len(lessons.training) / settings.batch)
        # Checkpoints divide the time between evaluations, so that there is one at each of them.
        interval = math.ceil(self._steps / settings.evaluations)
        parts = math.ceil(interval / settings.checkpoint_every)
        self._checkpoint_every = math.ceil(interval / parts)
        self._interval = self._checkpoint_every * parts
        self._evaluating = 0.0

    def finished(self, state: State, documents: tuple[str, ...]) -> TrainingReport:
        """Train from where the state is to the end."""
        from addenda.models.answer_loss import packs
        from addenda.models.training import finetune, restore_weights, steps_done

        stored_as = self._model.network.dtype
        trained = self._trainable()
        self._pack = self._settings.pack if packs(trained, self._lessons.training) else None
        if not state.curve:
            state = self._kept(state, 0, trained)
        self._state, self._now = state, state.curve[-1].step
        loss, speed = 0.0, 0.0
        if not state.stopped:
            started, first = time.monotonic(), steps_done(self._directory / WORK)
            done = finetune(
                trained,
                self._lessons.training,
                self._plan(),
                directory=self._directory / WORK,
                progress=self._step,
                should_stop=lambda: self._stops(trained),
            )
            seconds = time.monotonic() - started - self._evaluating
            loss, speed = done.loss, self._tokens(done.steps - first) / seconds if done.steps > first else 0.0
        chosen = best(self._state.curve[1:])
        restore_weights(trained, self._directory / WORK / _BEST)
        if self._settings.method == "full":
            self._model.network.to(stored_as)  # pyright: ignore[reportArgumentType]
        least = self._sure_from(trained)
        after = self._point(chosen.step, trained, least)
        card = self._card(documents, after, least)
        size = self._save(trained, card)
        report = self._report(card, loss=loss, speed=speed, size=size)
        save_state(self._directory, self._state.model_copy(update={"report": report}))
        shutil.rmtree(self._directory / WORK)
        return report

    def _trainable(self) -> PreTrainedModel | PeftModel:
        from addenda.models.answer_loss import attend_to_rows_of
        from addenda.models.training import LoraSettings, add_lora, lora_targets

        chosen, network = self._settings, self._model.network
        attend_to_rows_of(network, chosen.pack or chosen.cutoff)
        if chosen.method == "lora":
            targets = lora_targets(self._model, chosen.targets)
            return add_lora(network, LoraSettings(chosen.rank, chosen.alpha, chosen.dropout, targets, seed=chosen.seed))
        # Small steps are lost in the rounding of weights of half the width.
        network.float()
        network.requires_grad_(requires_grad=True)
        return network

    def _plan(self) -> FinetuneSettings:
        from addenda.models.training import FinetuneSettings

        chosen = self._settings
        return FinetuneSettings(
            steps=self._steps,
            batch_size=chosen.batch,
            micro_batch=chosen.micro_batch,
            pack=self._pack,
            learning_rate=chosen.rate,
            warm_up=chosen.warm_up,
            decay=chosen.decay,
            weight_decay=chosen.weight_decay,
            seed=chosen.seed,
            bf16=chosen.bf16,
            checkpoint_every=self._checkpoint_every,
        )

    def _step(self, now: FinetuneProgress) -> None:
        self._now = now.step
        self._tell("training", now.step, now.steps)

    def _stops(self, trained: PreTrainedModel | PeftModel) -> bool:
        """Evaluate where it is time to, keep the weights if they are the best, and say whether to stop."""
        if self._now % self._interval and self._now != self._steps:
            return False
        from addenda.models.training import save_weights

        started = time.monotonic()
        state = self._kept(self._state, self._now, trained)
        latest, chosen = state.curve[-1], best(state.curve[1:])
        if latest == chosen:
            save_weights(trained, self._directory / WORK / _BEST)
        stopped = self._reason_to_stop(state.curve[1:]) if self._now < self._steps else ""
        if stopped:
            state = state.model_copy(update={"stopped": stopped})
            save_state(self._directory, state)
        self._state = state
        self._evaluating += time.monotonic() - started
        return bool(stopped)

    def _reason_to_stop(self, curve: Sequence[Point]) -> str:
        wanted, latest, chosen = self._settings, curve[-1], best(curve)
        if self._exam[0] and min(latest.exact, latest.refused) >= wanted.enough:
            return f"exact and refused are at least {wanted.enough}"
        since = sum(point.step > chosen.step for point in curve)
        if wanted.patience is not None and since >= wanted.patience:
            return f"{since} evaluations were no better than that of step {chosen.step}"
        return ""

    def _kept(self, state: State, step: int, trained: PreTrainedModel | PeftModel) -> State:
        state = state.with_point(self._point(step, trained))
        save_state(self._directory, state)
        return state

    def _sure_from(self, trained: PreTrainedModel | PeftModel) -> float:
        trained.eval()
        with_answer, without = self._exam
        heard = [list(zip(asked, self._answers(asked), strict=True)) for asked in (with_answer, without)]
        return sure_from(heard[0], heard[1])

    def _point(self, step: int, trained: PreTrainedModel | PeftModel, least: float = 0.0) -> Point:
        """Evaluate the weights as they are, with what the model is less sure of than ``least`` as refusals."""
        from addenda.models.training import held_out_loss

        self._tell("evaluating", 0, 3)
        loss = held_out_loss(
            trained,
            self._lessons.validation,
            batch_size=self._settings.micro_batch,
            bf16=self._settings.bf16,
            pack=self._pack,
        )
        training = trained.training
        trained.eval()
        with_answer, without = self._exam
        self._tell("evaluating", 1, 3)
        said = [sure(one, least).text for one in self._answers(with_answer)]
        self._tell("evaluating", 2, 3)
        refused = [sure(one, least).text for one in self._answers(without)]
        self._tell("evaluating", 3, 3)
        trained.train(training)
        right = sum(normalised(text) == normalised(one.answer) for text, one in zip(said, with_answer, strict=True))
        return Point(
            step=step,
            loss=loss,
            exact=right / len(said) if said else 1.0,
            refused=sum(map(is_refusal, refused)) / len(refused) if refused else 1.0,
            wrongly_refused=sum(map(is_refusal, said)) / len(said) if said else 0.0,
        )

    def _answers(self, asked: Sequence[Reflection]) -> list[Completion]:
        if not asked:
            return []
        longest = max(len(self._model.tokenizer.encode(one.answer, add_special_tokens=False)) for one in asked) + 8
        found: list[Completion] = []
        for start in range(0, len(asked), self._model.batch_size):
            part = [memory_prompt(one.question) for one in asked[start : start + self._model.batch_size]]
            found += self._model.answer(part, max_new_tokens=longest)
        return found

    def _tokens(self, steps: int) -> float:
        """Tokens of so many steps."""
        whole = sum(len(example.tokens) for example in self._lessons.training)
        return whole / len(self._lessons.training) * self._settings.batch * steps

    def _save(self, trained: PreTrainedModel | PeftModel, card: MemoryModelCard) -> int:
        """Write the model aside, then put it in its place; what marks it as a model comes last. Returns its size."""
        aside = self._directory / WORK / _RESULT
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        if self._settings.method == "lora":
            self._save_adapter(trained, card, aside)
        else:
            self._model.network.save_pretrained(str(aside))
            self._model.tokenizer.save_pretrained(str(aside))
        (aside / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (aside / "README.md").write_text(card_in_words(card), encoding="utf-8")
        files = sorted(aside.iterdir(), key=lambda path: path.name in _MARKS)
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.replace(self._directory / path.name)
        return size

    def _save_adapter(self, trained: PreTrainedModel | PeftModel, card: MemoryModelCard, aside: Path) -> None:
        from addenda.models.adapters import AdapterCard, save_adapter

        kept = card.settings.model_dump(exclude_none=True, exclude={"targets"})
        scores = card.result.model_dump(exclude={"step"})
        save_adapter(
            cast("PeftModel", trained),
            AdapterCard(
                skill=SKILL,
                model_fingerprint=card.base_fingerprint,
                tokenizer_fingerprint=card.tokenizer_fingerprint,
                settings={**kept, "data": card.data},
                scores=scores,
            ),
            aside,
        )

    def _card(self, documents: tuple[str, ...], result: Point, least: float) -> MemoryModelCard:
        counted = Counter(one.stage for one in self._lessons.taught)
        return MemoryModelCard(
            base=self._model.name,
            base_fingerprint=self._model.fingerprint,
            tokenizer_fingerprint=self._model.tokenizer_fingerprint,
            question_form=QUESTION_FORM,
            settings=self._settings,
            data=self._state.run.data,
            documents=documents,
            stages={stage: counted[stage] for stage in STAGES if counted[stage]},
            held_out=len(self._lessons.asked) if self._material.split.held_out else 0,
            left_out=len(self._lessons.refused),
            curve=self._state.curve,
            chosen_step=result.step,
            result=result,
            sure_from=least,
            versions={name: importlib.metadata.version(name) for name in _VERSIONS},
        )

    def _report(self, card: MemoryModelCard, *, loss: float, speed: float, size: int) -> TrainingReport:
        return TrainingReport(
            method=self._settings.method,
            examples=len(self._lessons.training),
            refusals=self._material.refusals,
            validation_examples=len(self._lessons.validation),
            held_out=self._material.split.held_out,
            left_out=len(self._lessons.refused),
            left_out_first=self._lessons.refused[:_SHOWN],
            packed=self._pack is not None,
            steps=self._state.curve[-1].step,
            planned_steps=self._steps,
            stopped_early=self._state.stopped,
            chosen_step=card.chosen_step,
            loss=loss,
            before=card.curve[0],
            after=card.result,
            curve=card.curve,
            tokens_per_second=speed,
            size=size,
        )


def _digest(reflections: Sequence[Reflection]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(one.id for one in reflections).encode()).hexdigest()


def _tell_nobody(phase: str, done: int, total: int) -> None:
    del phase, done, total
