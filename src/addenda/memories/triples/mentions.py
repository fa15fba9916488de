"""What is known about the things that a text names: triples by the exact names of their subjects.

Every short stretch of words of the text (of characters, in scripts without spaces) is looked up as a name, all in one
question to the database, so this needs no model and no pattern of a question. Of names one inside another the longest
counts ("Norda 12" is no mention of "Norda"). Triples are ranked by how much of their relation's name the text repeats;
where they are too many, those that fit best and then the newest are taken, and a reader can ask for the others.

Not known: names in other spellings or inflected, things that are only described, and what the text asks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import Connection

from addenda.memories.base import TripleHit
from addenda.memories.triples.aliases import add_aliases
from addenda.memories.triples.config import ALIAS_RELATION, TriplesConfig
from addenda.memories.triples.layers import Layer
from addenda.memories.triples.names import key_of
from addenda.memories.triples.rows import Row, Side, Sight, ids_of, is_used, neighbours, rows_about
from addenda.memories.triples.tables import ENTITY
from addenda.text import search_terms

MOST_CHARACTERS = 600
"""How much of a text is looked at, counted from its end, where questions mostly stand."""

LONGEST_WORDS = 8
"""Words, or characters of a script without spaces, that a name in a text has at most."""

MOST_FETCHED = 2_000
"""Triples of the mentioned subjects that are ranked at most, the newest."""

_PIECE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_UNSPACED_FACTOR = 2
_ALIAS_KEY = key_of(ALIAS_RELATION)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of a text, by its place, and the key of the name that it would be."""

    start: int
    end: int
    key: bytes

    def is_inside(self, other: _Stretch) -> bool:
        longer = other.end - other.start > self.end - self.start
        return longer and other.start <= self.start and self.end <= other.end


def mentioned(layers: Sequence[Layer], config: TriplesConfig, text: str, sight: Sight) -> tuple[TripleHit, ...]:
    """The triples whose subjects the text names, as far as they may be seen; at most ``config.limit``."""
    stretches = list(_stretches(text[-MOST_CHARACTERS:]))
    if not stretches:
        return ()
    with ExitStack() as stack:
        opened = [(layer, stack.enter_context(layer.store.room.read())) for layer in layers]
        known = _used_keys(opened, {one.key for one in stretches}, sight)
        named = [one for one in stretches if one.key in known]
        longest = {one.key for one in named if not any(one.is_inside(other) for other in named)}
        rows = _rows(opened, config, longest, sight) if longest else []
    terms = frozenset(search_terms(text))
    ranked = sorted(((_score(row, terms), row) for row in rows), key=lambda pair: (-pair[0], -pair[1].sequence))
    return tuple(row.hit(score, "subject") for score, row in ranked[: config.limit])


def _stretches(text: str) -> Iterator[_Stretch]:
    """Every stretch of a few words that could be a name, each name once."""
    pieces = list(_PIECE.finditer(text))
    seen: set[tuple[int, int]] = set()
    for first, piece in enumerate(pieces):
        unspaced = _UNSPACED.match(piece[0]) is not None
        for last in pieces[first : first + LONGEST_WORDS * (_UNSPACED_FACTOR if unspaced else 1)]:
            for end in _ends(last):
                if (piece.start(), end) not in seen:
                    seen.add((piece.start(), end))
                    yield _Stretch(piece.start(), end, key_of(text[piece.start() : end]))


def _ends(piece: re.Match[str]) -> Iterator[int]:
    """Where a name can end in its last word: at its end, or before the particle of a Korean one."""
    yield piece.end()
    if _HANGUL.match(piece[0][-1]):
        yield from (piece.end() - size for size in (1, 2) if len(piece[0]) > size)


def _used_keys(opened: Sequence[tuple[Layer, Connection]], keys: Collection[bytes], sight: Sight) -> set[bytes]:
    """Those keys that are names in triples that may be seen; a name from elsewhere must not hide a shorter one."""
    return {
        key
        for layer, connection in opened
        for identifier, kind, key in list(ids_of(connection, sorted(keys)))
        if kind == ENTITY and is_used(connection, [identifier], layer.sight(sight, [key]))
    }


def _rows(
    opened: Sequence[tuple[Layer, Connection]], config: TriplesConfig, keys: Collection[bytes], sight: Sight
) -> list[Row]:
    """The triples about names, and about those that are other names of the same; each once, upper layers first."""

    def neighbours_in_all(side: Side, some: Collection[bytes]) -> list[tuple[bytes, bytes]]:
        return [
            (known, other)
            for layer, connection in opened
            for known, other in neighbours(connection, side, some, _ALIAS_KEY, layer.sight(sight, some))
        ]

    scores = dict.fromkeys(keys, 1.0)
    add_aliases([scores], neighbours_in_all, config)
    found: dict[str, Row] = {}
    for layer, connection in reversed(opened):
        ids = [identifier for identifier, kind, _ in ids_of(connection, sorted(scores)) if kind == ENTITY]
        for row in rows_about(connection, ids, layer.sight(sight, scores), MOST_FETCHED):
            found.setdefault(row.addendum_id, row)
    return list(found.values())


def _score(row: Row, terms: frozenset[str]) -> float:
    """From 0.5 to 1: more, the more of the relation's name the text repeats."""
    of = search_terms(row.relation)
    return 0.5 + 0.5 * sum(term in terms for term in of) / len(of) if of else 0.5
