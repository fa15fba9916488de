"""The sentence that a fact was taken from, for whoever decides about the fact.

A fact taken from a document names its place there in its source, ``news.md, line 12 (characters 103-187)``, counted
from 1, and the document as its evidence. The sentence itself is kept in the document alone: it is found there when it
is asked for, and gone when the document is erased.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from addenda.ledger import Ledger, utc_now
from addenda.memories.triples.extraction import Evidence
from addenda.types import Addendum, Document, Status

_PLACE = re.compile(r", line ([0-9]{1,12}) \(characters ([0-9]{1,12})-([0-9]{1,12})\)")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a document's text; everything is counted from 1."""

    line: int
    first: int
    """Its first character."""
    last: int
    """Its last character."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """One piece of evidence of an addendum, and what it says there."""

    id: str
    status: Status
    """Of the evidence."""
    title: str | None
    """Of the document; None when it was erased, or is no document."""
    line: int | None
    """The line in which the sentence begins; None when the source names no place."""
    sentence: str | None
    """None when it cannot be shown."""


def source_at(evidence: Evidence) -> str:
    """The source of a fact that was taken from there."""
    return f"{evidence.source}, line {evidence.line} (characters {evidence.start + 1}-{evidence.end})"


def place_in(source: str) -> Place | None:
    """The place that a source names at its end; None when it names none."""
    found = _PLACE.fullmatch(source, max(source.rfind(", line "), 0))
    return Place(int(found[1]), int(found[2]), int(found[3])) if found else None


def quote(addendum: Addendum, document_text: str) -> str | None:
    """The sentence of a document that an addendum was taken from.

    Args:
        addendum: It names the place in its source.
        document_text: The text of the document that is its evidence.

    Returns None when the source names no place, or one that the text does not have.
    """
    place = place_in(addendum.source)
    if place is None or not 1 <= place.first <= place.last <= len(document_text):
        return None
    return document_text[place.first - 1 : place.last]


def quoted_evidence(ledger: Ledger, addendum: Addendum) -> tuple[Quoted, ...]:
    """The evidence of an addendum with what it says, in order.

    A source names one place, so nothing is quoted from several documents.
    """
    state, now = ledger.state(), utc_now()
    contents = ledger.addenda(addendum.evidence) if addendum.evidence else {}
    place = place_in(addendum.source) if len(addendum.evidence) == 1 else None
    found: list[Quoted] = []
    for i in addendum.evidence:
        content = contents[i].content if i in contents else None
        document = content if isinstance(content, Document) else None
        sentence = quote(addendum, document.text) if document and place else None
        title = document.title if document else None
        found.append(Quoted(i, state.record(i).status(now), title, place.line if place else None, sentence))
    return tuple(found)
