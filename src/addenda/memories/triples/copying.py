"""Keeping a writer to its text: every subject and object that it writes stands in the passage.

A small model copies unknown names with mistakes, and makes some up. While it writes a call, every next token is
therefore one with which the name begun can still become a stretch of the passage, whole words only, or with which it
ends where a word ends. Names are compared as they stand in a call, with its escapes.

Works on bytes, so that it suits tokenizers whose tokens hold parts of characters: those of the byte-level and of the
SentencePiece kind. Where no token fits, nothing is held back. Not part of the published method.
What this does not know: models, relations, and which of the names is the right one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from addenda.memories.triples.marks import CALL_END, FIELD, LIST, WAIT, written

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_FIELD, _LIST, _WAIT, _END = (mark.encode() for mark in (FIELD, LIST, WAIT, CALL_END))
_BEHIND = {1: (_FIELD,), 3: (_LIST, _END)}
"""What may stand behind a name: behind the first field of a statement, and behind the third."""
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_FIRST_WITHOUT_WORDS = 0x2E80
"""From here on scripts are written without blanks between words, and a name may begin and end anywhere."""


@dataclass(frozen=True)
class Pieces:
    """The tokens of a vocabulary as bytes."""

    by_text: Mapping[bytes, Sequence[int]]
    texts: Sequence[bytes]
    """By token; empty for one that stands for no text."""
    longest: int
    closing: Mapping[bytes, Sequence[int]]
    """For each mark behind a name, and each end of one, the tokens with which it can go on."""

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Pieces | None:
        """The tokens of a tokenizer; None for one of a kind that is not known."""
        decoder = repr(getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None))
        if "ByteLevel" in decoder:
            meanings = _byte_level()
        elif "ByteFallback" in decoder or "Metaspace" in decoder:
            meanings = None
        else:
            return None
        texts = [b""] * len(tokenizer)
        for piece, number in tokenizer.get_vocab().items():
            if number < len(texts):
                texts[number] = _bytes(piece, meanings)
        for number, token in cast("Mapping[int, object]", tokenizer.added_tokens_decoder).items():
            texts[number] = b"" if number in tokenizer.all_special_ids else str(token).encode()
        return cls.from_texts(texts)

    @classmethod
    def from_texts(cls, texts: Sequence[bytes]) -> Pieces:
        """The same of the bytes of every token, in order."""
        by_text: dict[bytes, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            if text:
                by_text[text].append(number)
        closing = {
            mark[cut:]: [n for n, text in enumerate(texts) if _goes_on(text if cut else text.lstrip(b" "), mark[cut:])]
            for mark in (_FIELD, _LIST, _END)
            for cut in range(len(mark))
        }
        return cls(by_text, texts, max(map(len, texts), default=0), closing)

    def text(self, tokens: Iterable[int]) -> bytes:
        """What tokens stand for."""
        return b"".join(self.texts[token] for token in tokens)


class Copying:
    """What may be written about one passage."""

    def __init__(self, pieces: Pieces, passage: str) -> None:
        """Take the vocabulary, and the text that names are taken from."""
        self._pieces = pieces
        text = written(passage) if passage else ""
        edges = _edges(text)
        offsets = [len(text[:edge].encode()) for edge in edges]
        self._text = text.encode()
        self._starts, self._ends = offsets[:-1], frozenset(offsets[1:])

    def allowed(self, call: bytes) -> set[int] | None:
        """The tokens that may follow what was written of a call; None when nothing is held back."""
        _, wait, rest = call.partition(_WAIT)
        if not wait or _END in rest:
            return None
        fields = rest.rsplit(_LIST, 1)[-1].split(_FIELD)
        begun, marks = fields[-1].lstrip(b" "), _BEHIND.get(len(fields))
        if marks is None:
            return None
        found = set(self._going_on(begun, marks))
        if _END.startswith(said := rest.strip(b" ")):  # a call without statements
            found.update(self._pieces.closing[_END[len(said) :]])
        return found or None

    def _going_on(self, begun: bytes, marks: Sequence[bytes]) -> Iterator[int]:
        by_text, longest = self._pieces.by_text, self._pieces.longest
        for mark in marks:
            for said in range(len(mark)):
                if begun.endswith(mark[:said]) and self._is_name(begun[: len(begun) - said]):
                    yield from self._pieces.closing[mark[said:]]
        for start in self._starts:
            if not self._text.startswith(begun, start):
                continue
            at = start + len(begun)
            rest = self._text[at : at + longest]
            for size in range(1, len(rest) + 1):
                yield from by_text.get(rest[:size], ())
                if not begun:
                    yield from by_text.get(b" " + rest[:size], ())
                if at + size in self._ends:
                    for mark in marks:
                        yield from by_text.get(rest[:size] + mark, ())

    def _is_name(self, begun: bytes) -> bool:
        """Whether this is a stretch of the passage already."""
        ends = (start + len(begun) for start in self._starts if self._text.startswith(begun, start))
        return begun != b"" and any(end in self._ends for end in ends)


def _goes_on(piece: bytes, mark: bytes) -> bool:
    return piece != b"" and (piece.startswith(mark) or mark.startswith(piece))


def _edges(text: str) -> list[int]:
    """Where a name may begin or end in a text with escapes, in characters; both ends of the text among them."""
    escapes = {found.start() + 1 for found in _ESCAPE.finditer(text)}
    inner = [p for p in range(1, len(text)) if p not in escapes and not _inside(text[p - 1], text[p])]
    return [0, *inner, len(text)]


def _inside(before: str, after: str) -> bool:
    """Whether two neighbours belong to one word or number."""
    if max(ord(before), ord(after)) >= _FIRST_WITHOUT_WORDS:
        return False
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def _bytes(piece: str, meanings: Mapping[str, int] | None) -> bytes:
    if meanings is not None:
        if all(character in meanings for character in piece):
            return bytes(meanings[character] for character in piece)
        return piece.encode()
    single = _BYTE.fullmatch(piece)
    return bytes([int(single[1], 16)]) if single else piece.replace("\u2581", " ").encode()


def _byte_level() -> dict[str, int]:
    """The characters by which byte-level tokenizers spell bytes: printable ones as they are, others from 256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
