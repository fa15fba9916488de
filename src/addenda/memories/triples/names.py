"""The names of entities and relations: stored once for each spelling, found by what they have in common.

``key`` is a digest of the normal form (:func:`addenda.text.normalised`), so that it is the same in every database, and
a lookup never depends on how long a name is. A name that no triple uses any more is deleted with the last one that
did, out of the index too: nothing of an erased name is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.memories.triples.bulk import delete, find, insert, update, wanted
from addenda.memories.triples.folding import LONGEST, fold_normalised
from addenda.memories.triples.index import Name, NameIndex
from addenda.memories.triples.tables import NAMES, TRIPLES
from addenda.text import normalised

_KEY_BYTES = 16

_KNOWN = sa.select(NAMES.c.id, NAMES.c.kind, NAMES.c.name).where(wanted(NAMES.c.key))
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


def intern(connection: Connection, kind: int, names: Iterable[str], index: NameIndex) -> dict[str, int]:
    """The ids of these names of a kind; those that are new are stored and entered into the index."""
    normal = {name: normalised(name) for name in names}
    keys = {name: _key(text) for name, text in normal.items()}
    found = find(connection, _KNOWN, sorted(set(keys.values())))
    ids = {name: known for known, known_kind, name in found if known_kind == kind}
    fresh_names = [name for name in keys if name not in ids]
    if fresh_names:
        first = connection.execute(_LAST).scalar_one() + 1
        fresh = [_name(number, kind, name, keys[name], normal[name]) for number, name in enumerate(fresh_names, first)]
        insert(connection, NAMES, [(n.id, n.kind, n.key, n.name, n.folded, n.digits) for n in fresh])
        index.add(connection, fresh)
        ids.update({name.name: name.id for name in fresh})
    return ids


def sweep(connection: Connection, ids: Collection[int], index: NameIndex) -> None:
    """Delete those of these names that no triple uses."""
    unused = [Name(*row) for row in find(connection, _UNUSED, sorted(ids))]
    index.remove(connection, unused)
    delete(connection, NAMES, [(name.id,) for name in unused])


def refolded(connection: Connection) -> list[Name]:
    """All names, in the form in which this version compares them; rows that another one made are brought to it."""
    stored = [Name(*row) for row in connection.execute(sa.select(NAMES))]
    names = [_name(one.id, one.kind, one.name, one.key, normalised(one.name)) for one in stored]
    changed = [new for old, new in zip(stored, names, strict=True) if new != old]
    update(connection, NAMES, ("id", "folded", "digits"), [(one.id, one.folded, one.digits) for one in changed])
    return names


def _name(identifier: int, kind: int, name: str, key: bytes, normal: str) -> Name:
    folded = fold_normalised(normal)
    if len(folded.text) > LONGEST:
        return Name(identifier, kind, key, name, None, "")
    return Name(identifier, kind, key, name, folded.text, folded.digits)
