"""Content-addressed files: what a memory stores for an addendum, reports, configurations, named by their SHA-256.

An artefact appears under its name complete and durable, or not at all: bytes go to a temporary file, which is synced
and renamed, and then the folder is synced. Because the name is the digest, two processes that store the same bytes
agree, and an altered file is found when it is read. Files lie in 256 folders named by the first two digits, so that no
folder gets large. When many are stored at once their syncs run side by side, which file systems combine.

The store does not know what the bytes mean, nor who still needs them: that is the ledger's knowledge.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from addenda.errors import InvalidInput, LedgerBroken, StorageUnavailable

_INCOMING = "incoming"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_BATCH = 256
_BATCH_BYTES = 64 * 1024 * 1024
_SYNCERS = 8
_STALE = timedelta(hours=1)


def digest_of(data: bytes) -> str:
    """The name of these bytes: SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class ArtifactStore:
    """A folder of content-addressed files. Safe to share between threads and processes.

    Args:
        directory: The folder; it is made by the first artefact that is stored.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __repr__(self) -> str:
        return f"ArtifactStore({str(self._directory)!r})"

    def put(self, data: bytes) -> str:
        """Store these bytes and return their digest; they are durable then. Raises StorageUnavailable."""
        return self.put_many([data])[0]

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Store many and return their digests in the same order.

        They are taken from ``items`` a few hundred, or about 64 MiB, at a time.

        Raises StorageUnavailable when the disk is full or may not be written to. Some may be stored then (each of them
        complete); storing all again is safe.
        """
        digests: list[str] = []
        with ThreadPoolExecutor(_SYNCERS) as pool:
            for batch in _batches(items):
                with _plain_errors(self._directory):
                    digests.extend(self._put_batch(batch, pool))
        return digests

    def get(self, digest: str) -> bytes:
        """The bytes of this digest. Raises LedgerBroken when they are missing or were altered."""
        path = self._path(digest)
        with _plain_errors(self._directory):
            try:
                data = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError) as error:
                raise LedgerBroken(
                    f"artefact {digest!r} is missing from {str(self._directory)!r}; restore the folder from a backup"
                ) from error
        if digest_of(data) != digest:
            raise LedgerBroken(f"artefact {digest!r} was altered ({str(path)!r}); restore the file from a backup")
        return data

    def __contains__(self, digest: str) -> bool:
        """Whether there is a file of this digest; only :meth:`get` checks that it was not altered."""
        return self._path(digest).is_file()

    def discard(self, digest: str) -> bool:
        """Delete an artefact for good; False when there was none. Raises StorageUnavailable."""
        path = self._path(digest)
        with _plain_errors(self._directory):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return False
            _sync(path.parent)
        return True

    def digests(self) -> Iterator[str]:
        """The digest of every artefact, sorted."""
        if not self._directory.is_dir():
            return
        for folder in sorted(self._directory.iterdir()):
            if _FOLDER.fullmatch(folder.name) and folder.is_dir():
                names = sorted(path.name for path in folder.iterdir())
                yield from (name for name in names if _DIGEST.fullmatch(name) and name.startswith(folder.name))

    def tidy(self, older_than: timedelta = _STALE) -> int:
        """Delete temporary files that a process left behind when it was killed; returns how many.

        Args:
            older_than: Younger ones are left alone, because another process may be writing them.
        """
        incoming = self._directory / _INCOMING
        if not incoming.is_dir():
            return 0
        deleted = 0
        with _plain_errors(self._directory):
            for path in incoming.iterdir():
                if time.time() - path.stat().st_mtime >= older_than.total_seconds():
                    path.unlink(missing_ok=True)
                    deleted += 1
        return deleted

    def _put_batch(self, batch: list[bytes], pool: ThreadPoolExecutor) -> list[str]:
        digests = [digest_of(data) for data in batch]
        wanted = {
            digest: data for digest, data in zip(digests, batch, strict=True) if not self._is_stored(digest, data)
        }
        incoming = self._directory / _INCOMING
        fresh = [folder for folder in self._folders(digests) if not folder.is_dir()]
        for folder in [incoming, *fresh]:
            folder.mkdir(parents=True, exist_ok=True)
        temporary = {digest: incoming / secrets.token_hex(16) for digest in wanted}
        try:
            list(pool.map(_write_synced, temporary.values(), wanted.values()))
            for digest, path in temporary.items():
                path.replace(self._path(digest))
        finally:
            for path in temporary.values():
                path.unlink(missing_ok=True)
        # The folders of artefacts that were there already too: whoever renamed those may not have come to this point.
        list(pool.map(_sync, self._folders(digests)))
        if fresh:
            _sync(self._directory)
            _sync(self._directory.parent)
        return digests

    def _is_stored(self, digest: str, data: bytes) -> bool:
        path = self._path(digest)
        return path.is_file() and path.read_bytes() == data

    def _folders(self, digests: Iterable[str]) -> list[Path]:
        return [self._directory / name for name in sorted({digest[:2] for digest in digests})]

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise InvalidInput(f"{digest[:80]!r} is no digest; a digest has 64 hexadecimal digits in lower case")
        return self._directory / digest[:2] / digest


def _batches(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for data in items:
        batch.append(data)
        size += len(data)
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make renames and deletions in a folder durable (where folders cannot be opened, the system does it itself)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _plain_errors(directory: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"cannot use the artefacts in {str(directory)!r}: {error.strerror or error}; check the room on the disk "
            "and the folder's rights, then try again"
        ) from error
