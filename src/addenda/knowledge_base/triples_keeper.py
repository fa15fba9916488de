"""Keeps the triples memory: its rows lie in the ledger's database, and each can be made again from the ledger.

A triple's artefact is its fact and where it comes from, spelled in one way. So nothing has to be stored beside the
ledger, and whether a tested artefact is still there is whether the content is. What must change is found from the
records that moved since the position that the memory is at, not by comparing everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from addenda.artifacts import ArtifactStore
from addenda.database import Database
from addenda.errors import Conflict, InvalidInput, LedgerBroken, UnknownId
from addenda.ledger import SYSTEM, Ledger, MemoryConfigured, Person, Record
from addenda.memories.base import Change, Deliver, Window, Withdraw
from addenda.memories.triples import LexicalIndex, TriplesConfig, TriplesMemory
from addenda.memories.triples.artefact import Triple
from addenda.memories.triples.indexes import index_for, index_named, stored_index
from addenda.types import Addendum, Fact, MemoryName

_TRIES = 5
"""How often catching up is begun again because another process was faster."""
_AT_ONCE = 10_000
"""How many addenda are read from the ledger at a time."""


class TriplesKeeper:
    """Keeps the triples memory of a knowledge base at the ledger's head; keeps the :class:`Keeper` protocol."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, database: Database) -> None:
        """Take the ledger, the artefacts (for the configuration), and the database with the tables."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._database = database
        self._memory: TriplesMemory | None = None
        self._opened: tuple[str, str | None] | None = None
        """The configuration and the index that the memory was opened with; another process can change both."""
        self._at_hand: Mapping[str, bytes] = {}

    @property
    def name(self) -> MemoryName:
        """The memory of triples."""
        return "triples"

    @property
    def entangled(self) -> bool:
        """False: each row stands for itself."""
        return False

    def memory(self) -> TriplesMemory | None:
        """The memory at the ledger's head; None while it is not configured."""
        configuration = self._ledger.state().memories.get("triples")
        if configuration is None:
            return None
        opened = (configuration, stored_index(self._database))
        if self._memory is None or opened != self._opened:
            index = index_named(opened[1])
            self._memory = TriplesMemory(self._database, self._config(configuration), index=index)
            if opened[1] not in (None, index.name):  # an earlier version folded or entered names otherwise
                self._memory.reindex()
            self._opened = (configuration, stored_index(self._database))
        self._catch_up(self._memory)
        return self._memory

    def configured(self) -> TriplesMemory:
        """The memory, configured with the defaults if it was not yet."""
        if "triples" not in self._ledger.state().memories:
            digest = self._put(TriplesConfig(), LexicalIndex().name)
            with self._ledger.writing() as session:
                if "triples" not in session.state.memories:
                    body = MemoryConfigured(memory="triples", configuration=digest)
                    session.append(SYSTEM, [body], "first use")
        memory = self.memory()
        if memory is None:
            raise LedgerBroken("the triples memory was configured and is not in the state; run `verify`")
        return memory

    def reindex(self, encoder: str | None, thresholds: Mapping[str, float], by: Person, reason: str) -> str:
        """Enter all names into another index, or anew into the same; the index's name.

        Args:
            encoder: A sentence-transformers model, by name or folder; None: the lexical index.
            thresholds: Fields of :class:`TriplesConfig` to change, such as ``entity_threshold``.
            by: An admin.
            reason: Why.

        Raises PermissionDenied, InvalidInput for a threshold, MissingDependency or ModelUnavailable for an encoder.
        """
        configuration = self._ledger.state().memories.get("triples")
        before = TriplesConfig() if configuration is None else self._config(configuration)
        try:
            config = TriplesConfig.model_validate({**before.model_dump(), **thresholds})
        except ValidationError as error:
            wrong = error.errors()[0]
            raise InvalidInput(f"{wrong['loc'][0]}={wrong['input']!r} cannot be used: {wrong['msg']}") from error
        index = index_for(encoder)
        index.ready(["name"])  # an encoder that is not there is better missed before anything changes
        body = MemoryConfigured(memory="triples", configuration=self._put(config, index.name))
        with self._ledger.writing() as session:
            session.append(by.actor, [body], reason)
        memory = TriplesMemory(self._database, config, index=index)
        memory.reindex()
        self._catch_up(memory)
        return index.name

    def sync(self) -> None:
        """Bring the rows to the ledger's head."""
        self.memory()

    def rebuilt(self) -> TriplesMemory | None:
        """A fresh memory, made from the contents of the ledger in ledger order."""
        state = self._ledger.state()
        configuration = state.memories.get("triples")
        if configuration is None:
            return None
        memory = TriplesMemory.private(self._config(configuration))
        held = state.held("triples")
        for start in range(0, len(held), _AT_ONCE):
            memory.apply(self._deliveries(held[start : start + _AT_ONCE]), state.position)
        return memory

    def store(self, artefacts: Mapping[str, bytes]) -> Mapping[str, str]:
        """The digests; the contents in the ledger are what outlives a crash."""
        return {i: hashlib.sha256(artefact).hexdigest() for i, artefact in artefacts.items()}

    def stored(self, addenda: Mapping[str, Addendum], tested: Mapping[str, str]) -> Mapping[str, str]:
        """The digest for each content; the artefacts are kept at hand, because they are delivered next."""
        del tested
        self._at_hand = {i: triple_of(addendum).to_bytes() for i, addendum in addenda.items()}
        return self.store(self._at_hand)

    def check(self, delivered: Mapping[str, str]) -> None:
        """Raise LedgerBroken when the artefact of a content is not what was delivered."""
        ids = list(delivered)
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            found = self.store({i: triple_of(a).to_bytes() for i, a in self._ledger.addenda(some).items()})
            altered = next((i for i in some if found.get(i) != delivered[i]), None)
            if altered is not None:
                raise LedgerBroken(
                    f"the triple of {altered!r} is not what was delivered; restore the database from a backup"
                )

    def named_in(self, configuration: bytes) -> frozenset[str]:
        """Nothing: the configuration stands alone."""
        del configuration
        return frozenset()

    def _put(self, config: TriplesConfig, index: str) -> str:
        made = {"config": config.model_dump(mode="json"), "index": index}
        return self._artifacts.put(json.dumps(made, sort_keys=True).encode())

    def _config(self, configuration: str) -> TriplesConfig:
        return TriplesConfig.model_validate(json.loads(self._artifacts.get(configuration))["config"])

    def _catch_up(self, memory: TriplesMemory) -> None:
        """Apply what the ledger says since the memory's position; another process may be doing the same."""
        for left in reversed(range(_TRIES)):
            position, state = memory.position, self._ledger.state()
            if position >= state.position:
                return
            touched = state.changed_after(position)
            try:
                memory.apply(self._changes(touched, memory), state.position)
            except (Conflict, UnknownId):
                if not left:
                    raise
            else:
                if any(record.stage == "erased" for record in touched):
                    self._database.scrub()

    def _changes(self, touched: Sequence[Record], memory: TriplesMemory) -> list[Change]:
        """What brings the rows of records that may have moved to what the ledger says."""
        wanted = [r for r in touched if r.stage == "active" and "triples" in r.memories]
        deliveries = self._deliveries(wanted)
        kept = {change.addendum_id for change in deliveries}
        gone = memory.held_among(r.id for r in touched if r.id not in kept)
        return [*map(Withdraw, sorted(gone)), *deliveries]

    def _deliveries(self, records: Sequence[Record]) -> list[Deliver]:
        """What is to be held of these records, from the contents in the ledger."""
        artefacts, self._at_hand = self._at_hand, {}
        missing = self._ledger.addenda([record.id for record in records if record.id not in artefacts])
        artefacts = {**artefacts, **{i: triple_of(addendum).to_bytes() for i, addendum in missing.items()}}
        return [
            Deliver(r.id, artefacts[r.id], r.sequence or 0, Window(r.starts, r.ends, r.audience))
            for r in records
            if r.id in artefacts
        ]


def triple_of(addendum: Addendum) -> Triple:
    """The artefact of an addendum that is a fact. Raises LedgerBroken when it is none."""
    fact = addendum.content
    if not isinstance(fact, Fact):
        raise LedgerBroken(f"{addendum.id!r} is a {fact.kind} and was delivered to the triples memory; run `verify`")
    return Triple(
        subject=fact.subject,
        relation=fact.relation,
        object=fact.object,
        source=addendum.source,
        author=addendum.author,
        trust=addendum.trust,
    )
