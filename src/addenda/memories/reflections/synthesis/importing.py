"""Reflections that were made elsewhere, and those of a synthesis, read from JSON Lines, packed with gzip or not.

Ready-made pairs have a question, an answer and the document they come from; which fields these are is said by the
caller. What cannot be used is told with its line, and the others are taken: a line that is no such object, a text that
is empty or too long or has a character nobody sees, a document that is not known, a pair that is there already.

Not known here: whether a pair is true, or whether its document says it.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydantic import ValidationError

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.memories.reflections.synthesis.outcome import Reason, Reject
from addenda.memories.reflections.synthesis.requests import LONGEST_ANSWER, LONGEST_QUESTION
from addenda.text import clean, normalised
from addenda.types import Frozen

LARGEST_FILE = 2_000_000_000
"""Bytes of a file at most, unpacked."""
LONGEST_LINE = 1_000_000
"""Bytes of a line at most."""


class Fields(Frozen):
    """What the fields of ready-made pairs are called."""

    question: str = "question"
    answer: str = "answer"
    document: str = "document"
    generator: str = "generator"
    """Who made the pair; where a line does not have it, the file's name stands for it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    reflections: tuple[Reflection, ...]
    rejects: tuple[Reject, ...]
    lines: int


def import_reflections(
    path: Path,
    *,
    fields: Fields | None = None,
    documents: Mapping[str, str] | Collection[str] | None = None,
    generators: Collection[str] = (),
) -> Imported:
    """Take ready-made pairs.

    Args:
        path: The file.
        fields: What its fields are called.
        documents: The ids that are known, or for each id in the file the one it has here; with None any will do.
        generators: Take only what these made; with none, everything. What others made is passed over, not rejected.

    Raises UnreadableFile for a file that is missing, damaged or too large, or that has no usable line.
    """
    names = fields or Fields()
    taken: dict[tuple[str, str, str], Reflection] = {}
    rejects: list[Reject] = []
    count = 0
    for count, line in enumerate(_lines(path), start=1):
        try:
            found = _object(line)
            if generators and found.get(names.generator) not in generators:
                continue
            one = _reflection(found, names, documents, path)
        except _Refused as refused:
            detail = f"line {count}: {refused}"
            rejects.append(Reject(stage="imported", reason=refused.reason, detail=detail, question=refused.what))
            continue
        said = one.documents[0], normalised(one.question), normalised(one.answer)
        if said in taken:
            rejects.append(
                Reject(
                    stage="imported", reason="duplicate", detail=f"line {count}", question=one.question,
                    documents=one.documents,
                )
            )  # fmt: skip
        taken.setdefault(said, one)
    if not taken:
        why = f"; the first is {rejects[0].detail}" if rejects else ""
        raise UnreadableFile(
            f"{str(path)!r} has no usable pair in {count:,} lines{why}. Give JSON Lines with {names.question!r}, "
            f"{names.answer!r} and {names.document!r}, or name its fields"
        )
    return Imported(tuple(taken.values()), tuple(rejects), count)


def read_reflections(path: Path) -> list[Reflection]:
    """The reflections that a synthesis wrote. Raises UnreadableFile, naming the line that is none."""
    found: list[Reflection] = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            found.append(Reflection.model_validate_json(line))
        except ValidationError as error:
            raise UnreadableFile(
                f"line {number} of {str(path)!r} is no reflection ({error.error_count()} faults); make the file again"
            ) from None
    return found


class _Refused(Exception):
    """A line that cannot be used."""

    def __init__(self, reason: Reason, why: str, what: str = "") -> None:
        super().__init__(why)
        self.reason: Reason = reason
        self.what = what


def _reflection(
    found: Mapping[str, object], names: Fields, documents: Mapping[str, str] | Collection[str] | None, path: Path
) -> Reflection:
    question = _text(found, names.question, LONGEST_QUESTION)
    answer = _text(found, names.answer, LONGEST_ANSWER, question)
    document = _text(found, names.document, LONGEST_QUESTION, question)
    generator = _text(found, names.generator, 200, question) if names.generator in found else path.name
    if documents is not None and document not in documents:
        raise _Refused("unknown document", f"there is no document {document!r}", question)
    here = cast("Mapping[str, str]", documents)[document] if isinstance(documents, Mapping) else document
    return Reflection(
        question=question, answer=answer, stage="imported", sources=(SourceSpan(document=here),), generator=generator
    )


def _object(line: bytes) -> Mapping[str, object]:
    if len(line) > LONGEST_LINE:
        raise _Refused("too long", f"it has {len(line):,} bytes, and {LONGEST_LINE:,} are allowed")
    try:
        found = cast("object", json.loads(line))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Refused("unreadable", "it is no JSON object")
    return cast("dict[str, object]", found)


def _text(found: Mapping[str, object], name: str, longest: int, question: str = "") -> str:
    given = found.get(name)
    if not isinstance(given, str) or not given.strip():
        raise _Refused("unreadable", f"its {name!r} is missing, empty or no text", question)
    if len(given) > longest:
        raise _Refused("too long", f"its {name!r} has {len(given):,} characters, and {longest:,} are allowed", question)
    try:
        return clean(given.strip(), f"the {name}")
    except InvalidInput as error:
        raise _Refused("unreadable", str(error), question) from None


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that are not blank, unpacked."""
    read = 0
    try:
        with path.open("rb") as packed, _unpacked(packed) as stream:
            while line := stream.readline(LARGEST_FILE):
                read += len(line)
                if read > LARGEST_FILE:
                    raise UnreadableFile(
                        f"{str(path)!r} has more than {LARGEST_FILE:,} bytes; split it into several files"
                    )
                if line.strip():
                    yield line.rstrip(b"\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{str(path)!r} cannot be read ({error}); check that it is there and whole") from error


def _unpacked(packed: BinaryIO) -> BinaryIO:
    magic = packed.read(2)
    packed.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if magic == b"\x1f\x8b" else packed
