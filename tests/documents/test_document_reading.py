"""Reading documents: which encodings are taken without a doubt, and what is said about all others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.documents.reading import ENCODINGS, read_document
from addenda.errors import InvalidInput, UnreadableFile

JAPANESE, KOREAN, CHINESE = "騒音レベルは41dBです。\n", "소음 수준은 41dB입니다.\n", "噪音为41分贝。\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "manual.v2.txt"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [JAPANESE, KOREAN, CHINESE, "Où est l'été ?"])
def test_unicode_needs_no_name(file: Path, codec: str, text: str) -> None:
    file.write_bytes(text.encode(codec))
    read = read_document(file)
    assert (read.title, read.source, read.text) == ("manual.v2", "manual.v2.txt", text)


def test_big_endian_with_a_mark_is_read_too(file: Path) -> None:
    file.write_bytes(b"\xfe\xff" + KOREAN.encode("utf-16-be"))
    assert read_document(file, title="Handbuch").text == KOREAN


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (JAPANESE, "shift_jis", "Shift_JIS"),
        ("①～", "cp932", "Shift-JIS"),
        (KOREAN, "euc_kr", "EUC-KR"),
        ("뷁", "cp949", "euc_kr"),
        (CHINESE, "gb18030", "GB18030"),
        (CHINESE, "gb2312", "GB2312"),
        (CHINESE, "utf-8", "UTF-8"),
        (KOREAN, "utf-16", "utf-16"),
    ],
)
def test_other_encodings_are_read_when_they_are_named(file: Path, text: str, codec: str, named: str) -> None:
    file.write_bytes(text.encode(codec))
    assert read_document(file, encoding=named).text == text


@pytest.mark.parametrize("codec", ["shift_jis", "euc_kr", "gb18030"])
def test_they_are_not_guessed(file: Path, codec: str) -> None:
    text = {"shift_jis": JAPANESE, "euc_kr": KOREAN, "gb18030": CHINESE}[codec]
    file.write_bytes(b"Title\n" + text.encode(codec))
    with pytest.raises(UnreadableFile, match=r"byte 7 \(in line 2\) is 0x.. *, which is not utf-8.*name that encoding"):
        read_document(file)


def test_bytes_that_do_not_fit_the_named_encoding_are_named(file: Path) -> None:
    file.write_bytes("é".encode("cp1252") + b"\xff" + b" ok")
    with pytest.raises(UnreadableFile, match=r"byte 1 \(in line 1\) is 0xe9, which is not cp949"):
        read_document(file, encoding="euc-kr")


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (b"", None, "it is empty"),
        (b" \n\t\n", None, "it is empty"),
        (b"\xff\xfe\x00", None, "byte 3 is 0x00, which is not utf-16"),
        (b"ab", "utf-16", "no byte order mark"),
        ("x".encode("utf-32"), None, "it is in UTF-32"),
        (b"\xef\xbb\xbfx", "shift_jis", "byte order mark says utf-8-sig, and cp932 was named"),
        (b"%PDF-1.7\n\xe2\xe3", None, "it is a PDF file"),
        (b"PK\x03\x04x", None, "an Office file"),
        (b"x" * 101, None, "more than 100 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    file: Path, data: bytes, encoding: str | None, message: str
) -> None:
    file.write_bytes(data)
    with pytest.raises(UnreadableFile, match=message) as caught:
        read_document(file, encoding=encoding, largest=100)
    assert repr(str(file)) in str(caught.value)
    assert str(caught.value).isprintable()


def test_an_unknown_encoding_is_refused_with_the_known_ones(file: Path) -> None:
    file.write_bytes(b"x")
    with pytest.raises(InvalidInput, match=r"'latin-1' is not supported; use one of utf_8, .*gb18030"):
        read_document(file, encoding="latin-1")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        read_document(tmp_path / "none.txt")
    with pytest.raises(UnreadableFile, match="it is not a file"):
        read_document(tmp_path)


@given(data=st.binary(max_size=60), encoding=st.none() | st.sampled_from(sorted(ENCODINGS)))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, encoding: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.txt"
    file.write_bytes(data)
    message = ""
    text = "read"
    try:
        text = read_document(file, encoding=encoding).text
    except InvalidInput as error:
        message = str(error)
    assert message.isprintable()
    assert text.strip()
    assert "\r" not in text


def test_line_ends_and_page_breaks_are_made_alike(file: Path) -> None:
    file.write_bytes(b"one\r\ntwo\rthree\n\x0cfour\x0c")
    assert read_document(file).text == "one\ntwo\nthree\n\n\nfour\n\n"


def test_text_comes_in_nfc(file: Path) -> None:
    file.write_text("e\u0301", encoding="utf-8")
    assert read_document(file).text == "é"


def test_a_character_that_nobody_sees_is_named_with_its_line(file: Path) -> None:
    file.write_text("It is\nvery lo\u200bud.\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"line 2 of .*U\+200B.* is character 8"):
        read_document(file)


def test_hidden_characters_are_dropped_only_when_that_is_asked_for(file: Path) -> None:
    file.write_text("\u202eIt\u200b is\u00ad \u200b\u200d👨\u200d👩\u200d\u200d.", encoding="utf-8")
    assert read_document(file, drop_hidden=True).text == "It is 👨\u200d👩."
