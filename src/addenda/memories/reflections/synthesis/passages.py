"""Documents as they are gone through: in passages of a bounded length, each with its place and the document's date.

A passage ends where a sentence does (:mod:`addenda.documents.sentences`), and the next one repeats its last sentences,
so that what is told across the cut is in one of them. The date is what a "key: value" line at the top says it is.

Source: "MeMo" (arXiv 2605.15156) cuts by words, in the middle of sentences; the sizes here are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic import Field

from addenda.documents.sentences import split_sentences
from addenda.errors import InvalidInput
from addenda.memories.reflections.reflection import SourceSpan
from addenda.types import Frozen

_TOP_LINES = 12
_DATE = re.compile(r"(?:date|published|updated|dated|日付|発行日|날짜)\s*[:：]\s*(\S.{0,60})", re.IGNORECASE)


class CorpusDocument(Frozen):
    """A document of the corpus that reflections are made from."""

    id: str = Field(min_length=1)
    """Of its addendum, once it is one."""
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)

    @property
    def date(self) -> str:
        """The date in a line such as ``Date: 2026-03-01`` at the top, as it is written there; empty for none."""
        lines = islice(self.text[:4_000].splitlines(), _TOP_LINES)
        found = (_DATE.match(line.strip(" *#-")) for line in lines)
        return next((one[1].strip() for one in found if one), "")


class PassageSettings(Frozen):
    """How documents are cut, and how large they may be. Raises pydantic's ValidationError for a value out of range."""

    passage_characters: int = Field(default=6_000, ge=200)
    """Characters of a passage at most, but for one sentence that is longer by itself."""
    overlap_characters: int = Field(default=600, ge=0)
    """Characters at the end of a passage that the next one repeats, in whole sentences; less than half a passage."""
    document_characters: int = Field(default=5_000_000, ge=1)
    """Characters of a document at most."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that a generator is shown."""

    document: CorpusDocument
    start: int
    end: int

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.document.text[self.start : self.end]

    @property
    def span(self) -> SourceSpan:
        """Where it stands."""
        return SourceSpan(document=self.document.id, start=self.start, end=self.end)

    def span_of(self, quote: str) -> SourceSpan | None:
        """Where in the passage these words stand, whatever their line ends; None when they do not."""
        words = quote.split()
        found = re.search(r"\s+".join(map(re.escape, words)), self.text) if words else None
        if found is None:
            return None
        return SourceSpan(document=self.document.id, start=self.start + found.start(), end=self.start + found.end())


def checked(documents: Sequence[CorpusDocument], settings: PassageSettings) -> None:
    """Raise InvalidInput for a corpus that cannot be used: empty, an id given twice, a document that is too long."""
    if not documents:
        raise InvalidInput("there are no documents, so there is nothing to reflect on; give at least one")
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise InvalidInput(f"two documents have the id {document.id!r}; give each its own")
        seen.add(document.id)
        if not any(character.isalnum() for character in document.text):
            raise InvalidInput(f"the document {document.title!r} has no letter or digit in it; leave it out")
        if len(document.text) > settings.document_characters:
            raise InvalidInput(
                f"the document {document.title!r} has {len(document.text):,} characters, and "
                f"{settings.document_characters:,} are allowed; split it, or allow more (document_characters) and look "
                "at the estimate first"
            )


def passages(document: CorpusDocument, settings: PassageSettings) -> Iterator[Passage]:
    """The passages of a document in order; together they cover every sentence."""
    longest = min(settings.passage_characters, 2_000)
    sentences = split_sentences(document.text, longest=longest)
    overlap = min(settings.overlap_characters, settings.passage_characters // 2)
    first = 0
    while first < len(sentences):
        start, last = sentences[first].start, first
        while last + 1 < len(sentences) and sentences[last + 1].end - start <= settings.passage_characters:
            last += 1
        end = sentences[last].end
        if any(character.isalnum() for character in document.text[start:end]):
            yield Passage(document, start, end)
        if last + 1 == len(sentences):
            return
        following = last + 1
        while following - 1 > first and end - sentences[following - 1].start <= overlap:
            following -= 1
        first = following
