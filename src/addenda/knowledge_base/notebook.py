"""The notebook as people look at it: the live notes in order, and what the observations that count say of each."""

from __future__ import annotations

from dataclasses import dataclass

from addenda.knowledge_base.learned import first_counted, live_tags
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.observing import Observed, observed_in
from addenda.ledger import Ledger, utc_now
from addenda.memories.notes.confidence import Evidence
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.text import normalised


@dataclass(frozen=True, slots=True)
class Listed:
    """One live note, with what speaks for and against it now."""

    addendum_id: str
    place: int
    applies_when: str
    rule: str
    author: str
    supporting: tuple[str, ...]
    """Observations that it decides and that speak for what it concludes, by their names."""
    contradicting: tuple[str, ...]
    contradicts: tuple[str, ...]
    """Ids of other live notes that conclude something else under the same conditions."""

    @property
    def evidence(self) -> Evidence:
        """The counts."""
        return Evidence(len(self.supporting), len(self.contradicting))


class NotebookView:
    """Shows the notebook of a knowledge base."""

    def __init__(self, ledger: Ledger, memories: Memories) -> None:
        """Take the ledger and the memories."""
        self._ledger = ledger
        self._memories = memories

    def listed(self) -> tuple[Listed, ...]:
        """The live notes, in the order in which they are tried.

        What was observed before the rules changed says nothing of them, and is not counted.
        """
        notes = self._memories.notes_at(utc_now())
        observed = observed_in(self._ledger)
        decided = _decided(Notebook(notes), observed[first_counted(live_tags(self._ledger), observed) :])
        records = self._ledger.state().records
        return tuple(
            Listed(
                note.addendum_id,
                note.place,
                note.applies_when,
                note.rule,
                records[note.addendum_id].proposal.author,
                supporting=tuple(one.ref for one, said in decided.get(note.addendum_id, ()) if said is True),
                contradicting=tuple(one.ref for one, said in decided.get(note.addendum_id, ()) if said is False),
                contradicts=tuple(other.addendum_id for other in notes if _at_odds(note, other)),
            )
            for note in notes
        )


def _decided(notebook: Notebook, observed: list[Observed]) -> dict[str, list[tuple[Observed, bool | None]]]:
    """For each note the observations that it decides, and what they say about its answer."""
    found: dict[str, list[tuple[Observed, bool | None]]] = {}
    for one in observed:
        note = notebook.decide(one.observation)
        if note is not None and note.answer is not None:
            found.setdefault(note.addendum_id, []).append((one, one.observation.says(note.answer)))
    return found


def _at_odds(one: HeldNote, other: HeldNote) -> bool:
    """Whether two notes conclude different things under the same conditions."""
    if None in (one.conditions, other.conditions, one.answer, other.answer):
        return False
    same = normalised(one.applies_when) == normalised(other.applies_when)
    return same and normalised(one.rule) != normalised(other.rule)
