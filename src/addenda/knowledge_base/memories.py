"""The model and the memories of one knowledge base: opened when first needed, and kept at the ledger's head.

What the memories must hold follows from the ledger's state alone; :meth:`Memories.sync` compares it with what they do
hold and tells them the difference. So every process comes to the same memories, whoever made a change, and a rebuild
(:meth:`Memories.rebuilt`) is the same thing from an empty memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken, MissingDependency, ModelMismatch
from addenda.ledger import SYSTEM, Ledger, MemoryConfigured, Record, State
from addenda.memories.base import Change, Deliver, Holding, Memory, Window, Withdraw
from addenda.models.files import find_model
from addenda.responder import Responder, Values
from addenda.types import MemoryName

if TYPE_CHECKING:
    from addenda.memories.edits import EditsMemory
    from addenda.models.local import LocalModel

SETTINGS_FILE = "edits.json"
"""Measured settings of the edits memory, beside a model's weights."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model to load and how."""

    name: str | None = None
    """``bundled``, a directory or a cached hub id; None means the one the knowledge base was made with."""
    threads: int | None = None
    batch_size: int = 64


class Memories:
    """The memories of one knowledge base. This version carries facts and edits in the ``edits`` memory."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, choice: ModelChoice) -> None:
        """Take the ledger, the artefacts, and which model to use; nothing is loaded yet."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._choice = choice
        self._model: LocalModel | None = None
        self._edits: EditsMemory | None = None

    @property
    def loaded(self) -> bool:
        """Whether the model is loaded in this process."""
        return self._model is not None

    @property
    def model(self) -> LocalModel:
        """The base model, loaded when first asked for.

        Raises MissingDependency without the ``local`` extra, ModelUnavailable when it cannot be loaded, ModelMismatch
        when it is not the one that the knowledge base was made with.
        """
        if self._model is None:
            created = self._ledger.state().created
            if created is None:
                raise LedgerBroken("the ledger is empty; create the knowledge base with `init`")
            name = self._choice.name or created.model
            files = find_model(name)
            if (files.fingerprint, files.tokenizer_fingerprint) != (
                created.model_fingerprint,
                created.tokenizer_fingerprint,
            ):
                differs = "weights" if files.fingerprint != created.model_fingerprint else "tokenizer"
                raise ModelMismatch(
                    f"this knowledge base was made with the model {created.model!r}, and {name!r} has other {differs}; "
                    "open it with the model it was made with, or create a new knowledge base for this one and import "
                    "the exported addenda there"
                )
            self._model = _load(name, self._choice)
        return self._model

    @property
    def edits(self) -> EditsMemory | None:
        """The edits memory at the ledger's head; None while none was configured (nothing was ever tested)."""
        configuration = self._ledger.state().memories.get("edits")
        if configuration is None:
            return None
        if self._edits is None:
            self._edits = self._empty(configuration)
        self._catch_up(self._edits)
        return self._edits

    def configured_edits(self) -> EditsMemory:
        """The edits memory, configured for the base model if it was not yet."""
        if "edits" not in self._ledger.state().memories:
            digest = self._artifacts.put(_configuration(self.model, self._artifacts))
            with self._ledger.writing() as session:
                if "edits" not in session.state.memories:
                    body = MemoryConfigured(memory="edits", configuration=digest)
                    session.append(SYSTEM, [body], "first use")
        edits = self.edits
        if edits is None:
            raise LedgerBroken("the edits memory was configured and is not in the state; run `verify`")
        return edits

    def sync(self) -> None:
        """Bring the memories that are loaded in this process to the ledger's head."""
        if self._edits is not None:
            self._catch_up(self._edits)

    def rebuilt(self) -> EditsMemory | None:
        """A fresh edits memory, made by replaying the delivered artefacts in ledger order."""
        state = self._ledger.state()
        configuration = state.memories.get("edits")
        if configuration is None:
            return None
        memory = self._empty(configuration)
        memory.apply(self._changes(state, {}), state.position)
        return memory

    def responder(self, values: Values) -> Responder:
        """A responder over the live memories."""
        edits = self.edits
        memories: dict[MemoryName, Memory] = {} if edits is None else {"edits": edits}
        return Responder(self.model, memories, values=values)

    def _empty(self, configuration: str) -> EditsMemory:
        from addenda.memories.edits import Basis, EditsConfig, EditsMemory

        parts = json.loads(self._artifacts.get(configuration))
        basis = Basis.from_bytes(self._artifacts.get(parts["basis"]))
        return EditsMemory(self.model, basis, EditsConfig.model_validate(parts["config"]))

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
            window, sequence = window_of(record, now), record.sequence or 0
            digest = record.deliveries["edits"]
            if holdings.get(record.id) != Holding(digest, sequence, window):
                changes.append(Deliver(record.id, self._artifacts.get(digest), sequence, window))
        return changes


def window_of(record: Record, now: datetime) -> Window:
    """When and for whom a held record may act; a start that has passed no longer matters."""
    starts = record.starts
    return Window(None if starts is None or starts <= now else starts, record.ends, record.audience)


def named_in(configuration: bytes) -> frozenset[str]:
    """The digests of the artefacts that a stored configuration of the edits memory builds on."""
    return frozenset({str(json.loads(configuration)["basis"])})


def _load(name: str, choice: ModelChoice) -> LocalModel:
    try:
        from addenda.models.local import LocalModel
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the model needs the package {error.name!r}, which is not installed; run: pip install 'addenda[local]'"
        ) from error
    return LocalModel.load(name, threads=choice.threads, batch_size=choice.batch_size)


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
