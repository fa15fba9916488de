"""Notes that contradict those that hold: said when one is proposed, because nothing else stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from addenda.ledger import State, utc_now
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.overlap import overrules
from addenda.text import normalised
from addenda.types import Addendum, Content, Note

_NAMED = 3

Contents = Callable[[Sequence[str]], Mapping[str, Content]]
"""The contents of addenda by id."""


def note_warnings(
    addenda: Sequence[Addendum], replaces: Mapping[str, Sequence[str]], state: State, contents: Contents
) -> dict[str, tuple[str, ...]]:
    """For each note that is proposed, by id, in what it contradicts the notes that hold and that it does not replace.

    Args:
        addenda: What is proposed, of any kind.
        replaces: What each of them replaces.
        state: The state at the head.
        contents: Gives the contents of what is there.
    """
    proposed = [(one.id, one.content) for one in addenda if isinstance(one.content, Note) and not one.content.withdrawn]
    if not proposed:
        return {}
    live = list(_live(state, contents))
    found: dict[str, tuple[str, ...]] = {}
    for i, note in proposed:
        kept = [other for other in live if other.addendum_id not in replaces.get(i, ())]
        found[i] = tuple(_warnings(held(i, note, state.sequence + 1), kept))
    return found


def held(addendum_id: str, note: Note, sequence: int) -> HeldNote:
    """A note as the notebook has it."""
    return HeldNote(addendum_id, note.rule, note.applies_when, note.place, sequence)


def _live(state: State, contents: Contents) -> Iterator[HeldNote]:
    now = utc_now()
    records = {record.id: record for record in state.held("notes") if record.status(now) == "active"}
    for i, content in contents(list(records)).items():
        if isinstance(content, Note) and not content.withdrawn:
            yield held(i, content, records[i].sequence or 0)


def _warnings(note: HeldNote, live: Iterable[HeldNote]) -> Iterator[str]:
    found = [*_clashing(note, live)]
    yield from found[:_NAMED]
    if len(found) > _NAMED:
        yield f"and {len(found) - _NAMED} more notes that hold say otherwise where both apply"


def _clashing(note: HeldNote, live: Iterable[HeldNote]) -> Iterator[str]:
    for other in live:
        same_conditions = normalised(other.applies_when) == normalised(note.applies_when)
        if same_conditions and normalised(other.rule) != normalised(note.rule):
            yield f"{other.addendum_id} says otherwise under the same conditions ({other}); the first of them counts"
        elif overrules(note, other):
            yield f"it comes before {other.addendum_id} ({other}) and says otherwise where both apply"
        elif overrules(other, note):
            yield f"it comes after {other.addendum_id} ({other}), which says otherwise where both apply"
