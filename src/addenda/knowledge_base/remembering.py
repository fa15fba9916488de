"""Training the memory model on the reflections of approved documents, and taking it into use.

A new memory model is tested before it takes the place of the old one: the knowledge base's own questions must get the
answers that they get now, and of documents that hold it must give as much as the gate asks of new ones. What it knows
of documents that are not live yet is withheld like everything that no live document says, so it can be in use before
they are activated. The old one is destroyed: what it knew of withdrawn documents is gone from the weights then.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from addenda.errors import Conflict, InvalidInput
from addenda.gate import DEFAULT_THRESHOLDS, Gate, Report
from addenda.knowledge_base.ground import live_moved
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.memory_models import Candidate, StoredMemoryModel
from addenda.knowledge_base.progress import Progress, phase, silent
from addenda.knowledge_base.reflecting import Reflecting, replaced_among
from addenda.knowledge_base.remembered import remembered, shortfalls
from addenda.ledger import Ledger, MemoryConfigured, Person, State, require, utc_now
from addenda.memories.base import Memory
from addenda.memories.reflections.memory import ReflectionsMemory
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.settings import MemoryModelSettings
from addenda.memories.reflections.training.state import TrainingReport, read_memory_card
from addenda.memories.reflections.training.training import train_memory_model
from addenda.memories.reflections.updating.settings import Strategy, UpdateSettings, unlike, update_settings
from addenda.memories.reflections.updating.updating import update_memory_model
from addenda.models.files import BUNDLED
from addenda.models.training_folder import storage
from addenda.types import MemoryName

__all__ = ["Adopted", "Remembering", "Strategy"]

FOLDER = "training"
"""The folder of trainings in the knowledge base's own."""
_ADOPTING = "adopting"
"""The file there that names the memory model that is being taken into use, and the one before."""
_TAUGHT = ".documents"
"""What the name of a training's folder is followed by in that of the file with the ids of its documents."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Adopted:
    """A memory model that is in use now."""

    training: TrainingReport
    documents: int
    """Documents that it was trained on."""
    reflections: int
    strategy: Strategy
    """How it was made: of everything anew (``joint``), or from the one before."""
    new: tuple[str, ...]
    """Documents that the one before did not know."""
    gone: tuple[str, ...]
    """Documents that the one before knew, and this one was trained without."""
    test: Report
    """What the knowledge base's own questions got before and after."""


class Remembering:
    """Trains memory models and takes them into use."""

    def __init__(self, ledger: Ledger, memories: Memories, reflecting: Reflecting, directory: Path) -> None:
        """Take the ledger, the memories, where reflections come from, and the knowledge base's folder."""
        self._ledger = ledger
        self._memories = memories
        self._reflecting = reflecting
        self._folder = directory / FOLDER

    def train(
        self,
        *,
        by: Person,
        base: str = BUNDLED,
        given: Mapping[str, object] | None = None,
        strategy: Strategy | None = None,
        reason: str = "",
        threads: int | None = None,
        progress: Progress = silent,
    ) -> Adopted:
        """Train a memory model on all approved documents and take it into use; killed, the same call goes on.

        Args:
            by: An admin.
            base: The model that learns: ``bundled``, a folder, or a cached hub id.
            given: Settings in place of the usual ones; see :class:`MemoryModelSettings`.
            strategy: How an update is made; None: what was measured to be best where documents were only added, and
                everything anew (``joint``) where the model knows documents that it is to know no longer.
            reason: Why; it stays in the history.
            threads: CPU threads.
            progress: Called while it goes on.

        Raises PermissionDenied; InvalidInput when there is nothing to learn, or for settings; Conflict when the new
        model fails its test, or live knowledge moved meanwhile; what training raises. The old model stays in use then.
        """
        require(self._ledger.state(), by, "memory_configured")
        reflections = self._reflecting.reflections()
        if not reflections:
            raise InvalidInput(self._nothing())
        update = update_settings(base, {} if strategy is None else {"strategy": strategy}, given)
        old = self._goes_on(base, update, reflections, chosen=strategy is not None)
        taught = list(dict.fromkeys((*old, *reflections)))
        directory = self._folder / _named(base, update if old else update.training, taught)
        self._note(directory, taught)
        if old:
            current = self._memories.memory_models.folder(self._in_use())
            done = update_memory_model(current, old, reflections, update, directory, progress, threads=threads)
            report = done.trainings[-1]
        else:
            report = train_memory_model(base, taught, update.training, directory, progress, threads=threads)
        made = Candidate(directory, read_memory_card(directory), tuple(taught))
        adopted = self._adopt(made, report, by, reason, progress, update.strategy if old else "joint")
        self.finish()
        self._memories.sync()
        return adopted

    def _goes_on(
        self, base: str, update: UpdateSettings, reflections: Sequence[Reflection], *, chosen: bool
    ) -> list[Reflection]:
        """The reflections of the memory model that is to be updated; none where one is to be trained anew."""
        known = self.learned()
        taught = {document for one in reflections for document in one.documents}
        if update.strategy == "routing":
            raise InvalidInput(
                "a knowledge base has one memory model, and routing asks several; choose replay, merge, "
                "average_then_steps or joint"
            )
        if update.strategy == "joint" or not known:
            return []
        stored = self._in_use()
        card = self._memories.memory_models.card(stored)
        origin = card.base if card.lineage is None else card.lineage.base
        why = ""
        if not known <= taught:
            why = f"the memory model knows {len(known - taught)} documents that it is to know no longer"
        elif taught <= known:
            why = "there are no new documents"
        elif origin != base:
            why = f"the memory model's base is {origin!r} and would be {base!r}"
        else:
            why = "; ".join(unlike(card.settings, update.training))
        if why and chosen:
            raise InvalidInput(f"{why}, so it cannot be updated by {update.strategy}; choose joint")
        return [] if why else self._memories.memory_models.reflections(stored)

    def _in_use(self) -> StoredMemoryModel:
        return self._memories.memory_models.stored(self._ledger.state().memories["reflections"])

    def learned(self) -> frozenset[str]:
        """Ids of the documents that the memory model in use was trained on."""
        memory = self._memories.reflections.memory()
        return frozenset() if memory is None else memory.memory_model.documents

    def remaining(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Those of these addenda that the memory model still knows although nothing may be answered from them now."""
        memory = self._memories.reflections.memory()
        if memory is None:
            return ()
        held = memory.held_among(ids)
        return tuple(i for i in ids if i in memory.memory_model.documents and i not in held)

    def finish(self) -> None:
        """Finish taking a memory model into use where that was interrupted: destroy the one before, and the training.

        Raises StorageUnavailable.
        """
        new, old = self._adopting()
        if not new or new != self._ledger.state().memories.get("reflections"):
            return
        self._memories.memory_models.retire(old or new, new)
        shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self, erased: Collection[str]) -> None:
        """Destroy what was made of erased documents: reflections everywhere, and trainings that are under way.

        Raises StorageUnavailable, and UnreadableFile for damaged files.
        """
        if not erased:
            return
        in_use = self._ledger.state().memories.get("reflections")
        for configuration in {in_use or "", self._adopting()[0]} - {""}:
            self._memories.memory_models.destroy(configuration, erased)
        for noted in self._folder.glob(f"*{_TAUGHT}"):
            if not frozenset(erased).isdisjoint(noted.read_text(encoding="ascii").split()):
                shutil.rmtree(noted.with_suffix(""), ignore_errors=True)
                noted.unlink(missing_ok=True)
        self._reflecting.forget(erased)

    def _adopting(self) -> tuple[str, str]:
        """The configuration that is being taken into use, and the one before; empty where there is none."""
        marker = self._folder / _ADOPTING
        new, _, old = marker.read_text(encoding="ascii").partition("\n") if marker.is_file() else ("", "", "")
        return new, old

    def _note(self, directory: Path, reflections: Sequence[Reflection]) -> None:
        """Write down which documents a training is about, so that erasing one finds it."""
        with storage(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            ids = dict.fromkeys(document for one in reflections for document in one.documents)
            directory.with_suffix(_TAUGHT).write_text("\n".join(ids), encoding="ascii")

    def _adopt(
        self,
        candidate: Candidate,
        report: TrainingReport,
        by: Person,
        reason: str,
        progress: Progress,
        strategy: Strategy,
    ) -> Adopted:
        """Test a memory model and take it into use."""
        state = self._ledger.state()
        before = self._memories.reflections.memory()
        live = self._memories.live()
        opened = self._memories.memory_models.opened(candidate)
        after = ReflectionsMemory(opened) if before is None else before.with_model(opened)
        staged: dict[MemoryName, Memory] = {**live, "reflections": after}
        gate = Gate(state.thresholds, tuple(state.suite.values()))
        test = gate.judge(
            [],
            self._memories.responder_over(live),
            lambda _ids: self._memories.responder_over(staged),
            progress=phase(progress, "asking questions"),
        )
        self._check(test, after, before)
        _check_ground(self._ledger.state(), state, candidate)
        stored, configuration = self._memories.memory_models.store(candidate)
        old = state.memories.get("reflections")
        with storage(self._folder):
            (self._folder / _ADOPTING).write_text(f"{configuration}\n{old or ''}", encoding="ascii")
        try:
            with self._ledger.writing() as session:
                _check_ground(session.state, state, candidate)
                body = MemoryConfigured(memory="reflections", configuration=configuration)
                session.append(by.actor, [body], reason or "a memory model was trained")
        except Conflict:
            self._memories.memory_models.retire(configuration, self._ledger.state().memories.get("reflections"))
            raise
        known = frozenset[str]() if before is None else before.memory_model.documents
        return _adopted(stored, report, test, known, len(candidate.reflections), strategy)

    def _check(self, test: Report, after: ReflectionsMemory, before: ReflectionsMemory | None) -> None:
        """Raise Conflict when answers got worse that must not."""
        worse = [one for one in test.suite if not one.passed]
        if worse:
            first = worse[0]
            raise Conflict(
                f"{len(worse)} of the knowledge base's own questions get worse answers with this memory model; "
                f"{first.question!r} got {first.after!r} instead of {first.before!r}; train longer, or change the suite"
            )
        least = self._ledger.state().thresholds.get("remembered", DEFAULT_THRESHOLDS["remembered"])
        now = utc_now()
        held = [i for i, one in after.holdings().items() if one.window.end is None or one.window.end > now]
        trained = [i for i in held if i in after.memory_model.documents]
        replaced = replaced_among(self._ledger.state(), after.memory_model.documents)
        missing = [i for i in held if i not in after.memory_model.documents and i not in replaced]
        reasons = shortfalls(remembered(after, trained), least) if trained else {}
        if before is not None and reasons:
            reasons = {i: why for i, why in reasons.items() if i not in shortfalls(remembered(before, [i]), least)}
        reasons |= dict.fromkeys(missing, "it was trained without it")
        if reasons:
            shown = "; ".join(f"{i}: {why}" for i, why in list(reasons.items())[:_SHOWN])
            raise Conflict(
                f"this memory model gives less of {len(reasons)} live documents than the gate asks for ({shown}); "
                "train longer (--epochs), or with a larger model"
            )

    def _nothing(self) -> str:
        waiting = self._reflecting.waiting()
        if waiting:
            return (
                f"{len(waiting)} documents wait for somebody to approve them ({waiting[0]!r} is the first), and a "
                "memory model is trained on approved ones only"
            )
        return "there are no reflections to train on; make some from documents first (`addenda reflect`)"


def _check_ground(now: State, tested: State, candidate: Candidate) -> None:
    """Raise Conflict when what a memory model was trained and tested on is not what there is."""
    if live_moved(now, tested.position) or now.memories.get("reflections") != tested.memories.get("reflections"):
        raise Conflict("live knowledge changed while the memory model was tested; run it again, which tests again")
    erased = [i for i in candidate.card.documents if now.record(i).stage == "erased"]
    if erased:
        raise Conflict(
            f"{len(erased)} documents were erased while the memory model was trained on them ({erased[0]!r} is the "
            "first); run it again, which trains without them"
        )


def _named(base: str, settings: MemoryModelSettings | UpdateSettings, reflections: Sequence[Reflection]) -> str:
    """The name of a training's folder: the same for the same training, so that it is gone on with."""
    parts = [base, settings.model_dump_json(), *(one.id for one in reflections)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _adopted(
    stored: StoredMemoryModel,
    report: TrainingReport,
    test: Report,
    known: frozenset[str],
    reflections: int,
    strategy: Strategy,
) -> Adopted:
    documents = frozenset(stored.documents)
    return Adopted(
        training=report,
        documents=len(documents),
        reflections=reflections,
        strategy=strategy,
        new=tuple(sorted(documents - known)),
        gone=tuple(sorted(known - documents)),
        test=test,
    )
