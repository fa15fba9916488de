"""``KnowledgeBase``: the ledger, the memories and the gate together, and the only writer of any of them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from types import MappingProxyType, TracebackType
from typing import Self

from addenda.artifacts import ArtifactStore
from addenda.database import Database, open_database
from addenda.errors import Conflict, InvalidInput, StorageUnavailable, UnknownId, UnreadableFile
from addenda.gate import DEFAULT_THRESHOLDS
from addenda.jobs import Jobs
from addenda.knowledge_base.activation import Activation
from addenda.knowledge_base.agents import Agents
from addenda.knowledge_base.answers import AnswerLog, timed
from addenda.knowledge_base.changes import Changes, Receipt
from addenda.knowledge_base.checks import Check, run_checks
from addenda.knowledge_base.conversing import Conversing
from addenda.knowledge_base.extracting import Extracting
from addenda.knowledge_base.governance import Governance
from addenda.knowledge_base.learning import Learning
from addenda.knowledge_base.memories import Memories, check_carried
from addenda.knowledge_base.models import ModelChoice, identify, is_remote
from addenda.knowledge_base.notebook import NotebookView
from addenda.knowledge_base.observing import Observing
from addenda.knowledge_base.probing import probe
from addenda.knowledge_base.reflecting import Reflecting
from addenda.knowledge_base.relations import first_relations
from addenda.knowledge_base.remembering import Remembering
from addenda.knowledge_base.replies import Replies
from addenda.knowledge_base.searching import Searching
from addenda.knowledge_base.seeing import NOTHING_SEEN, Seen
from addenda.knowledge_base.tested import findings
from addenda.ledger import (
    FORMAT_VERSION,
    Actor,
    Created,
    Event,
    Head,
    Ledger,
    Person,
    RelationDeclared,
    Role,
    State,
    ThresholdsChanged,
    new_token,
    person_name,
    token_hash,
)
from addenda.memories.base import ProgressCallback, ReadResult, TripleQuery
from addenda.models.files import BUNDLED
from addenda.responder import Explanation, Responder
from addenda.tracing import Listener
from addenda.types import EVERYONE, Addendum, Answer, Edit, Fact, MemoryName

DATABASE_FILE = "ledger.sqlite3"
"""The embedded database inside the knowledge base's directory."""

REMAINS = (
    "{count} documents are still in the weights of the memory model; what only they say is withheld from every answer, "
    "and gone after the next `addenda train memory-model`"
)
"""What is told of documents that were taken back and that a memory model was trained on."""

FIRST_ROLES: tuple[Role, ...] = ("admin", "editor")
"""Roles of the person who creates a knowledge base: an admin never approves by that alone."""


@dataclass(frozen=True, slots=True)
class Founded:
    """A new knowledge base, and the first admin's token, shown this once."""

    knowledge_base: KnowledgeBase
    token: str


class KnowledgeBase:
    """Ledger, memories and gate of one directory; use as a context manager, or call :meth:`close`.

    Changes go through the objects it holds: :attr:`changes` (propose, decide, take back), :attr:`activation` (test and
    make live), :attr:`governance` (people, policy, relations, suite), :attr:`extracting` (documents, from which a model
    proposes facts), :attr:`observing` (what came of answers), :attr:`learning` (notes from that), :attr:`reflecting`
    (reflections of documents), :attr:`remembering` (the memory model that is trained on them) and :attr:`agents` (what
    agents propose). Every change is made by a :class:`Person`, who is found by token with :meth:`authenticate`.
    :attr:`searching` finds addenda by words, :attr:`answers` has those that were given, and conversations go through
    :attr:`conversing`. Who serves others has two more: :attr:`jobs` for long work, and :attr:`replies` to requests that
    may be sent again.
    """

    def __init__(self, directory: Path, database: Database, choice: ModelChoice) -> None:
        """Use :meth:`create` or :meth:`open`."""
        self.directory = directory
        self._database = database
        self.artifacts = ArtifactStore(directory / "artifacts")
        self.ledger = Ledger(database)
        self._memories = Memories(self.ledger, self.artifacts, database, choice, directory)
        self.answers = AnswerLog(database)
        self.jobs = Jobs(database)
        self.replies = Replies(database)
        self.changes = Changes(self.ledger, self.artifacts, self._memories.sync, self._forget)
        self.activation = Activation(self.ledger, self.artifacts, self._memories)
        self.governance = Governance(self.ledger)
        self.extracting = Extracting(self.ledger, self.changes, self._memories.base, directory)
        self.observing = Observing(self.ledger, self.changes, self.answers)
        self.learning = Learning(self.ledger, self.changes, self._memories, self.observing)
        self.reflecting = Reflecting(self.ledger, self.changes, self._memories, directory)
        self.remembering = Remembering(self.ledger, self._memories, self.reflecting, directory)
        self.agents = Agents(self.ledger, self.changes)
        self.searching = Searching(self.ledger)
        self.notebook = NotebookView(self.ledger, self._memories)
        self.conversing = Conversing(self.ledger, self._memories, self.answers, choice, self._value)

    @classmethod
    def create(
        cls,
        directory: Path | str,
        *,
        admin: str,
        model: str = BUNDLED,
        memories: Sequence[MemoryName] | None = None,
        database: str | None = None,
        choice: ModelChoice | None = None,
    ) -> Founded:
        """Make a new knowledge base in an empty or new directory.

        The bundled model brings the relations of its world; with any other model none of them is declared.

        Args:
            directory: Where.
            admin: The first person's name.
            model: ``bundled``, a directory, a cached hub id or ``URL#name``.
            memories: Those that carry facts, until their relations are declared otherwise; None means ``edits`` for a
                local model and ``triples`` for a remote one.
            database: URL of the ledger's database, when it is not a file in the directory.
            choice: How to load the model.

        Raises InvalidInput when the directory holds something or a memory is not carried by this version,
        ModelUnavailable when there is no such model.
        """
        path = Path(directory)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InvalidInput(f"{str(path)!r} exists and is not empty; choose a new directory for the knowledge base")
        name = person_name(admin)
        identity = identify(model)
        carrying = check_carried(memories or (("triples",) if is_remote(model) else ("edits",)))
        opened = open_database(database or path / DATABASE_FILE, create=True)
        made = cls(path, opened, choice or ModelChoice())
        token = new_token()
        created = Created(
            kb_id=str(uuid.uuid4()),
            format=FORMAT_VERSION,
            model=identity.name,
            model_fingerprint=identity.fingerprint,
            tokenizer_fingerprint=identity.tokenizer_fingerprint,
            admin=name,
            roles=FIRST_ROLES,
            token_hash=token_hash(token),
        )
        relations = first_relations(carrying, bundled=model == BUNDLED)
        with made.ledger.writing() as session:
            actor = Actor(kind="person", name=name)
            if session.state.created is not None:
                raise Conflict("this database holds a knowledge base already; choose another one")
            bodies = [ThresholdsChanged(thresholds=dict(DEFAULT_THRESHOLDS))]
            session.append(actor, [created, *bodies, *(RelationDeclared(spec=spec) for spec in relations)], "created")
        return Founded(made, token)

    @classmethod
    def open(
        cls, directory: Path | str, *, database: str | None = None, choice: ModelChoice | None = None
    ) -> KnowledgeBase:
        """Open a knowledge base, finishing what an interruption left half-way.

        Raises UnreadableFile when there is none, StorageUnavailable when it cannot be reached.
        """
        path = Path(directory)
        if database is None and not _is_file(path / DATABASE_FILE):
            raise UnknownId(
                f"there is no knowledge base in {str(path)!r}; create one with `init`, or give its directory"
            )
        opened = cls(path, open_database(database or path / DATABASE_FILE), choice or ModelChoice())
        try:
            opened._begin()
        except BaseException:
            opened.close()
            raise
        return opened

    def _begin(self) -> None:
        if self.ledger.state().created is None:
            raise UnknownId(f"the knowledge base in {str(self.directory)!r} was not finished; remove it and run `init`")
        # Reading must work on a full or read-only disk and beside a damaged work file; whoever writes next finds out.
        with contextlib.suppress(StorageUnavailable, UnreadableFile):
            self.activation.recover()
            self.changes.finish_erasures()
            self.remembering.finish()
            self._memories.sync()

    def close(self) -> None:
        """End the jobs, and release the database and the model's connections."""
        self.jobs.close()
        self._memories.close()
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @property
    def state(self) -> State:
        """What holds at the head of the ledger."""
        return self.ledger.state()

    def authenticate(self, token: str) -> Person:
        """The person whose valid token this is, with no more roles than come with it. Raises PermissionDenied."""
        return self.ledger.authenticate(token)

    def authenticate_identity(self, issuer: str, subject: str) -> Person:
        """The person to whom an account at an OpenID provider was linked, once the provider's word was verified.

        Raises PermissionDenied when it is linked to nobody.
        """
        return self.ledger.authenticate_identity(issuer, subject)

    def renew(self, person: Person) -> Person:
        """The same person as they are now. Raises PermissionDenied when their token was revoked or has expired."""
        return self.ledger.renew(person)

    def addendum(self, prefix: str) -> Addendum:
        """One addendum by id or unique prefix. Raises UnknownId."""
        return self.ledger.addendum(self.ledger.resolve(prefix))

    def history(self, prefix: str) -> tuple[Event, ...]:
        """What happened to one addendum, in order."""
        return self.ledger.history(self.ledger.resolve(prefix))

    def why_failed(self, prefix: str) -> str:
        """Why the gate left an addendum behind when it was last tested, answers quoted; empty when it did not.

        The ledger itself says it without a word of content. That is what is left here, too, once the report is gone.
        """
        record = self.ledger.state().record(self.ledger.resolve(prefix))
        if record.verdict is None or record.verdict.passed:
            return ""
        found = findings(record, self.artifacts)
        return record.verdict.reason if found is None else found.reason

    def ask(
        self,
        question: str,
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        without: frozenset[str] = frozenset(),
        listener: Listener | None = None,
    ) -> Answer:
        """Answer from what is live, and keep the answer with its trace; a ``listener`` hears a consultation go on.

        An answer ``without`` some addenda, which are switched off for it, is not kept: nobody was told it. Raises
        CannotLookBack when a memory is asked about a past moment that it does not hold.
        """
        begun, responder = perf_counter(), self._responder()
        found = responder.ask(
            question, as_of=as_of, audience=audience, memories=memories, without=without, listener=listener
        )
        answer = timed(found, perf_counter() - begun)
        if not without:
            self.answers.keep(answer)
        return answer

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
        progress: ProgressCallback | None = None,
    ) -> list[Answer]:
        """Answer many questions side by side from what is live; these answers are not kept."""
        return self._responder().ask_many(
            questions, as_of=as_of, audience=audience, memories=memories, progress=progress
        )

    def read(self, query: TripleQuery, *, as_of: datetime | None = None, audience: str = EVERYONE) -> ReadResult:
        """What the memory of triples answers to a query; no model is asked.

        Raises InvalidInput when no relation has that memory yet.
        """
        return self._memories.triples_reader(as_of, audience).read(query)

    def reindex(
        self,
        encoder: str | None = None,
        *,
        by: Person,
        thresholds: Mapping[str, float] = MappingProxyType({}),
        reason: str = "",
    ) -> str:
        """Enter the names of the memory of triples into another index of near names; the index's name.

        Args:
            encoder: A sentence-transformers model, by name or folder; None: the lexical index.
            by: An admin.
            thresholds: Changes of ``entity_threshold``, ``relation_threshold`` and ``mean_threshold``, because an
                encoder's cosines are on a scale of their own.
            reason: Why; it stays in the history.

        Raises PermissionDenied, InvalidInput for a threshold, MissingDependency without the ``embeddings`` extra,
        ModelUnavailable when the encoder cannot be loaded.
        """
        return self._memories.reindex_triples(encoder, thresholds, by, reason)

    def answer(self, answer_id: str | None = None) -> Answer:
        """A kept answer, the latest by default. Raises UnknownId."""
        return self.answers.latest() if answer_id is None else self.answers.find(answer_id)

    def explain(self, answer_id: str | None = None) -> Explanation:
        """Say what changed a kept answer (the latest by default), by asking again with each injected addendum off.

        Raises UnknownId, and InvalidInput for a turn of a conversation, which cannot be asked again.
        """
        answer = self.answer(answer_id)
        if answer.in_conversation:
            raise InvalidInput(
                f"the answer {answer.trace.id!r} is a turn of a conversation, of which only the question is kept, so "
                "it cannot be asked again; its trace says what the model saw. Ask the question by itself to explain it"
            )
        return self._responder().explain(answer)

    def erase(self, ids: Sequence[str], *, by: Person, reason: str, seen: Seen = NOTHING_SEEN) -> tuple[Receipt, ...]:
        """Destroy the content of addenda; see :meth:`Changes.erase`. The receipts say, too, what remains in weights."""
        receipts = self.changes.erase(ids, by=by, reason=reason, seen=seen)
        remaining = self.remembering.remaining(ids)
        if not remaining:
            return receipts
        known = [one for one in receipts if one.memory == "reflections"] or [Receipt("reflections", ())]
        told = Receipt("reflections", known[0].digests, REMAINS.format(count=len(remaining)))
        return (*(one for one in receipts if one.memory != "reflections"), told)

    def probe(self) -> None:
        """Write to the database and to the artefacts. Raises StorageUnavailable when that is not possible."""
        probe(self._database, self.artifacts)

    def memory_digests(self) -> dict[MemoryName, str]:
        """Digest of everything that each memory in use holds, by name."""
        return self._memories.digests()

    def rebuilt_digests(self) -> dict[MemoryName, str]:
        """The same digests of memories rebuilt from the ledger and its artefacts alone, in ledger order."""
        return self._memories.rebuilt_digests()

    def verify(self, against: Head | None = None) -> tuple[Check, ...]:
        """Check the chain (against an exported head, if given), the contents and the artefacts."""
        return run_checks(self.ledger, self.artifacts, self._memories, against)

    def _forget(self, ids: Collection[str], documents: Collection[str]) -> None:
        """Destroy what was made of addenda that are erased, and of the documents among them."""
        self.answers.forget(ids)
        self.jobs.forget(ids)
        self.replies.forget(ids)
        self.remembering.forget(documents)

    def _responder(self) -> Responder:
        return self._memories.responder(self._value)

    def _value(self, addendum_id: str) -> str | None:
        found = self.ledger.addenda([addendum_id])
        content = found[addendum_id].content if addendum_id in found else None
        match content:
            case Fact():
                return content.object
            case Edit():
                return content.target
            case _:
                return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise StorageUnavailable(
            f"cannot reach {str(path)!r}: {error.strerror}; check the folder and its rights"
        ) from error
