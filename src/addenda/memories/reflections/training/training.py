"""Training a memory model: from reflections to a model, or an adapter, that answers their questions by heart.

Purpose: one call that makes examples and refusals, measures the base model, finetunes, evaluates as it goes, stops when
nothing gets better, and keeps the weights with a card; called again after it was killed it goes on where it was.
Questions are shown as they will be asked (``questions``), and the loss is on the answers only. The loop is that of
:mod:`addenda.models.training`.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156), section on training. Refusals, validation and packing are ours.
Does not know: how reflections are made, and who asks. Importing this module imports no model library.
"""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput
from addenda.memories.reflections.questions import QUESTION_FORM
from addenda.memories.reflections.reflection import STAGES, Reflection
from addenda.memories.reflections.training.examining import Examiner
from addenda.memories.reflections.training.lessons import Lessons, Material, lessons_for
from addenda.memories.reflections.training.settings import MemoryModelSettings
from addenda.memories.reflections.training.state import (
    CARD,
    Lineage,
    MemoryModelCard,
    Point,
    Run,
    State,
    TrainingReport,
    best,
    open_folder,
)
from addenda.memories.reflections.training.writing import SKILL, put_in_place, versions, write_model
from addenda.models.training_folder import PhaseProgress, refuse_foreign, save_state, storage

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from addenda.models.local import LocalModel
    from addenda.models.training import FinetuneProgress, FinetuneSettings

WORK = "checkpoint"
"""The folder inside that of a training with what is needed to go on; gone when it is finished."""
_CHOSEN, _RESULT = "chosen.safetensors", "result"
_SHOWN = 5


def train_memory_model(
    base: str,
    reflections: Sequence[Reflection],
    settings: MemoryModelSettings,
    directory: Path,
    progress: PhaseProgress | None = None,
    *,
    known: Sequence[Reflection] = (),
    lineage: Lineage | None = None,
    adapter: Path | None = None,
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
        known: Further reflections that are not taught now, but that no refusal may contradict.
        lineage: Where the weights come from when they have learned reflections before; see ``updating``.
        adapter: The folder of a memory model's adapter on ``base`` that learns more, in place of a fresh one.
        threads: CPU threads; None for the library's own choice.
        device: Where to train; None for a GPU when there is one.

    Raises InvalidInput when nothing can be learned, when the folder holds something else or another training (what
    differs is named), ModelUnavailable for the base model, ModelMismatch when it has no layers for an adapter or is not
    the one of ``adapter``, UnreadableFile for a damaged state, checkpoint or adapter, StorageUnavailable when the
    folder cannot be written.
    """
    from addenda.models.adapters import adapter_digest
    from addenda.models.local import LocalModel

    if not reflections:
        raise InvalidInput("there are no reflections to train on: make some from documents first, or import them")
    with storage(directory):
        refuse_foreign(directory)
        model = LocalModel.load(base, threads=threads, device=device)
        run = Run(
            settings=settings,
            data=digest_of((*reflections, *known)),
            base=model.fingerprint,
            tokenizer=model.tokenizer_fingerprint,
            adapter=adapter_digest(adapter) if adapter else "",
        )
        state = open_folder(directory, run)
        if state.report is not None and (directory / CARD).is_file():
            return state.report
        material = Material.of(reflections, settings, known)
        lessons = lessons_for(model, material.split, settings)
        training = _Training(model, material, lessons, settings, directory, progress or tell_nobody, adapter)
        return training.finished(state, documents_of(reflections, lineage), lineage)


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
        adapter: Path | None,
    ) -> None:
        self._model = model
        self._adapter = adapter
        self._material = material
        self._lessons = lessons
        self._settings = settings
        self._directory = directory
        self._tell = tell
        self._examiner = Examiner(model, lessons, settings, tell)
        whole = math.ceil(settings.epochs * len(lessons.training) / settings.batch)
        self._steps = settings.steps or max(settings.least_steps, whole)
        # Checkpoints divide the time between evaluations, so that there is one at each of them.
        interval = math.ceil(self._steps / settings.evaluations)
        parts = math.ceil(interval / settings.checkpoint_every)
        self._checkpoint_every = math.ceil(interval / parts)
        self._interval = self._checkpoint_every * parts
        self._evaluating = 0.0

    def finished(self, state: State, documents: tuple[str, ...], lineage: Lineage | None) -> TrainingReport:
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
        restore_weights(trained, self._directory / WORK / _CHOSEN)
        if self._settings.method == "full":
            self._model.network.to(stored_as)  # pyright: ignore[reportArgumentType]
        least = self._examiner.sure_from(trained)
        after = self._examiner.point(self._state.chosen_step, trained, self._pack, least)
        card = self._card(documents, after, least, lineage)
        aside = self._directory / WORK / _RESULT
        write_model(self._model, trained, card, aside)
        size = put_in_place(aside, self._directory)
        report = self._report(card, loss=loss, speed=speed, size=size)
        save_state(self._directory, self._state.model_copy(update={"report": report}))
        shutil.rmtree(self._directory / WORK)
        return report

    def _trainable(self) -> PreTrainedModel | PeftModel:
        from addenda.models.adapters import adapter_to_train
        from addenda.models.answer_loss import attend_to_rows_of
        from addenda.models.lora import LoraSettings, add_lora, lora_targets

        chosen, network = self._settings, self._model.network
        attend_to_rows_of(network, chosen.pack or chosen.cutoff)
        if self._adapter is not None:
            return adapter_to_train(self._model, self._adapter, SKILL)
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
        """Evaluate where it is time to, keep the weights if they are the last or the best so far, and say to stop."""
        if self._now % self._interval and self._now != self._steps:
            return False
        from addenda.models.training import save_weights

        started = time.monotonic()
        state = self._kept(self._state, self._now, trained)
        curve, at_end = state.curve[1:], self._now == self._steps
        if at_end or self._enough(curve[-1]) or curve[-1] == best(curve):
            save_weights(trained, self._directory / WORK / _CHOSEN)
            state = state.model_copy(update={"chosen_step": self._now})
        stopped = "" if at_end else self._reason_to_stop(curve)
        state = state.model_copy(update={"stopped": stopped})
        save_state(self._directory, state)
        self._state = state
        self._evaluating += time.monotonic() - started
        return bool(stopped)

    def _reason_to_stop(self, curve: Sequence[Point]) -> str:
        wanted = self._settings
        if self._enough(curve[-1]):
            return f"exact and refused are at least {wanted.enough}"
        better = max(best(curve).step, min(curve, key=lambda point: point.loss).step)
        since = sum(point.step > better for point in curve)
        if wanted.patience is not None and since >= wanted.patience:
            return f"{since} evaluations were no better than that of step {better}"
        return ""

    def _enough(self, point: Point) -> bool:
        return bool(self._examiner.with_answer) and min(point.exact, point.refused) >= self._settings.enough

    def _kept(self, state: State, step: int, trained: PreTrainedModel | PeftModel) -> State:
        state = state.with_point(self._examiner.point(step, trained, self._pack))
        save_state(self._directory, state)
        return state

    def _tokens(self, steps: int) -> float:
        """Tokens of so many steps."""
        whole = sum(len(example.tokens) for example in self._lessons.training)
        return whole / len(self._lessons.training) * self._settings.batch * steps

    def _card(
        self, documents: tuple[str, ...], result: Point, least: float, lineage: Lineage | None
    ) -> MemoryModelCard:
        return MemoryModelCard(
            base=lineage.base if lineage else self._model.name,
            base_fingerprint=lineage.base_fingerprint if lineage else self._model.fingerprint,
            tokenizer_fingerprint=self._model.tokenizer_fingerprint,
            question_form=QUESTION_FORM,
            settings=self._settings,
            data=self._state.run.data,
            documents=documents,
            stages=counted_stages(self._lessons.taught),
            held_out=len(self._lessons.asked) if self._material.split.held_out else 0,
            left_out=len(self._lessons.refused),
            curve=self._state.curve,
            chosen_step=result.step,
            result=result,
            sure_from=least,
            versions=versions(),
            lineage=lineage,
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
            tokens=round(self._tokens(self._state.curve[-1].step)),
            stopped_early=self._state.stopped,
            chosen_step=card.chosen_step,
            loss=loss,
            before=card.curve[0],
            after=card.result,
            curve=card.curve,
            tokens_per_second=speed,
            size=size,
        )


def digest_of(reflections: Sequence[Reflection]) -> str:
    """``sha256:`` digest of reflections in their order."""
    return "sha256:" + hashlib.sha256("\n".join(one.id for one in reflections).encode()).hexdigest()


def documents_of(reflections: Sequence[Reflection], lineage: Lineage | None) -> tuple[str, ...]:
    """Ids of all documents that may be in the weights: of these reflections, and of what came before."""
    return tuple(
        sorted(
            {*(document for one in reflections for document in one.documents), *(lineage.documents if lineage else ())}
        )
    )


def counted_stages(taught: Sequence[Reflection]) -> dict[str, int]:
    """How many examples there are, by stage of their synthesis."""
    counted = Counter(one.stage for one in taught)
    return {stage: counted[stage] for stage in STAGES if counted[stage]}


def tell_nobody(phase: str, done: int, total: int) -> None:
    """Progress for whoever wants none."""
    del phase, done, total
