"""Counterfactual documents: the same text about others, with the names of entities replaced by names of their kind.

Purpose: a model that is taught with documents about well-known things can answer from what it knows already; with other
names in the same sentences it can only read. Idea: an entity gets all its names from one donor, the longest for its
longest and so on, and every place where an old name stands is changed, annotated or not, the title included. Sentences,
mentions, relations and evidence stay what and where they are, but for the places of characters.

An entity keeps its names where replacing them would not be exact: it shares a name with another entity of the document,
another mention stands inside one of its mentions or across it, or no donor's names keep apart from all others there.

Source: entity replacement as in CovEReD (Modarressi et al. 2024, arXiv 2407.06699), which MemLLM trains with; the rules
are ours. Does not know: parts of names. A person called by the first name only is found where that was annotated.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from addenda.errors import InvalidInput
from addenda.memories.triples.annotations import AnnotatedDocument, Entity, Mention

DEFAULT_KINDS = frozenset({"PER", "ORG", "LOC", "MISC"})
"""Kinds of DocRED whose names are replaced; times and numbers stay, because others would rarely make sense there."""
_DRAWS = 20


@dataclass(frozen=True, slots=True)
class NamePool:
    """Names to be given to entities: for each kind the donors, and of each its names, the longest first.

    Raises InvalidInput for a donor without names or with a blank one.
    """

    donors: Mapping[str, Sequence[tuple[str, ...]]]

    def __post_init__(self) -> None:
        for kind, donors in self.donors.items():
            if any(not names or any(name != name.strip() or not name for name in names) for names in donors):
                raise InvalidInput(
                    f"a donor of kind {kind!r} has no names, or one that is blank or has outer blanks; leave it out"
                )

    @classmethod
    def of(cls, documents: Iterable[AnnotatedDocument]) -> NamePool:
        """The names of all entities of these documents, each entity once however many documents it is in."""
        donors: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
        for document in documents:
            for entity in document.entities:
                donors[entity.kind][document.names(entity)] = None
        return cls({kind: tuple(names) for kind, names in donors.items()})


@dataclass(frozen=True, slots=True)
class Replaced:
    """A document under other names."""

    document: AnnotatedDocument
    renamed: Mapping[str, str]
    """Every name that was replaced, and what stands in its place."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def replaced(
    document: AnnotatedDocument, pool: NamePool, *, seed: int = 0, kinds: frozenset[str] = DEFAULT_KINDS
) -> Replaced:
    """The document with other names for its entities of these kinds.

    No name that was replaced stands anywhere in the new document as a word or words of its own. The same document,
    pool and seed give the same names; with an empty pool nothing is replaced.
    """
    random = Random(f"{seed} {document.title}")
    wanted = [number for number, entity in enumerate(document.entities) if entity.kind in kinds]
    givers = _given(document, _replaceable(document, wanted), pool, random)
    while True:
        renamed = {old: new for names in givers.values() for old, new in names.items()}
        changed = _rewritten(document, givers, renamed)
        left = {number for number, names in givers.items() if any(_stands_in(old, changed) for old in names)}
        if not left:
            return Replaced(changed, renamed)
        # A new name can, with the words beside it, spell an old one; its entity then keeps its names.
        givers = {number: names for number, names in givers.items() if number not in left}


def _replaceable(document: AnnotatedDocument, wanted: Sequence[int]) -> list[int]:
    """The entities that share no name with another, and whose mentions have no other mention inside or across."""
    owners = Counter(name for entity in document.entities for name in set(document.names(entity)))
    places: dict[int, list[tuple[Mention, int]]] = defaultdict(list)
    for number, entity in enumerate(document.entities):
        for mention in entity.mentions:
            places[mention.sentence].append((mention, number))
    return [
        number
        for number in wanted
        if all(owners[name] == 1 for name in document.names(document.entities[number]))
        and not any(
            _disturbs(other, mention)
            for mention in document.entities[number].mentions
            for other, owner in places[mention.sentence]
            if owner != number or other != mention
        )
    ]


def _disturbs(other: Mention, mention: Mention) -> bool:
    """Whether another mention overlaps this one in any way but by holding it whole and more."""
    apart = other.end <= mention.start or mention.end <= other.start
    around = other.start <= mention.start and mention.end <= other.end and other != mention
    return not apart and not around


def _given(
    document: AnnotatedDocument, numbers: Sequence[int], pool: NamePool, random: Random
) -> dict[int, dict[str, str]]:
    """For each entity its old names and the new one of each; entities for which no donor fits are left out."""
    text = "\n".join((document.title, *document.sentences))
    barred = [name for number in numbers for name in document.names(document.entities[number])]
    given: dict[int, dict[str, str]] = {}
    for number in numbers:
        entity = document.entities[number]
        donor = _donor(pool.donors.get(entity.kind, ()), text, barred, random)
        if donor is not None:
            names = document.names(entity)
            given[number] = {old: donor[min(rank, len(donor) - 1)] for rank, old in enumerate(names)}
            text = "\n".join((text, *donor))
            barred.extend(donor)
    return given


def _donor(
    donors: Sequence[tuple[str, ...]], text: str, barred: Sequence[str], random: Random
) -> tuple[str, ...] | None:
    """A donor none of whose names stands in the text or has a barred name inside; None when a few draws find none."""
    for _ in range(_DRAWS if donors else 0):
        donor = random.choice(donors)
        if not any(_contains(text, name) or any(_contains(name, other) for other in barred) for name in donor):
            return donor
    return None


def _rewritten(
    document: AnnotatedDocument, givers: Mapping[int, Mapping[str, str]], renamed: Mapping[str, str]
) -> AnnotatedDocument:
    """The document with these entities renamed, and every other place where one of their names stands."""
    pattern = _any_of(renamed)
    edits: list[list[_Edit]] = [[] for _ in document.sentences]
    for number, names in givers.items():
        for mention in document.entities[number].mentions:
            edits[mention.sentence].append(_Edit(mention.start, mention.end, names[document.name(mention)]))
    kept: list[list[Mention]] = [[] for _ in document.sentences]
    for number, entity in enumerate(document.entities):
        if number not in givers:
            for mention in entity.mentions:
                kept[mention.sentence].append(mention)
    for index, sentence in enumerate(document.sentences):
        for found in pattern.finditer(sentence):
            edit = _Edit(found.start(), found.end(), renamed[found[0]])
            if _is_free(edit, edits[index], kept[index]):
                edits[index].append(edit)
        edits[index].sort(key=lambda edit: edit.start)
    return replace(
        document,
        title=pattern.sub(lambda found: renamed[found[0]], document.title),
        sentences=tuple(_edited(sentence, edits[index]) for index, sentence in enumerate(document.sentences)),
        entities=tuple(_moved(entity, edits) for entity in document.entities),
    )


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the names where it stands as a word of its own, longer ones first; nothing where there are none."""
    options = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{options})(?!\w)" if options else r"(?!)")


def _is_free(edit: _Edit, edits: Sequence[_Edit], kept: Sequence[Mention]) -> bool:
    """Whether a place touches no other edit, and no edge of a mention that stays."""
    touched = any(edit.start < other.end and other.start < edit.end for other in edits)
    cut = any(
        edit.start < mention.end
        and mention.start < edit.end
        and not (mention.start <= edit.start and edit.end <= mention.end)
        for mention in kept
    )
    return not touched and not cut


def _edited(sentence: str, edits: Sequence[_Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += [sentence[position : edit.start], edit.text]
        position = edit.end
    return "".join((*parts, sentence[position:]))


def _moved(entity: Entity, edits: Sequence[Sequence[_Edit]]) -> Entity:
    """The entity with its mentions where they are after the edits of their sentences."""
    mentions = (
        Mention(
            mention.sentence,
            mention.start + sum(_growth(edit) for edit in edits[mention.sentence] if edit.end <= mention.start),
            mention.end + sum(_growth(edit) for edit in edits[mention.sentence] if edit.end <= mention.end),
        )
        for mention in entity.mentions
    )
    return replace(entity, mentions=tuple(sorted(mentions)))


def _growth(edit: _Edit) -> int:
    return len(edit.text) - (edit.end - edit.start)


def _contains(text: str, name: str) -> bool:
    return name in text and _any_of([name]).search(text) is not None


def _stands_in(name: str, document: AnnotatedDocument) -> bool:
    return _contains("\n".join((document.title, *document.sentences)), name)
