"""A memory without a network: it keeps the protocol of memories and lays a table of answers over a scripted model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from addenda.errors import CannotLookBack, UnknownId
from addenda.memories.base import (
    Candidate,
    Change,
    Deliver,
    Delivery,
    Holding,
    ModelPatch,
    ProgressCallback,
    Task,
)
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion
from addenda.models.scripted import ScriptedModel
from addenda.types import EVERYONE, MemoryName


class PatchableModel(ScriptedModel):
    """A scripted model that patches can act inside."""

    def __init__(self, answers: Mapping[str, str], default: str = "I don't know.") -> None:
        super().__init__(answers, default)
        self.patches: list[TablePatch] = []

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        completions = super().answer(questions, max_new_tokens=max_new_tokens)
        for patch in self.patches:
            completions = patch.over(questions, completions)
        return completions


class TablePatch:
    """Overrules answers by a table; the last delivered entry with the question acts."""

    def __init__(self, model: PatchableModel, tables: Mapping[str, Mapping[str, str]]) -> None:
        self._model = model
        self._tables = tables
        self._candidates: list[list[Candidate]] = []

    @contextmanager
    def attached(self) -> Generator[None]:
        self._model.patches.append(self)
        try:
            yield
        finally:
            self._model.patches.remove(self)

    @property
    def candidates(self) -> Sequence[Sequence[Candidate]]:
        return self._candidates

    def over(self, questions: Sequence[str], completions: Sequence[Completion]) -> list[Completion]:
        found = [[i for i, table in self._tables.items() if question in table][::-1] for question in questions]
        self._candidates = [[Candidate(i, 1.0, 0.5, injected=n == 0) for n, i in enumerate(ids)] for ids in found]
        return [
            Completion(self._tables[ids[0]][question], finished=True) if ids else said
            for question, ids, said in zip(questions, found, completions, strict=True)
        ]


class TableMemory:
    """What it holds for an addendum is a table from questions to answers, as JSON. Holds the present only."""

    name: MemoryName = "edits"

    def __init__(self, model: PatchableModel, tables: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._model = model
        self._held: dict[str, Deliver] = {}
        self.position = 0
        self.apply([Deliver(i, json.dumps(t).encode(), n) for n, (i, t) in enumerate((tables or {}).items(), 1)], 1)

    def prepare(self, tasks: Sequence[Task], progress: ProgressCallback | None = None) -> Mapping[str, bytes]:
        return {task.addendum_id: json.dumps(dict.fromkeys(task.prompts, task.target)).encode() for task in tasks}

    def apply(self, changes: Sequence[Change], position: int) -> Sequence[Delivery]:
        held = dict(self._held)
        for change in changes:
            if isinstance(change, Deliver):
                held[change.addendum_id] = change
            elif held.pop(change.addendum_id, None) is None:
                raise UnknownId(f"no {change.addendum_id!r} is held")
        self._held = dict(sorted(held.items(), key=lambda item: item[1].sequence))
        self.position = position
        return [Delivery(i, _digest(c.artefact)) for i, c in self._held.items() if c in changes]

    def staged(self, changes: Sequence[Change]) -> TableMemory:
        other = TableMemory(self._model)
        other.apply([*self._held.values(), *changes], self.position)
        return other

    def holdings(self) -> Mapping[str, Holding]:
        return {i: Holding(_digest(c.artefact), c.sequence, c.window) for i, c in self._held.items()}

    def digest(self) -> str:
        return _digest(repr(self.holdings()).encode())

    def contribute(
        self, *, at: datetime | None, audience: str = EVERYONE, without: frozenset[str] = frozenset()
    ) -> ModelPatch:
        now = datetime.now(UTC)
        if at is not None and at < now:
            raise CannotLookBack("this memory holds only the present")
        tables: dict[str, Mapping[str, str]] = {
            i: json.loads(change.artefact)
            for i, change in self._held.items()
            if i not in without and change.window.admits(at or now, audience)
        }
        return TablePatch(self._model, tables)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
