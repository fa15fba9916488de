"""Updating a memory model when new documents arrive: one call, and a strategy decides what is trained on what.

The result is a memory model in a folder of its own; the current one is not touched. Its card names the base, the
models whose weights it goes on from, and the documents of all of them, because whoever goes on from weights may know
what these knew. A kill at any moment loses nothing: called again, it ends with the same weights.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156), section on new corpora; replay and routing are ours.
Does not know: which strategy is best (``settings`` has what was measured), and who asks.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput, ModelMismatch, ModelUnavailable
from addenda.memories.reflections.questions import QUESTION_FORM
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.examining import Examiner
from addenda.memories.reflections.training.lessons import Material, lessons_for
from addenda.memories.reflections.training.settings import MemoryModelSettings
from addenda.memories.reflections.training.state import (
    Ancestor,
    Lineage,
    MemoryModelCard,
    Point,
    TrainingReport,
    read_memory_card,
)
from addenda.memories.reflections.training.training import (
    counted_stages,
    digest_of,
    documents_of,
    tell_nobody,
    train_memory_model,
)
from addenda.memories.reflections.training.writing import put_in_place, size_of, versions, write_model
from addenda.memories.reflections.updating.replaying import replayed
from addenda.memories.reflections.updating.routing import add_route, refuse_routed
from addenda.memories.reflections.updating.settings import (
    FROM_BASE,
    FROM_OLD,
    OF_ADAPTERS,
    ON_WEIGHTS,
    MergeSettings,
    UpdateSettings,
    unlike,
)
from addenda.memories.reflections.updating.state import UpdateReport, UpdateRun, open_update
from addenda.models.files import find_model
from addenda.models.training_folder import PhaseProgress, refuse_foreign, save_state, storage

if TYPE_CHECKING:
    from addenda.models.local import LocalModel

PARTS = "parts"
"""The folder inside that of an update with what is not finished; gone when it is."""
_NEW, _START, _LAST = "new", "start", "last"


def update_memory_model(
    current: Path,
    old: Sequence[Reflection],
    new: Sequence[Reflection],
    settings: UpdateSettings,
    directory: Path,
    progress: PhaseProgress | None = None,
    *,
    base: str | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> UpdateReport:
    """Make a memory model that knows new documents too, or go on with making it.

    Args:
        current: The folder of the memory model there is; it stays as it is.
        old: The reflections that it was made of, without those of documents that were withdrawn.
        new: Those of the new documents; what is among the old, too, is not new.
        settings: How; see :func:`addenda.memories.reflections.updating.settings.update_settings`.
        directory: Where the updated model goes: a new or empty folder, or that of the same update.
        progress: Called with each phase, how far it is, and how far it goes.
        base: The base model, where it no longer has the name on the current model's card.
        threads: CPU threads; None for the library's own choice.
        device: Where to train; None for a GPU when there is one.

    Raises InvalidInput when there is nothing new, when the strategy needs old reflections or whole weights and there
    are none, or another shape than the current model has, when the folder holds something else or another update;
    ModelMismatch when base and current model do not belong together; and what
    :func:`addenda.memories.reflections.training.training.train_memory_model` raises.
    """
    card = read_memory_card(current)
    there = frozenset(old)
    fresh = tuple(one for one in dict.fromkeys(new) if one not in there)
    _refuse_unfit(current, card, old, fresh, settings, directory)
    with storage(directory):
        refuse_foreign(directory)
        source = _Source(current, card, settings, base)
        run = UpdateRun(
            settings=settings,
            current=source.fingerprint,
            base=source.base_fingerprint if settings.strategy in FROM_BASE or source.is_adapter else "",
            old=digest_of(old),
            new=digest_of(fresh),
        )
        state = open_update(directory, run)
        report = state.report
        if report is None:
            made = _Update(source, tuple(old), fresh, settings, directory, progress or tell_nobody, threads, device)
            report = made.report()
            save_state(directory, state.model_copy(update={"report": report}))
        if (directory / PARTS).exists():
            if (directory / PARTS / _LAST).exists():
                put_in_place(directory / PARTS / _LAST, directory)
            shutil.rmtree(directory / PARTS)
        return report


def _refuse_unfit(
    current: Path,
    card: MemoryModelCard,
    old: Sequence[Reflection],
    fresh: Sequence[Reflection],
    settings: UpdateSettings,
    directory: Path,
) -> None:
    strategy, folder = settings.strategy, str(current)
    if current.resolve() == directory.resolve():
        raise InvalidInput(f"the updated model cannot go to {folder!r}, where the current one is; name another folder")
    if not fresh:
        raise InvalidInput(
            "there are no new reflections: all that were given are among the old, or none were; make some from the "
            "new documents first"
        )
    if strategy in FROM_OLD and not old:
        raise InvalidInput(
            f"the strategy {strategy} needs the reflections that {folder!r} was made of, and none were given: give "
            "them (old), or choose merge, which needs weights only"
        )
    if strategy in ON_WEIGHTS:
        refuse_routed(current, strategy)
    whole = (current / "config.json").is_file()
    if not whole and strategy not in OF_ADAPTERS:
        raise InvalidInput(
            f"{folder!r} holds an adapter, and the strategy {strategy} needs a whole model; choose "
            f"{', '.join(sorted(OF_ADAPTERS))}, or train the memory model whole (method full)"
        )
    if strategy != "joint" and (changed := unlike(card.settings, settings.training)):
        raise InvalidInput(
            f"the strategy {strategy} goes on from {folder!r}, and that is not of the shape that is wanted: "
            f"{'; '.join(changed)}. Leave that as it was, or choose joint, which begins anew"
        )


class _Source:
    """The current memory model and the base that an update starts from."""

    def __init__(self, current: Path, card: MemoryModelCard, settings: UpdateSettings, base: str | None) -> None:
        from addenda.models.adapters import adapter_digest

        self.current, self.card = current, card
        self.base = base or card.base
        self.base_fingerprint = card.base_fingerprint
        self.is_adapter = not (current / "config.json").is_file()
        self.fingerprint = adapter_digest(current) if self.is_adapter else find_model(str(current)).fingerprint
        if settings.strategy in FROM_BASE or self.is_adapter:
            self._find_base(settings)

    def _find_base(self, settings: UpdateSettings) -> None:
        hint = f"{str(self.current)!r} was trained from {self.card.base!r} ({self.card.base_fingerprint[:19]}…)"
        try:
            found = find_model(self.base).fingerprint
        except ModelUnavailable as error:
            raise ModelUnavailable(f"{error}. {hint}; say where that lies now (base)") from error
        if found != self.card.base_fingerprint and settings.strategy in ON_WEIGHTS:
            raise ModelMismatch(
                f"the base {self.base!r} has other weights ({found[:19]}…) than the one there was: {hint}. Give that "
                "one (base), or choose joint, which begins anew from any base"
            )
        self.base_fingerprint = found

    def ancestor(self) -> Ancestor:
        return Ancestor(name=self.current.resolve().name, fingerprint=self.fingerprint, documents=self.card.documents)


@dataclass(frozen=True, slots=True)
class _Update:
    """One update in its folder, until the files are in its last part."""

    source: _Source
    old: tuple[Reflection, ...]
    new: tuple[Reflection, ...]
    settings: UpdateSettings
    directory: Path
    tell: PhaseProgress
    threads: int | None
    device: str | None

    def report(self) -> UpdateReport:
        """Do what is still to be done, and say what came of it."""
        chosen = self.settings
        again: Sequence[Reflection] = ()
        match chosen.strategy:
            case "joint":
                again = self.old
                trainings = [self._from_base((*again, *self.new), _LAST)]
            case "sequential":
                trainings = [self._going_on(self.source.current, self.new, (self.source.ancestor(),))]
            case "replay":
                again = replayed(self.old, chosen.replayed, seed=chosen.training.seed)
                taught = (*again, *(self.new * chosen.repeated))
                trainings = [self._going_on(self.source.current, taught, (self.source.ancestor(),))]
            case "merge":
                trainings = [self._from_base(self.new, _NEW)]
                self._write_merged(chosen.merging, self._part(_LAST))
            case "average_then_steps":
                again = self.old
                apart = self._from_base(self.new, _NEW)
                self._write_merged(MergeSettings(), self._part(_START))
                everything = (*again, *self.new)
                trainings = [apart, self._going_on(self._part(_START), everything, self._merged_from())]
            case "routing":
                trainings = [self._from_base(self.new, _LAST)]
                add_route(self.source.current, self.old, self._part(_LAST), self.new, at=self.directory)
        card = read_memory_card(self._part(_LAST))
        return UpdateReport(
            strategy=chosen.strategy,
            trainings=tuple(trainings),
            tokens=sum(one.tokens for one in trainings),
            replayed=len(again),
            after=card.result,
            documents=len(card.documents),
            size=size_of(self._part(_LAST)),
        )

    def _part(self, name: str) -> Path:
        return self.directory / PARTS / name

    def _lineage(self, parents: tuple[Ancestor, ...]) -> Lineage:
        return Lineage(
            strategy=self.settings.strategy,
            base=self.source.base,
            base_fingerprint=self.source.base_fingerprint,
            parents=parents,
            settings=self.settings.shown(),
        )

    def _from_base(self, reflections: Sequence[Reflection], part: str) -> TrainingReport:
        return self._trained(self.source.base, reflections, self.settings.training, part, ())

    def _going_on(
        self, start: Path, reflections: Sequence[Reflection], parents: tuple[Ancestor, ...]
    ) -> TrainingReport:
        more = self.settings.more_training
        if self.source.is_adapter:
            return self._trained(self.source.base, reflections, more, _LAST, parents, adapter=start)
        return self._trained(str(start), reflections, more, _LAST, parents)

    def _trained(
        self,
        start: str,
        reflections: Sequence[Reflection],
        settings: MemoryModelSettings,
        part: str,
        parents: tuple[Ancestor, ...],
        adapter: Path | None = None,
    ) -> TrainingReport:
        taught = frozenset(reflections)
        return train_memory_model(
            start,
            reflections,
            settings,
            self._part(part),
            self.tell,
            # Whatever is taught here, nothing that an old reflection answers may be refused.
            known=[one for one in self.old if one not in taught],
            lineage=self._lineage(parents),
            adapter=adapter,
            threads=self.threads,
            device=self.device,
        )

    def _merged_from(self) -> tuple[Ancestor, ...]:
        apart = self._part(_NEW)
        card = read_memory_card(apart)
        new = Ancestor(name=_NEW, fingerprint=find_model(str(apart)).fingerprint, documents=card.documents)
        return (self.source.ancestor(), new)

    def _write_merged(self, settings: MergeSettings, directory: Path) -> None:
        """Merge the current model and the one that was trained on the new alone, measure it, and write it."""
        from addenda.memories.reflections.updating.merging import (
            merge,
            refuse_other_tokenizer,
            restore,
            weights_of,
        )
        from addenda.models.local import LocalModel

        base, old, new = (
            LocalModel.load(name, threads=self.threads, device=self.device)
            for name in (self.source.base, str(self.source.current), str(self._part(_NEW)))
        )
        refuse_other_tokenizer(base.tokenizer, old.tokenizer)
        merged = merge(
            base=weights_of(base.network),
            old=weights_of(old.network),
            new=weights_of(new.network),
            settings=settings,
            seed=self.settings.training.seed,
        )
        restore(new.network, merged)
        write_model(new, new.network, self._merged_card(new), directory)

    def _merged_card(self, merged: LocalModel) -> MemoryModelCard:
        settings, lineage = self.settings.training, self._lineage(self._merged_from())
        everything = (*self.old, *self.new)
        material = Material.of(everything, settings)
        lessons = lessons_for(merged, material.split, settings)
        examiner = Examiner(merged, lessons, settings, self.tell)
        least = examiner.sure_from(merged.network)
        measured: Point = examiner.point(0, merged.network, None, least)
        return MemoryModelCard(
            base=lineage.base,
            base_fingerprint=lineage.base_fingerprint,
            tokenizer_fingerprint=merged.tokenizer_fingerprint,
            question_form=QUESTION_FORM,
            settings=settings,
            data=digest_of(everything),
            documents=documents_of(everything, lineage),
            stages=counted_stages((*lessons.taught, *lessons.asked)),
            held_out=0,
            left_out=len(lessons.refused),
            curve=(measured,),
            chosen_step=0,
            result=measured,
            sure_from=least,
            versions=versions(),
            lineage=lineage,
        )
