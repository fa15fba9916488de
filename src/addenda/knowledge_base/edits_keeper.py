"""Keeps the edits memory: its artefacts are files, solved once and replayed in ledger order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.models import ModelInUse
from addenda.ledger import SYSTEM, Ledger, MemoryConfigured, Record, State
from addenda.memories.base import Change, Deliver, Holding, Window, Withdraw
from addenda.models.files import find_model
from addenda.types import Addendum, MemoryName

if TYPE_CHECKING:
    from addenda.memories.edits import EditsMemory
    from addenda.models.local import LocalModel

SETTINGS_FILE = "edits.json"
"""Measured settings of the edits memory, beside a model's weights."""


class EditsKeeper:
    """Keeps the edits memory of this process at the ledger's head; keeps the :class:`Keeper` protocol."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, model: ModelInUse) -> None:
        """Take the ledger, the artefacts, and the model that is edited; nothing is loaded yet."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._model = model
        self._memory: EditsMemory | None = None

    @property
    def name(self) -> MemoryName:
        """The memory of weight edits."""
        return "edits"

    @property
    def entangled(self) -> bool:
        """True in the mode with one shared matrix."""
        return self._memory is not None and self._memory.config.mode == "shared"

    def memory(self) -> EditsMemory | None:
        """The memory at the ledger's head; None while it is not configured. Loads the model."""
        configuration = self._ledger.state().memories.get("edits")
        if configuration is None:
            return None
        if self._memory is None:
            self._memory = self._empty(configuration)
        self._catch_up(self._memory)
        return self._memory

    def configured(self) -> EditsMemory:
        """The memory, configured for the base model if it was not yet."""
        if "edits" not in self._ledger.state().memories:
            digest = self._artifacts.put(_configuration(self._model.local, self._artifacts))
            with self._ledger.writing() as session:
                if "edits" not in session.state.memories:
                    body = MemoryConfigured(memory="edits", configuration=digest)
                    session.append(SYSTEM, [body], "first use")
        memory = self.memory()
        if memory is None:
            raise LedgerBroken("the edits memory was configured and is not in the state; run `verify`")
        return memory

    def sync(self) -> None:
        """Bring the memory to the ledger's head, if it is loaded in this process."""
        if self._memory is not None:
            self._catch_up(self._memory)

    def rebuilt(self) -> EditsMemory | None:
        """A fresh memory, made by replaying the delivered artefacts in ledger order."""
        state = self._ledger.state()
        configuration = state.memories.get("edits")
        if configuration is None:
            return None
        memory = self._empty(configuration)
        memory.apply(self._changes(state, {}), state.position)
        return memory

    def store(self, artefacts: Mapping[str, bytes]) -> Mapping[str, str]:
        """Keep the artefacts as files; their digests."""
        return dict(zip(artefacts, self._artifacts.put_many(artefacts.values()), strict=True))

    def stored(self, addenda: Mapping[str, Addendum], tested: Mapping[str, str]) -> Mapping[str, str]:
        """Those of the tested artefacts whose files are intact."""
        return {i: tested[i] for i in addenda if i in tested and self._is_intact(tested[i])}

    def check(self, delivered: Mapping[str, str]) -> None:
        """Raise LedgerBroken when a file is missing or was altered."""
        for digest in sorted(set(delivered.values())):
            self._artifacts.get(digest)

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """The digest of the basis."""
        return frozenset({str(json.loads(configuration)["basis"])})

    def _is_intact(self, digest: str) -> bool:
        try:
            self._artifacts.get(digest)
        except LedgerBroken:
            return False
        return True

    def _empty(self, configuration: str) -> EditsMemory:
        from addenda.memories.edits import Basis, EditsConfig, EditsMemory

        parts = json.loads(self._artifacts.get(configuration))
        basis = Basis.from_bytes(self._artifacts.get(parts["basis"]))
        return EditsMemory(self._model.local, basis, EditsConfig.model_validate(parts["config"]))

    def _catch_up(self, memory: EditsMemory) -> None:
        state = self._ledger.state()
        changes = self._changes(state, memory.holdings())
        if changes or memory.position != state.position:
            memory.apply(changes, state.position)

    def _changes(self, state: State, holdings: Mapping[str, Holding]) -> Sequence[Change]:
        now = datetime.now(UTC)
        wanted = {r.id: r for r in state.held("edits") if r.ends is None or r.ends > now}
        changes: list[Change] = [Withdraw(identifier) for identifier in holdings if identifier not in wanted]
        for record in wanted.values():
            window, sequence = _window_of(record, now), record.sequence or 0
            digest = record.deliveries["edits"]
            if holdings.get(record.id) != Holding(digest, sequence, window):
                changes.append(Deliver(record.id, self._artifacts.get(digest), sequence, window))
        return changes


def _window_of(record: Record, now: datetime) -> Window:
    """When and for whom a held record may act; a start that has passed no longer matters here."""
    starts = record.starts
    return Window(None if starts is None or starts <= now else starts, record.ends, record.audience)


def _configuration(model: LocalModel, artifacts: ArtifactStore) -> bytes:
    """A configuration of the edits memory for this model, as canonical JSON; its basis becomes an artefact.

    A model's directory may bring measured settings in ``edits.json``; the defaults serve any other.
    """
    from addenda.memories.edits import EditsConfig
    from addenda.memories.edits.memory import make_basis

    measured = find_model(model.name).directory / SETTINGS_FILE
    config = EditsConfig.model_validate_json(measured.read_bytes()) if measured.is_file() else EditsConfig()
    basis = artifacts.put(make_basis(model, config).to_bytes())
    return json.dumps({"basis": basis, "config": config.model_dump(mode="json")}, sort_keys=True).encode()
