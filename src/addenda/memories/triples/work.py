"""The work file of an extraction: every answer of a writer, kept as it comes, so that a killed run loses none.

JSON Lines: a header, then one line for each answer under a digest of who wrote and what was shown. A last line without
its line end was being written when the run was killed; it is taken off, and its sentence is asked about again. Any
other line that cannot be read means that the file is damaged or not ours, and it is left as it is.

An answer that could not be had (:attr:`Written.fault`) is not kept, so that it is tried again.

Not known here: documents. A file may serve many of them, and many writers. It is meant for one run at a time.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from addenda.errors import StorageUnavailable, UnreadableFile
from addenda.memories.triples.writers import WRITER_ENDINGS, Passage, WriterEnding, Written

_HEADER = b'{"addenda": "extraction work file", "version": 1}\n'


def key_of_work(identity: str, passage: Passage) -> str:
    """The digest of a writer and of what it is shown, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps([identity, passage.context, passage.focus]).encode()).hexdigest()


class WorkFile:
    """A work file, open for as long as the ``with`` block lasts."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when it is opened and not there yet. Its folder must be there."""
        self._path = path
        self._answers: dict[str, Written] = {}
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Open it. Raises UnreadableFile for a file that is damaged or something else, StorageUnavailable."""
        try:
            self._stream = self._path.open("a+b")
            self._stream.seek(0)
            self._take_in(self._stream, self._stream.read())
        except OSError as error:
            self._close()
            raise self._unavailable(error) from error
        except UnreadableFile:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __len__(self) -> int:
        """How many answers it holds."""
        return len(self._answers)

    def get(self, key: str) -> Written | None:
        """The answer under a key, if it is there."""
        return self._answers.get(key)

    def add(self, key: str, written: Written) -> None:
        """Keep an answer, unless it has a fault; it outlives this process when the call returns.

        Raises StorageUnavailable.
        """
        if written.fault:
            return
        if self._stream is None:
            raise StorageUnavailable(f"the work file {str(self._path)!r} is not open; use it in a with block")
        record = [key, written.call, written.ending, written.continued]
        try:
            self._stream.write(json.dumps(record).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise self._unavailable(error) from error
        self._answers[key] = written

    def _take_in(self, stream: BinaryIO, data: bytes) -> None:
        whole, _, torn = data.rpartition(b"\n")
        if not data.startswith(_HEADER):
            if not _HEADER.startswith(data):
                raise self._not_ours(1)
            stream.truncate(0)
            stream.write(_HEADER)
            stream.flush()
            return
        if torn:
            stream.truncate(len(whole) + 1)
        for number, line in enumerate(whole.split(b"\n")[1:], start=2):
            found = _record(line)
            if found is None:
                raise self._not_ours(number)
            self._answers[found[0]] = found[1]

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _not_ours(self, line: int) -> UnreadableFile:
        return UnreadableFile(
            f"line {line} of {str(self._path)!r} is not that of a work file of an extraction; nothing was changed. "
            "Name another file, or delete this one to begin anew"
        )

    def _unavailable(self, error: OSError) -> StorageUnavailable:
        return StorageUnavailable(
            f"cannot use the work file {str(self._path)!r}: {error.strerror or error}; check that its folder exists, "
            "is writable and has space"
        )


def _record(line: bytes) -> tuple[str, Written] | None:
    """The key and the answer of a line; None when it is no such line."""
    try:
        found = cast("object", json.loads(line))
    except ValueError:
        return None
    match found:
        case [str(key), str(call), str(ending), bool(continued)] if ending in WRITER_ENDINGS:
            return key, Written(call, ending=cast("WriterEnding", ending), continued=continued)
        case _:
            return None
