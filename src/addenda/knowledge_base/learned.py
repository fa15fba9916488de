"""Learned notes: since when their observations count, and whether these bear them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt

from addenda.errors import LedgerBroken
from addenda.knowledge_base.observing import Observed
from addenda.ledger import Ledger, utc_now
from addenda.memories.base import Memory
from addenda.memories.notes import NotesMemory
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.types import Addendum

TAG = "learned"
"""Marks a note that was learned from observations."""

SINCE = "since:"
"""How the tag begins that names the first observation that counted."""


def first_counted(tags: Iterable[str], observed: Sequence[Observed]) -> int:
    """The place of the first observation that counts by these tags; 0 where they name none."""
    places = {one.ref: place for place, one in enumerate(observed)}
    return max((places.get(tag.removeprefix(SINCE), 0) for tag in tags if tag.startswith(SINCE)), default=0)


def live_tags(ledger: Ledger) -> Iterator[str]:
    """The tags of the notes that hold now: those that were learned say since when observations counted."""
    now = utc_now()
    records = ledger.state().held("notes")
    return (tag for record in records if record.status(now) == "active" for tag in record.proposal.tags)


def worse_with(
    live: Memory, staged: Memory, learned: Mapping[str, Addendum], observed: Sequence[Observed]
) -> dict[str, str]:
    """Why some of these notes must stay behind: with them observations would be answered worse, beyond chance.

    An observation counts against the note that decides it in the staged notebook, when its feedback is not what that
    note lets expect and is what the live notebook does; the other way round it counts for it. Worse is more against
    than for, by more than one standard error of their difference.

    Args:
        live: The notes memory as it is.
        staged: The same with the notes in it, and without what they replace.
        learned: The notes, by id.
        observed: All observations; those count that the notes were learned from, and later ones.
    """
    before, after = _notebook(live), _notebook(staged)
    first = first_counted((tag for addendum in learned.values() for tag in addendum.tags), observed)
    against: Counter[str] = Counter()
    speaking_for: Counter[str] = Counter()
    for one in observed[first:]:
        decided = after.decide(one.observation)
        if decided is None or decided.addendum_id not in learned:
            continue
        was, becomes = _expected(before.decide(one.observation), one.observation), _expected(decided, one.observation)
        if was is not becomes:
            against[decided.addendum_id] += becomes is False
            speaking_for[decided.addendum_id] += becomes is True
    return {
        i: f"of the observations that it decides, {wrong} would be answered worse and {speaking_for[i]} better"
        for i, wrong in against.items()
        if wrong - speaking_for[i] > sqrt(wrong + speaking_for[i])
    }


def _expected(note: HeldNote | None, observation: Observation) -> bool | None:
    """Whether the feedback is what a note lets expect; None where it says nothing, or there is no note."""
    return None if note is None or note.answer is None else observation.expected_if(note.answer)


def _notebook(memory: Memory) -> Notebook:
    if not isinstance(memory, NotesMemory):
        raise LedgerBroken(f"the memory of notes is a {type(memory).__name__}; run `verify`")
    return Notebook(memory.holding_at(utc_now()))
