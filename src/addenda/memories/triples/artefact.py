"""The artefact of a triple: a fact and where it comes from, as canonical JSON.

Each triple has exactly one spelling in bytes, so the artefact can always be computed again from the addendum, and its
digest from what the tables hold. A text with a NUL character, which PostgreSQL cannot store, is refused here.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from addenda.errors import InvalidInput, ModelMismatch
from addenda.types import Frozen, Trust

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_SHOWN = 60


class Triple(Frozen):
    """A fact with its source, its author and the trust in it."""

    subject: str
    relation: str
    object: str
    source: str
    author: str
    trust: Trust

    def to_bytes(self) -> bytes:
        """The canonical JSON. Raises InvalidInput for a name that is blank, or a text with a NUL character."""
        _check(self)
        return _encoded(self)

    @classmethod
    def from_bytes(cls, artefact: bytes, addendum_id: str) -> Triple:
        """The triple of an artefact.

        Raises ModelMismatch for bytes that are no canonical JSON of a triple, InvalidInput as :meth:`to_bytes` does.
        """
        try:
            triple = cls.model_validate_json(artefact)
            canonical = _encoded(triple) == artefact
        except ValidationError:
            triple, canonical = None, False
        if triple is None or not canonical:
            raise ModelMismatch(
                f"the artefact of {addendum_id!r} is no triple in canonical JSON with the fields "
                f"{', '.join(sorted(cls.model_fields))}; prepare it again with this version of the software"
            )
        _check(triple)
        return triple


def _encoded(triple: Triple) -> bytes:
    """The fields by name, without blanks; one by one, because an encoder of whole objects takes thrice as long."""
    text = _ENCODER.encode
    return (
        f'{{"author":{text(triple.author)},"object":{text(triple.object)},"relation":{text(triple.relation)},'
        f'"source":{text(triple.source)},"subject":{text(triple.subject)},"trust":{text(triple.trust)}}}'
    ).encode()


def _check(triple: Triple) -> None:
    names = (triple.subject, triple.relation, triple.object)
    texts = (*names, triple.source, triple.author)
    wrong = [name for name in names if not name.strip()] or [text for text in texts if "\x00" in text]
    if wrong:
        shown = wrong[0] if len(wrong[0]) <= _SHOWN else wrong[0][:_SHOWN] + "..."
        raise InvalidInput(
            f"{shown!r} cannot be part of a triple; give a name that is not blank, and a text without NUL characters"
        )
