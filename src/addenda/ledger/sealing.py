"""Sealing: what is proposed is cleaned, and its content parted from what the event says about it.

Nearly all texts are clean already. Those of a batch are looked at together, and one by one only when there is
something to change or to refuse.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import TypeAdapter

from addenda.errors import InvalidInput
from addenda.ledger.chain import content_text
from addenda.ledger.events import Proposal
from addenda.ledger.relations import content_keys
from addenda.ledger.rows import SealedContent
from addenda.text import clean, hidden_characters
from addenda.types import Addendum, Content

_PROPOSALS: TypeAdapter[list[Proposal]] = TypeAdapter(list[Proposal])
_SALT = 16
"""Bytes of salt."""

_VISIBLE_ASCII = re.compile("[ -~]+")


class Draft(NamedTuple):
    """An addendum to be proposed, and what it is meant to replace."""

    addendum: Addendum
    supersedes: tuple[str, ...] = ()


def seal(draft: Draft) -> tuple[Proposal, SealedContent]:
    """The two halves of a draft: what goes into the event, and what lies apart and can be erased.

    Text is brought to NFC; hidden characters raise InvalidInput, and so does a window that ends before it starts.
    """
    proposals, contents = seal_all([draft])
    return proposals[0], contents[0]


def seal_all(drafts: Sequence[Draft]) -> tuple[list[Proposal], list[SealedContent]]:
    """:func:`seal` for a batch: its proposals, and its contents in the same order."""
    addenda = clean_all([draft.addendum for draft in drafts])
    for addendum in addenda:
        _check_window(addendum)
    salts = secrets.token_hex(_SALT * len(addenda))
    keys = content_keys([addendum.content for addendum in addenda])
    contents = [
        SealedContent(addendum.id, salts[2 * _SALT * n : 2 * _SALT * (n + 1)], content_text(addendum.content), key)
        for n, (addendum, key) in enumerate(zip(addenda, keys, strict=True))
    ]
    given = (
        {
            "id": addendum.id,
            "commitment": sealed.commitment,
            "content_kind": addendum.content.kind,
            "source": addendum.source,
            "author": addendum.author,
            "valid_from": addendum.valid_from,
            "valid_until": addendum.valid_until,
            "audience": addendum.audience,
            "trust": addendum.trust,
            "tags": addendum.tags,
            "evidence": addendum.evidence,
            "supersedes": draft.supersedes,
        }
        for draft, addendum, sealed in zip(drafts, addenda, contents, strict=True)
    )
    return _PROPOSALS.validate_python(given), contents


def clean_all(addenda: Sequence[Addendum]) -> Sequence[Addendum]:
    """The addenda with every text in NFC. Raises InvalidInput, naming the field, for hidden characters."""
    texts = [text for addendum in addenda for text in _texts(addendum)]
    # A space joins with nothing beside it, so the texts are clean exactly when they are clean in a row.
    return addenda if is_clean(" ".join(texts)) else [_clean(addendum) for addendum in addenda]


def is_clean(text: str) -> bool:
    """Whether a text is sure to be left as it is by :func:`addenda.text.clean`."""
    if text.isascii() and text.isprintable():
        return True
    if "\r" in text or not unicodedata.is_normalized("NFC", text):
        return False
    return not hidden_characters(_VISIBLE_ASCII.sub("", text))


def clean_content(content: Content) -> Content:
    """The content with every text in NFC. Raises InvalidInput, naming the field, for hidden characters."""
    cleaned: dict[str, object] = {}
    for name in type(content).model_fields:
        value: object = getattr(content, name)
        if isinstance(value, str) and name != "kind":
            cleaned[name] = clean(value, name)
        elif isinstance(value, tuple):
            cleaned[name] = tuple(clean(str(item), name) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return content.model_copy(update=cleaned)


def _clean(addendum: Addendum) -> Addendum:
    return addendum.model_copy(
        update={
            "content": clean_content(addendum.content),
            "source": clean(addendum.source, "source"),
            "author": clean(addendum.author, "author"),
            "audience": tuple(clean(name, "audience") for name in addendum.audience),
            "tags": tuple(clean(tag, "tag") for tag in addendum.tags),
        }
    )


def _texts(addendum: Addendum) -> Iterator[str]:
    yield addendum.source
    yield addendum.author
    yield from addendum.audience
    yield from addendum.tags
    value: str | int | tuple[str, ...]
    for value in vars(addendum.content).values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value


def _check_window(addendum: Addendum) -> None:
    if addendum.valid_from and addendum.valid_until and addendum.valid_until <= addendum.valid_from:
        raise InvalidInput(
            f"addendum {addendum.id!r} would end ({addendum.valid_until.isoformat()}) before it starts "
            f"({addendum.valid_from.isoformat()}); correct the dates"
        )
