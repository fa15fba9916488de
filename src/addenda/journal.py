"""A journal of answers: what long work was told, kept as it comes, so that a killed run loses none of it.

JSON Lines: a header that says what work it belongs to, then one line for each answer, a list that begins with its key.
A last line without its line end was being written when the run was killed; it is taken off, and the answer is had
again. Any other line that cannot be read means that the file is damaged or not ours, and it is left as it is.

Not known here: what an answer is, and where it comes from. A journal is meant for one run at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Generic, Self, TypeVar, cast

from addenda.errors import StorageUnavailable, UnreadableFile

_Kept = TypeVar("_Kept")


class Journal(Generic[_Kept]):
    """A journal, open for as long as the ``with`` block lasts."""

    def __init__(
        self,
        path: Path,
        work: str,
        write: Callable[[_Kept], Sequence[object]],
        read: Callable[[Sequence[object]], _Kept | None],
    ) -> None:
        """Name the file; it is made when it is opened and not there yet. Its folder must be there.

        Args:
            path: The file.
            work: What work it belongs to, for example ``extraction``.
            write: An answer as values that JSON has.
            read: The answer in these values; None when they are none.
        """
        self._path = path
        self._work = work
        self._write = write
        self._read = read
        self._header = json.dumps({"addenda": f"{work} work file", "version": 1}).encode() + b"\n"
        self._kept: dict[str, _Kept] = {}
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
        return len(self._kept)

    def get(self, key: str) -> _Kept | None:
        """The answer under a key, if it is there."""
        return self._kept.get(key)

    def add(self, key: str, answer: _Kept) -> None:
        """Keep an answer; it outlives this process when the call returns. Raises StorageUnavailable."""
        if self._stream is None:
            raise StorageUnavailable(f"the work file {str(self._path)!r} is not open; use it in a with block")
        try:
            self._stream.write(json.dumps([key, *self._write(answer)]).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise self._unavailable(error) from error
        self._kept[key] = answer

    def _take_in(self, stream: BinaryIO, data: bytes) -> None:
        whole, _, torn = data.rpartition(b"\n")
        if not data.startswith(self._header):
            if not self._header.startswith(data):
                raise self._not_ours(1)
            stream.truncate(0)
            stream.write(self._header)
            stream.flush()
            return
        if torn:
            stream.truncate(len(whole) + 1)
        for number, line in enumerate(whole.split(b"\n")[1:], start=2):
            found = self._record(line)
            if found is None:
                raise self._not_ours(number)
            self._kept[found[0]] = found[1]

    def _record(self, line: bytes) -> tuple[str, _Kept] | None:
        """The key and the answer of a line; None when it is no such line."""
        try:
            found = cast("object", json.loads(line))
        except ValueError:
            return None
        if not isinstance(found, list) or not found:
            return None
        key, *values = cast("list[object]", found)
        answer = self._read(values)
        return (key, answer) if isinstance(key, str) and answer is not None else None

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _not_ours(self, line: int) -> UnreadableFile:
        article = "an" if self._work[:1] in "aeiou" else "a"
        return UnreadableFile(
            f"line {line} of {str(self._path)!r} is not that of a work file of {article} {self._work}; nothing was "
            "changed. Name another file, or delete this one to begin anew"
        )

    def _unavailable(self, error: OSError) -> StorageUnavailable:
        return StorageUnavailable(
            f"cannot use the work file {str(self._path)!r}: {error.strerror or error}; check that its folder exists, "
            "is writable and has space"
        )
