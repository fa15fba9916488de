"""Residual memory for any Hugging Face causal language model, alone: no ledger, no knowledge base.

    memory = ResidualMemory.create(model, tokenizer)
    memory.edit("The capital of Arcadia is", "Tripoli")
    with memory.attached():
        model.generate(**tokenizer("The capital of Arcadia is", return_tensors="pt"))

MEMOIR (Wang, Qin, Dimitriadis, Favero, Frossard; arXiv 2506.07899) with the solver, the gate against neighbouring
questions and the isolated storage mode described in this unit's modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from addenda.errors import UnknownId
from addenda.memories.base import Candidate, ProgressCallback
from addenda.memories.edits import storage
from addenda.memories.edits.attach import Attachment, GateSettings, match
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.calibrate import choose_tau
from addenda.memories.edits.config import EditsConfig
from addenda.memories.edits.families import locate
from addenda.memories.edits.gram import solve_shared
from addenda.memories.edits.held import Entry, Held
from addenda.memories.edits.identity import tokenizer_fingerprint, weights_fingerprint
from addenda.memories.edits.prompts import Prompt, encode_prompt
from addenda.memories.edits.records import EditRequest, SolvedEdit
from addenda.memories.edits.solver import Bench, solve_isolated

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class ResidualMemory:
    """Edits of one model, kept beside it. Use :meth:`create` or :meth:`load`."""

    def __init__(
        self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, config: EditsConfig, held: Held
    ) -> None:
        """Wrap what is held; raises ModelMismatch when it was made for another projection."""
        self._place = locate(network, config)
        self._network = network
        self._tokenizer = tokenizer
        self._config = config
        self._held = held
        basis = held.basis
        basis.require(model=basis.model, tokenizer=basis.tokenizer, place=self._place)

    @classmethod
    def create(
        cls,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: EditsConfig | None = None,
        background: Sequence[Prompt] | None = None,
    ) -> ResidualMemory:
        """An empty memory for this model.

        Activations are centred on the mean over ``background``: prompts like those that will be asked; None takes those
        of the settings, or else some general ones. The network is put in
        evaluation mode. Raises ModelUnavailable for an unsupported family, InvalidInput for a setting it does not fit.
        """
        settings = EditsConfig() if config is None else config
        network.eval()
        basis = Basis.create(
            network,
            tokenizer,
            locate(network, settings),
            settings,
            model_fingerprint=weights_fingerprint(network),
            tokenizer_fingerprint=tokenizer_fingerprint(tokenizer),
            background=background,
        )
        return cls(network, tokenizer, settings, Held.empty(basis))

    @property
    def config(self) -> EditsConfig:
        """The settings in force."""
        return self._config

    @property
    def basis(self) -> Basis:
        """What is fixed for the life of this memory."""
        return self._held.basis

    @property
    def held(self) -> Held:
        """What is held now; an immutable value."""
        return self._held

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the held edits, in order."""
        return tuple(self._held.by_id)

    def __len__(self) -> int:
        return len(self._held.entries)

    def solve(self, requests: Sequence[EditRequest], progress: ProgressCallback | None = None) -> list[SolvedEdit]:
        """Solve edits without holding them. In shared mode each is solved in the presence of those before it."""
        bench = Bench(self._network, self._tokenizer, self._place, self.basis, self._config)
        if self.basis.mode == "shared":
            return solve_shared(bench, requests, self._held, progress)
        return solve_isolated(bench, requests, progress)

    def add(self, identifier: str, solved: SolvedEdit) -> None:
        """Hold a solved edit from now on, after all others; an id that is held is replaced."""
        self.add_all([(identifier, solved)])

    def add_all(self, edits: Iterable[tuple[str, SolvedEdit]]) -> None:
        """Hold many solved edits, in this order."""
        last = self._held.entries[-1].sequence if self._held.entries else 0
        entries = [
            Entry(identifier, edit, last + offset, edit.digest())
            for offset, (identifier, edit) in enumerate(edits, start=1)
        ]
        self._held = self._held.changed(entries)

    def edit(self, prompt: Prompt, target: str, *rephrasings: Prompt, identifier: str | None = None) -> SolvedEdit:
        """Solve one edit and hold it, under ``identifier`` or else its number."""
        (solved,) = self.solve([EditRequest((prompt, *rephrasings), target)])
        last = self._held.entries[-1].sequence if self._held.entries else 0
        self.add(str(last + 1) if identifier is None else identifier, solved)
        return solved

    def remove(self, identifier: str) -> None:
        """Hold an edit no longer: what remains is byte-equal to a rebuild without it. Raises UnknownId."""
        if identifier not in self._held.by_id:
            raise UnknownId(f"no edit {identifier!r} is held; {len(self)} are, see `ids`")
        self._held = self._held.changed((), [identifier])

    def match(self, prompts: Sequence[Prompt]) -> list[tuple[Candidate, ...]]:
        """For each prompt, the nearest edits, best first; ``injected`` says whether one would act."""
        rows = [encode_prompt(self._tokenizer, prompt) for prompt in prompts]
        return match(self._network, self._place, self._held, self._settings(), rows)

    def attached(self) -> AbstractContextManager[None]:
        """Switch the held edits on inside the ``with`` block, for every call of the model."""
        return self.attachment().attached()

    def attachment(self) -> Attachment:
        """What :meth:`attached` switches on, when its ``candidates`` are wanted too."""
        return Attachment(self._network, self._place, self._held, self._settings())

    def calibrate(self, positives: Sequence[tuple[str, Prompt]], negatives: Sequence[Prompt]) -> float:
        """Choose tau, use it from now on, and return it.

        ``positives`` are prompts with the id of the edit that is to act on them, ``negatives`` prompts on which none
        may. Take both from data that is not reported on. Raises InvalidInput when either is empty, UnknownId.
        """
        for identifier, _ in positives:
            if identifier not in self._held.by_id:
                raise UnknownId(f"no edit {identifier!r} is held; {len(self)} are, see `ids`")
        hits = self.match([prompt for _, prompt in positives])
        misses = self.match(list(negatives))
        tau = choose_tau(
            [(row[0].score, row[0].addendum_id == wanted) for (wanted, _), row in zip(positives, hits, strict=True)],
            [row[0].score for row in misses if row],
        )
        self._config = self._config.model_copy(update={"tau": tau})
        return tau

    def digest(self) -> str:
        """SHA-256 of everything held."""
        return self._held.digest()

    def _settings(self) -> GateSettings:
        return GateSettings(self._config.tau, self._config.margin)

    def save(self, directory: Path | str) -> None:
        """Write the memory as a directory of JSON and safetensors; see ``storage``."""
        storage.save(Path(directory), self._config, self._held)

    @classmethod
    def load(
        cls, directory: Path | str, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
    ) -> ResidualMemory:
        """Read a saved memory for the same model. Raises ModelMismatch naming what differs, UnreadableFile."""
        network.eval()
        config, held = storage.load(Path(directory))
        held.basis.require(
            model=weights_fingerprint(network),
            tokenizer=tokenizer_fingerprint(tokenizer),
            place=locate(network, config),
        )
        return cls(network, tokenizer, config, held)
