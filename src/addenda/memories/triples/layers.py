"""Stores laid over one another: what is staged hides what lies below it, and neither is changed.

A layer knows the addenda that layers above it replace or withdraw. A read leaves them out inside its statements; so
that many staged changes cost it little, only those that concern the names in question are listed there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from addenda.memories.triples.bulk import find, wanted
from addenda.memories.triples.rows import Sight
from addenda.memories.triples.store import Store
from addenda.memories.triples.tables import NAMES, TRIPLES

_SUBJECTS, _OBJECTS = (NAMES.alias(role) for role in ("subjects", "objects"))
_USED = (
    sa.select(TRIPLES.c.addendum_id, _SUBJECTS.c.key, _OBJECTS.c.key)
    .join(_SUBJECTS, _SUBJECTS.c.id == TRIPLES.c.subject_id)
    .join(_OBJECTS, _OBJECTS.c.id == TRIPLES.c.object_id)
    .where(wanted(TRIPLES.c.addendum_id))
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A store, and what of it counts no longer."""

    store: Store
    hidden: frozenset[str] = frozenset()
    """Ids of the addenda that layers above decide about."""
    by_name: Mapping[bytes, frozenset[str]] = field(default_factory=dict[bytes, frozenset[str]])
    """Hidden addenda by the keys of their subjects and objects."""

    def below(self, ids: Iterable[str]) -> Layer:
        """This layer under another one that decides about these addenda."""
        hidden = self.hidden | frozenset(ids)
        by_name: defaultdict[bytes, set[str]] = defaultdict(set)
        with self.store.room.read() as connection:
            for addendum_id, subject, object_ in find(connection, _USED, sorted(hidden)):
                by_name[subject].add(addendum_id)
                by_name[object_].add(addendum_id)
        return replace(self, hidden=hidden, by_name={key: frozenset(users) for key, users in by_name.items()})

    def sight(self, sight: Sight, keys: Collection[bytes]) -> Sight:
        """What may be seen of the triples whose subject or object is one of these names."""
        hidden = frozenset[str]().union(*(self.by_name[key] for key in keys if key in self.by_name))
        return replace(sight, without=sight.without | hidden) if hidden else sight
