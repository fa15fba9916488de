"""The edits memory behind the protocol of the memories.

It keeps addenda as MEMOIR edits of one local model. Preparing solves them (their artefact is the solved edit's
canonical bytes), applying holds or withdraws them all at once or not at all, staging is another immutable value over
the same tensors, and a contribution is a patch that acts while the model generates. It holds the present only: a
question about the past is refused. Does not know: the ledger, the relation registry, or who may do what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from addenda.errors import CannotLookBack, InvalidInput, UnknownId
from addenda.memories.base import Candidate, Change, Deliver, Delivery, Holding, ProgressCallback, Task
from addenda.memories.edits.attach import Attachment, GateSettings, match
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.config import EditsConfig
from addenda.memories.edits.families import Place, locate
from addenda.memories.edits.gram import solve_shared
from addenda.memories.edits.held import Entry, Held
from addenda.memories.edits.prompts import BACKGROUND, Prompt, Rendered, encode_prompt
from addenda.memories.edits.records import EditRequest, SolvedEdit
from addenda.memories.edits.solver import Bench, solve_isolated
from addenda.types import EVERYONE, MemoryName

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PRESENT = timedelta(minutes=1)
"""How far back a moment still counts as now: the time between asking for an answer and giving it."""


class EditableModel(Protocol):
    """A language model in this process, as the edits memory needs it."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def fingerprint(self) -> str:
        """Digest of the weights."""
        ...

    @property
    def tokenizer_fingerprint(self) -> str:
        """Digest of the tokenizer."""
        ...

    def render(self, question: str) -> str:
        """The prompt text that asks this question."""
        ...


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def make_basis(model: EditableModel, config: EditsConfig, background: Sequence[str] | None = None) -> Basis:
    """The fixed part of a new memory for ``model``, centred on ``background``: questions like those that will be asked.

    None takes those of ``config.background``, or else some general ones.

    Keep it (``to_bytes``) with the knowledge base: edits solved in it can be held only by a memory with the same basis.
    """
    return Basis.create(
        model.network,
        model.tokenizer,
        locate(model.network, config),
        config,
        model_fingerprint=model.fingerprint,
        tokenizer_fingerprint=model.tokenizer_fingerprint,
        background=[_prompt(model, question) for question in background or config.background or BACKGROUND],
    )


class EditsMemory:
    """MEMOIR edits of one local model; keeps the :class:`addenda.memories.base.Memory` protocol."""

    def __init__(
        self,
        model: EditableModel,
        basis: Basis,
        config: EditsConfig,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """An empty memory. Raises ModelMismatch, naming what differs, when ``basis`` is of another model or place."""
        place = locate(model.network, config)
        basis.require(model=model.fingerprint, tokenizer=model.tokenizer_fingerprint, place=place)
        if basis.mode != config.mode:
            raise InvalidInput(
                f"mode {config.mode!r} does not fit a basis of mode {basis.mode!r}; the mode of a memory is fixed"
            )
        self._model = model
        self._place = place
        self._config = config
        self._clock = clock
        self._held = Held.empty(basis)
        self._position = 0

    @classmethod
    def create(
        cls, model: EditableModel, config: EditsConfig | None = None, background: Sequence[str] | None = None
    ) -> EditsMemory:
        """An empty memory with a basis of its own; see :func:`make_basis`."""
        settings = EditsConfig() if config is None else config
        return cls(model, make_basis(model, settings, background), settings)

    @property
    def name(self) -> MemoryName:
        """Which of the four memories this is: ``edits``."""
        return "edits"

    @property
    def position(self) -> int:
        """How far in the ledger this memory is."""
        return self._position

    @property
    def basis(self) -> Basis:
        """What is fixed for the life of this memory."""
        return self._held.basis

    @property
    def config(self) -> EditsConfig:
        """The settings in force."""
        return self._config

    @property
    def held(self) -> Held:
        """What is held now; an immutable value."""
        return self._held

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        """Solve the tasks; the artefact of each is its solved edit's canonical bytes. What is held does not change."""
        requests = [
            EditRequest(
                tuple(_prompt(self._model, prompt) for prompt in task.prompts),
                task.target,
                tuple(_prompt(self._model, question) for question in task.neighbours),
            )
            for task in tasks
        ]
        bench = Bench(self._model.network, self._model.tokenizer, self._place, self.basis, self._config)
        if self.basis.mode == "shared":
            solved = solve_shared(bench, requests, self._held, progress)
        else:
            solved = solve_isolated(bench, requests, progress)
        return {task.addendum_id: edit.to_bytes() for task, edit in zip(tasks, solved, strict=True)}

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        """Hold and withdraw, all or none, and move to ``position``; see :meth:`addenda.memories.base.Memory.apply`."""
        held, deliveries = self._after(changes)
        self._held, self._position = held, position
        return deliveries

    def staged(self, changes: Sequence[Change]) -> EditsMemory:
        """A memory as if ``changes`` were applied; it shares all tensors with this one, which stays as it is."""
        other = EditsMemory(self._model, self.basis, self._config, clock=self._clock)
        other._held, _ = self._after(changes)
        other._position = self._position
        return other

    def holdings(self) -> Mapping[str, Holding]:
        """Everything held, by addendum id, in sequence order."""
        return {entry.id: Holding(entry.digest, entry.sequence, entry.window) for entry in self._held.entries}

    def held_among(self, ids: Iterable[str]) -> set[str]:
        """Those of these addenda that are held."""
        return set(ids).intersection(entry.id for entry in self._held.entries)

    def digest(self) -> str:
        """SHA-256 of everything held, in sequence order."""
        return self._held.digest()

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> EditsPatch:
        """The patch that lets the edits act which may be used at ``at`` for ``audience``, except those in ``without``.

        Raises CannotLookBack for a moment that has passed; a moment to come is answered from the windows.
        """
        if at is not None and at < self._clock() - PRESENT:
            raise CannotLookBack(
                f"the edits memory holds only the present and cannot answer about {at.isoformat()}; "
                "ask about now, or leave this memory out"
            )
        return EditsPatch(
            self._model, self._place, self._held, self._config, lambda: at or self._clock(), audience, without
        )

    def match(self, questions: Sequence[str]) -> list[tuple[Candidate, ...]]:
        """For each question, the nearest held edits, best first, whatever their windows; nothing is generated."""
        model = self._model
        rows = [encode_prompt(model.tokenizer, _prompt(model, question)) for question in questions]
        settings = GateSettings(self._config.tau, self._config.margin)
        return match(model.network, self._place, self._held, settings, rows)

    def _after(self, changes: Sequence[Change]) -> tuple[Held, list[Delivery]]:
        """What is held after ``changes``, and the receipts; nothing is changed when one is refused."""
        entries = dict(self._held.by_id)
        deliveries: list[Delivery] = []
        for change in changes:
            if isinstance(change, Deliver):
                entry = self._entry(change, entries.get(change.addendum_id))
                entries[entry.id] = entry
                deliveries.append(Delivery(entry.id, entry.digest))
            elif entries.pop(change.addendum_id, None) is None:
                raise UnknownId(f"no edit {change.addendum_id!r} is held by the edits memory; nothing was changed")
        gone = [identifier for identifier in self._held.by_id if identifier not in entries]
        fresh = [entry for identifier, entry in entries.items() if self._held.by_id.get(identifier) is not entry]
        return self._held.changed(fresh, gone), deliveries

    def _entry(self, change: Deliver, known: Entry | None) -> Entry:
        digest = hashlib.sha256(change.artefact).hexdigest()
        # The same bytes give the same tensors: share them, so that a new window costs nothing.
        edit = known.edit if known and known.digest == digest else SolvedEdit.from_bytes(change.artefact, self.basis)
        return Entry(change.addendum_id, edit, change.sequence, digest, change.window)


class EditsPatch:
    """What the edits memory gives to an answer; keeps the :class:`addenda.memories.base.ModelPatch` protocol.

    It holds the edits as they were when it was made. Windows are looked at whenever it is switched on.
    """

    def __init__(
        self,
        model: EditableModel,
        place: Place,
        held: Held,
        config: EditsConfig,
        moment: Callable[[], datetime],
        audience: str,
        without: frozenset[str],
    ) -> None:
        self._model = model
        self._place = place
        self._held = held
        self._settings = GateSettings(config.tau, config.margin)
        self._moment = moment
        self._audience = audience
        self._without = without
        self._last: Attachment | None = None

    @contextmanager
    def attached(self) -> Generator[None]:
        """Switch the edits on for every call of the model inside the ``with`` block."""
        self._last = Attachment(self._model.network, self._place, self._held, self._settings, self._allowed())
        with self._last.attached():
            yield

    @property
    def candidates(self) -> Sequence[Sequence[Candidate]]:
        """For each row of the last generated batch, the nearest edits, best first."""
        return [] if self._last is None else self._last.candidates

    def _allowed(self) -> npt.NDArray[np.bool_] | None:
        """Which entries may act now for this audience; None when all may."""
        entries = self._held.entries
        barred = (
            {index for index, entry in enumerate(entries) if entry.id in self._without} if self._without else set[int]()
        )
        moment = self._moment()
        barred |= {i for i in self._held.restricted if not entries[i].window.admits(moment, self._audience)}
        if not barred:
            return None
        allowed = np.ones(len(entries), dtype=np.bool_)
        allowed[sorted(barred)] = False
        return allowed


def _prompt(model: EditableModel, question: str) -> Prompt:
    """The rendered question; where there is no template, plain text to which the tokenizer adds its own tokens."""
    rendered = model.render(question)
    return question if rendered == question else Rendered(rendered)
