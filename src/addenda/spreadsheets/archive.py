"""Opening a spreadsheet file without trusting it: what kind of file it is, and the parts of an xlsx package.

An xlsx file is a zip archive of XML parts, and both layers can be made to exhaust a machine. So sizes are checked
before anything is unpacked and counted again while it is, archives within the archive are never opened, and a part
with a document type declaration, the only place where XML entities can be defined, is refused. Only parts that are
needed are unpacked. The kind of a file is told by its content, because names are often wrong.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from posixpath import normpath
from types import TracebackType
from typing import NoReturn, Self
from xml.parsers import expat

from addenda.errors import UnreadableFile
from addenda.spreadsheets.tables import Limits

_CHUNK = 1 << 16
_DEEPEST = 64

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"{\\rtf", "a rich text document"),
)

Start = Callable[[str, dict[str, str]], None]
"""Called with an element's name without prefix, and its attributes."""


def unreadable(path: Path, why: str, fix: str) -> NoReturn:
    """Raise :class:`~addenda.errors.UnreadableFile` with what is wrong with the file and what to do."""
    raise UnreadableFile(f"{str(path)!r} cannot be read: {why}. {fix}")


def read_beginning(path: Path, limits: Limits) -> bytes:
    """The first 8 KiB of a file, after checking that it is a file, can be opened and is not too large.

    Raises UnreadableFile otherwise.
    """
    try:
        if path.is_dir():
            unreadable(path, "it is a folder", "Name a file inside it")
        size = path.stat().st_size
        with path.open("rb") as stream:
            beginning = stream.read(8192)
    except FileNotFoundError:
        unreadable(path, "there is no such file", "Check the name and the folder")
    except OSError as error:
        unreadable(
            path, f"the system refuses ({error.strerror})", "Close it in other programs and check its permissions"
        )
    if size > limits.file_bytes:
        unreadable(path, f"it has {size:,} bytes, and {limits.file_bytes:,} are allowed", "Split it into smaller files")
    if size == 0:
        unreadable(path, "it is empty", "Save the spreadsheet again and check that it has content")
    return beginning


def foreign_kind(path: Path, beginning: bytes) -> str | None:
    """What a file seems to be when it is neither an xlsx package nor plain text; None when it may be one of those."""
    if beginning.startswith(_OLE):
        return _ole_kind(path)
    for signature, kind in _SIGNATURES:
        if beginning.startswith(signature):
            return kind
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table")):
        return "a web page with a table in it"
    if text.startswith(b"<?xml"):
        return "an XML document"
    return None


def _ole_kind(path: Path) -> str:
    """Tell a password-protected xlsx from an old xls: both come in Microsoft's compound file format."""
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "a password-protected spreadsheet; remove the password (File, Info, Protect Workbook)"
    if "Workbook".encode("utf-16-le") in content or "Book".encode("utf-16-le") in content:
        return "a spreadsheet in the old xls format"
    return "an old Microsoft Office document"


class Package:
    """The parts of an xlsx file, checked. Use as a context manager; every fault raises UnreadableFile."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Open the archive and check its table of contents; nothing is unpacked yet."""
        self.path = path
        self._limits = limits
        self._unpacked = 0
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            unreadable(path, f"the archive is damaged ({error})", "Open it in a spreadsheet program and save it again")
        try:
            self._check()
        except UnreadableFile:
            self._archive.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def _check(self) -> None:
        entries = self._archive.infolist()
        if len(entries) > self._limits.parts:
            unreadable(
                self.path,
                f"it has {len(entries):,} parts, and {self._limits.parts:,} are allowed",
                "Copy the cells into a new workbook",
            )
        size = sum(entry.file_size for entry in entries)
        if size > self._limits.unpacked_bytes:
            self._too_large(size)
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            unreadable(self.path, "two parts have the same name", "Open it in a spreadsheet program and save it again")
        if any(entry.flag_bits & 1 for entry in entries):
            unreadable(self.path, "it is protected with a password", "Save it without one")
        if "[Content_Types].xml" not in names or not self._relationship("", "officeDocument"):
            unreadable(self.path, f"it is {_zip_kind(names)}, not an xlsx workbook", "Save it as .xlsx or .csv")

    def _too_large(self, size: int) -> NoReturn:
        allowed = self._limits.unpacked_bytes
        unreadable(
            self.path,
            f"it unpacks to {size:,} bytes, and {allowed:,} are allowed",
            "Delete pictures and unused sheets, or split it into smaller files",
        )

    def _corrupt(self, part: str, why: object) -> NoReturn:
        unreadable(
            self.path, f"its part {part!r} is damaged ({why})", "Open it in a spreadsheet program and save it again"
        )

    def has(self, part: str) -> bool:
        """Whether there is a part of this name."""
        return part in self._archive.NameToInfo

    def workbook_part(self) -> str:
        """The name of the main part."""
        found = self._relationship("", "officeDocument")
        return found if found is not None else self._corrupt("_rels/.rels", "it names no workbook")

    def _relationship(self, part: str, kind: str) -> str | None:
        targets = [target for _, this, target in self.relationships(part) if this == kind]
        return targets[0] if targets else None

    def relationships(self, part: str) -> list[tuple[str, str, str]]:
        """Id, kind (the last word of its type) and target of each internal relationship of a part."""
        folder, name = (PurePosixPath(part).parent, PurePosixPath(part).name) if part else (PurePosixPath(), "")
        where = str(folder / "_rels" / f"{name}.rels")
        found: list[tuple[str, str, str]] = []

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode", "Internal") != "External":
                target = attributes.get("Target", "")
                full = normpath(target.lstrip("/") if target.startswith("/") else str(folder / target))
                found.append((attributes.get("Id", ""), attributes.get("Type", "").rpartition("/")[2], full))

        if self.has(where):
            self.parse(where, start)
        return found

    def _chunks(self, part: str) -> Iterator[bytes]:
        with self._archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                self._unpacked += len(chunk)
                if self._unpacked > 2 * self._limits.unpacked_bytes:
                    self._too_large(self._unpacked)
                yield chunk

    @contextmanager
    def _guarded(self, part: str) -> Generator[None]:
        """Turn what a damaged part can raise while it is unpacked and parsed into UnreadableFile."""
        try:
            yield
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            self._corrupt(part, error)
        except (KeyError, IndexError, ValueError, ArithmeticError) as error:
            self._corrupt(part, repr(error))

    def parse(
        self,
        part: str,
        start: Start,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Parse one XML part, calling back with element names without prefix.

        Raises UnreadableFile for a part that is missing, damaged, nested too deeply or has a document type declaration.
        """
        if not self.has(part):
            self._corrupt(part, "it is missing")
        parser = expat.ParserCreate()
        parser.buffer_text = True
        depth = 0

        def started(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > _DEEPEST:
                self._corrupt(part, f"elements nested more than {_DEEPEST} deep")
            start(name.rpartition(":")[2], attributes)

        def ended(name: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(name.rpartition(":")[2])

        def declared(*_: object) -> None:
            unreadable(
                self.path,
                f"its part {part!r} has a document type declaration, which no spreadsheet program writes",
                "Do not use this file; ask its sender for a clean one",
            )

        parser.StartElementHandler = started
        parser.EndElementHandler = ended
        parser.StartDoctypeDeclHandler = declared
        if text is not None:
            parser.CharacterDataHandler = text
        with self._guarded(part):
            for chunk in self._chunks(part):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)


def _zip_kind(names: list[str]) -> str:
    """What a zip archive that is no xlsx package seems to be."""
    if any(name.startswith("word/") for name in names):
        return "a Word document"
    if any(name.startswith("ppt/") for name in names):
        return "a PowerPoint presentation"
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument file (ods)"
    return "a zip archive"
