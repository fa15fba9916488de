"""The models of a consultation: who directs, and where the memory model runs.

Both can be exchanged, each without the other, and neither has to be the model that the knowledge base was made with:
what is known lies in the memory model, and an executive only ever asks it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from addenda.errors import InvalidInput
from addenda.knowledge_base.models import ModelChoice, ModelInUse, connect, is_remote, load_local
from addenda.ledger import Ledger
from addenda.memories.reflections.asking.consultation import (
    Asked,
    Consultation,
    Refused,
    Repeated,
    StageBegan,
    Wasted,
)
from addenda.memories.reflections.asking.executive import ChatExecutive, Executive
from addenda.memories.reflections.asking.local_executive import LocalExecutive, world_templates
from addenda.memories.reflections.asking.scripted import ScriptedExecutive
from addenda.memories.reflections.asking.single_turn import NO_EXECUTIVE
from addenda.memories.reflections.consulting import ExecutiveConsulting
from addenda.memories.reflections.training.state import MemoryModelCard
from addenda.memories.reflections.training.writing import SKILL
from addenda.models.base import LanguageModel
from addenda.models.files import BUNDLED
from addenda.skills import Consulting

if TYPE_CHECKING:
    from addenda.models.remote import RemoteModel

__all__ = [
    "SCRIPTED",
    "Asked",
    "Consultation",
    "ConsultedModels",
    "Refused",
    "Repeated",
    "StageBegan",
    "Wasted",
]

SCRIPTED = "scripted"
"""The name of the executive that goes by rules and the question templates of the declared relations."""


class ConsultedModels:
    """Executives and memory models of one knowledge base, loaded when needed, and kept."""

    def __init__(self, ledger: Ledger, base: ModelInUse, choice: ModelChoice) -> None:
        """Take the ledger, the model in use, and what was chosen."""
        self._ledger = ledger
        self._base = base
        self._choice = choice
        self._consulting: Consulting | None = None
        self._remote: dict[str, RemoteModel] = {}

    def consulting(self) -> Consulting:
        """How a memory model is consulted: by the executive that was chosen, else by one that fits the model in use.

        A remote model directs by itself; the bundled one with the skill that it has learned for that. Of any other
        local model nothing is known, so the memory model is asked directly. Raises InvalidInput for an executive that
        cannot be used, and what loading one raises.
        """
        if self._consulting is None:
            named = self._base.name
            usual = named if self._base.remote or named == BUNDLED else NO_EXECUTIVE
            chosen = self._executive(self._choice.executive or usual)
            self._consulting = ExecutiveConsulting(chosen, self._choice.budget)
        return self._consulting

    def served_memory(self) -> LanguageModel | None:
        """The memory model where it is served; None when it is to run in this process. Raises InvalidInput."""
        address = self._choice.memory_model
        if address is None:
            return None
        if not is_remote(address):
            raise InvalidInput(
                f"the memory model {address!r} is no address; give URL#NAME of the server that has it, or unset "
                "ADDENDA_MEMORY_MODEL to run it in this process"
            )
        return self._at(address)

    def memory_in(self, directory: Path, card: MemoryModelCard) -> LanguageModel:
        """The memory model in a folder: a whole model, or an adapter on its base.

        However unsure, every answer is heard: the memory withholds what no reflection says, and the card's boundary of
        sureness, on top of that, would refuse more right answers in new words than wrong ones.

        Raises ModelUnavailable, UnreadableFile or ModelMismatch when it cannot be loaded; MissingDependency.
        """
        if card.settings.method == "full":
            return load_local(str(directory), self._choice)
        local = load_local(card.base, self._choice)
        from addenda.models.adapters import AdaptedModel, load_adapter

        return AdaptedModel(local, load_adapter(local, directory, SKILL))

    def close(self) -> None:
        """Close the connections."""
        for remote in self._remote.values():
            remote.close()

    def _executive(self, name: str) -> Executive | None:
        if name == NO_EXECUTIVE:
            return None
        if name == SCRIPTED:
            registry = self._ledger.state().registry
            return ScriptedExecutive({one: registry.get(one).templates for one in registry.names()})
        if name == BUNDLED:
            return self._bundled()
        if is_remote(name):
            return ChatExecutive(self._base.connected if name == self._base.name else self._at(name))
        raise InvalidInput(
            f"the executive {name!r} is unknown; it can be {SCRIPTED}, {NO_EXECUTIVE}, {BUNDLED}, or URL#NAME of a "
            "model behind an OpenAI-compatible address"
        )

    def _bundled(self) -> Executive:
        # Switching an adapter on changes the network, so a memory model or an answer never shares it.
        local = load_local(BUNDLED, self._choice)
        registry = self._ledger.state().registry
        declared = {one: registry.get(one).templates for one in registry.names()}
        return LocalExecutive.load(local, templates={**world_templates(), **declared})

    def _at(self, address: str) -> RemoteModel:
        if address not in self._remote:
            self._remote[address] = connect(address, self._choice)
        return self._remote[address]
