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
from addenda.ledger import Ledger, Person, Record, State
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


class Observing:
    """Takes observations in, and gives them out in the order in which they came."""

    def __init__(self, ledger: Ledger, changes: Changes, answers: AnswerLog) -> None:
        """Take the ledger, who proposes, and the answers that were kept."""
        self._ledger = ledger
        self._changes = changes
        self._answers = answers

    def record(
        self,
        observations: Sequence[Observation],
        *,
        by: Person,
        source: str,
        trust: Trust = "normal",
        tags: Sequence[str] = (),
        reason: str = "",
        dry_run: bool = False,
    ) -> Proposing:
        """Propose a batch of observations as one document; durable when the call returns.

        Raises InvalidInput for an empty batch, one that is too large, or hidden characters; PermissionDenied when the
        person may not propose.
        """
        if not 0 < len(observations) <= MOST_LINES:
            raise InvalidInput(
                f"a batch has from 1 to {MOST_LINES:,} observations, and this one has {len(observations):,}; split it"
            )
        text = "\n".join(map(to_line, observations))
        addendum = Addendum(
            content=Document(title=f"{len(observations):,} observations", text=text),
            source=source,
            author=by.name,
            trust=trust,
            tags=tuple(dict.fromkeys((TAG, *tags))),
        )
        return self._changes.propose([addendum], by=by, reason=reason, dry_run=dry_run)[0]

    def judged(
        self, answer_id: str | None, *, right: bool, by: Person, reason: str = "", dry_run: bool = False
    ) -> Proposing:
        """Propose what came of an answer that was given, as one observation; of the latest when ``answer_id`` is None.

        Raises UnknownId for no such answer, PermissionDenied when the person may not propose.
        """
        answer = self._answers.latest() if answer_id is None else self._answers.find(answer_id)
        case = case_of(answer.question)
        observation = Observation(
            attributes=case.attributes, text=case.text, answer=answer.text, feedback="outcome", right=right
        )
        source = f"answer {answer.trace.id}"
        return self.record([observation], by=by, source=source, reason=reason, dry_run=dry_run)

    def all(self) -> list[Observed]:
        """Every observation that counts, the oldest first."""
        return observed_in(self._ledger)


def observations_of(addendum: Addendum) -> list[Observation]:
    """The observations of a batch; none of an addendum that is no document."""
    content = addendum.content
    return read_observations(content.text.split("\n"), addendum.id) if isinstance(content, Document) else []


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
