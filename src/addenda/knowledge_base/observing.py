"""Observations in the ledger: what the system answered, and what came of it, as the evidence that notes are learned
from.

A batch of observations is one addendum, a document tagged ``observations`` with one observation in a line, so that it
has an author and a trust, can be quoted as evidence, and can be erased. It is never made live: nobody is answered
from it. An observation is named by its document and line, ``1a2b3c4d5e6f7a8b/12``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.errors import InvalidInput
from addenda.knowledge_base.answers import AnswerLog
from addenda.knowledge_base.changes import Changes, Proposing
from addenda.ledger import Ledger, Person, Record, State, require
from addenda.memories.notes.cases import Observation, case_of, read_observations, to_line
from addenda.types import Addendum, Document, Trust

TAG = "observations"
"""Marks a document that has observations in its lines."""

MOST_LINES = 10_000
"""Observations in one batch."""

_GONE = frozenset({"rejected", "retired", "disabled", "erased"})
"""Nothing is learned from a batch that was rejected or taken back."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation, and where it stands."""

    ref: str
    """Its document's id and its line."""
    observation: Observation
    trust: Trust

    @property
    def document_id(self) -> str:
        """The addendum that it is a line of."""
        return self.ref.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Batch:
    """Observations that are taken in together."""

    observations: Sequence[Observation]
    source: str
    """Where they come from, for example a file's name."""


class Observing:
    """Takes observations in, and gives them out in the order in which they came."""

    def __init__(self, ledger: Ledger, changes: Changes, answers: AnswerLog) -> None:
        """Take the ledger, who proposes, and the answers that were kept."""
        self._ledger = ledger
        self._changes = changes
        self._answers = answers

    def of_answer(self, answer_id: str | None, *, right: bool) -> Batch:
        """What came of an answer that was given, as a batch of one; of the latest when ``answer_id`` is None.

        Raises UnknownId when there is no such answer.
        """
        answer = self._answers.latest() if answer_id is None else self._answers.find(answer_id)
        case = case_of(answer.question)
        observation = Observation(
            attributes=case.attributes, text=case.text, answer=answer.text, feedback="outcome", right=right
        )
        return Batch((observation,), f"answer {answer.trace.id}")

    def record(
        self,
        batches: Sequence[Batch],
        *,
        by: Person,
        trust: Trust = "normal",
        tags: Sequence[str] = (),
        reason: str = "",
        dry_run: bool = False,
    ) -> tuple[Proposing, ...]:
        """Propose each batch as one document, all of them or none; durable when the call returns.

        The same batch from the same source is taken once; another time it is named as a duplicate.

        Raises InvalidInput for an empty batch, one that is too large, or hidden characters; PermissionDenied when the
        person may not propose.
        """
        addenda = [_document(batch, by, trust, tags) for batch in batches]
        known = {_what(one): one.id for one in self._ledger.addenda(_ids(self._ledger.state())).values()}
        fresh = [one for one in addenda if known.setdefault(_what(one), one.id) == one.id]
        if not dry_run:
            require(self._ledger.state(), by, "proposed")
        if fresh:
            self._changes.propose(fresh, by=by, reason=reason, dry_run=dry_run)
        return tuple(
            Proposing(one, duplicate_of=None if known[_what(one)] == one.id else known[_what(one)]) for one in addenda
        )

    def all(self) -> list[Observed]:
        """Every observation that counts, the oldest first."""
        return observed_in(self._ledger)


def observations_of(addendum: Addendum) -> list[Observation]:
    """The observations of a batch; none of an addendum that is no document."""
    content = addendum.content
    return read_observations(content.text.split("\n"), addendum.id) if isinstance(content, Document) else []


def _document(batch: Batch, by: Person, trust: Trust, tags: Sequence[str]) -> Addendum:
    """A batch as it is proposed. Raises InvalidInput for one of another size."""
    count = len(batch.observations)
    if not 0 < count <= MOST_LINES:
        raise InvalidInput(
            f"a batch has from 1 to {MOST_LINES:,} observations, and that of {batch.source!r} has {count:,}; split it"
        )
    text = "\n".join(map(to_line, batch.observations))
    return Addendum(
        content=Document(title=f"{count:,} observation{'' if count == 1 else 's'}", text=text),
        source=batch.source,
        author=by.name,
        trust=trust,
        tags=tuple(dict.fromkeys((TAG, *tags))),
    )


def _what(addendum: Addendum) -> tuple[str, str]:
    """What makes two batches the same."""
    return addendum.source, addendum.content.model_dump_json()


def _ids(state: State) -> list[str]:
    return [record.id for record in batches_in(state)]


def observed_in(ledger: Ledger) -> list[Observed]:
    """Every observation that counts, the oldest first."""
    records = batches_in(ledger.state())
    contents = ledger.addenda([record.id for record in records])
    found: list[Observed] = []
    for record in records:
        lines = observations_of(contents[record.id]) if record.id in contents else []
        trust = record.proposal.trust
        found += [Observed(f"{record.id}/{line}", one, trust) for line, one in enumerate(lines, start=1)]
    return found


def batches_in(state: State) -> list[Record]:
    """The records of the batches that count, in the order in which they were proposed."""
    return [
        record
        for record in state.records.values()
        if record.kind == "document" and TAG in record.proposal.tags and record.stage not in _GONE
    ]
