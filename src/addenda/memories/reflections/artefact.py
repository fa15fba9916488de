"""The artefact of a document: its title and a digest of its text, as canonical JSON.

What the document says lies in the reflections and in the weights. Each document has exactly one spelling in bytes, so
the artefact can always be made again from the addendum.
"""

from __future__ import annotations

import hashlib
import json

from pydantic import Field, ValidationError

from addenda.errors import InvalidInput, ModelMismatch
from addenda.types import Document, Frozen

_SHOWN = 60


class StoredDocument(Frozen):
    """What the memory keeps of a document."""

    title: str
    text: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the text in UTF-8."""

    @classmethod
    def of(cls, document: Document) -> StoredDocument:
        """What is kept of an addendum's content."""
        return cls(title=document.title, text=hashlib.sha256(document.text.encode()).hexdigest())

    def to_bytes(self) -> bytes:
        """The canonical JSON. Raises InvalidInput for a title that is blank or has a NUL character."""
        if not self.title.strip() or "\x00" in self.title:
            raise InvalidInput(
                f"{self.title[:_SHOWN]!r} cannot be the title of a document; give one that is not blank, without NUL "
                "characters"
            )
        return json.dumps(self.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, artefact: bytes, addendum_id: str) -> StoredDocument:
        """The document of an artefact.

        Raises ModelMismatch for bytes that are no canonical JSON of a document, InvalidInput as :meth:`to_bytes` does.
        """
        try:
            document = cls.model_validate_json(artefact)
        except ValidationError:
            document = None
        if document is None or document.to_bytes() != artefact:
            raise ModelMismatch(
                f"the artefact of {addendum_id!r} is no document of this version; restore the database from a backup, "
                "or export the addenda and import them into a new knowledge base"
            )
        return document
