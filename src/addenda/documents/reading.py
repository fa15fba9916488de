"""Reading a document that facts are to be taken from: a text file, in an encoding that leaves no doubt.

A byte order mark decides (UTF-8, UTF-16); without one the file is UTF-8, or what the caller names. Encodings are never
guessed: a wrong guess changes names and values without anybody seeing it, and they are what is to be read off. Line
ends become ``\\n``, a page break becomes an empty line, and text is in NFC; places in a document are places in this
text. Characters that nobody sees are refused (:func:`addenda.text.clean`), or taken out when the caller says so.

Shift_JIS and EUC-KR are read in the wider forms that Windows writes under these names (code pages 932 and 949). Not
known here: formats other than plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from addenda.errors import InvalidInput, UnreadableFile
from addenda.text import clean, hidden_characters

LARGEST_DOCUMENT = 10_000_000
"""Bytes of a document at most, unless the caller says otherwise."""

ENCODINGS: Mapping[str, str] = MappingProxyType(
    {
        "utf_8": "utf-8-sig",
        "utf_16": "utf-16",
        "shift_jis": "cp932",
        "cp932": "cp932",
        "euc_kr": "cp949",
        "cp949": "cp949",
        "gb18030": "gb18030",
        "gbk": "gb18030",
        "gb2312": "gb18030",
    }
)
"""Names of encodings that may be given, and the codec each is read with; a hyphen may stand for the underscore."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF_32_MARKS = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_OTHER_FORMATS = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "an Office file or another archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"{\\rtf", "an RTF file"),
)
_SAVE_AS_TEXT = "Save it as plain text in UTF-8"


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A text that facts are to be taken from."""

    title: str
    source: str
    """Where it came from, for example the file's name."""
    text: str


def read_document(
    path: Path,
    *,
    encoding: str | None = None,
    title: str | None = None,
    largest: int = LARGEST_DOCUMENT,
    drop_hidden: bool = False,
) -> SourceDocument:
    """The document in a text file.

    Args:
        path: The file.
        encoding: One of ``ENCODINGS``, for a file that is not in UTF-8 and has no byte order mark.
        title: What the document is called; the file's name without its ending when it is not given.
        largest: Bytes that are read at most.
        drop_hidden: Take out the characters that nobody sees, instead of refusing the document for them.

    Raises UnreadableFile for a file that is missing, empty, too large or not in its encoding, InvalidInput for an
    unknown encoding, or for a hidden character (its line and place are named).
    """
    codec = None if encoding is None else _codec(encoding)
    data = _bytes(path, largest)
    text = _decoded(path, data, codec)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").split("\n")
    if drop_hidden:
        lines = [_without_hidden(line) for line in lines]
    cleaned = "\n".join(clean(line, f"line {n} of {str(path)!r}") for n, line in enumerate(lines, start=1))
    if not cleaned.strip():
        _unreadable(path, "it is empty", "Give a file with text in it")
    return SourceDocument(title or path.stem, path.name, cleaned)


def _codec(encoding: str) -> str:
    found = ENCODINGS.get(encoding.strip().lower().replace("-", "_"))
    if found is None:
        raise InvalidInput(
            f"the encoding {encoding!r} is not supported; use one of {', '.join(ENCODINGS)}, or save the file in UTF-8"
        )
    return found


def _bytes(path: Path, largest: int) -> bytes:
    if not path.is_file():
        _unreadable(path, "there is no such file" if not path.exists() else "it is not a file", "Correct the path")
    try:
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        _unreadable(path, error.strerror or str(error), "Check that it is there and that you may read it")
    if len(data) > largest:
        _unreadable(path, f"it has more than {largest:,} bytes", "Split it into several files")
    for beginning, what in _OTHER_FORMATS:
        if data.startswith(beginning):
            _unreadable(path, f"it is {what}", _SAVE_AS_TEXT)
    return data


def _decoded(path: Path, data: bytes, named: str | None) -> str:
    if data.startswith(_UTF_32_MARKS):
        _unreadable(path, "it is in UTF-32", _SAVE_AS_TEXT)
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    if marked and named and marked != named:
        _unreadable(path, f"its byte order mark says {marked}, and {named} was named", "Leave the encoding out")
    if named == "utf-16" and not marked:
        _unreadable(path, "it has no byte order mark, so the order of its bytes is not known", _SAVE_AS_TEXT)
    codec = marked or named or "utf-8"
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        wrong, place = data[error.start], error.start
        line = data.count(b"\n", 0, place) + 1 if codec != "utf-16" else None
        where = f"byte {place + 1:,}" + (f" (in line {line:,})" if line else "")
        legacy = "" if named or marked else "; if it is in Shift_JIS, EUC-KR or GB18030, name that encoding"
        _unreadable(path, f"{where} is 0x{wrong:02x}, which is not {codec}", _SAVE_AS_TEXT + legacy)


def _without_hidden(line: str) -> str:
    """The line without its hidden characters; taking one out can leave another without what it belonged to."""
    while refused := {hidden.position for hidden in hidden_characters(line) if not hidden.allowed}:
        line = "".join(character for place, character in enumerate(line, start=1) if place not in refused)
    return line


def _unreadable(path: Path, why: str, fix: str) -> NoReturn:
    raise UnreadableFile(f"{str(path)!r} cannot be read: {why}. {fix}")
