"""The artefact of a note: its words and its place, as canonical JSON.

Each note has exactly one spelling in bytes, so the artefact can always be made again from the addendum.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from addenda.errors import InvalidInput, ModelMismatch
from addenda.memories.notes.notebook import HeldNote
from addenda.types import Frozen, Note

_SHOWN = 60


class StoredNote(Frozen):
    """What the memory keeps of a note."""

    rule: str
    applies_when: str
    place: int
    withdrawn: bool

    @classmethod
    def of(cls, note: Note) -> StoredNote:
        """What is kept of an addendum's content."""
        return cls(rule=note.rule, applies_when=note.applies_when, place=note.place, withdrawn=note.withdrawn)

    def held(self, addendum_id: str, sequence: int) -> HeldNote | None:
        """The note as the notebook has it; None for one that only says that others hold no longer."""
        if self.withdrawn:
            return None
        return HeldNote(addendum_id, self.rule, self.applies_when, self.place, sequence)

    def to_bytes(self) -> bytes:
        """The canonical JSON. Raises InvalidInput for a rule that is blank, or a text with a NUL character."""
        if not self.rule.strip() or "\x00" in self.rule + self.applies_when:
            raise InvalidInput(
                f"{self.rule[:_SHOWN]!r} cannot be a note; give a rule that is not blank, and texts without NUL "
                "characters"
            )
        return _encoded(self)

    @classmethod
    def from_bytes(cls, artefact: bytes, addendum_id: str) -> StoredNote:
        """The note of an artefact.

        Raises ModelMismatch for bytes that are no canonical JSON of a note, InvalidInput as :meth:`to_bytes` does.
        """
        try:
            note = cls.model_validate_json(artefact)
        except ValidationError:
            note = None
        if note is None or _encoded(note) != artefact:
            raise ModelMismatch(
                f"the artefact of {addendum_id!r} is no note in canonical JSON with the fields "
                f"{', '.join(sorted(cls.model_fields))}; prepare it again with this version of the software"
            )
        note.to_bytes()
        return note


def _encoded(note: StoredNote) -> bytes:
    return json.dumps(note.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
