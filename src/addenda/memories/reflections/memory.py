"""``ReflectionsMemory``: a memory model behind the protocol that all memories keep.

What is held are documents: from which of them, when and for whom answers may come. What they say lies in the weights of
a memory model that was trained on their reflections, all at once. So delivering a document opens what the model already
knows of it, and withdrawing one closes it at once: every answer is attributed to the reflections that the model was
trained on, and one that only others say is withheld (:mod:`~.attribution`). Training again without a document takes it
out of the weights, too.

The memory holds only the present, because the weights do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from addenda.errors import CannotLookBack, InvalidInput
from addenda.memories.base import (
    Change,
    Deliver,
    Delivery,
    Holding,
    ProgressCallback,
    Recollection,
    Task,
)
from addenda.memories.held import Kept, applied, digest, holdings
from addenda.memories.reflections.artefact import StoredDocument
from addenda.memories.reflections.attribution import Attribution
from addenda.memories.reflections.questions import REFUSAL, goes_round, is_refusal, memory_prompt
from addenda.memories.reflections.reflection import Reflection
from addenda.models.base import LanguageModel, batches
from addenda.types import EVERYONE, MemoryName

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time; injected by tests."""

PRESENT = timedelta(minutes=1)
"""A moment that passed less than this ago is the present."""


@dataclass(frozen=True)
class TaughtModel:
    """A memory model with what it was taught; loaded when it is first asked."""

    digest: str
    """Names it: the same for the same weights and reflections."""
    load: Callable[[], LanguageModel]
    """Loads the model."""
    read: Callable[[], Sequence[Reflection]]
    """Reads the reflections that it was trained on, but for those of documents that were erased since."""
    documents: frozenset[str]
    """Ids of the documents that it was trained on, the erased ones included."""
    erased: frozenset[str] = frozenset()
    """Of these the ones whose reflections are gone."""

    @cached_property
    def model(self) -> LanguageModel:
        """The model. Raises what loading raises."""
        return self.load()

    @cached_property
    def reflections(self) -> tuple[Reflection, ...]:
        """What it was trained on. Raises what reading raises."""
        return tuple(self.read())

    @cached_property
    def attribution(self) -> Attribution:
        """The index by which answers are attributed."""
        return Attribution(self.reflections, whole=not self.erased)


def _now() -> datetime:
    return datetime.now(UTC)


class ReflectionsMemory:
    """Documents in a memory model; keeps the protocol :class:`addenda.memories.base.Memory`."""

    def __init__(self, memory_model: TaughtModel, *, clock: Clock = _now) -> None:
        """A memory that may say nothing yet of what its model knows."""
        self.memory_model = memory_model
        self._clock = clock
        self._held: dict[str, Kept[StoredDocument]] = {}
        self._position = 0

    @property
    def name(self) -> MemoryName:
        """Which of the four memories this is: ``reflections``."""
        return "reflections"

    @property
    def position(self) -> int:
        """How far in the ledger this memory is."""
        return self._position

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        """The artefact of each task's document.

        Raises InvalidInput for a task without a document, or with one that cannot be stored.
        """
        artefacts: dict[str, bytes] = {}
        for task in tasks:
            if task.document is None:
                raise InvalidInput(
                    f"{task.addendum_id!r} comes without a document; the memory of reflections holds documents only, "
                    "so route other addenda to other memories"
                )
            artefacts[task.addendum_id] = StoredDocument.of(task.document).to_bytes()
        if progress is not None:
            progress(len(tasks), len(tasks))
        return artefacts

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Hold and withdraw, all or none, and move to ``position``; see :meth:`addenda.memories.base.Memory.apply`."""
        self._held, receipts = applied(self._held, changes, _read, self.name)
        self._position = position
        return receipts

    def staged(self, changes: Sequence[Change]) -> ReflectionsMemory:
        """A view as if ``changes`` were applied, at no cost to this memory."""
        view = ReflectionsMemory(self.memory_model, clock=self._clock)
        view._held, view._position = self._held, self._position
        view.apply(changes, self._position)
        return view

    def with_model(self, memory_model: TaughtModel) -> ReflectionsMemory:
        """A view of the same documents with another memory model."""
        view = ReflectionsMemory(memory_model, clock=self._clock)
        view._held, view._position = self._held, self._position
        return view

    def holdings(self) -> Mapping[str, Holding]:
        """Everything held, by addendum id, in sequence order."""
        return holdings(self._held)

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        return {i for i in ids if i in self._held}

    def digest(self) -> str:
        """SHA-256 of the memory model's digest and everything held, in sequence order."""
        return digest(self._held, self.memory_model.digest.encode() + b"\n")

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> RecallingView:
        """The memory model as it may be asked at ``at`` (None: at each question) for ``audience``.

        Raises CannotLookBack for a moment that has passed.
        """
        if at is not None and at < self._clock() - PRESENT:
            raise CannotLookBack(
                "the memory of reflections holds only the present: its weights were trained anew; ask without a past "
                "moment, or leave this memory out (--memories)"
            )
        moment = self._clock if at is None else lambda: at

        def admitted() -> frozenset[str]:
            now = moment()
            held = self._held.items()
            return frozenset(i for i, kept in held if i not in without and kept.window.admits(now, audience))

        return RecallingView(self.memory_model, admitted)


class RecallingView:
    """What the memory of reflections gives to answers; keeps :class:`addenda.memories.base.Recalling`."""

    def __init__(self, memory_model: TaughtModel, admitted: Callable[[], frozenset[str]]) -> None:
        self._memory_model = memory_model
        self._admitted = admitted

    @property
    def name(self) -> str:
        """The memory model's name."""
        return self._memory_model.model.name

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of its weights."""
        return self._memory_model.model.fingerprint

    @property
    def batch_size(self) -> int:
        """How many questions it answers side by side at best."""
        return self._memory_model.model.batch_size

    def recall(self, questions: Sequence[str], *, max_new_tokens: int) -> Sequence[Recollection]:
        """What it says to each question, in order; it is not asked while no document may be answered from."""
        admitted = self._admitted()
        if not admitted:
            return [Recollection(REFUSAL, finished=True) for _ in questions]
        found: dict[int, Recollection] = {}
        for batch in batches(questions, self.batch_size):
            prompts = [memory_prompt(questions[index]) for index in batch]
            completions = self._memory_model.model.answer(prompts, max_new_tokens=max_new_tokens)
            for index, prompt, said in zip(batch, prompts, completions, strict=True):
                found[index] = self._judged(prompt, said.text, admitted, finished=said.finished)
        return [found[index] for index in range(len(questions))]

    def _judged(self, question: str, answer: str, admitted: frozenset[str], *, finished: bool) -> Recollection:
        if is_refusal(answer):
            return Recollection(answer, finished)
        attribution = self._memory_model.attribution
        attributed = attribution.of(question, answer, lambda one: admitted.issuperset(one.documents))
        if not attributed.sources or (not finished and goes_round(answer)):
            return Recollection(REFUSAL, finished=True, withheld=True)
        return Recollection(answer, finished, attributed.documents)


def _read(change: Deliver) -> StoredDocument:
    return StoredDocument.from_bytes(change.artefact, change.addendum_id)
