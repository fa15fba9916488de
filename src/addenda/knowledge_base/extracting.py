"""Letting a model propose what a document states: sentence by sentence, and everything it writes is a proposal.

A writer, the model of the knowledge base or another one, goes through the document
(:mod:`addenda.memories.triples.extraction`). What it wrote is merged, held against the declared relations and against
what is live, and then proposed: the document by the person who brought it, and each fact by the model, with the
document as its evidence and the sentence's place as its source. The document comes first, so that a crash between
leaves no fact without evidence; the next run finds the document and goes on. When nothing is new, nothing is proposed.

Answers are kept in a work file while a document is under way, so that a killed run loses none. They can hold what the
document says, and erasing an addendum does not reach them, so the file is removed once the proposals are in the ledger;
it stays when some sentences got no answer, or when the caller named one.

Not known here: whether a statement is true, which is for whoever approves.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from addenda.documents.reading import ENCODINGS, SourceDocument, read_document
from addenda.errors import InvalidInput, StorageUnavailable
from addenda.knowledge_base.changes import Changes, Proposing
from addenda.knowledge_base.models import ModelInUse, Writing
from addenda.knowledge_base.progress import Progress, phase, silent
from addenda.knowledge_base.proposable import check
from addenda.knowledge_base.quoting import source_at
from addenda.ledger import (
    ANY_RELATION,
    Actor,
    Draft,
    Ledger,
    Person,
    State,
    clean_content,
    least_trust,
    require,
    seal,
)
from addenda.memories.triples.extraction import (
    Extracted,
    ExtractionSettings,
    SentenceResult,
    extract,
    merged,
)
from addenda.memories.triples.work import WorkFile
from addenda.text import clean, normalised
from addenda.types import EVERYONE, Addendum, Document, Fact, Frozen, MemoryName, Moment, Trust

__all__ = [
    "DOUBTFUL",
    "ENCODINGS",
    "FOLDER",
    "HIGHEST_TRUST",
    "Extracting",
    "Extraction",
    "Fate",
    "Replaced",
    "SourceDocument",
    "Taken",
    "Terms",
    "Unread",
    "read_document",
]

DOUBTFUL = "doubtful"
"""Tag of a fact about which something looks wrong, so that a policy and reviewers can tell it from the others."""
HIGHEST_TRUST: Trust = "low"
"""A fact that a model wrote is trusted no more than this, whatever its document."""
FOLDER = "extracting"
"""The folder of work files in the knowledge base's own."""

_CARRYING: frozenset[MemoryName] = frozenset({"edits", "triples"})
"""The memories that facts can be proposed for."""
_GONE = frozenset({"rejected", "retired", "erased"})
_AT_ONCE = 50
"""How many documents are read from the ledger at a time."""

Fate: TypeAlias = Literal["proposed", "duplicate", "doubtful", "refused"]
"""What became of a statement: proposed; said already by something live or open; left out because something looks wrong
about it; nothing that the knowledge base can take."""


class Terms(Frozen):
    """On which terms the facts of a document are proposed."""

    trust: Trust = "normal"
    """How far the document is trusted; its facts get ``HIGHEST_TRUST`` at most."""
    tags: tuple[str, ...] = ()
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    audience: tuple[str, ...] = (EVERYONE,)
    doubtful: bool = False
    """Whether statements about which something looks wrong are proposed too, tagged ``DOUBTFUL``."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A live fact that a proposal contradicts, and would replace."""

    id: str
    value: str
    """What is live."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One statement that the model wrote, and what became of it."""

    fact: Fact
    """What it says, its relation spelled as declared."""
    addendum: Addendum
    """With that fact, as it was proposed or would have been."""
    fate: Fate
    line: int
    sentence: str
    """Its evidence, and the line in which that begins."""
    sentences: int
    """How many sentences of the document say it."""
    doubts: tuple[str, ...] = ()
    """What looks wrong about it."""
    why: str = ""
    """Why it was refused."""
    duplicate_of: str | None = None
    """Id of what says the same."""
    replaces: tuple[Replaced, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in the model's answer about a sentence that was not understood, and is left out."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a document came to."""

    document_id: str | None
    """Of the addendum with the document; None when nothing was proposed and it is not there."""
    reused: bool
    """Whether the document was there already."""
    taken: tuple[Taken, ...]
    """Each statement once, in the order of the document."""
    problems: tuple[Unread, ...]
    sentences: int
    resumed: int
    """Sentences whose answer an earlier run had left in the work file."""
    unanswered: int
    """Sentences that got no answer; another run asks about them again."""
    work: Path | None
    """The work file, where it was kept."""

    def count(self, fate: Fate) -> int:
        """How many statements came to this."""
        return sum(taken.fate == fate for taken in self.taken)

    @property
    def contradicting(self) -> int:
        """How many of the proposed statements contradict what is live."""
        return sum(bool(taken.replaces) for taken in self.taken)


class Extracting:
    """Takes facts from documents with a model, as proposals."""

    def __init__(self, ledger: Ledger, changes: Changes, base: ModelInUse, directory: Path) -> None:
        """Take the ledger, who proposes, the model, and the knowledge base's folder."""
        self._ledger = ledger
        self._changes = changes
        self._base = base
        self._directory = directory

    def run(
        self,
        document: SourceDocument,
        *,
        by: Person,
        terms: Terms | None = None,
        writing: Writing | None = None,
        work: Path | None = None,
        reason: str = "",
        progress: Progress = silent,
        dry_run: bool = False,
    ) -> Extraction:
        """Propose what a document states.

        Args:
            document: What facts are taken from.
            by: Who brings the document, and proposes it.
            terms: On which terms.
            writing: Who writes; the model in use when it is None.
            work: A work file to go on from, and to leave behind; None keeps the answers in the knowledge base's folder
                until the document is done.
            reason: Why; it stays in the history, with the person's name.
            progress: Called while it goes on.
            dry_run: Show what would be proposed, and propose nothing. Only a work file that was named is written then.

        Raises PermissionDenied when the person may not propose, InvalidInput for a document, terms or a model that
        cannot be used, ModelUnavailable when the model fails, StorageUnavailable and UnreadableFile for the work file.
        Nothing is proposed then, and what the model answered before is in the work file.
        """
        state, given = self._ledger.state(), terms or Terms()
        if not dry_run:
            require(state, by, "proposed")
        why = clean(f"extracted for {by.name}" + (f": {reason}" if reason else ""), "reason")
        content = checked_content(document)
        source = document_addendum(document, content, by, given)
        kept = self._existing(content, state)
        path = work or (None if dry_run else self._work_path(content))
        stored = replace(document, title=content.title, text=content.text)
        author, results = self._read(stored, state, writing, path, progress)
        evidence = source if kept is None else kept
        weighed = [_weighed(one, evidence, author, given, state) for one in merged(results)]
        taken = self._propose(weighed, None if kept else source, author, by, why, dry_run=dry_run)
        unanswered = sum(bool(result.written and result.written.fault) for result in results)
        if path is not None and work is None and not unanswered:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        is_there = kept is not None or (not dry_run and any(one.fate == "proposed" for one in taken))
        return Extraction(
            document_id=evidence.id if is_there else None,
            reused=kept is not None,
            taken=tuple(taken),
            problems=tuple(Unread(r.evidence.line, p.message) for r in results for p in r.problems),
            sentences=len(results),
            resumed=sum(result.resumed for result in results),
            unanswered=unanswered,
            work=path if path is not None and (work is not None or unanswered) else None,
        )

    def _existing(self, content: Document, state: State) -> Addendum | None:
        """The addendum that already holds this document."""
        ids = [r.id for r in state.records.values() if r.kind == "document" and r.stage not in _GONE]
        for start in range(0, len(ids), _AT_ONCE):
            for addendum in self._ledger.addenda(ids[start : start + _AT_ONCE]).values():
                if addendum.content == content:
                    return addendum
        return None

    def _work_path(self, content: Document) -> Path:
        """Where the answers about a document are kept while it is under way."""
        folder = self._directory / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(
                f"cannot make the folder {str(folder)!r}: {error.strerror or error}; check the rights and the space, "
                "or name a work file elsewhere"
            ) from error
        named = hashlib.sha256(f"{content.title}\0{content.text}".encode()).hexdigest()
        return folder / f"{named}.jsonl"

    def _read(
        self, document: SourceDocument, state: State, writing: Writing | None, path: Path | None, progress: Progress
    ) -> tuple[str, list[SentenceResult]]:
        """The name of the model that writes, and what it wrote."""
        offered = _offered(state)
        # Where an undeclared relation is provided for, a name of the model's own is nothing strange.
        known = () if normalised(ANY_RELATION) in state.relations else offered
        with contextlib.ExitStack() as opened:
            progress("loading the model", 0, 1)
            writer = writing or opened.enter_context(self._base.writing(offered))
            author = clean(writer.name, "the name of the model")
            progress("loading the model", 1, 1)
            work = None if path is None else opened.enter_context(WorkFile(path))
            settings = ExtractionSettings(relations=known)
            read = extract(
                document, writer.writer, work=work, settings=settings, progress=phase(progress, "reading sentences")
            )
            return author, list(read)

    def _propose(
        self,
        weighed: Sequence[Taken],
        source: Addendum | None,
        author: str,
        by: Person,
        why: str,
        *,
        dry_run: bool,
    ) -> list[Taken]:
        """Propose the document, if there is one, and then its facts; what became of each statement."""
        addenda = [one.addendum for one in weighed if one.fate == "proposed"]
        if not addenda:
            return list(weighed)
        model = Actor(kind="model", name=f"{author} (write)")
        outcomes = self._changes.propose(addenda, by=model, dry_run=True)
        if not dry_run and any(outcome.duplicate_of is None for outcome in outcomes):
            require(self._ledger.state(), by, "proposed")
            if source is not None:
                self._changes.propose([source], by=by, reason=why)
            outcomes = self._changes.propose(addenda, by=model, reason=why)
        return self._told(weighed, outcomes)

    def _told(self, weighed: Sequence[Taken], outcomes: Sequence[Proposing]) -> list[Taken]:
        """The statements with what became of those that were handed in."""
        by_id = {outcome.addendum.id: outcome for outcome in outcomes}
        old = self._ledger.addenda({i for outcome in outcomes for i in outcome.supersedes})
        told: list[Taken] = []
        for one in weighed:
            outcome = by_id.get(one.addendum.id)
            if outcome is None:
                told.append(one)
                continue
            contents = [(i, old[i].content) for i in outcome.supersedes if i in old]
            told.append(
                replace(
                    one,
                    fate="proposed" if outcome.duplicate_of is None else "duplicate",
                    duplicate_of=outcome.duplicate_of,
                    replaces=tuple(Replaced(i, said.object) for i, said in contents if isinstance(said, Fact)),
                    warnings=outcome.warnings,
                )
            )
        return told


def checked_content(document: SourceDocument) -> Document:
    """The document as it would be stored. Raises InvalidInput for one that could not be."""
    for what, text in (("title", document.title), ("source", document.source), ("text", document.text)):
        if not text.strip():
            raise InvalidInput(f"the {what} of the document {document.title!r} is blank; give a document with text")
    return Document(title=clean(document.title, "title"), text=clean(document.text, "text"))


def document_addendum(document: SourceDocument, content: Document, by: Person, terms: Terms) -> Addendum:
    """The addendum with the document. Raises InvalidInput for terms on which nothing can be proposed."""
    made = Addendum(
        content=content,
        source=document.source,
        author=by.name,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        audience=terms.audience,
        trust=terms.trust,
        tags=terms.tags,
    )
    # Whatever could not be proposed is better refused before a model has read for hours.
    seal(Draft(made))
    return made


def _offered(state: State) -> tuple[str, ...]:
    """The declared relations that a memory of facts carries."""
    registry = state.registry
    return tuple(name for name in registry.names() if not _CARRYING.isdisjoint(registry.get(name).memories))


def _weighed(one: Extracted, evidence: Addendum, author: str, terms: Terms, state: State) -> Taken:
    """A statement as a fact that can be proposed, or why not."""
    statement, doubts = one.statement, one.findings.doubts
    spec = state.registry.get(statement.relation)
    relation = spec.name if spec.declared else statement.relation
    fact = Fact(subject=statement.subject, relation=relation, object=statement.object)
    addendum = Addendum(
        content=fact,
        source=source_at(one.evidence),
        author=author,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        audience=terms.audience,
        evidence=(evidence.id,),
        trust=least_trust((evidence.trust, terms.trust, HIGHEST_TRUST)),
        tags=tuple(dict.fromkeys((*terms.tags, DOUBTFUL) if doubts else terms.tags)),
    )
    fate, why = "proposed", ""
    try:
        clean_content(fact)
        check(addendum, state.registry)
    except InvalidInput as error:
        fate, why = "refused", str(error)
    else:
        if doubts and not terms.doubtful:
            fate = "doubtful"
    place = one.evidence
    return Taken(fact, addendum, fate, place.line, place.text, one.sentences, doubts, why)
