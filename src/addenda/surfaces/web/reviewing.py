"""One addendum as somebody sees it who has to decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from addenda.knowledge_base import Person, Record
from addenda.knowledge_base.quoting import Quoted, quoted_evidence
from addenda.knowledge_base.reviewing import Hindered, hindrances, rivals
from addenda.knowledge_base.seeing import version
from addenda.surfaces.describing import says
from addenda.surfaces.hosting import Hosted
from addenda.surfaces.web.differences import Piece, differences
from addenda.text import HiddenCharacter, hidden_characters
from addenda.types import Addendum, Content, Document, Edit, Fact


@dataclass(frozen=True, slots=True)
class Said:
    """Another addendum, named and quoted."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Replacing:
    """Something that would be replaced, and what changes word by word."""

    id: str
    says: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a reviewer sees of one addendum."""

    record: Record
    version: int
    content: Content | None
    heading: str
    """What it is about."""
    value: str
    """What it says about that."""
    replaces: tuple[Replacing, ...]
    rivals: tuple[Said, ...]
    """Others about the same thing that are still on their way."""
    hidden: tuple[HiddenCharacter, ...]
    moved: bool
    """Whether what it replaces has changed since it was proposed."""
    hindered: Hindered | None
    """Why this visitor cannot approve it."""
    failed: str
    """Why the gate left it behind; empty when it did not."""
    quoted: tuple[Quoted, ...]


def reviewed(hosted: Hosted, records: Sequence[Record], by: Person | None) -> list[Reviewed]:
    """Each record as a reviewer sees it; ``by`` None where nobody is about to approve."""
    kb = hosted.kb
    ledger, state = kb.ledger, kb.state
    ids = [record.id for record in records]
    wanted = {*ids, *(old for record in records for old in record.supersedes)}
    contents = ledger.addenda(wanted) if wanted else {}
    own = {i: contents[i] for i in ids if i in contents}
    others = rivals(ledger, own)
    more = ledger.addenda({i for found in others.values() for i in found}) if others else {}
    hindered: Mapping[str, Hindered] = {} if by is None else hindrances(ledger, ids, by)
    found: list[Reviewed] = []
    for record in records:
        addendum = own.get(record.id)
        content = None if addendum is None else addendum.content
        found.append(
            Reviewed(
                record=record,
                version=version(record),
                content=content,
                heading=heading(content),
                value=value(content),
                replaces=tuple(_replacing(i, contents.get(i), content) for i in record.supersedes),
                rivals=tuple(Said(i, says(more[i].content if i in more else None)) for i in others.get(record.id, ())),
                hidden=tuple(hidden_characters("\n".join((heading(content), value(content))))),
                moved=record.stage == "proposed" and bool(state.moved(record)),
                hindered=hindered.get(record.id),
                failed=kb.why_failed(record.id) if record.stage == "gate_failed" else "",
                quoted=() if addendum is None or not addendum.evidence else quoted_evidence(ledger, addendum),
            )
        )
    return found


def heading(content: Content | None) -> str:
    """What an addendum is about, in one line."""
    match content:
        case None:
            return ""
        case Fact():
            return f"{content.subject} · {content.relation}"
        case Edit():
            return content.prompt
        case Document():
            return content.title
        case _:
            return content.applies_when


def value(content: Content | None) -> str:
    """What an addendum says about that."""
    match content:
        case None:
            return ""
        case Fact():
            return content.object
        case Edit():
            return content.target
        case Document():
            return content.text
        case _:
            return content.rule


def _replacing(addendum_id: str, old: Addendum | None, new: Content | None) -> Replacing:
    before = None if old is None else old.content
    same = heading(before) == heading(new)
    pieces = differences(value(before), value(new)) if same else differences(says(before), says(new))
    return Replacing(addendum_id, says(before), tuple(pieces))
