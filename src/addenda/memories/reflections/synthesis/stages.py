"""The synthesis: from documents to reflections, in stages that can be interrupted anywhere and go on where they were.

The stages in order: direct and indirect facts of every passage, each verified; consolidated ones; surfaced entities;
facts across documents; questions without an answer. Every answer of the generator is kept in the work directory as it
comes; everything else is computed from these answers, in a fixed order. So a run that was killed asks for what is
missing and no more, and ends with the same reflections as one that was not. A corpus that changed asks for what
changed.

Source: "MeMo" (arXiv 2605.15156), with what its defects teach: groups that know no question, checks by code, lineage,
and refusals. Not known here: whether a reflection is true, which documents hold, and who may see them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from addenda.errors import InvalidInput, StorageUnavailable
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.consolidating import consolidated
from addenda.memories.reflections.synthesis.crossing import crossed
from addenda.memories.reflections.synthesis.facts import facts
from addenda.memories.reflections.synthesis.gathering import Asker, answers
from addenda.memories.reflections.synthesis.generator import Generator
from addenda.memories.reflections.synthesis.outcome import Conflict, Synthesis
from addenda.memories.reflections.synthesis.passages import CorpusDocument, checked, passages
from addenda.memories.reflections.synthesis.refusing import unanswerable
from addenda.memories.reflections.synthesis.running import Progress, Run
from addenda.memories.reflections.synthesis.settings import SYNTHESIS, SynthesisSettings
from addenda.memories.reflections.synthesis.surfacing import surfaced
from addenda.text import normalised
from addenda.types import Frozen

ANSWERS = "answers.jsonl"
"""The file of the generator's answers in a work directory. It can hold what the documents say: erasing a document does
not reach it, so whoever owns the directory removes it."""
REFLECTIONS = "reflections.jsonl"
"""What came of a synthesis that ended, one reflection in a line."""
REJECTS = "rejects.jsonl"
"""What was not taken, one reject in a line."""


def synthesise(
    documents: Sequence[CorpusDocument],
    generator: Generator,
    work_directory: Path,
    *,
    settings: SynthesisSettings | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Make the reflections of a corpus.

    Args:
        documents: The corpus.
        generator: Who makes them.
        work_directory: Keeps the answers, and the result at the end; it is made if it is not there. One run at a time.
        settings: How they are made.
        progress: Called with what is being done, what is done of it and all of it.

    Raises InvalidInput for a corpus that cannot be used, or when the limit of calls is reached; ModelUnavailable when
    the generator cannot answer; StorageUnavailable. What was answered is kept, and the same call goes on from there.
    """
    chosen = settings or SynthesisSettings()
    checked(documents, chosen.passages)
    if strange := [stage for stage in chosen.stages if stage not in SYNTHESIS]:
        raise InvalidInput(f"{strange[0]!r} is no stage of a synthesis; use some of {', '.join(SYNTHESIS)}")
    _make(work_directory)
    with answers(work_directory / ANSWERS) as kept:
        asker = Asker(generator.identity, generator.at_once, kept, chosen.gathering)
        run = Run(documents, generator, chosen, asker, progress or _silent)
        _stages(run)
    found = Synthesis(tuple(run.taken), tuple(run.rejects), run.counts(), conflicts(run.taken))
    write_lines(work_directory / REFLECTIONS, found.reflections)
    write_lines(work_directory / REJECTS, found.rejects)
    return found


def conflicts(reflections: Iterable[Reflection]) -> tuple[Conflict, ...]:
    """Questions that reflections of different documents answer differently."""
    asked: defaultdict[str, list[Reflection]] = defaultdict(list)
    for one in reflections:
        if one.stage != "unanswerable":
            asked[normalised(one.question)].append(one)
    return tuple(
        Conflict(question=same[0].question, reflections=tuple(one.id for one in same))
        for same in asked.values()
        if len({normalised(one.answer) for one in same}) > 1
    )


def write_lines(path: Path, values: Iterable[Frozen]) -> None:
    """Write values as JSON Lines, all or nothing. Raises StorageUnavailable."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as stream:
            for value in values:
                stream.write(value.model_dump_json() + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError as error:
        raise _unavailable(path, error) from error


def _stages(run: Run) -> None:
    stages, settings = run.settings.stages, run.settings
    cut = [passage for document in run.documents for passage in passages(document, settings.passages)]
    for kind in ("direct", "indirect"):
        if kind in stages:
            facts(run, kind, cut)
    found = run.of("direct", "indirect")
    if "consolidated" in stages:
        consolidated(run, cut, found)
    if "surfaced" in stages:
        surfaced(run, found)
    if "cross-document" in stages:
        crossed(run, found)
    if "unanswerable" in stages:
        unanswerable(run, found)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unavailable(directory, error) from error


def _unavailable(path: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        f"cannot write {str(path)!r}: {error.strerror or error}; check that its folder exists, is writable and has "
        "space"
    )
