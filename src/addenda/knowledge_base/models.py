"""The base model of one knowledge base and its skills, and the models beside it: loaded when needed, and kept.

A model is local (the bundled one, a directory, a cached hub id) or behind an address: ``http://host:8000/v1#name``. A
local one reads and writes triples with adapters that were trained for it, a remote one reads with tool calls and writes
in a form that it is asked for. A memory model is directed by an executive that can be another model.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from pydantic import SecretStr

from addenda.errors import InvalidInput, LedgerBroken, MissingDependency, ModelMismatch, UnreadableFile
from addenda.ledger import Ledger
from addenda.memories.notes.chat_inducer import ChatInducer, ChatInducerSettings
from addenda.memories.notes.following import NotesAlone, NotesInContext
from addenda.memories.notes.inducers import Inducer
from addenda.memories.reflections.asking.budget import Budget
from addenda.memories.reflections.synthesis.chat_generator import ChatGenerator, ChatGeneratorSettings
from addenda.memories.reflections.synthesis.generator import Generator as Reflector
from addenda.memories.reflections.synthesis.world_generator import WorldGenerator
from addenda.memories.triples.remote_writer import RemoteWriter
from addenda.memories.triples.tool_reading import ToolReading
from addenda.memories.triples.writers import Writer
from addenda.models.base import LanguageModel
from addenda.models.bundled import adapter_directory
from addenda.models.files import BUNDLED, find_model
from addenda.skills import Noting, Reading

if TYPE_CHECKING:
    from addenda.models.local import LocalModel
    from addenda.models.remote import RemoteModel

ADAPTERS = "adapters"
"""The folder beside a model's weights in which its adapters lie, by skill."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model to load and how."""

    name: str | None = None
    """``bundled``, a directory, a cached hub id or ``URL#name``; None: the one the knowledge base was made with."""
    threads: int | None = None
    batch_size: int = 64
    read_adapter: Path | None = None
    """The adapter for ``read``; None: the one that came with the model, in ``adapters/read`` beside its weights."""
    write_adapter: Path | None = None
    """The adapter for ``write``, likewise."""
    executive: str | None = None
    """Who directs a memory model: ``scripted``, ``none``, ``bundled``, or ``URL#name``; None: what fits the model."""
    budget: Budget | None = None
    """What a consultation of a memory model may cost; None: the usual."""
    memory_model: str | None = None
    """``URL#name`` where the memory model is served; None: it runs in this process."""
    api_key: SecretStr | None = field(default=None, repr=False)
    """Opens remote models."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What the ledger keeps of a model, so that no other one is taken for it."""

    name: str
    fingerprint: str
    tokenizer_fingerprint: str
    """Empty for a remote model, whose tokenizer nobody here knows."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A model's skill of writing statements from text."""

    name: str
    """The model's, by which it is named as the author of what it writes."""
    writer: Writer


def is_remote(name: str) -> bool:
    """Whether a model of this name is behind an address."""
    return name.startswith(("http://", "https://"))


def identify(name: str) -> ModelIdentity:
    """A model's identity, without loading it or asking its server.

    Raises ModelUnavailable when there is no such local model, InvalidInput for an address that cannot be used.
    """
    if is_remote(name):
        with connect(name, ModelChoice()) as remote:
            return ModelIdentity(name, remote.fingerprint, "")
    files = find_model(name)
    kept = name if name == BUNDLED else str(files.directory.resolve())
    return ModelIdentity(kept, files.fingerprint, files.tokenizer_fingerprint)


def adapter_of(name: str, skill: str) -> Path:
    """Where the adapter for a skill lies that came with a local model; there need not be one.

    Raises ModelUnavailable when there is no such model.
    """
    return adapter_directory(skill) if name == BUNDLED else find_model(name).directory / ADAPTERS / skill


def why_unread(name: str, choice: ModelChoice) -> str:
    """Why a local model cannot read triples, without loading it; empty when its adapter is there and fits.

    Raises ModelUnavailable when there is no such model, MissingDependency without the ``local`` extra.
    """
    try:
        from addenda.models.adapters import read_card
    except ModuleNotFoundError as error:
        raise _no_local(error) from error
    directory = choice.read_adapter or adapter_of(name, "read")
    try:
        card = read_card(directory)
    except UnreadableFile as error:
        return str(error)
    fits = card.skill == "read" and card.model_fingerprint == find_model(name).fingerprint
    return "" if fits else f"the adapter in {str(directory)!r} is for another skill, or for another model"


class ModelInUse:
    """The model of one knowledge base."""

    def __init__(self, ledger: Ledger, choice: ModelChoice) -> None:
        """Take the ledger, which says which model it must be, and what was chosen; nothing is loaded yet."""
        self._ledger = ledger
        self._choice = choice
        self._name: str | None = None
        self._local: LocalModel | None = None
        self._remote: RemoteModel | None = None
        self._reading: Reading | None = None
        self._writing: Writing | None = None

    @property
    def name(self) -> str:
        """The name it is loaded by. Raises LedgerBroken for an empty ledger."""
        if self._name is None:
            created = self._ledger.state().created
            if created is None:
                raise LedgerBroken("the ledger is empty; create the knowledge base with `init`")
            # It stands in the ledger's first event, so it is read once; every request asks for it.
            self._name = self._choice.name or created.model
        return self._name

    @property
    def remote(self) -> bool:
        """Whether it is behind an address."""
        return is_remote(self.name)

    @property
    def model(self) -> LanguageModel:
        """The model, loaded when first asked for; raises as :attr:`local`, and InvalidInput for an unusable address."""
        return self.connected if self.remote else self.local

    @property
    def local(self) -> LocalModel:
        """The model in this process.

        Raises MissingDependency without the ``local`` extra, ModelUnavailable when it cannot be loaded, ModelMismatch
        when it is not the one that the knowledge base was made with, InvalidInput when it is remote.
        """
        if self._local is None:
            name = self.name
            if is_remote(name):
                raise InvalidInput(
                    f"the model {name!r} is behind an address, and edits change weights; declare the relation with "
                    "the memory triples (`relation declare NAME --memory triples`), or use a local model"
                )
            self._check_identity(name)
            self._local = load_local(name, self._choice)
        return self._local

    def reading(self) -> Reading | None:
        """The model's skill of reading triples; None when it has none. Raises as :attr:`model`."""
        if self.remote:
            return self._remote_reading()
        if self._reading is None:
            self._reading = self._local_reading()
        return self._reading

    def relations_read(self) -> list[str]:
        """The names of the relations that the memory of triples carries."""
        registry = self._ledger.state().registry
        return [name for name in registry.names() if "triples" in registry.get(name).memories]

    def noting(self) -> Noting:
        """How the model in use goes by notes: one that reads is shown them, of the bundled one the notes are asked."""
        return NotesAlone() if self.name == BUNDLED else NotesInContext(self.model)

    @contextmanager
    def writing(self, relations: Sequence[str]) -> Generator[Writing]:
        """The model's skill of writing statements, to be used inside the ``with`` block.

        It need not be the model that the knowledge base was made with: what it writes is only ever proposed.

        Args:
            relations: Names of relations that a remote model is offered; a local one has learned them.

        Raises InvalidInput when a local model has not learned to write, or for an unusable address; ModelUnavailable,
        ModelMismatch or UnreadableFile when the model or its adapter cannot be loaded; MissingDependency.
        """
        name = self.name
        if is_remote(name):
            with connect(name, self._choice) as remote:
                yield Writing(name, RemoteWriter(remote, relations, at_once=remote.batch_size))
            return
        if self._writing is None:
            self._writing = self._local_writing(name)
        yield self._writing

    @contextmanager
    def inducing(self, settings: ChatInducerSettings | None = None) -> Generator[Inducer]:
        """The model as one that learns notes, to be used inside the ``with`` block.

        It need not be the model that the knowledge base was made with: what it learns is only ever proposed.

        Raises InvalidInput for a local model, which holds no conversation here, or an unusable address;
        MissingDependency.
        """
        name = self.name
        if not is_remote(name):
            raise InvalidInput(
                f"the model {name!r} cannot learn notes: it is asked for answers in a given form, which takes a model "
                "behind an OpenAI-compatible address (--model URL#NAME); without --model the rule learner learns, "
                "which needs no language model"
            )
        with connect(name, self._choice) as remote:
            yield ChatInducer(remote, settings, name=name, at_once=remote.batch_size)

    @contextmanager
    def generating(self) -> Generator[Reflector]:
        """The model in use as a generator of reflections, to be used inside the ``with`` block.

        It need not be the model that the knowledge base was made with. The bundled one cannot write questions of its
        own; for documents in its world's sentences a grammar makes them.

        Raises InvalidInput for any other local model, or an unusable address; MissingDependency.
        """
        name = self.name
        if name == BUNDLED:
            yield WorldGenerator()
            return
        if not is_remote(name):
            raise InvalidInput(
                f"the model {name!r} cannot make reflections: it is asked for answers in a given form, which takes a "
                "model behind an OpenAI-compatible address (--generator URL#NAME)"
            )
        with connect(name, self._choice) as remote:
            yield ChatGenerator(remote, ChatGeneratorSettings(at_once=remote.batch_size))

    def close(self) -> None:
        """Close the connections to a remote model."""
        if self._remote is not None:
            self._remote.close()

    @property
    def connected(self) -> RemoteModel:
        """The model behind its address; raises as :attr:`model`."""
        if self._remote is None:
            name = self.name
            self._check_identity(name)
            self._remote = connect(name, self._choice)
        return self._remote

    def _check_identity(self, name: str) -> None:
        created = self._ledger.state().created
        if created is None:
            raise LedgerBroken("the ledger is empty; create the knowledge base with `init`")
        found = identify(name)
        if (found.fingerprint, found.tokenizer_fingerprint) != (
            created.model_fingerprint,
            created.tokenizer_fingerprint,
        ):
            differs = "weights" if found.fingerprint != created.model_fingerprint else "tokenizer"
            raise ModelMismatch(
                f"this knowledge base was made with the model {created.model!r}, and {name!r} has other {differs}; "
                "open it with the model it was made with, or create a new knowledge base for this one and import "
                "the exported addenda there"
            )

    def _local_reading(self) -> Reading | None:
        local = self.local
        from addenda.memories.triples.decoding import ReadingModel
        from addenda.models.adapters import load_adapter

        given = self._choice.read_adapter
        directory = adapter_of(self.name, "read") if given is None else given
        if given is None and not directory.is_dir():
            return None
        return ReadingModel(local, load_adapter(local, directory, "read"))

    def _local_writing(self, name: str) -> Writing:
        given = self._choice.write_adapter
        directory = adapter_of(name, "write") if given is None else given
        if not directory.is_dir():
            raise InvalidInput(
                f"the model {name!r} has not learned to write triples: there is no adapter in {str(directory)!r}; "
                "train it (`addenda train write`) and name the adapter with ADDENDA_WRITE_ADAPTER or --write-adapter, "
                "or let a model behind an address write"
            )
        try:
            local = self.local
        except ModelMismatch:  # another model, which may write all the same
            local = load_local(name, self._choice)
        from addenda.memories.triples.local_writer import LocalWriter
        from addenda.models.adapters import load_adapter

        return Writing(name, LocalWriter(local, load_adapter(local, directory, "write")))

    def _remote_reading(self) -> Reading:
        model = self.connected
        return ToolReading(model, self.relations_read(), at_once=model.batch_size)


def load_local(name: str, choice: ModelChoice) -> LocalModel:
    """Load a local model. Raises ModelUnavailable, or MissingDependency without the ``local`` extra."""
    try:
        from addenda.models.local import LocalModel
    except ModuleNotFoundError as error:
        raise _no_local(error) from error
    return LocalModel.load(name, threads=choice.threads, batch_size=choice.batch_size)


def _no_local(error: ModuleNotFoundError) -> MissingDependency:
    return MissingDependency(
        f"the model needs the package {error.name!r}, which is not installed; run: pip install 'addenda[local]'"
    )


def connect(name: str, choice: ModelChoice) -> RemoteModel:
    """The model behind an address, which is not asked yet.

    Raises InvalidInput for an address that cannot be used, MissingDependency without the ``remote`` extra.
    """
    try:
        from addenda.models.remote import RemoteModel
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"a remote model needs the package {error.name!r}, which is not installed; "
            "run: pip install 'addenda[remote]'"
        ) from error
    address, model = urldefrag(name)
    if not model:
        raise InvalidInput(f"{name!r} does not say which model; append its name, for example {name}#qwen2.5-7b")
    return RemoteModel(address, model, choice.api_key)
