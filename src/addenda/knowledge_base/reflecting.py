"""Making reflections of documents: the documents are proposed, and a generator goes through the corpus.

The corpus of a knowledge base is every document that was ever given here and is not gone. Its synthesis has a work
folder in the knowledge base's own, where every answer of the generator is kept, so a run that was stopped goes on, and
a corpus that grew or changed asks for what is new. A document with the title of one that holds, and another text, is
proposed in its place. Reflections are not addenda: a person approves a document, and what was made of it is tested
through the memory model that learns it.

Answers and reflections hold what documents say. When a document is erased, the answers are destroyed, and so is every
reflection that it had a part in (:meth:`Reflecting.forget`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from addenda.documents.reading import SourceDocument
from addenda.errors import InvalidInput, StorageUnavailable, UnreadableFile
from addenda.knowledge_base.changes import Changes
from addenda.knowledge_base.extracting import Terms, checked_content, document_addendum
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.progress import Progress, silent
from addenda.ledger import Ledger, Person, State, require, utc_now
from addenda.memories.reflections.reflection import Reflection, Stage, taken_along
from addenda.memories.reflections.synthesis.estimating import Estimate, estimate
from addenda.memories.reflections.synthesis.gathering import GatheringSettings
from addenda.memories.reflections.synthesis.generator import Generator
from addenda.memories.reflections.synthesis.importing import import_reflections, read_reflections
from addenda.memories.reflections.synthesis.outcome import Synthesis
from addenda.memories.reflections.synthesis.passages import CorpusDocument
from addenda.memories.reflections.synthesis.settings import SYNTHESIS, SynthesisSettings
from addenda.memories.reflections.synthesis.stages import ANSWERS, REFLECTIONS, REJECTS, synthesise, write_lines
from addenda.memories.reflections.synthesis.world_generator import WorldGenerator
from addenda.text import normalised
from addenda.types import Addendum, Document, Frozen, Status

__all__ = [
    "SYNTHESIS",
    "Estimate",
    "GatheringSettings",
    "Given",
    "Reflected",
    "Reflecting",
    "Stage",
    "SynthesisSettings",
    "replaced_among",
]

FOLDER = "reflecting"
"""The work folder of the synthesis in the knowledge base's own."""
CORPUS = "corpus.jsonl"
"""The file there that names the documents of the corpus."""
IMPORTED = "imported.jsonl"
"""The file there with reflections that were made elsewhere."""

_GONE: frozenset[Status] = frozenset({"rejected", "superseded", "expired", "disabled", "retired", "erased"})
"""Documents that no reflections are made of, and no memory model is trained on."""
_TAUGHT: frozenset[Status] = frozenset({"approved", "gate_failed", "tested", "activating", "active"})
"""Documents that somebody approved."""


class _Member(Frozen):
    """A document of the corpus."""

    id: str


@dataclass(frozen=True, slots=True)
class Given:
    """A document that was given, and what became of it."""

    source: str
    addendum_id: str
    reused: bool
    """Whether it was there already."""
    replaces: str | None
    """Id of the live document of the same title that it is proposed in place of."""


@dataclass(frozen=True, slots=True)
class Reflected:
    """What came of a run."""

    documents: tuple[Given, ...]
    corpus: int
    """Documents that reflections were made of, earlier ones included."""
    synthesis: Synthesis
    imported: int
    """Reflections that were made elsewhere."""
    refused: tuple[str, ...]
    """Lines of ready-made reflections that could not be used, and why."""


class Reflecting:
    """Makes reflections of documents, and keeps them until a memory model is trained on them."""

    def __init__(self, ledger: Ledger, changes: Changes, memories: Memories, directory: Path) -> None:
        """Take the ledger, who proposes, the memories, and the knowledge base's folder."""
        self._ledger = ledger
        self._changes = changes
        self._memories = memories
        self._folder = directory / FOLDER

    def estimate(self, documents: Sequence[SourceDocument], settings: SynthesisSettings | None = None) -> Estimate:
        """What making reflections would cost if nothing of it was answered before. Raises InvalidInput."""
        given = {one.source: checked_content(one) for one in documents}
        titles = {normalised(content.title) for content in given.values()}
        corpus = [one for one in self._corpus() if normalised(one.title) not in titles]
        corpus += [CorpusDocument(id=source, title=one.title, text=one.text) for source, one in given.items()]
        return estimate(corpus, settings)

    def run(
        self,
        documents: Sequence[SourceDocument],
        *,
        by: Person,
        terms: Terms | None = None,
        generator: Generator | None = None,
        settings: SynthesisSettings | None = None,
        ready_made: Path | None = None,
        reason: str = "",
        progress: Progress = silent,
    ) -> Reflected:
        """Propose documents, and make reflections of the corpus with them.

        Args:
            documents: New ones; none to go on with the corpus as it is.
            by: Who brings them.
            terms: On which terms they are proposed.
            generator: Who makes reflections; what fits the model in use when it is None.
            settings: How they are made.
            ready_made: JSON Lines with pairs that were made elsewhere, whose ``document`` is the title of one of these
                documents; nothing is generated then.
            reason: Why; it stays in the history.
            progress: Called while it goes on.

        Raises PermissionDenied, InvalidInput for documents or a generator that cannot be used, ModelUnavailable when
        the generator fails, StorageUnavailable and UnreadableFile. What was answered is kept; the same call goes on.
        """
        require(self._ledger.state(), by, "proposed")
        contents = [(one, checked_content(one)) for one in documents]
        given = self._proposed(contents, by, terms or Terms(), reason)
        corpus = self._corpus()
        if not corpus:
            raise InvalidInput("there are no documents; give text files")
        if ready_made is not None:
            imported, refused = self._imported(ready_made, corpus)
            return Reflected(given, len(corpus), Synthesis((), (), {}), imported, refused)
        with contextlib.ExitStack() as opened:
            made_by = generator or opened.enter_context(self._memories.base.generating())
            chosen = SynthesisSettings() if settings is None else settings
            if isinstance(made_by, WorldGenerator):
                chosen = made_by.fitting(chosen)
            found = synthesise(corpus, made_by, self._folder, settings=chosen, progress=progress)
        return Reflected(given, len(corpus), found, len(self._read(IMPORTED)), ())

    def reflections(self) -> list[Reflection]:
        """What a memory model is to be taught: the reflections of documents that somebody approved and that hold.

        Raises UnreadableFile when they are damaged.
        """
        state, now = self._ledger.state(), utc_now()
        every = [*self._read(REFLECTIONS), *self._read(IMPORTED)]
        ids = {document for one in every for document in one.documents}
        taught = {i for i in ids if i in state.records and state.records[i].status(now) in _TAUGHT}
        taught -= replaced_among(state, taught)
        return [one for one in every if taught.issuperset(one.documents)]

    def waiting(self) -> tuple[str, ...]:
        """Documents of the corpus that nobody has approved yet."""
        state, now = self._ledger.state(), utc_now()
        return tuple(one.id for one in self._corpus() if state.record(one.id).status(now) not in _TAUGHT)

    def forget(self, erased: Collection[str]) -> None:
        """Destroy what was made of these documents. Raises StorageUnavailable, and UnreadableFile for damaged files."""
        members = self._members()
        named = (self._folder / CORPUS).is_file()
        if not self._folder.is_dir() or (named and frozenset(erased).isdisjoint(members)):
            return
        # Answers and rejects do not say whole what they are about; they are there before any reflection is.
        for name in (ANSWERS, REJECTS):
            self._remove(name)
        for name in (REFLECTIONS, IMPORTED):
            kept = self._read(name)
            gone = {one.id for one in taken_along(kept, erased)}
            if gone:
                write_lines(self._folder / name, [one for one in kept if one.id not in gone])
        # Last, so that an interrupted call is not taken for a finished one.
        if named:
            write_lines(self._folder / CORPUS, [_Member(id=i) for i in members if i not in frozenset(erased)])

    def _proposed(
        self, contents: Sequence[tuple[SourceDocument, Document]], by: Person, terms: Terms, reason: str
    ) -> tuple[Given, ...]:
        """The documents, those that are new proposed, and all of them in the corpus."""
        state = self._ledger.state()
        known = self._known(state)
        given: list[Given] = []
        new: dict[str, Addendum] = {}
        replaces: dict[str, tuple[str, ...]] = {}
        for source, content in contents:
            same = next((i for i, one in known.items() if one == content), None)
            if same is not None:
                given.append(Given(source.source, same, reused=True, replaces=None))
                continue
            addendum = document_addendum(source, content, by, terms)
            title = normalised(content.title)
            old = next((i for i, one in known.items() if normalised(one.title) == title and _holds(state, i)), None)
            new[addendum.id], known[addendum.id] = addendum, content
            if old is not None:
                replaces[addendum.id] = (old,)
            given.append(Given(source.source, addendum.id, reused=False, replaces=old))
        members = [*self._members(), *(one.addendum_id for one in given)]
        if new:
            self._changes.propose(list(new.values()), by=by, reason=reason, replaces=replaces)
        if given:
            self._make_folder()
            write_lines(self._folder / CORPUS, [_Member(id=i) for i in dict.fromkeys(members)])
        return tuple(given)

    def _known(self, state: State) -> dict[str, Document]:
        """The documents that are not gone, by id."""
        now = utc_now()
        ids = [r.id for r in state.records.values() if r.kind == "document" and r.status(now) not in _GONE]
        found = self._ledger.addenda(ids)
        return {i: one.content for i, one in found.items() if isinstance(one.content, Document)}

    def _corpus(self) -> list[CorpusDocument]:
        """The documents that were given here and are not gone, in the order in which they were."""
        known = self._known(self._ledger.state())
        return [CorpusDocument(id=i, title=known[i].title, text=known[i].text) for i in self._members() if i in known]

    def _members(self) -> list[str]:
        path = self._folder / CORPUS
        if not path.is_file():
            return []
        try:
            return [_Member.model_validate_json(line).id for line in path.read_bytes().splitlines()]
        except (OSError, ValidationError) as error:
            raise UnreadableFile(
                f"{str(path)!r} is damaged; remove it and give the documents to `reflect` again"
            ) from error

    def _imported(self, path: Path, corpus: Sequence[CorpusDocument]) -> tuple[int, tuple[str, ...]]:
        """Keep ready-made reflections; how many there are now, and what was refused."""
        named: Mapping[str, str] = {one.title: one.id for one in corpus}
        found = import_reflections(path, documents=named)
        self._make_folder()
        kept: dict[tuple[tuple[str, ...], str, str], Reflection] = {}
        for one in (*self._read(IMPORTED), *found.reflections):
            # By what they say, because the same pair may come in files of several names.
            kept.setdefault((one.documents, normalised(one.question), normalised(one.answer)), one)
        write_lines(self._folder / IMPORTED, kept.values())
        return len(kept), tuple(one.detail for one in found.rejects)

    def _read(self, name: str) -> list[Reflection]:
        path = self._folder / name
        return read_reflections(path) if path.is_file() else []

    def _remove(self, name: str) -> None:
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(
                f"cannot remove {str(path)!r}: {error.strerror or error}; check the rights of its folder"
            ) from error

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(
                f"cannot make the folder {str(self._folder)!r}: {error.strerror or error}; check the rights and the "
                "space"
            ) from error


def _holds(state: State, document: str) -> bool:
    return document in state.records and state.records[document].status(utc_now()) == "active"


def replaced_among(state: State, documents: Collection[str]) -> frozenset[str]:
    """The documents in whose place some of these were proposed."""
    return frozenset(old for i in documents for old in state.record(i).supersedes)
