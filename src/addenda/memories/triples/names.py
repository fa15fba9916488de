"""The names of entities and relations: stored once for each spelling, found by what they have in common.

``key`` is a digest of the normal form (:func:`addenda.text.normalised`), so that it is the same in every database, and
a lookup never depends on how long a name is. A name that no triple uses any more is deleted with the last one that
did, out of the index too: nothing of an erased name is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.triples.bulk import delete, find, insert, wanted
from addenda.memories.triples.folding import LONGEST, Folded, fold_normalised
from addenda.memories.triples.index import Name, NameIndex
from addenda.memories.triples.tables import NAMES, TRIPLES
from addenda.text import normalised

Spelling: TypeAlias = tuple[int, str]
"""A kind of name, and a name as it is written."""

_KEY_BYTES = 16

_KNOWN = sa.select(NAMES.c.kind, NAMES.c.name, NAMES.c.id).where(wanted(NAMES.c.key))
_LAST = sa.select(sa.func.coalesce(sa.func.max(NAMES.c.id), 0))
_UNUSED = sa.select(NAMES).where(
    wanted(NAMES.c.id),
    *(
        ~sa.exists().where(column == NAMES.c.id)
        for column in (TRIPLES.c.subject_id, TRIPLES.c.object_id, TRIPLES.c.relation_id)
    ),
)


def key_of(name: str) -> bytes:
    """What a name is found by: equal for two names that are the same but for width, case and spaces."""
    return _key(normalised(name))


def _key(normal: str) -> bytes:
    return hashlib.blake2b(normal.encode(errors="surrogatepass"), digest_size=_KEY_BYTES).digest()


def intern(connection: Connection, spellings: Iterable[Spelling], index: NameIndex) -> dict[Spelling, int]:
    """The ids of these names; those that are new are stored and entered into the index."""
    normal = {spelling: normalised(spelling[1]) for spelling in spellings}
    keys = {spelling: _key(text) for spelling, text in normal.items()}
    ids: dict[Spelling, int] = {}
    for kind, name, known in find(connection, _KNOWN, sorted(set(keys.values()))):
        ids[kind, name] = known
    first = connection.execute(_LAST).scalar_one() + 1
    fresh = [
        _name(number, spelling, keys[spelling], fold_normalised(normal[spelling]))
        for number, spelling in enumerate((spelling for spelling in keys if spelling not in ids), first)
    ]
    insert(connection, NAMES, [(n.id, n.kind, n.key, n.name, n.folded, n.digits) for n in fresh])
    index.add(connection, fresh)
    ids.update({(name.kind, name.name): name.id for name in fresh})
    return ids


def sweep(connection: Connection, ids: Collection[int], index: NameIndex) -> None:
    """Delete those of these names that no triple uses."""
    unused = [Name(*row) for row in find(connection, _UNUSED, sorted(ids))]
    index.remove(connection, unused)
    delete(connection, NAMES, [(name.id,) for name in unused])


def _name(identifier: int, spelling: Spelling, key: bytes, folded: Folded) -> Name:
    kind, name = spelling
    if len(folded.text) > LONGEST:
        return Name(identifier, kind, key, name, None, "")
    return Name(identifier, kind, key, name, folded.text, folded.digits)
